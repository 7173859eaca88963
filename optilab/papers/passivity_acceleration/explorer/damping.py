"""How much damping: the slow and the fast root of every mode, and the damping at which the slowest pair merges."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.passivity_acceleration.algorithm import Design, best_damping, decay_rate, mode_roots
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, ORANGE, PINK, PURPLE, TEAL, color, ink

SLOWEST = 1e-3  # what decays no faster is drawn here
DAMPINGS = np.linspace(0, 10, 201)
FLOW = color("gradient flow")


def compute(gamma: float, mu: float, L: float, kappa: float) -> dict[str, Any]:
    """Worst rate over [μ, L] against γ, the roots at this γ, the rate of every mode."""
    curvatures = np.geomspace(mu, L, 201)
    worst = decay_rate(curvatures, Design(DAMPINGS[:, None], kappa, 1.0)).min(1)
    with np.errstate(divide="ignore"):
        estimate = mu * (kappa + 1 / DAMPINGS)
    design = Design(gamma, kappa, 1.0)
    roots = mode_roots(curvatures, design)
    rates = decay_rate(curvatures, design)
    slowest = int(rates.argmin())
    best, top = best_damping(mu, kappa, 1.0)
    complex_pair = abs(roots.imag) > 1e-12
    top_y = 1.25 * top
    reach = max(1.5 * float(top), 4.0)
    regime = (
        "over-damped: the slow root of the flattest mode holds everything up"
        if gamma > best + 0.05
        else "under-damped: every mode swings, and γ alone decides"
        if gamma < best - 0.05
        else "at the merging point: nothing is faster"
    )
    return {
        "gamma": DAMPINGS,
        "worst": worst,
        "estimate": np.where(estimate < 1.2 * top_y, estimate, np.nan),
        "flow": np.full(2, kappa * mu),
        "ends": np.array([0.0, 10.0]),
        "best": np.array([best]),
        "top": np.array([top]),
        "here": np.array([gamma]),
        "here_rate": rates[[slowest]],
        "rate_range": [0, top_y],
        "slow_re": np.where(complex_pair[:, 0], np.nan, roots[:, 0].real),
        "slow_im": roots[:, 0].imag,
        "fast_re": np.where(complex_pair[:, 1], np.nan, roots[:, 1].real),
        "fast_im": roots[:, 1].imag,
        "pair_re": np.concatenate([np.where(complex_pair[:, k], roots[:, k].real, np.nan) for k in (0, 1)]),
        "pair_im": np.concatenate([roots[:, k].imag for k in (0, 1)]),
        "flat_re": roots[0].real,
        "flat_im": roots[0].imag,
        "edge": -rates[slowest],
        "re_range": [-2.5 * reach, 0.12 * reach],
        "im_range": [-2 * reach, 2 * reach],
        "curvature": curvatures,
        "rates": np.maximum(rates, SLOWEST),
        "slowest_rate": np.maximum(rates[[slowest]], SLOWEST),
        "flow_rates": kappa * curvatures if kappa > 0 else np.full(201, np.nan),
        "slowest": curvatures[[slowest]],
        "curvature_range": [np.log10(mu) - 0.05, np.log10(L) + 0.05],
        "note": (
            f"γ = {gamma:g} is {regime}. The slowest mode decays like exp(−{rates[slowest]:.3f} t); the best is "
            f"exp(−{top:.3f} t) at γ* = 2√μ + κμ = {best:.2f}; gradient flow manages exp(−{kappa * mu:.3f} t)."
            + (" Right, rates below 10⁻³ are drawn at 10⁻³." if rates[slowest] < SLOWEST else "")
        ),
    }


def code(values: dict[str, Any]) -> str:
    """The call of the algorithm that gives the same number."""
    return (
        "import numpy as np\n"
        "from optilab.papers.passivity_acceleration.algorithm import Design, decay_rate\n\n"
        f"curvatures = np.geomspace({values['mu']:.4g}, {values['L']:.4g}, 201)\n"
        f"decay_rate(curvatures, Design({values['gamma']:.4g}, {values['kappa']:.4g}, 1.0)).min()"
    )


def damping(**start: Any) -> Explorer:
    """Move γ and watch slow and fast roots meet."""
    lines = {"mode": "lines"}
    return Explorer(
        compute,
        {
            "gamma": slider("damping γ", 6.0, 0.0, 10.0, 0.05, named={"merging point γ*": lambda v: star(v)}),
            "kappa": slider("target speed κ", 0.05, 0.0, 0.5, 0.01),
            "mu": slider("least curvature μ", 1.0, 0.1, 4.0, 0.1),
            "L": log_slider("largest curvature L", 400.0, 40.0, 4000.0, steps=40, readout=".0f"),
        },
        [
            Panel(
                "Speed of the slowest mode: a peak where slow meets fast",
                [
                    (go.Scatter(name="worst rate", line={"color": TEAL, "width": 2.5}), {"x": "gamma", "y": "worst"}),
                    (
                        go.Scatter(name="slow-manifold estimate", line={"color": ORANGE, "dash": "dash"}),
                        {"x": "gamma", "y": "estimate"},
                    ),
                    (go.Scatter(name="gradient flow", line={"color": FLOW}, **lines), {"x": "ends", "y": "flow"}),
                    (
                        go.Scatter(name="γ*", mode="markers", marker={"color": INK, "size": 13, "symbol": "star"}),
                        {"x": "best", "y": "top"},
                    ),
                    (
                        go.Scatter(name="here", mode="markers", marker={"color": TEAL, "size": 11}),
                        {"x": "here", "y": "here_rate"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "damping γ, 1/time"}, "range": [0, 10]},
                    "yaxis": {"title": {"text": "worst decay rate, 1/time"}},
                },
                {"yaxis.range": "rate_range"},
                height=360,
            ),
            Panel(
                "All roots at this γ: the right-most one is the speed",
                [
                    (go.Scatter(name="slow", line={"color": ORANGE, "width": 4}), {"x": "slow_re", "y": "slow_im"}),
                    (go.Scatter(name="fast", line={"color": PURPLE, "width": 4}), {"x": "fast_re", "y": "fast_im"}),
                    (
                        go.Scatter(name="merged, swinging", line={"color": TEAL, "width": 4}),
                        {"x": "pair_re", "y": "pair_im"},
                    ),
                    (
                        go.Scatter(name="λ = μ", mode="markers", marker={"color": INK, "size": 9}),
                        {"x": "flat_re", "y": "flat_im"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "Re r, 1/time"}},
                    "yaxis": {"title": {"text": "Im r, 1/time"}},
                    "shapes": [
                        {
                            "type": "line",
                            "x0": -1,
                            "x1": -1,
                            "y0": 0,
                            "y1": 1,
                            "yref": "paper",
                            "line": {"width": 1, "dash": "dot", "color": INK},
                        },
                        {
                            "type": "rect",
                            "x0": 0,
                            "x1": 1000,
                            "y0": 0,
                            "y1": 1,
                            "yref": "paper",
                            "line": {"width": 0},
                            "fillcolor": ink(0.12),
                            "layer": "below",
                        },
                    ],
                },
                {
                    "shapes[0].x0": "edge",
                    "shapes[0].x1": "edge",
                    "xaxis.range": "re_range",
                    "yaxis.range": "im_range",
                },
                height=360,
            ),
            Panel(
                "Mode by mode: the gain is on the flat side",
                [
                    (
                        go.Scatter(name="this design", line={"color": TEAL, "width": 2.5}),
                        {"x": "curvature", "y": "rates"},
                    ),
                    (
                        go.Scatter(name="gradient flow κλ", line={"color": FLOW}),
                        {"x": "curvature", "y": "flow_rates"},
                    ),
                    (
                        go.Scatter(name="slowest", mode="markers", marker={"color": PINK, "size": 10}),
                        {"x": "slowest", "y": "slowest_rate"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "curvature λ"}, "type": "log", "dtick": 1},
                    "yaxis": {"title": {"text": "decay rate, 1/time"}, "type": "log", "dtick": 1},
                },
                {"xaxis.range": "curvature_range"},
                height=360,
            ),
        ],
        call="optilab.papers.passivity_acceleration.explorer.damping",
        start=start,
        code=code,
    )


def star(values: dict[str, Any]) -> float:
    """The merging point, on the slider's grid."""
    return round(float(best_damping(values["mu"], values["kappa"], 1.0)[0]) / 0.05) * 0.05
