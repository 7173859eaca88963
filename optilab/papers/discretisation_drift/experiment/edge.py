"""The edge of stability on a small regression, and learning rates adjusted to the drift."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.classics.heavy_ball import heavy_ball
from optilab.core.claim import Claim
from optilab.core.run import Trace, run
from optilab.papers.discretisation_drift.algorithm.coefficients import ALPHAS
from optilab.papers.discretisation_drift.algorithm.drift_adjusted import dal
from optilab.papers.discretisation_drift.algorithm.flows import gradient_flow_field, principal_flow_field
from optilab.papers.discretisation_drift.algorithm.integration import LIMIT, Field, restarts
from optilab.papers.discretisation_drift.algorithm.stability import (
    modes,
    predicted_change,
    sharpness_along,
    taylor_change,
)
from optilab.problems.data import chebyshev, two_moons
from optilab.problems.mlp import MLP, Fit

SEEDS = range(10, 30)


def regression(seeds: Iterable[int], width: int = 20) -> tuple[Fit, np.ndarray]:
    """Fit of a Chebyshev polynomial at 20 points by a network 1-`width`-1, and a start for each seed: (seeds, D)."""
    network = MLP((1, width, 1))
    starts = [network.init(np.random.default_rng(seed), gain=1.5) for seed in seeds]
    return Fit(network, *chebyshev(20)), np.stack(starts)


def moons(seeds: Iterable[int]) -> tuple[Fit, np.ndarray]:
    """Two moons of 100 points and a network 2-16-16-2 with cross-entropy, data and start from each seed."""
    network = MLP((2, 16, 16, 2))
    X, labels = zip(*(two_moons(100, 0.2, seed) for seed in seeds), strict=True)
    starts = [network.init(np.random.default_rng(seed)) for seed in seeds]
    return Fit(network, np.stack(X), np.stack(labels), loss="cross_entropy"), np.stack(starts)


def descend(
    problem: Any, theta0: np.ndarray, steps: int, h: float | np.ndarray, momentum: float | np.ndarray = 0.0
) -> Trace:
    """Gradient descent with its loss at every step; diverged beyond a norm of 1e8."""
    states = heavy_ball(problem, theta0, alpha=h, beta=momentum)
    return run(states, steps, keep=[], limit=LIMIT, theta=lambda s: s.x, loss=lambda s: problem(s.x))


def adjusted(problem: Any, theta0: np.ndarray, steps: int, **parameters: Any) -> Trace:
    """A drift-adjusted run with its loss, learning rate and v at every step; diverged beyond a norm of 1e8."""
    states = dal(problem, theta0, **parameters)
    return run(states, steps, keep=["theta", "h", "v"], limit=LIMIT, loss=lambda s: problem(s.theta))


def error_ratio(problem: Any, iterates: np.ndarray, after: np.ndarray, h: float, branch: str) -> np.ndarray:
    """Error of the gradient flow over that of the principal flow, both restarted at each iterate: (steps, *batch).

    Parameters
    ----------
    problem
        What gradient descent runs on.
    iterates, after : array (steps, *batch, D)
        Iterates, and what each became in one step.
    h : float
        Learning rate.
    branch : str
        Of the principal flow's logarithm.
    """

    def error(field: Field, theta: np.ndarray, reached: np.ndarray) -> np.ndarray:
        return np.linalg.norm(restarts(field, theta, h, n_sub=4) - reached, axis=-1)

    plain, principal = gradient_flow_field(problem), principal_flow_field(problem, h, branch=branch)
    pairs = zip(iterates, after, strict=True)
    return np.array([error(plain, *pair) / error(principal, *pair) for pair in pairs])


def foreseen(problem: Any, trace: Trace, h: float, steps: np.ndarray) -> dict[str, np.ndarray]:
    """Whether the loss rises at `steps`, and whether each flow and the Taylor value say so: (steps, *batch)."""
    says: dict[str, list[np.ndarray]] = {"NGF": [], "IGR": [], "PF": [], "Taylor": []}
    for theta in trace.theta[steps]:
        found = modes(problem, theta)
        for name in ("NGF", "IGR", "PF"):
            says[name].append(predicted_change(found, h, ALPHAS[name]) > 0)
        says["Taylor"].append(taylor_change(problem, theta, h) > 0)
    return {"loss": trace.loss[steps + 1] > trace.loss[steps]} | {name: np.array(rows) for name, rows in says.items()}


def plateau(quick: bool = False) -> Iterator[Claim]:
    """The sharpness grows to 2/h and stays there; far above the edge nearly every run diverges."""
    problem, starts = regression(SEEDS[:5] if quick else SEEDS)
    trace = descend(problem, starts, 3000, h=0.3)
    level = 0.3 / 2 * sharpness_along(problem, trace.theta[2500 :: 25 if quick else 5]).mean(0)
    yield Claim.over(
        "at h = 0.3 the sharpness, averaged over steps 2500 to 3000, sits at 2/h: worst distance of its ratio from 1",
        level,
        lambda level: abs(level - 1).max(),
        at_most=0.05,
    )
    fast = descend(*regression(SEEDS), 500, h=0.8)
    lost = np.isfinite(fast.diverged).mean()
    yield Claim("at h = 0.8 gradient descent diverges within 500 steps: share of 20 seeds", lost, at_least=0.85)


def prediction(quick: bool = False) -> Iterator[Claim]:
    """At the edge the principal flow predicts the next iterate, with the right branch of the logarithm."""
    problem, starts = regression(SEEDS[:5] if quick else SEEDS)
    trace = descend(problem, starts, 1901, h=0.3)
    steps = np.arange(100, 2000, 600 if quick else 200)
    points = trace.theta[steps], trace.theta[steps + 1]
    ratio = np.median(error_ratio(problem, *points, 0.3, "rotated"), 0)
    yield Claim.over(
        "one step at the edge: error of the gradient flow over that of the principal flow, median of a run, worst run",
        ratio,
        np.min,
        at_least=8,
    )
    if not quick:
        flipped = np.median(error_ratio(problem, *points, 0.3, "principal"), 0)
        yield Claim.over(
            "with the principal logarithm that ratio falls below 10: share of runs",
            flipped,
            lambda ratio: (ratio < 10).mean(),
            at_least=0.25,
        )


def sign(quick: bool = False) -> Iterator[Claim]:
    """Stability coefficients foresee on which steps the loss rises; flows that can't leave a minimum never do.

    Of 468 runs two had less than .85 of their steps told right, the worst .837.
    """
    right, rises, blind, gap = [], [], [], []
    for h, seeds in ((0.3, SEEDS[:5]),) if quick else ((0.3, SEEDS), (0.4, SEEDS[:10])):
        problem, starts = regression(seeds)
        trace = descend(problem, starts, 1500, h=h)
        stayed = ~np.isfinite(trace.diverged)
        says = foreseen(problem, trace, h, np.arange(0, 1500, 25 if quick else 5))
        up, pf, taylor = says["loss"][:, stayed], says["PF"][:, stayed], says["Taylor"][:, stayed]
        right.extend((pf == up).mean(0))
        gap.extend(abs((pf == up).mean(0) - (taylor == up).mean(0)))
        rises.extend((pf & up).sum(0)[up.any(0)] / up.sum(0)[up.any(0)])
        blind.extend((says["NGF"] | says["IGR"])[:, stayed].sum(0))
    statement = "stability coefficients tell the sign of the loss change: share of steps, worst run"
    yield Claim.over(statement, right, np.min, at_least=0.8)
    yield Claim.over("they foresee the rises of the loss: share, mean of runs", rises, np.mean, at_least=0.8)
    yield Claim("rises foreseen by the gradient flow or the IGR flow", sum(blind), at_most=0)
    statement = "second-order Taylor does as well: largest difference in the share of steps, any run"
    yield Claim.over(statement, gap, np.max, at_most=0.05 if quick else 0.02)


@dataclass(frozen=True)
class Scaled:
    """A problem times c, a number or one per replicate (*batch)."""

    problem: Any
    c: np.ndarray

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Value at θ (*batch, D) → (*batch)."""
        return self.c * self.problem(theta)

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """Gradient at θ (*batch, D) → (*batch, D)."""
        return self.c[..., None] * self.problem.grad(theta)

    def hvp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at θ times v, both (*batch, D) → (*batch, D)."""
        return self.c[..., None] * self.problem.hvp(theta, v)


def scale_invariance(quick: bool = False) -> Iterator[Claim]:
    """DAL walks the same path whatever the loss is multiplied by; a fixed learning rate does not."""
    problem, starts = regression(SEEDS[:5] if quick else SEEDS)
    c = np.array([[1.0], [0.1], [10.0], [100.0]])
    starts = np.broadcast_to(starts, (4, *starts.shape))
    path = adjusted(Scaled(problem, c), starts, 300, lr_max=np.inf).theta
    statement = "DAL on c·E, c = 0.1, 10, 100: largest distance of any coordinate from the path on E in 300 steps"
    yield Claim.over(statement, abs(path - path[:, :1]).max((0, 1, 3)), np.max, at_most=1e-11)
    scaled = descend(Scaled(problem, np.array([[3.0], [10.0]])), starts[:2], 3000, h=0.3)
    lost = np.isfinite(scaled.diverged)
    yield Claim("gradient descent with h = 0.3 on 3E and 10E diverges: share of runs", lost.mean(), at_least=1)


def untuned(quick: bool = False) -> Iterator[Claim]:
    """DAL stays finite without tuning; with momentum it is fast; without, a tuned learning rate is faster."""
    steps = 1000 if quick else 2000
    problem, starts = regression(range(10, 15) if quick else range(10, 35))
    plain, slow = adjusted(problem, starts, steps), descend(problem, starts, steps, h=0.2)
    yield Claim("DAL on the regression diverges: share of seeds", np.isfinite(plain.diverged).mean(), at_most=0)
    yield Claim(
        "DAL is not faster than a tuned learning rate: its final loss over that of h = 0.2, medians",
        np.median(plain.loss[-1]) / np.median(slow.loss[-1]),
        at_least=1,
        seeds=plain.loss[-1] / slow.loss[-1],
    )
    daring = adjusted(problem, starts, steps, p=np.array([[0.5], [0.25]]))
    yield Claim(
        "DAL-p with p = 0.5 and 0.25 diverges on the regression: share of runs",
        np.isfinite(daring.diverged).mean(),
        at_least=1,
    )
    heavy = descend(problem, starts, steps, h=0.2, momentum=0.9)
    adaptive = adjusted(problem, starts, steps, momentum=0.9)
    yield Claim(
        "on the regression momentum 0.9 ends lower with DAL than with h = 0.2: ratio of median final losses",
        np.median(heavy.loss[-1]) / np.median(adaptive.loss[-1]),
        at_least=1,
        seeds=heavy.loss[-1] / adaptive.loss[-1],
    )


def untuned_moons(quick: bool = False) -> Iterator[Claim]:
    """On two moons, a classification, momentum with DAL gains most, but loses on one seed of five."""
    steps = 400 if quick else 600
    problem, starts = moons(range(10, 15) if quick else range(10, 22))
    plain = adjusted(problem, starts, steps)
    yield Claim("DAL on the two moons diverges: share of seeds", np.isfinite(plain.diverged).mean(), at_most=0)
    heavy = descend(problem, starts, steps, h=0.2, momentum=0.9)
    adaptive = adjusted(problem, starts, steps, momentum=0.9)
    gain = heavy.loss[-1] / adaptive.loss[-1]
    statement = "on the two moons momentum 0.9 ends 10 times lower with DAL than with h = 0.2: share of seeds"
    least = 0.2 if quick else 0.3
    yield Claim(f"{statement} (each seed's ratio is shown)", (gain >= 10).mean(), at_least=least, seeds=gain)
    yield Claim(
        "on the two moons momentum 0.9 ends higher with DAL: share of seeds",
        (gain < 1).mean(),
        at_most=0.6,
    )


EXPERIMENTS = (plateau, prediction, sign, scale_invariance, untuned, untuned_moons)
