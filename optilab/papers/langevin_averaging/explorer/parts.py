"""What several pictures share: colours, and single chains watched at a few steps."""

from collections.abc import Callable
from itertools import pairwise
from math import factorial
from typing import Any, NamedTuple

import numpy as np

from optilab.core.numerics import log_steps, unit
from optilab.papers.langevin_averaging.algorithm import Chain, estimate
from optilab.papers.langevin_averaging.problems import Hidden, SingleIndex
from optilab.ui.theme import methods

Array = np.ndarray
Progress = Callable[..., None] | None
AVERAGE, ITERATE, TRACE = "average over time", "single iterate", "partial trace"
color = methods(ours=[AVERAGE, TRACE], rivals=[ITERATE])
FRAMES = 150  # at which a chain is looked at


class Film(NamedTuple):
    """A chain at a few steps (frames,)."""

    step: Array
    theta: Array  # (frames, d)
    chain: Chain  # its sums, (frames, …)


def checkpoints(steps: int) -> Array:
    """Steps at which a chain is looked at, evenly on a log axis."""
    return log_steps(steps, FRAMES)


def watched(states: Any, steps: int, progress: Progress = None) -> Film:
    """A chain of one replicate, looked at on its way."""
    at = checkpoints(steps)
    wanted, kept = set(at.tolist()), []
    for t, chain in enumerate(states):
        if t in wanted:
            kept.append(chain)
            if progress:
                progress(t, steps)
    sums = Chain(*(np.array(column) for column in zip(*kept, strict=True)))
    return Film(at, sums.theta, sums)


def quick_sgd(
    problem: SingleIndex, theta0: Array, eta: float, steps: int, rng: np.random.Generator, progress: Progress = None
) -> Film:
    """What `averaged_sgd` does, for one replicate and written out for speed: norms by Pythagoras, sums by the block."""
    X, y, star, even = [*problem.X], problem.y.tolist(), problem.star, problem.k % 2 == 0
    lengths = (problem.X**2).sum(-1).tolist()
    slope = np.polynomial.hermite_e.herme2poly([0] * (problem.k - 1) + [problem.k / factorial(problem.k) ** 0.5])
    *lower, highest = slope.tolist()
    lower.reverse()
    at, theta, d = checkpoints(steps), unit(theta0), len(star)
    m1, M2, away = np.zeros(d), np.zeros((d, d) if even else (0, 0)), 0.0
    kept = []
    for begin, end in pairwise([0, *at.tolist()]):
        block = np.empty((end - begin, d))
        for j, i in enumerate(rng.integers(problem.n, size=end - begin).tolist()):
            x = X[i]
            s = float(theta @ x)
            weight = highest
            for coefficient in lower:
                weight = weight * s + coefficient
            c = eta * y[i] * weight
            size = (1 + c * c * (lengths[i] - s * s)) ** -0.5  # the step is tangential, of length c‖x − sθ‖
            theta = block[j] = (1 - c * s) * size * theta + c * size * x
        theta = unit(theta)  # what rounding has done
        m1, away = m1 + block.sum(0), away + abs(block @ star).sum()
        M2 = M2 + block.T @ block if even else M2
        kept.append(Chain(theta, m1, M2, np.array(away)))
        if progress:
            progress(end, steps)
    sums = Chain(*(np.array(column) for column in zip(*kept, strict=True)))
    return Film(at, sums.theta, sums)


def overlaps(film: Film, problem: Hidden) -> dict[str, Array]:
    """The overlaps of the iterate, the paper's output and the first moment, and the average's length: (frames,)."""
    output, first = estimate(film.chain), unit(film.chain.m1)
    m = output @ problem.star
    return {
        "m": film.theta @ problem.star,
        "average": abs(m) if problem.k % 2 == 0 else m,
        "first": abs(first @ problem.star) if problem.k % 2 == 0 else np.full(len(m), np.nan),
        "away": film.chain.away / film.step,
        "length": np.linalg.norm(film.chain.m1, axis=-1) / film.step,
    }
