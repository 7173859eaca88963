"""What stands in for the Hessian, and the shifted systems (H + λB)d = −g that it is asked to solve."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.gradient_normalized_smoothness.problems import RankOne
from optilab.problems.metric import Metric

Array = np.ndarray
Hessian = Callable[[Array], Array | RankOne]  # x (*batch, d) → H (*batch, d, d), or αqqᵀ


def zero(x: Array) -> RankOne:
    """H = 0: what is left is the gradient method with steps of length γ."""
    return RankOne(np.zeros(np.shape(x)[:-1]), np.zeros(np.shape(x)))


def diagonal(hessian: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The diagonal of another H, a function of x."""

    def of(x: Array) -> Array:
        H = hessian(x)
        return H * np.eye(H.shape[-1])

    return of


def low_rank(hessian: Callable[[Array], Array], r: int) -> Callable[[Array], Array]:
    """The r largest eigenpairs of another H, a function of x.

    Raises
    ------
    ValueError
        If r isn't a whole number of 1 or more.
    """
    require(whole(r, 1), "r", r, "a whole number, 1 or more")

    def of(x: Array) -> Array:
        w, Q = np.linalg.eigh(hessian(x))
        return (Q[..., -r:] * w[..., None, -r:]) @ Q[..., -r:].mT

    return of


@dataclass
class Spectral:
    """H in the eigenvectors of its pencil with B: one decomposition serves all λ.

    With B = CCᵀ and C⁻¹HC⁻ᵀ = Q diag(w) Qᵀ, d = −C⁻ᵀQ((QᵀC⁻¹g)/(w + λ)).
    """

    H: Array  # (*batch, d, d)
    metric: Metric

    def __post_init__(self) -> None:
        self.w, self.Q = np.linalg.eigh(self.metric.pencil(self.H))

    def positive(self, lam: Array) -> Array:
        """Whether H + λB is positive definite, where a Cholesky factorisation would succeed: (*batch) → (*batch)."""
        return self.w[..., 0] + lam > 0

    def coordinates(self, g: Array) -> Array:
        """QᵀC⁻¹g: (*batch, d) → (*batch, d)."""
        return np.vecmat(g @ self.metric.W.T, self.Q)

    def point(self, c: Array) -> Array:
        """The step C⁻ᵀQc with these coordinates: (*batch, d) → (*batch, d)."""
        return np.matvec(self.Q, c) @ self.metric.W

    def step(self, g: Array, lam: Array) -> Array:
        """−(H + λB)⁻¹g: g (*batch, d), λ (*batch) → (*batch, d)."""
        return self.point(-self.coordinates(g) / (self.w + lam[..., None]))


@dataclass
class ShermanMorrison:
    """H = αqqᵀ with α ≥ 0: two solves with B, no decomposition.

    (λB + αqqᵀ)⁻¹g = B⁻¹g/λ − (α q·B⁻¹g/λ²)/(1 + α q·B⁻¹q/λ) B⁻¹q.
    """

    H: RankOne
    metric: Metric

    @cached_property
    def Bq(self) -> Array:
        """B⁻¹q: (*batch, d)."""
        return self.metric.solve(self.H.q)

    def positive(self, lam: Array) -> Array:
        """Whether H + λB is positive definite: wherever λ is positive."""
        return lam > 0

    def step(self, g: Array, lam: Array) -> Array:
        """−(H + λB)⁻¹g: g (*batch, d), λ (*batch) → (*batch, d)."""
        alpha, q = self.H
        Bg = self.metric.solve(g)
        along = alpha * (q * Bg).sum(-1) / (lam + alpha * (q * self.Bq).sum(-1))
        return -(Bg - along[..., None] * self.Bq) / lam[..., None]


def shifted(H: Any, x: Array, metric: Metric, iteration: int) -> Spectral | ShermanMorrison:
    """What solves with H + λB at x (*batch, d), by the form that H has.

    Raises
    ------
    ValueError
        If H isn't a symmetric matrix of finite numbers, up to 1e-8 of its size, or αqqᵀ of the batch of x; says the
        iteration.
    """
    name = f"H of iteration {iteration}"
    if isinstance(H, RankOne):
        fits = np.shape(H.alpha) == x.shape[:-1] and np.shape(H.q) == x.shape
        require(fits, f"the shapes of {name}", (np.shape(H.alpha), np.shape(H.q)), f"{(x.shape[:-1], x.shape)}")
        require(np.isfinite(H.q).all() and np.isfinite(H.alpha).all(), name, H, "finite")
        require(H.alpha >= 0, f"α of {name}", H.alpha, "0 or more")
        return ShermanMorrison(H, metric)
    H = np.asarray(H)
    require(H.shape == (*x.shape, x.shape[-1]), f"the shape of {name}", H.shape, f"{(*x.shape, x.shape[-1])}")
    require(np.isfinite(H).all(), name, H, "finite")
    size = abs(H).max((-2, -1))
    require(abs(H - H.mT).max((-2, -1)) <= 1e-8 * size, name, H, "symmetric, up to 1e-8 of its size")
    return Spectral(H, metric)
