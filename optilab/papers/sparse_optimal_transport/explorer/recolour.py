"""Noon painted in the colours of dusk: every target colour takes from at most k source colours."""

from functools import cache, lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.sparse_optimal_transport.algorithm import SemiDual, adam_then_lbfgs, barycentric
from optilab.papers.sparse_optimal_transport.problems import HEIGHT, WIDTH, Palette, bay, palette
from optilab.problems.transport import Transport, colour_costs
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, mark, panel
from optilab.ui.pictures import Panel
from optilab.ui.words import number

COLOURS = 24
STEPS, CALLS = 120, 40  # of Adam and L-BFGS, in the time of a slider's move
NOON, DUSK = "noon in the colours of dusk", "dusk in the colours of noon"


@cache
def scene(dusk: bool) -> tuple[np.ndarray, Palette]:
    """A picture and its palette, made once."""
    picture = bay(dusk)
    return picture, palette(picture, COLOURS)


@lru_cache(256)
def new_colours(way: str, k: int, gamma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The plan, where it takes the source colours, and which of them it moves."""
    (_, source), (_, target) = scene(way == DUSK), scene(way == NOON)
    problem = Transport(source.shares, target.shares, colour_costs(source.colours, target.colours))
    semi_dual = SemiDual(problem, min(k, problem.m), gamma)
    T = semi_dual.plan(adam_then_lbfgs(semi_dual, steps=STEPS, maxfun=CALLS).x)
    return T, *barycentric(T, source.colours, target.colours)


def bytes_of(picture: np.ndarray) -> np.ndarray:
    """Red, green and blue as numbers from 0 to 255."""
    return np.round(255 * np.clip(picture, 0, 1)).astype(int)


def compute(way: str, k: int, gamma: float) -> dict[str, Any]:
    """The recoloured picture beside both originals, and the palette that it has now."""
    (picture, source), (other, _) = scene(way == DUSK), scene(way == NOON)
    T, new, moved = new_colours(way, k, gamma)
    lost, left, used = source.shares[~moved].sum(), (~moved).sum(), T > 0
    stay, gets = number(100 * lost, 2), "gets" if left == 1 else "get"
    note = f"Source colours in a target colour: at most {used.sum(0).max()}; "
    note += f"target colours of which a source colour becomes the mean: at most {used.sum(1).max()}. "
    note += (
        f"<b>{left} of {len(new)} colours {gets} no mass: {stay} % of the pixels stay as they were.</b>"
        if lost
        else "Every colour is moved."
    )
    return {
        "source": bytes_of(picture),
        "recoloured": bytes_of(picture + (new - source.colours)[source.label]),
        "target": bytes_of(other),
        "note": note,
    }


def recolour(**start: Any) -> Explorer:
    """Paint one picture in the colours of another."""

    def shown(title: str, name: str) -> Panel:
        across, down = axis("", [-0.5, WIDTH - 0.5], visible=False), axis("", [HEIGHT - 0.5, -0.5], visible=False)
        still = {"margin": {"l": 4, "r": 4, "t": 4, "b": 4}, "dragmode": False}
        return panel(title, mark(go.Image(hoverinfo="skip"), {"z": name}), x=across, y=down, height=250, **still)

    return Explorer(
        compute,
        {
            "way": choice("paint", NOON, [NOON, DUSK]),
            "k": slider("k, sources per target", 2, 1, COLOURS, 1, named={"no cap": COLOURS}),
            "gamma": log_slider("γ, weight of the square", 1.0, 0.1, 100, steps=12),
        },
        [
            shown("This picture …", "source"),
            shown("… becomes this …", "recoloured"),
            shown("… by the colours of this", "target"),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.recolour",
        start=start,
        recipe=new_colours,
    )
