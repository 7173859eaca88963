"""A threshold smoothed: what is asked, what is asked instead, and what its gradient tells a row beside it."""

from typing import Any

import numpy as np
from scipy.special import expit

from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, here, log, panel, thin, words
from optilab.ui.theme import INK, ORANGE, PURPLE, TEAL
from optilab.ui.words import number

SIDE = np.geomspace(1e-6, 0.5, 150)
Z = np.concatenate([-SIDE[::-1], [0.0], SIDE])
AWAY = {0.1: TEAL, 0.01: PURPLE, 0.001: ORANGE}  # distances of a row from the threshold
POWERS = np.linspace(0, 15, 91)
FAINTEST = 1e-6


def slope(s: Any, z: Any) -> Any:
    """The derivative of sigmoid(sz)."""
    return s * expit(s * z) * expit(-s * z)


def compute(power: float) -> dict[str, Any]:
    """The sigmoid, its slope over its peak, and the slope at fixed distances for every steepness."""
    s = 2.0**power
    wrong = float(expit(-0.01 * s))
    data: dict[str, Any] = {}
    for h in AWAY:
        data[f"seen {h}"] = (POWERS, np.maximum(slope(2.0**POWERS, h), FAINTEST))
        data[f"now {h}"] = (power, max(slope(s, h), FAINTEST))
    felt = ", ".join(f"{number(float(slope(s, h)), 2)} at {h}" for h in AWAY)
    return data | {
        "sigmoid": (Z, expit(s * Z)),
        "slope": (Z, slope(s, Z) / (s / 4)),
        "note": f"s = {number(s)}: the peak of the gradient is s/4 = <b>{number(s / 4)}</b>; a row feels {felt} from "
        f"the threshold. A row 0.01 away is counted wrong by {number(wrong, 2)}, and "
        f"{number(float(np.tanh(s * 0.005)), 2)} of the step lies within ±0.01.",
    }


def surrogate(**start: Any) -> Explorer:
    """The steepness s beside indicator and sigmoid, its gradient, and what rows feel of it."""
    return Explorer(
        compute,
        {"power": slider("log₂ s", 5.0, 0.0, 15.0, 0.25, named={"s = 1": 0.0, "s = 1024": 10.0, "s = 32768": 15.0})},
        [
            panel(
                "What is asked (thin) and what is answered instead",
                thin((Z, (Z > 0).astype(float)), "[z > 0]", INK, shape="hv"),
                curve("sigmoid", "sigmoid(sz)", ORANGE),
                x=axis("z, how far a row is past the threshold", [-0.5, 0.5]),
                y=axis("counts as", [-0.03, 1.03]),
            ),
            panel(
                "Its gradient, over its peak s/4; the indicator's is 0",
                curve("slope", "", ORANGE),
                x=axis("z", [-0.5, 0.5]),
                y=axis("gradient/(s/4)", [-0.03, 1.06]),
            ),
            panel(
                "What a row feels: it peaks where s is 1.5 over its distance, then nothing",
                *(curve(f"seen {h}", f"{h} away", shade) for h, shade in AWAY.items()),
                *(here(f"now {h}", "", shade) for h, shade in AWAY.items()),
                words(f"below {FAINTEST:g}", 2.5, np.log10(2.5 * FAINTEST)),
                x=axis("log₂ s", [-0.3, 15.3]),
                y=log("gradient", [np.log10(FAINTEST), 3.5], dtick=1),
            ),
        ],
        call=__name__,
        start=start,
        recipe=compute,
    )
