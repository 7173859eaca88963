"""What noise a budget buys, what changing one cell does to the fitness, and why a smoothed indicator misleads."""

import sympy as sp

from optilab.core.derive import Derivation

Delta, sigma, rho, m, mu, S, ell, t, s, h = sp.symbols("Delta sigma rho m mu S ell t s h", positive=True)
alpha, epsilon, e = sp.symbols("alpha epsilon epsilon_0", positive=True)
n_rows = sp.symbols("N'", positive=True)
x, z = sp.symbols("x z", real=True)
R = sp.symbols("r_1:4", real=True)  # residuals of three queries
D = sp.symbols("delta_1:4", real=True)  # what a new row changes in their counts


def gaussian_mechanism() -> Derivation:
    """The Rényi divergence of an answer with Gaussian noise, between neighbours whose answers are μ apart."""
    square, rest = (x - alpha * mu) ** 2 / (2 * sigma**2), alpha * (alpha - 1) * mu**2 / (2 * sigma**2)
    normal = sp.exp(-(x**2) / (2 * sigma**2)) / (sigma * sp.sqrt(2 * sp.pi))
    return (
        Derivation(
            "What Gaussian noise costs",
            (-alpha * (x - mu) ** 2 + alpha * x**2 - x**2) / (2 * sigma**2),
            "the exponent of (p/q)ᵅ q for p = N(μ, σ²), q = N(0, σ²): α times the log ratio, plus that of q",
        )
        .equals(rest - square, "complete the square in x: a normal density about αμ, and what is left over")
        .then(
            "integrate over x: a normal density gives 1, wherever it stands; this is the logarithm of the integral",
            lambda f: sp.simplify(f + square) + sp.log(sp.integrate(normal, (x, -sp.oo, sp.oo))),
        )
        .then(
            "the Rényi divergence is that over α − 1: ρα with ρ = μ²/(2σ²), for every α",
            lambda total: sp.cancel(total / (alpha - 1)),
        )
    )


def shared_budget() -> Derivation:
    """The noise of m workloads that share ρ equally."""
    return Derivation(
        "Sharing a budget",
        sp.Eq(Delta**2 / (2 * sigma**2), rho / m),
        "ρ's add up, so each of m workloads may cost ρ/m; Δ is the largest μ",
    ).then(
        "solve for σ: four times as many workloads, twice the noise on each",
        lambda equation: sp.solve(equation, sigma)[0],
    )


def simple_conversion() -> Derivation:
    """From ρ to (ε, δ): the best order of the simple bound."""
    epsilon_of = (1 + t) * rho + ell / t
    return (
        Derivation(
            "From ρ to ε, simply",
            epsilon_of,
            "a divergence of at most αρ gives ε = αρ + ℓ/(α − 1) with ℓ = log(1/δ); α = 1 + t",
        )
        .then("where its slope in t is 0", lambda f: sp.Eq(sp.diff(f, t), 0))
        .then("that is at t > 0", lambda equation: sp.solve(equation, t)[0])
        .then("and there ε is this: for small ρ it goes like √ρ", lambda best: sp.simplify(epsilon_of.subs(t, best)))
    )


def sharper_conversion() -> Derivation:
    """The derivative of the sharper conversion, of which the library seeks the root."""
    log_delta = (alpha - 1) * (alpha * rho - epsilon) + alpha * sp.log(1 - 1 / alpha) - sp.log(alpha - 1)
    return (
        Derivation("From ρ to ε, sharper", log_delta, "log δ at an order α > 1 (Canonne, Kamath, Steinke 2020)")
        .then("differentiate in α", lambda f: sp.diff(f, alpha))
        .equals(
            (2 * alpha - 1) * rho - epsilon + sp.log(1 - 1 / alpha),
            "all fractions cancel; it grows with α, so it has one root, and δ is smallest there",
        )
    )


def noisy_maximum() -> Derivation:
    """The Gumbel noise at which S choices cost ρ."""
    return (
        Derivation(
            "The noise of a choice",
            sp.Eq(S * e**2 / 8, rho),
            "one exponential mechanism with parameter ε₀ costs ε₀²/8; S of them in turn cost S times as much",
        )
        .then("solve for ε₀", lambda equation: sp.solve(equation, e)[0])
        .then(
            "it is a noisy maximum with Gumbel noise of scale 2Δ/ε₀: √S, as for Gaussian noise on S workloads",
            lambda best: 2 * Delta / best,
        )
    )


def one_row() -> Derivation:
    """What replacing a row does to the fitness."""
    before = sum(r**2 for r in R)
    after = sum((r + d / n_rows) ** 2 for r, d in zip(R, D, strict=True))
    product, square = sum(r * d for r, d in zip(R, D, strict=True)), sum(d**2 for d in D)
    return (
        Derivation(
            "One new row",
            after - before,
            "‖r + δ/N'‖² − ‖r‖² for three queries: r = Q(D') − â, and δ is q(new row) − q(old row), entries −1, 0, 1",
        )
        .then("expand", sp.expand)
        .equals(
            2 * product / n_rows + square / n_rows**2, "2⟨r, δ⟩/N' + ‖δ‖²/N'²: a gain of first order, a fixed price"
        )
        .then(
            "it pays only if ⟨r, δ⟩ < −‖δ‖²/(2N'): with one query changed, δ = 1, only if r is below",
            lambda change: sp.solve(change.subs({D[0]: 1, D[1]: 0, D[2]: 0}), R[0])[0],
        )
    )


def slope_at_the_threshold() -> Derivation:
    """The gradient of a smoothed indicator: huge at the threshold, nothing beside it."""
    slope = sp.diff(1 / (1 + sp.exp(-s * z)), z)
    return (
        Derivation(
            "The gradient of a smoothed indicator", slope, "the derivative of sigmoid(sz), which stands for [z > 0]"
        )
        .then("at the threshold z = 0 it grows with s", lambda f: sp.simplify(f.subs(z, 0)))
        .then("at any z = h beside it, it vanishes as s → ∞", lambda _: sp.limit(slope.subs(z, h), s, sp.oo))
    )


def area_of_the_slope() -> Derivation:
    """How much of the step lies within ±h of the threshold."""
    smooth = 1 / (1 + sp.exp(-s * z))
    return (
        Derivation(
            "Where the step is",
            sp.integrate(sp.diff(smooth, z), (z, -h, h)),
            "the integral of that gradient over [−h, h]: the part of the step that lies there",
        )
        .equals(sp.tanh(s * h / 2).rewrite(sp.exp), "tanh(sh/2): it tends to 1, however narrow the interval")
        .then(
            "small s: the gradient is spread over all z, and biased; large s: all of it is where no row is",
            lambda part: sp.limit(part, s, sp.oo),
        )
    )
