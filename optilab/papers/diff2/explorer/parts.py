"""What several pictures share: colours, small problems, intervals, and sums over seeds."""

from functools import cache

import numpy as np

from optilab.papers.diff2.problems import Logistic, prototypes
from optilab.ui.theme import methods

Array = np.ndarray
color = methods(ours=["DIFF2", "BVR-L-SGD"], rivals=["DP-GD", "DP-SGD"])


@cache
def records(n: int) -> Logistic:
    """Any number of records, 64 prototypes."""
    return prototypes(0, n, M=64)


def interval(tau: float, R: int) -> int:
    """T = ⌊τR⌋, at least 1."""
    return max(1, int(tau * R + 1e-9))


def seeds(c1: float, c2: float) -> int:
    """How many seeds are run: half as many where radii may bite, since clipping takes most of the time."""
    return 10 if min(c1, c2) >= 1 else 5


def outline(x: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The outline of a band between two curves."""
    return np.append(x, x[::-1]), np.append(low, high[::-1])


def spread(values: Array) -> tuple[Array, Array, Array]:
    """Least, median and largest over the last axis."""
    return values.min(-1), np.median(values, -1), values.max(-1)
