"""SOBA: a bilevel problem by three steps at once, of the lower solution, of a linear system, and of x.

    y ← y − γ∇ᵧg(x, y)
    z ← z − ν(∇²ᵧᵧg(x, y)z − ∇ᵧf(x, y))
    x ← x − α(∇ₓf(x, y) − ∇²ₓᵧg(x, y)z)

All three at the old point. z follows the solution of the linear system behind the hypergradient.

Source: M. Dagréou, P. Ablin, S. Vaiter, T. Moreau, "A Framework for Bilevel Optimization That Enables Stochastic and
Global Variance Reduction Algorithms", NeurIPS 2022 (arXiv 2201.13409).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import AnyNumber, numbers, require
from optilab.core.run import algorithm
from optilab.problems.bilevel import Bilevel, Oracles, begin
from optilab.problems.oracles import Number

Array = np.ndarray


class Soba(NamedTuple):
    """A state: x and the two that follow it."""

    x: Array  # (*batch, n)
    y: Array  # (*batch, m) follows y*(x)
    z: Array  # (*batch, m) follows [∇²ᵧᵧg]⁻¹∇ᵧf


@algorithm
def soba(
    problem: Bilevel,
    x0: Array,
    y0: Array,
    *,
    alpha: Number,
    gamma: Number = 0.2,
    nu: Number = 0.1,
    tau: AnyNumber = np.inf,
    rng: np.random.Generator | None = None,
) -> Iterator[Soba]:
    """SOBA, 5 calls of oracles an iteration; clipped SOBA for a finite τ.

    Parameters
    ----------
    problem : Bilevel
        Unconstrained; with sampled oracles if `rng` is given.
    x0, y0 : arrays (*batch, n), (*batch, m)
        The start; z starts at 0.
    alpha : float or array (*batch)
        Step of x; 0 leaves x where it is.
    gamma, nu : float or array (*batch)
        Steps of y and of z, positive.
    tau : float or array (*batch)
        A longer direction d of x is cut to this length.
    rng : numpy.random.Generator, optional
        Of the samples, a fresh one for every call; without one all oracles are exact.

    Raises
    ------
    ValueError
        If a step, the start or an oracle is not allowed.
    """
    given = {"alpha": alpha, "gamma": gamma, "nu": nu, "tau": tau}
    alpha, gamma, nu, tau = (numbers(name, value)[..., None] for name, value in given.items())
    require((alpha >= 0) & (alpha < np.inf), "alpha", given["alpha"], "0 or more and finite")
    for name, value in {"gamma": gamma, "nu": nu}.items():
        require((value > 0) & (value < np.inf), name, given[name], "> 0 and finite")
    require(tau > 0, "tau", given["tau"], "> 0, infinity included")
    x, y = begin(problem, x0, y0, alpha, gamma, nu, tau)
    ask, z = Oracles(problem, rng, x.shape[:-1]), np.zeros_like(y)
    while True:
        yield Soba(x, y, z)
        d = ask.F_x(x, y) - ask.jvp(x, y, z)
        new_y, new_z = y - gamma * ask.G_y(x, y), z - nu * (ask.hvp(x, y, z) - ask.F_y(x, y))
        x, y, z = x - alpha * clipped(d, tau), new_y, new_z


def clipped(d: Array, tau: Array) -> Array:
    """The direction min(1, τ/‖d‖)d: (*batch, n), for τ (*batch, 1)."""
    if np.isposinf(tau).all():
        return d
    length = np.linalg.norm(d, axis=-1, keepdims=True)
    return np.where(length > tau, tau / np.where(length > 0, length, 1) * d, d)
