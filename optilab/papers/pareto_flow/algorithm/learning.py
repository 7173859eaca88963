"""What is learned from the data: a flow from noise to designs, and a predictor for each objective."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import NamedTuple

import numpy as np

from optilab.classics.adam import Moments
from optilab.classics.adam import step as adam_step
from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.problems.mlp import MLP, affine

Array = np.ndarray
LEAST = 1e-8  # the standard deviation that a constant column gets
SLACK = 1e-9  # how far data may lie outside of the box, over its width


@dataclass(frozen=True, eq=False)
class Offline:
    """A data set in z-scores: all that a method may look at.

    Parameters
    ----------
    x, y : arrays (N, d), (N, m)
        Designs and values in z-scores.
    low, high : arrays (d,)
        The box in z-scores.
    x_mean, x_sd, y_mean, y_sd : arrays (d,), (d,), (m,), (m,)
        What was subtracted, and divided by.
    """

    x: Array
    y: Array
    low: Array
    high: Array
    x_mean: Array
    x_sd: Array
    y_mean: Array
    y_sd: Array

    def designs(self, x: Array) -> Array:
        """Designs (..., d) in their own units."""
        return self.x_mean + self.x_sd * x

    def values(self, y: Array) -> Array:
        """Values (..., m) in their own units."""
        return self.y_mean + self.y_sd * y


def offline(X: Array, Y: Array, low: Array, high: Array) -> Offline:
    """The data (N, d), (N, m) in z-scores, with the box from low to high, (d,) each.

    Raises
    ------
    ValueError
        If shapes don't fit, there are fewer than 10 points, an entry isn't finite, the box is empty or a design is
        outside of it.

    Warns
    -----
    UserWarning
        If a column is constant: it gets the standard deviation 10⁻⁸.
    """
    X, Y = np.asarray(X, float), np.asarray(Y, float)
    require(X.ndim == 2 and X.shape[1] >= 1, "the shape of X", X.shape, "(N, d) with d ≥ 1")
    require(Y.ndim == 2 and Y.shape[1] >= 1, "the shape of Y", Y.shape, "(N, m) with m ≥ 1")
    require(len(X) == len(Y), "the rows of Y", len(Y), f"as many as those of X, {len(X)}")
    require(len(X) >= 10, "the number of points", len(X), "10 or more")
    require(np.isfinite(X), "X", X, "finite")
    require(np.isfinite(Y), "Y", Y, "finite")
    low, high = (np.broadcast_to(np.asarray(end, float), X.shape[1]) for end in (low, high))
    require(low < high, "low", low, f"below high = {high}")
    slack = SLACK * (high - low)
    require((low - slack <= X) & (high + slack >= X), "X", X, f"in the box from {low} to {high}")
    scaled: list[Array] = []
    for name, values in (("X", X), ("Y", Y)):
        mean, sd = values.mean(0), values.std(0)
        if (sd < LEAST).any():
            warnings.warn(f"column {np.flatnonzero(sd < LEAST)} of {name} is constant", stacklevel=2)
        sd = np.maximum(sd, LEAST)
        scaled += [(values - mean) / sd, mean, sd]
    x, x_mean, x_sd, y, y_mean, y_sd = scaled
    return Offline(x, y, (low - x_mean) / x_sd, (high - x_mean) / x_sd, x_mean, x_sd, y_mean, y_sd)


class Learning(NamedTuple):
    """A state of training: one a pass over the data."""

    theta: Array  # (*batch, D) parameters
    loss: Array  # (*batch) mean loss of the pass, nan at the start


def _spread(network: MLP, gain: float) -> Array:
    """Standard deviations of the initial parameters (D,): gain/√in for weights, 0 for biases."""
    return network.flat(
        [(np.full((out, into - 1), gain / np.sqrt(into - 1)), np.zeros(out)) for out, into in network.shapes]
    )


def _passes(
    gradient: Callable[[Array, Array], tuple[Array, Array]],
    theta: Array,
    N: int,
    rng: np.random.Generator,
    batch: int,
    alpha: Callable[[int], float],
) -> Iterator[Learning]:
    """Adam, a state for each pass over N points in an order of its own; the last batch of a pass may be short.

    `gradient(theta, rows)` gives the sums of the loss over rows (*batch, size) and their gradients.
    """
    own = theta.shape[:-1]
    state, k = Moments(theta, np.zeros_like(theta), np.zeros_like(theta)), 0
    yield Learning(theta, np.full(own, np.nan))
    for epoch in count():
        order, total = rng.random(size=(*own, N)).argsort(-1), np.zeros(own)
        for start in range(0, N, batch):
            rows = order[..., start : start + batch]
            loss, g = gradient(state.x, rows)
            k, total = k + 1, total + loss
            state = adam_step(state, g / rows.shape[-1], k, alpha=alpha(epoch), beta1=0.9, beta2=0.999, eps=1e-8)
        yield Learning(state.x, total / N)


def _rows(values: Array, rows: Array) -> Array:
    """The rows (*batch, size) of values (*batch, N, d)."""
    return np.take_along_axis(values, rows[..., None], -2)


def _check_training(hidden: Sequence[int], batch: int, alpha: float) -> None:
    require(all(whole(units, 1) for units in hidden), "hidden", hidden, "whole numbers, 1 or more")
    require(whole(batch, 1), "batch", batch, "a whole number, 1 or more")
    require(alpha > 0, "alpha", alpha, "positive")


# Flow matching


@dataclass(frozen=True, eq=False)
class Flow:
    """A learned velocity v(x, t): a SELU network of x + a t + c, which never sees t apart from x.

    Parameters
    ----------
    theta : array (*batch, D)
        The network's parameters, then a and c, d each.
    d : int
        Coordinates.
    hidden : sequence of int
        Units of the hidden layers.
    """

    theta: Array
    d: int
    hidden: Sequence[int] = (64, 64, 64)

    @cached_property
    def network(self) -> MLP:
        """The network, d → hidden → d."""
        return MLP((self.d, *self.hidden, self.d), "selu")

    @property
    def parts(self) -> tuple[Array, Array, Array]:
        """The network's parameters (*batch, D − 2d), and a and c, (*batch, d) each."""
        return self.theta[..., : -2 * self.d], self.theta[..., -2 * self.d : -self.d], self.theta[..., -self.d :]

    def seen(self, x: Array, t: float | Array) -> Array:
        """What the network sees of x (*batch, N, d) at t, a number or (*batch, N, 1)."""
        _, a, c = self.parts
        return x + a[..., None, :] * t + c[..., None, :]

    def __call__(self, x: Array, t: float | Array) -> Array:
        """Velocity at x (*batch, N, d) and t, a number or (*batch, N, 1): (*batch, N, d)."""
        return self.network.forward(self.parts[0], self.seen(x, t))

    def loss_and_grad(self, x0: Array, x1: Array, t: Array) -> tuple[Array, Array]:
        """‖v(x_t, t) − (x₁ − x₀)‖²/d at x_t = (1 − t)x₀ + t x₁, summed over rows (*batch, N, d), and its gradient."""
        network, (theta, _, _) = self.network, self.parts
        layers = network.layers(theta)
        inputs = network.inputs(layers, self.seen((1 - t) * x0 + t * x1, t))
        off = affine(inputs[-1], *layers[-1]) - (x1 - x0)
        deltas = network.deltas(layers, inputs, 2 / self.d * off)
        weights = network.flat([(delta.mT @ a, delta.sum(-2)) for delta, a in zip(deltas, inputs, strict=True)])
        into = deltas[0] @ layers[0][0]
        return (off**2).sum((-2, -1)) / self.d, np.concatenate([weights, (t * into).sum(-2), into.sum(-2)], -1)


@algorithm
def flow_matching(
    x1: Array,
    *,
    rng: np.random.Generator,
    hidden: Sequence[int] = (64, 64, 64),
    batch: int = 128,
    alpha: float = 1e-3,
) -> Iterator[Learning]:
    """Flow matching on x₁ (*batch, N, d): regress v(x_t, t) on x₁ − x₀ for fresh x₀ ~ N(0, I) and t ~ U(0, 1).

    Yields the parameters of `Flow` at the start and after each pass over the data, without end. Weights begin as
    N(0, 1/in), biases as 0, a and c as N(0, 1).

    Raises
    ------
    ValueError
        If the data or a parameter is not allowed.
    """
    x1 = np.asarray(x1, float)
    require(x1.ndim >= 2 and x1.size > 0, "the shape of x1", x1.shape, "(*batch, N, d)")
    _check_training(hidden, batch, alpha)
    *own, N, d = x1.shape
    network = MLP((d, *hidden, d), "selu")
    spread = np.concatenate([_spread(network, 1.0), np.ones(2 * d)])

    def gradient(theta: Array, rows: Array) -> tuple[Array, Array]:
        x0, t = rng.normal(size=(*rows.shape, d)), rng.random(size=(*rows.shape, 1))
        return Flow(theta, d, hidden).loss_and_grad(x0, _rows(x1, rows), t)

    yield from _passes(gradient, spread * rng.normal(size=(*own, len(spread))), N, rng, batch, lambda epoch: alpha)


# Predictors


@dataclass(frozen=True, eq=False)
class Predictors:
    """Learned objectives f̂ in z-scores: a ReLU network for each.

    Parameters
    ----------
    theta : array (*batch, m, D)
        Their parameters.
    d : int
        Coordinates.
    hidden : sequence of int
        Units of the hidden layers.
    """

    theta: Array
    d: int
    hidden: Sequence[int] = (64, 64)

    @cached_property
    def network(self) -> MLP:
        """One network, d → hidden → 1."""
        return MLP((self.d, *self.hidden, 1), "relu")

    def __call__(self, x: Array) -> Array:
        """Predicted values at x (*batch, N, d): (*batch, N, m)."""
        return self.network.forward(self.theta, x[..., None, :, :])[..., 0].mT

    def pull(self, x: Array, w: Array) -> Array:
        """Σᵢ wᵢ ∇f̂ᵢ(x), back through the networks to their inputs: x (*batch, N, d), w (*batch, N, m) → as x."""
        upstream = np.asarray(w).mT[..., None]
        return self.network.input_grad(self.theta, x[..., None, :, :], upstream).sum(-3)


@algorithm
def regression(
    x: Array,
    y: Array,
    *,
    rng: np.random.Generator,
    hidden: Sequence[int] = (64, 64),
    batch: int = 128,
    alpha: float = 1e-3,
    decay: float = 0.98,
) -> Iterator[Learning]:
    """Least squares of a network for each column of y (*batch, N, m) on x (*batch, N, d).

    Yields the parameters of `Predictors` at the start and after each pass over the data, without end; the step α
    shrinks by `decay` after each. Weights begin as N(0, 2/in), biases as 0.

    Raises
    ------
    ValueError
        If the data or a parameter is not allowed.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    require(x.ndim >= 2 and x.size > 0, "the shape of x", x.shape, "(*batch, N, d)")
    require(y.shape[:-1] == x.shape[:-1] and y.size > 0, "the shape of y", y.shape, f"{(*x.shape[:-1], 'm')}")
    _check_training(hidden, batch, alpha)
    require(0 < decay <= 1, "decay", decay, "in (0, 1]")
    N, d = x.shape[-2:]
    network = MLP((d, *hidden, 1), "relu")
    spread = _spread(network, np.sqrt(2))
    inputs_of, targets = x[..., None, :, :], y.mT[..., None]  # (*batch, 1, N, d), (*batch, m, N, 1)

    def gradient(theta: Array, rows: Array) -> tuple[Array, Array]:
        layers = network.layers(theta)
        inputs = network.inputs(layers, np.take_along_axis(inputs_of, rows[..., None], -2))
        off = affine(inputs[-1], *layers[-1]) - _rows(targets, rows)
        return (off**2).sum((-2, -1)), network.gradient(layers, inputs, 2 * off)

    start = spread * rng.normal(size=(*y.mT.shape[:-1], len(spread)))
    yield from _passes(gradient, start, N, rng, batch, lambda epoch: alpha * decay**epoch)
