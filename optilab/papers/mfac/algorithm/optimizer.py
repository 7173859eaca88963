"""The M-FAC optimiser: stochastic gradient descent, preconditioned by the inverse Fisher of its last m gradients."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import advance, algorithm, replicates
from optilab.papers.mfac.algorithm.dynamic import Window, empty_window, ihvp, setup_each, update
from optilab.problems.oracles import Number, Stochastic

Array = np.ndarray


class Preconditioned(NamedTuple):
    """A state of M-FAC."""

    theta: Array  # (*batch, d) the point
    g: Array  # (*batch, d) the gradient that led to it, weight decay included
    u: Array  # (*batch, d) F⁻¹g
    v: Array  # (*batch, d) its running mean, the direction of the step
    G: Array  # (*batch, m, d) the window


@algorithm
def mfac(
    problem: Stochastic,
    x0: Array,
    *,
    rng: np.random.Generator,
    m: int = 1024,
    lam: Number = 1e-5,
    lr: Number = 1e-3,
    beta: Number = 0.0,
    weight_decay: Number = 0.0,
    size: int = 1,
    sparse: bool = False,
) -> Iterator[Preconditioned]:
    """Insert the batch gradient into the window, then step along F⁻¹g with the F of the window that contains it.

    A replicate whose gradient isn't finite, or for whose gradients λ is so small that m I + G Gᵀ/λ isn't positive
    definite in rounding, is lost: θ is NaN from there on, which `run` records as diverged. The others go on.

    Parameters
    ----------
    problem : Stochastic
        Has `sample` and `sample_grad`.
    x0 : array (*batch, d)
        Where to start.
    rng : numpy.random.Generator
        Draws the minibatches, one a step for each replicate.
    m : int
        Gradients in the window; it starts empty.
    lam : number or array (*batch)
        Damping λ, positive.
    lr : number or array (*batch)
        Step size, positive.
    beta : number or array (*batch)
        Momentum on u in [0, 1), without bias correction; 0 is none.
    weight_decay : number or array (*batch)
        Added to the gradient as weight_decay · θ, before it enters the window.
    size : int
        Samples in a minibatch.
    sparse : bool
        Keep coordinates at zero that are zero at the start.

    Raises
    ------
    ValueError
        If a parameter isn't in its range.
    """
    theta, lr, beta, wd, lam = replicates(x0, lr, beta, weight_decay, lam)
    require((lr > 0) & (lr < np.inf), "the step size lr", lr[..., 0], "positive and finite")
    require((beta >= 0) & (beta < 1), "the momentum beta", beta[..., 0], "in [0, 1)")
    require((wd >= 0) & (wd < np.inf), "weight_decay", wd[..., 0], "0 or more and finite")
    require(whole(size, 1), "size", size, "a positive integer")
    alive = (theta != 0) if sparse else np.True_
    window = empty_window(m, theta.shape[-1], lam[..., 0], theta.shape[:-1])
    g = u = v = np.zeros_like(theta)
    going = np.ones(theta.shape[:-1], bool)
    while True:
        yield Preconditioned(advance(going, theta, np.full_like(theta, np.nan)), g, u, v, window.G)
        sample = problem.sample(rng, (*theta.shape[:-1], size))
        g = alive * (problem.sample_grad(theta, sample) + wd * theta)
        going = going & np.isfinite(g).all(-1)
        g = advance(going, g, np.zeros_like(g))
        window = update(window, g, setup_each)
        u = ihvp(window, g, window.p)
        v = beta * v + (1 - beta) * u
        going = going & np.isfinite(theta - lr * v).all(-1)
        theta = advance(going, theta - lr * v, theta)
        window = _emptied(window, going)


def _emptied(window: Window, going: Array) -> Window:
    """The window without the gradients of replicates that are lost: their matrix is sound again."""
    G, S = (advance(going, part, np.zeros_like(part)) for part in (window.G, window.S))
    return window._replace(G=G, S=S)
