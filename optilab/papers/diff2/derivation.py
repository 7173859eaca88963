"""What SymPy derives: the privacy budget and its best split, why four thirds, and how differences carry noise along."""

import sympy as sp

from optilab.core.derive import Derivation

C, N, R, M, epsilon, ell, u, sigma, alpha = sp.symbols("C N R M epsilon ell u sigma alpha", positive=True)
a, c1, c2, m = sp.symbols("a c_1 c_2 m", positive=True)
G, L, Delta, s, q, x, rho, w0 = sp.symbols("G L Delta s q x rho w_0", positive=True)


# The budget


def one_release() -> Derivation:
    """What a release costs: C goes out, which is why a difference is no dearer than a gradient."""
    Delta2, std = sp.symbols("Delta_2 std", positive=True)
    return Derivation(
        "The price of a release",
        alpha * Delta2**2 / (2 * std**2),
        "Rényi divergence of order α of an answer that one record moves by Δ₂ at most, with Gaussian noise",
    ).then(
        "a mean of N gradients clipped at C: Δ₂ = 2C/N, std = Cσ. The radius C goes: only the multiplier σ costs",
        lambda price: price.subs({Delta2: 2 * C / N, std: C * sigma}),
    )


def budget() -> Derivation:
    """The calibration spends ε/2 at the order α, and the conversion the other half."""
    sigma1, sigma2 = sp.symbols("sigma_1 sigma_2", positive=True)
    price = one_release().result
    noise = {
        sigma1: sp.sqrt(4 * u * alpha * M / (N**2 * epsilon)),
        sigma2: sp.sqrt(4 * u / (u - 1) * alpha * R / (N**2 * epsilon)),
    }
    return (
        Derivation(
            "The budget",
            M * price.subs(sigma, sigma1) + R * price.subs(sigma, sigma2),
            "M = ⌈R/T⌉ restarts and R differences",
        )
        .then("σ₁² = 4uαM/(N²ε) and σ₂² = 4uαR/((u − 1)N²ε)", lambda spent: spent.subs(noise))
        .equals(epsilon / 2, "half of ε, in the parts 1/u and 1 − 1/u")
        .then("the way to (ε, δ) adds ℓ/(α − 1), ℓ = log(1/δ)", lambda half: half + ell / (alpha - 1))
        .then("α = 1 + 2ℓ/ε", lambda total: total.subs(alpha, 1 + 2 * ell / epsilon))
        .equals(epsilon, "the guarantee")
    )


def best_order() -> Derivation:
    """The order α that is best for a given noise, to compare with the fixed one."""
    cost = a * (1 + m) + ell / m
    return (
        Derivation(
            "The best order",
            cost,
            "releases that cost aα, and ℓ/(α − 1) for the conversion; α = 1 + m, m > 0",
        )
        .then("its derivative by m is 0", lambda expr: sp.Eq(sp.diff(expr, m), 0))
        .then("solve", lambda line: sp.Eq(m, sp.solve(line, m)[0]))
        .then("insert it", lambda line: cost.subs(m, line.rhs))
        .equals(a + 2 * sp.sqrt(a * ell), "what a ρ-zCDP release is worth, with ρ = a")
    )


def best_split() -> Derivation:
    """The split u that makes a weighted noise least."""
    cost = c1 * u + c2 * u / (u - 1)
    return (
        Derivation("The best split", cost, "σ₁² ∝ u counts c₁, σ₂² ∝ u/(u − 1) counts c₂")
        .then("u = 1 + m with m > 0; its derivative is 0", lambda expr: sp.Eq(sp.diff(expr.subs(u, 1 + m), m), 0))
        .then(
            "solve: the more differences count, the more of the budget they get",
            lambda line: sp.Eq(u, 1 + sp.solve(line, m)[0]),
        )
    )


# Why four thirds


def four_thirds() -> Derivation:
    """The least of B(q) = G²s²/q + LΔs√q."""
    B = G**2 * s**2 / q + L * Delta * s * sp.sqrt(q)
    return (
        Derivation("The best restart interval", B, "noise of the restarts, and of what adds up between them; q = T/R")
        .then("q = x²; the derivative by x is 0", lambda expr: sp.Eq(sp.diff(expr.subs(q, x**2), x), 0))
        .then("solve: a share of R that falls with s", lambda line: sp.Eq(q, sp.solve(line, x)[0] ** 2))
        .then("insert it; s = √(dℓ)/(Nε): the power 4/3 of 1/(Nε)", lambda line: B.subs(q, line.rhs))
    )


def plain() -> Derivation:
    """What DP-GD reaches."""
    cost = Delta / m + L * m * G**2 * s**2
    return (
        Derivation("DP-GD", cost, "progress Δ/(ηR), and noise that each of R releases has, m = ηR")
        .then("the derivative by m is 0", lambda expr: sp.Eq(sp.diff(expr, m), 0))
        .then("solve", lambda line: sp.Eq(m, sp.solve(line, m)[0]))
        .then("insert it; s = √(dℓ)/(Nε): the power 1 of 1/(Nε)", lambda line: cost.subs(m, line.rhs))
    )


def ratio() -> Derivation:
    """The gain, which grows with N."""
    k = sp.symbols("k", positive=True)
    gain = plain().result / four_thirds().result
    return Derivation("The gain", gain, "DP-GD's bound over that of DIFF2").then(
        "s = k/N with k = √(dℓ)/ε: it grows as N^(1/3), with eight times the records it is twice as large",
        lambda expr: expr.subs(s, k / N),
    )


# Differences carry noise along


def telescope() -> Derivation:
    """Three rounds of a stage: what is left of the estimate's error."""
    g0, g1, g2, xi0, xi1, xi2, v0, v1, v2 = sp.symbols("g_0 g_1 g_2 xi_0 xi_1 xi_2 v_0 v_1 v_2")
    rounds = (sp.Eq(v0, g0 + xi0), sp.Eq(v1, v0 + (g1 - g0) + xi1), sp.Eq(v2, v1 + (g2 - g1) + xi2))

    def last(system: tuple[sp.Eq, ...]) -> sp.Expr:
        first, second, third = (line.rhs for line in system)
        return sp.Add(third.subs(v1, second.subs(v0, first)), -g2, evaluate=False)

    return (
        Derivation("The error of the estimate", rounds, "a restart and two differences, g_r = ∇f(x_r)")
        .then("insert them into each other and take g₂ away", last)
        .equals(xi0 + xi1 + xi2, "the gradients go: the noises since the restart are left")
    )


def growth() -> Derivation:
    """Where the gradient is 0, every step is made by the noise and makes noise: the variance grows geometrically."""
    w, n = sp.Function("w"), sp.symbols("n", integer=True, nonnegative=True)
    return (
        Derivation(
            "Noise feeds on its own steps",
            sp.Eq(w(n + 1), (1 + rho) * w(n)),
            "w = E‖v‖² with ∇f = 0: the noise of a difference has the variance dC₂²σ₂²‖x_r − x_{r−1}‖² = ρ‖v‖², "
            "ρ = η²C₂²σ₂²d",
        )
        .then(
            "solve the recursion: geometric", lambda line: sp.Eq(w(n), sp.rsolve(line.lhs - line.rhs, w(n), {w(0): w0}))
        )
        .then("after n = 1/ρ rounds, over w₀", lambda line: (line.rhs / w0).subs(n, 1 / rho))
        .then("what it tends to as ρ → 0", lambda expr: sp.Limit(expr, rho, 0))
        .equals(sp.E, "a factor e. A stage of T rounds is safe if ρT = (ηC₂σ₂)²dT is at most 1")
    )


def safe() -> Derivation:
    """T ≤ 1/ρ suffices for a factor e: ρ − log(1 + ρ) is 0 at 0 and grows."""
    h = rho - sp.log(1 + rho)
    return (
        Derivation("T ≤ 1/ρ is enough", h, "(1 + ρ)^T ≤ e holds where T log(1 + ρ) ≤ 1; at T = 1/ρ what is left of ρ")
        .then("its derivative", lambda expr: sp.together(sp.diff(expr, rho)))
        .at_least(sp.Integer(0), [(rho / (1 + rho), sp.Integer(1))], "never negative, and h(0) = 0: log(1 + ρ) ≤ ρ")
    )
