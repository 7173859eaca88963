"""Iterations against each other: on quadratics of growing condition number, a classifier and a chain."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from optilab.classics import gradient_descent, worst_case
from optilab.classics.nesterov import gap_bound, strongly_convex_gap_bound
from optilab.core.claim import Claim
from optilab.core.numerics import log_slope
from optilab.core.run import run
from optilab.papers.passivity_acceleration.algorithm import (
    Tuning,
    controlled_flow,
    flow_gap_bound,
    gradient_descent_tuning,
    heavy_ball_tuning,
    momentum_method,
    nesterov_convex_flow,
    nesterov_convex_tuning,
    nesterov_tuning,
    triple_momentum_tuning,
)
from optilab.problems.logistic import LogisticRegression
from optilab.problems.quadratic import Quadratic

ACCURACY = 1e-8  # of the gap at the start
TUNINGS: dict[str, Callable[..., Tuning]] = {
    "gradient descent": lambda mu, L: gradient_descent_tuning(2 / (L + mu)),
    "heavy ball": heavy_ball_tuning,
    "Nesterov": nesterov_tuning,
    "triple momentum": triple_momentum_tuning,
}
METHODS = tuple(TUNINGS)


def tuned(name: str, mu: float, L: float) -> Tuning:
    """The method of that name in its standard tuning for μ-strongly convex f with L-Lipschitz gradient."""
    return TUNINGS[name](mu, L)


def together(methods: list[Tuning]) -> Tuning:
    """Several methods as one, a replicate each."""
    return Tuning(*(np.array(column) for column in zip(*methods, strict=True)))


def quadratic_starts(seeds: int, dim: int = 30, first: int = 0) -> np.ndarray:
    """Random starts in random orthogonal bases, (seeds, dim), in the coordinates of the eigenvectors.

    Every method commutes with rotations: running along the axes gives the gaps of the rotated problem.
    """
    starts = []
    for seed in range(first, first + seeds):
        rng = np.random.default_rng(seed)
        basis, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
        starts.append(basis.T @ rng.normal(size=dim))
    return np.array(starts)


def race(kappa: float, starts: np.ndarray, name: str, accuracy: float = ACCURACY) -> np.ndarray:
    """Iterations of a method until f ≤ accuracy · f(x0), on eigenvalues spread from 1 to κ: (seeds,)."""
    problem = Quadratic(np.diag(np.geomspace(1, kappa, starts.shape[-1])), np.zeros(starts.shape[-1]))
    method = tuned(name, 1.0, kappa)
    steps = int(6 * kappa if name == "gradient descent" else 40 * np.sqrt(kappa))
    trace = run(momentum_method(problem, starts, method), steps, keep=(), gap=lambda state: problem(state.x))
    return trace.first(trace.gap <= accuracy * trace.gap[0])


def gradient_descent_race(kappa: float, starts: np.ndarray, accuracy: float = ACCURACY) -> np.ndarray:
    """What `race` gives for gradient descent, by bisection on Σ λ x² (1 − αλ)²ᵏ, which only falls: (seeds,)."""
    curvatures = np.geomspace(1, kappa, starts.shape[-1])
    heights = curvatures * starts**2
    shrink = abs(1 - 2 / (1 + kappa) * curvatures)
    low, high = np.zeros(len(starts)), np.full(len(starts), 40 * kappa)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        below = (heights * shrink ** (2 * middle[:, None])).sum(-1) <= accuracy * heights.sum(-1)
        low, high = np.where(below, low, middle), np.where(below, middle, high)
    return high


def conditioning(quick: bool = False, seeds: int = 5) -> Iterator[Claim]:
    """Whether gradient descent needs κ iterations and the accelerated methods √κ."""
    kappas = (100.0, 1000.0) if quick else (100.0, 1000.0, 10000.0)
    starts = quadratic_starts(seeds)
    needed = {name: np.array([race(kappa, starts, name) for kappa in kappas]) for name in METHODS}
    plain, accelerated, triple = (needed[name] for name in ("gradient descent", "Nesterov", "triple momentum"))
    for kappa, least, ratio in zip(kappas, (3, 9), plain / accelerated, strict=False):
        text = f"quadratic, κ = {kappa:g}: gradient descent needs this many times Nesterov's iterations, worst seed"
        yield Claim.over(text, ratio, np.min, at_least=least)
    for kappa, ratio in zip(kappas[1:], (triple / accelerated)[1:], strict=True):  # below 1 on one start in a hundred
        text = f"quadratic, κ = {kappa:g}: triple momentum needs this many times Nesterov's iterations, median seed"
        yield Claim.over(text, ratio, np.median, at_least=1.2)
    for name, low, high in (
        ("gradient descent", 0.9, 1.1),
        ("Nesterov", 0.4, 0.6),
        ("triple momentum", 0.4, 0.6),
    ):
        yield Claim(
            f"iterations of {name} grow like κᵖ, p of the medians",
            log_slope(np.array(kappas), np.median(needed[name], 1)),
            at_least=low,
            at_most=high,
        )


@lru_cache(maxsize=64)
def classifier(seed: int) -> LogisticRegression:
    """Regularised logistic regression with random labels and L/μ = 1000."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(100, 20)) * np.geomspace(1, 0.03, 20)
    labels = np.sign(rng.normal(size=100))
    steepest = np.linalg.norm(features, 2) ** 2 / 400
    mu = float(steepest / 999)
    return LogisticRegression(features, labels, mu)


def classifier_gaps(seed: int, names: tuple[str, ...], steps: int) -> np.ndarray:
    """Gaps of several methods from x0 = 1 in units of the gap at the start: (steps + 1, methods)."""
    problem = classifier(seed)
    minimum = problem.minimum
    columns = together([tuned(name, problem.mu, problem.L) for name in names])
    trace = run(momentum_method(problem, np.ones(20), columns), steps, keep=(), gap=lambda s: problem(s.x) - minimum)
    return trace.gap / trace.gap[0]


def classifying(quick: bool = False, seeds: int = 5) -> Iterator[Claim]:
    """The order of the methods on a problem that is not a quadratic, and heavy ball's failure there."""
    names = ("gradient descent", "Nesterov", "triple momentum")
    gaps = np.array([classifier_gaps(seed, names, 2600) for seed in range(seeds)])
    arrived = gaps <= ACCURACY
    plain, accelerated, triple = np.where(arrived.any(1), arrived.argmax(1), gaps.shape[1]).T  # or later
    text = "classifier, κ = 1000: gradient descent needs this many times Nesterov's iterations, worst seed"
    yield Claim.over(text, plain / accelerated, np.min, at_least=5)
    text = "classifier: triple momentum is faster than Nesterov on every seed (ratio of iterations)"
    yield Claim.over(text, triple / accelerated, np.max, at_most=1)
    trapped = classifier_gaps(3, ("heavy ball",), 1500)[-300:, 0]
    yield Claim("classifier, seed 3: heavy ball's least gap late on, of the start's", trapped.min(), at_least=0.01)
    yield Claim(
        "classifier, seed 3: of the last 300 gaps, those that differ from the one three iterations before",
        (abs(trapped[3:] / trapped[:-3] - 1) > 1e-6).sum(),
        at_most=0,
    )


def chain(n: int = 200) -> Quadratic:
    """The chain ½xᵀAx − x₁, A = tridiagonal(−1, 2, −1): L = 4, hardly any convexity."""
    return Quadratic(2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1), np.eye(n)[0])


def convex_gaps(n: int = 200, steps: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaps of Nesterov's convex method and of gradient descent from x0 = 0, step 1/4, and Nesterov's bound."""
    problem = chain(n)
    minimum = problem(problem.minimizer)
    gaps = [
        run(momentum_method(problem, np.zeros(n), method), steps, keep=(), gap=lambda s: problem(s.x) - minimum).gap
        for method in (nesterov_convex_tuning(0.25, 4.0), gradient_descent_tuning(0.25, 4.0))
    ]
    distance = float(np.linalg.norm(problem.minimizer))
    return gaps[0], gaps[1], gap_bound(np.arange(steps + 1), 4.0, distance)


def flow_ratio(n: int = 200) -> float:
    """Largest gap along the flow of Su, Boyd and Candès, from rest at t₀ = ½, over its bound."""
    problem = chain(n)
    flow = controlled_flow(problem, np.zeros(n), nesterov_convex_flow(), h=0.5, t0=0.5, substeps=2)
    trace = run(flow, 199, keep=("t", "x"), gap=lambda state: problem(state.x) - problem.minimum)
    distance = float(np.linalg.norm(problem.minimizer))
    return float((trace.gap / flow_gap_bound(trace.t, distance, 0.5, trace.gap[0])).max())


def without_strong_convexity(quick: bool = False) -> Iterator[Claim]:
    """The convex case: the bound holds, and the gain is there."""
    accelerated, plain, bound = convex_gaps()
    yield Claim("chain of 200: largest gap of Nesterov's convex method over its bound", (accelerated / bound).max(), 1)
    yield Claim(
        "chain of 200: gap of gradient descent over Nesterov's after 200 iterations",
        plain[200] / accelerated[200],
        at_least=8,
    )
    yield Claim(
        "chain of 200: largest gap of the flow ẍ + (3/t)ẋ + ∇f = 0 over its bound, up to t = 100", flow_ratio(), 1
    )


def loose(quick: bool = False) -> Iterator[Claim]:
    """How many times what the worst function of its class takes a theorem promises."""
    about, unit = "bound over worst case after 20 gradients", {"L": 1.0, "R": 1.0}
    plain = gradient_descent.gap_bound(20, 1.0, 1.0) / worst_case.gradient_descent(20, **unit, alpha=1.0)
    yield Claim(f"{about}: gradient descent, convex f", float(plain), at_most=1.0001, at_least=0.9999)
    yield Claim(
        f"{about}: Nesterov, convex f", float(gap_bound(20, 1.0, 1.0) / worst_case.nesterov(20, **unit)), at_least=1
    )
    for kappa in (25.0, 100.0, 1000.0):
        promised = strongly_convex_gap_bound(20, 1 / kappa, 1.0, 1.0)
        worst = worst_case.nesterov_strongly_convex(20, mu=1 / kappa, **unit)
        yield Claim(f"{about}: Nesterov, κ = {kappa:.0f}", float(promised / worst), at_least=1)
