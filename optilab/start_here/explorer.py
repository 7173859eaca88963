"""Step size and push: the path in a valley, the multipliers that rule it, and the objective."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.classics.heavy_ball import heavy_ball, multipliers
from optilab.core.run import run
from optilab.problems.quadratic import Quadratic
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, ORANGE, color, ink, landscape

FLAT, STEEP = 1.0, 20.0
PROBLEM = Quadratic(np.diag([FLAT, STEEP]), np.zeros(2))
CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 121))
VIEW, STEPS = 2.5, 100


def compute(alpha: float, beta: float, x0: float, y0: float) -> dict[str, Any]:
    """Path, multipliers and objective of heavy ball in a valley whose walls are 20 times as steep as its floor."""
    trace = run(
        heavy_ball(PROBLEM, np.array([x0, y0]), alpha=alpha, beta=beta),
        STEPS,
        limit=1e6,
        value=lambda state: PROBLEM(state.x),
    )
    flat, steep = multipliers(np.array([FLAT, STEEP]), alpha, beta)
    worst = abs(np.array([flat, steep])).max()
    if np.isfinite(trace.diverged):
        note = f"A multiplier of size {worst:.3f} lies outside the unit circle: diverged at step {trace.diverged:.0f}."
    elif worst >= 1:
        note = f"A multiplier of size {worst:.3f} is not inside the unit circle: the iteration doesn't settle."
    else:
        note = f"In the long run the error halves every {np.log(0.5) / np.log(worst):.1f} gradients."
    start = max(float(PROBLEM(np.array([x0, y0]))), 1e-3)
    waist = np.sqrt(beta) * CIRCLE
    return {
        "x": trace.x[:, 0],
        "y": trace.x[:, 1],
        "step": trace.step,
        "value": np.where(trace.value > 1e-30, trace.value, np.nan),
        "predicted": np.minimum(start * worst ** (2.0 * trace.step), 1e12),
        "waist_re": waist.real,
        "waist_im": waist.imag,
        "flat_re": flat.real,
        "flat_im": flat.imag,
        "steep_re": steep.real,
        "steep_im": steep.imag,
        "headline": f"Why: the four multipliers ρ of a step, the largest {worst:.2f}",
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The algorithm's own call."""
    return (
        "import numpy as np\n"
        "from optilab.classics.heavy_ball import heavy_ball\n"
        "from optilab.core.run import run\n"
        "from optilab.problems.quadratic import Quadratic\n\n"
        f"valley = Quadratic(np.diag([{FLAT}, {STEEP}]), np.zeros(2))\n"
        f"states = heavy_ball(valley, [{values['x0']:.4g}, {values['y0']:.4g}], "
        f"alpha={values['alpha']:.4g}, beta={values['beta']:.4g})\n"
        f"run(states, {STEPS})"
    )


def valley(**start: Any) -> Explorer:
    """Sliders for step and push beside the path in a 1 : 20 valley, its multipliers and the objective per gradient."""
    grid = np.linspace(-VIEW, VIEW, 41)
    heights = np.log1p(PROBLEM(np.stack(np.meshgrid(grid, grid), -1)))
    square = {"range": [-1.4, 1.4], "zeroline": True, "zerolinecolor": ink(0.2), "constrain": "domain"}
    return Explorer(
        compute,
        {
            "alpha": slider(
                "step α", 0.05, 0.005, 0.2, 0.001, named={"edge 2(1+β)/λ": lambda v: 2 * (1 + v["beta"]) / STEEP}
            ),
            "beta": slider("push β", 0.0, 0.0, 0.99, 0.01),
            "x0": slider("start, flat", 2.0, -VIEW, VIEW, 0.05),
            "y0": slider("start, steep", 1.0, -VIEW, VIEW, 0.05),
        },
        [
            Panel(
                "The path: drag its start",
                [
                    (
                        landscape(x=grid, y=grid, z=heights),
                        {},
                    ),
                    (
                        go.Scatter(
                            mode="lines+markers", name="heavy ball", marker_size=5, line_color=color("heavy ball")
                        ),
                        {"x": "x", "y": "y"},
                    ),
                ],
                {
                    "xaxis": {"range": [-VIEW, VIEW], "title": {"text": "flat direction, λ = 1"}, "showgrid": False},
                    "yaxis": {"range": [-VIEW, VIEW], "title": {"text": "steep direction, λ = 20"}, "showgrid": False},
                },
                click=("x0", "y0"),
            ),
            Panel(
                "",
                [
                    (
                        go.Scatter(x=CIRCLE.real, y=CIRCLE.imag, line_color=ink(0.6), hoverinfo="skip", name="|ρ| = 1"),
                        {},
                    ),
                    (
                        go.Scatter(line={"color": ink(0.6), "dash": "dot"}, hoverinfo="skip", name="|ρ| = √β"),
                        {"x": "waist_re", "y": "waist_im"},
                    ),
                    (
                        go.Scatter(mode="markers", name="flat", marker={"size": 11, "color": BLUE}),
                        {"x": "flat_re", "y": "flat_im"},
                    ),
                    (
                        go.Scatter(
                            mode="markers", name="steep", marker={"size": 11, "symbol": "diamond", "color": ORANGE}
                        ),
                        {"x": "steep_re", "y": "steep_im"},
                    ),
                ],
                {
                    "xaxis": square | {"title": {"text": "real part"}},
                    "yaxis": square | {"scaleanchor": "x", "title": {"text": "imaginary part"}},
                },
                {"title": "headline"},
            ),
            Panel(
                "The objective, and the slope that the multipliers predict",
                [
                    (go.Scatter(name="measured", line_color=color("heavy ball")), {"x": "step", "y": "value"}),
                    (
                        go.Scatter(name="max |ρ|²ᵏ", line={"color": color("heavy ball"), "dash": "dash"}),
                        {"x": "step", "y": "predicted"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "gradients k"}},
                    "yaxis": {"type": "log", "title": {"text": "f(x)"}},
                },
            ),
        ],
        call="optilab.start_here.explorer.valley",
        start=start,
        code=code,
    )
