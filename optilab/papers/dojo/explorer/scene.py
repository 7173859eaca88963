"""A box over a floor in space, with its path and what the floor does to its corners."""

from itertools import combinations
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.ui.marks import Mark, axis, entry, mark, panel
from optilab.ui.pictures import Panel
from optilab.ui.theme import ORANGE, ink, methods

SIDES = np.array([[0, 1, 3], [0, 3, 2], [0, 1, 5], [0, 5, 4], [0, 2, 6], [0, 6, 4]])  # the three that meet at corner 0
SIDES = np.concatenate([SIDES, 7 - SIDES])
RIMS = [(i, j) for i, j in combinations(range(8), 2) if (i ^ j).bit_count() == 1]
LENGTH, LONGEST = 0.4, 0.8  # of the line that shows an impulse: m per N·s, and m
BELOW, ROOM = 0.3, np.array([2.7, 2.4, 1.7])  # what is shown under the floor (m), and the sides of the scene, at most
color = methods(ours=["cone"], rivals=["pyramid"])


def lines(corners: np.ndarray, impulses: np.ndarray, k: int) -> dict[str, Any]:
    """The box at frame k of its corners (steps, 8, 3), impulses (8, 3) there, and the floor under the whole motion."""
    here = corners[k]
    rims = np.full((len(RIMS), 3, 3), np.nan)  # each edge, then a gap
    rims[:, :2] = here[RIMS]
    along = LENGTH * impulses
    along *= np.minimum(1, LONGEST / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-12))
    arrows = np.full((8, 3, 3), np.nan)
    arrows[:, 0], arrows[:, 1] = here - along, here  # from under the floor, where nothing hides it
    low, high = np.nanmin(corners, (0, 1)) - 0.15, np.nanmax(corners, (0, 1)) + 0.15
    span = np.array([*(high - low)[:2], high[2] + BELOW])
    return {
        "box": tuple(here.T),
        "rims": tuple(rims.reshape(-1, 3).T),
        "impulses": tuple(arrows.reshape(-1, 3).T),
        "floor": (np.array([low[0], high[0], high[0], low[0]]), np.repeat([low[1], high[1]], 2)),
        "x range": [low[0], high[0]],
        "y range": [low[1], high[1]],
        "z range": [-BELOW, float(high[2])],
    } | {f"side {a}": float(length) for a, length in zip("xyz", span * (ROOM / span).min(), strict=True)}


def line(name: str, label: str = "", shade: str = ink(0.7), **style: Any) -> Mark:
    """A line in space."""
    look = {"mode": "lines", "name": label or None, "showlegend": bool(label), "hoverinfo": "skip"}
    return mark(go.Scatter3d(line={"color": shade} | style, **look), {axis: f"{name}.{axis}" for axis in "xyz"})


def scene() -> Panel:
    """The box over the floor."""
    i, j, k = SIDES.T
    floor = go.Mesh3d(i=[0, 0], j=[1, 2], k=[2, 3], z=[0, 0, 0, 0], color=ink(0.5), opacity=0.18, hoverinfo="skip")
    flat = {"flatshading": True, "lighting": {"ambient": 0.75, "diffuse": 0.5}, "hoverinfo": "skip"}
    body = go.Mesh3d(i=i, j=j, k=k, color=color("cone"), opacity=0.85, **flat)
    space: dict[str, Any] = {f"{a}axis": axis(f"{a} (m)", f"{a} range", nticks=5) for a in "xyz"}
    space["camera"] = {"eye": {"x": 0.6, "y": -3.1, "z": 1.35}, "center": {"x": 0, "y": 0, "z": -0.2}}
    space |= {"aspectmode": "manual", "aspectratio": {a: entry(f"side {a}") for a in "xyz"}}
    return panel(
        "The floor pushes at the corners that touch it",
        mark(floor, {"x": "floor.x", "y": "floor.y"}),
        mark(body, {"x": "box.x", "y": "box.y", "z": "box.z"}),
        line("rims", shade=ink(0.9), width=4),
        line("path", "path of the centre", width=3),
        line("shadow", width=3, dash="dot"),
        line("impulses", "impulse of the floor", ORANGE, width=7),
        scene=space,
        margin=dict.fromkeys("lrtb", 0),
        height=430,
        wide=True,
    )
