"""A portfolio of least variance and shortfall: ½ xᵀΣx + (1/m) Σ max(0, τ − rᵢ·x) + (μ/2)‖x‖² over the simplex."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.papers.gradient_sliding.problems.certified import Optimum, SolvedByDual, quadratic_dual, stacked
from optilab.problems import projection
from optilab.problems.oracles import check_samples, lifted
from optilab.problems.seeds import instances


@dataclass(frozen=True, eq=False)
class Portfolio(SolvedByDual):
    """f(x) = ½ xᵀΣx, h(x) = (1/m) Σ max(0, τ − rᵢ·x), χ(x) = (μ/2)‖x‖² on x ≥ 0, Σx = 1.

    `grad` belongs to f, `subgrad` to h, `prox` to χ; calling the problem gives their sum at a point of the simplex.

    Parameters
    ----------
    R : array (*batch, m, n)
        Returns rᵢ of n assets in m scenarios.
    Sigma : array (*batch, n, n)
        Covariance, scaled.
    tau : float
        The return below which there is a shortfall.
    mu : number or array (*batch)
        Strong convexity μ > 0 of the simple part: a price on concentration.

    Raises
    ------
    ValueError
        If shapes don't fit or μ is not positive.
    """

    R: np.ndarray
    Sigma: np.ndarray
    tau: float
    mu: float | np.ndarray

    def __post_init__(self) -> None:
        n = np.shape(self.R)[-1]
        require(np.shape(self.Sigma)[-2:] == (n, n), "the shape of Sigma", np.shape(self.Sigma), f"(*batch, {n}, {n})")
        require(np.asarray(self.mu) > 0, "mu", self.mu, "positive")

    @cached_property
    def L(self) -> np.ndarray:
        """Smoothness of f, the largest eigenvalue of Σ: (*batch)."""
        return np.linalg.eigvalsh(self.Sigma)[..., -1]

    @cached_property
    def M(self) -> np.ndarray:
        """M = ‖R‖/√m of h(x) ≤ h(y) + h′(y)·(x − y) + M‖x − y‖, the slopes lie in [−1, 0]: (*batch)."""
        return np.linalg.norm(self.R, 2, axis=(-2, -1)) / np.sqrt(self.R.shape[-2])

    @property
    def sigma2(self) -> np.ndarray:
        """Bound on the variance of a sampled subgradient, the mean of ‖rᵢ‖²: (*batch)."""
        return (self.R**2).sum(-1).mean(-1)

    @cached_property
    def grid(self) -> tuple[np.ndarray, ...]:
        """Indices (*batch, 1) of the replicates, to pick scenarios of each."""
        return tuple(np.indices((*self.R.shape[:-2], 1)))[:-1]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value f + h + χ at x (*batch, n) of the simplex → (*batch)."""
        smooth = 0.5 * (np.matvec(self.Sigma, x) * x).sum(-1)
        return smooth + np.maximum(self.tau - np.matvec(self.R, x), 0).mean(-1) + self.mu / 2 * (x**2).sum(-1)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient of f at x (*batch, n)."""
        return np.matvec(self.Sigma, x)

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """Subgradient of h at x (*batch, n)."""
        short = np.matvec(self.R, x) < self.tau
        return -np.vecmat(1.0 * short, self.R) / self.R.shape[-2]

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """The minimiser over the simplex of (μ/2)‖z‖² + ‖z − x‖²/(2 step), x (*batch, n), step a number or (*batch)."""
        return projection.simplex(x / (1 + lifted(step * self.mu, x)))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Numbers of scenarios, uniform: size (*batch, m) → (*batch, m)."""
        return rng.integers(self.R.shape[-2], size=size)

    def sample_subgrad(self, x: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """Unbiased subgradient of h at x (*batch, n), the mean over sampled scenarios (*batch, m): (*batch, n)."""
        check_samples(x, sample.shape)
        r = self.R[(*self.grid, sample)]
        return -np.vecmat(1.0 * (np.matvec(r, x) < self.tau), r) / sample.shape[-1]

    def solved(self) -> Optimum:
        """The minimiser with its duality gap, from the dual: slopes y ∈ [0, 1]ᵐ, prices s ≥ 0 and ν."""
        batch, (m, n) = self.R.shape[:-2], self.R.shape[-2:]
        mu = np.broadcast_to(self.mu, batch)
        low = np.concatenate([np.zeros(m + n), [-np.inf]])
        high = np.concatenate([np.ones(m), np.full(n + 1, np.inf)])
        d = np.concatenate([np.full(m, self.tau / m), np.zeros(n), [-1.0]])
        optima = []
        for index in np.ndindex(batch):
            R = self.R[index]
            Q = self.Sigma[index] + mu[index] * np.eye(n)
            W = np.hstack([R.T / m, np.eye(n), -np.ones((n, 1))])
            _, x, lower = quadratic_dual(Q, np.zeros(n), W, d, low, high)
            x = projection.simplex(x)
            value = 0.5 * x @ Q @ x + np.maximum(self.tau - R @ x, 0).mean()
            optima.append(Optimum(x, value, np.asarray(lower)))
        return stacked(optima, batch)


def portfolio(
    seeds: int | Sequence[int] = 0, *, n: int = 20, m: int = 100, L: float = 5.0, mu: float = 0.5, tau: float = 0.2
) -> Portfolio:
    """Returns driven by four factors, one instance for each seed.

    Parameters
    ----------
    seeds : int, or sequence of int
        A single problem, or a batch.
    n, m : int
        Assets and scenarios.
    L, mu, tau : float
        Norm of the scaled covariance, strong convexity of χ, threshold of the shortfall.
    """

    def instance(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        F, G, E, e = (rng.normal(size=shape) for shape in ((n, 4), (m, 4), (m, n), n))
        R = G @ F.T + 0.5 * E
        R = R / R.std() + 0.1 * e
        Sigma = np.cov(R, rowvar=False)
        return R, Sigma * L / np.linalg.norm(Sigma, 2)

    R, Sigma = instances(instance, seeds)
    return Portfolio(R, Sigma, tau, mu)
