"""What several pictures share: colours, and what is seen of a chain at a few steps."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from optilab.core.numerics import log_steps, unit
from optilab.papers.langevin_averaging.algorithm import Chain, estimate
from optilab.papers.langevin_averaging.problems import Hidden
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
