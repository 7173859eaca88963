"""One step on a parabola of a gradient: what momentum, the look ahead and a Hessian make of an old value."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, ink

SLOPE, HERE = 1.0, 1.0  # a of G(θ) = aθ + cθ², and θ_t


def gradient(theta: Any, c: float) -> Any:
    """G(θ) = aθ + cθ², the gradient of a cubic."""
    return SLOPE * theta + c * np.asarray(theta) ** 2


def compute(eta: float, Delta: float, c: float, q: float) -> dict[str, Any]:
    """The old gradient and three estimates of the new one."""
    before, ahead = HERE - Delta, HERE + (1 - eta) / eta * Delta
    old, wanted = float(gradient(before, c)), float(gradient(HERE, c))
    place = q * HERE + (1 - q) * before
    bend = SLOPE + 2 * c * place
    qs = np.linspace(0, 1, 41)
    carried = old + (SLOPE + 2 * c * (qs * HERE + (1 - qs) * before)) * Delta
    estimates = {
        "N-MPG": (1 - eta) * old + eta * wanted,
        "N-PG-IGT": (1 - eta) * old + eta * float(gradient(ahead, c)),
        "N-HARPG": (1 - eta) * (old + bend * Delta) + eta * wanted,
    }
    errors = {name: value - wanted for name, value in estimates.items()}
    low = before - 0.3 * (ahead - before) - 0.1
    high = max(ahead + 0.15 * (ahead - before) + 0.1, HERE + 0.45 * (HERE - low))  # the label of θ_t needs a third
    theta = np.linspace(low, high, 121)
    span = np.linspace(before, HERE, 2)
    size = max(*map(abs, errors.values()), 0.02)
    mean = round(float(((1 - eta) * carried + eta * wanted).mean() - wanted), 12)
    curve = gradient(theta, c)
    ahead_error = errors["N-PG-IGT"]
    miss = f"{ahead_error:+.3g} beside the truth" if abs(ahead_error) > 1e-9 else "at the truth"
    return {
        "theta": theta,
        "curve": curve,
        "old_x": np.array([before]),
        "old_y": np.array([old]),
        "new_x": np.array([HERE]),
        "new_y": np.array([wanted]),
        "ahead_x": np.array([before, ahead]),
        "ahead_y": np.array([old, float(gradient(ahead, c))]),
        "blend_x": np.array([HERE]),
        "blend_y": np.array([estimates["N-PG-IGT"]]),
        "lag_x": np.array([HERE]),
        "lag_y": np.array([estimates["N-MPG"]]),
        "tangent_x": span,
        "tangent_y": old + bend * (span - before),
        "carried_x": np.array([HERE]),
        "carried_y": np.array([estimates["N-HARPG"]]),
        "place_x": np.array([place]),
        "place_y": np.array([float(gradient(place, c))]),
        "range": [low, high],
        "headline": f"Blend old and far: the blue line passes θₜ {miss}",
        "bars": np.array(list(errors.values())),
        "bar_text": [f"{value:+.3g}" for value in errors.values()],
        "bar_range": [-1.45 * size, 1.45 * size],
        "qs": qs,
        "error_of_q": (1 - eta) * carried + eta * wanted - wanted,
        "q_now": np.array([q]),
        "error_now": np.array([errors["N-HARPG"]]),
        "mean": np.array([mean, mean]),
        "q_range": [-1.15 * max(abs(c) * Delta**2, 0.01), 1.15 * max(abs(c) * Delta**2, 0.01)],
        "note": (
            f"The look ahead samples {(1 - eta) / eta:.3g} steps beyond θₜ. Off by: momentum "
            f"<b>{errors['N-MPG']:+.3g}</b>, look ahead <b>{errors['N-PG-IGT']:+.3g}</b>, Hessian at this q "
            f"<b>{errors['N-HARPG']:+.3g}</b>, in the mean over q {abs(mean):g}."
        ),
    }


def code(values: dict[str, Any]) -> str:
    """The derivation's numbers at these values."""
    return (
        "from optilab.papers.policy_gradient_harpg import derivation as d\n\n"
        f"lag = d.momentum_lag().numpy(d.a, d.c, d.theta, d.eta, d.Delta)(1, {values['c']:.3g}, 1, "
        f"{values['eta']:.3g}, {values['Delta']:.3g})\n"
        f"left = d.implicit_transport().numpy(d.eta, d.c, d.Delta)({values['eta']:.3g}, {values['c']:.3g}, "
        f"{values['Delta']:.3g})\n"
        "lag, left"
    )


def microscope(**start: Any) -> Explorer:
    """η, step, bend and q beside a gradient curve, the errors of three estimates and the error over q."""
    return Explorer(
        compute,
        {
            "eta": slider("η, weight of the new", 0.4, 0.01, 1.0, 0.01, named={"0.01": 0.01}),
            "Delta": slider("step Δ", 0.8, 0.05, 1.0, 0.05),
            "c": slider("bend c", 0.5, -0.5, 0.5, 0.05, named={"straight": 0.0}),
            "q": slider("q", 0.9, 0.0, 1.0, 0.05),
        },
        [_curve(), _bars(), _over_q()],
        call="optilab.papers.policy_gradient_harpg.explorer.microscope",
        start=start,
        code=code,
    )


def _curve() -> Panel:
    dot = {"mode": "markers", "hovertemplate": "%{y:.3g}"}
    named = dot | {
        "mode": "markers+text",
        "textposition": "bottom right",
        "textfont": {"color": INK},
        "showlegend": False,
    }
    return Panel(
        "",
        [
            (
                go.Scatter(name="gradient G", mode="lines", line={"color": ink(0.6), "width": 1.6}, hoverinfo="skip"),
                {"x": "theta", "y": "curve"},
            ),
            (
                go.Scatter(
                    name="N-PG-IGT",
                    mode="lines+markers",
                    line={"color": color("N-PG-IGT"), "width": 1.6, "dash": "dot"},
                ),
                {"x": "ahead_x", "y": "ahead_y"},
            ),
            (
                go.Scatter(
                    showlegend=False, marker={"color": color("N-PG-IGT"), "size": 11, "symbol": "diamond"}, **dot
                ),
                {"x": "blend_x", "y": "blend_y"},
            ),
            (
                go.Scatter(name="N-HARPG", mode="lines", line={"color": color("N-HARPG"), "width": 2.4}),
                {"x": "tangent_x", "y": "tangent_y"},
            ),
            (
                go.Scatter(
                    showlegend=False, marker={"color": color("N-HARPG"), "size": 11, "symbol": "diamond"}, **dot
                ),
                {"x": "carried_x", "y": "carried_y"},
            ),
            (
                go.Scatter(
                    showlegend=False, marker={"color": color("N-HARPG"), "size": 9, "symbol": "circle-open"}, **dot
                ),
                {"x": "place_x", "y": "place_y"},
            ),
            (
                go.Scatter(name="N-MPG", marker={"color": color("N-MPG"), "size": 11, "symbol": "diamond"}, **dot),
                {"x": "lag_x", "y": "lag_y"},
            ),
            (
                go.Scatter(
                    text=["θₜ₋₁"],
                    marker={"color": INK, "size": 9, "symbol": "circle-open"},
                    **(named | {"textposition": "top left"}),
                ),
                {"x": "old_x", "y": "old_y"},
            ),
            (
                go.Scatter(text=["θₜ, the truth"], marker={"color": INK, "size": 9}, **named),
                {"x": "new_x", "y": "new_y"},
            ),
        ],
        {"xaxis": {"title": {"text": "θ"}}, "yaxis": {"title": {"text": "gradient"}}},
        moving={"title": "headline", "xaxis.range": "range"},
        height=380,
    )


def _bars() -> Panel:
    names = ["N-MPG", "N-PG-IGT", "N-HARPG"]
    return Panel(
        "Off by: momentum at first order, the others at second",
        [
            (
                go.Bar(
                    x=["momentum", "look ahead", "Hessian"],
                    marker={"color": [color(name) for name in names]},
                    textposition="outside",
                    textfont={"color": INK},
                    showlegend=False,
                    cliponaxis=False,
                    hoverinfo="skip",
                ),
                {"y": "bars", "text": "bar_text"},
            )
        ],
        {
            "yaxis": {"title": {"text": "error"}, "zeroline": True, "zerolinecolor": ink(0.6)},
            "xaxis": {"showgrid": False},
        },
        moving={"yaxis.range": "bar_range"},
        height=380,
    )


def _over_q() -> Panel:
    return Panel(
        "Where the Hessian is taken: biased at each q, right on average",
        [
            (
                go.Scatter(name="at q", mode="lines", line={"color": color("N-HARPG"), "width": 2}, showlegend=False),
                {"x": "qs", "y": "error_of_q"},
            ),
            (
                go.Scatter(mode="markers", marker={"color": color("N-HARPG"), "size": 10}, showlegend=False, name="q"),
                {"x": "q_now", "y": "error_now"},
            ),
            (
                go.Scatter(
                    x=[0, 1],
                    name="mean over q",
                    mode="lines",
                    line={"color": INK, "width": 1.6, "dash": "dash"},
                    showlegend=False,
                ),
                {"y": "mean"},
            ),
        ],
        {
            "xaxis": {"title": {"text": "q: θₜ₋₁ (0) to θₜ (1)"}},
            "yaxis": {"title": {"text": "error of the Hessian's estimate"}},
        },
        moving={"yaxis.range": "q_range"},
        height=380,
    )
