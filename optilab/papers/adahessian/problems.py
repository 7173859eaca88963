"""Problems in other units: a function whose parameters are stretched and turned, and four landscapes in the plane."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.core.check import require
from optilab.problems.quadratic import Quadratic
from optilab.problems.rosenbrock import Rosenbrock

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Changed:
    """f̃(φ) = f(Mφ): the same function in other coordinates, θ = Mφ.

    Parameters
    ----------
    problem
        f, with `grad`, `hess` and `hvp`.
    M : array (*batch, d, d)
        The change of coordinates, one for all replicates or one for each.

    Raises
    ------
    ValueError
        If M isn't (*batch, d, d) and finite.
    """

    problem: Any
    M: Array

    def __post_init__(self) -> None:
        M = np.asarray(self.M, dtype=float)
        square = M.ndim >= 2 and M.shape[-1] == M.shape[-2]
        require(square and np.isfinite(M).all(), "M", self.M, "(*batch, d, d) and finite")
        object.__setattr__(self, "M", M)

    def theta(self, phi: Array) -> Array:
        """Where φ (*batch, d) is in the coordinates of f: (*batch, d)."""
        return np.matvec(self.M, phi)

    def __call__(self, phi: Array) -> Array:
        """Value at φ (*batch, d) → (*batch)."""
        return self.problem(self.theta(phi))

    def grad(self, phi: Array) -> Array:
        """Mᵀ∇f at φ (*batch, d) → (*batch, d)."""
        return np.matvec(self.M.mT, self.problem.grad(self.theta(phi)))

    def hess(self, phi: Array) -> Array:
        """Mᵀ∇²f M at φ (*batch, d) → (*batch, d, d)."""
        return self.M.mT @ self.problem.hess(self.theta(phi)) @ self.M

    def hvp(self, phi: Array, v: Array) -> Array:
        """Hessian at φ times v, both (*batch, d) → (*batch, d)."""
        return np.matvec(self.M.mT, self.problem.hvp(self.theta(phi), np.matvec(self.M, v)))


class Beale:
    """f(x, y) = Σₙ (cₙ − x + x yⁿ)², n = 1, 2, 3, with c = 1.5, 2.25, 2.625: a plain with a valley, least at (3, ½)."""

    c = np.array([1.5, 2.25, 2.625])
    n = np.array([1, 2, 3])
    minimizer = np.array([3.0, 0.5])
    minimum = 0.0

    def _parts(self, x: Array) -> tuple[Array, Array, Array]:
        """Residuals r, their derivatives by x and by y, and the y-derivatives of these; each (*batch, 3)."""
        x, y = x[..., :1], x[..., 1:]
        by_x = y**self.n - 1
        return self.c + x * by_x, by_x, x

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, 2) → (*batch)."""
        r, *_ = self._parts(x)
        return (r * r).sum(-1)

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, 2) → (*batch, 2)."""
        r, by_x, first = self._parts(x)
        by_y = first * self.n * x[..., 1:] ** (self.n - 1)
        return 2 * np.stack([(r * by_x).sum(-1), (r * by_y).sum(-1)], -1)

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, 2) → (*batch, 2, 2)."""
        r, by_x, first = self._parts(x)
        slope = self.n * x[..., 1:] ** (self.n - 1)
        bend = self.n * (self.n - 1) * x[..., 1:] ** np.maximum(self.n - 2, 0)
        xx = (by_x**2).sum(-1)
        xy = (by_x * first * slope + r * slope).sum(-1)
        yy = ((first * slope) ** 2 + r * first * bend).sum(-1)
        return 2 * np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, 2) → (*batch, 2)."""
        return np.matvec(self.hess(x), v)


class Rastrigin:
    """f(x) = Σᵢ xᵢ² + 10 (1 − cos 2πxᵢ): a bowl full of pits, least at 0."""

    minimizer = np.zeros(2)
    minimum = 0.0

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, d) → (*batch)."""
        return (x * x + 10 * (1 - np.cos(2 * np.pi * x))).sum(-1)

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, d) → (*batch, d)."""
        return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)

    def _diagonal(self, x: Array) -> Array:
        return 2 + 40 * np.pi**2 * np.cos(2 * np.pi * x)

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, d), diagonal → (*batch, d, d)."""
        return self._diagonal(x)[..., None] * np.eye(np.shape(x)[-1])

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, d) → (*batch, d)."""
        return self._diagonal(x) * v


LANDSCAPES: dict[str, tuple[Any, Array]] = {  # with where to start
    "bowl": (Quadratic(np.diag([1.0, 10.0]), np.zeros(2)), np.array([1.0, 1.0])),
    "Rosenbrock": (Rosenbrock(b=100.0), np.array([-1.2, 1.0])),
    "Beale": (Beale(), np.array([2.0, -0.5])),
    "Rastrigin": (Rastrigin(), np.array([0.4, 2.2])),
}


def rotation(degrees: float) -> Array:
    """The matrix (2, 2) that turns the plane."""
    a = np.deg2rad(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def stretched(name: str, s: float, degrees: float) -> tuple[Changed, Array]:
    """A landscape f(SR φ) with S = diag(1, 10ˢ) and a turn R, and the φ₀ that starts where the landscape does."""
    problem, start = LANDSCAPES[name]
    M = np.array([[1.0], [10.0**s]]) * rotation(degrees)
    return Changed(problem, M), np.linalg.solve(M, start)
