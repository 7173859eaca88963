"""Stochastic gradient descent (Robbins and Monro, 1951): step against the gradient of a random sample.

    x⁺ = x + v⁺,    v⁺ = β v − α_k ∇f(x; ξ_k)

Sources: H. Robbins, S. Monro, "A stochastic approximation method", 1951; the bound is D. Needell, N. Srebro, R. Ward,
"Stochastic gradient descent, weighted sampling, and the randomized Kaczmarz algorithm", 2014, Theorem 2.1.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Stochastic


class StochasticDescent(NamedTuple):
    """Position and last displacement."""

    x: np.ndarray  # (*batch, d)
    v: np.ndarray  # (*batch, d)


@algorithm
def sgd(
    problem: Stochastic,
    x0: np.ndarray,
    *,
    rng: np.random.Generator,
    alpha: Number | Callable[[int], Number],
    size: int = 1,
    beta: Number = 0.0,
) -> Iterator[StochasticDescent]:
    """Iterate x⁺ = x + v⁺, v⁺ = β v − α_k ∇f(x; ξ_k) with a fresh minibatch ξ_k each step; `size` gradients a step.

    Parameters
    ----------
    problem : Stochastic
        Has `sample` and `sample_grad`.
    x0 : array (*batch, d)
        Where to start.
    rng : numpy.random.Generator
        Draws the minibatches, one for each replicate.
    alpha : number, array (*batch), or function of the step number k = 0, 1, … that gives one of these
        Step size, positive.
    size : int
        Samples in a minibatch.
    beta : number or array (*batch)
        Momentum, in [0, 1).

    Raises
    ------
    ValueError
        If a step size, size or beta isn't in its range.
    """
    steps = alpha if callable(alpha) else lambda _: alpha
    x, beta, *_ = replicates(x0, beta, steps(0))
    require(whole(size, 1), "size", size, "a positive integer")
    require((beta >= 0) & (beta < 1), "the momentum beta", beta[..., 0], "in [0, 1)")
    step = positive(steps(0))
    v, k = np.zeros_like(x), 0
    while True:
        yield StochasticDescent(x, v)
        sample = problem.sample(rng, (*x.shape[:-1], size))
        v = beta * v - step * problem.sample_grad(x, sample)
        x, k = x + v, k + 1
        step = positive(steps(k))


def positive(alpha: Number) -> np.ndarray:
    """A step size with a last axis of 1, refused where it isn't positive and finite."""
    alpha = np.asarray(alpha)
    require((alpha > 0) & (alpha < np.inf), "the step size alpha", alpha, "positive and finite")
    return alpha[..., None]


def distance_bound(
    k: int | np.ndarray, alpha: float, mu: float, L_sample: float, noise: float, distance: float
) -> np.ndarray:
    """Bound (1 − 2αμ(1 − αL))ᵏ D² + ασ²/(μ(1 − αL)) on E‖x_k − x*‖² of SGD with constant α and no momentum.

    Parameters
    ----------
    k : int or array
        Steps made.
    alpha : float
        Step size, below 1/L_sample.
    mu : float
        Strong convexity of f.
    L_sample : float
        L, a Lipschitz constant of the gradient of every sample.
    noise : float
        σ² = E‖∇f(x*; ξ)‖².
    distance : float
        D = ‖x₀ − x*‖.

    Raises
    ------
    ValueError
        If L_sample isn't positive, alpha isn't in (0, 1/L_sample), mu isn't in (0, L_sample], or k, the noise or the
        distance is negative.
    """
    require(L_sample > 0, "L_sample", L_sample, "positive")
    require(0 < alpha * L_sample < 1, "alpha", alpha, f"in (0, 1/L_sample), 1/L_sample = {1 / L_sample}")
    require(0 < mu <= L_sample, "mu", mu, f"in (0, L_sample], L_sample = {L_sample}")
    for name, value in {"k": k, "noise": noise, "distance": distance}.items():
        require(np.asarray(value) >= 0, name, value, "0 or more")
    room = mu * (1 - alpha * L_sample)
    return (1 - 2 * alpha * room) ** np.asarray(k) * distance**2 + alpha * noise / room
