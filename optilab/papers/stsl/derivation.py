"""Both of Tweedie's moments, the lower bound, what one random vector estimates, and how far first order overshoots."""

import sympy as sp

from optilab.core.derive import Derivation

a, v, sigma, delta = sp.symbols("alpha v sigma delta", positive=True)
x, x0, y, b, z = sp.symbols("x x_0 y b z", real=True)
b1, b2, m1, m2, e1, e2 = sp.symbols("b_1 b_2 mu_1 mu_2 e_1 e_2", real=True)
l11, l21, l22 = sp.symbols("l_11 l_21 l_22", real=True)
eps = sp.Symbol("epsilon", real=True)
C = sp.symbols("c_0:6", real=True)


def kernel() -> sp.Expr:
    """The density of x = √ᾱ x_0 + √(1 − ᾱ) ε given x_0, without its factor."""
    return sp.exp(-((x - sp.sqrt(a) * x0) ** 2) / (2 * (1 - a)))


def tweedie_mean() -> Derivation:
    """The score of a noised density is what is missing to the mean of the clean one."""
    k = kernel()
    return (
        Derivation("Tweedie's mean", k, "k, the density of x = √ᾱ x₀ + √(1 − ᾱ) ε given x₀, without its factor")
        .then("k′/k, by x", lambda k: sp.factor(sp.diff(sp.log(k), x)))
        .then("times 1 − ᾱ", lambda slope: sp.cancel((1 - a) * slope))
        .equals(
            sp.sqrt(a) * x0 - x,
            "averaged over x₀ given x, k′/k becomes p′/p = s, as p is an average of k: (1 − ᾱ)s = √ᾱ E[x₀ given x] − x",
        )
    )


def tweedie_covariance() -> Derivation:
    """The second derivative of log p is what is missing to the variance."""
    k = kernel()
    M1, M2 = sp.symbols("M_1 M_2", real=True)  # E[√ᾱ x₀ − x | x] and E[(√ᾱ x₀ − x)² | x]
    V, h = sp.symbols("Sigma h", real=True)
    return (
        Derivation("Tweedie's covariance", k, "the same k")
        .then("(1 − ᾱ)² k″/k", lambda k: sp.cancel((1 - a) ** 2 * sp.cancel(sp.diff(k, x, 2) / k)))
        .equals(
            (sp.sqrt(a) * x0 - x) ** 2 - (1 - a),
            "averaged: (1 − ᾱ)² p″/p = M₂ − (1 − ᾱ), with M₁ and M₂ the moments of √ᾱ x₀ − x given x",
        )
        .then("(1 − ᾱ)² (log p)″ = (1 − ᾱ)² (p″/p − (p′/p)²)", lambda e: e.subs((sp.sqrt(a) * x0 - x) ** 2, M2) - M1**2)
        .then("M₂ − M₁² is the variance of √ᾱ x₀, ᾱΣ", lambda e: sp.expand(e.subs(M2, a * V + M1**2)))
        .then("with h = (log p)″, solved for Σ", lambda e: sp.solve((1 - a) ** 2 * h - e, V)[0])
        .equals((1 - a) / a * (1 + (1 - a) * h), "Proposition 4.1, in one dimension")
    )


def expected_misfit() -> Derivation:
    """What a measurement's squared misfit is in the mean: the mean's own, and a share of the covariance."""
    z1, z2 = m1 + e1, m2 + e2
    S11, S12, S22 = l11**2, l11 * l21, l21**2 + l22**2  # Σ = L Lᵀ
    moments = {(0, 0): 1, (1, 0): 0, (0, 1): 0, (2, 0): S11, (1, 1): S12, (0, 2): S22}  # of e_1ⁱ e_2ʲ

    def average(f: sp.Expr) -> sp.Expr:
        return sp.expand(sum(coefficient * moments[powers] for powers, coefficient in sp.Poly(f, e1, e2).terms()))

    misfit = (y - b1 * z1 - b2 * z2) ** 2
    spread = b1**2 * S11 + 2 * b1 * b2 * S12 + b2**2 * S22
    return (
        Derivation("The misfit in the mean", misfit, "one measurement of z₀ = μ + e, where Cov e = Σ = LLᵀ")
        .then("averaged over e", lambda f: average(sp.expand(f)))
        .equals(
            (y - b1 * m1 - b2 * m2) ** 2 + sp.expand(spread),
            "‖y − Bμ‖² + BΣBᵀ; as log is concave, log p(y given z) ≥ −(this)/2σ² + const (Jensen)",
        )
        .at_most(
            (y - b1 * m1 - b2 * m2) ** 2 + (b1**2 + b2**2) * (S11 + S22),
            [(sp.Integer(1), b2 * l11 - b1 * l21), (sp.Integer(1), b1 * l22)],
            "‖B‖² tr Σ instead, which needs no more than the trace of H: the bound only goes down",
        )
    )


def moment(n: int) -> sp.Integer:
    """E εⁿ for a standard normal: 0, or (n − 1)!!."""
    return sp.Integer(0) if n % 2 else sp.factorial2(n - 1)


def stein() -> Derivation:
    """What one random vector estimates: the curvature of log p, averaged over ε."""

    def score(at: sp.Expr) -> sp.Expr:
        return sp.Add(*[c_k * at**k for k, c_k in enumerate(C)])

    def average(f: sp.Expr) -> sp.Expr:
        return sp.expand(sum(f_n * moment(n) for (n,), f_n in sp.Poly(sp.expand(f), eps).terms()))

    return (
        Derivation(
            "What ε estimates",
            eps * (score(z + delta * eps) - score(z)) / delta,
            "with a score that is any polynomial of degree five, and ε of size δ; δ = 1 in the paper",
        )
        .then("in the mean over ε ~ N(0, 1), whose moments are 0 and (n − 1)!!", average)
        .equals(
            average(sp.diff(score(x), x).subs(x, z + delta * eps)),
            "the mean of s′(z + δε), at δ = 1 the curvature smoothed over a unit length, not that at z",
        )
        .then("which it becomes for δ → 0", lambda f: f.subs(delta, 0))
        .equals(sp.diff(score(z), z), "s′(z)")
    )


def gaussian_moments() -> Derivation:
    """Mean and variance for a Gaussian prior N(0, v)."""
    H = -1 / (a * v + 1 - a)
    return (
        Derivation("A Gaussian prior", H, "the curvature of log p_t for z₀ ~ N(0, v): x has the variance ᾱv + 1 − ᾱ")
        .then("put into the variance", lambda H: (1 - a) / a * (1 + (1 - a) * H))
        .equals(v * (1 - a) / (a * v + 1 - a), "what is left unknown of z₀: v at full noise, 0 without")
    )


def overshoot() -> Derivation:
    """First order's pull of a measurement over the exact one."""
    S, H = gaussian_moments().result, gaussian_moments().lines[0].expr
    mean = sp.factor(sp.cancel((z + (1 - a) * H * z) / sp.sqrt(a)))  # Tweedie's, with the score s = H z

    def slope(variance: sp.Expr) -> sp.Expr:
        return sp.diff(-((y - b * mean) ** 2) / (2 * variance), z)

    return (
        Derivation(
            "How far first order overshoots",
            sp.Matrix([slope(sigma**2), slope(sigma**2 + b**2 * S)]),
            "slopes of log p(y given z), y = bz₀ + n: with ẑ₀ put for z₀, and exact, where y has variance σ² + b²Σ",
        )
        .then("the first over the second", lambda pair: sp.cancel(sp.together(pair[0] / pair[1])))
        .equals(1 + b**2 * S / sigma**2, "1 + b²Σ/σ²: the guess is taken for a fact, so the pull is too strong")
    )
