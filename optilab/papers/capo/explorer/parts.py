"""What several pictures share: the methods' colours, thresholds that can be off, an axis that shows both signs."""

import numpy as np

from optilab.papers.capo.algorithm import BASES
from optilab.ui.controls import Control, choice, log_slider, slider
from optilab.ui.marks import Axis, axis
from optilab.ui.theme import methods

Array = np.ndarray
color = methods(ours=["CAPO"], rivals=["all tokens"], reference=["careful"])
LOW, HIGH = 1e2, 1e10  # of the thresholds' sliders; at the top end they are off
RAISED = {1: "", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"}


def off(tau: float) -> float:
    """A threshold, or inf at the top end of its slider."""
    return float("inf") if tau >= 0.999 * HIGH else tau


def thresholds() -> dict[str, Control]:
    """Both thresholds."""
    return {
        "tauF": log_slider(
            "τ_F",
            1.2e4,
            LOW,
            HIGH,
            steps=80,
            named={"as measured": 1.2e4, "only long ones": 1e5, "off": HIGH},
        ),
        "tauH": log_slider("τ_H", 2e4, LOW, HIGH, steps=80, named={"as measured": 2e4, "off": HIGH}),
    }


def world_controls() -> dict[str, Control]:
    """Base method, long features, seed."""
    return {
        "base": choice("advantages", BASES[0], [*BASES]),
        "scale": slider("length of a long feature", 16, 1, 24, 1, named={"none is long": 1}),
        "share": slider("share of long features", 0.05, 0.0, 0.2, 0.01),
        "seed": slider("seed", 6, 0, 19, 1),
    }


def signed(m: Array, unit: float = 1.0) -> Array:
    """sign(m) log₁₀(1 + |m|/unit): both signs, many decades."""
    return np.sign(m) * np.log10(1 + abs(np.asarray(m)) / unit)


def signed_axis(title: str, decades: int, every: int = 2, unit: float = 1.0) -> Axis:
    """The axis of `signed` values, up to a power of ten of the unit on both sides."""
    powers = list(range(every, decades + 1, every))
    said = {0.0: "0"}
    for power in powers:
        at, text = float(signed(unit * 10**power, unit)), written(power + round(np.log10(unit)))
        said |= {at: text, -at: f"−{text}"}
    return axis(title, [-decades - 0.3, decades + 0.3], ticks=said)


def written(power: int) -> str:
    """A power of ten."""
    if power in (0, -1, -2):
        return {0: "1", -1: "0.1", -2: "0.01"}[power]
    sign = "⁻" if power < 0 else ""
    return f"10{sign}{RAISED[abs(power)]}"
