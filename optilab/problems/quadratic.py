"""Quadratics f(x) = ½ xᵀAx − bᵀx, the problem on which every method can be solved by hand."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.problems.oracles import lifted


@dataclass(frozen=True, eq=False)
class Quadratic:
    """f(x) = ½ xᵀAx − bᵀx, convex or not.

    Parameters
    ----------
    A : array (d, d)
        The Hessian, symmetric.
    b : array (d,)
        The linear part.

    Raises
    ------
    ValueError
        If A isn't (d, d), symmetric and finite, or b isn't (d,).
    """

    A: np.ndarray
    b: np.ndarray

    def __post_init__(self) -> None:
        A, b = np.asarray(self.A, dtype=float), np.asarray(self.b, dtype=float)
        square = A.ndim == 2 and A.shape[0] == A.shape[1]
        require(square and np.isfinite(A).all() and np.allclose(A, A.T), "A, the hessian,", self.A, "(d, d) symmetric")
        require(b.shape == A.shape[:1], "b", self.b, f"({len(A)},), as long as A")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        return ((0.5 * x @ self.A - self.b) * x).sum(-1)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, d) → (*batch, d)."""
        return x @ self.A - self.b

    def hess(self, x: np.ndarray) -> np.ndarray:
        """Hessian at x (*batch, d), everywhere A → (*batch, d, d)."""
        return np.broadcast_to(self.A, (*np.shape(x), len(self.b)))

    def hvp(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at x times v, both (*batch, d) → (*batch, d)."""
        return np.broadcast_to(v @ self.A, np.broadcast_shapes(np.shape(x), np.shape(v)))

    def third(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """T[v, v] = ∇(vᵀ H v) at fixed v: zero, as the Hessian is constant."""
        return np.zeros(np.broadcast_shapes(np.shape(x), np.shape(v)))

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """The y that minimises f(y) + ‖y − x‖²/(2 step), for x (*batch, d) and a step, a number or (*batch)."""
        step = lifted(step, x)
        require(1 + step * self.mu > 0, "step", step[..., 0], "so short that f(y) + ‖y − x‖²/(2 step) is convex")
        eigenvalues, U = self.spectrum
        return ((x + step * self.b) @ U / (1 + step * eigenvalues)) @ U.T

    @cached_property
    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (d,), ascending, and eigenvectors (d, d) as columns."""
        eigenvalues, U = np.linalg.eigh(self.A)
        return eigenvalues, U

    @property
    def L(self) -> float:
        """Lipschitz constant of the gradient: the largest |eigenvalue| of A."""
        return float(abs(self.spectrum[0]).max())

    @property
    def mu(self) -> float:
        """Strong convexity: the smallest eigenvalue of A, negative where f isn't convex."""
        return float(self.spectrum[0][0])

    @cached_property
    def minimizer(self) -> np.ndarray:
        """Where f is smallest (d,); refused unless A is positive definite."""
        require(self.mu > 0, "A", self.A, "positive definite for f to have one minimizer")
        return np.linalg.solve(self.A, self.b)

    @property
    def minimum(self) -> float:
        """The smallest value of f."""
        return float(self(self.minimizer))
