"""Heavy ball in its three-cycle beside the methods that arrive, and the passivity test that tells them apart."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run
from optilab.papers.passivity_acceleration.algorithm import (
    Method,
    circle_curve,
    circle_margin,
    gradient_descent_tuning,
    momentum_method,
    nesterov_tuning,
)
from optilab.papers.passivity_acceleration.experiment.failure import PROBLEM
from optilab.papers.passivity_acceleration.experiment.races import METHODS, together, tuned
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, ink

STEPS = 120
POSITIONS, MOVES = np.linspace(-5, 5, 201), np.linspace(-5, 5, 161)
ANGLES = np.concatenate([np.geomspace(1e-4, 0.3, 300), np.linspace(0.3, np.pi, 301)[1:]])


def method_on(name: str, mu: float, L: float, s: float | None = None) -> Method:
    """The method for the picture: gradient descent with 1/L, the others tuned; Nesterov with step s where given."""
    if name == "gradient descent":
        return gradient_descent_tuning(1 / L)
    return nesterov_tuning(mu, L, s) if name == "Nesterov" else tuned(name, mu, L)


def all_methods() -> Method:
    """The four as one. Nesterov takes s = 1/30: 1/25 would solve the steep branches in one step."""
    return together([method_on(name, PROBLEM.mu, PROBLEM.L, 1 / 30) for name in METHODS])


@lru_cache(maxsize=4)
def basin(name: str) -> np.ndarray:
    """Which starts (position, last move) never arrive, (moves, positions): 1 there and NaN elsewhere."""
    move, x = np.meshgrid(MOVES, POSITIONS, indexing="ij")
    method = method_on(name, PROBLEM.mu, PROBLEM.L, 1 / 30)
    before = (x - move).reshape(-1, 1)
    states = momentum_method(PROBLEM, x.reshape(-1, 1), method, before=before)
    late = run(states, 120, every=120, keep=("xi", "before"))
    lost = np.maximum(abs(late.xi[-1, :, 0]), abs(late.before[-1, :, 0])) > 0.1
    return np.where(lost, 1.0, np.nan).reshape(x.shape)


def compute(x0: float, move: float, name: str, kappa: float) -> dict[str, Any]:
    """All methods from one start; the chosen one in its phase plane and its passivity test at κ."""
    start = np.full((4, 1), x0)
    trace = run(momentum_method(PROBLEM, start, all_methods(), before=start - move), STEPS)
    size = np.maximum(abs(trace.x[..., 0]), 1e-16)
    chosen = METHODS.index(name)
    xi, step = trace.xi[:, chosen, 0], (trace.xi - trace.before)[:, chosen, 0]
    method = method_on(name, 1.0, kappa)
    curve = circle_curve(method, 1.0, kappa, ANGLES)
    whole = np.concatenate([np.conj(curve[::-1]), curve])
    margin = float(circle_margin(method, 1.0, kappa))
    top = abs(whole).max()
    low, high = whole.real.min(), whole.real.max()
    data: dict[str, Any] = {
        "k": trace.step,
        "xi": xi,
        "step": step,
        "start_x": xi[:1],
        "start_step": step[:1],
        "lost": basin(name),
        "curve_re": whole.real,
        "curve_im": whole.imag,
        "re_range": [min(low, 0) - 0.12 * top, high + 0.12 * top],
        "im_range": [-1.15 * abs(whole.imag).max() - 0.05, 1.15 * abs(whole.imag).max() + 0.05],
        "colour": color(name),
        "plane": f"Phase plane of {name}: click a start. Shaded ones never arrive",
        "last_x": xi[-3:],
        "last_step": step[-3:],
        "test": f"Passive? {name} at κ = {kappa:.3g} {'stays in' if margin > 0 else 'leaves'} the shaded half",
    }
    for index, method_name in enumerate(METHODS):
        data[method_name] = size[:, index]
    late = trace.xi[-6:, METHODS.index("heavy ball"), 0]
    if abs(late).max() > 1e-3:
        cycle = ", ".join(f"{value:.4f}" for value in late[-3:])
        text = f"<b>Heavy ball is caught</b>: {cycle}, for ever."
    else:
        text = "Heavy ball arrives from here."
    verdict = "passes" if margin > 0 else "fails"
    text += f" At κ = {kappa:.3g} {name} {verdict} the circle criterion (least real part {margin:.3f})."
    if margin <= 0 and name in ("Nesterov", "triple momentum"):
        text += " It converges all the same: the test is sufficient, not necessary."
    return data | {"note": text.replace("-", "−")}


def code(values: dict[str, Any]) -> str:
    """The call of the algorithm that gives the same iterates."""
    x0, move = f"{values['x0']:.4g}", f"{values['move']:.4g}"
    method = {
        "gradient descent": "gradient_descent_tuning(1 / 25)",
        "heavy ball": "heavy_ball_tuning(1, 25)",
        "Nesterov": "nesterov_tuning(1, 25, 1 / 30)",
        "triple momentum": "triple_momentum_tuning(1, 25)",
    }[values["name"]]
    return (
        "from optilab.core.run import run\n"
        "from optilab.papers.passivity_acceleration import algorithm\n"
        "from optilab.papers.passivity_acceleration.problems import ThreeSlopes\n\n"
        f"method = algorithm.{method}\n"
        f"run(algorithm.momentum_method(ThreeSlopes(), [{x0}], method, before=[{x0} - ({move})]), 120).x"
    )


def trap(**start: Any) -> Explorer:
    """Click a start in heavy ball's phase plane; below κ = 5.83 the passivity test would have vouched for it."""
    for name in METHODS:
        basin(name)
    shade = {"colorscale": [[0, ink(0.28)], [1, ink(0.28)]], "showscale": False, "hoverinfo": "skip"}
    return Explorer(
        compute,
        {
            "x0": slider("start x₀", 3.3, -5.0, 5.0, 0.01),
            "move": slider("last move x₀ − x₋₁", 0.0, -5.0, 5.0, 0.05, named={"at rest": 0.0}),
            "name": choice("phase plane and test of", "heavy ball", list(METHODS)),
            "kappa": log_slider("κ of the test", 25.0, 2.5, 250.0, steps=40),
        },
        [
            Panel(
                "Four methods from the same start: one may never arrive",
                [
                    (
                        go.Scatter(name=name, mode="lines", line={"color": color(name), "width": 2}),
                        {"x": "k", "y": name},
                    )
                    for name in METHODS
                ],
                {
                    "xaxis": {"title": {"text": "gradients k"}},
                    "yaxis": {"title": {"text": "|x|"}, "type": "log", "range": [-16.3, 1.7], "dtick": 4},
                },
                height=360,
            ),
            Panel(
                "",
                [
                    (go.Heatmap(x=POSITIONS, y=MOVES, **shade), {"z": "lost"}),
                    (
                        go.Scatter(mode="lines+markers", line={"width": 0.6}, marker={"size": 4}, hoverinfo="skip"),
                        {"x": "xi", "y": "step", "line.color": "colour", "marker.color": "colour"},
                    ),
                    (
                        go.Scatter(mode="markers", marker={"size": 10}, hoverinfo="skip"),
                        {"x": "last_x", "y": "last_step", "marker.color": "colour"},
                    ),
                    (
                        go.Scatter(
                            mode="markers",
                            name="start (click or drag)",
                            marker={"size": 13, "symbol": "x", "color": INK},
                        ),
                        {"x": "start_x", "y": "start_step"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "position x"}, "range": [-5, 5]},
                    "yaxis": {"title": {"text": "last move"}, "range": [-5, 5]},
                    "shapes": [
                        {
                            "type": "line",
                            "x0": -5,
                            "x1": 5,
                            "y0": 0,
                            "y1": 0,
                            "line": {"width": 1, "dash": "dot", "color": ink(0.6)},
                        }
                    ],
                },
                {"title": "plane"},
                click=("x0", "move"),
                height=360,
            ),
            Panel(
                "",
                [
                    (
                        go.Scatter(mode="lines", name="(1 − LG)/(1 − μG), |z| = 1", line={"width": 2.5}),
                        {"x": "curve_re", "y": "curve_im", "line.color": "colour"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "real part (shaded: passive)"}},
                    "yaxis": {"title": {"text": "imaginary part"}},
                    "shapes": [
                        {
                            "type": "rect",
                            "x0": 0,
                            "x1": 1e6,
                            "y0": 0,
                            "y1": 1,
                            "yref": "paper",
                            "line": {"width": 0},
                            "fillcolor": ink(0.12),
                            "layer": "below",
                        }
                    ],
                },
                {"title": "test", "xaxis.range": "re_range", "yaxis.range": "im_range"},
                height=360,
            ),
        ],
        call="optilab.papers.passivity_acceleration.explorer.trap",
        start=start,
        code=code,
    )
