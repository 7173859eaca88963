"""Two functions of the plane with kinks that don't meet: gradients jam on either of them."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Crescent:
    """f₁ = max(r + x₂ − 1, −r + x₂ + 1) with r = x₁² + (x₂ − 1)²; f₂ = −x₁ + 2s + 1.75|s| with s = x₁² + x₂² − 1.

    f₁ is least, 0, at the origin; f₂ is −1 at (1, 0), its least value. Points (*batch, 2) → values (*batch, 2).
    """

    k = 2
    least = (0.0, -1.0)

    def __call__(self, x: Array) -> Array:
        """Both values at x (*batch, 2): (*batch, 2)."""
        r, s = self._circles(x)
        first = np.maximum(r + x[..., 1] - 1, -r + x[..., 1] + 1)
        return np.stack([first, -x[..., 0] + 2 * s + 1.75 * abs(s)], -1)

    def subgradient(self, x: Array, i: int) -> Array:
        """A subgradient of f_i at x (*batch, 2): that of r + x₂ − 1 where both pieces tie, and |s|′ = 0 at s = 0."""
        r, s = self._circles(x)
        if i == 0:
            outer = (r + x[..., 1] - 1 >= -r + x[..., 1] + 1)[..., None]
            return np.where(outer, 1.0, -1.0) * 2 * (x - [0, 1]) + [0, 1]
        return (2 + 1.75 * np.sign(s))[..., None] * 2 * x - [1, 0]

    @staticmethod
    def _circles(x: Array) -> tuple[Array, Array]:
        """Both r and s at x."""
        return x[..., 0] ** 2 + (x[..., 1] - 1) ** 2, (x**2).sum(-1) - 1
