"""The slide itself, in the plane: one frozen gradient, an inner path, two points that come out."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run
from optilab.papers.gradient_sliding.algorithm import gradient_sliding, prox_sliding, rf_sgs
from optilab.papers.gradient_sliding.experiment import bound_of, constants
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color, ink, landscape

N = 30
LEAST = 2.0  # target scale of starts beside the optimum, whose own gap would ask for endless slides
SIDE = np.linspace(-2.5, 2.5, 61)
GRID = np.stack(np.meshgrid(SIDE, SIDE), -1)
UNIT = GRID / 2.5


def plane() -> RobustRegression:
    """A tilted valley f, centred at (1.5, −0.5), and three creases h."""
    cos, sin = np.cos(0.5), np.sin(0.5)
    turn = np.array([[cos, -sin], [sin, cos]])
    H = turn @ np.diag([8.0, 0.4]) @ turn.T
    A = np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 1.0]])
    return RobustRegression(H, H @ [1.5, -0.5], A, np.array([1.0, 0.0, 0.5]), 0.4)


PLANE = plane()


@lru_cache(maxsize=16)
def slid(x: float, y: float) -> dict[str, Any]:
    """All outer steps from a start, with the points that the inner loops visit."""
    x0 = np.array([x, y])
    known = constants(PLANE, x0, stochastic=False)
    known["D"] = max(known["D"], LEAST)
    plan = rf_sgs(**known, N=N)
    trace = run(gradient_sliding(PLANE, x0, plan), N)
    paths = [np.array([x0])]
    averages = [np.array([x0])]
    for k in range(N):
        g = PLANE.grad(trace.xu[k + 1])
        inner = prox_sliding(PLANE, g, trace.x[k], beta=plan.beta[k], B=plan.B[k], T=plan.T[k])
        record = run(inner, int(plan.T[k]))
        paths.append(record.u)
        averages.append(record.ut)
    gap = PLANE(trace.xbar) - PLANE.minimum
    bound = bound_of(PLANE, x0, plan, D=known["D"])
    return {
        "bound": bound,
        "plan": plan,
        "trace": trace,
        "paths": paths,
        "averages": averages,
        "gap": np.maximum(gap, 1e-12),
    }


def compute(k: int, x: float, y: float) -> dict[str, Any]:
    """What is known after k outer steps, and the landscape that the last inner loop saw."""
    all_steps = slid(round(x, 6), round(y, 6))
    plan, trace, path, average = (all_steps[name] for name in ("plan", "trace", "paths", "averages"))
    xbar, centre, xu = trace.xbar[: k + 1], trace.x[max(k - 1, 0)], trace.xu[k]
    g, beta = PLANE.grad(xu), plan.beta[max(k - 1, 0)]
    middle, half = (path[k].max(0) + path[k].min(0)) / 2, max(0.25, 0.65 * float(np.ptp(path[k], 0).max()))
    near = middle + half * UNIT
    model = (
        near @ g
        + abs(PLANE.residual(near)).mean(-1)
        + PLANE.mu / 2 * (near**2).sum(-1)
        + beta / 2 * ((near - centre) ** 2).sum(-1)
    )
    tip = xu - 0.7 * g / max(float(np.linalg.norm(g)), 1e-9)
    slide_length = "no step yet" if k == 0 else f"{plan.T[k - 1]} subgradient{'s' if plan.T[k - 1] > 1 else ''}"
    gap = all_steps["gap"]
    if k == 0:
        note = "Before the first step. Press play, or click anywhere to start from there."
    else:
        note = (
            f"Outer step {k}: one gradient, frozen at ×; then {plan.T[k - 1]} inner "
            f"step{'s' if plan.T[k - 1] > 1 else ''}. In all {k} gradients, {trace.subgradients[k]} subgradients, "
            f"gap {gap[k]:.1e}."
        )
    return {
        "bar_x": xbar[:, 0],
        "bar_y": xbar[:, 1],
        "now_x": xbar[-1:, 0],
        "now_y": xbar[-1:, 1],
        "arrow_x": np.array([xu[0], tip[0]]),
        "arrow_y": np.array([xu[1], tip[1]]),
        "path_x": path[k][:, 0],
        "path_y": path[k][:, 1],
        "average_x": average[k][1:, 0],
        "average_y": average[k][1:, 1],
        "end_x": average[k][-1:, 0],
        "end_y": average[k][-1:, 1],
        "model": np.log1p(model - model.min()),
        "near_x": near[0, :, 0],
        "near_y": near[:, 0, 1],
        "range_x": [middle[0] - half, middle[0] + half],
        "range_y": [middle[1] - half, middle[1] + half],
        "k": np.arange(N + 1),
        "gap": gap,
        "bound": all_steps["bound"],
        "k_now": np.array([k]),
        "gap_now": gap[k : k + 1],
        "subgradients": trace.subgradients,
        "model_title": f"What this inner loop sees, near its path: f is a slope ({slide_length})",
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The run by hand."""
    return (
        "import numpy as np\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.gradient_sliding import algorithm, experiment, explorer\n\n"
        f"problem, x0 = explorer.PLANE, np.array([{values['x']:.1f}, {values['y']:.1f}])\n"
        "known = experiment.constants(problem, x0, stochastic=False)\n"
        f'known["D"] = max(known["D"], {LEAST})\n'
        f"plan = algorithm.rf_sgs(**known, N={N})\n"
        f"run(algorithm.gradient_sliding(problem, x0, plan), {values['k']})"
    )


def slide(**start: Any) -> Explorer:
    """Play through 30 outer steps; click sets the start."""
    heights = np.log1p(PLANE(GRID) - PLANE.minimum)
    box = {
        "xaxis": {"range": [-2.5, 2.5], "title": {"text": "x₁"}, "constrain": "domain"},
        "yaxis": {"range": [-2.5, 2.5], "title": {"text": "x₂"}, "scaleanchor": "x", "constrain": "domain"},
    }
    blue = color("RF-SGS")
    best = PLANE.minimizer
    orange = color("M-SGS")
    return Explorer(
        compute,
        {
            "k": player("outer step k", 22, N, interval=600),
            "x": slider("start x₁", -2.0, -2.4, 2.4, 0.1),
            "y": slider("start x₂", 2.0, -2.4, 2.4, 0.1),
        },
        [
            Panel(
                "The whole landscape Ψ: the averages x̄ walk to the optimum ☆ (click: start there)",
                [
                    (landscape(x=SIDE, y=SIDE, z=heights), {}),
                    (
                        go.Scatter(
                            x=[best[0]],
                            y=[best[1]],
                            mode="markers",
                            showlegend=False,
                            marker={"symbol": "star-open", "size": 13, "color": ink(0.9)},
                        ),
                        {},
                    ),
                    (
                        go.Scatter(name="averages x̄", mode="lines+markers", line={"color": blue}, marker={"size": 4}),
                        {"x": "bar_x", "y": "bar_y"},
                    ),
                    (
                        go.Scatter(showlegend=False, mode="markers", marker={"color": blue, "size": 11}),
                        {"x": "now_x", "y": "now_y"},
                    ),
                    (
                        go.Scatter(
                            name="frozen −∇f",
                            mode="lines+markers",
                            line={"color": ink(0.85), "width": 2},
                            marker={"symbol": ["x-thin-open", "arrow"], "size": [9, 11], "angleref": "previous"},
                        ),
                        {"x": "arrow_x", "y": "arrow_y"},
                    ),
                ],
                box,
                click=("x", "y"),
                height=380,
            ),
            Panel(
                "",
                [
                    (landscape(), {"x": "near_x", "y": "near_y", "z": "model"}),
                    (
                        go.Scatter(
                            name="inner path uₜ", mode="lines+markers", line={"color": orange}, marker={"size": 6}
                        ),
                        {"x": "path_x", "y": "path_y"},
                    ),
                    (
                        go.Scatter(
                            name="its average ũₜ",
                            mode="lines+markers",
                            line={"color": blue, "dash": "dot"},
                            marker={"size": 5},
                        ),
                        {"x": "average_x", "y": "average_y"},
                    ),
                    (
                        go.Scatter(showlegend=False, mode="markers", marker={"color": blue, "size": 10}),
                        {"x": "end_x", "y": "end_y"},
                    ),
                ],
                box,
                {"title": "model_title", "xaxis.range": "range_x", "yaxis.range": "range_y"},
                height=380,
            ),
            Panel(
                "The gap per gradient, and what each has cost in subgradients",
                [
                    (go.Scatter(name="bound", line={"color": blue, "dash": "dash"}), {"x": "k", "y": "bound"}),
                    (go.Scatter(name="gap", line={"color": blue}), {"x": "k", "y": "gap"}),
                    (
                        go.Scatter(showlegend=False, mode="markers", marker={"color": blue, "size": 11}),
                        {"x": "k_now", "y": "gap_now"},
                    ),
                    (
                        go.Scatter(name="subgradients so far", yaxis="y2", line={"color": orange, "shape": "hv"}),
                        {"x": "k", "y": "subgradients"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "gradients of f"}},
                    "yaxis": {"type": "log", "title": {"text": "gap"}},
                    "yaxis2": {
                        "overlaying": "y",
                        "side": "right",
                        "tickmode": "auto",
                        "nticks": 5,
                        "showgrid": False,
                        "rangemode": "tozero",
                        "title": {"text": "subgradients"},
                    },
                    "margin": {"r": 52},
                },
                height=380,
            ),
        ],
        call="optilab.papers.gradient_sliding.explorer.slide",
        start=start,
        code=code,
    )
