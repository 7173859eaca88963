"""The bill of a factor update and of a step: multiplications, numbers stored, numbers sent."""

from typing import Any

import numpy as np

from optilab.papers.mkor.algorithm import costs
from optilab.papers.mkor.explorer.parts import color
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, curve, entry, guide, here, log, panel, words
from optilab.ui.words import number

METHODS = costs.METHODS
SHADES = [color(name) for name in METHODS]
POWERS = np.arange(4, 14)
SIZES = 2**POWERS
LOW, HIGH = 0.0, 13.2  # powers of ten between which all counts are


def counts(doublings: int, samples: int, workers: int) -> Any:
    """For each method: multiplications of both factors' updates and of preconditioning, numbers stored and sent."""
    d, b = 2**doublings, 2**samples
    return {
        name: (
            2 * costs.compute(name, d, b) if name != "SNGD" else costs.compute(name, d, b),
            costs.preconditioning(name, d, d) if name in costs.STEPPED else np.nan,
            costs.memory(name, d, b),
            workers * costs.communication(name, d, b, workers),
        )
        for name in METHODS
    }


def compute(doublings: int, samples: int, workers: int) -> dict[str, Any]:
    """The bill at d = 2^doublings and b = 2^samples, and the growth of the first item with d."""
    d, b = 2**doublings, 2**samples
    table = counts(doublings, samples, workers)
    update, through, stored, sent = (np.array(column, dtype=float) for column in zip(*table.values(), strict=True))
    data: dict[str, Any] = {
        f"of d {name}": (SIZES, [counts(int(power), samples, workers)[name][0] for power in POWERS]) for name in METHODS
    }
    data |= {f"now {name}": ([d], [table[name][0]]) for name in METHODS}
    ratio = update[1] / update[0]
    spoken = f"numbers sent {number(sent[1] / sent[0])} times" if workers > 1 else "and a lone worker sends nothing"
    return data | {
        "update": update,
        "through": through,
        "stored": stored,
        "sent": np.where(sent > 0, sent, np.nan),
        "alone": np.nan if workers > 1 else 1.5,
        "sending": "Sent by all workers in an update" if workers > 1 else "One worker: nothing is sent",
        "note": f"d = {d}, batch {b}: KFAC's update takes <b>{number(ratio)} times</b> the multiplications of MKOR's "
        f"(d/3 = {number(d / 3)}), memory {number(stored[1] / stored[0])} times, {spoken}. L⁻¹GR⁻¹, in every step, "
        f"takes {number(through[0])} for both, {number(through[0] / update[0])} times MKOR's update.",
    }


def bill(**start: Any) -> Explorer:
    """Layer size, batch and workers beside what each method computes, stores and sends."""
    names = list(METHODS)
    count = log("multiplications", [LOW, HIGH], dtick=3)
    return Explorer(
        compute,
        {
            "doublings": slider("log₂ of d", 10, 4, 13, 1, named={"d = 64": 6, "d = 1024": 10, "d = 8192": 13}),
            "samples": slider("log₂ of the batch b", 6, 0, 12, 1),
            "workers": slider("workers", 8, 1, 64, 1),
        },
        [
            panel(
                "A factor update: above d = b like d² for MKOR, d³ for KFAC",
                guide((SIZES, SIZES.astype(float) ** 2), "", name="d²"),
                guide((SIZES, SIZES.astype(float) ** 3), "", name="d³"),
                *(curve(f"of d {name}", name, color(name)) for name in names),
                *(here(f"now {name}", shade=color(name), size=8, hoverinfo="skip") for name in names),
                x=log("d, rows of a d×d layer", ticks={int(size): str(size) for size in SIZES[::3]}),
                y=count,
            ),
            panel(
                "Update (solid) and L⁻¹GR⁻¹ (pale; SNGD has none)",
                bars((names, "update"), shade=SHADES, name="update of both factors"),
                bars((names, "through"), shade=SHADES, name="preconditioning", opacity=0.4),
                x=axis(showgrid=False),
                y=count,
                barmode="group",
            ),
            panel(
                "Memory, in numbers of full precision",
                bars((names, "stored"), shade=SHADES, name="stored"),
                x=axis(showgrid=False),
                y=log("numbers stored", [0, 9], dtick=3),
            ),
            panel(
                entry("sending"),
                bars((names, "sent"), shade=SHADES, name="sent"),
                words("a lone worker<br>has nobody to tell", "alone", 5.5),
                x=axis(showgrid=False),
                y=log("numbers sent", [0, 11], dtick=3),
            ),
        ],
        call=__name__,
        start=start,
        recipe=counts,
    )
