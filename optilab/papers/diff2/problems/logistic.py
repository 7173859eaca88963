"""Logistic regression with a regulariser that isn't convex: any number of prototypes' copies, or single records."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from optilab.core.check import AnyNumber, require, whole
from optilab.papers.diff2.problems.kind import clip_factor
from optilab.problems.stable import softplus

Array = np.ndarray
STEEPEST = 3 * np.sqrt(3) / 8  # the largest slope of w²/(1 + w²)


@dataclass(frozen=True, eq=False)
class Slopes:
    """Gradients (σ(m) − [y = 1]) x + ρ of logistic losses: m = x·w is the margin, ρ the regulariser's gradient.

    Between two points the part [y = 1] drops out: a record's change is that of its row x, whatever its label.

    Parameters
    ----------
    X : array (M, d) or (*batch, M, d)
        Rows x.
    square : array (M,) or (*batch, M)
        ‖x‖².
    plus, minus : array (M,) or (*batch, M)
        Weights of the records with row x and label +1, −1 in the mean; together they sum to 1.
    s : array (*batch, M)
        σ(m), or its change.
    rho : array (*batch, d)
        ρ, or its change.
    bound : number or array (*batch)
        No record's gradient, or change, is longer.
    at : array (*batch, d)
        Where they are taken, None for a change.
    L : float
        Smoothness of every record's loss.
    """

    X: Array
    square: Array
    plus: Array
    minus: Array
    s: Array
    rho: Array
    bound: Any
    at: Array | None
    L: float

    def __sub__(self, other: "Slopes") -> "Slopes":
        """Their changes since another point."""
        bound = self.L * np.linalg.norm(self.at - other.at, axis=-1)  # type: ignore[operator]
        s, rho = self.s - other.s, self.rho - other.rho
        return Slopes(self.X, self.square, self.plus, self.minus, s, rho, bound, None, self.L)

    @property
    def groups(self) -> list[tuple[Array, Array]]:
        """The factor a of x in the gradients a x + ρ, and the weights of their records: by label, or both in one."""
        if self.at is None:
            return [(self.s, self.plus + self.minus)]
        return [(self.s - 1, self.plus), (self.s, self.minus)]

    @property
    def norms(self) -> list[Array]:
        """‖a x + ρ‖ = √(a²‖x‖² + 2a x·ρ + ‖ρ‖²), (*batch, M) for each of the `groups`."""
        along, rest = _times(self.X, 2 * self.rho), (self.rho**2).sum(-1, keepdims=True)
        return [np.sqrt(np.maximum(0, a * (a * self.square + along) + rest)) for a, _ in self.groups]

    def clipped_mean(self, C: AnyNumber) -> Array:
        """The mean of clip(a x + ρ, C): (*batch, d). Where no clip can bite this is a plain mean."""
        if np.all(self.bound <= C):
            a = self.s * (self.plus + self.minus) - (0 if self.at is None else self.plus)
            return _mean(self.X, a) + self.rho
        C = np.asarray(C)[..., None]
        along, shares = np.zeros_like(self.s), np.zeros_like(self.s)
        for (a, weight), norm in zip(self.groups, self.norms, strict=True):
            share = weight * clip_factor(norm, C)
            along += share * a
            shares += share
        return _mean(self.X, along) + shares.sum(-1, keepdims=True) * self.rho


def _times(X: Array, w: Array) -> Array:
    """The products X w of rows (M, d), shared by the batch or not, with w (*batch, d): (*batch, M)."""
    return w @ X.T if X.ndim == 2 else np.matvec(X, w)


def _mean(X: Array, a: Array) -> Array:
    """The sum of a x over the rows x of X, for a (*batch, M): (*batch, d)."""
    return a @ X if X.ndim == 2 else np.vecmat(a, X)


@dataclass(frozen=True, eq=False)
class Logistic:
    """The mean of log(1 + exp(−y x·w)) + λ Σ_j w_j²/(1 + w_j²): logistic loss, and a regulariser that isn't convex.

    Parameters
    ----------
    X : array (M, d)
        Rows x with ‖x‖ ≤ 1.
    plus, minus : array (M,) or (*batch, M)
        How many records have row x and label +1, −1, divided by n if all clients have as many; in general the sum over
        clients of their numbers, each divided by P n_p. Together they sum to 1.
    n, n_min : int, or array of int (*batch)
        Records in all, and of the smallest client.
    P : int
        Clients.
    lam : float
        λ, 0 or more.
    clients : sequence of arrays (n_p,) of int, optional
        The rows of each client, where every row is one record: needed for batches.

    Raises
    ------
    ValueError
        If a row is longer than 1, weights don't sum to 1, λ is negative, or a client has no record.
    """

    X: Array
    plus: Array
    minus: Array
    n: Any
    n_min: Any
    P: int
    lam: float = 0.02
    clients: Sequence[Array] = ()

    def __post_init__(self) -> None:
        bad = np.flatnonzero(~np.isfinite(self.X).all(-1))
        require(bad.size == 0, "X", self.X, f"finite, row {bad[0] if bad.size else ''} is not")
        longest = np.sqrt((np.asarray(self.X) ** 2).sum(-1).max())
        require(longest <= 1 + 1e-9, "the longest row of X", longest, "at most 1")
        total = np.asarray(self.plus + self.minus).sum(-1)
        require(abs(total - 1) <= 1e-9, "the sum of plus and minus", total, "1")
        require(self.lam >= 0, "lam", self.lam, "0 or more")
        require(whole(self.P, 1), "P", self.P, "a whole number, 1 or more")
        require(np.asarray(self.n_min) >= 1, "n_min", self.n_min, "1 or more: every client has a record")

    @property
    def d(self) -> int:
        """Number of parameters."""
        return self.X.shape[-1]

    @property
    def G(self) -> float:
        """No record's gradient is longer: 1 + 0.65 λ√d."""
        return float(1 + STEEPEST * self.lam * np.sqrt(self.d))

    @property
    def L(self) -> float:
        """Smoothness of every record's loss: 1/4 + 2λ."""
        return 0.25 + 2 * self.lam

    def __call__(self, w: Array) -> Array:
        """Loss at w (*batch, d): (*batch)."""
        m = _times(self.X, w)
        fit = (self.plus * softplus(-m) + self.minus * softplus(m)).sum(-1)
        return fit + self.lam * (w * w / (1 + w * w)).sum(-1)

    def grad(self, w: Array) -> Array:
        """Gradient: (*batch, d) → (*batch, d)."""
        return self.records(w).clipped_mean(np.inf)

    def records(self, w: Array) -> Slopes:
        """The gradients of all records at w (*batch, d)."""
        return self._slopes(self.X, self.square, self.plus, self.minus, w)

    @cached_property
    def square(self) -> Array:
        """‖x‖² of the rows: (M,)."""
        return np.vecdot(self.X, self.X)

    def _slopes(self, X: Array, square: Array, plus: Array, minus: Array, w: Array) -> Slopes:
        s = 0.5 + 0.5 * np.tanh(0.5 * _times(X, w))  # the logistic function, never overflowing
        grown = 1 + w * w  # divided by twice: its square overflows where a run diverges
        rho = 2 * self.lam * w / grown / grown
        return Slopes(X, square, plus, minus, s, rho, self.G, w, self.L)

    def batch(self, rng: np.random.Generator, p: int, b: int, batch: tuple[int, ...]) -> Array:
        """Draw b records of client p without replacement: their rows, (*batch, b) of int."""
        require(len(self.clients) > 0, "clients", self.clients, "known, for a batch to be drawn")
        rows = self.clients[p]
        require(whole(b, 1) and b <= len(rows), "b", b, f"a whole number from 1 to {len(rows)}, client {p}'s records")
        order = rng.random(size=(*batch, len(rows)))
        return rows[np.argpartition(order, b - 1, axis=-1)[..., :b]]

    def batch_records(self, w: Array, rows: Array) -> Slopes:
        """The gradients at w (*batch, d) of the records `rows` (*batch, b), which all count the same in their mean."""
        positive = self.plus[rows] > 0
        share = positive / rows.shape[-1], ~positive / rows.shape[-1]
        return self._slopes(self.X[rows], self.square[rows], *share, w)


def prototypes(
    seed: int, n: Any = 128_000, *, d: int = 10, M: int = 256, P: int = 10, flips: float = 0.1, lam: float = 0.02
) -> Logistic:
    """Any number of records for the price of 2M: each is one of M prototypes, with a label that is flipped or not.

    All records of a prototype and label have one gradient. With clients of equal size the mean over clients is that
    over all records, so it needn't be said who has which.

    Parameters
    ----------
    seed : int
        Of prototypes and labels; those of one n are the same whatever other n are asked for.
    n : int, or array of int (*batch)
        Records, a multiple of P.
    d, M, P : int
        Parameters, prototypes and clients.
    flips : float
        Share of labels that are flipped.
    lam : float
        Of the regulariser.
    """
    numbers = np.asarray(n)
    require(
        numbers.dtype.kind in "iu" and bool((numbers >= P).all()), "n", n, f"whole, {P} or more: one for each client"
    )
    require(numbers % P == 0, "n", n, f"a multiple of P = {P}")
    rng = np.random.default_rng(seed)
    X, w = _law(rng, M, d)
    right = X @ w > 0
    shares = np.array([_labelled(np.random.default_rng([seed, size]), size, right, flips) for size in numbers.flat])
    plus, minus = np.moveaxis(shares.reshape(*numbers.shape, 2, M), -2, 0)
    return Logistic(X, plus, minus, n, n // P, P, lam)


def _law(rng: np.random.Generator, M: int, d: int) -> tuple[Array, Array]:
    """Rows with falling variances, none longer than 1, and the direction that labels them: (M, d), (d,)."""
    X = rng.normal(size=(M, d)) / np.sqrt(np.arange(1, d + 1))
    X /= np.maximum(1, np.linalg.norm(X, axis=-1, keepdims=True))
    w = rng.normal(size=d)
    return X, w / np.linalg.norm(w)


def _labelled(rng: np.random.Generator, n: int, right: Array, flips: float) -> Array:
    """Shares of n records that have each prototype and the label +1, −1: (2, M)."""
    counts = rng.multinomial(n, np.full(len(right), 1 / len(right)))
    flipped = rng.binomial(counts, flips)
    positive = np.where(right, counts - flipped, flipped)
    return np.stack([positive, counts - positive]) / n


def federated(
    seed: int,
    n: int = 20_000,
    *,
    d: int = 10,
    P: int = 10,
    heterogeneity: float = 0.0,
    sizes: Sequence[int] | None = None,
    flips: float = 0.1,
    lam: float = 0.02,
) -> Logistic:
    """Records each with a row of its own, split among clients at random or by the first coordinate.

    Parameters
    ----------
    seed : int
        Of records, labels and split.
    n, d, P : int
        Records, parameters and clients.
    heterogeneity : float
        0 splits at random, 1 by the rank of the first coordinate; between, by a mixture of rank and chance.
    sizes : sequence of int, optional
        Records of each client; equal without.
    flips, lam : float
        As in `prototypes`.

    Raises
    ------
    ValueError
        If a number is out of range, or the clients don't share n records.
    """
    require(0 <= heterogeneity <= 1, "heterogeneity", heterogeneity, "between 0 and 1")
    sizes = [n // P] * P if sizes is None else list(sizes)
    require(min(sizes) >= 1, "sizes", sizes, "1 or more each: no client is empty")
    require(len(sizes) == P and sum(sizes) == n, "sizes", sizes, f"P = {P} numbers that sum to n = {n}")
    rng = np.random.default_rng(seed)
    X, w = _law(rng, n, d)
    positive = (X @ w > 0) != (rng.random(n) < flips)
    rank = np.argsort(np.argsort(X[:, 0])) / n
    order = np.argsort(heterogeneity * rank + (1 - heterogeneity) * rng.random(n))
    clients = np.split(order, np.cumsum(sizes)[:-1])
    weight = np.empty(n)
    for rows in clients:
        weight[rows] = 1 / (P * len(rows))
    return Logistic(X, weight * positive, weight * ~positive, n, min(sizes), P, lam, clients)
