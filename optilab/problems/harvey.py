"""The instance on which step sizes 1/√t leave the last iterate a factor log T behind.

N. J. A. Harvey, C. Liaw, Y. Plan, S. Randhawa, "Tight analyses for non-smooth stochastic gradient descent", 2019
(arXiv 1812.05217). On the unit ball of ℝᵀ, f(x) = max_{i ≤ T+1} ⟨h_i, x⟩ with

    h_ij = a_j for j < i,   −b_i for j = i ≤ T,   0 for j > i,   a_j = 1/(8(T−j+1)),   b_j = √j/(2√T).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.problems.simple import Ball

TIE = 1e-12  # pieces within this of the largest count as active


@dataclass(frozen=True)
class Harvey:
    """The instance for a horizon of T steps, 1-Lipschitz, with f(0) = 0; the best point has f ≤ 0."""

    T: int

    def __post_init__(self) -> None:
        require(self.T >= 2, "T", self.T, "at least 2")

    @property
    def simple(self) -> Ball:
        """The constraint: the unit ball."""
        return Ball(1.0)

    @cached_property
    def a(self) -> np.ndarray:
        """What a later step's slope has on coordinate j: (T,)."""
        return 1 / (8 * (self.T - np.arange(self.T)))

    @cached_property
    def b(self) -> np.ndarray:
        """What step j's own slope has on coordinate j: (T,)."""
        return np.sqrt(np.arange(1, self.T + 1) / self.T) / 2

    def pieces(self, x: np.ndarray) -> np.ndarray:
        """All ⟨h_i, x⟩ at x (..., T) → (..., T + 1), by one cumulative sum."""
        before = np.cumsum(self.a * x, -1)
        zero = np.zeros((*x.shape[:-1], 1))
        return np.concatenate([zero, before], -1) - np.concatenate([self.b * x, zero], -1)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (..., T) → (...)."""
        return self.pieces(x).max(-1) + self.simple(x)

    def active(self, x: np.ndarray) -> np.ndarray:
        """The smallest index i − 1 of an active piece at x (..., T) → (...)."""
        pieces = self.pieces(x)
        return (pieces >= pieces.max(-1, keepdims=True) - TIE).argmax(-1)

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """The slope of the first active piece at x (..., T), the adversary's choice."""
        i = self.active(x)[..., None]
        j = np.arange(self.T)
        return np.where(j < i, self.a, np.where(j == i, -self.b, 0.0))

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> None:
        """Nothing is random here."""

    def sample_grad(self, x: np.ndarray, sample: None) -> np.ndarray:
        """The subgradient."""
        return self.subgrad(x)

    def point(self, eta: np.ndarray, t: int) -> np.ndarray:
        """Where t − 1 subgradient steps of sizes eta (T,) from 0 lead, as long as the ball isn't active: x^t (T,).

        Step j puts a spike η_j b_j on coordinate j; each later one lowers it by η a_j.
        """
        later = np.cumsum(eta[: t - 1])[-1:] - np.cumsum(eta[: t - 1])
        x = np.zeros(self.T)
        x[: t - 1] = eta[: t - 1] * self.b[: t - 1] - self.a[: t - 1] * later
        return x

    def values(self, eta: np.ndarray) -> np.ndarray:
        """f(x^1), …, f(x^{T+1}) along that path, in closed form: (T + 1,)."""
        total = np.cumsum(eta)
        spikes = np.cumsum(self.a * eta * self.b)
        squares, weighted = np.cumsum(self.a**2), np.cumsum(self.a**2 * total)
        return np.append(0.0, spikes - total * squares + weighted)

    def average(self, eta: np.ndarray) -> np.ndarray:
        """The average of x^2, …, x^{T+1} on that path, in closed form: (T,)."""
        total = np.cumsum(eta)
        present = self.T - np.arange(self.T)  # iterates that have the spike
        sum_later = np.cumsum(total[::-1])[::-1] - present * total
        return (present * eta * self.b - self.a * sum_later) / self.T
