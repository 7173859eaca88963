"""A metric B on points, and the dual one on gradients."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from optilab.core.check import require


@dataclass(frozen=True, eq=False)
class Metric:
    """Lengths ‖h‖ = ⟨Bh, h⟩^½ of steps and ‖s‖_* = ⟨s, B⁻¹s⟩^½ of gradients, B = CCᵀ with C lower triangular.

    Parameters
    ----------
    B : array (d, d)
        Symmetric and positive definite.

    Raises
    ------
    ValueError
        If it isn't.
    """

    B: np.ndarray

    def __post_init__(self) -> None:
        allowed = "symmetric positive definite"
        try:
            B = np.asarray(self.B, dtype=float)
        except (TypeError, ValueError):
            B = np.zeros(0)
        require(B.ndim == 2 and B.shape[0] == B.shape[1] and B.size > 0, "metric B", self.B, f"{allowed}, (d, d)")
        require(np.isfinite(B).all() and abs(B - B.T).max() <= 1e-10 * abs(B).max(), "metric B", self.B, allowed)
        try:
            np.linalg.cholesky(B)
        except np.linalg.LinAlgError:
            require(False, "metric B", self.B, allowed)
        object.__setattr__(self, "B", B)

    @cached_property
    def C(self) -> np.ndarray:
        """The lower triangular factor of B: (d, d)."""
        return np.linalg.cholesky(self.B)

    @cached_property
    def W(self) -> np.ndarray:
        """C⁻¹, which turns the dual norm into the Euclidean one: (d, d)."""
        return solve_triangular(self.C, np.eye(len(self.B)), lower=True)

    def norm(self, h: np.ndarray) -> np.ndarray:
        """‖h‖ of steps (*batch, d) → (*batch)."""
        return np.linalg.norm(h @ self.C, axis=-1)

    def dual(self, s: np.ndarray) -> np.ndarray:
        """‖s‖_* of gradients (*batch, d) → (*batch)."""
        return np.linalg.norm(s @ self.W.T, axis=-1)

    def solve(self, s: np.ndarray) -> np.ndarray:
        """B⁻¹s, the gradient as a step: (*batch, d) → (*batch, d)."""
        return s @ self.W.T @ self.W

    def pencil(self, H: np.ndarray) -> np.ndarray:
        """C⁻¹HC⁻ᵀ, whose eigenvalues are those of the pencil (H, B): (*batch, d, d) → (*batch, d, d)."""
        return self.W @ H @ self.W.T


def euclidean(d: int) -> Metric:
    """The metric B = I on points with d entries."""
    return Metric(np.eye(d))
