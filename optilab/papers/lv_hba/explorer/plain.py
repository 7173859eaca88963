"""A flat lower level: the error is the penalty's bias, E-AiPOD keeps its start's word, the row has to be normalised."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run
from optilab.papers.lv_hba.algorithm import e_aipod, penalty
from optilab.papers.lv_hba.experiment import N, bias, relative, start
from optilab.papers.lv_hba.explorer.parts import color, flat_run
from optilab.papers.lv_hba.problems.toys import flat
from optilab.ui.controls import log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, entry, here, log, panel, promise
from optilab.ui.words import number

STEPS, OUTER = 1000, 400
FLOOR = 1e-6


def begin(symmetric: bool) -> tuple[np.ndarray, np.ndarray]:
    """A start: all entries alike, or drawn."""
    return (np.full(N, -3.0), np.full(2 * N, 1.5)) if symmetric else start(0)


@cache
def rival(symmetric: bool) -> np.ndarray:
    """The relative error of E-AiPOD in 400 outer steps: it depends on the start alone."""
    states = e_aipod(flat(N), *begin(symmetric), rng=np.random.default_rng(0))
    return relative(run(states, OUTER, keep=["x"]).x)


@lru_cache(16)
def errors(p: float, c0: float, gamma2: float, normal: bool, symmetric: bool) -> Any:
    """The relative error of x in 1000 steps of LV-HBA."""
    row = 1 / np.sqrt(3 * N) if normal else 1.0
    return flat_run(begin(symmetric), c0, p, gamma2, row, STEPS)


def compute(p: float, c0: float, gamma2: float, normal: bool, symmetric: bool) -> dict[str, Any]:
    """One run beside its bias."""
    k = np.append(0, log_steps(STEPS, 120))
    error = errors(p, c0, gamma2, normal, symmetric)
    predicted = bias(penalty(k, c0, p))
    theirs = np.maximum(rival(symmetric), FLOOR)
    outer = np.append(0, log_steps(OUTER, 80))
    last, left = float(error[-1]), float(predicted[-1])
    grown = np.flatnonzero(error > 10 * error[0])
    if len(grown):
        headline = "The saddle step is unstable"
        said = f"After {grown[0]} steps the error is ten times that of the start: normalise the row or shorten η."
    elif last < 1.1 * left:
        headline = "The error is the bias of the penalty"
        said = f"After {STEPS} steps the error is {number(last)}, the bias {number(left)}. γ₂ is not in it."
    else:
        headline = "The transient isn't over"
        said = f"After {STEPS} steps the error is {number(last)}, the bias only {number(left)}: the start still shows."
    return {
        "error": (k + 1, np.clip(error[k], FLOOR, 1e3)),
        "bias": (k + 1, predicted),
        "rival": (outer + 1, theirs[outer]),
        "now": ([STEPS + 1], [min(max(last, FLOOR), 1e3)]),
        "headline": headline,
        "note": f"{said} E-AiPOD ends at {number(theirs[-1]) if theirs[-1] > FLOOR else 'less than 10⁻⁶'}.",
    }


def plain(**start: Any) -> Explorer:
    """Penalty, γ₂, the row's scale and the start beside the error."""
    return Explorer(
        compute,
        {
            "p": slider("p", 0.3, 0.0, 0.49, 0.01),
            "c0": log_slider("c₀", 1.0, 0.2, 10.0),
            "gamma2": log_slider("γ₂", 1.0, 0.1, 10.0),
            "normal": switch("normalise the constraint's row", True),
            "symmetric": switch("start with equal entries", False),
        },
        [
            panel(
                entry("headline"),
                promise("bias", "0.8/(c_k + 1.2)", color("LV-HBA")),
                curve("rival", "E-AiPOD", color("E-AiPOD")),
                curve("error", "LV-HBA", color("LV-HBA")),
                here("now", shade=color("LV-HBA")),
                x=log("k + 1, outer steps of E-AiPOD", [0, 3.05]),
                y=log("relative error of x", [-6, 3]),
                wide=True,
                height=420,
            )
        ],
        call=__name__,
        start=start,
        recipe=errors,
    )
