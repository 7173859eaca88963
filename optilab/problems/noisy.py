"""Exact problems seen through noise, and the noises."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from optilab.core.check import require
from optilab.problems.oracles import check_samples


class Noise(Protocol):
    """A distribution of mean 0."""

    def __call__(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Draw vectors: size (…, d) → (…, d)."""


@dataclass(frozen=True)
class Gaussian:
    """Independent normal entries of standard deviation `scale`."""

    scale: float

    def __post_init__(self) -> None:
        require(self.scale >= 0, "scale", self.scale, "0 or more")

    def __call__(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Draw vectors: size (…, d) → (…, d)."""
        return self.scale * rng.standard_normal(size=size)


@dataclass(frozen=True)
class Lomax:
    """A uniform direction of random length R with P(R > r) = (1 + r/scale)^(−tail): heavy for a small `tail`.

    The moment E R^p is finite for p < tail, the mean only for tail > 1.
    """

    tail: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        require(self.tail > 1, "tail", self.tail, "above 1: below, the noise has no mean")
        require(self.scale > 0, "scale", self.scale, "positive")

    def __call__(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Draw vectors: size (…, d) → (…, d)."""
        direction = rng.standard_normal(size=size)
        direction = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
        return self.scale * rng.pareto(self.tail, size=size[:-1])[..., None] * direction


@dataclass(frozen=True)
class Noisy:
    """A problem whose (sub)gradients come with additive noise; all else is the problem's own.

    Parameters
    ----------
    problem
        Has `subgrad`, or `grad` if it is smooth.
    noise : Noise
        What is added.
    dim : int
        The dimension d.
    """

    problem: Any
    noise: Noise
    dim: int

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The exact value at x (*batch, d) → (*batch)."""
        return self.problem(x)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Noise for a batch of points: size (*batch, m) → (*batch, m, d)."""
        return self.noise(rng, (*size, self.dim))

    def sample_grad(self, x: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """The (sub)gradient at x (*batch, d) plus the mean of the sampled noise (*batch, m, d): (*batch, d)."""
        check_samples(x, sample.shape[:-1])
        exact = self.problem.subgrad if hasattr(self.problem, "subgrad") else self.problem.grad
        return exact(x) + sample.mean(-2)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__dict__["problem"], name)
