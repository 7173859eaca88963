"""A small network at the edge of stability: loss, sharpness, and what the flows know of the next step."""

from typing import Any

import numpy as np

from optilab.papers.discretisation_drift.explorer.parts import LINES, NAMES, color
from optilab.papers.discretisation_drift.explorer.training import STEPS, Training, one_run, train
from optilab.ui.controls import slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, entry, log, panel, promise, rule, thin, walk
from optilab.ui.theme import ORANGE, ink
from optilab.ui.words import number

TINY = 1e-7  # changes of the loss are drawn on a scale that is linear below this and logarithmic above
EDGE = 6.9  # of the frame on that scale
TICKS = {-1e-1: "−10⁻¹", -1e-4: "−10⁻⁴", 0: "0", 1e-4: "10⁻⁴", 1e-1: "10⁻¹"}


def folded(change: np.ndarray) -> np.ndarray:
    """Signed logarithm of a change of the loss; what is beyond the frame is put on its edge."""
    return np.clip(np.sign(change) * np.log10(1 + abs(change) / TINY), -EDGE, EDGE)


def compute(run: Training, momentum: float, adjusted: bool, **_: Any) -> dict[str, Any]:
    """Curves of a training run."""
    stable = 2 * (1 + momentum) / run.rate
    return (
        {f"{name} error": (run.checked, np.maximum(error, 1e-16)) for name, error in run.errors.items()}
        | {f"{name} change": (folded(run.change["actual"]), folded(run.change[name])) for name in ("NGF", "PF")}
        | {
            "loss": (np.arange(len(run.trace.loss)), np.where(run.trace.loss < 1e6, run.trace.loss, np.nan)),
            "sharpness": (run.looked, run.sharpness),
            "edge": (run.looked, np.minimum(stable, 1e3)),
            "range": [0, min(60.0, 1.6 * float(np.nanmedian(stable)) + 1)],
            **titles(run, stable, momentum, adjusted),
            "note": note(run, stable, momentum, adjusted),
        }
    )


def titles(run: Training, stable: np.ndarray, momentum: float, adjusted: bool) -> dict[str, str]:
    """What is to be seen in this run."""
    edge = "2(1 + β)/h" if momentum else "2/h"
    where = f"that each step sets itself ({edge}ₜ)" if adjusted else edge
    late = run.looked >= 0.8 * run.looked[-1]
    level = float(np.mean(run.sharpness[late] / stable[late]))
    if np.isfinite(run.trace.diverged):
        sharp = f"Training diverged: its sharpness against the edge {where}"
    elif abs(level - 1) < 0.1:
        sharp = f"Sharpness climbs to the edge {where} and hovers there"
    else:
        sharp = f"Sharpness ends at {number(level, 2)} of the edge {where}"
    rises = np.diff(run.trace.loss) > 0
    falls = f"The loss rises on {np.mean(rises):.0%} of the steps" if rises.any() else "The loss falls on every step"
    if momentum:
        nothing = "No flow is compared with momentum: set β = 0"
        return {"loss title": falls, "edge title": sharp, "error title": nothing, "change title": nothing}
    middle = {name: np.nanmedian(error) if np.isfinite(error).any() else np.inf for name, error in run.errors.items()}
    best = NAMES[min(middle, key=lambda name: middle[name])]
    said = {name: bool((run.change[name] > 0).any()) for name in ("NGF", "PF")}
    foresees = "only the principal flow ever says yes" if said["PF"] else "neither flow ever says yes"
    return {
        "loss title": falls,
        "edge title": sharp,
        "error title": f"One step ahead: the {best} has the smallest median error",
        "change title": f"Will the loss rise? Here {foresees}",
    }


def note(run: Training, stable: np.ndarray, momentum: float, adjusted: bool) -> str:
    """Where the sharpness settled and how often a rise was foreseen, in one or two sentences."""
    if np.isfinite(run.trace.diverged):
        return f"Diverged at step {int(run.trace.diverged)}: the curves end there."
    late = run.looked >= 2500
    says = f"Over the last 500 steps the sharpness is {np.mean(run.sharpness[late] / stable[late]):.3f} of the edge. "
    rises = run.change["actual"] > 0
    if momentum == 0 and adjusted:
        return says + (
            f"The loss rose on {rises.mean():.0%} of the steps looked at: DAL steps to the edge itself, "
            "where Re α is near 0 and no flow can tell which way it goes."
        )
    if momentum == 0 and rises.any():
        seen = np.mean(run.change["PF"][rises] > 0)
        says += (
            f"The loss rose on {rises.mean():.0%} of the steps looked at; "
            f"the principal flow foresaw {seen:.0%} of these, the gradient flow none."
        )
    return says


def edge_of_stability(**start: Any) -> Explorer:
    """Train a small network and watch its sharpness rise to 2/h; with momentum, or with a drift-adjusted rate."""
    steps, descent = axis("steps", [0, STEPS]), color("gradient descent")
    ticks = dict(zip(folded(np.array(list(TICKS))).tolist(), TICKS.values(), strict=True))
    signed = axis(span=[-EDGE, EDGE], ticks=ticks, tickangle=0)
    return Explorer(
        compute,
        {
            "h": slider("learning rate h", 0.3, 0.05, 0.6, 0.05, when=lambda values: not values["adjusted"]),
            "seed": slider("seed", 10, 10, 40, 1),
            "width": slider("hidden units", 20, 5, 30, 1),
            "momentum": slider("momentum β", 0.0, 0.0, 0.95, 0.05),
            "adjusted": switch("choose h from the drift (DAL)", False),
            "p": slider("its power p", 1.0, 0.25, 1.0, 0.05, when=lambda values: values["adjusted"]),
        },
        [
            panel(
                entry("loss title"),
                thin("loss", shade=descent),
                x=steps,
                y=log("loss", nticks=7),
            ),
            panel(
                entry("edge title"),
                thin("sharpness", "sharpness λ₀", descent),
                promise("edge", "edge", ORANGE),
                x=steps,
                y=axis("largest curvature λ₀", "range"),
            ),
            panel(
                entry("error title"),
                *(walk(f"{name} error", label, shade) for name, label, shade in LINES),
                x=steps,
                y=log("error after one step", nticks=7),
            ),
            panel(
                entry("change title"),
                *(
                    cloud(f"{name} change", NAMES[name], color(NAMES[name]), marker={"opacity": 0.6})
                    for name in ("NGF", "PF")
                ),
                rule(0, color=ink(0.4)),
                rule(y=0, color=ink(0.4)),
                x=axis("change of the loss in one step") | signed,
                y=axis("predicted") | signed,
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_run,
        simulate=train,
        run="Train the network",
    )
