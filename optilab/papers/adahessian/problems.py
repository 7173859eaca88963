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

    minimizer = np.array([3.0, 0.5])
    minimum = 0.0

    def _parts(self, point: Array) -> tuple[Array, ...]:
        """For points (*batch, 2): x, y, the residuals and their slopes yⁿ − 1 along x, each (*batch)."""
        x, y = point[..., 0], point[..., 1]
        a, b, c = y - 1, y * y - 1, y * y * y - 1
        return x, y, 1.5 + x * a, 2.25 + x * b, 2.625 + x * c, a, b, c

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, 2) → (*batch)."""
        _, _, r, s, t, *_ = self._parts(x)
        return r * r + s * s + t * t

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, 2) → (*batch, 2)."""
        gradient = np.empty_like(x)
        x, y, r, s, t, a, b, c = self._parts(x)
        gradient[..., 0] = 2 * (r * a + s * b + t * c)
        gradient[..., 1] = 2 * x * (r + y * (2 * s + 3 * y * t))
        return gradient

    def _second(self, x: Array) -> tuple[Array, Array, Array]:
        """Second derivatives by xx, xy and yy, each (*batch)."""
        x, y, r, s, t, a, b, c = self._parts(x)
        xy = r + x * a + y * (2 * (s + x * b) + 3 * y * (t + x * c))
        yy = x * (x * (1 + y * y * (4 + 9 * y * y)) + 2 * s + 6 * y * t)
        return 2 * (a * a + b * b + c * c), 2 * xy, 2 * yy

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, 2) → (*batch, 2, 2)."""
        xx, xy, yy = self._second(x)
        H = np.empty((*np.shape(x), 2), dtype=xx.dtype)
        H[..., 0, 0], H[..., 1, 1] = xx, yy
        H[..., 0, 1] = H[..., 1, 0] = xy
        return H

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, 2) → (*batch, 2)."""
        xx, xy, yy = self._second(x)
        v, w = v[..., 0], v[..., 1]
        return np.stack([xx * v + xy * w, xy * v + yy * w], -1)


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


def in_other_units(name: str, s: float, degrees: float) -> tuple[Changed, Array]:
    """A landscape f(SRφ), S = diag(1, 10ˢ) and a turn R, beside the plain one; and the φ₀ of both: (2, 2)."""
    problem, start = LANDSCAPES[name]
    M = np.stack([np.diag([1.0, 10.0**s]) @ rotation(degrees), np.eye(2)])
    return Changed(problem, M), np.linalg.solve(M, np.broadcast_to(start, (2, 2))[..., None])[..., 0]
