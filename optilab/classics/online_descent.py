"""Online gradient descent (Zinkevich, 2003): play, see one gradient, step against it, project.

    x_{t+1} = Π_X[x_t − α_t g_t]

With α_t = D/(G√t) its regret is at most (3/2) G D √T; with α_t = 1/(λt), on λ-strongly convex losses, at most
G²(1 + ln T)/(2λ).

Sources: M. Zinkevich, "Online convex programming and generalized infinitesimal gradient ascent", 2003; E. Hazan,
A. Agarwal, S. Kale, "Logarithmic regret algorithms for online convex optimization", 2007.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Online, Proximal, check_gradient
from optilab.problems.simple import UNIT_BALL


class Play(NamedTuple):
    """A play and the gradient that led to it."""

    x: np.ndarray  # (*batch, d)
    g: np.ndarray  # (*batch, d) of the round before


@algorithm
def ogd(
    losses: Online,
    x1: np.ndarray,
    *,
    alpha: Number | Callable[[int], Number],
    domain: Proximal = UNIT_BALL,
) -> Iterator[Play]:
    """Online gradient descent: yields the plays x_1 … x_T, and x_{T+1} after the last round.

    Parameters
    ----------
    losses : Online
        Has `T` and `reveal`.
    x1 : array (*batch, d)
        The first play.
    alpha : number, array (*batch), or function of the round t = 1, 2, … that gives one of these
        Step size, positive.
    domain : Proximal
        The set X; the unit ball by default.

    Raises
    ------
    ValueError
        If a step size isn't positive, or a gradient isn't finite or has another shape than its play.
    """
    x, _ = replicates(x1, _step(alpha, 1))
    g = np.zeros_like(x)
    for t in range(1, losses.T + 1):
        yield Play(x, g)
        g = losses.reveal(t, x).g
        check_gradient(g, x, t)
        step = _step(alpha, t)
        x = domain.prox(x - step[..., None] * g, step)
    yield Play(x, g)


def _step(alpha: Number | Callable[[int], Number], t: int) -> np.ndarray:
    """The step size of a round (*batch), refused where it isn't positive and finite."""
    step = np.asarray(alpha(t) if callable(alpha) else alpha)
    require((step > 0) & (step < np.inf), f"the step size alpha of round {t}", step, "positive and finite")
    return step
