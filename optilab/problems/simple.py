"""Simple parts h of composite problems F = f + h: a value and the proximal map argmin_z h(z) + ‖z − x‖²/(2 step)."""

from dataclasses import dataclass

import numpy as np

from optilab.core.check import require
from optilab.problems import projection
from optilab.problems.oracles import lifted

INSIDE = 1e-9  # how far outside a constraint set a point may lie by rounding


@dataclass(frozen=True)
class Zero:
    """No simple part."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Zero at every x (*batch, d) → (*batch)."""
        return np.zeros(np.shape(x)[:-1])

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """The point itself."""
        return x


@dataclass(frozen=True)
class L1:
    """The norm weight · ‖x‖₁; its proximal map is the soft threshold."""

    weight: float

    def __post_init__(self) -> None:
        require(self.weight >= 0, "weight", self.weight, "0 or more")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        return self.weight * abs(x).sum(-1)

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """Shrink every entry towards 0 by step · weight, no further than 0."""
        threshold = lifted(step, x) * self.weight
        return x - np.minimum(np.maximum(x, -threshold), threshold)


@dataclass(frozen=True)
class SquaredNorm:
    """The ridge ½ mu ‖x‖²."""

    mu: float

    def __post_init__(self) -> None:
        require(self.mu >= 0, "mu", self.mu, "0 or more")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        return 0.5 * self.mu * (x * x).sum(-1)

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """Divide by 1 + step · mu."""
        return x / (1 + lifted(step, x) * self.mu)


def outside(amount: np.ndarray) -> np.ndarray:
    """The indicator of a set: 0 where the violation `amount` is rounding, infinite elsewhere."""
    return np.where(amount <= INSIDE, 0.0, np.inf)


@dataclass(frozen=True)
class Ball:
    """The indicator of the ball ‖x‖₂ ≤ radius."""

    radius: float = 1.0

    def __post_init__(self) -> None:
        require(self.radius > 0, "radius", self.radius, "positive")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Zero inside, infinite outside: x (*batch, d) → (*batch)."""
        return outside(np.linalg.norm(x, axis=-1) - self.radius)

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """Project onto the ball."""
        return x / np.maximum(1, np.linalg.norm(x, axis=-1, keepdims=True) / self.radius)


UNIT_BALL = Ball(1.0)


@dataclass(frozen=True)
class Box:
    """The indicator of low ≤ x ≤ high, entrywise."""

    low: float | np.ndarray
    high: float | np.ndarray

    def __post_init__(self) -> None:
        require(np.less_equal(self.low, self.high), "low", self.low, f"at most high = {self.high}")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Zero inside, infinite outside: x (*batch, d) → (*batch)."""
        return outside(np.maximum(self.low - x, x - self.high).max(-1))

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """Project onto the box."""
        return np.clip(x, self.low, self.high)


@dataclass(frozen=True)
class Simplex:
    """The indicator of the probability simplex: x ≥ 0 with sum 1."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Zero inside, infinite outside: x (*batch, d) → (*batch)."""
        return outside(np.maximum(abs(x.sum(-1) - 1), -x.min(-1)))

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """Project onto the simplex."""
        return projection.simplex(x)
