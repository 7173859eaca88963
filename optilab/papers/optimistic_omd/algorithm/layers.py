"""Two layers for dynamic regret: bases with many step sizes, and an optimistic Hedge that weighs them."""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np

from optilab.core.check import numbers, require, whole
from optilab.core.run import algorithm
from optilab.papers.optimistic_omd.algorithm.checks import not_negative, positive, started
from optilab.problems.mirror import Entropy, Euclidean
from optilab.problems.oracles import Number, Online, Simple, check_gradient, check_length
from optilab.problems.simple import UNIT_BALL, Simplex

Array = np.ndarray


def pool(T: int, D: float, G: float, L: float) -> Array:
    """The step sizes of the bases: from √(D²/(8G²T)) in doublings up to 1/(8L), which is the last: (N,)."""
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    positive(D=D, G=G)
    require(0 < L < np.inf, "L", L, "positive, for 1/(8L) ends the pool: give the step sizes yourself")
    cap, least = 1 / (8 * L), D / (G * np.sqrt(8 * T))
    if least >= cap:
        return np.array([cap])
    N = int(np.ceil(np.log2(cap / least))) + 1
    return np.minimum(cap, least * 2.0 ** np.arange(N))


class Ensemble(NamedTuple):
    """A state of the ensemble: the play of round t, the bases' plays and their weights."""

    x: Array  # (*batch, d) the play x_t = Σ p_i x_i
    x_i: Array  # (*batch, N, d) the bases' plays
    xhat_i: Array  # (*batch, N, d) x̂ of the bases
    p: Array  # (*batch, N) the weights p_t
    phat: Array  # (*batch, N) p̂_t
    C: Array  # (*batch) 1 + Σ ‖l_s − m_s‖∞² over the rounds before
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last


@algorithm
def ensemble(
    losses: Online,
    x1: Array,
    *,
    D: float,
    G: float,
    L: float,
    etas: Array | None = None,
    switching: Number | None = None,
    domain: Simple = UNIT_BALL,
) -> Iterator[Ensemble]:
    """Optimistic descent with many step sizes, weighted by an optimistic Hedge that charges for movement.

    All bases learn from the gradient at the ensemble's play: one gradient a round. Yields the plays x_1 … x_T, and
    x_{T+1} after the last round.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play, in the domain.
    D, G, L : float
        Diameter of the set; longest gradient, to which the rounds are held; smoothness of F_t, which caps the step
        sizes by 1/(8L) and the meta level's by 1/(8D²L).
    etas : array (N,)
        The bases' step sizes; `pool(T, D, G, L)` by default, which needs an L above 0.
    switching : number or array (*batch)
        The coefficient of ‖x_{t,i} − x_{t−1,i}‖² in the meta level's losses; 2L by default.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If a parameter isn't in its range, the start isn't in the domain, L is 0 without step sizes, or a gradient isn't
        finite or is longer than G (says the round).
    """
    positive(D=D, G=G)
    not_negative(L=L, switching=0.0 if switching is None else switching)
    cost, cap = np.asarray(2 * L if switching is None else switching), 1 / (8 * D**2 * L) if L > 0 else np.inf
    start, C = started(losses, x1, domain, cost)
    etas = pool(losses.T, D, G, L) if etas is None else numbers("etas", etas)
    require(etas.ndim == 1 and bool((etas > 0).all()), "etas", etas, "positive step sizes (N,)")
    C, g, hedge, project = C + 1, np.zeros_like(start), Entropy(), Euclidean().step
    xhat_i = np.repeat(start[..., None, :], len(etas), axis=-2)
    x_i, phat = xhat_i, np.full(xhat_i.shape[:-1], 1 / len(etas))
    eps = np.minimum(cap, C**-0.5) if L == 0 else np.full_like(C, cap)
    for t in count(1):
        before, x_i = x_i, project(domain, xhat_i, g[..., None, :], etas)
        s = cost[..., None] * ((x_i - before) ** 2).sum(-1)  # 0 at t = 1
        m = np.vecdot(x_i, g[..., None, :]) + s
        p = hedge.step(Simplex(), phat, m, eps)
        x = np.vecmat(p, x_i)
        yield Ensemble(x, x_i, xhat_i, p, phat, C, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        check_length(np.sqrt(np.vecdot(g, g)), t, G)
        loss = np.vecdot(x_i, g[..., None, :]) + s
        phat = hedge.step(Simplex(), phat, loss, eps)
        C = C + abs(loss - m).max(-1) ** 2
        eps = np.minimum(cap, C**-0.5)
        xhat_i = project(domain, xhat_i, g[..., None, :], etas)
