"""A mass slides to rest, seen from above: under the exact cone, and under the pyramid."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm.sliding import MODELS, heading, pyramid_path, sliding
from optilab.papers.dojo.experiment.friction import polar
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color, ink

FRAMES, LEAST, MOST = 40, 283, 500
H = 0.01  # s, unless the pyramid's slide along the diagonal, the longest, would take less or more steps than those
ALL = np.linspace(0, 90, 91)
TURN = np.linspace(0, 2 * np.pi, 73)
SETS = {
    "cone": np.stack([np.cos(TURN), np.sin(TURN)]),
    "pyramid": np.array([[1.0, 0, -1, 0, 1], [0, 1, 0, -1, 0]]),
}


def step_size(speed: float, mu: float) -> float:
    """A time step (s) with which the pyramid's diagonal, braked by μg/√2, is at rest after LEAST to MOST steps."""
    longest = np.sqrt(2) * speed / (mu * 9.81)
    return float(np.clip(H, longest / MOST, longest / LEAST))


@lru_cache(maxsize=16)
def slides(angle: float, speed: float, mu: float) -> dict[str, Trace]:
    """Both slides."""
    v0, h = polar(speed, angle), step_size(speed, mu)
    return {model: run(sliding(v0, mu=mu, h=h, model=model), MOST + 2) for model in MODELS}


def compute(frame: int, angle: float, speed: float, mu: float) -> dict[str, Any]:
    """Paths up to a frame of the animation, what friction may give there, and the headings of all starts."""
    both = slides(round(angle, 6), round(speed, 6), round(mu, 6))
    longest = max(len(trace.step) for trace in both.values()) - 1
    reach = 1.08 * max(float(trace.x.max()) for trace in both.values())
    data: dict[str, Any] = {
        "all": ALL,
        "true_x": np.array([0, 3 * reach * np.cos(np.radians(angle))]),
        "true_y": np.array([0, 3 * reach * np.sin(np.radians(angle))]),
        "reach": [-0.06 * reach, reach],
        "span": [-0.42 * speed, 1.12 * speed],
        "start": np.array([angle]),
    }
    ends = {}
    for model, trace in both.items():
        k = min(int(np.ceil(frame / FRAMES * longest)), len(trace.step) - 1)
        every = max(1, len(trace.step) // 200)
        shown = np.unique(np.append(np.arange(0, k + 1, every), k))
        whole = np.unique(np.append(np.arange(0, len(trace.step), every), len(trace.step) - 1))
        v = trace.v[k]
        ring = v[:, None] + 0.28 * speed * SETS[model]
        push = trace.b[min(k + 1, len(trace.step) - 1)]
        tip = v + 0.28 * speed * push / (mu * 9.81 * step_size(speed, mu))
        data |= {
            f"{model}_x": trace.x[shown, 0],
            f"{model}_y": trace.x[shown, 1],
            f"{model}_at_x": trace.x[[k], 0],
            f"{model}_at_y": trace.x[[k], 1],
            f"{model}_v_x": trace.v[whole, 0],
            f"{model}_v_y": trace.v[whole, 1],
            f"{model}_ring_x": ring[0],
            f"{model}_ring_y": ring[1],
            f"{model}_push_x": np.array([v[0], tip[0]]),
            f"{model}_push_y": np.array([v[1], tip[1]]),
        }
        ends[model] = trace.x[-1]
    found = {model: float(heading(end)) for model, end in ends.items()}
    starts = polar(1.0, ALL)
    data |= {
        "bend": heading(pyramid_path(starts, 1.0)) - ALL,
        "none": np.zeros(len(ALL)),
        "bend_now": np.array([found["pyramid"] - angle]),
        "note": (
            f"Started at {angle:.1f}°. Under the cone the mass stops after {np.linalg.norm(ends['cone']):.2f} m at "
            f"{found['cone']:.1f}°, under the pyramid after {np.linalg.norm(ends['pyramid']):.2f} m at "
            f"<b>{found['pyramid']:.1f}°</b>: {abs(found['pyramid'] - angle):.1f}° off."
        ),
    }
    return data


def code(values: dict[str, Any]) -> str:
    """The pyramid's slide by hand."""
    h = step_size(values["speed"], values["mu"])
    return (
        "from optilab.papers.dojo.algorithm import heading, sliding\n"
        "from optilab.papers.dojo.experiment.friction import polar\n\n"
        f"v0 = polar({values['speed']:.10g}, {values['angle']:.10g})\n"
        f'*_, last = sliding(v0, mu={values["mu"]:.10g}, h={h:.10g}, model="pyramid")\n'
        "heading(last.x)"
    )


def _paths() -> Panel:
    traces: list[tuple[Any, dict[str, str]]] = [
        (
            go.Scatter(name="true heading", mode="lines", line={"color": ink(0.6), "dash": "dot", "width": 1.5}),
            {"x": "true_x", "y": "true_y"},
        )
    ]
    for model in MODELS:
        line = {"color": color(model), "width": 2.6}
        traces.append((go.Scatter(name=model, mode="lines", line=line), {"x": f"{model}_x", "y": f"{model}_y"}))
        marker = {"color": color(model), "size": 14, "symbol": "square"}
        at = go.Scatter(showlegend=False, mode="markers", marker=marker)
        traces.append((at, {"x": f"{model}_at_x", "y": f"{model}_at_y"}))
    box = {
        "xaxis": {"title": {"text": "x (m)"}, "constrain": "domain"},
        "yaxis": {"title": {"text": "y (m)"}, "scaleanchor": "x", "constrain": "domain"},
    }
    moving = {"xaxis.range": "reach", "yaxis.range": "reach"}
    return Panel("From above: the pyramid bends the path to the diagonal", traces, box, moving, height=360)


def _velocities() -> Panel:
    traces: list[tuple[Any, dict[str, str]]] = []
    for model in MODELS:
        shade = color(model)
        line = go.Scatter(name=f"velocity, {model}", mode="lines", line={"color": shade, "width": 2.2})
        ring = go.Scatter(showlegend=False, mode="lines", line={"color": shade, "width": 1, "dash": "dot"})
        arrow = go.Scatter(
            showlegend=False,
            mode="lines+markers",
            line={"color": shade, "width": 2.5},
            marker={"symbol": ["circle", "arrow"], "size": [7, 12], "angleref": "previous", "color": shade},
        )
        traces += [
            (line, {"x": f"{model}_v_x", "y": f"{model}_v_y"}),
            (ring, {"x": f"{model}_ring_x", "y": f"{model}_ring_y"}),
            (arrow, {"x": f"{model}_push_x", "y": f"{model}_push_y"}),
        ]
    box = {
        "xaxis": {"title": {"text": "v_x (m/s)"}, "constrain": "domain"},
        "yaxis": {"title": {"text": "v_y (m/s)"}, "scaleanchor": "x", "constrain": "domain"},
    }
    title = "Why: a pyramid's strongest pull sits at its corner, so it brakes the faster axis first"
    return Panel(title, traces, box, {"xaxis.range": "span", "yaxis.range": "span"}, height=360)


def _bends() -> Panel:
    shade = color("pyramid")
    return Panel(
        "Exact at 0°, 45° and 90° only",
        [
            (
                go.Scatter(name="cone", mode="lines", line={"color": color("cone"), "width": 2}),
                {"x": "all", "y": "none"},
            ),
            (
                go.Scatter(name="pyramid, h → 0", mode="lines", line={"color": shade, "dash": "dash", "width": 2}),
                {"x": "all", "y": "bend"},
            ),
            (
                go.Scatter(name="this slide", mode="markers", marker={"color": shade, "size": 11, "symbol": "square"}),
                {"x": "start", "y": "bend_now"},
            ),
        ],
        {
            "xaxis": {"title": {"text": "start heading (°)"}, "tickvals": [0, 15, 30, 45, 60, 75, 90]},
            "yaxis": {"title": {"text": "heading error (°)"}},
        },
        height=360,
    )


def cone_against_pyramid(**start: Any) -> Explorer:
    """Play two slides from the same start: heading, speed and friction."""
    return Explorer(
        compute,
        {
            "frame": player("time", FRAMES, FRAMES, interval=60),
            "angle": slider("start heading (°)", 11.0, 0, 90, 0.5, named={"diagonal": 45.0}),
            "speed": slider("speed (m/s)", 4.0, 0.5, 5, 0.1),
            "mu": slider("friction μ", 0.25, 0.05, 1, 0.05),
        },
        [_paths(), _velocities(), _bends()],
        call="optilab.papers.dojo.explorer.cone_against_pyramid",
        start=start,
        code=code,
    )
