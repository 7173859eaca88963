"""Who wins where: a race in every cell of a diagram, the winner's colour, and the race of the cell that is clicked."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.arena import diagrams
from optilab.arena.contract import listed
from optilab.arena.diagrams import METHODS, OPEN, PLANS, Diagram
from optilab.arena.explorer.parts import shades
from optilab.arena.race import Race
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, heat, here, log, panel
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

SIDE = 6
SHADES = dict(zip(METHODS, shades(METHODS), strict=True))
WORDS = {
    "kappa": "condition number κ",
    "noise": "noise over gradient",
    "dimension": "dimension",
    "budget": "budget, in gradients",
}


def simulate(axes: str, seed: int, progress: Callable[..., None]) -> Diagram:
    """All races of a diagram; those of seed 0 are there already."""
    return diagrams.stored(axes) if seed == 0 else diagrams.measured(axes, seed, progress)


def race_of_cell(axes: str, row: int, column: int, seed: int) -> Race:
    """The race of a cell, run again."""
    return PLANS[axes].race(row, column, seed)


def plainly(name: str) -> str:
    """A property without its unit."""
    return WORDS[name].partition(",")[0]


def compute(axes: str, row: int, column: int, seed: int, *, run: Diagram) -> dict[str, Any]:
    """The diagram, and the race of one cell."""
    plan, at = PLANS[axes], (row, column)
    x, y = plan.x[1][column], plan.y[1][row]
    cost = np.linspace(0, run.end[at], diagrams.POINTS)
    winner = int(run.winner[at])
    data: dict[str, Any] = {}
    for k, name in enumerate(METHODS):
        low, median, high = (10.0 ** part[at][k].astype(float) for part in (run.low, run.median, run.high))
        there = np.isfinite(low) & np.isfinite(high)
        outline = np.concatenate([low[there], high[there][::-1]])
        data[f"{name} band"] = np.concatenate([cost[there], cost[there][::-1]]), outline
        data[name] = cost, median
    leader = METHODS[int(run.leader[at])]
    said = f"{plainly(plan.x[0])} {number(x)} and {plainly(plan.y[0])} {number(y)}"
    verdict = f"<b>{METHODS[winner]} wins</b>" if winner != OPEN else f"{leader} leads, but bands overlap: no winner"
    short = [name for name, ends in zip(METHODS, run.cut_off[at], strict=True) if ends]
    beyond = f" Best at an end of its grid, so perhaps better beyond: {listed(short)}." if short else ""
    share = np.mean(run.winner != OPEN)
    return data | {
        "winners": run.winner.astype(float),
        "cell": ([column], [row]),
        "x": WORDS[plan.x[0]],
        "y": WORDS[plan.y[0]],
        "x ticks": [number(value) for value in plan.x[1]],
        "y ticks": [number(value) for value in plan.y[1]],
        "headline": f"The race of the cell: {'no winner' if winner == OPEN else f'{METHODS[winner]} wins'}",
        "who": [[METHODS[k] if k != OPEN else "nobody" for k in line] for line in run.winner.tolist()],
        "note": f"On a {plan.problem} problem with {said}: {verdict}.{beyond} "
        f"A winner is named in {round(100 * share)} % of the cells; in grey ones the quartiles of 12 seeds overlap.",
    }


def where(**start: Any) -> Explorer:
    """Two properties, a cell and a seed beside the winners and the race of the cell."""
    colours = [*SHADES.values(), ink(0.12)]
    scale = [[(k + end) / len(colours), colours[k]] for k in range(len(colours)) for end in (0, 1)]
    places = np.arange(SIDE)
    ticks: dict[str, Any] = {"tickvals": list(range(SIDE)), "showgrid": False, "span": [-0.5, SIDE - 0.5]}
    return Explorer(
        compute,
        {
            "axes": choice("over", next(iter(PLANS)), list(PLANS)),
            "column": slider("column", 4, 0, SIDE - 1, 1),
            "row": slider("row", 0, 0, SIDE - 1, 1),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                "Who wins where: click a cell to see its race",
                heat(
                    (places, places, "winners"),
                    zmin=-0.5,
                    zmax=OPEN + 0.5,
                    colorscale=scale,
                    xgap=2,
                    ygap=2,
                    text=entry("who"),
                    hovertemplate="%{text}<extra></extra>",
                ),
                here("cell", shade="white", symbol="square-open", size=30, hoverinfo="skip"),
                here("cell", shade=INK, symbol="square-open", size=26, hoverinfo="skip"),
                x=axis(entry("x"), ticktext=entry("x ticks"), **ticks),
                y=axis(entry("y"), ticktext=entry("y ticks"), **ticks),
                click=lambda x, y: {"column": x, "row": y},
                height=400,
            ),
            panel(
                entry("headline"),
                *(band(f"{name} band", "", shade) for name, shade in SHADES.items()),
                *(curve(name, name, shade) for name, shade in SHADES.items()),
                x="cost, in gradients",
                y=log("gap f − f*, tuned: median and quartiles"),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=race_of_cell,
        simulate=simulate,
        run="Race in every cell",
    )
