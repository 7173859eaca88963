"""Saddle points ½ xᵀHx − b·x + max_{y ∈ Y} ⟨Kx − c, y⟩ + (μ/2)‖x‖² over a box, a simplex or Euclidean balls."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require, whole
from optilab.problems import projection
from optilab.problems.oracles import lifted


@dataclass(frozen=True)
class DualSet:
    """A compact convex Y with the prox-function U(y) = ½‖y − y₀‖².

    The smoothed max_{y ∈ Y} ⟨v, y⟩ − ηU(y) has its maximum at the projection of y₀ + v/η.

    Parameters
    ----------
    project : function (..., m) → (..., m)
        The nearest point of Y.
    corner : function (..., m) → (..., m)
        A maximiser of ⟨v, y⟩ over Y.
    centre : array (m,)
        y₀.
    Omega : float
        The largest value of U on Y.
    """

    project: Callable[[np.ndarray], np.ndarray]
    corner: Callable[[np.ndarray], np.ndarray]
    centre: np.ndarray
    Omega: float


def box(m: int) -> DualSet:
    """[−1, 1]ᵐ: h is the sum of absolute values, smoothed it is Huber's."""
    require(whole(m, 1), "m", m, "a whole number, 1 or more")
    return DualSet(lambda v: np.clip(v, -1, 1), np.sign, np.zeros(m), m / 2)


def simplex(m: int) -> DualSet:
    """The simplex around its centre (1/m, …, 1/m): h is the largest entry, smoothed by the nearest weights."""
    require(whole(m, 1), "m", m, "a whole number, 1 or more")
    return DualSet(projection.simplex, lambda v: np.eye(m)[v.argmax(-1)], np.full(m, 1 / m), (1 - 1 / m) / 2)


def balls(groups: int, size: int = 2) -> DualSet:
    """Unit balls in groups of `size` entries: h is the sum of the groups' norms, as in isotropic total variation."""
    require(whole(groups, 1), "groups", groups, "a whole number, 1 or more")
    require(whole(size, 1), "size", size, "a whole number, 1 or more")

    def scaled(v: np.ndarray, least: float) -> np.ndarray:
        parts = v.reshape(*v.shape[:-1], groups, size)
        norms = np.linalg.norm(parts, axis=-1, keepdims=True)
        return (parts / np.maximum(norms, least)).reshape(v.shape)

    tiny = np.finfo(float).tiny
    return DualSet(lambda v: scaled(v, 1.0), lambda v: scaled(v, tiny), np.zeros(groups * size), groups / 2)


@dataclass(frozen=True, eq=False)
class Saddle:
    """f(x) = ½ xᵀHx − b·x, h(x) = max_{y ∈ Y} ⟨Kx − c, y⟩, χ(x) = (μ/2)‖x‖².

    `grad` belongs to f, `subgrad` and `smooth_grad` to h, `prox` to χ; calling the problem gives their sum.

    Parameters
    ----------
    H, b : arrays (n, n), (n,)
        Positive semidefinite Hessian and linear term of the smooth part.
    K, c : arrays (m, n), (m,)
        The map into the dual space, and an offset there.
    mu : float
        Strong convexity μ > 0 of the simple part.
    dual : DualSet
        Y: `box(m)`, `simplex(m)` or `balls(groups, size)`.

    Raises
    ------
    ValueError
        If shapes don't fit or μ is not positive.
    """

    H: np.ndarray
    b: np.ndarray
    K: np.ndarray
    c: np.ndarray
    mu: float
    dual: DualSet

    def __post_init__(self) -> None:
        n, m = len(self.b), len(self.dual.centre)
        require(np.shape(self.H) == (n, n), "the shape of H", np.shape(self.H), f"({n}, {n})")
        require(np.shape(self.K) == (m, n), "the shape of K", np.shape(self.K), f"({m}, {n})")
        require(np.shape(self.c) == (m,), "the shape of c", np.shape(self.c), f"({m},)")
        require(self.mu > 0, "mu", self.mu, "positive")

    @cached_property
    def L(self) -> float:
        """Smoothness of f, the largest eigenvalue of H."""
        return float(np.linalg.eigvalsh(self.H)[-1])

    @cached_property
    def norm(self) -> float:
        """‖K‖; h_η is ‖K‖²/η-smooth."""
        return float(np.linalg.norm(self.K, 2))

    @property
    def Omega(self) -> float:
        """Largest value of the prox-function on Y."""
        return self.dual.Omega

    def kinks(self, x: np.ndarray) -> np.ndarray:
        """Kx − c: (*batch, n) → (*batch, m)."""
        return np.matvec(self.K, x) - self.c

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value f + h + χ at x (*batch, n) → (*batch)."""
        smooth = ((0.5 * np.matvec(self.H, x) - self.b + self.mu / 2 * x) * x).sum(-1)
        v = self.kinks(x)
        return smooth + (v * self.dual.corner(v)).sum(-1)

    def smoothed(self, x: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """h_η(x) = max_{y ∈ Y} ⟨Kx − c, y⟩ − ηU(y), η > 0 (*batch): (*batch)."""
        v, y = self.kinks(x), self.multipliers(x, eta)
        return (v * y).sum(-1) - eta * ((y - self.dual.centre) ** 2).sum(-1) / 2

    def multipliers(self, x: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """y_η(x), where that maximum is: (*batch, m)."""
        return self.dual.project(self.dual.centre + self.kinks(x) / lifted(eta, x))

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient of f at x (*batch, n)."""
        return np.matvec(self.H, x) - self.b

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """Subgradient Kᵀy of h at x (*batch, n)."""
        return np.vecmat(self.dual.corner(self.kinks(x)), self.K)

    def smooth_grad(self, x: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """Gradient Kᵀy_η(x) of h_η at x (*batch, n), η > 0 (*batch)."""
        return np.vecmat(self.multipliers(x, eta), self.K)

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """The minimiser of χ(z) + ‖z − x‖²/(2 step) for x (*batch, n) and a step, a number or (*batch)."""
        return x / (1 + lifted(step * self.mu, x))
