"""Step sizes: what optimistic descent, AdaGrad and online descent have under the root."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.papers.optimistic_omd.experiment import OURS
from optilab.papers.optimistic_omd.explorer.parts import PERIODS, color
from optilab.papers.optimistic_omd.problems import spinning
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, log, panel, promise
from optilab.ui.words import number

ROUNDS = 4000


def step_sizes(sigma: float, P: str) -> Any:
    """η of three methods and V̄ in all rounds, by cumulative sums: these losses don't depend on the plays."""
    g = spinning(ROUNDS, PERIODS[P], sigma, [0]).g[:, 0]
    G = np.sqrt((g**2).sum(-1).max())
    surprises = (np.diff(g, axis=0, prepend=0) ** 2).sum(-1)
    before = np.concatenate([[0], np.cumsum(surprises)[:-1]])
    return {
        "OGD": 2 / (G * np.sqrt(np.arange(1, ROUNDS + 1))),
        "AdaGrad": 2 / np.sqrt(np.cumsum((g**2).sum(-1))),
        "optimistic OMD": 2 / np.sqrt(1 + 4 * G**2 + before),
        "V": before + surprises,
    }


kept = lru_cache(64)(step_sizes)


def compute(sigma: float, P: str) -> dict[str, Any]:
    """Step sizes and what is under the roots, on log axes."""
    found, t = kept(round(sigma, 2), P), log_steps(ROUNDS, 120)
    drift = 0.0 if P == "∞" else 4 * np.sin(np.pi / PERIODS[P]) ** 2
    expected = 1 + (t - 1) * (drift + 2 * sigma**2) + sigma**2
    ends = ", ".join(f"{name} {number(float(found[name][-1]))}" for name in ("OGD", "AdaGrad"))
    data: dict[str, Any] = {name: (t, found[name][t - 1]) for name in ("OGD", "AdaGrad", OURS)}
    return data | {
        "V": (t, found["V"][t - 1]),
        "expected": (t, expected),
        "squares": (t, (2 / found["AdaGrad"][t - 1]) ** 2),
        "note": f"In round 1 optimistic OMD steps {number(float(found[OURS][0]))}, in round {ROUNDS} "
        f"<b>{number(float(found[OURS][-1]))}</b>; {ends}. V̄ is {number(float(found['V'][-1]))}; "
        f"1 + σ² + (T − 1)(drift + 2σ²) is {number(float(expected[-1]))}.",
    }


def lengths(**start: Any) -> Explorer:
    """Noise and period beside step sizes and the sums under their roots."""
    return Explorer(
        compute,
        {
            "sigma": slider("noise σ", 0.0, 0.0, 1.5, 0.1),
            "P": choice("drift: one turn in P rounds", "100", list(PERIODS)),
        },
        [
            panel(
                "Step sizes: each is 2 over a root",
                curve("OGD", "OGD", color("OGD"), width=5),
                *(curve(name, name, color(name)) for name in ("AdaGrad", OURS)),
                x=log("round t", [0, 3.65], dtick=1),
                y=log("step size η", [-2.3, 0.8]),
            ),
            panel(
                "Under the root: all gradients, or only the surprises",
                curve("squares", "Σ‖g‖² (AdaGrad)", color("AdaGrad")),
                curve("V", "V̄ = Σ‖g − M‖²", color(OURS), width=4),
                promise("expected", "V̄ foretold from σ and P"),
                x=log("round t", [0, 3.65], dtick=1),
                y=log("sum", [-1.2, 4.6], dtick=1),
            ),
        ],
        call=__name__,
        start=start,
        recipe=step_sizes,
    )
