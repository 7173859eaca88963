"""The flow of one pass over the batches, and the flow of momentum."""

from itertools import permutations

import sympy as sp

from optilab.core.derive import Derivation

h, beta = sp.symbols("h beta", positive=True)
c = sp.Symbol("c")
N = 3
g = sp.symbols(f"g0:{N}", real=True)
H = sp.symbols(f"H0:{N}", real=True)
g_bar, H_bar = sum(g) / N, sum(H) / N
F0, F1, a, E1, E2 = sp.symbols("F_0 F_1 a E' E''", real=True)


def one_pass(order: tuple[int, ...] = tuple(range(N))) -> sp.Expr:
    """Displacement after the batches in `order`, each gradient expanded to first order around the start."""
    moved = sp.Integer(0)
    for mu in order:
        moved -= h * (g[mu] + H[mu] * moved)
    return sp.expand(moved + sp.O(h**3)).removeO()


def drift_of(move: sp.Expr) -> sp.Expr:
    """The c for which θ̇ = −ḡ + h c is where the pass ends, at time Nh, up to h³."""
    along = N * h * (-g_bar + h * c) + (N * h) ** 2 / 2 * H_bar * g_bar
    return sp.expand(sp.solve(sp.expand(along - move).coeff(h, 2), c)[0])


def pass_flow() -> Derivation:
    """One ordered pass over three batches: θ̇ = −ḡ − (nh/2) H̄ḡ + (h/n) Σ_μ H_μ Σ_{τ<μ} g_τ."""
    earlier = sum(H[mu] * g[tau] for mu in range(N) for tau in range(mu))
    return (
        Derivation(
            "One pass of stochastic gradient descent",
            one_pass(),
            "Three steps with three batches; each later gradient is taken where the earlier steps have led.",
        )
        .then(
            "Follow θ̇ = −ḡ + hc for the same time 3h. Which c ends in the same place, up to h³?",
            drift_of,
        )
        .equals(
            -sp.Rational(N, 2) * H_bar * g_bar + earlier / N,
            "The drift of one big step 3h on the mean loss, and a term for each pair of batches in their order.",
        )
    )


def mean_over_orders() -> Derivation:
    """The mean over all orders of the batches: θ̇ = −ḡ − (h/2n) Σ_μ H_μ g_μ (Smith et al., 2021)."""
    return (
        Derivation(
            "The mean over all orders",
            sp.expand(sum(one_pass(order) for order in permutations(range(N))) / sp.factorial(N)),
            "Shuffle: average the end points of the six orders of three batches.",
        )
        .then("The drift that leads there in time 3h.", drift_of)
        .equals(
            -sum(H[mu] * g[mu] for mu in range(N)) / (2 * N),
            "That is −∇ of ¼ the mean of ‖∇E_μ‖²: the shuffled pass makes the gradient of every batch small.",
        )
    )


def momentum_flow() -> Derivation:
    """Heavy ball after its transient: ẋ = −E'/(1 − β) − h (1 + β) E''E' / (2 (1 − β)³), time h an iteration."""
    velocity, turn = h * (F0 + h * F1), h**2 / 2 * a

    def match(rest: sp.Expr) -> tuple[sp.Eq, ...]:
        return tuple(sp.Eq(sp.expand(rest).coeff(h, power), 0) for power in (1, 2))

    def solve(system: tuple[sp.Eq, ...]) -> sp.Expr:
        known = sp.solve(system, (F0, F1))
        acceleration = known[F0].diff(E1) * E2 * known[F0]
        return known[F0] + h * known[F1].subs(a, acceleration)

    return (
        Derivation(
            "The flow of momentum",
            (velocity + turn) - beta * (velocity - turn) + h * E1,
            "Heavy ball: this step − β × last step + hE' = 0. Along a flow ẋ = F₀ + hF₁ with acceleration a, "
            "this step is hẋ + h²a/2 and the last one was hẋ − h²a/2.",
        )
        .then("Each power of h must vanish by itself.", match)
        .then("Solve; to leading order ẋ = −E'/(1 − β), whose acceleration is a = E''E'/(1 − β)².", solve)
        .equals(
            -E1 / (1 - beta) - h * (1 + beta) / (2 * (1 - beta) ** 3) * E2 * E1,
            "Momentum divides the time by 1 − β and strengthens the drift by (1 + β)/(1 − β)³.",
        )
    )
