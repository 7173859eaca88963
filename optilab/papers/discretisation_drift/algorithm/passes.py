"""The flow of one pass of stochastic gradient descent over its batches, and the flow of momentum.

    ordered pass       θ̇ = −ḡ − (nh/2) H̄ḡ + (h/n) Σ_μ H_μ Σ_{τ<μ} g_τ        end point of n steps, up to O(h³)
    mean over orders   θ̇ = −ḡ − (h/2n) Σ_μ H_μ g_μ
    momentum           θ̇ = −g/(1 − β) − h (1 + β)/(2 (1 − β)³) H g           time h an iteration, after the transient

Sources: Rosca, Deisenroth, "Implicit regularisation in stochastic gradient descent: from single-objective to
two-player games", 2023; Smith, Dherin, Barrett, De, "On the origin of implicit regularization in stochastic gradient
descent", 2021.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.papers.discretisation_drift.algorithm.derivatives import gradient, hessian_product
from optilab.papers.discretisation_drift.algorithm.integration import Field, require_rate
from optilab.problems.oracles import Smooth

Batches = Sequence[Smooth]  # problems E_0 … E_{n−1} in the same parameters


class Pass(NamedTuple):
    """A point between two passes."""

    theta: np.ndarray  # (*batch, D)


@algorithm
def sgd_passes(
    batches: Batches, theta0: np.ndarray, *, h: float | np.ndarray, order: Sequence[int] | None = None
) -> Iterator[Pass]:
    """Pass after pass of θ ← θ − h g_μ(θ) over the batches, in the given order each time; a state is a whole pass.

    Parameters
    ----------
    batches : sequence of problems
        With `grad`.
    theta0 : array (*batch, D)
        Start.
    h : number or array (*batch)
        Learning rate.
    order : sequence of int, optional
        Permutation of the batches; as they come by default.

    Raises
    ------
    ValueError
        If `h` is not positive and finite, there are no batches or `order` is no permutation.
    """
    theta, h = replicates(theta0, require_rate(h))
    require(len(batches) > 0, "batches", batches, "at least one problem")
    order = range(len(batches)) if order is None else order
    require(sorted(order) == list(range(len(batches))), "order", order, f"a permutation of {len(batches)} batches")
    while True:
        yield Pass(theta)
        for mu in order:
            theta = theta - h * gradient(batches[mu], theta)


def mean_gradient(batches: Batches, theta: np.ndarray) -> np.ndarray:
    """ḡ, the gradient of the mean loss."""
    return np.mean([gradient(E, theta) for E in batches], axis=0)


def pass_field(batches: Batches, h: float | np.ndarray) -> Field:
    """Field of one ordered pass: −ḡ − (nh/2) H̄ḡ + (h/n) Σ_{μ≥1} H_μ Σ_{τ<μ} g_τ; a pass takes the time nh.

    Parameters
    ----------
    batches : sequence of problems
        In the order of the pass.
    h : number or array (*batch)
        Learning rate.
    """
    h, n = require_rate(h)[..., None], len(batches)
    require(n > 0, "batches", batches, "at least one problem")

    def field(theta: np.ndarray) -> np.ndarray:
        g_bar = mean_gradient(batches, theta)
        velocity, earlier = -g_bar, np.zeros_like(g_bar)
        for E in batches:
            velocity = velocity - h / 2 * hessian_product(E, theta, g_bar)  # (nh/2) H̄ḡ is (h/2) Σ H_μ ḡ
            velocity = velocity + h / n * hessian_product(E, theta, earlier)
            earlier = earlier + gradient(E, theta)
        return velocity

    return field


def pass_loss(batches: Sequence[Any], theta: np.ndarray, start: np.ndarray, h: float | np.ndarray) -> np.ndarray:
    """The loss that an ordered pass from `start` descends on: (*batch).

    Ē + (nh/4)‖ḡ‖² − (h/n) Σ_μ g_μᵀ Σ_{τ<μ} g_τ with the last factor frozen at the start of the pass; at θ = start
    minus its gradient is the pass's field.

    Parameters
    ----------
    batches : sequence of problems
        In the order of the pass, callable.
    theta, start : array (*batch, D)
        Where to evaluate, and where the earlier gradients are frozen.
    h : number or array (*batch)
        Learning rate.
    """
    h, n = require_rate(h), len(batches)
    mean = sum(E(theta) for E in batches) / n
    agreement, earlier = 0, np.zeros_like(start)
    for E in batches:
        agreement = agreement + (gradient(E, theta) * earlier).sum(-1)
        earlier = earlier + gradient(E, start)
    return mean + n * h / 4 * (mean_gradient(batches, theta) ** 2).sum(-1) - h / n * agreement


def mean_over_orders_field(batches: Batches, h: float | np.ndarray) -> Field:
    """Field −ḡ − (h/2n) Σ_μ H_μ g_μ = −∇(Ē + (h/4) mean ‖∇E_μ‖²): a pass averaged over all orders."""
    h, n = require_rate(h)[..., None], len(batches)
    require(n > 0, "batches", batches, "at least one problem")

    def field(theta: np.ndarray) -> np.ndarray:
        drift = sum(hessian_product(E, theta, gradient(E, theta)) for E in batches)
        return -mean_gradient(batches, theta) - h / (2 * n) * drift

    return field


def mean_over_orders_loss(batches: Sequence[Any], theta: np.ndarray, h: float | np.ndarray) -> np.ndarray:
    """Ē + (h/4) mean ‖∇E_μ‖² (*batch), the loss of Smith et al. that passes in random order descend on.

    Minus its gradient is `mean_over_orders_field`.

    Parameters
    ----------
    batches : sequence of problems
        Callable.
    theta : array (*batch, D)
        Where to evaluate.
    h : number or array (*batch)
        Learning rate.
    """
    h, n = require_rate(h), len(batches)
    require(n > 0, "batches", batches, "at least one problem")
    return sum(E(theta) + h / 4 * (gradient(E, theta) ** 2).sum(-1) for E in batches) / n


def momentum_field(problem: Smooth, h: float | np.ndarray, beta: float | np.ndarray, order: int = 2) -> Field:
    """Field of heavy ball v ← βv − hg, θ ← θ + v after its transient, an iteration taking time h.

    −g/(1 − β) of first order; the corrected one subtracts h (1 + β)/(2 (1 − β)³) H g.

    Parameters
    ----------
    problem
        With `grad` and `hvp`.
    h, beta : number or array (*batch)
        Learning rate, and momentum in [0, 1).
    order : {1, 2}
        Without and with the correction.
    """
    h, beta = require_rate(h)[..., None], np.asarray(beta)[..., None]
    require((beta >= 0) & (beta < 1), "beta", beta[..., 0], "in [0, 1)")
    require(order in (1, 2), "order", order, "1 or 2")

    def field(theta: np.ndarray) -> np.ndarray:
        g = gradient(problem, theta)
        if order == 1:
            return -g / (1 - beta)
        return -g / (1 - beta) - h * (1 + beta) / (2 * (1 - beta) ** 3) * hessian_product(problem, theta, g)

    return field
