"""The gap f − v over (y, z): a valley along which y is a lower solution with multiplier z."""

from typing import Any

import numpy as np

from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, heat, log, panel, promise, rule
from optilab.ui.words import number

Y = np.linspace(-3, 3, 61)
Z = np.linspace(-3, 3, 61)
OFF = np.linspace(-3, 3, 61)


def gap(x: float, gamma1: float, gamma2: float) -> Any:
    """The gap of f = ½(y − x)², g = y + ½x − d with d = y + ½x, so that every y is feasible: (z, y)."""
    off = x - Z[:, None] - Y[None, :]
    return gamma1 * off**2 / (2 * (gamma1 * gamma2 + gamma1 + 1))


def compute(x: float, gamma1: float, gamma2: float) -> dict[str, Any]:
    """The gap over the plane, and across the valley."""
    steep = gamma1 / (gamma1 * gamma2 + gamma1 + 1)
    return {
        "gap": (Y, Z, np.minimum(gap(x, gamma1, gamma2), 4)),
        "bottom": (Y, np.where(abs(x - Y) <= 3, x - Y, np.nan)),
        "across": (OFF, np.maximum(steep * OFF**2 / 2, 1e-4)),
        "unsmoothed": (OFF, np.maximum(OFF**2 / 2, 1e-4)),
        "note": f"The gap is {number(steep / 2)} times (x − z − y)². Smaller γ₁ or larger γ₂ flatten it: at γ₁ → ∞ "
        "and γ₂ → 0 the factor is ½. On the line it is 0 whatever γ₁ and γ₂ are.",
    }


def valley(**start: Any) -> Explorer:
    """γ₁, γ₂ and x beside the gap and its cut across the valley."""
    return Explorer(
        compute,
        {
            "gamma1": log_slider("γ₁", 1.0, 0.1, 10.0),
            "gamma2": log_slider("γ₂", 1.0, 0.1, 10.0),
            "x": slider("x", 0.5, -2.0, 2.0, 0.1),
        },
        [
            panel(
                "f − v is 0 on a line: there z is the multiplier of y",
                heat("gap", bar="f − v (4 and more alike)", zmin=0, zmax=4),
                promise("bottom", "y = x − z"),
                x=axis("y", [-3, 3]),
                y=axis("multiplier z", [-3, 3]),
            ),
            panel(
                "Across the valley: always a square",
                promise("unsmoothed", "γ₁ → ∞, γ₂ → 0"),
                curve("across", "f − v"),
                rule(0),
                x=axis("x − z − y", [-3, 3]),
                y=log("f − v", [-4, 1]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=gap,
    )
