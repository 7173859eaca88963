"""NSGA-II, the search that a benchmark would run on the predictors, in a compact form.

Source: K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002; simulated binary crossover
and polynomial mutation in their unbounded forms, cut to the box.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.problems.pareto import best, crowding, ranks

Array = np.ndarray
PAIRED, EACH = 0.9, 0.5  # share of pairs that are crossed, and of their variables


class Population(NamedTuple):
    """A generation."""

    x: Array  # (*batch, N, d)
    y: Array  # (*batch, N, m) its values


@algorithm
def nsga2(
    objectives: Callable[[Array], Array],
    x0: Array,
    *,
    low: Array,
    high: Array,
    rng: np.random.Generator,
    eta_c: float = 15.0,
    eta_m: float = 20.0,
) -> Iterator[Population]:
    """NSGA-II from a population x₀ (*batch, N, d): yields the generations 0, 1, … without end.

    A generation: N parents by binary tournaments on (rank, crowding), crossed in pairs and mutated at the rate 1/d; of
    parents and children the N best stay. It costs N evaluations.

    Parameters
    ----------
    objectives : function
        Values (*batch, N, m) of designs (*batch, N, d), minimised.
    x0 : array (*batch, N, d)
        The first population, N even.
    low, high : arrays (d,)
        The box.
    rng : numpy.random.Generator
        Of tournaments, crossover and mutation.
    eta_c, eta_m : float
        Crowding indices of crossover and mutation: the larger, the nearer are children to their parents.

    Raises
    ------
    ValueError
        If N is odd, the box empty or an index negative.
    """
    x, low, high = np.asarray(x0) + 0.0, np.asarray(low, float), np.asarray(high, float)
    require(x.ndim >= 2 and x.shape[-2] % 2 == 0 and x.size > 0, "the shape of x0", x.shape, "(*batch, N, d), N even")
    require(low < high, "low", low, f"below high = {high}")
    for name, eta in (("eta_c", eta_c), ("eta_m", eta_m)):
        require(eta >= 0, name, eta, "0 or more")
    N = x.shape[-2]
    y = objectives(x)
    while True:
        yield Population(x, y)
        parents = np.take_along_axis(x, tournament(y, rng)[..., None], -2)
        children = mutated(crossed(parents, rng, eta_c), rng, eta_m, high - low)
        children = np.clip(children, low, high)
        x, y = np.concatenate([x, children], -2), np.concatenate([y, objectives(children)], -2)
        kept = best(y, N)[..., None]
        x, y = np.take_along_axis(x, kept, -2), np.take_along_axis(y, kept, -2)


def tournament(y: Array, rng: np.random.Generator) -> Array:
    """N winners of binary tournaments: the lower rank, or at equal ranks the larger crowding distance: (*batch, N)."""
    rank = ranks(y)
    order = np.lexsort((-crowding(y, rank), rank), axis=-1)
    place = np.argsort(order, -1)  # 0 for the best
    pair = rng.integers(0, y.shape[-2], size=(*rank.shape, 2))
    standing = np.take_along_axis(place[..., None, :], pair, -1)
    return np.take_along_axis(pair, standing.argmin(-1)[..., None], -1)[..., 0]


def crossed(parents: Array, rng: np.random.Generator, eta: float) -> Array:
    """Children of neighbouring pairs by simulated binary crossover, (*batch, N, d): the pair's mean stays."""
    first, second = parents[..., 0::2, :], parents[..., 1::2, :]
    u = rng.random(size=first.shape)
    beta = np.where(u <= 0.5, 2 * u, 1 / (2 * (1 - u))) ** (1 / (eta + 1))
    swap = (rng.random(size=first.shape) < EACH) & (rng.random(size=(*first.shape[:-1], 1)) < PAIRED)
    beta = np.where(swap, beta, 1.0)
    middle, half = (first + second) / 2, (first - second) / 2
    return np.stack([middle + beta * half, middle - beta * half], -2).reshape(parents.shape)


def mutated(x: Array, rng: np.random.Generator, eta: float, width: Array) -> Array:
    """Designs (*batch, N, d), one coordinate in d on average moved by δ · width, δ of the polynomial law on (−1, 1)."""
    u = rng.random(size=x.shape)
    power = 1 / (eta + 1)
    delta = np.where(u < 0.5, (2 * u) ** power - 1, 1 - (2 * (1 - u)) ** power)
    return x + np.where(rng.random(size=x.shape) < 1 / x.shape[-1], delta, 0.0) * width
