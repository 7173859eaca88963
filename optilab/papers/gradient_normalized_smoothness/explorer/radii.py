"""γ in one dimension over the scale of H and over x, and what a class promises of it."""

from typing import Any

import numpy as np

from optilab.papers.gradient_normalized_smoothness.algorithm import inexact_radius, lipschitz_radius, radius
from optilab.papers.gradient_normalized_smoothness.problems import CURVES

SCALES, PLACES = np.linspace(0, 1.5, 31), np.linspace(0.1, 3, 30)
LIPSCHITZ = {  # of f″, wherever a step from x > 0 leads that is no longer than γ
    "x⁴/4": lambda x: 6 * x,
    "softplus": lambda x: 1 / (6 * np.sqrt(3)) + 0 * x,
    "log-cosh": lambda x: 4 / (3 * np.sqrt(3)) + 0 * x,
    "Rosenbrock slice": lambda x: 1200 * np.maximum(x, 1.3),
}


def radii(function: str, x: float, c: float) -> Any:
    """γ for H = c·max(f″, 0): at this x for every c, at this c for every x, and at both."""
    f = CURVES[function]
    over_c = radius(f.slope, np.full_like(SCALES, x), SCALES * np.maximum(f.bend(x), 0))
    over_x = radius(f.slope, PLACES, c * np.maximum(f.bend(PLACES), 0))
    return over_c, over_x, radius(f.slope, x, c * max(f.bend(x), 0))


def promised(function: str, c: float) -> np.ndarray:
    """What a Lipschitz f″ and the error of H leave of γ, for every x."""
    f, g = CURVES[function], abs(CURVES[function].slope(PLACES))
    error = abs(f.bend(PLACES) - c * np.maximum(f.bend(PLACES), 0))
    with np.errstate(divide="ignore"):
        return inexact_radius(lipschitz_radius(g, LIPSCHITZ[function](PLACES)), g / error)
