"""The convex function of one variable on which heavy ball, tuned for quadratics, never arrives."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


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
