"""One step on a parabola of a gradient: what momentum, the look ahead and a Hessian make of an old value."""

from typing import Any

import numpy as np

from optilab.papers.policy_gradient_harpg.explorer.parts import color
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, here, panel, promise, rule, thin, walk
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

MOMENTUM, AHEAD, HESSIAN = (color(name) for name in ("N-MPG", "N-PG-IGT", "N-HARPG"))
HERE, MOST = 1.0, 1.8  # θ_t; the largest error that is drawn to scale


def gradient(theta: Any, c: float) -> Any:
    """G(θ) = θ + cθ², the gradient of a cubic."""
    return theta + c * np.asarray(theta) ** 2


def estimates(eta: float, Delta: float, c: float, q: Any) -> dict[str, Any]:
    """What three methods make of an exact memory: their estimates of G(θ_t)."""
    before, ahead = HERE - Delta, HERE + (1 - eta) / eta * Delta
    old, new, far = (float(gradient(point, c)) for point in (before, HERE, ahead))
    carried = old + (1 + 2 * c * (q * HERE + (1 - q) * before)) * Delta
    return {
        "momentum": (1 - eta) * old + eta * new,
        "look ahead": (1 - eta) * old + eta * far,
        "Hessian": (1 - eta) * carried + eta * new,
    }


def signed(value: float) -> str:
    """A number with its sign, whatever it is."""
    return number(0 if abs(value) < 1e-12 else value) if value <= 1e-12 else f"+{number(value)}"


def compute(eta: float, Delta: float, c: float, q: float) -> dict[str, Any]:
    """The old gradient and three estimates of the new one."""
    found = estimates(eta, Delta, c, q)
    before, ahead, place = HERE - Delta, HERE + (1 - eta) / eta * Delta, q * HERE + (1 - q) * (HERE - Delta)
    old, wanted, far = (float(gradient(point, c)) for point in (before, HERE, ahead))
    off = {name: value - wanted for name, value in found.items()}
    low = before - 0.3 * (ahead - before) - 0.1
    high = max(ahead + 0.15 * (ahead - before) + 0.1, HERE + 0.45 * (HERE - low))  # the label of θ_t needs a third
    theta, span, qs = np.linspace(low, high, 121), np.linspace(before, HERE, 2), np.linspace(0, 1, 41)
    of_q = estimates(eta, Delta, c, qs)["Hessian"] - wanted
    mean = round(float(of_q.mean()), 12)
    said = {name: signed(value) for name, value in off.items()}
    miss = f"{said['look ahead']} beside the truth" if abs(off["look ahead"]) > 1e-9 else "at the truth"
    return {
        "G": (theta, gradient(theta, c)),
        "old": (before, old),
        "new": (HERE, wanted),
        "ahead": ([before, ahead], [old, far]),
        "blend": (HERE, found["look ahead"]),
        "lag": (HERE, found["momentum"]),
        "tangent": (span, old + (1 + 2 * c * place) * (span - before)),
        "carried": (HERE, found["Hessian"]),
        "place": (place, float(gradient(place, c))),
        "span": [low, high],
        "headline": f"Blend old and far: the blue line passes θₜ {miss}",
        **{f"off {name}": ([place, place], [0, value]) for place, (name, value) in enumerate(off.items())},
        "beyond": ([1], [np.sign(off["look ahead"]) * 1.7 if abs(off["look ahead"]) > MOST else np.nan]),
        "way": "triangle-up" if off["look ahead"] > 0 else "triangle-down",
        "of q": (qs, of_q),
        "now": (q, off["Hessian"]),
        "mean": ([0, 1], [mean, mean]),
        "note": f"The look ahead samples {number((1 - eta) / eta)} steps beyond θₜ. Off by: momentum "
        f"<b>{said['momentum']}</b>, look ahead <b>{said['look ahead']}</b>, Hessian at this q "
        f"<b>{said['Hessian']}</b>, in the mean over q {abs(mean):g}.",
    }


def microscope(**start: Any) -> Explorer:
    """η, step, bend and q beside a gradient curve, the errors of three estimates and the error over q."""
    hover: dict[str, Any] = {"hovertemplate": "%{y:.3g}"}
    diamond, ring = {"symbol": "diamond"} | hover, {"symbol": "circle-open"} | hover
    shades = {"momentum": MOMENTUM, "look ahead": AHEAD, "Hessian": HESSIAN}
    named = {"mode": "markers+text", "textfont": {"color": INK}} | hover
    return Explorer(
        compute,
        {
            "eta": slider("η, weight of the new", 0.4, 0.01, 1.0, 0.01, named={"0.01": 0.01}),
            "Delta": slider("step Δ", 0.8, 0.05, 1.0, 0.05),
            "c": slider("bend c", 0.5, -0.5, 0.5, 0.05, named={"straight": 0.0}),
            "q": slider("q", 0.9, 0.0, 1.0, 0.05),
        },
        [
            panel(
                entry("headline"),
                thin("G", "gradient G", ink(0.6), hoverinfo="skip"),
                walk("ahead", "N-PG-IGT", AHEAD, dash="dot"),
                here("blend", shade=AHEAD, **diamond),
                curve("tangent", "N-HARPG", HESSIAN),
                here("carried", shade=HESSIAN, **diamond),
                dots("place", shade=HESSIAN, **ring),
                here("lag", "N-MPG", MOMENTUM, **diamond),
                dots("old", text=["θₜ₋₁"], textposition="top left", symbol="circle-open", **named),
                dots("new", text=["θₜ, the truth"], textposition="bottom right", **named),
                x=axis("θ", "span"),
                y="gradient",
                height=380,
            ),
            panel(
                "How far the diamonds are off",
                *(curve(f"off {name}", "", shade, width=22, **hover) for name, shade in shades.items()),
                rule(y=0, color=ink(0.6)),
                dots("beyond", shade=INK, symbol=entry("way"), hoverinfo="skip"),
                x=axis(span=[-0.6, 2.6], ticks=dict(enumerate(shades)), showgrid=False, tickangle=0),
                y=axis("error", [-MOST, MOST]),
                height=380,
            ),
            panel(
                "Where the Hessian is taken: each q has its error, their mean has none",
                curve("of q", shade=HESSIAN, name="at q"),
                here("now", shade=HESSIAN, name="q"),
                promise("mean", "", name="mean over q"),
                x=axis("q: θₜ₋₁ (0) to θₜ (1)", [-0.03, 1.03]),
                y=axis("error of the Hessian's estimate", [-0.55, 0.55]),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=estimates,
    )
