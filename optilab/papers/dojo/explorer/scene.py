"""A box over a floor in space, seen from the front and a little above, with its path and what the floor does to it."""

from typing import Any

import numpy as np
from scipy.spatial import ConvexHull

from optilab.ui.marks import axis, curve, panel, thin
from optilab.ui.pictures import Panel
from optilab.ui.theme import ORANGE, ink, methods

SIDES = np.array([[[i, i ^ p, i ^ p ^ q, i ^ q] for i in (0, b)] for b, p, q in ((4, 2, 1), (2, 4, 1), (1, 4, 2))])
LENGTH, LONGEST = 0.4, 0.8  # of the line that shows an impulse: m per N·s, and m
ROOM, MESH = 0.3, 0.5  # of the floor beyond the motion, and of its squares (m)
TURNED, RAISED = np.radians(14), np.radians(21)  # the eye's direction
RIGHT = np.array([np.cos(TURNED), np.sin(TURNED), 0])
AHEAD = np.array([-np.sin(TURNED) * np.cos(RAISED), np.cos(TURNED) * np.cos(RAISED), -np.sin(RAISED)])
SCREEN = np.stack([RIGHT, np.cross(RIGHT, AHEAD)])
color = methods(ours=["cone"], rivals=["pyramid"])


def seen(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points (…, 3) are on the screen; NaN stays a gap."""
    x, y = np.moveaxis(points.reshape(-1, 3) @ SCREEN.T, -1, 0)
    return x, y


def on_floor(points: np.ndarray) -> np.ndarray:
    """The points (…, 2) of the floor in space."""
    return np.concatenate([points, 0 * points[..., :1]], -1)


def grid(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The lines of the floor's squares between two corners (2,), (n, 3) with gaps."""
    lines = []
    for along, across in ((0, 1), (1, 0)):
        for at in np.arange(np.ceil(low[across] / MESH), np.floor(high[across] / MESH) + 1) * MESH:
            ends = np.full((3, 2), np.nan)
            ends[:2, along], ends[:2, across] = (low[along], high[along]), at
            lines.append(ends)
    return on_floor(np.concatenate(lines))


def lines(corners: np.ndarray, impulses: np.ndarray, k: int) -> dict[str, Any]:
    """The box at frame k of its corners (steps, 8, 3), impulses (8, 3) there, and the floor under the whole motion."""
    here, nothing = corners[k], (np.full(1, np.nan), np.full(1, np.nan))
    along = LENGTH * impulses
    along *= np.minimum(1, LONGEST / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-12))
    arrows = np.full((8, 3, 3), np.nan)
    arrows[:, 0], arrows[:, 1] = here - along, here  # from under the floor, where nothing hides it
    low, high = np.nanmin(corners, (0, 1)) - ROOM, np.nanmax(corners, (0, 1)) + ROOM
    rim = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]], [low[0], low[1]]])
    across, up = seen(np.concatenate([on_floor(rim), corners[np.isfinite(corners).all((1, 2))].reshape(-1, 3)]))
    data: dict[str, Any] = {
        "floor": seen(on_floor(rim)),
        "grid": seen(grid(low[:2], high[:2])),
        "impulses": seen(arrows.reshape(-1, 3)),
        "across": [float(across.min()), float(across.max())],
        "up": [float(up.min()) - 0.1, float(up.max()) + 0.1],
        "shadow": nothing,
    }
    for axis_name, faces in zip("xyz", SIDES, strict=True):
        data[f"face {axis_name}"] = nothing
        for face in faces:
            if np.isfinite(here).all() and (here[face].mean(0) - here.mean(0)) @ AHEAD < 0:
                data[f"face {axis_name}"] = seen(here[[*face, face[0]]])
    if np.isfinite(here).all():
        hull = ConvexHull(here[:, :2]).vertices
        data["shadow"] = seen(on_floor(here[[*hull, hull[0]], :2]))
    return data


def scene() -> Panel:
    """The box over the floor."""
    quiet: dict[str, Any] = {"hoverinfo": "skip"}
    hidden = {"visible": False}
    faces = [
        curve(f"face {name}", shade=ink(0.9), width=1.2, fill="toself", fillcolor=color("cone"), opacity=alpha, **quiet)
        for name, alpha in (("x", 0.6), ("y", 0.95), ("z", 0.75))
    ]
    return panel(
        "The floor pushes at the corners that touch it",
        curve("floor", shade=ink(0.0), width=0, fill="toself", fillcolor=ink(0.06), **quiet),
        thin("grid", f"floor, every {MESH:g} m", ink(0.2), width=1, **quiet),
        curve("shadow", shade=ink(0.0), width=0, fill="toself", fillcolor=ink(0.25), **quiet),
        thin("path", "path of the centre", ink(0.7), **quiet),
        *faces,
        curve("impulses", "impulse of the floor", ORANGE, width=5, **quiet),
        x=axis("", "across", constrain="domain", **hidden),
        y=axis("", "up", equal=True, **hidden),
        height=380,
        wide=True,
    )
