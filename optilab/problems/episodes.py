"""Policies that act for a fixed number of steps, and what one of their trajectories says about the objective.

    J(θ) = E Σ_t γ^t r_t,   t = 0 … H − 1,   to be made large
    g = Σ_t Ψ_t ∇log π(a_t|s_t),   Ψ_t = Σ_{h≥t} γ^h r_h,   E g = ∇J

Randomness is a value: `noise = problem.sample(rng, (*batch, N))` is what N trajectories of every replicate need,
`tau = problem.rollout(theta, noise)` are the trajectories of θ on that noise, and estimators take `tau`.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole

Array = np.ndarray


class Trajectory(NamedTuple):
    """N trajectories of every replicate."""

    s: Array  # (*batch, N, H, n) features of the states, or (*batch, N, H) of int
    a: Array  # (*batch, N, H) actions
    r: Array  # (*batch, N, H) rewards


def to_go(x: Array) -> Array:
    """Sums from each step to the last one: (*batch, H) → (*batch, H)."""
    return np.cumsum(x[..., ::-1], -1)[..., ::-1]


class Episodes(ABC):
    """Estimators of the gradient and of Hessian-vector products from whole trajectories.

    A problem has the horizon `H`, the discount `gamma`, the number of parameters `p`, the exact objective as its call,
    `sample` and `rollout`, and says four things about its policy: `log_prob`, `slope`, `score` and `curvature`.
    """

    H: int
    gamma: float

    @property
    @abstractmethod
    def p(self) -> int:
        """Number of parameters."""

    def parameters(self, theta: Array) -> Array:
        """The parameters (*batch, p) as an array.

        Raises
        ------
        ValueError
            If there aren't p of them.
        """
        theta = np.asarray(theta)
        require(theta.shape[-1:] == (self.p,), "the shape of theta", theta.shape, f"(*batch, {self.p})")
        return theta

    @abstractmethod
    def __call__(self, theta: Array) -> Array:
        """J_H(θ): (*batch, p) → (*batch)."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Draw the noise of trajectories: (*size, …)."""

    @abstractmethod
    def rollout(self, theta: Array, noise: Array) -> Trajectory:
        """Trajectories of θ (*batch, p) on noise (*batch, N, …)."""

    @abstractmethod
    def log_prob(self, tau: Trajectory, theta: Array) -> Array:
        """Return log π(a_t|s_t): (*batch, N, H)."""

    @abstractmethod
    def slope(self, tau: Trajectory, theta: Array, u: Array) -> Array:
        """∇log π(a_t|s_t)·u: (*batch, N, H)."""

    @abstractmethod
    def score(self, tau: Trajectory, theta: Array, c: Array) -> Array:
        """Σ_t c_t ∇log π(a_t|s_t): (*batch, N, H) → (*batch, N, p)."""

    @abstractmethod
    def curvature(self, tau: Trajectory, theta: Array, c: Array, u: Array) -> Array:
        """Σ_t c_t ∇²log π(a_t|s_t) u: (*batch, N, H) and (*batch, p) → (*batch, N, p)."""

    @cached_property
    def discounts(self) -> Array:
        """γ^t: (H,)."""
        return self.gamma ** np.arange(self.H)

    def returns(self, tau: Trajectory) -> Array:
        """Σ_t γ^t r_t of each trajectory: (*batch, N)."""
        return tau.r @ self.discounts

    def each_g(self, tau: Trajectory, theta: Array) -> Array:
        """The estimate g of each trajectory: (*batch, N, p)."""
        return self.score(tau, theta, to_go(self.discounts * tau.r))

    def g(self, tau: Trajectory, theta: Array) -> Array:
        """Unbiased gradient of J_H, averaged over the trajectories: (*batch, p)."""
        return self.each_g(tau, theta).mean(-2)

    def each_Bu(self, tau: Trajectory, theta: Array, u: Array) -> Array:
        """B u of each trajectory, B = ∇Φ (Σ_t ∇log π)ᵀ + ∇²Φ with Φ = Σ_t Ψ_t log π: (*batch, N, p)."""
        psi = to_go(self.discounts * tau.r)
        along = self.slope(tau, theta, u).sum(-1)
        return self.score(tau, theta, psi) * along[..., None] + self.curvature(tau, theta, psi, u)

    def Bu(self, tau: Trajectory, theta: Array, u: Array) -> Array:
        """Unbiased ∇²J_H(θ) u for u (*batch, p), averaged over trajectories, without a matrix: (*batch, p)."""
        return self.each_Bu(tau, theta, u).mean(-2)

    def g_weighted(self, tau: Trajectory, theta: Array, drawn_at: Array) -> Array:
        """Unbiased gradient at θ from trajectories drawn at another point, by a likelihood ratio up to each reward.

        Σ_h γ^h r_h w_h Σ_{j≤h} ∇log π_θ(a_j|s_j), w_h = Π_{j≤h} π_θ/π_drawn_at: (*batch, p).
        """
        w = np.exp(np.cumsum(self.log_prob(tau, theta) - self.log_prob(tau, drawn_at), -1))
        return self.score(tau, theta, to_go(self.discounts * tau.r * w)).mean(-2)

    def grad(self, theta: Array, h: float = 1e-5) -> Array:
        """∇J_H by central differences of the exact objective: (*batch, p)."""
        steps = h * np.eye(self.p)
        there = theta[..., None, :] + np.concatenate([steps, -steps])
        ahead, behind = np.split(self(there), 2, axis=-1)
        return (ahead - behind) / (2 * h)


class GaussianPolicy(Episodes):
    """Actions a ~ N(θ·s, σ²), s the features of the state."""

    sigma: float

    def _mean(self, tau: Trajectory, theta: Array) -> Array:
        return np.matvec(tau.s, theta[..., None, :])

    def _sum(self, c: Array, tau: Trajectory) -> Array:
        return np.matvec(tau.s.mT, c)  # with so few features quicker than vecmat

    def log_prob(self, tau: Trajectory, theta: Array) -> Array:
        """Return log π(a_t|s_t): (*batch, N, H)."""
        z = (tau.a - self._mean(tau, theta)) / self.sigma
        return -(z**2) / 2 - np.log(self.sigma * np.sqrt(2 * np.pi))

    def slope(self, tau: Trajectory, theta: Array, u: Array) -> Array:
        """(a − θ·s)(s·u)/σ²: (*batch, N, H)."""
        return (tau.a - self._mean(tau, theta)) * self._mean(tau, u) / self.sigma**2

    def score(self, tau: Trajectory, theta: Array, c: Array) -> Array:
        """Σ_t c_t (a_t − θ·s_t) s_t/σ²: (*batch, N, p)."""
        return self._sum(c * (tau.a - self._mean(tau, theta)), tau) / self.sigma**2

    def curvature(self, tau: Trajectory, theta: Array, c: Array, u: Array) -> Array:
        """−Σ_t c_t (s_t·u) s_t/σ²: (*batch, N, p)."""
        return -self._sum(c * self._mean(tau, u), tau) / self.sigma**2


def check_episodes(gamma: float, H: Any) -> None:
    """Refuse a discount outside [0, 1) and a horizon below 1.

    Raises
    ------
    ValueError
        If there is one.
    """
    require(0 <= gamma < 1, "gamma", gamma, "in [0, 1)")
    require(whole(H, 1), "the horizon H", H, "a whole number, 1 or more")
