"""Worst functions: those on which a method is as slow as a whole class of functions allows, to be drawn and walked on.

A worst case comes with points, gradients and values that belong to some function of the class; here is such a function.
Two kinds, both in units L = R = 1 (G = R = 1), with the minimum 0 at 0 and the start at distance 1:

    Planes      convex and 1-Lipschitz: the highest of some planes, one for each point that the method visits
    Parabolas   μ-strongly convex with a 1-Lipschitz gradient: the convex hull of parabolas

`against_subgradients` and `against_heavy_ball` look them up; `performance_functions` computes the table.

Sources: A. B. Taylor, J. M. Hendrickx, F. Glineur, "Smooth strongly convex interpolation and exact worst-case
performance of first-order methods", 2017, Theorem 4 and its proof (the hull of parabolas is the largest function with
given gradients), and "Exact worst-case performance of first-order methods for composite convex optimization", 2017,
Theorem 3.5 (the highest plane is the least).
"""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy.spatial import ConvexHull

from optilab.classics.worst_case import schedule_steps
from optilab.core.check import require

TABLES = Path(__file__).with_name("worst_functions.json")
TIE = 1e-5  # planes that are this near to the highest one touch: the solver's points have an error of about 1e-6
INSIDE = 1e-9  # a share of a corner that is this far below 0 is none


@dataclass(frozen=True)
class Planes:
    """f(x) = max(0, max_j ⟨g_j, x⟩ + c_j), convex, with minimum 0 at 0.

    Where several planes touch, any of their slopes is a subgradient, and the choice is the adversary's: he wants each
    plane to be met at a point of its own, so the one whose point is nearest is taken.

    Parameters
    ----------
    slopes : array (m, d)
        The g_j.
    heights : array (m)
        The c_j, heights at 0: none is above 0.
    points : array (m, d)
        Where the adversary wants each plane to be met.
    """

    slopes: np.ndarray
    heights: np.ndarray
    points: np.ndarray

    minimum: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        require(np.ndim(self.slopes) == 2, "slopes", self.slopes, "a matrix (m, d)")
        shape = np.shape(self.slopes)
        require(
            np.shape(self.points) == shape, "the shape of points", np.shape(self.points), f"that of slopes, {shape}"
        )
        require(np.shape(self.heights) == shape[:1], "the shape of heights", np.shape(self.heights), f"{shape[:1]}")
        require(np.asarray(self.heights) <= 0, "heights", self.heights, "0 or less, so that the minimum is at 0")

    @classmethod
    def through(cls, points: np.ndarray, slopes: np.ndarray, values: np.ndarray) -> "Planes":
        """The least convex function with these points and subgradients (m, d) and values (m), and minimum 0 at 0."""
        return cls(slopes, np.minimum(values - (points * slopes).sum(-1), 0), points)

    @property
    def minimizer(self) -> np.ndarray:
        """Where it is least."""
        return np.zeros(self.slopes.shape[1])

    def pieces(self, x: np.ndarray) -> np.ndarray:
        """The heights of all planes at x (*batch, d) → (*batch, m)."""
        return x @ self.slopes.T + self.heights

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        return np.maximum(self.pieces(x).max(-1), 0)

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """The slope of the touching plane whose point is nearest to x (*batch, d) → (*batch, d); 0 if none touches."""
        touching = self.pieces(x) >= self(x)[..., None] - TIE
        away = np.linalg.norm(x[..., None, :] - self.points, axis=-1)
        nearest = np.where(touching, away, np.inf).argmin(-1)
        return np.where(touching.any(-1, keepdims=True), self.slopes[nearest], 0)


@dataclass(frozen=True)
class Parabolas:
    """f(x) = ½μ‖x‖² + the convex hull of parabolas ½(L − μ)‖x − y_i‖² + c_i: as smooth and as flat as L and μ allow.

    The hull of parabolas of one curvature is min_y ½(L − μ)‖x − y‖² + ĉ(y), where ĉ is the lower convex hull of the
    corners (y_i, c_i). As x moves, the best y rests at a corner, where f has the curvature L, or moves along a face of
    ĉ, in whose directions f has the curvature μ; there is nothing between them.

    Parameters
    ----------
    centers : array (m, d)
        The y_i; (0, 0) is added to the corners.
    heights : array (m)
        The c_i: none is below 0, so the minimum is 0 at 0.
    mu, L : float
        0 ≤ μ < L.
    """

    centers: np.ndarray
    heights: np.ndarray
    mu: float
    L: float

    minimum: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        require(0 <= self.mu < self.L, "mu and L", (self.mu, self.L), "0 <= mu < L")
        require(np.ndim(self.centers) == 2, "centers", self.centers, "a matrix (m, d)")
        sizes = np.shape(self.centers)[:1], np.shape(self.heights)
        require(sizes[0] == sizes[1], "the shape of heights", sizes[1], f"{sizes[0]}")
        require(np.asarray(self.heights) >= 0, "heights", self.heights, "0 or more, so that the minimum is at 0")

    @classmethod
    def through(cls, points: np.ndarray, slopes: np.ndarray, values: np.ndarray, mu: float, L: float) -> "Parabolas":
        """The largest function of its class with these points, gradients (m, d) and values (m), minimum 0 at 0."""
        bend, slope = L - mu, slopes - mu * points
        heights = values - mu / 2 * (points**2).sum(-1) - (slope**2).sum(-1) / (2 * bend)
        return cls(points - slope / bend, np.maximum(heights, 0), mu, L)

    @property
    def minimizer(self) -> np.ndarray:
        """Where it is least."""
        return np.zeros(self.centers.shape[1])

    @cached_property
    def faces(self) -> list["Faces"]:
        """The faces of ĉ, those with as many corners together, from corners alone to simplices."""
        d = self.centers.shape[1]
        y = np.concatenate([self.centers, np.zeros((1, d))])
        c = np.append(self.heights, 0.0)
        hull = ConvexHull(np.column_stack([y, c]), qhull_options="QJ Pp")  # joggled: all facets are simplices
        facets = hull.simplices[hull.equations[:, d] <= 0]
        found = []
        for size in range(1, d + 2):
            corners = np.unique(
                np.sort([list(pick) for f in facets for pick in combinations(f, size)], axis=-1), axis=0
            )
            base, edges = y[corners[:, 0]], y[corners[:, 1:]] - y[corners[:, :1]]
            lift = c[corners[:, 1:]] - c[corners[:, :1]]
            spread = edges @ edges.transpose(0, 2, 1)
            inverse = np.linalg.pinv(spread)
            solve, rise = inverse @ edges, (inverse @ lift[..., None])[..., 0] / (self.L - self.mu)
            push = (solve @ base[..., None])[..., 0] + rise
            found.append(Faces(base, c[corners[:, 0]], edges, lift, solve, push, spread))
        return found

    def nearest(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The best y at x (*batch, d) → (*batch, d), and the hull's height there, (*batch)."""
        bend = self.L - self.mu
        lowest = np.full(x.shape[:-1], np.inf)
        place = np.zeros(x.shape)
        for base, height, edges, lift, solve, push, spread in self.faces:
            share = np.tensordot(x, solve, (-1, -1)) - push  # (*batch, f, k)
            away = (x**2).sum(-1)[..., None] - 2 * x @ base.T + (base**2).sum(-1)
            spared = ((share[..., None, :] @ spread)[..., 0, :] * share).sum(-1)
            on_face = (share >= -INSIDE).all(-1) & (share.sum(-1) <= 1 + INSIDE)
            best = np.where(on_face, height + bend / 2 * (away - spared), np.inf).argmin(-1)
            mine = np.take_along_axis(share, best[..., None, None], -2)[..., 0, :]
            y = base[best] + (mine[..., None, :] @ edges[best])[..., 0, :]
            exact = bend / 2 * ((x - y) ** 2).sum(-1) + height[best] + (mine * lift[best]).sum(-1)
            lower = on_face.any(-1) & (exact < lowest)
            lowest, place = np.where(lower, exact, lowest), np.where(lower[..., None], y, place)
        return place, lowest

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        x = np.asarray(x)
        return self.mu / 2 * (x**2).sum(-1) + self.nearest(x)[1]

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, d) → (*batch, d)."""
        x = np.asarray(x)
        return self.L * x - (self.L - self.mu) * self.nearest(x)[0]


class Faces(NamedTuple):
    """Faces of k + 1 corners each: y = base + shares · edges, and ĉ = height + shares · lift there."""

    base: np.ndarray  # (f, d) first corners
    height: np.ndarray  # (f) ĉ there
    edges: np.ndarray  # (f, k, d) from the first corner to the others
    lift: np.ndarray  # (f, k) by how much ĉ rises
    solve: np.ndarray  # (f, k, d) the shares of the best y in the plane of a face are solve x − push
    push: np.ndarray  # (f, k)
    spread: np.ndarray  # (f, k, k) inner products of the edges


@cache
def _table() -> dict[str, list[dict[str, Any]]]:
    """What the file holds."""
    found: dict[str, list[dict[str, Any]]] = json.loads(TABLES.read_text(encoding="utf-8"))
    return found


def grid(name: str) -> list[tuple[float | str, ...]]:
    """The settings of a table: (T, ηG/R, schedule) of "subgradient", (n, κ) of "heavy_ball".

    Raises
    ------
    ValueError
        If there is no such table.
    """
    require(name in _table(), "name", name, "one of " + ", ".join(_table()))
    return [tuple(row["at"]) for row in _table()[name]]


def _row(name: str, *setting: float | str) -> dict[str, Any]:
    """A table's row."""
    there = grid(name)
    require(setting in there, "the setting", setting, "in the table: " + ", ".join(map(str, there)))
    return _table()[name][there.index(setting)]


def against_subgradients(T: int, *, eta: float, schedule: str) -> tuple[Planes, np.ndarray]:
    """The worst function for the last of T subgradient steps, and the start.

    Parameters
    ----------
    T : int
        Steps, 1 to 10.
    eta : float
        The factor ηG/R: 0.1, 0.3 or 1.
    schedule : str
        "constant" or "linear decay", as of `schedule_steps`.

    Returns
    -------
    Planes, array (d)
        In as many dimensions d as it needs.

    Raises
    ------
    ValueError
        If the table has no such row.
    """
    row = _row("subgradient", T, eta, schedule)
    slopes, start = np.array(row["slopes"]), np.array(row["start"])
    walked = np.cumsum(schedule_steps(schedule, T, eta)[:, None] * slopes[:-1], 0)
    points = start - np.concatenate([np.zeros((1, len(start))), walked])
    return Planes(slopes, np.array(row["heights"]), points), start


def against_heavy_ball(n: int, *, kappa: float) -> tuple[Parabolas, np.ndarray]:
    """The worst function for n steps of the heavy ball with `heavy_ball.tuned`, and the start.

    Parameters
    ----------
    n : int
        Steps, 1 to 10.
    kappa : float
        κ = L/μ: 10, 15, 20, 25 or 100; with L = 1.

    Returns
    -------
    Parabolas, array (d)
        In as many dimensions d as it needs.

    Raises
    ------
    ValueError
        If the table has no such row.
    """
    return _hull(n, kappa), np.array(_row("heavy_ball", n, kappa)["start"])


@cache
def _hull(n: int, kappa: float) -> Parabolas:
    """The function of a row, whose faces take a while to find, once."""
    row = _row("heavy_ball", n, kappa)
    return Parabolas(np.array(row["centers"]), np.array(row["heights"]), 1 / kappa, 1.0)
