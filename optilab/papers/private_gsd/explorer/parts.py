"""What several pictures share: the methods' colours, films of the search, staircases."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run
from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.problems import Queries
from optilab.ui.theme import methods

color = methods(
    ours=("GSD", "GSD in rounds"), rivals=("RAP++, draws", "RAP++, systematic"), reference=("private table",)
)
Progress = Callable[..., None] | None
FRAMES = 50


class Film(NamedTuple):
    """A run of the search at 51 moments."""

    generation: np.ndarray  # (51,)
    best: np.ndarray  # (51, N', d)
    fitness: np.ndarray  # (51,) ‖â − Q‖²
    answers: np.ndarray  # (51, M)


def film(a_hat: np.ndarray, queries: Queries, generations: int, progress: Progress = None, **search: Any) -> Film:
    """Search for so many generations, a multiple of 50, without an early end."""
    states = alg.genetic(a_hat, queries, generations=generations, least_gain=0.0, **search)
    kept = ["best", "fitness", "answers"]
    trace = run(states, generations, every=generations // FRAMES, keep=kept, progress=progress or False)
    return Film(trace.step, trace.best, trace.fitness[:, 0], trace.answers)


def stairs(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The share of values that are at most as large as each place."""
    return np.searchsorted(np.sort(values), places, side="right") / len(values)
