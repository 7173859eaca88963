"""Rosenbrock's curved valley (1960), in two dimensions or as a chain of valleys."""

from dataclasses import dataclass

import numpy as np

from optilab.core.check import require


@dataclass(frozen=True)
class Rosenbrock:
    """f(x) = scale · Σᵢ (a − xᵢ)² + b (xᵢ₊₁ − xᵢ²)², i = 1 … d − 1, at points of any dimension d ≥ 2.

    Parameters
    ----------
    a : float
        Where the floor of the valley is lowest: (a, a²) if d = 2.
    b : float
        How steep its walls are, positive; Rosenbrock took 100.
    scale : float
        Factor on the whole, positive.

    Raises
    ------
    ValueError
        If a parameter isn't finite, or b or scale isn't positive.
    """

    a: float = 1.0
    b: float = 5.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        require(np.isfinite(self.a), "a", self.a, "finite")
        require(0 < self.b < np.inf, "b", self.b, "positive and finite")
        require(0 < self.scale < np.inf, "scale", self.scale, "positive and finite")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        x, y = pairs(x)
        return self.scale * ((self.a - x) ** 2 + self.b * (y - x**2) ** 2).sum(-1)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, d) → (*batch, d)."""
        x, y = pairs(x)
        wall = 2 * self.b * (y - x**2)
        return self.scale * joined(-2 * (self.a - x) - 2 * x * wall, wall)

    def hess(self, x: np.ndarray) -> np.ndarray:
        """Hessian at x (*batch, d) → (*batch, d, d), tridiagonal."""
        x, y = pairs(x)
        diagonal = joined(2 - 4 * self.b * (y - 3 * x**2), np.full_like(y, 2 * self.b))
        d = diagonal.shape[-1]
        H = np.zeros((*diagonal.shape, d), dtype=diagonal.dtype)
        H[..., range(d), range(d)] = diagonal
        H[..., range(d - 1), range(1, d)] = H[..., range(1, d), range(d - 1)] = -4 * self.b * x
        return self.scale * H

    def hvp(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at x times v, both (*batch, d) → (*batch, d)."""
        (x, y), (v, w) = pairs(x), pairs(v)
        return self.scale * joined(
            (2 - 4 * self.b * (y - 3 * x**2)) * v - 4 * self.b * x * w, 2 * self.b * w - 4 * self.b * x * v
        )

    def third(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """T[v, v] = ∇(vᵀ H v) at fixed v, both (*batch, d) → (*batch, d)."""
        (x, _), (v, w) = pairs(x), pairs(v)
        bend = -4 * self.b * v**2 + 0 * x
        return self.scale * joined(24 * self.b * x * v**2 - 8 * self.b * v * w, bend)

    @property
    def minimizer(self) -> np.ndarray:
        """Where f is smallest if d = 2: (a, a²). In more dimensions it is (1, …, 1) if a = 1."""
        return np.array([self.a, self.a**2])

    @property
    def minimum(self) -> float:
        """The smallest value of f if d = 2 or a = 1."""
        return 0.0


def pairs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours (xᵢ, xᵢ₊₁), each (*batch, d − 1)."""
    x = np.asarray(x) + 0.0
    require(x.ndim >= 1 and x.shape[-1] >= 2, "the shape of a point", x.shape, "(*batch, d) with d ≥ 2")
    return x[..., :-1], x[..., 1:]


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Sum over the pairs of what each gives to its xᵢ and to its xᵢ₊₁: (*batch, d)."""
    end = np.zeros_like(first[..., :1])
    return np.concatenate([first, end], -1) + np.concatenate([end, second], -1)
