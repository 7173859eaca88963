"""`world`, two walls and a valley, whose upper curvature has no bound; `cleaning` of data, where it has one.

Source: the setting is that of J. Hao, X. Gong, M. Liu, "Bilevel Optimization under Unbounded Smoothness", ICLR 2024
(arXiv 2401.09587); `world` is ours, `cleaning` a small form of the weighting of data with wrong labels.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.problems.bilevel import Bilevel, Draws, NoisyLevel
from optilab.problems.oracles import check_samples

Array = np.ndarray
WALL = 20.0  # W, the distance of the walls
MIDDLE = 14.0  # c, where the valley is lowest
CURVATURES = np.linspace(0.5, 1.5, 6)  # of the lower level
CONSTANTS = {
    "mu": 0.5, "l_g1": 1.5, "l_g2": 0.0, "M": np.sqrt(6),
    "L_x0": 2.1 * np.exp(-WALL / 2), "L_x1": 4 / 3, "L_y0": 1.0, "L_y1": 0.0,
}  # fmt: skip


# Walls and a valley


@dataclass(frozen=True, eq=False)
class Walls:
    """Σ (e^(−xᵢ) + e^(xᵢ−W)) + Σ √(1 + (yⱼ − bⱼ)²): two walls in each xᵢ, and slopes of at most 1 in y.

    Parameters
    ----------
    b : array (*batch, m)
    """

    b: Array

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return (np.exp(-x) + np.exp(x - WALL)).sum(-1) + np.sqrt(1 + (y - self.b) ** 2).sum(-1)

    def grad_x(self, x: Array, y: Array) -> Array:
        """e^(x−W) − e^(−x), whatever y: (*batch, n)."""
        return np.exp(x - WALL) - np.exp(-x)

    def grad_y(self, x: Array, y: Array) -> Array:
        """(y − b)/√(1 + (y − b)²): (*batch, m)."""
        u = y - self.b
        return u / np.sqrt(1 + u * u)


@dataclass(frozen=True, eq=False)
class Follow:
    """½(y − A x)ᵀH(y − A x), whose solution is A x.

    Parameters
    ----------
    A : array (*batch, m, n)
    H : array (*batch, m, m)
        Symmetric, positive definite.
    """

    A: Array
    H: Array

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return np.vecdot(y - np.matvec(self.A, x), self.grad_y(x, y)) / 2

    def grad_x(self, x: Array, y: Array) -> Array:
        """−AᵀH(y − A x): (*batch, n)."""
        return -np.matvec(self.A.mT, self.grad_y(x, y))

    def grad_y(self, x: Array, y: Array) -> Array:
        """H(y − A x): (*batch, m)."""
        return np.matvec(self.H, y - np.matvec(self.A, x))

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """H v: (*batch, m)."""
        return np.matvec(self.H, v)

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """−AᵀH v: (*batch, n)."""
        return -np.matvec(self.A.mT, np.matvec(self.H, v))


class PerCall(NoisyLevel):
    """A level with normal noise, one vector for one oracle call: half the draws of levels with noise for all oracles.

    Two oracles asked with one sample see the same noise, so each call needs its own.
    """

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Draws:
        """Noise for a batch of points: size (*batch, samples)."""
        e = rng.standard_normal((*size, max(self.n, self.m)))
        return Draws(*(e[..., :d] for d in (self.n, self.m, self.n, self.m)))


class Instance(NamedTuple):
    """The numbers behind `world`, n = 3 and m = 6."""

    A: Array  # (*batch, m, n) orthonormal columns
    H: Array  # (*batch, m, m) eigenvalues from ½ to 1.5


@dataclass(frozen=True, eq=False)
class World(Bilevel):
    """A bilevel problem that knows the strong convexity μ of its lower level."""

    mu: float = 0.5

    def slope(self, x: Array) -> Array:
        """‖∇Φ‖ of `world` in closed form, ‖e^(x−W) − e^(−x) + Aᵀ∇ᵧf(x, A x)‖: (*batch, n) → (*batch)."""
        upper, A = self.upper, self.lower.A  # type: ignore[attr-defined]
        return np.linalg.norm(upper.grad_x(x, x) + np.matvec(A.mT, upper.grad_y(x, self.y_star(x))), axis=-1)


def draw(seed: int) -> Instance:
    """The numbers of one seed."""
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    rng = np.random.default_rng(seed)
    A = np.linalg.qr(rng.standard_normal((6, 3)))[0]
    U = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    return Instance(A, U * CURVATURES @ U.T)


def stacked(seeds: Iterable[int]) -> Instance:
    """The numbers of some seeds side by side, each field (seeds, …)."""
    return Instance(*map(np.array, zip(*(draw(seed) for seed in seeds), strict=True)))


def world(numbers: Instance, scale: float = 0.1, products: float = 0.05) -> World:
    """Walls at 0 and W = 20 in each xᵢ, a gentle valley between them with its floor at xᵢ = 14.

    Parameters
    ----------
    numbers : Instance
    scale, products : float
        Noise of sampled gradients, and of sampled products over ‖v‖.
    """
    A, H = numbers
    b = MIDDLE * A.sum(-1)
    upper, lower = Walls(b), Follow(A, H)
    above, below = (PerCall(level, 3, 6, scale, products) for level in (upper, lower))
    return World(above, below, 3, 6, lambda x: np.matvec(A, x))


def start(a: Any) -> Array:
    """x₀ = −a(1, ⅔, ⅓), deep in the left wall: a of shape (*batch) → (*batch, 3)."""
    return -np.asarray(a, dtype=float)[..., None] * np.array([1, 2 / 3, 1 / 3])


def largest_step(a: Any) -> Any:
    """(W + 2a)e^(−a), by which a plain gradient step from −a lands on the mirror point W + a and bounces for ever."""
    return (WALL + 2 * np.asarray(a)) * np.exp(-np.asarray(a, dtype=float))


# Data hyper-cleaning


class Data(NamedTuple):
    """Points and labels ±1, 40 % of the training labels flipped."""

    train: Array  # (*batch, 200, 20)
    t: Array  # (*batch, 200) labels, some flipped
    flipped: Array  # (*batch, 200) bool
    valid: Array  # (*batch, 100, 20)
    t_valid: Array  # (*batch, 100)
    test: Array  # (*batch, 1000, 20)
    t_test: Array  # (*batch, 1000)


def draw_data(seed: int) -> Data:
    """The data of one seed: labels sign(aᵀw/√d + 0.2ε), d = 20, one w."""
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    rng, d = np.random.default_rng(seed), 20
    w, found = rng.standard_normal(d), []
    for count in (200, 100, 1000):
        a = rng.standard_normal((count, d))
        found += [a, np.sign(a @ w / np.sqrt(d) + 0.2 * rng.standard_normal(count))]
    train, t, *others = found
    flipped = np.zeros(200, dtype=bool)
    flipped[rng.permutation(200)[:80]] = True
    return Data(train, np.where(flipped, -t, t), flipped, *others)


def stacked_data(seeds: Iterable[int]) -> Data:
    """The data of some seeds side by side, each field (seeds, …)."""
    return Data(*map(np.array, zip(*(draw_data(seed) for seed in seeds), strict=True)))


def sigmoid(u: Array) -> Array:
    """1/(1 + e^(−u)), without overflow."""
    return (1 + np.tanh(u / 2)) / 2


class Picks(NamedTuple):
    """Which terms of a finite sum are sampled, (*batch, samples)."""

    i: Array


@dataclass(frozen=True, eq=False)
class Terms(ABC):
    """A mean of logistic losses log(1 + e^(−tᵢaᵢᵀy)), weighted or not; a sample is some of its terms.

    Parameters
    ----------
    a : array (*batch, N, m)
        The points, times their labels.
    n : int
        Dimension of x.
    minibatch : int
        Terms of one sample, drawn with replacement.
    """

    a: Array
    n: int
    minibatch: int = 32

    @abstractmethod
    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""

    @property
    def components(self) -> int:
        """The number of terms."""
        return self.a.shape[-2]

    def component(self, i: Array) -> Picks:
        """The sample that is one term: (*batch) of int."""
        return Picks(np.asarray(i)[..., None])

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Picks:
        """Minibatches for a batch of points: size (*batch, samples)."""
        return Picks(rng.integers(self.components, size=(*size[:-1], size[-1] * self.minibatch)))

    def _picked(self, point: Array, sample: Picks | None) -> tuple[Array, Array]:
        """The rows that a sample means, all without one, and their indices."""
        if sample is None:
            return self.a, np.broadcast_to(np.arange(self.components), (*point.shape[:-1], self.components))
        check_samples(point, sample.i.shape)
        a = np.broadcast_to(self.a, (*point.shape[:-1], *self.a.shape[-2:]))
        return np.take_along_axis(a, sample.i[..., None], -2), sample.i


@dataclass(frozen=True, eq=False)
class Validation(Terms):
    """The mean of log(1 + e^(−tᵢaᵢᵀy)) over the validation points, whatever x."""

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return np.logaddexp(0, -np.matvec(self.a, y)).mean(-1) + 0 * x[..., 0]

    def grad_x(self, x: Array, y: Array) -> Array:
        """0: (*batch, n)."""
        return np.zeros_like(x)

    def grad_y(self, x: Array, y: Array) -> Array:
        """−mean of sigmoid(−aᵢᵀy)aᵢ: (*batch, m)."""
        return self._grad_y(y, None)

    def sample_grad_x(self, x: Array, y: Array, sample: Picks) -> Array:
        """0: (*batch, n)."""
        check_samples(x, sample.i.shape)
        return np.zeros_like(x)

    def sample_grad_y(self, x: Array, y: Array, sample: Picks) -> Array:
        """The gradient of the picked terms: (*batch, m)."""
        return self._grad_y(y, sample)

    def _grad_y(self, y: Array, sample: Picks | None) -> Array:
        a, i = self._picked(y, sample)
        return -np.matvec(a.mT, sigmoid(-np.matvec(a, y))) / i.shape[-1]


@dataclass(frozen=True, eq=False)
class Weighted(Terms):
    """The mean of sigmoid(xᵢ)log(1 + e^(−tᵢaᵢᵀy)) over the training points, + (r/2)‖y‖².

    Parameters
    ----------
    ridge : float
        r, the strong convexity.
    """

    ridge: float = 0.02

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        loss = np.logaddexp(0, -np.matvec(self.a, y))
        return (sigmoid(x) * loss).mean(-1) + self.ridge / 2 * np.vecdot(y, y)

    def grad_x(self, x: Array, y: Array) -> Array:
        """sigmoid'(xᵢ)log(1 + e^(−aᵢᵀy))/N: (*batch, n)."""
        return self.sample_grad_x(x, y, None)

    def grad_y(self, x: Array, y: Array) -> Array:
        """−mean of sigmoid(xᵢ)sigmoid(−aᵢᵀy)aᵢ, + r y: (*batch, m)."""
        return self.sample_grad_y(x, y, None)

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """Mean of sigmoid(xᵢ)sigmoid'(aᵢᵀy)(aᵢᵀv)aᵢ, + r v: (*batch, m)."""
        return self.sample_hvp_yy(x, y, v, None)

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """−sigmoid'(xᵢ)sigmoid(−aᵢᵀy)aᵢᵀv/N: (*batch, n)."""
        return self.sample_hvp_xy(x, y, v, None)

    def sample_grad_x(self, x: Array, y: Array, sample: Picks | None) -> Array:
        """The same of the picked terms, 0 elsewhere: (*batch, n)."""
        a, i = self._picked(y, sample)
        s = sigmoid(np.take_along_axis(x, i, -1))
        return self._scattered(x, i, s * (1 - s) * np.logaddexp(0, -np.matvec(a, y)))

    def sample_grad_y(self, x: Array, y: Array, sample: Picks | None) -> Array:
        """The gradient of the picked terms: (*batch, m)."""
        a, i = self._picked(y, sample)
        weight = sigmoid(np.take_along_axis(x, i, -1)) * sigmoid(-np.matvec(a, y))
        return self.ridge * y - np.matvec(a.mT, weight) / i.shape[-1]

    def sample_hvp_yy(self, x: Array, y: Array, v: Array, sample: Picks | None) -> Array:
        """The product of the picked terms: (*batch, m)."""
        a, i = self._picked(y, sample)
        p = sigmoid(-np.matvec(a, y))
        weight = sigmoid(np.take_along_axis(x, i, -1)) * p * (1 - p) * np.matvec(a, v)
        return self.ridge * v + np.matvec(a.mT, weight) / i.shape[-1]

    def sample_hvp_xy(self, x: Array, y: Array, v: Array, sample: Picks | None) -> Array:
        """The product of the picked terms, 0 elsewhere: (*batch, n)."""
        a, i = self._picked(y, sample)
        s = sigmoid(np.take_along_axis(x, i, -1))
        return self._scattered(x, i, -s * (1 - s) * sigmoid(-np.matvec(a, y)) * np.matvec(a, v))

    @staticmethod
    def _scattered(x: Array, i: Array, values: Array) -> Array:
        """The values over their number, added up at their places."""
        flat, rows = np.zeros((x[..., 0].size, x.shape[-1])), i.reshape(-1, i.shape[-1])
        np.add.at(flat, (np.arange(len(rows))[:, None], rows), values.reshape(rows.shape) / i.shape[-1])
        return flat.reshape(x.shape)


def cleaning(data: Data, minibatch: int = 32) -> World:
    """Weights sigmoid(xᵢ) of 200 training points, such that the fitted y is good on clean validation points."""
    n, m = data.train.shape[-2:]
    upper = Validation(data.valid * data.t_valid[..., None], n, minibatch)
    lower = Weighted(data.train * data.t[..., None], n, minibatch)
    return World(upper, lower, n, m, mu=lower.ridge)


def accuracy(data: Data, y: Array) -> Array:
    """Share of the test points on the right side: (*batch)."""
    return (np.matvec(data.test, y) * data.t_test > 0).mean(-1)


def separation(data: Data, x: Array) -> Array:
    """AUC of the weights, the chance that a clean training point weighs more than a flipped one: (*batch)."""
    above = x[..., :, None] - x[..., None, :]
    wanted = ~data.flipped[..., :, None] & data.flipped[..., None, :]
    return (((above > 0) + (above == 0) / 2) * wanted).sum((-2, -1)) / wanted.sum((-2, -1))
