"""The map of decisions: every arrow is a race, run again with another seed at the press of a button."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.arena import decisions as choosing
from optilab.arena.contract import listed
from optilab.arena.decisions import ARROWS, Outcome
from optilab.arena.explorer.parts import drawn, shades
from optilab.arena.race import Race
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, here, log, panel, region, texts, thin
from optilab.ui.theme import GREEN, INK, ORANGE, ink
from optilab.ui.words import number

SLOTS = 4  # methods in a race, at most
NAMES = list(ARROWS)
GROUPS = list(dict.fromkeys(arrow.given for arrow in ARROWS.values()))
ROOT, NAME, END, FORK, LEAF = 0.0, 0.02, 0.24, 0.26, 0.3  # across


def simulate(seed: int, progress: Callable[..., None]) -> dict[str, Outcome]:
    """The races of all arrows; those of seed 0 are there already."""
    return choosing.stored() if seed == 0 else choosing.outcomes(seed, progress)


def race_of_arrow(arrow: int, seed: int) -> Race:
    """The race of an arrow, run again."""
    return choosing.rerun(list(ARROWS)[arrow], seed)


def rows(group: str) -> list[int]:
    """The heights of a group's arrows."""
    return [-k for k, arrow in enumerate(ARROWS.values()) if arrow.given == group]


def branches() -> tuple[np.ndarray, np.ndarray]:
    """All lines of the tree, with gaps between them."""
    heights = {group: float(np.mean(rows(group))) for group in GROUPS}
    lines = [((ROOT, ROOT), (max(heights.values()), min(heights.values())))]
    for group, at in heights.items():
        lines += [((ROOT, NAME), (at, at)), ((END, FORK), (at, at)), ((FORK, FORK), (rows(group)[0], rows(group)[-1]))]
        lines += [((FORK, LEAF), (row, row)) for row in rows(group)]
    x, y = (np.concatenate([[*line[part], np.nan] for line in lines]) for part in (0, 1))
    return x, y


def compute(arrow: int, seed: int, *, run: dict[str, Outcome]) -> dict[str, Any]:
    """The tree with what came out, and the race of one arrow."""
    name, chosen = NAMES[arrow], ARROWS[NAMES[arrow]]
    found = run[name]
    data: dict[str, Any] = {}
    order = sorted(found.quartiles, key=lambda method: found.quartiles[method][1])
    colour = dict(zip(chosen.methods, shades(chosen.methods), strict=True))
    for slot in range(SLOTS):
        there = slot < len(order)
        low, median, high = drawn(found.quartiles[order[slot]]) if there else np.full(3, np.nan)
        data |= {
            f"shade {slot}": colour[order[slot]] if there else INK,
            f"range {slot}": (np.array([low, high]), np.full(2, -slot)),
            f"now {slot}": (median, -slot),
        }
    stand = np.array([run[one].stands for one in NAMES])
    leaves = -np.arange(len(NAMES))
    wins = f"{found.winner} wins" if found.winner else "nobody wins"
    margin = f"a factor of {number(chosen.times)}"
    asked = f"nobody wins, within {margin}" if chosen.tie else f"{chosen.take} wins by {margin} or more"
    said = f"{wins}, {chosen.over} ends {number(found.ratio, 2)} times as high as {chosen.take} (asked: {asked})"
    beyond = f" Best at an end of its grid: {listed(found.cut_off)}." if found.cut_off else ""
    return data | {
        "stands": (np.where(stand, LEAF, np.nan), leaves),
        "fails": (np.where(stand, np.nan, LEAF), leaves),
        "chosen": ([LEAF], [-arrow]),
        "from": -arrow - 0.5,
        "to": -arrow + 0.5,
        "names": [*order, *[" "] * (SLOTS - len(order))],
        "headline": f"Its race: {wins}",
        "note": f"<b>{chosen.given}, {chosen.where}</b>: {said}.{beyond} "
        f"{int(stand.sum())} of {len(stand)} arrows stand with seed {seed}.",
    }


def decisions(**start: Any) -> Explorer:
    """An arrow and a seed beside the map and the arrow's race."""
    said = [
        f"{one.where}: <b>{one.take}</b>, not {one.over}"
        if not one.tie
        else f"{one.where}: <b>{one.take}</b>, as good as {one.over}"
        for one in ARROWS.values()
    ]
    shade = [entry(f"shade {slot}") for slot in range(SLOTS)]
    return Explorer(
        compute,
        {
            "arrow": slider("arrow", 0, 0, len(NAMES) - 1, 1),
            "seed": slider("seed", 0, 0, 99, 1),
        },
        [
            panel(
                "Which method? Click an arrow to see its race",
                region("from", "to", y=True),
                thin(branches(), "", ink(0.5)),
                texts(
                    (np.full(len(GROUPS), NAME), np.array([np.mean(rows(group)) for group in GROUPS])),
                    GROUPS,
                    textposition="middle right",
                ),
                dots("stands", "the race agrees", GREEN),
                dots("fails", "it doesn't", ORANGE, symbol="x"),
                texts((np.full(len(NAMES), LEAF + 0.012), -np.arange(len(NAMES))), said, textposition="middle right"),
                x=axis(span=[-0.02, 1.05], visible=False),
                y=axis(span=[-len(NAMES) + 0.4, 0.6], visible=False),
                click=lambda _x, y: {"arrow": -y},
                wide=True,
                height=380,
            ),
            panel(
                entry("headline"),
                *(curve(f"range {slot}", "", shade[slot], width=7) for slot in range(SLOTS)),
                *(here(f"now {slot}", "", shade[slot]) for slot in range(SLOTS)),
                x=log("gap at the end: median and quartiles of 20 seeds"),
                y=axis(
                    span=[-SLOTS + 0.4, 0.6],
                    tickvals=[-slot for slot in range(SLOTS)],
                    ticktext=entry("names"),
                    showgrid=False,
                ),
                wide=True,
                height=220,
            ),
        ],
        call=__name__,
        start=start,
        recipe=race_of_arrow,
        simulate=simulate,
        run="Run all races again",
    )
