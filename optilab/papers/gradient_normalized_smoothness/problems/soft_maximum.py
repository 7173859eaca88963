"""Soft maxima of affine functions."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.papers.gradient_normalized_smoothness.problems.matrices import matrix, outer
from optilab.problems.metric import Metric
from optilab.problems.stable import log_sum_exp, softmax

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class LogSumExp:
    """f(x) = μ log Σᵢ exp((⟨aᵢ, x⟩ − bᵢ)/μ), its rows shifted so that it is smallest at 0.

    In the metric B = AᵀA it is quasi-self-concordant with constant √2/μ, and its Hessian is Lipschitz with √6/(9μ²).

    Parameters
    ----------
    A : array (m, n)
        One row a piece; Aᵀπ(0) is taken off every row.
    b : array (m,)
        Offsets.
    mu : float
        How soft the maximum is, positive.

    Raises
    ------
    ValueError
        If the shapes don't fit together or mu isn't positive.
    """

    A: Array
    b: Array
    mu: float

    def __post_init__(self) -> None:
        A, b = matrix("A", self.A), np.asarray(self.b, dtype=float)
        require(b.shape == A.shape[:1] and np.isfinite(b).all(), "b", self.b, f"({len(A)},) finite numbers")
        require(0 < self.mu < np.inf, "mu", self.mu, "positive and finite")
        object.__setattr__(self, "b", b)
        object.__setattr__(self, "A", A - softmax(-b / self.mu) @ A)

    def weights(self, x: Array) -> Array:
        """How much every piece counts, π at x (*batch, n) → (*batch, m)."""
        return softmax((x @ self.A.T - self.b) / self.mu)

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, n) → (*batch)."""
        return self.mu * log_sum_exp((x @ self.A.T - self.b) / self.mu)

    def grad(self, x: Array) -> Array:
        """Gradient Aᵀπ at x (*batch, n) → (*batch, n)."""
        return self.weights(x) @ self.A

    def hess(self, x: Array) -> Array:
        """Hessian Aᵀ(diag π − ππᵀ)A/μ at x (*batch, n) → (*batch, n, n)."""
        pi = self.weights(x)
        rows = self.A - (pi @ self.A)[..., None, :]  # less their mean, so that nothing cancels where one piece rules
        return rows.mT @ (pi[..., None] * rows) / self.mu

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, n) → (*batch, n)."""
        pi, along = self.weights(x), v @ self.A.T
        return (pi * (along - (pi * along).sum(-1, keepdims=True))) @ self.A / self.mu

    def gauss_newton(self, x: Array) -> Array:
        """Weighted Gauss–Newton matrix Aᵀdiag(π)A/μ, from first derivatives alone; exceeds the Hessian by ggᵀ/μ."""
        return outer(self.A, self.weights(x)) / self.mu

    @property
    def minimizer(self) -> Array:
        """Where f is smallest: 0, (n,)."""
        return np.zeros(self.A.shape[1])

    @property
    def minimum(self) -> float:
        """The smallest value of f."""
        return float(self(self.minimizer))

    @cached_property
    def metric(self) -> Metric:
        """B = AᵀA, in which the constants don't depend on the data."""
        return Metric(self.A.T @ self.A)

    @property
    def M(self) -> float:
        """Constant of quasi-self-concordance in B = AᵀA, √2/μ."""
        return float(np.sqrt(2) / self.mu)

    @property
    def L_hess(self) -> float:
        """Lipschitz constant of the Hessian in B = AᵀA, √6/(9μ²)."""
        return float(np.sqrt(6) / (9 * self.mu**2))


def soft_maximum(seed: int, mu: float, n: int = 60, m: int = 120) -> LogSumExp:
    """Log-sum-exp with A, then b, uniform in (−1, 1), drawn from the seed."""
    rng = np.random.default_rng(seed)
    return LogSumExp(rng.uniform(-1, 1, (m, n)), rng.uniform(-1, 1, m), mu)
