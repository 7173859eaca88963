"""Powers of the norm of residuals: affine ones, Rosenbrock's valley, Chebyshev's chain."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from optilab.core.check import require
from optilab.papers.gradient_normalized_smoothness.problems.matrices import matrix

Array = np.ndarray


class Residual(Protocol):
    """A vector u(x) of residuals with its first and second derivatives."""

    linear: bool

    def __call__(self, x: Array, /) -> Array:
        """Residuals u at x: (*batch, n) → (*batch, m)."""

    def jacobian(self, x: Array, /) -> Array:
        """J at x: (*batch, n) → (*batch, m, n)."""

    def bend(self, x: Array, w: Array, /) -> Array:
        """Σ wᵢ∇²uᵢ at x for w (*batch, m): (*batch, n, n)."""


@dataclass(frozen=True, eq=False)
class Affine:
    """u = Ax − b."""

    A: Array
    b: Array
    linear = True

    def __post_init__(self) -> None:
        A, b = matrix("A", self.A), np.asarray(self.b, dtype=float)
        require(b.shape == A.shape[:1] and np.isfinite(b).all(), "b", self.b, f"({len(A)},) finite numbers")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    def __call__(self, x: Array) -> Array:
        """Residuals u at x (*batch, n) → (*batch, m)."""
        return x @ self.A.T - self.b

    def jacobian(self, x: Array) -> Array:
        """A, whatever x (*batch, n): (*batch, m, n)."""
        return np.broadcast_to(self.A, (*np.shape(x)[:-1], *self.A.shape))

    def bend(self, x: Array, w: Array) -> Array:
        """Zero: (*batch, n, n)."""
        return np.zeros((*np.shape(x), np.shape(x)[-1]))


@dataclass(frozen=True)
class Valley:
    """Rosenbrock's residuals u = (1 − x₁, 10(x₂ − x₁²))."""

    linear = False

    def __call__(self, x: Array) -> Array:
        """Residuals u at x (*batch, 2) → (*batch, 2)."""
        return np.stack([1 - x[..., 0], 10 * (x[..., 1] - x[..., 0] ** 2)], -1)

    def jacobian(self, x: Array) -> Array:
        """J at x (*batch, 2) → (*batch, 2, 2)."""
        slope = x[..., 0]
        rows = [[-1 + 0 * slope, 0 * slope], [-20 * slope, 10 + 0 * slope]]
        return np.stack([np.stack(row, -1) for row in rows], -2)

    def bend(self, x: Array, w: Array) -> Array:
        """Σ wᵢ∇²uᵢ at x (*batch, 2): (*batch, 2, 2)."""
        H = np.zeros((*np.shape(w)[:-1], 2, 2), dtype=np.result_type(w, float))
        H[..., 0, 0] = -20 * w[..., 1]
        return H


@dataclass(frozen=True)
class Chain:
    """Chebyshev's chain u₁ = (1 − x₁)/2, uᵢ = xᵢ − (2x²ᵢ₋₁ − 1), at points of any dimension n ≥ 2."""

    linear = False

    def __call__(self, x: Array) -> Array:
        """Residuals u at x (*batch, n) → (*batch, n)."""
        return np.concatenate([(1 - x[..., :1]) / 2, x[..., 1:] - (2 * x[..., :-1] ** 2 - 1)], -1)

    def jacobian(self, x: Array) -> Array:
        """J at x (*batch, n) → (*batch, n, n), lower triangular with diagonal (−½, 1, …, 1)."""
        n = x.shape[-1]
        J = np.zeros((*x.shape, n), dtype=np.result_type(x, float))
        J[..., range(n), range(n)] = np.append(-0.5, np.ones(n - 1))
        J[..., range(1, n), range(n - 1)] = -4 * x[..., :-1]
        return J

    def bend(self, x: Array, w: Array) -> Array:
        """Σ wᵢ∇²uᵢ at x (*batch, n): diagonal, (*batch, n, n)."""
        n = w.shape[-1]
        H = np.zeros((*w.shape, n), dtype=np.result_type(w, float))
        H[..., range(n - 1), range(n - 1)] = -4 * w[..., 1:]
        return H


class RankOne(NamedTuple):
    """The matrix α qqᵀ, which is not written out."""

    alpha: Array  # (*batch)
    q: Array  # (*batch, d)


@dataclass(frozen=True)
class Power:
    """f(x) = ‖u(x)‖ᵖ/p, smallest where all residuals are zero; analytic in complex x where u isn't 0.

    Parameters
    ----------
    u : Residual
        The residuals.
    p : float
        The power, 2 or more.

    Raises
    ------
    ValueError
        If the power is smaller.
    """

    u: Residual
    p: float

    def __post_init__(self) -> None:
        require(2 <= self.p < np.inf, "p", self.p, "finite, 2 or more")

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, n) → (*batch)."""
        return _squared(self.u(x)) ** (self.p / 2) / self.p

    def grad(self, x: Array) -> Array:
        """Gradient ‖u‖ᵖ⁻² Jᵀu at x (*batch, n) → (*batch, n)."""
        u = self.u(x)
        return self._scale(u)[..., None] * np.vecmat(u.conj(), self.u.jacobian(x))

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, n) → (*batch, n, n): `gauss_newton` and what the bend of the residuals adds."""
        u = self.u(x)
        return self.gauss_newton(x) + self._scale(u)[..., None, None] * self.u.bend(x, u)

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, n) → (*batch, n)."""
        return np.matvec(self.hess(x), v)

    def gauss_newton(self, x: Array) -> Array:
        """Gauss–Newton and Fisher term, ‖u‖ᵖ⁻²(JᵀJ + (p − 2)qqᵀ) with q = Jᵀu/‖u‖, at x → (*batch, n, n)."""
        u, J = self.u(x), self.u.jacobian(x)
        size = np.sqrt(_squared(u))[..., None]
        q = np.divide(np.vecmat(u.conj(), J), size, out=np.zeros_like(x + 0.0 * u[..., :1]), where=size != 0)
        fisher = (self.p - 2) * q[..., :, None] * q[..., None, :]
        return self._scale(u)[..., None, None] * (J.mT @ J + fisher)

    def fisher(self, x: Array) -> RankOne:
        """The Fisher term alone, (p − 2)‖u‖⁻ᵖ∇f∇fᵀ = (p − 2)‖u‖ᵖ⁻² qqᵀ, at x (*batch, n).

        Raises
        ------
        ValueError
            If the residuals aren't affine: then the matrix says nothing of the Hessian.
        """
        require(self.u.linear, "the residual of a rank-one Hessian", self.u, "affine, u = Ax − b")
        u = self.u(x)
        size = np.sqrt(_squared(u))[..., None]
        q = np.divide(np.vecmat(u, self.u.jacobian(x)), size, out=np.zeros_like(x + 0.0), where=size != 0)
        return RankOne((self.p - 2) * self._scale(u), q)

    def _scale(self, u: Array) -> Array:
        """‖u‖ᵖ⁻²: (*batch, m) → (*batch)."""
        return _squared(u) ** (self.p / 2 - 1)

    @property
    def minimum(self) -> float:
        """The value where all residuals are zero."""
        return 0.0


def _squared(u: Array) -> Array:
    """Σ uᵢ², analytic in complex u: (*batch, m) → (*batch)."""
    return (u * u).sum(-1)


def underdetermined(seed: int, m: int = 40, n: int = 80) -> Affine:
    """Residuals Ax − b with A (m, n), then b, uniform in (−1, 1): with m < n all can vanish."""
    rng = np.random.default_rng(seed)
    return Affine(rng.uniform(-1, 1, (m, n)), rng.uniform(-1, 1, m))
