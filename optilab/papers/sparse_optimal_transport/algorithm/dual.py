"""The two concave functions that are maximised instead of choosing supports: the dual and the semi-dual.

    D(α, β) = ⟨α, a⟩ + ⟨β, b⟩ − Σⱼ Ω*₊(α + βⱼ1 − cⱼ)        ∇D = (a − T1, b − Tᵀ1)
    S(α)    = ⟨α, a⟩ − Σⱼ Ω*_{bⱼ}(α − cⱼ)                     ∇S = a − T1

Every column of the plan T has at most k nonzeros, always; from the semi-dual its sum is bⱼ, always. Where two entries
tie for the k-th place the functions have a kink, and these are supergradients. S(α) = max over β of D(α, β), at
β = −θ. One oracle call is one value with its gradient: n columns.
"""

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.papers.sparse_optimal_transport.algorithm.columns import Columns
from optilab.papers.sparse_optimal_transport.algorithm.oracles import conj_b, conj_plus
from optilab.problems.transport import Transport


class Oracle(NamedTuple):
    """What one call says."""

    value: np.ndarray  # (*batch)
    grad: np.ndarray  # (*batch, d)
    columns: Columns  # (*batch, n)


@dataclass(frozen=True, eq=False)
class Concave(ABC):
    """A concave function of potentials x (*batch, d), to be maximised.

    Parameters
    ----------
    problem : Transport
        Histograms and costs.
    k : int or array (*batch) of int
        Nonzeros allowed in a column of the plan; more than m is as good as m.
    gamma : number or array (*batch)
        Weight γ > 0 of ½‖T‖², in units of cost per mass.

    Raises
    ------
    ValueError
        If k is no integer of 1 or more, or γ isn't positive and finite.
    """

    problem: Transport
    k: Any
    gamma: Any = 1.0

    def __post_init__(self) -> None:
        k, gamma, problem = np.asarray(self.k), np.asarray(self.gamma, float), self.problem
        whole = np.issubdtype(k.dtype, np.integer)
        require(whole and (k >= 1).all(), "k, the nonzeros allowed in a column,", self.k, "an integer, 1 or more")
        allowed = "positive and finite (for gamma = 0 solve the linear program: classics.exact_transport)"
        require((gamma > 0) & (gamma < np.inf), "gamma", self.gamma, allowed)
        if (k > problem.m).any():
            warnings.warn(f"a column has {problem.m} entries: k = {self.k} is as good as that", stacklevel=3)
        if (k.min() * problem.n < problem.m) and (problem.a > 0).all():
            least = f"k n = {k.min() * problem.n} of the {problem.m} rows"
            warnings.warn(f"at most {least} can receive mass; the row marginals can't hold", stacklevel=3)
        object.__setattr__(self, "k", np.minimum(k, problem.m))
        object.__setattr__(self, "gamma", gamma)

    @property
    @abstractmethod
    def start(self) -> np.ndarray:
        """Where solvers start, x = 0."""

    @abstractmethod
    def oracle(self, x: np.ndarray) -> Oracle:
        """Value, supergradient and the plan's columns at x (*batch, d)."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The value at x (*batch, d): (*batch)."""
        return self.oracle(x).value

    def grad(self, x: np.ndarray) -> np.ndarray:
        """A supergradient at x (*batch, d); the gradient where there is no tie for the k-th place."""
        return self.oracle(x).grad

    def plan(self, x: np.ndarray) -> np.ndarray:
        """The plan T(x), (*batch, m, n); it meets both marginals where the gradient is zero."""
        return self.oracle(x).columns.dense.mT

    @property
    def loss(self) -> "Loss":
        """−S or −D, for methods that minimise."""
        return Loss(self)


@dataclass(frozen=True, eq=False)
class Loss:
    """The negative of a concave function."""

    concave: Concave

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The value at x (*batch, d): (*batch)."""
        return -self.concave(x)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """A subgradient at x (*batch, d)."""
        return -self.concave.grad(x)


class SemiDual(Concave):
    """S(α), of m potentials; columns always sum to b."""

    @property
    def start(self) -> np.ndarray:
        """α = 0, (*batch, m)."""
        return np.zeros_like(self.problem.a)

    def oracle(self, x: np.ndarray) -> Oracle:
        """S(α), a − T1 and the columns of T, x = α (*batch, m)."""
        problem = self.problem
        columns = conj_b(x[..., None, :] - problem.columns, problem.b, self.k[..., None], self.gamma[..., None])
        value = np.vecdot(x, problem.a) - columns.value.sum(-1)
        return Oracle(value, problem.a - columns.row_sums, columns)

    def beta(self, alpha: np.ndarray) -> np.ndarray:
        """The β that is best beside α (*batch, m), −θ: (*batch, n)."""
        return -self.oracle(alpha).columns.theta

    @property
    def dual(self) -> "Dual":
        """D of the same problem, k and γ."""
        return Dual(self.problem, self.k, self.gamma)

    @property
    def smoothness(self) -> Any:
        """n/γ bounds the Lipschitz constant of ∇S away from ties for the k-th place; everywhere if k = m."""
        return self.problem.n / self.gamma


class Dual(Concave):
    """D(α, β), of m + n potentials joined along the last axis."""

    @property
    def start(self) -> np.ndarray:
        """α = 0 and β = 0, (*batch, m + n)."""
        return np.concatenate([np.zeros_like(self.problem.a), np.zeros_like(self.problem.b)], -1)

    def oracle(self, x: np.ndarray) -> Oracle:
        """D(α, β), (a − T1, b − Tᵀ1) and the columns of T, x = (α, β) joined (*batch, m + n)."""
        problem = self.problem
        alpha, beta = x[..., : problem.m], x[..., problem.m :]
        s = alpha[..., None, :] - problem.columns
        columns = conj_plus(s, self.k[..., None], self.gamma[..., None], level=-beta)
        value = np.vecdot(alpha, problem.a) + np.vecdot(beta, problem.b) - columns.value.sum(-1)
        grad = np.concatenate([problem.a - columns.row_sums, problem.b - columns.sums], -1)
        return Oracle(value, grad, columns)

    @property
    def smoothness(self) -> Any:
        """(m + n)/γ bounds the Lipschitz constant of ∇D away from ties for the k-th place; everywhere if k = m."""
        return (self.problem.m + self.problem.n) / self.gamma
