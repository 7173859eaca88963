"""Least squares f(x) = 1/(2n) ‖Ax − b‖², a mean over n equations that can be sampled."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.problems.oracles import check_samples


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """f(x) = 1/(2n) Σᵢ (aᵢ·x − bᵢ)².

    Parameters
    ----------
    A : array (n, d)
        One equation a row.
    b : array (n,)
        The right-hand sides.

    Raises
    ------
    ValueError
        If the shapes don't fit together, or an entry isn't finite.
    """

    A: np.ndarray
    b: np.ndarray

    def __post_init__(self) -> None:
        A, b = np.asarray(self.A, dtype=float), np.asarray(self.b, dtype=float)
        require(A.ndim == 2 and A.size > 0 and np.isfinite(A).all(), "A", self.A, "an array (n, d) of finite numbers")
        require(b.shape == A.shape[:1] and np.isfinite(b).all(), "b", self.b, f"({len(A)},), one for each row of A")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        return ((x @ self.A.T - self.b) ** 2).mean(-1) / 2

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, d) → (*batch, d)."""
        return (x @ self.A.T - self.b) @ self.A / len(self.b)

    def hess(self, x: np.ndarray) -> np.ndarray:
        """Hessian at x (*batch, d), everywhere AᵀA/n → (*batch, d, d)."""
        return np.broadcast_to(self.curvature, (*np.shape(x), self.A.shape[1]))

    def hvp(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at x times v, both (*batch, d) → (*batch, d)."""
        return np.broadcast_to(v @ self.curvature, np.broadcast_shapes(np.shape(x), np.shape(v)))

    def third(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """T[v, v] = ∇(vᵀ H v) at fixed v: zero, as the Hessian is constant."""
        return np.zeros(np.broadcast_shapes(np.shape(x), np.shape(v)))

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Equations drawn with replacement: indices, size (*batch, m) → (*batch, m)."""
        return rng.integers(len(self.b), size=size)

    def sample_grad(self, x: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """Mean gradient of the sampled equations (*batch, m) at x (*batch, d) → (*batch, d)."""
        check_samples(x, sample.shape)
        rows = self.A[sample]
        residuals = np.matvec(rows, x) - self.b[sample]
        return np.vecmat(residuals, rows) / sample.shape[-1]

    @cached_property
    def curvature(self) -> np.ndarray:
        """The Hessian AᵀA/n (d, d)."""
        return self.A.T @ self.A / len(self.b)

    @cached_property
    def L(self) -> float:
        """Lipschitz constant of the gradient."""
        return float(np.linalg.eigvalsh(self.curvature)[-1])

    @cached_property
    def mu(self) -> float:
        """Strong convexity; 0 where the equations leave a direction free."""
        return float(max(np.linalg.eigvalsh(self.curvature)[0], 0.0))

    @property
    def L_sample(self) -> float:
        """Largest Lipschitz constant of the gradient of one equation, max ‖aᵢ‖²."""
        return float((self.A**2).sum(1).max())

    @cached_property
    def minimizer(self) -> np.ndarray:
        """Where f is smallest (d,); the one nearest to 0 if there are several."""
        return np.linalg.lstsq(self.A, self.b, rcond=None)[0]

    @property
    def minimum(self) -> float:
        """The smallest value of f."""
        return float(self(self.minimizer))
