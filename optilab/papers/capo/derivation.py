"""Where the last-layer model comes from, what a rare success weighs, and why a step down overshoots."""

import sympy as sp

from optilab.core.derive import Derivation

P0, P1 = sp.symbols("pi_0 pi_1", positive=True)  # of three tokens; π₂ is the rest
P = (P0, P1, 1 - P0 - P1)
U = (*sp.symbols("u_0 u_1", real=True), sp.Integer(0))  # how fast the logits move: a constant on all is free
Q = sp.symbols("q_0:3", nonnegative=True)  # any other distribution
t, A = sp.symbols("t A", real=True)
alpha, h, s, f, n, omega, C, gamma = sp.symbols("alpha h s f n omega C gamma", positive=True)
epsilon, delta = sp.symbols("epsilon delta_F", positive=True)
A2, B = sp.symbols("a_2 b", positive=True)  # ‖v‖² and ‖v‖⁴ − vᵀFv


def moved(k: int) -> sp.Expr:
    """Probability of token k after the logits log π have moved by tu."""
    weights = [p * sp.exp(t * u) for p, u in zip(P, U, strict=True)]
    return weights[k] / sp.Add(*weights)


def slope(v: tuple[sp.Expr, ...]) -> sp.Expr:
    """vᵀu."""
    return sp.Add(*[v_k * u for v_k, u in zip(v, U, strict=True)])


def variance(x: tuple[sp.Expr, ...]) -> sp.Expr:
    """xᵀFx = Σ π x² − (Σ π x)²."""
    mean = sp.Add(*[p * x_k for p, x_k in zip(P, x, strict=True)])
    return sp.Add(*[p * x_k**2 for p, x_k in zip(P, x, strict=True)]) - mean**2


def direction(a: int) -> tuple[sp.Expr, ...]:
    """The vector v = e_a − π."""
    return tuple(int(k == a) - p for k, p in enumerate(P))


def at_zero(expr: sp.Expr, order: int) -> sp.Expr:
    """A derivative by t at t = 0."""
    return sp.factor(sp.cancel(sp.diff(expr, t, order).subs(t, 0)))


def first_order() -> Derivation:
    """The slope of the probability ratio."""
    return (
        Derivation(
            "The ratio ρ, to first order",
            moved(0) / P0,
            "ρ(t): the chance of a after the logits moved by tu, over π(a). Three tokens, a is token 0, "
            "π₂ = 1 − π₀ − π₁, and u₂ = 0, since a constant on all logits changes nothing",
        )
        .then("its derivative at t = 0", lambda rho: at_zero(rho, 1))
        .equals(slope(direction(0)), "vᵀu with v = e_a − π")
    )


def second_order() -> Derivation:
    """The curvature of the probability ratio."""
    return (
        Derivation("The ratio ρ, to second order", moved(0) / P0, "the same ratio ρ(t)")
        .then("its second derivative at t = 0", lambda rho: at_zero(rho, 2))
        .equals(
            slope(direction(0)) ** 2 - variance(U),
            "(vᵀu)² − uᵀFu: the slope squared, less the variance of u under π. Times A and with u = ΔW h it is ΔψᵀH̃Δψ",
        )
    )


def divergence() -> sp.Expr:
    """KL(π‖π moved by tu) = log Σ π e^{tu} − t Σ π u."""
    return sp.log(sp.Add(*[p * sp.exp(t * u) for p, u in zip(P, U, strict=True)])) - t * sp.Add(
        *[p * u for p, u in zip(P, U, strict=True)]
    )


def fisher_is_curvature() -> Derivation:
    """The Fisher matrix is the curvature of the KL divergence."""
    return (
        Derivation(
            "F is the curvature of KL",
            divergence(),
            "KL between π and the policy whose logits moved by tu: log Σ π e^{tu} − t Σ π u",
        )
        .then(
            "value, slope and curvature at t = 0",
            lambda kl: sp.Matrix([sp.simplify(kl.subs(t, 0)), at_zero(kl, 1), at_zero(kl, 2)]),
        )
        .equals(sp.Matrix([0, 0, variance(U)]), "0, 0 and uᵀFu: KL = ½t² uᵀFu + O(t³)")
    )


def mean_of_squares() -> Derivation:
    """The mean of m_F over all tokens is that same curvature."""
    squares = [slope(direction(a)) ** 2 for a in range(3)]
    return Derivation(
        "m_F, averaged over what might be drawn",
        sp.Add(*[p * square for p, square in zip(P, squares, strict=True)]),
        "Σ_a π(a)(v_aᵀu)², all three tokens",
    ).equals(variance(U), "uᵀFu: so the mean of m_F = ½(vᵀu)² is KL to second order, if the mean is over all tokens")


def baseline() -> Derivation:
    """A constant advantage has no curvature in the mean."""
    bends = [A * (slope(direction(a)) ** 2 - variance(U)) for a in range(3)]
    return Derivation(
        "An advantage that all tokens share",
        sp.Add(*[p * bend for p, bend in zip(P, bends, strict=True)]),
        "mean over the tokens of A[(v_aᵀu)² − uᵀFu] with one A",
    ).equals(sp.Integer(0), "nothing: a baseline changes no curvature in the mean, as it changes no gradient")


def convexity() -> Derivation:
    """Averaging candidates averages no less than what they do to the policy."""
    x, y = sp.symbols("x y", real=True)
    return (
        Derivation("Averaging steps is safe", ((x + y) / 2) ** 2 / 2, "m_F of the mean of two steps, vᵀu = x and y")
    ).at_most((x**2 / 2 + y**2 / 2) / 2, [(sp.Rational(1, 8), x - y)], "at most the mean of their m_F")


def rare_success() -> Derivation:
    """What GRPO's advantage is worth when s of G responses succeed."""
    mean = s / (s + f)
    spread = (s * (1 - mean) ** 2 + f * mean**2) / n
    return (
        Derivation(
            "A rare success weighs much",
            (1 - mean) / sp.sqrt(spread),
            "A of a success: s of G responses succeed, f = G − s fail, n = G − 1 (without the 10⁻⁴)",
        )
        .equals(sp.sqrt(f * n / (s * (s + f))), "√((G − s)(G − 1)/(sG)): a failure's is −s/f times it, they sum to 0")
        .then("one success in eight", lambda weight: weight.subs({s: 1, f: 7, n: 7}))
        .equals(7 * sp.sqrt(2) / 4, "2.4749; and one failure in eight weighs −2.4749")
    )


def sum_of_advantages() -> Derivation:
    """Successes and failures outweigh each other."""
    mean = s / (s + f)
    spread = sp.sqrt((s * (1 - mean) ** 2 + f * mean**2) / n)
    return Derivation(
        "Successes and failures",
        s * (1 - mean) / spread + f * (0 - mean) / spread,
        "sA₊ + fA₋",
    ).equals(sp.Integer(0), "the few get large advantages because they are to outweigh the many")


def overshoot() -> Derivation:
    """What is foretold of a token's own step."""
    x, y, a2, bend = sp.symbols("x y a_2 f", positive=True)  # vᵀu, uᵀFu, ‖v‖², vᵀFv
    return (
        Derivation("A token's own step", A * x + A * (x**2 - y) / 2, "m_H with x = vᵀu and y = uᵀFu")
        .then(
            "ΔW = αA v hᵀ makes u = αA‖h‖²v: x = αA‖h‖²a₂, a₂ = ‖v‖², and y = (αA‖h‖²)²f, f = vᵀFv; h stands for ‖h‖",
            lambda m: m.subs({x: alpha * A * h**2 * a2, y: (alpha * A * h**2) ** 2 * bend}),
        )
        .equals(
            alpha * A**2 * h**2 / 2 * (2 * a2 + alpha * A * h**2 * (a2**2 - bend)),
            "the bracket is a straight line in α",
        )
    )


def overshoot_limit() -> Derivation:
    """The step at which that line crosses zero."""
    return (
        Derivation(
            "Where it overshoots",
            2 * A2 + alpha * A * h**2 * B,
            "the bracket, b = a₂² − vᵀFv; b > 0 where a is unlikely, b < 0 where it is likely",
        )
        .then("zero at one α", lambda bracket: sp.solve(bracket, alpha)[0])
        .equals(
            -2 * A2 / (A * h**2 * B), "α* = 2a₂/(−A‖h‖²b): beyond it m_H < 0. It is there if A and b differ in sign"
        )
    )


def examples() -> Derivation:
    """α* of the second and of the third token of (0.9, 0.07, 0.03)."""
    policy = (sp.Rational(90, 100), sp.Rational(7, 100), sp.Rational(3, 100))
    general = overshoot_limit().result.subs({A: -1, h: 1})

    def limit(policy: sp.Matrix, a: int) -> sp.Expr:
        v = [int(k == a) - p for k, p in enumerate(policy)]
        a2 = sp.Add(*[v_k**2 for v_k in v])
        mean = sp.Add(*[p * v_k for p, v_k in zip(policy, v, strict=True)])
        bend = sp.Add(*[p * v_k**2 for p, v_k in zip(policy, v, strict=True)]) - mean**2
        return general.subs({A2: a2, B: a2**2 - bend})

    return (
        Derivation("Two unlikely tokens", sp.Matrix(policy).T, "π, with ‖h‖ = 1 and A = −1")
        .then("α* of the second and the third token", lambda row: sp.Matrix([[limit(row, 1), limit(row, 2)]]))
        .then("in decimals: the less likely is pushed too far sooner", lambda m: m.evalf(5))
    )


def never_below() -> Derivation:
    """Along its own step a token's surrogate never falls, whatever the model foretells."""
    rest = 1 - Q[1] - Q[2]  # q₀
    v = direction(0)
    apart = ((1 - rest), -Q[1], -Q[2])  # e_a − q
    total = sp.Add(*[x * y for x, y in zip(apart, v, strict=True)])
    return Derivation(
        "What really happens along that step",
        total,
        "(e_a − q)ᵀ(e_a − π): the slope of log q(a) along v, with q the policy on the way; q₀ = 1 − q₁ − q₂",
    ).equals(
        (1 - rest) * (1 - P0) + Q[1] * P[1] + Q[2] * P[2],
        "(1 − q_a)(1 − π_a) + Σ q_k π_k over the others: nothing in it is negative. So A(ρ − 1) never falls, and with "
        "A < 0 it ends at −A",
    )


def price() -> Derivation:
    """What a change of the policy may cost, in the theorem."""
    return (
        Derivation(
            "The theorem's price",
            omega - C * sp.sqrt(delta),
            "theorem 5.1: the gain of a step of accepted subsets is at least this, if m_H ≥ ω + ½Mr², m_F ≤ δ_F",
        )
        .then(
            "with C = 2√2 γε/(1 − γ)²",
            lambda bound: bound.subs(C, 2 * sp.sqrt(2) * gamma * epsilon / (1 - gamma) ** 2),
        )
        .then(
            "at γ = ½, ε = 1, δ_F = 10⁻⁴",
            lambda bound: bound.subs({gamma: sp.Rational(1, 2), epsilon: 1, delta: sp.Rational(1, 10**4)}),
        )
        .equals(omega - sp.sqrt(2) / 25, "a price of 0.0566 for a KL of 10⁻⁴; as γ → 1 there is no end to it")
    )
