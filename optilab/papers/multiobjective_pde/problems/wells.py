"""One variable, two dips: against |x| its front isn't convex."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Wells:
    """f(x) = −0.6 e^{−(x−1)²/0.1} − e^{−(x−3)²/0.5}; points (*batch, 1), of 0 ≤ x ≤ 3 is what the lesson speaks."""

    depth = np.array([0.6, 1.0])
    center = np.array([1.0, 3.0])
    width = np.array([0.1, 0.5])

    def _dips(self, x: Array) -> tuple[Array, Array]:
        """The dips (*batch, 2) at x, and x − centre."""
        away = np.asarray(x) - self.center
        return self.depth * np.exp(-(away**2) / self.width), away

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, 1): (*batch)."""
        return -self._dips(x)[0].sum(-1)

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, 1)."""
        dips, away = self._dips(x)
        return (dips * 2 * away / self.width).sum(-1, keepdims=True)

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, 1): (*batch, 1, 1)."""
        dips, away = self._dips(x)
        return (dips * (2 / self.width - (2 * away / self.width) ** 2)).sum(-1)[..., None, None]
