"""Adagrad: steps scaled by all squared gradients so far.

    s⁺ = s + g²,    x⁺ = x − α g / (√s⁺ + ε)

Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
2011.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Smooth


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
