"""Test functions of many objectives, valid designs on a curved surface, and data sets whose best part is hidden.

All functions are defined on the unit box and are minimised; x is (..., d), values are (..., m).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from optilab.core.check import require, whole
from optilab.problems.pareto import ranks

Array = np.ndarray


class Objectives(Protocol):
    """m functions of a design."""

    @property
    def m(self) -> int:
        """How many they are."""

    def __call__(self, x: Array, /) -> Array:
        """Values at x (..., d): (..., m)."""


@dataclass(frozen=True)
class ZDT:
    """Two objectives f₁ = x₁ and f₂ = g h(f₁/g) with g = 1 + 9 mean(x₂, …); on the front g = 1.

    Parameters
    ----------
    kind : {1, 2, 3}
        h = 1 − √u (convex), 1 − u² (not convex), 1 − √u − u sin 10πf₁ (in pieces).

    Source: E. Zitzler, K. Deb, L. Thiele, "Comparison of multiobjective evolutionary algorithms", 2000.
    """

    kind: int
    m = 2

    def __post_init__(self) -> None:
        require(whole(self.kind, 1) and self.kind <= 3, "kind", self.kind, "1, 2 or 3")

    def __call__(self, x: Array) -> Array:
        """Values at x (..., d), d ≥ 2: (..., 2)."""
        x = np.asarray(x)
        f1, g = x[..., 0], 1 + 9 * x[..., 1:].mean(-1)
        return np.stack([f1, g * self.shape(f1, f1 / g)], -1)

    def shape(self, f1: Array, u: Array) -> Array:
        """The function h of u = f₁/g."""
        if self.kind == 1:
            return 1 - np.sqrt(u)
        return 1 - u**2 if self.kind == 2 else 1 - np.sqrt(u) - u * np.sin(10 * np.pi * f1)


@dataclass(frozen=True)
class DTLZ2:
    """m objectives whose front is the unit sphere: (1 + g) times a point of it, g = Σ_{i ≥ m} (xᵢ − ½)².

    Source: K. Deb, L. Thiele, M. Laumanns, E. Zitzler, "Scalable multi-objective optimization test problems", 2002.
    """

    m: int = 3

    def __post_init__(self) -> None:
        require(whole(self.m, 2), "m", self.m, "a whole number, 2 or more")

    def __call__(self, x: Array) -> Array:
        """Values at x (..., d), d ≥ m: (..., m)."""
        x = np.asarray(x)
        angle = x[..., : self.m - 1] * np.pi / 2
        one = np.ones((*x.shape[:-1], 1))
        left = np.cumprod(np.concatenate([one, np.cos(angle)], -1), -1)[..., ::-1]
        last = np.concatenate([one, np.sin(angle)[..., ::-1]], -1)
        g = ((x[..., self.m - 1 :] - 0.5) ** 2).sum(-1, keepdims=True)
        return (1 + g) * left * last


@dataclass(frozen=True)
class Surface:
    """A base problem in the first k coordinates, valid where the others follow a curved surface over them.

    f(x) = base(z) + ρ mean_j (x_{k+j} − c_j(z))²,  z = (x₁, …, x_k),  c(z) = ½ + s sin 2π(zA + φ)

    Without further coordinates (d = k) it is the base problem, the *plain* task.

    Parameters
    ----------
    base : Objectives
        Of (..., k).
    k, d : int
        Coordinates of the base problem, and in all.
    rho : float
        Penalty ρ, 0 or more.
    slope : float
        Standard deviation of A's entries: how wiggly the surface is.
    amplitude : float
        s, at most ½, so that the surface is in the box.

    Raises
    ------
    ValueError
        If a number is not allowed.
    """

    base: Objectives
    k: int
    d: int
    rho: float = 10.0
    slope: float = 0.105
    amplitude: float = 0.35

    def __post_init__(self) -> None:
        require(whole(self.k, 1), "k", self.k, "a whole number, 1 or more")
        require(whole(self.d, self.k), "d", self.d, f"a whole number, k = {self.k} or more")
        require(self.rho >= 0, "rho", self.rho, "0 or more")
        require(0 <= self.amplitude <= 0.5, "amplitude", self.amplitude, "between 0 and ½")

    @property
    def m(self) -> int:
        """Number of objectives."""
        return self.base.m

    @cached_property
    def waves(self) -> tuple[Array, Array]:
        """A (k, d − k) and the phases φ (d − k,), the same for every seed."""
        rng = np.random.default_rng(12345)
        return self.slope * rng.normal(size=(self.k, self.d - self.k)), rng.random(self.d - self.k)

    def c(self, z: Array) -> Array:
        """c(z), where the further coordinates belong: (..., k) → (..., d − k)."""
        A, phi = self.waves
        return 0.5 + self.amplitude * np.sin(2 * np.pi * (z @ A + phi))

    def distance(self, x: Array) -> Array:
        """Root mean square distance of x (..., d) from the surface: (...); 0 for the plain task."""
        if self.d == self.k:
            return np.zeros(np.shape(x)[:-1])
        return np.sqrt(((x[..., self.k :] - self.c(x[..., : self.k])) ** 2).mean(-1))

    def __call__(self, x: Array) -> Array:
        """Values at x (..., d): (..., m)."""
        x = np.asarray(x)
        return self.base(x[..., : self.k]) + self.rho * self.distance(x)[..., None] ** 2


class Data(NamedTuple):
    """What may be learned from: designs in the unit box and their values."""

    X: Array  # (N, d)
    Y: Array  # (N, m)


def hidden_front(problem: Surface, rng: np.random.Generator, N: int = 1500, drop: float = 0.4) -> Data:
    """Designs near the surface, without the best of them: N/(1 − drop) points, less the part `drop` of lowest rank.

    z is uniform, the others are c(z) + 0.02 N(0, 1), cut to the box. Ties of rank go by place, as in the benchmark.

    Raises
    ------
    ValueError
        If N isn't a whole number of 1 or more, or `drop` not in [0, 1).
    """
    require(whole(N, 1), "N", N, "a whole number, 1 or more")
    require(0 <= drop < 1, "drop", drop, "in [0, 1)")
    count = round(N / (1 - drop))
    z = rng.random((count, problem.k))
    rest = problem.c(z) + 0.02 * rng.normal(size=(count, problem.d - problem.k))
    X = np.concatenate([z, np.clip(rest, 0, 1)], -1)
    Y = problem(X)
    kept = np.sort(np.argsort(ranks(Y), kind="stable")[count - N :])
    return Data(X[kept], Y[kept])
