"""Step sizes η_t, made of what was seen before the round."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optilab.papers.optimistic_omd.algorithm.checks import not_negative, positive
from optilab.problems.oracles import Number

Array = np.ndarray


class Steps(Protocol):
    """Gives η_t from what was seen before round t."""

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t from V̄_{t−1} and ‖g_1‖² (0 before it was seen), both (*batch)."""


def best_delta(D: Number, L: Number) -> Number:
    """δ = 10 D²L², with which the bound of the convex case is least."""
    positive(D=D)
    not_negative(L=L)
    return 10 * np.square(D) * np.square(L)


@dataclass(frozen=True)
class Convex:
    """η_t = D/√(δ + 4G² + V̄_{t−1}).

    Parameters
    ----------
    D, G, delta : number or array (*batch)
        Diameter of the set; longest gradient, to which the rounds are held; δ.
    c : number or array (*batch)
        Hints are at most cG long: (1 + c)² takes the place of 4 where c > 1.
    """

    D: Number
    G: Number
    delta: Number
    c: Number = 1.0

    def __post_init__(self) -> None:
        positive(D=self.D, G=self.G)
        not_negative(delta=self.delta, c=self.c)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t."""
        return self.D / np.sqrt(self.delta + ((1 + np.maximum(self.c, 1)) * self.G) ** 2 + V)


@dataclass(frozen=True)
class Practical:
    """η_t = D/√(δ + V̄_{t−1}) with δ = max(10 D²L², ‖g_1‖²): G needn't be known, and no bound is proved.

    It stands still while the root is 0.
    """

    D: Number
    L: Number = 0.0

    def __post_init__(self) -> None:
        best_delta(self.D, self.L)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t."""
        square = np.maximum(best_delta(self.D, self.L), first) + V
        return self.D / np.sqrt(np.where(square > 0, square, np.inf))


@dataclass(frozen=True)
class StronglyConvex:
    """η_t = 2/(λt), for λ-strongly convex F_t; nothing else is to be known."""

    lam: Number

    def __post_init__(self) -> None:
        positive(lam=self.lam)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η_t."""
        return 2 / (self.lam * t)


@dataclass(frozen=True)
class Constant:
    """The same η in all rounds."""

    eta: Number

    def __post_init__(self) -> None:
        positive(eta=self.eta)

    def __call__(self, t: int, V: Array, first: Array) -> Number:
        """η."""
        return self.eta
