"""One step on a parabola of a gradient: what momentum, the look ahead and a Hessian make of an old value."""

from typing import Any

import numpy as np

from optilab.papers.policy_gradient_harpg.explorer.parts import color
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, curve, dots, entry, here, panel, promise, thin, walk
from optilab.ui.theme import INK, ink

MOMENTUM, AHEAD, HESSIAN = (color(name) for name in ("N-MPG", "N-PG-IGT", "N-HARPG"))
HERE = 1.0  # θ_t


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
    size, tall = max(*map(abs, off.values()), 0.02), max(abs(c) * Delta**2, 0.01)
    miss = f"{off['look ahead']:+.3g} beside the truth" if abs(off["look ahead"]) > 1e-9 else "at the truth"
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
        "off": np.array(list(off.values())),
        "off in words": [f"{value:+.3g}" for value in off.values()],
        "off span": [-1.45 * size, 1.45 * size],
        "of q": (qs, of_q),
        "now": (q, off["Hessian"]),
        "mean": ([0, 1], [mean, mean]),
        "q span": [-1.15 * tall, 1.15 * tall],
        "note": f"The look ahead samples {(1 - eta) / eta:.3g} steps beyond θₜ. Off by: momentum "
        f"<b>{off['momentum']:+.3g}</b>, look ahead <b>{off['look ahead']:+.3g}</b>, Hessian at this q "
        f"<b>{off['Hessian']:+.3g}</b>, in the mean over q {abs(mean):g}.",
    }


def microscope(**start: Any) -> Explorer:
    """η, step, bend and q beside a gradient curve, the errors of three estimates and the error over q."""
    hover: dict[str, Any] = {"hovertemplate": "%{y:.3g}"}
    diamond, ring = {"symbol": "diamond"} | hover, {"symbol": "circle-open"} | hover
    names = ["momentum", "look ahead", "Hessian"]
    outside: dict[str, Any] = {"textposition": "outside", "textfont": {"color": INK}, "cliponaxis": False}
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
                "Off by: momentum at first order, the others at second",
                bars(
                    (names, "off"),
                    shade=[MOMENTUM, AHEAD, HESSIAN],
                    text=entry("off in words"),
                    hoverinfo="skip",
                    **outside,
                ),
                x=axis(showgrid=False, tickangle=0, tickfont={"size": 11}),
                y=axis("error", "off span", zeroline=True, zerolinecolor=ink(0.6)),
                height=380,
            ),
            panel(
                "Where the Hessian is taken: biased at each q, right on average",
                curve("of q", shade=HESSIAN, name="at q"),
                here("now", shade=HESSIAN, name="q"),
                promise("mean", "", name="mean over q"),
                x="q: θₜ₋₁ (0) to θₜ (1)",
                y=axis("error of the Hessian's estimate", "q span"),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=estimates,
    )
