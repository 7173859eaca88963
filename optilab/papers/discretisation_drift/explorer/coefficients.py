"""The stability diagram: with which coefficient each flow follows the gradient, and what that does in time."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.discretisation_drift.algorithm.coefficients import ALPHAS
from optilab.papers.discretisation_drift.algorithm.stability import regime
from optilab.papers.discretisation_drift.explorer.flows import NAMES
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, ink

LOW, HIGH, FLOOR = -2.0, 4.0, -5.0
Z = np.concatenate([np.linspace(LOW, 1, 301)[:-1], [np.nan], np.linspace(1, HIGH, 301)[1:]])  # a gap at the pole
STEPS, BETWEEN = 8, 24
REGIONS = [(-2, 0, "escape", 0.03), (0, 1, "decay", 0.09), (1, 2, "zigzag<br>in", 0.03), (2, 4, "zigzag<br>out", 0.09)]
CURVES = {name: np.where(np.isnan(Z), np.nan, alpha(np.where(np.isnan(Z), 0, Z))) for name, alpha in ALPHAS.items()}


def compute(h: float, steep: float, flat: float) -> dict[str, Any]:
    """Marks of the two curvatures at z = hλ, and the steep mode in time under gradient descent and the flows."""
    z = np.array([h * steep, h * flat])
    alpha = ALPHAS["PF"](z)
    n = np.arange(STEPS + 1)
    t = np.arange(STEPS * BETWEEN + 1) / BETWEEN
    with np.errstate(over="ignore", invalid="ignore"):
        modes = {name: np.exp(t * (z[0] * f(z[:1])[0] + 0j)) for name, f in ALPHAS.items()}
        data: dict[str, Any] = {f"{name} mode": np.clip(mode.real, -1e6, 1e6) for name, mode in modes.items()}
        data["descent"] = np.clip((1 - z[0]) ** n, -1e6, 1e6)
    size = min(1.25 * max(1.0, abs(data["descent"]).max()), 50.0)
    return data | {
        "z": z,
        "marked re": np.maximum(alpha.real, FLOOR),
        "marked im": alpha.imag,
        "n": n,
        "t": t,
        "range": [-size, size] if z[0] > 0 else [-0.1 * size, size],
        "headline": f"In time: each step multiplies the steep mode by 1 − hλ = {1 - z[0]:.3g}".replace("= -", "= −"),
        "note": note(z[0], alpha[0]),
    }


def note(z: float, alpha: complex) -> str:
    """What the steep direction does, in one sentence."""
    if abs(z - 1) < 1e-9:
        return "hλ = 1: one step reaches the minimum, and the principal flow would need α = −∞."
    says = f"hλ = {z:.3g}: {regime(np.array(z))}. "
    if z > 2:
        return says + f"Re α = {alpha.real:+.3f} is positive: the principal flow climbs, and no other flow here can."
    if z > 1:
        return says + f"Im α = {alpha.imag:.3f} turns the mode around half a circle a step: that is the zigzag."
    if z < 0:
        return says + f"It leaves a maximum {'slower' if abs(alpha.real) < 1 else 'faster'} than the gradient flow."
    return says + f"It decays {-alpha.real:.2f} times as fast as the gradient flow."


def code(values: dict[str, Any]) -> str:
    """The algorithm's own call."""
    return (
        "import numpy as np\n"
        "from optilab.papers.discretisation_drift.algorithm import coefficients, stability\n\n"
        f"z = {values['h']:.4g} * np.array([{values['steep']:.4g}, {values['flat']:.4g}])\n"
        "coefficients.alpha_pf(z), stability.regime(z)"
    )


def stability_diagram(**start: Any) -> Explorer:
    """α(hλ) of every flow with your two curvatures marked, and the steep one's mode in time."""
    drawn = [(name, {"name": NAMES[name], "line": {"color": color(NAMES[name]), "width": 2.5}}) for name in NAMES]
    marks = {
        "mode": "markers",
        "showlegend": False,
        "marker": {"size": 12, "symbol": ["circle", "diamond"], "color": INK},
        "hovertext": ["steep", "flat"],
    }
    regions = [
        {
            "type": "rect",
            "x0": a,
            "x1": b,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "fillcolor": ink(shade),
            "line": {"width": 0},
            "layer": "below",
        }
        for a, b, _, shade in REGIONS
    ]
    words = [
        {"x": (a + b) / 2, "y": 0.01, "yref": "paper", "yanchor": "bottom", "text": word, "font": {"size": 11}}
        for a, b, word, _ in REGIONS
    ]
    level = {"type": "line", "x0": LOW, "x1": HIGH, "y0": 0, "y1": 0, "line": {"color": INK, "width": 1}}
    x = {"range": [LOW, HIGH], "title": {"text": "z = hλ"}, "dtick": 1}
    return Explorer(
        compute,
        {
            "h": slider(
                "learning rate h",
                0.9,
                0.05,
                1.2,
                0.01,
                named={"hλ = 1": lambda v: 1 / v["steep"], "edge 2/λ": lambda v: 2 / v["steep"]},
            ),
            "steep": slider("curvature λ, steep ●", 2.0, -1.6, 3.3, 0.05),
            "flat": slider("curvature λ, flat ◆", 0.3, -1.6, 3.3, 0.05),
        },
        [
            Panel(
                "Re α: below zero goes downhill. Only one curve ever crosses on the right.",
                [
                    *((go.Scatter(x=Z, y=np.real(CURVES[name]), **style), {}) for name, style in drawn),
                    (go.Scatter(marks), {"x": "z", "y": "marked re"}),
                ],
                {
                    "xaxis": x,
                    "yaxis": {"range": [FLOOR, 1.2], "title": {"text": "Re α"}},
                    "shapes": [*regions, level],
                    "annotations": words,
                },
            ),
            Panel(
                "Im α: past hλ = 1 the principal flow turns",
                [
                    *(
                        (go.Scatter(x=Z, y=np.imag(CURVES[name]), showlegend=False, **style), {})
                        for name, style in drawn
                    ),
                    (go.Scatter(marks), {"x": "z", "y": "marked im"}),
                ],
                {"xaxis": x, "yaxis": {"range": [-0.4, 3.6], "title": {"text": "Im α"}}, "shapes": regions},
            ),
            Panel(
                "",
                [
                    *(
                        (go.Scatter(showlegend=False, **style), {"x": "t", "y": f"{name} mode"})
                        for name, style in drawn
                    ),
                    (
                        go.Scatter(mode="markers", name="gradient descent", marker={"size": 9, "color": INK}),
                        {"x": "n", "y": "descent"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "time t/h (steps)"}},
                    "yaxis": {"title": {"text": "steep mode, start = 1"}},
                },
                {"title": "headline", "yaxis.range": "range"},
            ),
        ],
        call="optilab.papers.discretisation_drift.explorer.stability_diagram",
        start=start,
        code=code,
    )
