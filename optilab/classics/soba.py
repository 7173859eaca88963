"""SOBA: a bilevel problem by three steps at once, of the lower solution, of a linear system, and of x.

    y ← y − γ∇ᵧg(x, y)
    z ← z − ν(∇²ᵧᵧg(x, y)z − ∇ᵧf(x, y))
    x ← x − α(∇ₓf(x, y) − ∇²ₓᵧg(x, y)z)

All three at the old point. z follows the solution of the linear system behind the hypergradient.

Source: M. Dagréou, P. Ablin, S. Vaiter, T. Moreau, "A Framework for Bilevel Optimization That Enables Stochastic and
Global Variance Reduction Algorithms", NeurIPS 2022 (arXiv 2201.13409).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyNumber, numbers, require
from optilab.core.counted import Counted
from optilab.core.run import algorithm
from optilab.problems.bilevel import Bilevel
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


# What methods with second-derivative products begin with


class Oracles:
    """F_x, F_y, G_y, hvp and jvp of a problem, G its lower level: each call draws a fresh sample unless one is given.

    Parameters
    ----------
    problem : Bilevel
    rng : numpy.random.Generator or None
        None for exact oracles.
    batch : tuple of int
        The replicates, each with samples of its own.
    """

    def __init__(self, problem: Bilevel, rng: Any, batch: tuple[int, ...]):
        self.f: Any = problem.upper
        self.g: Any = problem.lower
        self.rng, self.batch = rng, batch
        if rng is not None:
            for level in (self.f, self.g):
                able = all(hasattr(level, name) for name in ("sample", "sample_grad_x", "sample_grad_y"))
                require(able, "each level", level, "one that can be sampled, or rng None for exact oracles")
            able = all(hasattr(self.g, name) for name in ("sample_hvp_yy", "sample_hvp_xy"))
            require(able, "the lower level", self.g, "one whose products can be sampled, or rng None")

    def draw(self, level: Any, m: int = 1) -> Any:
        """Fresh samples of a level, m for each replicate; None for exact oracles."""
        return None if self.rng is None else level.sample(self.rng, (*self.batch, m))

    def _ask(self, level: Any, name: str, tok: Any, *given: Array) -> Any:
        if self.rng is None:
            return getattr(level, name)(*given)
        return getattr(level, f"sample_{name}")(*given, self.draw(level) if tok is None else tok)

    def F_x(self, x: Array, y: Array, tok: Any = None) -> Array:
        """∇ₓF: (*batch, n)."""
        return self._ask(self.f, "grad_x", tok, x, y)

    def F_y(self, x: Array, y: Array, tok: Any = None) -> Array:
        """∇ᵧF: (*batch, m)."""
        return self._ask(self.f, "grad_y", tok, x, y)

    def G_y(self, x: Array, y: Array, tok: Any = None) -> Array:
        """∇ᵧG: (*batch, m)."""
        return self._ask(self.g, "grad_y", tok, x, y)

    def hvp(self, x: Array, y: Array, v: Array, tok: Any = None) -> Array:
        """∇²ᵧᵧG v: (*batch, m)."""
        return self._ask(self.g, "hvp_yy", tok, x, y, v)

    def jvp(self, x: Array, y: Array, v: Array, tok: Any = None) -> Array:
        """∇²ₓᵧG v: (*batch, n)."""
        return self._ask(self.g, "hvp_xy", tok, x, y, v)


def begin(problem: Bilevel, x0: Any, y0: Any, *parameters: Array) -> tuple[Array, Array]:
    """The start of a method with second-derivative products, brought to one batch with its parameters.

    Parameters
    ----------
    problem : Bilevel
        If it knows its strong convexity `mu` that must be positive; its exact products are tried once.
    x0, y0 : arrays (*batch, n), (*batch, m)
    *parameters : arrays (*batch, 1)

    Returns
    -------
    x, y : arrays (*batch, n), (*batch, m)
        Copies.

    Raises
    ------
    ValueError
        If a point isn't finite or of the right shape, or a product has another shape than it must, or isn't linear.
    """
    mu = getattr(problem, "mu", None)
    require(mu is None or mu > 0, "mu", mu, "> 0: the lower level must be strongly convex")
    points = []
    for name, start, size in (("x0", x0, problem.n), ("y0", y0, problem.m)):
        point = numbers(name, start)
        require(np.isfinite(point), name, start, "finite")
        require(point.shape[-1:] == (size,), f"the shape of {name}", point.shape, f"(*batch, {size})")
        points.append(point)
    batch = np.broadcast_shapes(*(one.shape[:-1] for one in (*points, *parameters)))
    x, y = (np.broadcast_to(point, (*batch, point.shape[-1])).copy() for point in points)
    _check_products(problem, x, y)
    return x, y


def _check_products(problem: Bilevel, x: Array, y: Array) -> None:
    """Refuse exact products of a wrong shape, or that aren't linear in v; a counted level doesn't count this."""
    g: Any = problem.lower.problem if isinstance(problem.lower, Counted) else problem.lower
    v, w = np.ones_like(y), np.cos(np.arange(y.size)).reshape(y.shape)
    made, cross = g.hvp_yy(x, y, v), g.hvp_xy(x, y, v)
    require(np.shape(made) == y.shape, "the shape of hvp(x, y, v)", np.shape(made), f"that of y, {y.shape}")
    require(np.shape(cross) == x.shape, "the shape of jvp(x, y, v)", np.shape(cross), f"that of x, {x.shape}")
    both, other = g.hvp_yy(x, y, v + w), g.hvp_yy(x, y, w)
    linear = np.allclose(made + other, both, rtol=1e-8, atol=1e-10 * (1 + abs(both).max()))
    require(linear, "hvp", "one with hvp(v) + hvp(w) ≠ hvp(v + w)", "linear in v")
