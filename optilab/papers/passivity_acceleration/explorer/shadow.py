"""Iterations beside the ODEs that claim to be their limit, as the step shrinks."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.passivity_acceleration.algorithm import (
    Method,
    cayley,
    design_of,
    heavy_ball_flow,
    nesterov_tuning,
    triple_momentum_tuning,
)
from optilab.papers.passivity_acceleration.experiment.flows import CURVED, START, Shadows, designs, shadows
from optilab.ui.controls import choice, log_slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, GREEN, INK, ORANGE, PURPLE, landscape

LONGEST = 1 / CURVED.L
FLOWS = {
    "low resolution": (ORANGE, "solid"),
    "feedback with c = 1": (PURPLE, "solid"),
    "matched feedback": (GREEN, "solid"),
    "exact map": (BLUE, "dash"),
}
NAMES = ["Nesterov", "heavy ball", "triple momentum"]
SIZES = np.geomspace(1 / 256, 1, 9)
ALONE = ("low resolution", "exact map")  # what is drawn for the other methods


def method_at(name: str, s: float) -> Method:
    """The method with step s: s for 1/L in its table, Nesterov's β for heavy ball."""
    if name == "heavy ball":
        return Method(s, cayley(CURVED.mu, s), 0.0)
    return nesterov_tuning(CURVED.mu, CURVED.L, s) if name == "Nesterov" else triple_momentum_tuning(CURVED.mu, 1 / s)


@lru_cache(maxsize=256)
def followed(name: str, s: float) -> Shadows:
    """The method and all flows at one step size; NaN for flows that don't belong to it."""
    method = method_at(name, s)
    if name == "Nesterov":
        table = designs(CURVED.mu, s, method)
    else:
        table = dict(zip(ALONE, (heavy_ball_flow(CURVED.mu), design_of(*method[:3])), strict=True))
    drawn = [name for name in FLOWS if name in table]
    substeps = 2 if s >= LONGEST / 16 else 1
    some = shadows(CURVED, START, method, [table[flow] for flow in drawn], substeps=substeps)
    flows = np.full((len(some.t), len(FLOWS), 2), np.nan)
    flows[:, [list(FLOWS).index(flow) for flow in drawn]] = some.flows
    return Shadows(some.t, some.points, flows)


@lru_cache(maxsize=3)
def error_curves(name: str) -> np.ndarray:
    """Largest error of each flow at each of `SIZES`, (sizes, flows)."""
    return np.array([followed(name, LONGEST * size).errors for size in SIZES])


def compute(size: float, name: str) -> dict[str, Any]:
    """Paths, distances over time and largest distances at one step size s = size/L."""
    run = followed(name, LONGEST * size)
    apart = np.linalg.norm(run.flows - run.points[:, None], axis=-1)
    errors = error_curves(name)
    roots = np.sqrt(LONGEST * SIZES)
    data: dict[str, Any] = {
        "points_x": run.points[:, 0],
        "points_y": run.points[:, 1],
        "t": run.t,
        "roots": roots,
        "now_x": float(np.sqrt(LONGEST * size)),
        "first_order": 0.45 * roots / roots[-1],
        "second_order": 0.1 * (roots / roots[-1]) ** 2,
        "headline": f"{len(run.t) - 1} steps of {name} and the flows that claim to be it",
    }
    for index, flow in enumerate(FLOWS):
        key = flow.replace(" ", "_")
        data |= {
            f"{key}_x": run.flows[:, index, 0],
            f"{key}_y": run.flows[:, index, 1],
            f"{key}_apart": np.where(apart[:, index] > 1e-8, apart[:, index], np.nan),
            f"{key}_error": errors[:, index],
        }
    orders = np.log(errors[0] / errors[2]) / np.log(roots[0] / roots[2])
    low, exact = run.errors[[0, 3]]
    text = f"s = 1/({1 / size:.3g} L): the low-resolution ODE is off by {low:.1e}, the exact map by {exact:.1e}"
    if name == "Nesterov":
        matched = run.errors[2]
        text += f", the matched feedback by {matched:.1e}, {low / matched:.3g} times less than the first"
    tail = f". Order in √s of the smallest steps: {orders[0]:.1f} against {orders[3]:.1f}."
    return data | {"note": text + tail}


def code(values: dict[str, Any]) -> str:
    """The call of the experiment that gives the same curves."""
    s = LONGEST * values["size"]
    method = {
        "Nesterov": f"algorithm.nesterov_tuning(problem.mu, problem.L, {s:.6g})",
        "heavy ball": f"algorithm.Method({s:.6g}, algorithm.cayley(problem.mu, {s:.6g}), 0.0)",
        "triple momentum": f"algorithm.triple_momentum_tuning(problem.mu, 1 / {s:.6g})",
    }[values["name"]]
    return (
        "from optilab.papers.passivity_acceleration import algorithm\n"
        "from optilab.papers.passivity_acceleration.experiment.flows import CURVED as problem, START, shadows\n\n"
        f"method = {method}\n"
        "flows = [algorithm.heavy_ball_flow(problem.mu), algorithm.design_of(*method[:3])]\n"
        "shadows(problem, START, method, flows).errors"
    )


def shadow(**start: Any) -> Explorer:
    """Shrink the step and see which ODE the iteration follows."""
    for name in NAMES:
        error_curves(name)
    xs, ys = np.linspace(-0.3, 0.65, 61), np.linspace(-0.6, 0.35, 61)
    heights = np.log(CURVED(np.stack(np.meshgrid(xs, ys), -1)) + 0.05)

    def flows(x: str, y: str, explained: bool = False) -> list[tuple[Any, dict[str, str]]]:
        return [
            (
                go.Scatter(
                    name=flow, showlegend=explained, mode="lines", line={"color": colour, "dash": dash, "width": 2}
                ),
                {"x": x.format(flow.replace(" ", "_")), "y": y.format(flow.replace(" ", "_"))},
            )
            for flow, (colour, dash) in FLOWS.items()
        ]

    guide = {"mode": "lines", "hoverinfo": "skip", "line": {"color": INK, "dash": "dot", "width": 1}}
    return Explorer(
        compute,
        {
            "size": log_slider("step s, in units of 1/L", 1 / 4, 1 / 256, 1.0, steps=32),
            "name": choice("method", "Nesterov", NAMES),
        },
        [
            Panel(
                "",
                [
                    (landscape(x=xs, y=ys, z=heights), {}),
                    *flows("{}_x", "{}_y", explained=True),
                    (
                        go.Scatter(
                            name="the iteration", mode="markers", marker={"color": INK, "size": 5, "symbol": "circle"}
                        ),
                        {"x": "points_x", "y": "points_y"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "x₁"}, "range": [xs[0], xs[-1]]},
                    "yaxis": {"title": {"text": "x₂"}, "range": [ys[0], ys[-1]]},
                },
                {"title": "headline"},
                height=360,
            ),
            Panel(
                "How far apart they are, clock tick by clock tick",
                flows("t", "{}_apart"),
                {
                    "xaxis": {"title": {"text": "time t = k√α"}},
                    "yaxis": {"title": {"text": "distance to the iteration"}, "type": "log", "dtick": 1},
                },
                height=360,
            ),
            Panel(
                "The largest distance as the step shrinks: one order or two",
                [
                    *flows("roots", "{}_error"),
                    (go.Scatter(name="∝ √s", **guide), {"x": "roots", "y": "first_order"}),
                    (go.Scatter(name="∝ s", **guide), {"x": "roots", "y": "second_order"}),
                ],
                {
                    "xaxis": {"title": {"text": "√s"}, "type": "log", "tickvals": [0.02, 0.05, 0.1, 0.2]},
                    "yaxis": {"title": {"text": "largest distance up to t = 3"}, "type": "log", "dtick": 1},
                    "shapes": [
                        {
                            "type": "line",
                            "x0": -1,
                            "x1": -1,
                            "y0": 0,
                            "y1": 1,
                            "yref": "paper",
                            "line": {"width": 1, "color": INK},
                        }
                    ],
                },
                {"shapes[0].x0": "now_x", "shapes[0].x1": "now_x"},
                height=360,
            ),
        ],
        call="optilab.papers.passivity_acceleration.explorer.shadow",
        start=start,
        code=code,
    )
