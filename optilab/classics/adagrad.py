"""Adagrad: steps scaled by all squared gradients so far.

    s⁺ = s + g²,      x⁺ = x − α g / (√s⁺ + ε)               entry by entry
    s⁺ = s + ‖g‖²,    x⁺ = Π_X[x − D g / √s⁺]                with one step size for all, online and on a set

Sources: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
2011; with one step size, M. Streeter, H. B. McMahan, "Less regret via online conditioning", 2010.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Online, Proximal, Smooth, check_gradient
from optilab.problems.simple import UNIT_BALL


class Adagrad(NamedTuple):
    """A point and the sum of squared gradients."""

    x: np.ndarray  # (*batch, d)
    s: np.ndarray  # (*batch, d)


@algorithm
def adagrad(problem: Smooth, x0: np.ndarray, *, alpha: Number, eps: Number = 1e-10) -> Iterator[Adagrad]:
    """Adagrad with the full gradient; one gradient a step.

    Parameters
    ----------
    problem : Smooth
        Has `grad`.
    x0 : array (*batch, d)
        Where to start.
    alpha, eps : number or array (*batch)
        Step size α, and ε, which keeps a coordinate finite that has had no gradient; both positive.

    Raises
    ------
    ValueError
        If a parameter isn't positive and finite.
    """
    x, alpha, eps = replicates(x0, alpha, eps)
    for name, value in (("the step size alpha", alpha), ("eps", eps)):
        require((value > 0) & (value < np.inf), name, value[..., 0], "positive and finite")
    s = np.zeros_like(x)
    while True:
        yield Adagrad(x, s)
        g = problem.grad(x)
        s = s + g**2
        x = x - alpha * g / (np.sqrt(s) + eps)


class AdagradNorm(NamedTuple):
    """A play, the sum of squared lengths of gradients, and the last gradient."""

    x: np.ndarray  # (*batch, d)
    s: np.ndarray  # (*batch)
    g: np.ndarray  # (*batch, d)


@algorithm
def adagrad_norm(
    losses: Online,
    x1: np.ndarray,
    *,
    D: Number,
    domain: Proximal = UNIT_BALL,
) -> Iterator[AdagradNorm]:
    """Online gradient descent with steps D/√(Σ_{s≤t} ‖g_s‖²): needs neither G nor T; its regret is at most 3/2 D√s.

    Yields the plays x_1 … x_T, and x_{T+1} after the last round. As long as all gradients are 0 it doesn't move.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play.
    D : number or array (*batch)
        The diameter of the set, positive.
    domain : Proximal
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If D isn't positive and finite, or a gradient isn't finite or has another shape than its play.
    """
    x, D = replicates(x1, D)
    require((D > 0) & np.isfinite(D), "D", D[..., 0], "positive and finite")
    s, g = np.zeros(x.shape[:-1]), np.zeros_like(x)
    for t in range(1, losses.T + 1):
        yield AdagradNorm(x, s, g)
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        s = s + np.vecdot(g, g)
        step = D[..., 0] / np.sqrt(np.where(s > 0, s, np.inf))
        x = domain.prox(x - step[..., None] * g, step)
    yield AdagradNorm(x, s, g)
