"""What several pictures share: the methods' colours, outlines of bands."""

from typing import Any

import numpy as np

from optilab.papers.last_iterate import algorithm as alg
from optilab.ui.theme import BLUE, ORANGE, PINK, PURPLE, TEAL, methods

NAMES = list(alg.SCHEDULES)  # "1/√t", "constant", "linear decay"
SCHEDULES = {"linear decay": BLUE, "1/√t": ORANGE, "constant steps": PURPLE}
color = methods(others=SCHEDULES | {"Euclidean": PINK, "entropy": TEAL, "power map": TEAL})
COLORS = {name: color({"constant": "constant steps"}.get(name, name)) for name in NAMES}
FLOOR = 1e-6  # gaps below this are rounding of F*


def outline(t: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline between two curves over t, to be filled."""
    return np.append(t, t[::-1]).astype(float), np.append(lower, upper[::-1])


class Replayed:
    """A problem for one run whose samples were drawn before, so that many runs see the same and none of them draws.

    All else is the problem's own.

    Parameters
    ----------
    problem
        Has `sample_grad`.
    samples : array (steps, *batch, m, …)
        What its `sample` gives, one after the other.
    """

    def __init__(self, problem: Any, samples: np.ndarray):
        self.problem, self.rest = problem, iter(samples)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The exact value at x (*batch, d) → (*batch)."""
        return self.problem(x)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """The samples of the next step, whatever the generator."""
        return next(self.rest)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__dict__["problem"], name)
