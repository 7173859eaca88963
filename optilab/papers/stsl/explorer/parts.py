"""What several pictures share: colours, the mixture in the plane, and strips of digits."""

from functools import cache
from typing import Any

import numpy as np

from optilab.papers.stsl.problems import Inverse, Mixture
from optilab.ui.marks import axis, heat, panel, texts
from optilab.ui.theme import methods

Array = np.ndarray
EXACT, FULL, ORDER = "exact posterior", "full covariance", "first order"
color = methods(ours=["STSL", "STSL, noisy start"], rivals=["PSLD", "LDPS", "P2L", FULL], reference=[EXACT])
PRIOR = Mixture(
    np.array([0.4, 0.35, 0.25]),
    np.array([[1.2, 0.6], [-1.0, 1.0], [-0.2, -1.3]]),
    np.array([[[0.15, 0.05], [0.05, 0.3]], [[0.2, -0.08], [-0.08, 0.1]], [[0.12, 0.0], [0.0, 0.12]]]),
)
SPAN = 2.8  # of the plane, to either side of 0
LINE = (np.array([-SPAN, SPAN]), 2 * (0.3 - np.array([-SPAN, SPAN])))  # A z = y
GRID = np.linspace(-SPAN, SPAN, 57)


def in_the_plane(sigma: float) -> Inverse:
    """Three Gaussians in the plane and one number measured of a draw, y = z₁ + z₂/2 + noise = 0.3."""
    return Inverse(PRIOR, np.eye(2), np.zeros(2), np.array([[1.0, 0.5]]), np.array([0.3]), sigma)


@cache
def density() -> tuple[Array, Array, Array]:
    """The prior's density on a grid, for contours."""
    x, y = np.meshgrid(GRID, GRID)
    return GRID, GRID, np.exp(PRIOR.local(np.stack([x, y], -1), 1.0).log_p)


SIDE, ACROSS, DOWN, COLUMNS = 8, 10, 12, 4  # of a digit; of its place; places in a row


def places(count: int) -> list[tuple[int, int]]:
    """Upper left pixels (row, column) of digits in rows of four."""
    return [(DOWN * (k // COLUMNS), ACROSS * (k % COLUMNS)) for k in range(count)]


def strip(images: list[Array]) -> tuple[Array, Array, Array]:
    """Digits (64,) in rows of four as one map."""
    rows, columns = (1 + max(end) for end in zip(*places(len(images)), strict=True))
    joined = np.full((rows + SIDE - 1, columns + SIDE - 1), np.nan)
    for image, (i, j) in zip(images, places(len(images)), strict=True):
        joined[i : i + SIDE, j : j + SIDE] = image.reshape(SIDE, SIDE)
    return np.arange(joined.shape[1]), np.arange(joined.shape[0]), np.clip(joined, -1.0, 1.0)


def strip_panel(title: Any, name: str, labels: list[str], **other: Any) -> Any:
    """A strip of digits, bright on dark, with a word under each."""
    bare: dict[str, Any] = {"ticks": [], "showgrid": False, "zeroline": False, "showline": False}
    i, j = np.array(places(len(labels))).T
    return panel(
        title,
        heat(name, colorscale="Greys_r", zmin=-1, zmax=1, hoverinfo="skip"),
        texts((j + 3.5, i + 8.7), labels, textfont={"size": 11}),
        x=axis(span=[-1, ACROSS * COLUMNS - 2], **bare),
        y=axis(span=[max(i) + 10, -1], equal=True, **bare),
        **other,
    )
