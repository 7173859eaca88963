"""Why one radius is enough: the progress of a step, the radius in every class, and the radius of x⁴/4 exactly."""

import sympy as sp

from optilab.core.derive import Derivation

lam, gamma, x, s, u, D, L, M, c, mu = sp.symbols("lambda gamma x s u D L M c mu", positive=True)
L0, L1 = sp.symbols("L_0 L_1", positive=True)
nu, t = sp.symbols("nu t", positive=True)
g, g_next, h, a, r = sp.symbols("g g_+ h a r", nonnegative=True)  # ‖∇f(x)‖, ‖∇f(x⁺)‖, ‖d‖, ⟨Hd, d⟩, a slack
slope = sp.symbols("sigma", real=True)  # ⟨∇f(x), d⟩
F, F_next = sp.symbols("F F_+", positive=True)


def the_step_stays_inside() -> Derivation:
    """The step keeps to the ball of radius γ and to the region: so the definition of γ speaks about it."""
    return (
        Derivation(
            "The step stays where γ speaks",
            lam * h**2,
            "multiply (H + λB)d = −∇f(x) by d: ⟨Hd, d⟩ + ⟨∇f(x), d⟩ = −λ‖d‖² ≤ 0, so d lies in the region; h is ‖d‖",
        )
        .at_most(lam * h**2 + a, [(a, sp.Integer(1))], "add a = ⟨Hd, d⟩, which isn't negative")
        .then(
            "by the step's equation that is −⟨∇f(x), d⟩: write it as gh − r with a slack r ≥ 0 (Cauchy and Schwarz)",
            lambda e: sp.expand(e.subs(a, g * h - r - lam * h**2)),
        )
        .at_most(g * h, [(r, sp.Integer(1))], "so λh² ≤ gh")
        .then("divide by λh, with λ = g/γ", lambda e: sp.Le(h, (e / (lam * h)).subs(lam, g / gamma)))
    )


def progress() -> Derivation:
    """Lemma 1, for f convex or not: what a step gains in f."""
    longer = g_next / (2 * lam) + s
    return (
        Derivation(
            "How much f falls",
            -slope - a / 2 - lam * h**2 / 2,
            "integrate the definition along d, ‖d‖ ≤ γ: f(x) − f(x⁺) is at least this; σ = ⟨∇f(x), d⟩",
        )
        .then("the step's equation says σ = −a − λh²", lambda e: sp.expand(e.subs(slope, -a - lam * h**2)))
        .at_least(lam * h**2 / 2, [(a / 2, sp.Integer(1))], "H ⪰ 0")
        .then(
            "‖∇f(x⁺) + λBd‖ = ‖∇f(x⁺) − ∇f(x) − Hd‖ ≤ λh, so ‖∇f(x⁺)‖ ≤ 2λh: write h = g₊/(2λ) + s with a slack s ≥ 0",
            lambda e: sp.expand(e.subs(h, longer)),
        )
        .at_least(
            g_next**2 / (8 * lam),
            [(lam / 2, s), (g_next * s / 2, sp.Integer(1))],
            "and λ = g/γ: this is γg₊²/(8g), the test of the search",
        )
    )


def convex_progress() -> Derivation:
    """For convex f the same step gains four times as much."""
    inner = sp.symbols("P", real=True)  # ⟨∇f(x⁺), −d⟩
    return (
        Derivation(
            "If f is convex",
            sp.Eq(g_next**2 - 2 * lam * inner + lam**2 * h**2, lam**2 * h**2 - r),
            "the square of ‖∇f(x⁺) + λBd‖ ≤ λh, with P = ⟨∇f(x⁺), −d⟩ and a slack r ≥ 0",
        )
        .then("solve for P; by convexity f(x) − f(x⁺) ≥ P", lambda e: sp.expand(sp.solve(e, inner)[0]))
        .at_least(g_next**2 / (2 * lam), [(r / (2 * lam), sp.Integer(1))], "½ in place of ⅛")
    )


def convex_rate() -> Derivation:
    """From progress to a rate: the factor by which the gap shrinks in a step."""
    return (
        Derivation(
            "One factor a step",
            F_next + gamma * g_next**2 / (8 * c),
            "Lemma 1: the gap F = f(x) − f⋆ was at least this; c stands for g",
        )
        .then(
            "by convexity F₊ ≤ D₊g₊ with D₊ = ‖x⁺ − x⋆‖: write one of the two g₊ as F₊/D₊ + s, s ≥ 0",
            lambda e: sp.expand(e.subs(g_next**2, g_next * (F_next / D + s))),
        )
        .at_least(
            F_next * (1 + gamma * g_next / (8 * D * c)),
            [(gamma * g_next * s / (8 * c), sp.Integer(1))],
            "so F₊ ≤ F/(1 + γg₊/(8D₊c)); multiply over all steps",
        )
    )


def lipschitz_hessian() -> Derivation:
    """The radius where the Hessian is Lipschitz."""
    return Derivation(
        "A Lipschitz Hessian",
        sp.Eq(L * gamma / 2, g / gamma),
        "the error at h is at most Lh²/2: over h it is largest at the rim, where it may be g/γ",
    ).then("solve for γ", lambda e: sp.Eq(gamma, sp.solve(e.subs(g, c), gamma)[0].subs(c, g)))


def hoelder_hessian() -> Derivation:
    """The radius where the Hessian is Hölder of degree ν."""
    root = ((1 + nu) * c / L) ** (1 / (1 + nu))
    return (
        Derivation(
            "A Hölder Hessian",
            L * gamma ** (1 + nu) / (1 + nu),
            "the error at h is at most Lh^(1+ν)/(1+ν); at the rim, times γ, over h: to be g, here c",
        )
        .then("try γ = ((1+ν)c/L)^(1/(1+ν))", lambda e: sp.powdenest(e.subs(gamma, root), force=True))
        .equals(c, "as asked; ν = 1 is the row above, ν = 0 is a Hessian that varies by L: γ = c/L")
    )


def self_concordant() -> Derivation:
    """The radius of quasi-self-concordant functions: a constant, whence a linear rate."""
    tau = sp.symbols("tau", positive=True)
    return (
        Derivation(
            "Quasi-self-concordance",
            sp.Integral((1 - tau) * sp.exp(t * tau), (tau, 0, 1)),
            "the Hessian grows at most like e^(M‖h‖): the error is at most M⟨∇²f h, h⟩φ(t), t = M‖h‖, and this is φ",
        )
        .then("integrate", lambda e: sp.simplify(e.doit()))
        .equals((sp.exp(t) - t - 1) / t**2, "in the region ⟨∇²f h, h⟩ ≤ g‖h‖: at the rim tφ(t) is to be 1")
        .then("that is eᵗ = 1 + 2t", lambda phi: sp.Eq(sp.expand(t**2 * phi + t + 1), sp.expand(t + t + 1)))
        .then("its positive root, γ = τ/M", lambda line: sp.Eq(tau, sp.solve(line, t)[0]))
    )


def first_order() -> Derivation:
    """The radius of (L₀, L₁)-smooth functions under H = 0: of both exponents, 1 and 0."""
    return (
        Derivation(
            "(L₀, L₁)-smoothness, H = 0",
            sp.Eq(c / L1 * (sp.exp(L1 * gamma) - 1), 1),
            "the gradient changes by at most (c/L₁)(e^(L₁h) − 1) of itself, c = L₀/g + L₁; at the rim by all of itself",
        )
        .then("solve for γ", lambda e: sp.solve(e, gamma)[0])
        .then("in units of 1/c, with L₁ = sc, 0 < s ≤ 1", lambda e: sp.simplify((c * e).subs(L1, s * c)))
        .then(
            "ln(1 + s) − s ln 2 is 0 at both ends and concave, so γ ≥ ln 2/c",
            lambda e: sp.Matrix(
                [
                    sp.limit(s * e - s * sp.log(2), s, 0),
                    sp.simplify((s * e - s * sp.log(2)).subs(s, 1)),
                    sp.diff(s * e - s * sp.log(2), s, 2),
                ]
            ),
        )
        .equals(sp.Matrix([0, 0, -1 / (1 + s) ** 2]), "the value at 0, the value at 1, the second derivative")
    )


def inexact_hessian() -> Derivation:
    """What a second matrix costs: inverse radii add."""
    gamma_1, gamma_12 = sp.symbols("gamma_1 gamma_12", positive=True)
    return (
        Derivation(
            "Another Hessian",
            c * h / gamma_1 + c * h / gamma_12,
            "the error of H₂ is at most that of H₁ and what the two differ by, ‖H₁ − H₂‖ ≤ g/γ₁₂; c is g",
        )
        .equals(c * h / (gamma_1 * gamma_12 / (gamma_1 + gamma_12)), "an error like any other, with a smaller γ")
        .then("that γ₂, at least", lambda e: sp.simplify(c * h / e))
        .equals(1 / (1 / gamma_1 + 1 / gamma_12), "inverse radii add, so a class and an H are terms of one sum")
    )


def quartic_radius() -> Derivation:
    """γ(x) for x⁴/4 with the exact Hessian: 9x/8."""
    step = -u
    return (
        Derivation(
            "γ of x⁴/4",
            (x + step) ** 3 - x**3 - 3 * x**2 * step,
            "f′(x + h) − f′(x) − f″(x)h at h = −u; the region 3x²h² + x³h ≤ 0 is 0 ≤ u ≤ x/3",
        )
        .then("over u: what has to stay below f′(x)/γ", lambda e: sp.factor(e / u))
        .then("let u = x/3 − s with 0 ≤ s ≤ x/3", lambda e: sp.expand(e.subs(u, x / 3 - s)))
        .at_most(
            sp.Rational(8, 9) * x**2,
            [(sp.Rational(7, 3) * x * s, sp.Integer(1)), (sp.Integer(1), s)],
            "so it is largest at the far end of the region",
        )
        .then("that is to be x³/γ", lambda e: sp.Eq(gamma, sp.solve(sp.Eq(e, x**3 / gamma), gamma)[0]))
    )


def quartic_contraction() -> Derivation:
    """One step on x⁴/4 with the exact γ: x shrinks to 26/35."""
    return (
        Derivation("One step on x⁴/4", x - x**3 / (3 * x**2 + lam), "x − f′/(f″ + λ)")
        .then("with λ = f′/γ = 8x²/9", lambda e: sp.simplify(e.subs(lam, x**3 / quartic_radius().result.rhs)))
        .equals(sp.Rational(26, 35) * x, "pure Newton has 2/3; the price of safety is a tenth")
    )


def without_the_region() -> Derivation:
    """Without the region the radius of x⁴/4 is less than half."""
    theta = sp.symbols("theta", real=True)
    return (
        Derivation(
            "Without the region",
            gamma**2 * (3 * x + gamma),
            "the ball alone: the worst h is +γ, where the error times γ is this, and may be γf′(x)/γ = x³",
        )
        .then("try γ = (2cos θ − 1)x", lambda e: sp.expand(e.subs(gamma, (2 * sp.cos(theta) - 1) * x)))
        .equals(x**3 * (2 * sp.cos(3 * theta) + 2), "4cos³θ − 3cos θ = cos 3θ")
        .then("θ = 2π/9, so γ = 0.532x: the region is worth a factor 2.1", lambda e: e.subs(theta, 2 * sp.pi / 9))
    )


def fisher_error() -> Derivation:
    """Logistic loss: the Fisher matrix errs by no more than the loss itself."""
    E = sp.symbols("E", positive=True)  # e^m
    m = sp.symbols("m", real=True)
    loss = sp.log(1 + sp.exp(-m))
    sigma = 1 / (1 + E)
    return (
        Derivation(
            "Fisher against Hessian",
            sp.diff(loss, m, 2) - sp.diff(loss, m) ** 2,
            "ℓ = ln(1 + e^(−m)) at a margin m: second derivative less the squared first",
        )
        .then("write E = e^m", lambda e: sp.factor(sp.simplify(e).subs(m, sp.log(E))))
        .equals(sigma * (1 - 2 * sigma), "with s = 1/(1 + E), the probability of the wrong label: s(1 − 2s)")
        .then("squared, since it has either sign", lambda e: e**2)
        .at_most(sigma**2, [(4 * E / (1 + E) ** 4, sp.Integer(1))], "the difference is 4s³(1 − s): |error| ≤ s")
        .equals(
            (1 - sp.exp(-sp.log(1 + 1 / E))) ** 2,
            "and s = 1 − e^(−ℓ), at most ℓ: on average the error is at most max‖aᵢ‖² times f, and vanishes with f",
        )
    )


def wrong_label() -> Derivation:
    """The probability of the wrong label is at most the loss: 1 − e^(−ℓ) ≤ ℓ."""
    loss = sp.symbols("ell", nonnegative=True)
    return (
        Derivation("Probability and loss", loss - 1 + sp.exp(-loss), "ℓ less s = 1 − e^(−ℓ)")
        .then(
            "its value and its slope at ℓ = 0, and its second derivative",
            lambda e: sp.Matrix([e.subs(loss, 0), sp.diff(e, loss).subs(loss, 0), sp.diff(e, loss, 2)]),
        )
        .equals(sp.Matrix([0, 0, sp.exp(-loss)]), "it begins at 0 without slope and is convex: never below 0")
    )


def sherman_morrison() -> Derivation:
    """The rank-one solve, checked for three coordinates and a diagonal B."""
    q, v, b = (sp.Matrix(sp.symbols(f"{name}_1:4", positive=name == "b", real=True)) for name in "qgb")
    alpha = sp.symbols("alpha", positive=True)
    Bv, Bq = v.multiply_elementwise(b.applyfunc(lambda e: 1 / e)), q.multiply_elementwise(b.applyfunc(lambda e: 1 / e))
    d = Bv / lam - alpha * q.dot(Bv) / lam**2 / (1 + alpha / lam * q.dot(Bq)) * Bq
    return (
        Derivation("Rank one", d, "d = B⁻¹g/λ − (αq·B⁻¹g/λ²)/(1 + αq·B⁻¹q/λ) B⁻¹q")
        .then(
            "times λB + αqqᵀ, what cancels cancelled",
            lambda d: ((lam * sp.diag(*b) + alpha * q * q.T) * d).applyfunc(lambda e: sp.cancel(sp.together(e))),
        )
        .equals(v, "is g: two solves with B and no matrix")
    )


def soft_maximum() -> Derivation:
    """The Hessian of a log-sum-exp, and what Gauss–Newton leaves out."""
    y, z = sp.symbols("x_1 x_2", real=True)
    total = sp.exp(y / mu) + sp.exp(z / mu)
    pi = sp.Matrix([sp.exp(y / mu), sp.exp(z / mu)]) / total
    return (
        Derivation("Log-sum-exp", sp.hessian(mu * sp.log(total), (y, z)), "the Hessian of μ ln(e^(x₁/μ) + e^(x₂/μ))")
        .equals((sp.diag(*pi) - pi * pi.T) / mu, "(diag π − ππᵀ)/μ, with the softmax π, which is the gradient")
        .then(
            "Gauss–Newton keeps diag π/μ, so it exceeds the Hessian by",
            lambda H: (sp.diag(*pi) / mu - H).applyfunc(sp.simplify),
        )
        .equals(pi * pi.T / mu, "ggᵀ/μ: an error that shrinks with the gradient, γ₁₂ = μ/‖g‖")
    )
