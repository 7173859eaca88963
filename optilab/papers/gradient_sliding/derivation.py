"""Why the restart-free schedules are what they are, every line proved by SymPy.

One step of the inner loop, by strong convexity of what it minimises, with Φ(u) = ⟨g, u⟩ + h(u) + βV(x, u) + χ(u):

    Φ(u_t) − Φ(u) + (β(1 + p_t) + μ) V(u_t, u) ≤ βp_t V(u_{t−1}, u) + M d − (βp_t/2) d²,   d = ‖u_t − u_{t−1}‖.
"""

import sympy as sp

from optilab.core.derive import Derivation

L, mu, beta, gamma, lam, B, M, D, e, rho = sp.symbols("L mu beta gamma lambda B M D e rho", positive=True)
eta, kappa, r, a, q = sp.symbols("eta kappa r a q", positive=True)
d, x, y, c = sp.symbols("d x y c", real=True)
t, T, k = sp.symbols("t T k", integer=True, positive=True)
j = sp.Symbol("j", integer=True, nonnegative=True)
G, V, V_next, noise, s, E = sp.symbols("G V V^+ n s E", nonnegative=True)
Omega, eta_next, sigma = sp.symbols("Omega eta^+ sigma", positive=True)


def price_of_a_step() -> Derivation:
    """What a subgradient step can lose: M d − (a/2) d² ≤ M²/(2a)."""
    return Derivation(
        "What one inner step can lose", M * d - a * d**2 / 2, "h bends by M per unit length, the prox term pays back"
    ).at_most(M**2 / (2 * a), [(1 / (2 * a), a * d - M)], "the worst length is d = M/a")


def inner_weights() -> Derivation:
    """The p_t, linear in t, with which weights t + 1 telescope."""
    ends, begins = (t + 1) * (beta * (1 + c * t) + mu), (t + 2) * beta * c * (t + 1)
    return (
        Derivation(
            "Which prox weights telescope",
            ends - begins,
            "weigh step t by t + 1 and try pₜ = c t: what step t hands on, minus what step t + 1 asks for",
        )
        .then("the steps fit together whatever t is", sp.factor)
        .then("if the bracket vanishes: solve for c", lambda gap: sp.solve(gap, c)[0])
        .then("pₜ is that times t", lambda root: root * t)
        .equals((1 + mu / beta) * t / 2, "with μ = 0 this is t/2, the weight for merely convex problems")
    )


def inner_average() -> Derivation:
    """The weights t + 1 normalised: θ_t."""
    return (
        Derivation("The average", sp.Sum(t + 1, (t, 1, T)), "the sum of all weights")
        .then("the sum", lambda total: sp.factor(total.doit()))
        .then("the share of the last point in the average of the first t", lambda total: (t + 1) / total.subs(T, t))
        .equals(2 * (t + 1) / (t * (t + 3)), "this is θₜ")
    )


def inner_end() -> Derivation:
    """The coefficient of V(u_T, u) after division by the weights' sum: B(1 + e_T)."""
    p = inner_weights().result
    return (
        Derivation(
            "What the inner loop leaves behind",
            (T + 1) * (beta * (1 + p.subs(t, T)) + mu) / (T * (T + 3) / 2),
            "the last step's weight, divided by the sum of all",
        )
        .then("with B = β + μ", lambda end: sp.factor(end.subs(beta, B - mu)))
        .equals(B * (1 + 2 / (T * (T + 3))), "in short B(1 + e), with e = 2/(T(T + 3))")
    )


def inner_start() -> Derivation:
    """The coefficient of V(x, u): B e_T."""
    p = inner_weights().result
    return Derivation(
        "What it starts from",
        beta * (2 * p).subs(t, 1) / (T * (T + 3) / 2),
        "the first step's 2βp₁, divided by the sum of all weights",
    ).then("with B = β + μ: in short B e, with e = 2/(T(T + 3))", lambda start: sp.factor(start.subs(beta, B - mu)))


def inner_noise() -> Derivation:
    """The error of one inner step, weighted: at most 2M²/B, so that the average's is 4M²/(B(T + 3))."""
    return (
        Derivation(
            "The error of the inner loop",
            (j + 2) * M**2 / ((j + 1) * B),
            "step t = j + 1: its weight t + 1 times M²/(2βpₜ), where 2βpₜ = B t",
        )
        .at_most(2 * M**2 / B, [(j / ((j + 1) * B), M)], "t + 1 ≤ 2t")
        .then(
            "T of them, divided by the sum of the weights: twice the inner steps, half the error",
            lambda one: sp.simplify(T * one / (T * (T + 3) / 2)),
        )
    )


def outer_step() -> Derivation:
    """The outer step: E = gap + μV contracts by 1 − γ, up to γ times the error of the inner loop."""
    prox = L * gamma + s
    width = prox + mu
    root = sp.solve((1 + e) * (L * gamma**2 + mu * gamma) - mu, L)[0]
    inner = prox * V - prox / 2 * d**2 + width * e * V - width * (1 + e) * V_next + noise
    after = (1 - gamma) * G + gamma * ((prox + width * e) * V - width * (1 + e) * V_next + noise)
    return (
        Derivation(
            "One outer step",
            (1 - gamma) * G + L * gamma**2 * d**2 / 2 + gamma * inner,
            "the descent lemma over the segment γd, then the inner loop at u = x⋆; G is the gap before, V and V⁺ the "
            "distances to x⋆ before and after, n the inner error, and β = Lγ + s",
        )
        .at_most(after, [(gamma * s / 2, d)], "β ≥ Lγ pays for the curvature of f: here is where sliding is allowed")
        .then("take s = 0, and γ as the root of (1 + e)(Lγ² + μγ) = μ", lambda f: sp.simplify(f.subs({s: 0, L: root})))
        .equals(
            (1 - gamma) * (G + mu * V) - mu * V_next + gamma * noise,
            "with E = G + μV: E⁺ ≤ (1 − γ)E + γn, as γB(1 + e) = μ for this length. A longer loop makes e smaller, and "
            "the slack μ − γB(1 + e) of the contraction positive",
        )
    )


def outer_momentum() -> Derivation:
    """The γ at which the distances contract as fast as the gap."""
    prox = L * gamma
    slack = (1 - gamma) * (prox + mu) * (1 + e) - (prox + (prox + mu) * e)
    return (
        Derivation(
            "Where γ comes from", slack, "what (1 − γ) times the old distance term leaves, with β = Lγ, B = β + μ"
        )
        .equals(mu - gamma * (L * gamma + mu) * (1 + e), "everything but μ and γB(1 + e) cancels")
        .then("no slack: the positive root", lambda f: sp.simplify(max(sp.solve(f, gamma), key=positive_root)))
        .equals((-mu + sp.sqrt(mu**2 + 4 * L * mu / (1 + e))) / (2 * L), "the constant momentum")
    )


def positive_root(expr: sp.Expr) -> float:
    """The value of an expression at a sample point, to tell the roots of a quadratic apart."""
    return float(expr.subs({L: 2, mu: 1, e: sp.Rational(1, 2)}))


def momentum_limit() -> Derivation:
    """For ill-conditioned problems γ ≈ 1/√((1 + e)κ)."""
    return (
        Derivation("How large γ is", outer_momentum().result, "the root")
        .then("in units of √(μ/L), with L = κμ", lambda f: sp.simplify(f.subs(L, kappa * mu)) * sp.sqrt(kappa))
        .then(
            "as κ → ∞: about √κ gradients for every fixed factor, the best that any method can do",
            lambda f: sp.limit(f, kappa, sp.oo),
        )
    )


def growth() -> Derivation:
    """With noise that shrinks like ρᵏ, ρ = 1 − γ/2, the recursion is solved by 2Dρ·ρᵏ."""
    return (
        Derivation(
            "The recursion",
            (1 - gamma) * c * rho ** (k - 1) + gamma * D * rho**k - c * rho**k,
            "try c ρᵏ in E⁺ = (1 − γ)E + γDρᵏ: what is left over",
        )
        .then("ρ = 1 − γ/2, per ρᵏ⁻¹", lambda f: sp.simplify(f / rho ** (k - 1)).subs(rho, 1 - gamma / 2))
        .then("nothing is left over if c is", lambda f: sp.factor(sp.solve(f, c)[0]))
        .equals(
            2 * D * (1 - gamma / 2),
            "so after N steps E ≤ (1 − γ)ᴺE₀ + 2Dρᴺ⁺¹: the inner loops grow a little slower than the gap falls",
        )
    )


def resonance() -> Derivation:
    """With ρ = 1 − γ the particular solution gets a factor N."""
    return (
        Derivation(
            "Growth as fast as the contraction",
            r * (k - 1) * c * r ** (k - 1) + (1 - r) * D * r**k - k * c * r**k,
            "noise γDrᵏ with r = 1 − γ itself: try k c rᵏ",
        )
        .then("per rᵏ", lambda f: sp.simplify(sp.expand(f / r**k)))
        .then(
            "nothing is left over if c is this: E gains a term N γD(1 − γ)ᴺ, a resonance, an extra logarithm",
            lambda f: sp.solve(f, c)[0],
        )
    )


def accelerated_weights() -> Derivation:
    """Which prox weights telescope with weights t: r_t = q/t + B(t − 1)/2."""

    def weight(t):
        return q / t + B * (t - 1) / 2

    return (
        Derivation(
            "The accelerated inner loop telescopes",
            t * (weight(t) + B) - (t + 1) * weight(t + 1),
            "weights αₜ/Γₜ = t: what step t hands on, minus what step t + 1 asks for",
        )
        .then("multiplied out", sp.expand)
        .equals(sp.S(0), "for every q")
    )


def accelerated_weight_ratio() -> Derivation:
    """α_t/Γ_t = t with α_t = 2/(t + 1), Γ_t = 2/(t(t + 1))."""
    alpha, Gamma = sp.symbols("alpha_t Gamma_t", positive=True)
    return Derivation("The weights", alpha / Gamma, "each step counts αₜ/Γₜ, with Γₜ the product of all 1 − α").then(
        "αₜ = 2/(t + 1), Γₜ = 2/(t(t + 1)): step t counts t times",
        lambda ratio: sp.cancel(ratio.subs({alpha: 2 / (t + 1), Gamma: 2 / (t * (t + 1))})),
    )


def accelerated_smoothness() -> Derivation:
    """What pays for the smoothness M̃ = λM of the inner objective: q ≥ 2M̃."""
    return (
        Derivation(
            "It pays for the smoothness",
            q / t + B * (t - 1) / 2 - M * 2 / (t + 1),
            "rₜ − M̃αₜ, with M̃ = λMₛ the smoothness of (1/λ)h((1 − λ)x̄ + λu) in u",
        )
        .then("at q = 2M̃", lambda f: sp.factor(f.subs({q: 2 * M, t: j + 1})))
        .at_least(
            sp.S(0),
            [(2 * M / ((j + 1) * (j + 2)), 1), (B * j / 2, 1)],
            "t = j + 1 ≥ 1",
        )
    )


def accelerated_momentum() -> Derivation:
    """The λ at which an outer step of accelerated sliding contracts exactly."""
    prox, left = L * lam, L * lam
    slack = (1 - lam) * (prox + mu + left) - (prox + left)
    return (
        Derivation(
            "Where λ comes from",
            slack,
            "the inner loop hands on β + μ + c and asks for β + c, with β = Lλ and c = 2q/(T(T + 1)) = Lλ",
        )
        .equals(mu - lam * (2 * L * lam + mu), "as before, with 2L for (1 + e)L")
        .then("no slack: the positive root", lambda f: sp.simplify(max(sp.solve(f, lam), key=positive_root)))
        .equals((-mu + sp.sqrt(mu**2 + 8 * L * mu)) / (4 * L), "the constant momentum of accelerated sliding")
    )


def accelerated_noise() -> Derivation:
    """Sampled operators add at most 4σ²/(βT) an outer step."""
    length = j + 1
    full = beta * length * (length + 1) / 2
    return (
        Derivation(
            "The noise of a sampled operator",
            sigma**2 / (T * (T + 1)) * (2 / q + 4 * (T - 1) / B),
            "Σ t/(2(rₜ − M̃αₜ)) ≤ Σ (1/q at t = 1, then 2/B), per weight T(T + 1)/2",
        )
        .then(
            "q = βT(T + 1)/2, and B = β where it is largest; T = j + 1",
            lambda f: sp.factor(f.subs(B, beta).subs({q: full, T: length})),
        )
        .at_most(
            4 * sigma**2 / (beta * length),
            [(4 * sp.expand(2 * length**2 + 2 * length - 1) / (beta * length**2 * (length + 1) ** 2), sigma)],
            "2T² + 2T − 1 is positive for T ≥ 1",
        )
        .then("back to T", lambda f: f.subs(j, T - 1))
    )


def smoothing_step() -> Derivation:
    """The recursion while the smoothing shrinks: Ê = E + ηΩ contracts up to ληΩ."""
    return Derivation(
        "Smoothing that shrinks",
        (1 - lam) * (E + (eta - eta_next) * Omega) + eta_next * Omega,
        "E⁺ + η⁺Ω: from η to η⁺ the smoothed h rises by at most (η − η⁺)Ω, then one outer step",
    ).equals((1 - lam) * (E + eta * Omega) + lam * eta_next * Omega, "the recursion again, with D = η₀Ω")


def huber() -> Derivation:
    """Smoothing the absolute value gives Huber's function; inside, the parabola."""
    return (
        Derivation("Smoothing |x|", x * y - eta * y**2 / 2, "|x| = max xy over |y| ≤ 1, minus η times ½y²")
        .equals(x**2 / (2 * eta) - eta * (y - x / eta) ** 2 / 2, "complete the square: best is y = x/η")
        .then("if that lies in [−1, 1]: Huber's parabola; if not, y = ±1 gives |x| − η/2", lambda f: f.subs(y, x / eta))
    )


def smoothing_error() -> Derivation:
    """The largest error η/2 of Huber's function: ηΩ with Ω = ½."""
    inside = sp.Symbol("x", nonnegative=True)
    return (
        Derivation("What smoothing costs", inside - inside**2 / (2 * eta), "|x| minus its smoothed self, at 0 ≤ x ≤ η")
        .equals(eta / 2 - (inside - eta) ** 2 / (2 * eta), "complete the square again")
        .then(
            "largest at x = η, and the same beyond: ηΩ with Ω = ½", lambda f: sp.maximum(f, inside, sp.Interval(0, eta))
        )
    )


ALL = (
    price_of_a_step,
    inner_weights,
    inner_average,
    inner_end,
    inner_start,
    inner_noise,
    outer_step,
    outer_momentum,
    momentum_limit,
    growth,
    resonance,
    accelerated_weights,
    accelerated_weight_ratio,
    accelerated_smoothness,
    accelerated_momentum,
    accelerated_noise,
    smoothing_step,
    huber,
    smoothing_error,
)
