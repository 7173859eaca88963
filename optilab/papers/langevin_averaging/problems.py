"""Two problems with a hidden direction θ* on a sphere: a tensor with a spike, and one neuron seen by its outputs.

Both ask for a maximum of f over ‖θ‖ = 1, whose mean over the data is m^k with m = ⟨θ, θ*⟩.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from typing import Any, Protocol

import numpy as np

from optilab.core.check import require, whole
from optilab.core.numerics import unit
from optilab.problems.oracles import Smooth, Stochastic, check_samples

Array = np.ndarray
CAP = 10_000_000  # entries of one tensor


class Hidden(Smooth, Protocol):
    """A function with a hidden direction, of order k."""

    @property
    def star(self) -> Array:
        """The direction θ*, of length 1: (*batch, d)."""

    @property
    def k(self) -> int:
        """The order: the mean of f is m^k."""


class HiddenSampled(Hidden, Stochastic, Protocol):
    """The same as a mean over samples."""


def uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Points uniform on the unit sphere of ℝᵈ: shape (*batch, d)."""
    return unit(rng.normal(size=shape))


# Hermite polynomials


def hermite(j: int, s: float | Array) -> Any:
    """The Hermite polynomial h_j(s) with E h_i h_j = δ_ij under the normal distribution, elementwise."""
    require(whole(j), "j", j, "a whole number, 0 or more")
    before, now = 0 * s, 0 * s + 1
    for i in range(j):
        before, now = now, (s * now - i**0.5 * before) / (i + 1) ** 0.5
    return now


def hermite_slope(j: int, s: float | Array) -> Any:
    """h_j′(s) = √j h_{j−1}(s), elementwise."""
    require(whole(j), "j", j, "a whole number, 0 or more")
    return j**0.5 * hermite(j - 1, s) if j else 0 * s


# A tensor with a spike


@dataclass(frozen=True)
class SpikedTensor:
    """Tensor PCA: f(θ) = ⟨T, θ ⊗ … ⊗ θ⟩ for a noisy T ≈ θ* ⊗ … ⊗ θ* of order k.

    Parameters
    ----------
    T : array (*batch, d, …, d)
        The tensor; one that isn't symmetric in its k axes is symmetrised, which leaves f as it is.
    star : array (*batch, d)
        The hidden direction θ*; brought to length 1.

    Raises
    ------
    ValueError
        If d < 3, k < 2, the axes of T differ, d^k is above ten million, or θ* is zero.
    """

    T: Array
    star: Array

    def __post_init__(self) -> None:
        T, star = np.asarray(self.T, dtype=float), np.asarray(self.star, dtype=float)
        require(star.ndim >= 1 and star.shape[-1] >= 3, "d, the last axis of star,", star.shape, "3 or more")
        require((abs(star) > 0).any(-1), "star", star, "a direction, not zero")
        d, k = star.shape[-1], T.ndim - star.ndim + 1
        require(k >= 2, "k, the number of axes of T beside the batch,", k, "2 or more")
        allowed = f"{(*star.shape[:-1], *[d] * k)}: the batch of star, then d = {d} along every axis"
        require(T.shape == (*star.shape[:-1], *[d] * k), "the shape of T", T.shape, allowed)
        check_size(d, k)
        object.__setattr__(self, "T", symmetrised(T, k))
        object.__setattr__(self, "star", unit(star))

    @property
    def k(self) -> int:
        """The order of the tensor."""
        return self.T.ndim - self.star.ndim + 1

    @cached_property
    def packed(self) -> Array:
        """T[a, i₁ ≤ … ≤ i_{k−1}] times how often each occurs among all orders: (*batch, d, monomials)."""
        rows, times, _ = monomial_table(self.star.shape[-1], self.k - 1)
        return np.ascontiguousarray(self.T[(..., *rows.T)] * times)

    def grad(self, theta: Array) -> Array:
        """∇f = k T(θ, …, θ, ·) at θ (*batch, d): (*batch, d), for about d^k/(k−1)! multiplications."""
        products = monomials(theta, self.k - 1)
        if self.packed.ndim == 2:
            return self.k * products @ self.packed.T
        return self.k * np.matvec(self.packed, products)

    def __call__(self, theta: Array) -> Array:
        """f(θ): (*batch, d) → (*batch)."""
        return (theta * self.grad(theta)).sum(-1) / self.k


def check_size(d: int, k: int) -> None:
    """Refuse a tensor of more than ten million entries."""
    require(d**k <= CAP, "d^k, the number of entries of the tensor,", d**k, f"{CAP} or less")


def symmetrised(T: Array, k: int) -> Array:
    """The mean of T over all orders of its last k axes, by exchanges of the j-th of them with one before."""
    first = T.ndim - k
    for j in range(1, k):
        T = sum((T.swapaxes(first + i, first + j) for i in range(j)), T) / (j + 1)
    return T


@cache
def monomial_table(d: int, degree: int) -> tuple[Array, Array, list[tuple[Array, Array]]]:
    """How to build all products of `degree` of the d coordinates, each once.

    Returns
    -------
    rows : array (monomials, degree)
        Their factors i₁ ≤ i₂ ≤ …
    times : array (monomials)
        How many orders the factors have.
    levels : list of pairs of arrays
        For every degree from 2 on: which product of one factor less, and the factor that it gains.
    """
    rows, times, repeats = np.arange(d)[:, None], np.ones(d), np.ones(d)
    levels = []
    for size in range(2, degree + 1):
        choices = d - rows[:, -1]
        parent = np.repeat(np.arange(len(rows)), choices)
        begin = np.cumsum(choices) - choices
        last = np.arange(len(parent)) - begin[parent] + rows[parent, -1]
        repeats = np.where(last == rows[parent, -1], repeats[parent] + 1, 1)
        times = times[parent] * size / repeats
        rows = np.column_stack([rows[parent], last])
        levels.append((parent, last))
    return rows, times, levels


def monomials(theta: Array, degree: int) -> Array:
    """All products of `degree` coordinates of θ (*batch, d), each once: (*batch, monomials)."""
    products = theta
    for parent, last in monomial_table(theta.shape[-1], degree)[2]:
        products = products[..., parent] * theta[..., last]
    return products


def spiked_tensor(rng: np.random.Generator, d: int, k: int, n: float, batch: tuple[int, ...] = ()) -> SpikedTensor:
    """T = θ*^{⊗k} + Z/√n, the mean of n copies with independent normal noise in every entry; a random θ*.

    Raises
    ------
    ValueError
        If d < 3, k < 2, n < 1, or d^k is above ten million.
    """
    _check_sizes(d, k, n)
    check_size(d, k)
    star = uniform(rng, (*batch, d))
    clean = spike(star, k)
    return SpikedTensor(clean + rng.normal(size=clean.shape) / np.sqrt(n), star)


def spike(star: Array, k: int) -> Array:
    """The tensor θ* ⊗ … ⊗ θ* of order k for θ* (*batch, d): (*batch, d, …, d)."""
    require(whole(k, 1), "k", k, "a whole number, 1 or more")
    *batch, d = star.shape
    product = star
    for factors in range(1, k):
        product = product[..., None] * star.reshape(*batch, *[1] * factors, d)
    return product


def _check_sizes(d: int, k: int, n: float) -> None:
    require(whole(d, 3), "d", d, "a whole number, 3 or more")
    require(whole(k, 2), "k", k, "a whole number, 2 or more")
    require(n >= 1, "n", n, "1 or more")


# A single-index model


@dataclass(frozen=True)
class SingleIndex:
    """One neuron: f(θ) = mean of yᵢ h_k(⟨θ, xᵢ⟩), where yᵢ = h_k(⟨θ*, xᵢ⟩) and xᵢ is normal; its samples are the rows.

    Parameters
    ----------
    X : array (*batch, n, d)
        The inputs.
    y : array (*batch, n)
        The outputs.
    star : array (*batch, d)
        The hidden direction θ*; brought to length 1.
    k : int
        The order of the Hermite polynomial, which is its information exponent.

    Raises
    ------
    ValueError
        If d < 3, k < 2, n < 1, θ* is zero, or the shapes don't fit.
    """

    X: Array
    y: Array
    star: Array
    k: int

    def __post_init__(self) -> None:
        X, y, star = (np.asarray(part, dtype=float) for part in (self.X, self.y, self.star))
        require(star.ndim >= 1 and star.shape[-1] >= 3, "d, the last axis of star,", star.shape, "3 or more")
        require((abs(star) > 0).any(-1), "star", star, "a direction, not zero")
        require(whole(self.k, 2), "k", self.k, "a whole number, 2 or more")
        fits = X.ndim == star.ndim + 1 and (*X.shape[:-2], X.shape[-1]) == star.shape
        require(fits, "the shape of X", X.shape, f"(*batch, n, d), (*batch, d) being that of star, {star.shape}")
        require(X.shape[-2] >= 1, "n", X.shape[-2], "1 or more")
        require(y.shape == X.shape[:-1], "the shape of y", y.shape, f"(*batch, n), here {X.shape[:-1]}")
        for name, part in (("X", X), ("y", y), ("star", unit(star))):
            object.__setattr__(self, name, part)

    @property
    def n(self) -> int:
        """How many samples there are."""
        return int(self.X.shape[-2])

    def __call__(self, theta: Array) -> Array:
        """f(θ): (*batch, d) → (*batch)."""
        return (self.y * hermite(self.k, self._inner(theta))).mean(-1)

    def grad(self, theta: Array) -> Array:
        """∇f(θ) = mean of yᵢ h_k′(⟨θ, xᵢ⟩) xᵢ: (*batch, d) → (*batch, d)."""
        weight = self.y * hermite_slope(self.k, self._inner(theta)) / self.n
        return weight @ self.X if self.X.ndim == 2 else np.vecmat(weight, self.X)

    def _inner(self, theta: Array) -> Array:
        """All ⟨θ, xᵢ⟩: (*batch, n)."""
        return theta @ self.X.T if self.X.ndim == 2 else np.matvec(self.X, theta)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Numbers of random rows, with replacement: size (*batch, m) → (*batch, m)."""
        return rng.integers(self.n, size=size)

    @cached_property
    def _flat(self) -> tuple[Array, Array, Array]:
        """All rows of all problems of the batch one after the other, their outputs, and where each problem begins."""
        batch = self.y.shape[:-1]
        begin = self.n * np.arange(prod(batch)).reshape(*batch, 1)
        return self.X.reshape(-1, self.X.shape[-1]), self.y.reshape(-1), begin

    def rows(self, sample: Array) -> tuple[Array, Array]:
        """The inputs and outputs of sampled rows (*batch, m): (*batch, m, d) and (*batch, m)."""
        X, y, begin = self._flat
        at = sample + begin
        return X[at], y[at]

    def sample_grad(self, theta: Array, sample: Array) -> Array:
        """The mean of y h_k′(⟨θ, x⟩) x over sampled rows (*batch, m) at θ (*batch, d): (*batch, d)."""
        check_samples(theta, sample.shape)
        x, y = self.rows(sample)
        weight = y * hermite_slope(self.k, np.matvec(x, theta))
        return np.vecmat(weight, x) / sample.shape[-1]


def single_index(
    rng: np.random.Generator, d: int, k: int, n: int, batch: tuple[int, ...] = (), noise: float = 0.0
) -> SingleIndex:
    """Draw n samples of y = h_k(⟨θ*, x⟩) + noise · ε with normal x and ε; a random θ*.

    Raises
    ------
    ValueError
        If d < 3, k < 2, n < 1 or the noise is negative.
    """
    _check_sizes(d, k, n)
    require(noise >= 0, "noise", noise, "0 or more")
    star = uniform(rng, (*batch, d))
    X = rng.normal(size=(*batch, n, d))
    y = hermite(k, np.matvec(X, star))
    return SingleIndex(X, y + noise * rng.normal(size=y.shape) if noise else y, star, k)


def halves(problem: SingleIndex) -> tuple[SingleIndex, SingleIndex]:
    """The first half of the samples, and the rest.

    Raises
    ------
    ValueError
        If there is only one.
    """
    require(problem.n >= 2, "n", problem.n, "2 or more, to be split")
    middle = problem.n // 2
    first, rest = slice(None, middle), slice(middle, None)
    return (
        SingleIndex(problem.X[..., first, :], problem.y[..., first], problem.star, problem.k),
        SingleIndex(problem.X[..., rest, :], problem.y[..., rest], problem.star, problem.k),
    )
