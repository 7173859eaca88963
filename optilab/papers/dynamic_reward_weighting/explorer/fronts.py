"""Every checkpoint of a run in three projections, what they dominate together, and where the weights go."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.dynamic_reward_weighting.explorer import triangle
from optilab.papers.dynamic_reward_weighting.explorer.parts import PAIRS, Path, color, common_controls, kept, projection
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, entry, panel
from optilab.ui.words import number

OURS = ["gradient-based", "hypervolume-guided", "least norm"]
HV_SCALE = 1000.0
RATIOS = {"0.5": 0.5, "2": 2.0, "10": 10.0}


def both(
    method: str, estimator: str, first: float, share: float, ratio: float, lr: float, steps: int, seed: int
) -> Any:
    """A run of the method, and one of fixed weights on the same draws."""
    w = triangle.mixed(first, share)
    number = ratio if method == "gradient-based" else HV_SCALE
    return kept(method, estimator, w, lr, steps, seed, number), kept(
        "fixed weights", estimator, w, lr, steps, seed, 0.0
    )


def simulate(
    method: str,
    estimator: str,
    first: float,
    share: float,
    ratio: float,
    lr: float,
    steps: int,
    seed: int,
    progress: Callable[..., None] | None = None,
) -> tuple[Path, Path]:
    """Both runs."""
    if progress:
        progress(0.3)
    return both(method, estimator, first, share, ratio, lr, steps, seed)


def compute(method: str, first: float, share: float, *, run: tuple[Path, Path], **_: Any) -> dict[str, Any]:
    """Projections of both paths, their hypervolumes, the weights."""
    moving, fixed = run
    t = np.arange(len(moving.HV))
    data: dict[str, Any] = {
        "step": t,
        "shade": color(method),
        "last": len(t) - 1,
        "HV": (t, moving.HV),
        "HV fixed": (t, fixed.HV),
        "w": triangle.placed(moving.w),
        "w0": triangle.placed(np.array([triangle.mixed(first, share)])),
        "w end": triangle.placed(moving.w[-1:]),
    }
    sign = np.array([1, -1, 1])
    for name, (i, j) in PAIRS.items():
        data[name] = tuple((sign * moving.J).T[[i, j]])
        data[f"{name} fixed"] = tuple((sign * fixed.J).T[[i, j]])
        data[f"{name} end"] = tuple((sign * moving.J[-1:]).T[[i, j]])
    there = np.flatnonzero(np.greater_equal(moving.HV, fixed.HV[-1]))
    ours, theirs = number(moving.HV[-1]), number(fixed.HV[-1])
    if ours == theirs:
        said = f"{method} ends with as much</b>"
    elif len(there):
        said = f"{method} reaches that after {there[0]} of {t[-1]} steps</b> and ends with {ours}"
    else:
        said = f"{method} doesn't reach that</b> and ends with {ours}"
    accuracy, tokens, form = sign * moving.J[-1]
    weights = ", ".join(number(part, 2) for part in moving.w[-1])
    data["note"] = (
        f"Fixed weights end with a hypervolume of {theirs}; <b>{said}: accuracy {number(accuracy)}, {number(tokens)} "
        f"tokens, format {number(form)}, weights ({weights})."
    )
    return data


def fronts(**start: Any) -> Explorer:
    """Method, weights, ratio, estimator and more beside the checkpoints; runs at the button."""
    others = common_controls()
    return Explorer(
        compute,
        {
            "method": choice("method", OURS[0], OURS),
            "first": triangle.accuracy(),
            "ratio": log_slider(
                "ratio", 2.0, 0.05, 10.0, named=RATIOS, when=lambda values: values["method"] == OURS[0]
            ),
            "estimator": others["estimator"],
            "lr": others["lr"],
            "share": triangle.rest(),
            "steps": slider("steps", 200, 50, 400, 50),
            "seed": others["seed"],
        },
        [
            projection("at", "Checkpoints, orange to blue: right and down are better"),
            projection("af", "The same: right and up are better"),
            projection("tf", "The same: left and up are better"),
            panel(
                "What all checkpoints so far dominate together",
                curve("HV fixed", "fixed weights", color("fixed weights"), width=1.5),
                curve("HV", "the method", entry("shade")),
                x="step",
                y="hypervolume",
            ),
            triangle.picture("The weights' way (click sets its start)"),
        ],
        call=__name__,
        start=start,
        recipe=both,
        simulate=simulate,
        run="Train",
    )
