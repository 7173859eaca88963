"""What several pictures share: the methods' colours, outlines of bands."""

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
