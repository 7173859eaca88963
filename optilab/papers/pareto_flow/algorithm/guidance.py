"""Weights and the cones around them, and the velocity that is pushed along a weight."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from optilab.core.check import require, whole
from optilab.core.numerics import unit
from optilab.problems.pareto import simplex_weights

Array = np.ndarray
Field = Callable[[Array, float], Array]  # v(x, t): (*batch, N, d) → (*batch, N, d)
ROUND = 9  # digits of an angle that count: many are equal, and rounding noise is not to decide


class Predicting(Protocol):
    """Predicted objectives with gradients: `Predictors`, or anything like them."""

    def __call__(self, x: Array, /) -> Array:
        """Values at x (*batch, N, d): (*batch, N, m)."""

    def pull(self, x: Array, w: Array, /) -> Array:
        """Σᵢ wᵢ ∇f̂ᵢ(x), w (*batch, N, m): (*batch, N, d)."""


def lattice(m: int, least: int) -> Array:
    """The weights k/H of the smallest H for which there are `least` or more: (n, m).

    Raises
    ------
    ValueError
        If m isn't whole and above 1 (one objective has one weight), or `least` not whole.
    """
    require(whole(m, 2), "m", m, "a whole number, 2 or more")
    require(whole(least, 1), "least", least, "a whole number, 1 or more")
    H = 1
    while len(weights := simplex_weights(m, H)) < least:
        H += 1
    return weights


def angle(p: Array, w: Array) -> Array:
    """Angle between vectors along the last axis, in radians; π/2 where one is zero."""
    return np.arccos(np.clip((unit(p) * unit(w)).sum(-1), -1, 1))


def neighbourhoods(weights: Array, K: int) -> Array:
    """The K nearest weights of each (n, m) by angle, itself first, ties to the smaller place: (n, K)."""
    near = np.round(angle(weights[:, None], weights), ROUND)
    np.fill_diagonal(near, -1)
    return np.argsort(near, -1, kind="stable")[:, :K]


def half_apertures(weights: Array) -> Array:
    """φᵢ/2, the mean angle to the m nearest other weights: (n, m) → (n,).

    Raises
    ------
    ValueError
        If there is one weight alone.
    """
    require(len(weights) > 1, "the number of weights", len(weights), "2 or more where there are cones")
    near = angle(weights[:, None], weights)
    np.fill_diagonal(near, -1)
    return np.sort(near, -1)[:, 1 : weights.shape[-1] + 1].mean(-1)


def end_point(field: Field, x: Array, t: float) -> Array:
    """Where a sample x at t is bound for, x̂₁ = x + (1 − t) v(x, t): (*batch, N, d)."""
    return x + (1 - t) * field(x, t)


def guided(field: Field, predictors: Predicting, x: Array, t: float, *, aim: Array, gamma: Any, dt: float) -> Array:
    """ṽ(x, t) = v(x, t) + γ (1 − t)/max(t, Δt) ∇s(x̂₁) with the score s = −Σᵢ ωᵢ f̂ᵢ: (*batch, n, d).

    v is held constant when s is differentiated, so that only the predictors are gone back through.

    Parameters
    ----------
    field, predictors
        v and f̂.
    x : array (*batch, n, d)
        Samples at t.
    t, dt : float
        Time, and the length of a step.
    aim : array (n, m)
        The weight ω of each sample.
    gamma : number, or array ready to multiply x
        Strength γ.
    """
    v = field(x, t)
    x1 = x + (1 - t) * v
    uphill = -predictors.pull(x1, np.broadcast_to(aim, (*x.shape[:-1], aim.shape[-1])))
    return v + gamma * (1 - t) / max(t, dt) * uphill
