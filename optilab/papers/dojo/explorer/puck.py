"""iLQR pushes a puck out of stiction, if its gradients are smooth enough."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import Trace
from optilab.papers.dojo.experiment.puck import MOST, Q, T, plans
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color, ink

FRAMES, SLIDING = 30, 9.0  # frames of the animation, and the first guess's force where it slides, N
REST, PUSHED = "no force", "a push that slides"
STEP = 0.1  # s


def simulate(kappa: float, mu: float, x: float, y: float, first: str, progress: Callable[[float, float], Any]) -> Trace:
    """All iterations."""
    goal = np.array([x, y])
    force = SLIDING * goal / max(float(np.linalg.norm(goal)), 1e-9) if first == PUSHED else np.zeros(2)
    return plans(mu, kappa, goal, force, progress=progress)


def compute(*, frame: int, kappa: float, mu: float, x: float, y: float, first: str, run: Trace) -> dict[str, Any]:
    """The plan at a frame of the animation, beside the first and all costs."""
    last = len(run.step) - 1
    k = int(np.ceil(frame / FRAMES * last))
    path, force = run.z[k], run.F[k].reshape(T, 2)
    size = np.linalg.norm(force, axis=-1)
    cost, slope = run.cost, run.slope
    staying = float(np.array([x, y]) @ Q[:2, :2] @ [x, y]) / 2
    reach = 1.12 * float(max(abs(x), abs(y), 0.4, np.abs(path[:, :2]).max()))
    end = "settled" if run.settled[-1] else f"stopped after {MOST}"
    after = f"after {last} iteration{'s' if last != 1 else ''}"
    moved = np.linalg.norm(run.z[-1, -1, :2])
    if first == REST and cost[-1] > 0.99 * cost[0] and staying > 1:
        note = (
            f"<b>Stuck in stiction</b>: {end} {after} with cost {cost[-1]:.4g}, that of staying at rest "
            f"({staying:.4g}). The gradient it sees is {slope[0]:.1e} long: too short to tell it to push."
        )
    else:
        note = (
            f"Cost {cost[0]:.3g} → <b>{cost[-1]:.3g}</b>, {end} {after}; the puck moves {moved:.2f} m. "
            f"At the start the gradient is {slope[0]:.2g} long. Shown: iteration {k}."
        )
    return {
        "x": path[:, 0],
        "y": path[:, 1],
        "end_x": path[-1:, 0],
        "end_y": path[-1:, 1],
        "goal_x": np.array([x]),
        "goal_y": np.array([y]),
        "range": [-reach, reach],
        "k": run.step,
        "cost": cost,
        "k_now": run.step[[k]],
        "cost_now": cost[[k]],
        "cost_span": [
            float(np.log10(max(0.5 * cost.min(), 1e-3))),
            float(np.log10(2 * max(cost.max(), staying, 1e-2))),
        ],
        "staying": np.full(2, max(staying, 1e-3)),
        "ends": np.array([0, max(last, 1)]),
        "t": STEP * np.repeat(np.arange(T + 1), 2)[1:-1],
        "size": np.repeat(size, 2),
        "loose_t": np.array([0, STEP * T]),
        "loose": np.full(2, mu * 9.81),
        "force_span": [0, 1.15 * float(max(size.max(), 1.4 * mu * 9.81))],
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The run by hand."""
    x, y = values["x"], values["y"]
    length = max(float(np.hypot(x, y)), 1e-9)
    force = (SLIDING * x / length, SLIDING * y / length) if values["first"] == PUSHED else (0.0, 0.0)
    return (
        "from optilab.papers.dojo.experiment.puck import plans\n\n"
        f"goal, force = ({x:.2f}, {y:.2f}), ({force[0]:.3f}, {force[1]:.3f})\n"
        f"trace = plans({values['mu']:.2f}, {values['kappa']:.4g}, goal, force)\n"
        "trace.cost[-1]"
    )


def push(**start: Any) -> Explorer:
    """Choose how smooth the gradients are and where the puck shall go; runs at the press of the button."""
    shade = color("iLQR")
    side = {"constrain": "domain", "dtick": 0.5}
    return Explorer(
        compute,
        {
            "kappa": log_slider(
                "gradients' κ_g", 0.1, 1e-6, 1, steps=24, readout=".1e", named={"0.001": 1e-3, "0.1": 0.1}
            ),
            "mu": slider("friction μ", 0.5, 0.2, 0.8, 0.05),
            "first": choice("first guess", REST, [REST, PUSHED]),
            "x": slider("goal x (m)", 1.0, -1.2, 1.2, 0.05),
            "y": slider("goal y (m)", 0.5, -1.2, 1.2, 0.05),
            "frame": player("replay the iterations", FRAMES, FRAMES, interval=120),
        },
        [
            Panel(
                "From above: the plan's path to the goal ☆ (click: another goal)",
                [
                    (
                        go.Scatter(
                            name="puck, every 0.1 s",
                            mode="lines+markers",
                            line={"color": shade, "width": 2},
                            marker={"size": 6},
                        ),
                        {"x": "x", "y": "y"},
                    ),
                    (
                        go.Scatter(showlegend=False, mode="markers", marker={"color": shade, "size": 18}),
                        {"x": "end_x", "y": "end_y"},
                    ),
                    (
                        go.Scatter(
                            showlegend=False,
                            mode="markers",
                            marker={"symbol": "star-open", "size": 15, "color": ink(0.9), "line": {"width": 2}},
                        ),
                        {"x": "goal_x", "y": "goal_y"},
                    ),
                ],
                {
                    "xaxis": side | {"title": {"text": "x (m)"}},
                    "yaxis": side | {"title": {"text": "y (m)"}, "scaleanchor": "x"},
                },
                {"xaxis.range": "range", "yaxis.range": "range"},
                click=("x", "y"),
                height=340,
            ),
            Panel(
                "Does the cost leave that of staying where it is?",
                [
                    (
                        go.Scatter(
                            name="staying", mode="lines", line={"color": ink(0.7), "dash": "dash", "width": 1.5}
                        ),
                        {"x": "ends", "y": "staying"},
                    ),
                    (
                        go.Scatter(
                            name="cost J", mode="lines+markers", line={"color": shade, "width": 2.4}, marker={"size": 5}
                        ),
                        {"x": "k", "y": "cost"},
                    ),
                    (
                        go.Scatter(showlegend=False, mode="markers", marker={"color": shade, "size": 12}),
                        {"x": "k_now", "y": "cost_now"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "iteration"}},
                    "yaxis": {"type": "log", "dtick": "D2", "title": {"text": "cost J"}},
                },
                {"yaxis.range": "cost_span"},
                height=340,
            ),
            Panel(
                "A useful force has to exceed μmg",
                [
                    (
                        go.Scatter(
                            name="breaks loose, μmg",
                            mode="lines",
                            line={"color": ink(0.7), "dash": "dash", "width": 1.5},
                        ),
                        {"x": "loose_t", "y": "loose"},
                    ),
                    (
                        go.Scatter(name="force", mode="lines", line={"color": shade, "width": 2.4}),
                        {"x": "t", "y": "size"},
                    ),
                ],
                {"xaxis": {"title": {"text": "time (s)"}}, "yaxis": {"title": {"text": "‖F‖ (N)"}}},
                {"yaxis.range": "force_span"},
                height=340,
            ),
        ],
        call="optilab.papers.dojo.explorer.push",
        start=start,
        code=code,
        simulate=simulate,
        run="Plan",
    )
