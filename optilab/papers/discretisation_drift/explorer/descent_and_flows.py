"""Gradient descent and the flows that try to follow it, on any loss of two variables."""

from typing import Any

import numpy as np

from optilab.papers.discretisation_drift.explorer.parts import LINES, NAMES, color
from optilab.papers.discretisation_drift.explorer.trajectories import (
    GRID,
    VIEW,
    descent_and_flow,
    loss_of,
    trajectories,
)
from optilab.ui.controls import choice, formula, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, curve, dots, entry, guide, here, log, panel, rule, walk

LOSSES = {
    "bowl": "x**2 + 0.01*y**2",
    "curved valley": "0.5*(1 - x)**2 + 2.5*(y - x**2)**2",
    "cubic": "0.95*x**2 + x**3/30 + 0.01*y**2",
}
MOMENTS = 60  # frames of the film


def compute(loss: str, h: float, steps: int, x0: float, y0: float, branch: str, moment: int) -> dict[str, Any]:
    """Iterates and flows, and where the flows are at a moment of the film; at the last one all steps are done."""
    data = trajectories(loss, h, steps, x0, y0, branch)
    iterate, along = data["descent along"]
    now = moment / MOMENTS * iterate[np.isfinite(along)][-1]
    until = np.flatnonzero(data["PF along"][0] <= now + 1e-9)
    at = np.array([[part[until[-1]] for part in data[name]] if len(until) else [x0, y0] for name in NAMES])
    away = {name: data[f"{name} error"][1][-1] for name in ("NGF", "PF")}
    words = note(data["z"], data["made"], steps, **away)
    return data | {"now": now, "flows now": (at[:, 0], at[:, 1]), "note": words}


def note(z: float, made: int, steps: int, NGF: float, PF: float) -> str:
    """What happens, in one sentence; how far the gradient flow and the principal flow are away at the last step."""
    if made < steps:
        return f"Gradient descent diverges: it has left the picture at step {made + 1} (hλ₀ = {z:.3g} at the start)."
    if abs(z - 1) < 1e-9:
        mode = "one step finishes the steepest direction: the principal flow would have to go there infinitely fast"
    elif z <= 0:
        mode = "at the start the loss curves nowhere upwards"
    elif z > 2:
        mode = "gradient descent zigzags and grows: beyond the edge of stability"
    elif z > 1:
        mode = "gradient descent zigzags and shrinks"
    else:
        mode = "gradient descent creeps down one side"
    away = f"At step {made} the gradient flow is {NGF:.1e} away from it, the principal flow {PF:.1e}."
    return f"hλ₀ = {z:.3g}: {mode}. {away}"


def edge(values: dict[str, Any], multiple: float) -> float:
    """The step h at which hλ₀ is `multiple`, λ₀ the largest curvature at the start."""
    steepest = np.linalg.eigvalsh(loss_of(values["loss"]).hess(np.array([values["x0"], values["y0"]])))[-1]
    if not steepest > 0:
        raise ValueError("the loss curves nowhere upwards at the start: there is no edge")
    return multiple / float(steepest)


def descent_and_flows(**start: Any) -> Explorer:
    """A loss that the reader types, gradient descent on it and the flows that try to follow."""
    edges = {"hλ₀ = 1": lambda values: edge(values, 1), "edge 2/λ₀": lambda values: edge(values, 2)}
    shades: Any = [shade for _, _, shade in LINES]
    return Explorer(
        compute,
        {
            "loss": formula("loss E(x, y) =", LOSSES["bowl"], named=LOSSES),
            "h": slider("learning rate h", 0.9, 0.05, 1.8, 0.01, named=edges),
            "steps": slider("steps", 5, 1, 30, 1),
            "branch": choice("cut of the logarithm", "rotated", [("turned away", "rotated"), ("NumPy's", "principal")]),
            "moment": player("play", MOMENTS, MOMENTS),
            "x0": slider("start x", -1.4, -VIEW, VIEW, 0.05),
            "y0": slider("start y", -0.8, -VIEW, VIEW, 0.05),
        },
        [
            panel(
                "Only one of the flows zigzags with gradient descent. Drag the start.",
                contour((GRID, GRID, "relief")),
                *(curve(name, label, shade) for name, label, shade in LINES),
                dots("descent", "gradient descent"),
                here("flows now", shade=shades, symbol="circle-open"),
                x=axis("x", [-VIEW, VIEW], showgrid=False),
                y=axis("y", [-VIEW, VIEW], showgrid=False),
                click=("x0", "y0"),
                height=400,
            ),
            panel(
                entry("steep"),
                *(curve(f"{name} along", "", shade, name=label) for name, label, shade in LINES),
                guide("imaginary", "|Im θ| of the principal flow", color("principal flow")),
                dots("descent along", name="gradient descent"),
                rule("now"),
                x=axis("time t/h (steps)", "span"),
                y=axis("position", "reach"),
                height=400,
            ),
            panel(
                entry("wrong"),
                *(walk(f"{name} error", "", shade, name=label) for name, label, shade in LINES),
                x=axis("steps n", "span"),
                y=log("distance to gradient descent"),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=descent_and_flow,
    )
