"""Foretold and true: one batch's step at the base policy, lengthened from harmless to absurd."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.capo.experiment import Foretold, foretold
from optilab.papers.capo.explorer.parts import signed, signed_axis
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, guide, here, log, panel, promise, rule
from optilab.ui.theme import BLUE, GREEN, INK, ORANGE
from optilab.ui.words import number

C = np.geomspace(1e-3, 10, 121)
UNIT = 0.01  # below which the axis of the objective is straight


@lru_cache(32)
def a_step(seed: int) -> Foretold:
    """A step of 40 along a batch's gradient, times every c."""
    return foretold(seed, 40.0, C)


def compute(c: float, seed: int) -> dict[str, Any]:
    """Everything along c, and at one c."""
    found, at = a_step(seed), foretold(seed, 40.0, np.array([c]))
    kl, all_tokens, drawn, mH, truth = (float(part[0]) for part in at)
    rows = dict(zip(Foretold._fields, found, strict=True))
    data: dict[str, Any] = {name: (C, np.maximum(rows[name], 1e-12)) for name in ("kl", "all_tokens", "drawn")}
    data |= {name: (C, signed(rows[name], UNIT)) for name in ("mH", "truth")}
    return data | {
        "slope": (C[[0, 60]], 3 * found.kl[0] * (C[[0, 60]] / C[0]) ** 2),
        "now": ([c], [kl]),
        "true now": ([c], [float(signed(np.array(truth), UNIT))]),
        "at": c,
        "note": f"At c = {number(c)} the policy moves by KL = <b>{number(kl)}</b>; m<sub>F</sub> says "
        f"{number(all_tokens)} over all tokens, {number(drawn)} over the drawn ones. For the objective m<sub>H</sub> "
        f"says {number(mH)}, the truth is A(ρ − 1) = <b>{number(truth)}</b>.",
    }


def prediction(**start: Any) -> Explorer:
    """The length of a step and the batch beside what the model says of policy and objective."""
    return Explorer(
        compute,
        {
            "c": log_slider("length c of the step", 0.1, 1e-3, 10.0, named={"as trained": 1.0}),
            "seed": slider("batch (seed)", 0, 0, 19, 1),
        },
        [
            panel(
                "The policy: m<sub>F</sub> is KL while the step is small",
                guide("slope", "slope 2"),
                curve("kl", "true KL", INK),
                promise("all_tokens", "m<sub>F</sub>, all tokens", BLUE),
                promise("drawn", "m<sub>F</sub>, drawn ones", GREEN),
                rule("at"),
                here("now", shade=INK),
                x=log("c", [-3, 1], dtick=1),
                y=log("mean over the batch's tokens", [-9, 4], dtick=2),
            ),
            panel(
                "The objective: the truth levels off, the model doesn't",
                rule(y=0.0),
                promise("mH", "m<sub>H</sub>", ORANGE),
                curve("truth", "true A(ρ − 1)", INK),
                rule("at"),
                here("true now", shade=INK),
                x=log("c", [-3, 1], dtick=1),
                y=signed_axis("mean over the batch's tokens", 5, 1, UNIT),
            ),
        ],
        call=__name__,
        start=start,
        recipe=a_step,
    )
