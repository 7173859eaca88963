"""Temperature against samples: where the average is good, and where the last iterate is."""

from typing import Any

import numpy as np

from optilab.papers.langevin_averaging.algorithm import critical, predicted_overlap
from optilab.papers.langevin_averaging.experiment import HEATS, SHARES
from optilab.papers.langevin_averaging.explorer.parts import AVERAGE, ITERATE, color
from optilab.papers.langevin_averaging.explorer.tables import AWAY, LAST, OUTPUT
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, heat, here, log, panel, promise, rule, thin, words
from optilab.ui.theme import ink
from optilab.ui.words import number

Array = np.ndarray
SIZES, HORIZON = {3: 30, 4: 20}, 100.0
PLACES = np.arange(9)
COLUMNS = {i: number(HEATS[i], 2) for i in range(0, 9, 2)}
ROWS = {i: number(SHARES[i], 2) for i in range(0, 9, 2)}


def row_of_maps(k: int, row: int) -> tuple[Array, Array, Array]:
    """What was measured at one number of samples: output, last iterate and mean |m| at all temperatures, (9,) each."""
    return OUTPUT[k][row], LAST[k][row], AWAY[k][row]


def compute(k: int, row: int, column: int) -> dict[str, Any]:
    """Both maps, and a cut through them at one number of samples."""
    d, (output, last, away) = SIZES[k], row_of_maps(k, row)
    transition = critical(d, k) / d
    place = float(np.interp(np.log(transition), np.log(HEATS), PLACES))
    unknown = np.full(len(HEATS), np.nan)
    gap = output[column] - last[column]
    return {
        "output": OUTPUT[k],
        "last": LAST[k],
        "place": place,
        "beside": float(np.log10(1.12 * transition)),
        "cell": ([column], [row]),
        "cut output": (HEATS, output),
        "cut last": (HEATS, last),
        "cut away": (HEATS, away),
        "prediction": (HEATS, predicted_overlap(d, SHARES[row] * d**2, HEATS * d, HORIZON) if k == 3 else unknown),
        "transition": transition,
        "now": (np.full(2, HEATS[column]), [output[column], last[column]]),
        "headline": "The average" if k == 3 else "The top eigenvector of the mean θθᵀ",
        "cut": f"A cut at n = {number(SHARES[row], 2)} d²",
        "note": f"ε = {number(HEATS[column], 2)} d, n = {number(SHARES[row], 2)} d²: overlap of the output "
        f"<b>{number(output[column], 2)}</b>, of the last iterate {number(last[column], 2)}, mean |m| "
        f"{number(away[column], 2)}. "
        + (
            f"The output is ahead by {number(gap, 2)}."
            if gap > 0.2
            else "Neither knows θ*: too few samples, or too hot for so short a time."
            if output[column] < 0.5
            else "Both know θ*: the chain is cold and sits at the spike."
        ),
    }


def temperature(**start: Any) -> Explorer:
    """The order, a row and a column of both maps."""

    def cell(x: float, y: float) -> dict[str, float]:
        return {"column": x, "row": y}

    def overlap_map(name: str, bar: str | None) -> list[Any]:
        return [
            heat((PLACES, PLACES, name), bar=bar, zmin=0, zmax=1, colorscale="Cividis"),
            rule("place", color="white", dash="dash"),
            here("cell", shade="white", symbol="square-open", size=20),
        ]

    axes = {"x": axis("ε/d", ticks=COLUMNS, showgrid=False), "y": axis("n/d²", ticks=ROWS, showgrid=False)}
    return Explorer(
        compute,
        {
            "row": slider("row n/d²", 4, 0, 8, 1),
            "column": slider("column ε/d", 4, 0, 8, 1),
            "k": choice("order", 3, [("k = 3, d = 30", 3), ("k = 4, d = 20", 4)]),
        },
        [
            panel(entry("headline"), *overlap_map("output", None), **axes, click=cell),
            panel("The last iterate (dashed: ε_c)", *overlap_map("last", "overlap with θ*"), **axes, click=cell),
            panel(
                entry("cut"),
                rule("transition", dash="dash"),
                promise("prediction", "first order", color(AVERAGE)),
                thin("cut away", "mean |m|", ink(0.6)),
                curve("cut last", "last iterate", color(ITERATE)),
                curve("cut output", "output", color(AVERAGE)),
                here("now"),
                words("ε_c", "beside", 0.03, xref="x"),
                x=log("ε/d", [np.log10(0.027), np.log10(3.3)]),
                y=axis("overlap with θ*, median of 8", [0, 1.05]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=row_of_maps,
    )
