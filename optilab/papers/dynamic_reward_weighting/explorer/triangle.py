"""The simplex of weights as a triangle: where a point of it lies, and which weights a click means."""

from typing import Any

import numpy as np

from optilab.ui.controls import Control, slider
from optilab.ui.marks import axis, curve, dots, entry, here, panel, texts, thin

Array = np.ndarray
LEAST = 0.01  # no weight to begin with is below
HEIGHT = np.sqrt(3) / 2
OUTLINE = (np.array([0, 1, 0.5, 0]), np.array([0, 0, HEIGHT, 0]))
CORNERS = (np.array([0.0, 1.0, 0.5]), np.array([-0.07, -0.07, HEIGHT + 0.07]))


def mixed(first: float, share: float) -> tuple[float, float, float]:
    """Weights with `first` on accuracy, and `share` of what is left above 0.01 each on conciseness."""
    second = LEAST + (1 - first - 2 * LEAST) * share
    return first, second, 1 - first - second


def placed(w: Array) -> tuple[Array, Array]:
    """Points of the triangle whose corners are conciseness (left), format (right) and accuracy (top)."""
    w = np.asarray(w)
    return w[..., 2] + w[..., 0] / 2, HEIGHT * w[..., 0]


def clicked(x: float, y: float) -> dict[str, float]:
    """The weights at a point of the triangle, or those next to it."""
    first = min(max(y / HEIGHT, LEAST), 1 - 2 * LEAST)
    rest = 1 - first - 2 * LEAST
    third = x - first / 2
    share = (1 - first - third - LEAST) / rest if rest > 0 else 0.5
    return {"first": first, "share": min(max(share, 0.0), 1.0)}


def accuracy() -> Control:
    """The slider of the first weight, with the paper's three settings."""
    named = {
        "accuracy-focused": {"first": 0.5, "share": 0.5},
        "balanced": {"first": 0.334, "share": 0.5},
        "efficiency-focused": {"first": 0.25, "share": 0.5},
    }
    return slider("weight of accuracy", 0.334, LEAST, 1 - 2 * LEAST, 0.001, named=named)


def rest() -> Control:
    """The slider of the second weight, as a share of what the first leaves."""
    return slider("conciseness, share of the rest", 0.5, 0.0, 1.0, 0.01)


def picture(title: str) -> Any:
    """The way of the weights `w` from the ring `w0` to the dot `w end`."""
    bare: dict[str, Any] = {"ticks": [], "showgrid": False, "showline": False}
    return panel(
        title,
        thin(OUTLINE, hoverinfo="skip"),
        texts(CORNERS, ["conciseness", "format", "accuracy"]),
        curve("w", "", entry("shade"), width=1.5),
        dots("w0", "", symbol="circle-open", size=13),
        here("w end", "", entry("shade")),
        x=axis(span=[-0.2, 1.2], **bare),
        y=axis(span=[-0.12, 1.0], equal=True, **bare),
        click=clicked,
    )
