"""A strongly convex function whose curvature changes from place to place: f(x) = ½ μ‖x‖² + Σᵢ log cosh (Wx)ᵢ."""

from dataclasses import dataclass

import numpy as np

from optilab.core.check import require


@dataclass(frozen=True)
class LogCosh:
    """f(x) = ½ μ‖x‖² + Σᵢ log cosh (Wx)ᵢ, as smooth as one likes and steepest in curvature at its minimizer 0.

    Parameters
    ----------
    W : array (m, d)
        The directions in which it is curved.
    mu : float
        Its strong convexity, not negative.
    """

    W: np.ndarray
    mu: float = 1.0

    def __post_init__(self) -> None:
        require(np.ndim(self.W) == 2, "W", self.W, "a matrix (m, d)")
        require(self.mu >= 0, "mu", self.mu, "0 or more")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        bent = abs(x @ self.W.T)
        return 0.5 * self.mu * (x * x).sum(-1) + (bent + np.log1p(np.exp(-2 * bent)) - np.log(2)).sum(-1)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, d) → (*batch, d)."""
        return self.mu * x + np.tanh(x @ self.W.T) @ self.W

    def hvp(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at x times v: (*batch, d) → (*batch, d)."""
        slope = 1 - np.tanh(x @ self.W.T) ** 2
        return self.mu * v + (slope * (v @ self.W.T)) @ self.W

    @property
    def L(self) -> float:
        """The largest curvature, that at 0."""
        return self.mu + float(np.linalg.norm(self.W, 2)) ** 2

    @property
    def minimizer(self) -> np.ndarray:
        """Where it is least."""
        return np.zeros(self.W.shape[1])

    @property
    def minimum(self) -> float:
        """Its least value."""
        return 0.0
