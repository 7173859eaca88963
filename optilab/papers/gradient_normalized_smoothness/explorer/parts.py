"""What several pictures share: the methods' colours, gaps with a floor, rows of sampled steps."""

import numpy as np

from optilab.core.run import Trace
from optilab.ui.theme import BROWN, GREEN, INK, TEAL, methods

color = methods(
    ours=("exact H", "Gauss–Newton"),
    rivals=("H = 0", "Super-Universal", "cubic Newton"),
    others={"Fisher": GREEN, "gradient method": INK, "fast gradient": TEAL, "constant step": BROWN},
)
FLOOR = 1e-12  # gaps below this are rounding
SHADES = {
    "exact": color("exact H"),
    "Gauss–Newton": color("Gauss–Newton"),
    "Fisher": color("Fisher"),
    "zero": color("H = 0"),
    "Super-Universal": color("Super-Universal"),
    "cubic Newton": color("cubic Newton"),
    "gradient method": color("gradient method"),
    "gradient method, B = I": color("gradient method"),
    "fast gradient": color("fast gradient"),
    "constant step": color("constant step"),
}
CALLED = {"exact": "exact H", "Gauss–Newton": "Gauss–Newton", "zero": "H = 0"}  # the rest is called by its own name


def gaps(trace: Trace, minimum: float, floor: float = FLOOR) -> np.ndarray:
    """Values less the minimum, (kept, *batch), none below the floor."""
    return np.maximum(trace.value - minimum, floor)


def reached(trace: Trace, minimum: float, eps: float) -> str:
    """How many steps it takes to eps, in words."""
    steps = trace.first(trace.value - minimum <= eps)
    return f"{steps:.0f}" if np.isfinite(steps) else f"more than {trace.step[-1]}"
