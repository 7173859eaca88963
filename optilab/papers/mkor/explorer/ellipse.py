"""One factor in two dimensions: what three rules make of a gradient that comes again and again."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.mkor.algorithm import RULES, theory
from optilab.papers.mkor.explorer.parts import RULES as SHADES
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, halo, here, log, panel, promise, thin
from optilab.ui.words import number

UPDATES = 30
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 121)), np.sin(np.linspace(0, 2 * np.pi, 121))])


@lru_cache(64)
def updated(gamma: float, size: float, theta: float) -> Any:
    """F⁻¹ after 0 … 30 updates by the same g: inverted from the running mean F, and by each rule; (31, 2, 2) each."""
    g = size * np.array([np.cos(np.radians(theta)), np.sin(np.radians(theta))])
    F, inverses = np.eye(2), {name: np.eye(2) for name in RULES}
    history: dict[str, list[np.ndarray]] = {"inv": [np.eye(2)], **{name: [np.eye(2)] for name in RULES}}
    for _ in range(UPDATES):
        F = gamma * F + (1 - gamma) * np.outer(g, g)
        inverses = {name: rule(inverses[name], g, gamma) for name, rule in RULES.items()}
        for name, Finv in {"inv": np.linalg.inv(F), **inverses}.items():
            history[name].append(Finv)
    return {name: np.array(rows) for name, rows in history.items()}


def image(Finv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What F⁻¹ makes of the unit circle, its long semi-axis scaled to 1."""
    x, y = Finv @ CIRCLE / np.linalg.norm(Finv, 2)
    return x, y


def compute(gamma: float, size: float, theta: float, frame: int) -> dict[str, Any]:
    """Four ellipses after `frame` updates, and how long they are along g and across it after each."""
    history = updated(gamma, size, theta)
    along = np.array([np.cos(np.radians(theta)), np.sin(np.radians(theta))])
    across = np.array([-along[1], along[0]])
    t = np.arange(UPDATES + 1)
    data: dict[str, Any] = {}
    axes = {}
    for name, rows in history.items():
        one, other = ((rows @ e * e).sum(-1) for e in (along, across))
        axes[name] = one[frame], other[frame]
        data |= {f"image {name}": image(rows[frame]), f"along {name}": (t, one), f"across {name}": (t, other)}
        data |= {f"now {name}": ([frame, frame], axes[name])}
    lengths = np.array([data[f"{way} {name}"][1] for way in ("along", "across") for name in RULES])
    said = (f"{name} {number(one)} and {number(other)}" for name, (one, other) in axes.items() if name != "inv")
    turned = frame > 0 and size > 0
    return data | {
        "g": (1.1 * along[0] * np.array([-1, 1]), 1.1 * along[1] * np.array([-1, 1])),
        "law": (t, theory.unseen(t, gamma)),
        "span": [np.log10(lengths.min()) - 0.4, np.log10(lengths.max()) + 0.4],
        "headline": "The printed rule stretches along g (dotted), the others squeeze" if turned else "All are circles",
        "note": f"After {frame} of {UPDATES} updates by the same g, F⁻¹ is so long along g and across it: "
        f"{'; '.join(said)}. Each ellipse is drawn with its long half as 1; the pale one is the running mean "
        f"γF + (1 − γ)ggᵀ, inverted: {number(axes['inv'][0])} and {number(axes['inv'][1])}.",
    }


def ellipse(**start: Any) -> Explorer:
    """γ, length and direction of g, and the number of the update beside the ellipses and their axes."""
    quiet = {"hoverinfo": "skip"}
    return Explorer(
        compute,
        {
            "frame": player("update", UPDATES, UPDATES),
            "gamma": slider("γ", 0.95, 0.5, 0.999, 0.001, named={"0.95": 0.95, "0.7": 0.7}),
            "size": slider("length of g", 2.0, 0.0, 10.0, 0.1, named={"0": 0.0, "1": 1.0}),
            "theta": slider("direction of g (°)", 30, 0, 180, 1),
        },
        [
            panel(
                entry("headline"),
                guide("g", **quiet),
                halo("image inv", "inv", **quiet),
                *(curve(f"image {name}", name, shade, **quiet) for name, shade in SHADES.items()),
                x=axis("first coordinate", [-1.15, 1.15], constrain="domain"),
                y=axis("second coordinate", [-1.15, 1.15], equal=True),
                height=400,
            ),
            panel(
                "Half-axes along g (thick) and across it (thin); γ⁻ᵗ dashed",
                *(curve(f"along {name}", shade=shade, name=f"{name}, along g") for name, shade in SHADES.items()),
                *(thin(f"across {name}", shade=shade, name=f"{name}, across g") for name, shade in SHADES.items()),
                promise("law", "", **quiet),
                *(here(f"now {name}", shade=shade, size=8, **quiet) for name, shade in SHADES.items()),
                x=axis("update t", [-0.5, UPDATES + 0.5]),
                y=log("half-axis of F⁻¹", "span"),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=updated,
    )
