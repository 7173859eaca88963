"""What differences gain as the number of records grows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.diff2.experiment import Race
from optilab.papers.diff2.experiment import race as both
from optilab.papers.diff2.explorer.parts import color
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import entry, guide, log, panel, walk
from optilab.ui.words import number

SIZES = np.array([2000, 8000, 32_000, 128_000, 512_000])
FEW = 5  # seeds of noise


def simulate(R: int, seed: int, progress: Callable[[float, float], Any] | None = None) -> list[Race]:
    """Both methods at their best steps and restarts, for every n."""
    found = []
    for n in SIZES:
        found.append(both(seed, int(n), R, FEW))
        if progress:
            progress(len(found), len(SIZES))
    return found


def measured(R: int, seed: int) -> list[Race]:
    """The same, without progress."""
    return [both(seed, int(n), R, FEW) for n in SIZES]


def compute(R: int, seed: int, run: list[Race]) -> dict[str, Any]:
    """Medians against n with the slopes of the bounds, and their ratios."""
    plain, ours = (np.array([np.median(getattr(one, name)) for one in run]) for name in ("plain", "ours"))
    ratio = plain / ours
    ends = SIZES[[0, -1]]
    slopes = [float(np.polyfit(np.log(SIZES[1:]), np.log(values[1:]), 1)[0]) for values in (plain, ours)]
    steep = slopes[0] < -1 and slopes[1] < -4 / 3
    return {
        "fall": "Both fall faster than their bounds" if steep else "Too few rounds: at large n they haven't arrived",
        "gain": "The gain grows with n" if (np.diff(ratio) > 0).all() else "The gain doesn't grow all the way",
        "DP-GD": (SIZES, plain),
        "DIFF2": (SIZES, ours),
        "slope 1": (ends, plain[0] * (ends / ends[0]) ** -1.0),
        "slope 4/3": (ends, ours[0] * (ends / ends[0]) ** (-4 / 3)),
        "ratio": (SIZES, ratio),
        "third": (ends, ratio[0] * (ends / ends[0]) ** (1 / 3)),
        "one": (ends, [1.0, 1.0]),
        "note": f"From n = 8000 on the powers of n are {number(slopes[0])} (DP-GD) and {number(slopes[1])} (DIFF2), "
        f"against −1 and −4/3 of the bounds; the ratio goes from {number(ratio[0])} to <b>{number(ratio[-1])}</b>. "
        f"Best at n = {SIZES[-1]}: η = {number(run[-1].eta)}, T = {run[-1].T}.",
    }


def growth(**start: Any) -> Explorer:
    """Rounds and data beside ‖∇f‖² and the ratio over n; runs at the button."""
    ours, plain = color("DIFF2"), color("DP-GD")
    return Explorer(
        compute,
        {
            "R": choice("rounds R", 400, [100, 400, 1600]),
            "seed": slider("data", 0, 0, 9, 1),
        },
        [
            panel(
                entry("fall"),
                guide("slope 1", "∝ n⁻¹", plain),
                guide("slope 4/3", "∝ n^(−4/3)", ours),
                walk("DP-GD", "DP-GD", plain),
                walk("DIFF2", "DIFF2", ours),
                x=log("records n"),
                y=log("‖∇f‖² at the end, at best η and T"),
            ),
            panel(
                entry("gain"),
                guide("one"),
                guide("third", "∝ n^(1/3)"),
                walk("ratio", "DP-GD over DIFF2", ours),
                x=log("records n"),
                y=log("ratio"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=measured,
        simulate=simulate,
    )
