"""Optimistic online mirror descent: with any mirror map and step size, and in a metric that learns."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.papers.optimistic_omd.algorithm.checks import not_negative, positive, started
from optilab.papers.optimistic_omd.algorithm.steps import Steps
from optilab.problems.mirror import Euclidean, Mahalanobis, Mirror
from optilab.problems.oracles import Number, Online, Simple, check_gradient, check_length
from optilab.problems.simple import UNIT_BALL

Array = np.ndarray
Hint = Callable[[int, Array], Array]  # (t, g_{t−1}) → M_t; g_0 = 0


def last_gradient(t: int, g: Array) -> Array:
    """The hint of the paper: M_t = g_{t−1}, and M_1 = 0."""
    return g


class Optimistic(NamedTuple):
    """A state of optimistic mirror descent: the play of round t and what it is made of."""

    x: Array  # (*batch, d) the play x_t
    xhat: Array  # (*batch, d) x̂_t
    M: Array  # (*batch, d) the hint M_t
    V: Array  # (*batch) V̄_{t−1}
    eta: Array  # (*batch) η_t, as it was known before g_t: see `optimistic` for round 1
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last


@algorithm
def optimistic(
    losses: Online,
    x1: Array,
    *,
    steps: Steps,
    hint: Hint = last_gradient,
    mirror: Mirror | None = None,
    domain: Simple = UNIT_BALL,
) -> Iterator[Optimistic]:
    """Optimistic online mirror descent: yields the plays x_1 … x_T, and x_{T+1} after the last round.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play and x̂_1, in the domain.
    steps : Steps
        η_t, from `Convex`, `Practical`, `StronglyConvex` or `Constant`. With `Convex` every gradient is held to its G,
        in the dual norm of the map. As M_1 = 0, x_1 is the start whatever η_1 is; so steps that ask for ‖g_1‖, as
        `Practical` ones do, get it before the correction of round 1, which isn't made by the η of that round's state.
    hint : function
        M_t from t and g_{t−1}. With steps that ask for ‖g_1‖ M_1 must be 0.
    mirror : Mirror
        The map ψ; Euclidean by default. V̄ is measured in its dual norm.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If the start isn't in the domain or the map can't take it, if a gradient isn't finite or is longer than G
        (says the round), or if M_1 isn't 0 where η_1 waits for g_1.
    """
    mirror = mirror or Euclidean()
    xhat, V = started(losses, x1, domain, steps(1, np.zeros(()), np.zeros(())))
    mirror.check(domain, xhat)
    G = getattr(steps, "G", np.inf)
    g, first = np.zeros_like(xhat), V
    for t in count(1):
        M = hint(t, g)
        eta = np.broadcast_to(steps(t, V, first), V.shape)
        x = mirror.step(domain, xhat, M, eta)
        yield Optimistic(x, xhat, M, V, eta, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        check_length(mirror.dual_norm(g), t, G)
        if t == 1:  # without a hint x_1 is the start whatever η_1 is: this step may be chosen in the light of g_1
            first, played = mirror.dual_norm(g) ** 2, eta
            eta = np.broadcast_to(steps(t, V, first), V.shape)
            fits = (eta == played) | (np.broadcast_to(M, x.shape) == 0).all(-1)
            require(fits, "the first hint M_1", M, "0 with steps that ask for g_1: play and correction take one step")
        xhat = mirror.step(domain, xhat, g, eta)
        V = V + mirror.dual_norm(g - M) ** 2


def exp_concave_beta(G: Number, D: Number, alpha: Number) -> Number:
    """β = ½ min{1/(4GD), α} for α-exp-concave losses."""
    positive(G=G, D=D, alpha=alpha)
    return 0.5 * np.minimum(1 / (4 * np.multiply(G, D)), alpha)


class Curved(NamedTuple):
    """A state of optimistic mirror descent in a metric that learns."""

    x: Array  # (*batch, d) the play x_t
    xhat: Array  # (*batch, d) x̂_t
    M: Array  # (*batch, d) the hint M_t
    H: Array  # (*batch, d, d) the metric H_t
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last


@algorithm
def exp_concave(
    losses: Online, x1: Array, *, beta: Number, G: Number, hint: Hint = last_gradient, domain: Simple = UNIT_BALL
) -> Iterator[Curved]:
    """Optimistic mirror descent with ψ_t = ½‖x‖²_{H_t}, H_t = (1 + ½βG²) I + ½β Σ_{s<t} g_s g_sᵀ.

    Yields the plays x_1 … x_T, and x_{T+1} after the last round.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play and x̂_1, in the domain.
    beta : number or array (*batch)
        β, 0 or more: `exp_concave_beta` is the paper's, which is cautious; in practice it may be a hundred times that.
    G : number or array (*batch)
        The longest gradient, to which the rounds are held.
    hint : function
        M_t from t and g_{t−1}.
    domain : Zero or Ball
        The set X, all of space or a centred ball; the unit ball by default.

    Raises
    ------
    ValueError
        If a parameter isn't in its range, the start isn't in the domain, or a gradient isn't finite or is longer
        than G (says the round).
    """
    not_negative(beta=beta)
    positive(G=G)
    xhat, _ = started(losses, x1, domain, beta, G)
    g, half = np.zeros_like(xhat), np.asarray(beta)[..., None, None] / 2
    H = (1 + half * np.square(np.asarray(G))[..., None, None]) * np.eye(xhat.shape[-1])
    H = np.broadcast_to(H, (*xhat.shape, xhat.shape[-1]))
    Mahalanobis(H).check(domain, xhat)
    for t in count(1):
        metric, M = Mahalanobis(H), hint(t, g)
        x = metric.step(domain, xhat, M, 1.0)
        yield Curved(x, xhat, M, H, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        check_length(np.sqrt(np.vecdot(g, g)), t, G)
        xhat = metric.step(domain, xhat, g, 1.0)
        H = H + half * g[..., :, None] * g[..., None, :]
