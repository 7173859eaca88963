"""The rivals of Sachs et al.: optimistic, too, but led by sums of all gradients."""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np

from optilab.core.run import algorithm
from optilab.papers.optimistic_omd.algorithm.checks import positive, started
from optilab.problems.oracles import Number, Online, Simple, check_gradient
from optilab.problems.simple import UNIT_BALL

Array = np.ndarray


class Led(NamedTuple):
    """A state of optimistic FTRL or FTL."""

    x: Array  # (*batch, d) the play x_t
    total: Array  # (*batch, d) what was summed over the rounds before
    eta: Array  # (*batch) η_t
    g: Array  # (*batch, d) the gradient g_{t−1} that was seen last, and the hint


@algorithm
def optimistic_ftrl(losses: Online, x1: Array, *, D: Number, nu: Number, domain: Simple = UNIT_BALL) -> Iterator[Led]:
    """Optimistic FTRL: x_t = argmin ⟨Σ_{s<t} g_s + M_t, x⟩ + ‖x − x_1‖²/η_t, η_t = D²/(ν + Σ_{s<t} η_s‖g_s − M_s‖²).

    Yields the plays x_1 … x_T, and x_{T+1} after the last round; M_t = g_{t−1}.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play, in the domain: where the regulariser is least.
    D, nu : number or array (*batch)
        Diameter of the set, and ν: LD² + DG, or 2DG without smoothness; positive.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If a parameter isn't positive, the start isn't in the domain, or a gradient isn't finite.
    """
    positive(D=D, nu=nu)
    start, weighed = started(losses, x1, domain, D, nu)
    g, total = np.zeros_like(start), np.zeros_like(start)
    for t in count(1):
        M, eta = g, np.square(D) / (nu + weighed)
        x = domain.prox(start - 0.5 * eta[..., None] * (total + M), eta)
        yield Led(x, total, eta, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        total = total + g
        weighed = weighed + eta * np.vecdot(g - M, g - M)


@algorithm
def optimistic_ftl(losses: Online, x1: Array, *, mu: Number, domain: Simple = UNIT_BALL) -> Iterator[Led]:
    """Optimistic FTL for μ-strong convexity: x_t = argmin Σ_{s<t} [⟨g_s, x⟩ + ½μ‖x − x_s‖²] + ⟨M_t, x⟩.

    Yields the plays x_1 … x_T, and x_{T+1} after the last round; M_t = g_{t−1}.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play, in the domain.
    mu : number or array (*batch)
        μ, positive.
    domain : Simple
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If μ isn't positive, the start isn't in the domain, or a gradient isn't finite.
    """
    positive(mu=mu)
    x, zero = started(losses, x1, domain, mu)
    g, total, mu = np.zeros_like(x), np.zeros_like(x), zero + mu
    for t in count(1):
        eta = 1 / (mu * max(t - 1, 1))
        if t > 1:
            x = domain.prox(eta[..., None] * (total - g), eta)
        yield Led(x, total, eta, g)
        if t > losses.T:
            return
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        total = total + mu[..., None] * x - g
