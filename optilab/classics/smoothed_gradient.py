"""Nesterov's smoothing (2005) with an accelerated proximal gradient method on f + h_η + χ."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Smoothable


class Smoothed(NamedTuple):
    """State after k steps, each of one gradient of f and one of h_η."""

    xbar: np.ndarray  # (*batch, n) the average, where the theory counts
    x: np.ndarray  # (*batch, n) prox centre


@algorithm
def smoothed_gradient(
    problem: Smoothable, x0: np.ndarray, *, L: Number, mu: Number, M: Number, eta: Number
) -> Iterator[Smoothed]:
    """Iterate with constant momentum γ, the root of L_tot γ² + μγ = μ where L_tot = L + M; the error of h_η stays.

    Parameters
    ----------
    problem : Smoothable
        Has `grad` of f, `smooth_grad(x, eta)` of h_η, and `prox` of χ.
    x0 : array (*batch, n)
        Where to start.
    L, mu, M : number or array (*batch)
        Smoothness of f, strong convexity of χ, smoothness ‖K‖²/η of h_η.
    eta : number or array (*batch)
        Smoothing: h_η ≤ h ≤ h_η + ηΩ, so ε/(2Ω) costs half of a wanted accuracy ε.
    """
    for name, value in {"L": L, "mu": mu, "eta": eta}.items():
        require(np.asarray(value) > 0, name, value, "positive")
    require(np.asarray(M) >= 0, "M", M, "0 or more")
    x, total, mu = replicates(x0, np.asarray(L) + M, mu)
    gamma = 2 * mu / (mu + np.sqrt(mu**2 + 4 * total * mu))
    beta = total * gamma
    xbar = x
    while True:
        yield Smoothed(xbar, x)
        xu = (1 - gamma) * xbar + gamma * x
        slope = problem.grad(xu) + problem.smooth_grad(xu, eta)
        x = problem.prox(x - slope / beta, 1 / beta[..., 0])
        xbar = (1 - gamma) * xbar + gamma * x
