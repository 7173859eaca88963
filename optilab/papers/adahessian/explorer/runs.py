"""The runs of the race: every method in the units of the sliders, beside itself in plain units."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.classics.adam import adam
from optilab.classics.heavy_ball import heavy_ball
from optilab.core.run import Trace, run
from optilab.papers.adahessian.algorithm import adahessian
from optilab.papers.adahessian.problems import LANDSCAPES, Changed, in_other_units

Array = np.ndarray
STEPS, LIMIT = 300, 1e6  # a run is drawn until it is that far out in plain units: its own units mustn't matter
EXACT, PROBE = "exact diagonal", "one probe"
WINDOWS: dict[str, tuple[list[float], list[float], int]] = {  # of the pictures: x, y, and the lowest loss drawn
    "bowl": ([-1.2, 1.3], [-1.1, 1.2], -12),
    "Rosenbrock": ([-2.0, 2.0], [-0.8, 2.6], -6),
    "Beale": ([-1.0, 4.4], [-2.2, 2.0], -12),
    "Rastrigin": ([-2.4, 2.4], [-0.6, 2.9], -2),
}


def ours(landscape: str, s: float, degrees: float, lr: float, eps: float, diagonal: str) -> Trace:
    """ADAHESSIAN's run in the units of the sliders, beside the one in plain units."""
    problem, phi0 = in_other_units(landscape, s, degrees)
    signs = np.random.default_rng(0)
    states = adahessian(problem, phi0, lr=lr, eps=eps, exact=diagonal == EXACT, probe_rng=signs)
    return run(states, STEPS, keep=["theta"], limit=LIMIT * max(1, 10**-s))


@lru_cache(64)
def rivals(landscape: str, s: float, degrees: float, lr: float) -> dict[str, Trace]:
    """The others' runs, beside those in plain units; lr = 0 takes the rates that are tuned for the start."""
    problem, phi0 = in_other_units(landscape, s, degrees)
    steepest = abs(np.linalg.eigvalsh(problem.hess(phi0))).max(-1)
    states: dict[str, Any] = {
        "Adam": adam(problem, phi0, alpha=lr or 0.1),
        "SGD with momentum": heavy_ball(problem, phi0, alpha=lr or 0.3 / steepest, beta=0.9),
    }
    return {name: run(path, STEPS, keep=["x"], limit=LIMIT * max(1, 10**-s)) for name, path in states.items()}


def drawn(problem: Changed, phi: Array) -> tuple[Array, Array, float]:
    """Two runs φ (steps + 1, 2, 2) in plain units, (steps + 1, 2) each, and the step that takes the first past `LIMIT`.

    From such a step on a path is NaN; the step is inf if there is none.
    """
    theta = problem.theta(phi)
    beyond = np.logical_or.accumulate(~(np.linalg.norm(theta, axis=-1) <= LIMIT))
    theta[beyond] = np.nan
    return theta[:, 0], theta[:, 1], float(beyond[:, 0].argmax()) if beyond[:, 0].any() else np.inf


def seen(theta: Array, landscape: str) -> tuple[float, float]:
    """Where a path ends, if that is in the picture; theta (steps + 1, 2)."""
    x, y = theta[np.isfinite(theta).all(-1)][-1]
    (left, right), (low, high), _ = WINDOWS[landscape]
    return (x, y) if left <= x <= right and low <= y <= high else (np.nan, np.nan)


@lru_cache(8)
def map_of(landscape: str) -> tuple[Array, Array, Array]:
    """The logarithm of the landscape on a grid, and the grid."""
    xs, ys, _ = WINDOWS[landscape]
    x, y = (np.linspace(low, high, 61) for low, high in (xs, ys))
    values = LANDSCAPES[landscape][0](np.stack(np.meshgrid(x, y), -1))
    return x, y, np.log10(values + (1e-2 if landscape != "Rastrigin" else 1))
