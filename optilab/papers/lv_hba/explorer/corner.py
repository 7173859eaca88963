"""An active inequality: the path of LV-HBA along the edge of C, over the hyper-objective, with its multipliers."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.lv_hba.experiment import MINIMA
from optilab.papers.lv_hba.explorer.parts import color, ripple_run, thinned
from optilab.papers.lv_hba.problems.toys import ripple
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, dots, entry, here, panel, thin, walk
from optilab.ui.theme import PINK
from optilab.ui.words import number

STEPS = 2000
SEEN = 0.02  # a swing of x that is seen; a drift goes no longer a way than it gets far
GRID = np.linspace(0, 3, 301)
PHI = ripple()(GRID[:, None])
SHADED = (np.array([0.0, 3, 3, 0, 0]), np.array([0.0, 3, -3, -3, 0]))


@lru_cache(16)
def path(alpha: float, eta: float, c0: float, p: float, x: float) -> Any:
    """2000 steps of LV-HBA from (x, 0): x, y, z, λ of each, and when it diverges."""
    return ripple_run(alpha, eta, c0, p, x, STEPS)


def compute(alpha: float, eta: float, c0: float, p: float, x: float) -> dict[str, Any]:
    """One run, thinned out."""
    found, lost = path(alpha, eta, c0, p, x)
    k = thinned(len(found) - 1)
    xs, ys, zs, lams = found[k].T
    now = xs[-1]
    late = found[-500:, 0]
    swing, way = float(np.ptp(late)), float(abs(np.diff(late)).sum())
    value = np.interp(xs, GRID, PHI)
    off = float(abs(now - MINIMA).min())
    if lost is not None:
        headline, said = f"Diverged at step {lost}", f"y has left for −∞ after {lost} steps: η or α is too long."
    elif swing > SEEN and way > 2 * swing:
        headline, said = "x swings to and fro", f"In the last 500 steps x still moves through {number(swing)}."
    else:
        headline = "It has arrived" if off < 0.01 else "It is still on its way"
        said = f"x = {number(now, 5)} is {number(off)} from a local minimum; λ − 2x = {number(lams[-1] - 2 * now)}."
    return {
        "phi": (GRID, PHI),
        "minima": (MINIMA, np.interp(MINIMA, GRID, PHI)),
        "over": (xs, value),
        "now": ([now], [value[-1]]),
        "plane": (xs, ys),
        "end": ([now], [ys[-1]]),
        "lam": (k, np.clip(lams, -1, 8)),
        "z": (k, np.clip(zs, -1, 8)),
        "true": (k, 2 * xs),
        "headline": headline,
        "note": said,
    }


def corner(**start: Any) -> Explorer:
    """Steps, penalty and start beside the hyper-objective, the plane and the multipliers."""
    blue = color("LV-HBA")
    return Explorer(
        compute,
        {
            "x": slider("start x", 1.5, 0.0, 3.0, 0.05),
            "alpha": log_slider("α", 0.01, 0.001, 0.1),
            "eta": log_slider("η", 0.1, 0.01, 1.0, named={"the limit, 1": 1.0}),
            "c0": log_slider("c₀", 1.0, 0.2, 10.0),
            "p": slider("p", 0.3, 0.0, 0.49, 0.01),
        },
        [
            panel(
                entry("headline"),
                thin("phi", "F(x, y*(x))"),
                dots("minima", "local minima"),
                walk("over", "", blue, size=4),
                here("now", shade=blue),
                x=axis("x", [0, 3]),
                y=axis("F", [1.5, 6]),
            ),
            panel(
                "C is shaded: y ≤ x. Lower solutions are its edge",
                band((SHADED[0], SHADED[1]), shade="rgba(128,128,128,1)", hoverinfo="skip"),
                walk("plane", "(x, y)", blue, size=4),
                here("end", shade=blue),
                x=axis("x", [0, 3]),
                y=axis("y", [-3, 3.2]),
            ),
            panel(
                "The multipliers look for 2x",
                thin("true", "2x"),
                curve("lam", "λ", blue),
                curve("z", "z", PINK),
                x=axis("step k", [0, STEPS]),
                y=axis("multiplier", [-1, 8]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=path,
    )
