"""Rounds against work: local steps of one client between two talks with the server."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.diff2.experiment import batches, records
from optilab.papers.diff2.experiment import talks as along
from optilab.papers.diff2.explorer.parts import color, outline, spread
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, log, panel
from optilab.ui.words import number

R, AXES = 40, {"rounds": "round", "gradients": "gradients of single records, millions"}
PROMISES = {"1": 1.0, "3": 3.0, "10": 10.0, "∞, no noise": np.inf}
Lines = dict[str, tuple[np.ndarray, np.ndarray]]


def local(K: int, b: int, eps: str, eta: float, mixed: float) -> Any:
    """‖∇f‖² (41, 3 seeds) and gradients asked (41,) of the routine with K local steps."""
    square, asked = along(records(0, mixed), R, K, [eta], eps=PROMISES[eps], b=b)
    return square[:, 0], asked


def simulate(
    K: int, b: int, eps: str, eta: float, mixed: float, progress: Callable[[float, float], Any] | None = None
) -> Lines:
    """The routine of one step, that of K, and DP-SGD."""

    def tell(done: float, total: float = 1.0) -> None:
        if progress:
            progress(done, total)

    one = along(
        records(0, mixed), R, 1, [eta], eps=PROMISES[eps], b=b, progress=lambda done, total: tell(0.2 * done, total)
    )
    many = along(
        records(0, mixed),
        R,
        K,
        [eta],
        eps=PROMISES[eps],
        b=b,
        progress=lambda done, total: tell(0.2 + 0.8 * done / total),
    )
    single = batches(records(0, mixed), R, [eta], eps=PROMISES[eps], b=b)
    return {name: (square[:, 0], asked) for name, (square, asked) in (("GD", one), ("BVR", many), ("SGD", single))}


def compute(K: int, b: int, eps: str, eta: float, mixed: float, against: str, run: Lines) -> dict[str, Any]:
    """Both routines and DP-SGD against rounds or against work."""
    data: dict[str, Any] = {}
    tails = []
    for name, (square, asked) in run.items():
        x = np.arange(R + 1) if against == "rounds" else asked / 1e6
        low, middle, high = (np.clip(one, 1e-20, 1e3) for one in spread(square))
        data |= {name: (x, middle), f"{name} band": outline(x, low, high)}
        tails.append(float(np.median(square[-(R // 4) :].mean(0))))
    gain = tails[0] / tails[1]
    if K == 1:
        headline = "One local step is the routine GD"
    else:
        helps = f"K = {K} local steps: ‖∇f‖² at 1/{number(gain)} of that of one"
        headline = helps if gain > 1 else "Local steps don't help here"
    return data | {
        "unit": AXES[against],
        "headline": headline,
        "note": f"Last quarter of {R} rounds: ‖∇f‖² is {number(tails[0])} with one step a round, "
        f"<b>{number(tails[1])}</b> with {K}, {number(tails[2])} with DP-SGD; they ask "
        f"{number(run['GD'][1][-1] / 1e6)}, {number(run['BVR'][1][-1] / 1e6)} and "
        f"{number(run['SGD'][1][-1] / 1e6)} million gradients.",
    }


def talks(**start: Any) -> Explorer:
    """Local steps, batch, ε, step and heterogeneity beside ‖∇f‖²; runs at the button."""
    shades = {"GD": color("DIFF2"), "BVR": color("BVR-L-SGD"), "SGD": color("DP-SGD")}
    return Explorer(
        compute,
        {
            "K": slider("local steps K", 10, 1, 30, 1),
            "against": choice("against", "rounds", list(AXES)),
            "eta": choice("η", 2.0, [1.0, 2.0, 4.0]),
            "eps": choice("ε", "3", list(PROMISES)),
            "b": slider("batch b", 400, 100, 2000, 100),
            "mixed": slider("heterogeneity", 0.0, 0.0, 1.0, 0.25),
        },
        [
            panel(
                entry("headline"),
                *(band(f"{name} band", shade=shade) for name, shade in shades.items()),
                curve("GD", "routine GD", shades["GD"]),
                curve("BVR", "routine BVR-L-SGD", shades["BVR"]),
                curve("SGD", "DP-SGD", shades["SGD"]),
                x=axis(entry("unit")),
                y=log("‖∇f‖², median and range of 3 seeds"),
                wide=True,
                height=400,
            )
        ],
        call=__name__,
        start=start,
        recipe=local,
        simulate=simulate,
    )
