"""All methods at full size, by steps, probes or seconds; each problem runs at the press of the button."""

from typing import Any

import numpy as np

from optilab.papers.gradient_normalized_smoothness.explorer.full_size import EPS, NOISY, PROBLEMS, measured
from optilab.papers.gradient_normalized_smoothness.explorer.parts import CALLED, SHADES
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, entry, log, panel
from optilab.ui.words import number

NEWTON = ("exact", "Gauss–Newton", "Fisher", "Super-Universal", "cubic Newton")
FIRST = "Gauss–Newton or Fisher"  # no problem has both: one curve, in the colour of both
GRADIENT = ("zero", "fast gradient", "gradient method", "constant step")
COUNTS = {"steps": "step", "probes": "probes", "seconds": "seconds"}


def thinned(x: np.ndarray, y: np.ndarray, most: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """About `most` points of a curve that begins at 0, dense at its beginning, without that of 0."""
    kept = np.unique(np.geomspace(1, max(len(x) - 1, 1), most).astype(int))
    return np.maximum(x[kept % len(x)], 1e-9), y[kept % len(y)]


def compute(problem: str, seed: int, axis: str, *, run: dict[str, dict[str, np.ndarray]]) -> dict[str, Any]:
    """Gaps of all methods over what is counted, and who gets there."""
    nothing = (np.full(1, np.nan), np.full(1, np.nan))
    data: dict[str, Any] = {
        name: thinned(run[name][COUNTS[axis]], run[name]["gap"]) if name in run else nothing
        for name in (*NEWTON, *GRADIENT)
    }
    data[FIRST] = data["Fisher" if "Fisher" in run else "Gauss–Newton"]
    said, lengths = [], []
    for name in (*NEWTON, *GRADIENT):
        if name in run:
            gap, counted = run[name]["gap"], run[name][COUNTS[axis]]
            there = gap <= EPS
            lengths.append(float(counted[-1]))
            at = f"{number(float(counted[there.argmax()]))}" if there.any() else f"not in {number(float(counted[-1]))}"
            said.append(f"{CALLED.get(name, name)} {at}")
    return data | {
        "axis": f"{axis}{' of this processor' if axis == 'seconds' else ''}",
        "tall": [-9.2, float(np.log10(max(part["gap"][0] for part in run.values()))) + 0.3],
        "span": [-4.5, 1.5] if axis == "seconds" else [-0.1, np.log10(max(lengths)) + 0.1],
        "note": f"{problem}, {axis} to a gap of 10⁻⁸: {'; '.join(said)}.",
    }


def laboratory(**start: Any) -> Explorer:
    """Problem and seed, run at the press of the button, beside two pictures of all methods."""

    def curves(names: tuple[str, ...]) -> list[Any]:
        return [curve(name, CALLED.get(name, name), SHADES["Fisher" if name == FIRST else name]) for name in names]

    def counted() -> Any:
        return log(entry("axis"), "span")

    return Explorer(
        compute,
        {
            "problem": choice("problem", NOISY, PROBLEMS),
            "seed": slider("seed", 0, 0, 9, 1),
            "axis": choice("count", "steps", list(COUNTS)),
        },
        [
            panel(
                "Newton-like methods: another H, or another search",
                *curves(("exact", FIRST, "Super-Universal", "cubic Newton")),
                x=counted(),
                y=log("gap f − f*", "tall"),
                height=380,
            ),
            panel(
                "Gradients alone, and H = 0 under our search",
                *curves(GRADIENT),
                x=counted(),
                y=log("gap f − f*", "tall"),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=measured,
        simulate=measured,
        run="Run",
    )
