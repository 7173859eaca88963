"""Problems of acceleration: a function whose curvature changes, and the one on which heavy ball cycles."""

from dataclasses import dataclass
from typing import ClassVar

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


@dataclass(frozen=True)
class ThreeSlopes:
    """Curvature 25, then 1 between x = 1 and x = 2, then 25 again; strongly convex with μ = 1 and L = 25.

    From L. Lessard, B. Recht, A. Packard, "Analysis and Design of Optimization Algorithms via Integral Quadratic
    Constraints", SIAM J. Optim. 26(1), 2016. Points have the shape (*batch, 1).
    """

    mu: ClassVar[float] = 1.0
    L: ClassVar[float] = 25.0
    minimum: ClassVar[float] = 0.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, 1) → (*batch)."""
        x = np.asarray(x)[..., 0]
        return np.where(x < 1, 12.5 * x**2, np.where(x < 2, 0.5 * x**2 + 24 * x - 12, 12.5 * x**2 - 24 * x + 36))

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, 1) → (*batch, 1)."""
        x = np.asarray(x)
        return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))

    @property
    def minimizer(self) -> np.ndarray:
        """Where it is least."""
        return np.zeros(1)
