"""Sampling: ParetoFlow's Algorithm 1, the unconditional flow, and what is handed out at the end."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyArray, require, whole
from optilab.core.run import algorithm
from optilab.papers.pareto_flow.algorithm.guidance import (
    Field,
    Predicting,
    angle,
    end_point,
    guided,
    half_apertures,
    neighbourhoods,
)
from optilab.problems.oracles import Number
from optilab.problems.pareto import best, check_weights

Array = np.ndarray
LOST = 1e6  # a sample this far out has diverged
NEAR = 1e-3  # designs that are nearer than this in every coordinate count once


class Elites(NamedTuple):
    """The best design found for each weight, and its score."""

    x: Array  # (*batch, n, d)
    score: Array  # (*batch, n), −∞ where there is none yet


class Samples(NamedTuple):
    """A state of ParetoFlow."""

    x: Array  # (*batch, n, d) samples at time t
    elites: Array  # (*batch, n, d)
    score: Array  # (*batch, n) of the elites
    chosen: Array  # (*batch, n) whose offspring a sample goes on from, its own place before t_min
    t: Array  # ()


@algorithm
def pareto_flow(
    field: Field,
    predictors: Predicting,
    weights: Array,
    *,
    low: AnyArray,
    high: AnyArray,
    rng: np.random.Generator,
    T: int = 1000,
    gamma: Number = 2.0,
    t_min: float = 0.8,
    g: Number = 0.1,
    O: int = 5,
    K: int | None = None,
    local_filter: bool = True,
    aim: Array | None = None,
    elites: Elites | None = None,
) -> Iterator[Samples]:
    """Algorithm 1: carry a sample for each weight from noise to a design; yields T states, at t = 0, …, 1.

    All is in z-scores. From t_min on every step draws O offspring around each sample; each sample goes on from the one
    of its neighbours' offspring that scores best for its weight, among those whose predicted values lie in its cone.
    A step costs two evaluations of v, and from t_min on three and two of the predictors (one with gradient).

    Parameters
    ----------
    field : function
        v(x, t).
    predictors : Predicting
        f̂ in z-scores, whose mean, 0, is the cones' apex.
    weights : array (n, m)
        Of the cones and neighbourhoods.
    low, high : arrays (*batch, d)
        The box; infinite ends leave `repair` out.
    rng : numpy.random.Generator
        Of the start and the offspring.
    T : int
        Grid points of time. More of them mean more selections, not only more accuracy.
    gamma, g : number or array (*batch)
        Strength of guidance γ, and of the offspring's noise, g √Δt a step.
    t_min : float
        When guidance and selection begin.
    O, K : int
        Offspring of a sample, and neighbours; K = m + 1 by default, K = 1 for none.
    local_filter : bool
        Whether the cones count; for one objective they never do.
    aim : array (n, m), optional
        Weights of guidance and scores, where they are others than those of the cones.
    elites : Elites, optional
        To start from, with the batch of the run.

    Raises
    ------
    ValueError
        If an argument is not allowed; later, if samples diverge.
    """
    weights = check_weights("weights", weights)
    require(weights.ndim == 2, "the shape of weights", weights.shape, "(n, m)")
    n, m = weights.shape
    aim = weights if aim is None else check_weights("aim", aim, m)
    require(aim.shape == weights.shape, "the shape of aim", aim.shape, f"that of weights, {weights.shape}")
    K = min(m + 1, n) if K is None else K
    _check(T=T, O=O, K=K, n=n, t_min=t_min, gamma=gamma, g=g)
    low, high, gamma, g = _lifted(low, high, gamma, g)
    batch = np.broadcast_shapes(low.shape[:-2], gamma.shape[:-2], g.shape[:-2])
    d = low.shape[-1]
    near, half = neighbourhoods(weights, K), half_apertures(weights) if local_filter and m > 1 else None
    x = rng.normal(size=(*batch, n, d))
    E, S = (x, np.full((*batch, n), -np.inf)) if elites is None else elites
    require(E.shape == x.shape and S.shape == x.shape[:-1], "the shape of the elites", E.shape, str(x.shape))
    own = np.broadcast_to(np.arange(n), (*batch, n))
    times = np.linspace(0, 1, T)
    yield Samples(x, E, S, own, times[0])
    for before, t in pairwise(times):
        dt = t - before
        if before < t_min:
            v = field(x, before)
        else:
            v = guided(field, predictors, x, before, aim=aim, gamma=gamma, dt=dt)
        x = x + dt * v
        _check_near(x, gamma, t)
        if t < t_min:
            x, chosen = repair(field, x, t, low, high), own
        else:
            noise = rng.normal(size=(*batch, n, O, d))
            off = x[..., None, :] + g[..., None] * np.sqrt(dt) * noise
            off = repair(field, off.reshape(*batch, n * O, d), t, low, high)
            x1 = np.clip(end_point(field, off, t), low, high)
            P = -predictors(x1)  # larger is better
            pick, score = choose(P, near, O, aim, weights, half)
            x, found = _taken(off, pick), _taken(x1, pick)
            better = score > S
            E, S = np.where(better[..., None], found, E), np.where(better, score, S)
            chosen = pick // O
        yield Samples(x, E, S, chosen, t)


def repair(field: Field, z: Array, t: float, low: Array, high: Array) -> Array:
    """The nearest z (*batch, N, d) at t whose predicted end point z + (1 − t)v is in the box, v held constant."""
    u = (1 - t) * field(z, t)
    return np.clip(z, low - u, high - u)


def choose(P: Array, near: Array, O: int, aim: Array, weights: Array, half: Array | None) -> tuple[Array, Array]:
    """Which offspring each sample goes on from, and its score.

    Parameters
    ----------
    P : array (*batch, n·O, m)
        −f̂ of the offspring, those of a sample one after the other.
    near : array of int (n, K)
        Whose offspring are candidates.
    O : int
        Offspring of a sample.
    aim, weights : arrays (n, m)
        Weights of the score ω·P and of the cones.
    half : array (n,) or None
        Half apertures of the cones; without them all candidates are kept.

    Returns
    -------
    arrays (*batch, n)
        Places among the n·O offspring, and scores. Where no candidate is in the cone, the one of the smallest angle.
    """
    rows = (near[:, :, None] * O + np.arange(O)).reshape(len(near), -1)  # (n, K·O)
    candidates = P[..., rows, :]
    score = (candidates * aim[:, None]).sum(-1)
    kept = np.ones(score.shape, bool)
    if half is not None:
        off = angle(candidates, weights[:, None])
        inside = off <= half[:, None]
        nearest = np.arange(off.shape[-1]) == off.argmin(-1)[..., None]
        kept = np.where(inside.any(-1, keepdims=True), inside, nearest)
    at = np.where(kept, score, -np.inf).argmax(-1)[..., None]
    pick = np.take_along_axis(np.broadcast_to(rows, score.shape), at, -1)[..., 0]
    return pick, np.take_along_axis(score, at, -1)[..., 0]


def _taken(values: Array, places: Array) -> Array:
    """The rows (*batch, n) of values (*batch, N, d)."""
    return np.take_along_axis(values, places[..., None], -2)


def _lifted(low: Array, high: Array, gamma: Number, g: Number) -> list[Array]:
    """Ends of the box (*batch, 1, d) and parameters (*batch, 1, 1), ready to meet samples (*batch, n, d)."""
    low, high = np.broadcast_arrays(np.asarray(low, float), np.asarray(high, float))
    require(low.ndim >= 1, "low", low, "an array (*batch, d)")
    require(low < high, "low", low, f"below high = {high}")
    return [low[..., None, :], high[..., None, :], np.asarray(gamma)[..., None, None], np.asarray(g)[..., None, None]]


def _check(*, T: int, O: int, K: int, n: int, t_min: float, gamma: Number, g: Number) -> None:
    require(whole(T, 2), "T", T, "a whole number, 2 or more")
    require(whole(O, 1), "O", O, "a whole number, 1 or more")
    require(whole(K, 1) and n >= K, "K", K, f"whole, from 1 to the number of weights, {n}")
    require(0 <= t_min <= 1, "t_min", t_min, "between 0 and 1")
    for name, value in (("gamma", gamma), ("g", g)):
        require(np.asarray(value) >= 0, name, value, "0 or more")


def _check_near(x: Array, gamma: Any, t: float) -> None:
    """Stop where samples diverge."""
    near = bool((abs(x) <= LOST).all())  # false for NaN
    require(near, "gamma", np.squeeze(gamma), f"smaller: at t = {t:.3g} samples are beyond {LOST:g}")


class Moved(NamedTuple):
    """A state of the unconditional flow."""

    x: Array  # (*batch, N, d)
    t: Array  # ()


@algorithm
def euler(field: Field, x0: Array, *, T: int = 1000) -> Iterator[Moved]:
    """The flow as it was learned: x ← x + Δt v(x, t − Δt) from t = 0 to 1; yields T states.

    Parameters
    ----------
    field : function
        v(x, t).
    x0 : array (*batch, N, d)
        Noise.
    T : int
        Grid points of time.
    """
    require(whole(T, 2), "T", T, "a whole number, 2 or more")
    x = np.asarray(x0) + 0.0
    require(x.ndim >= 2, "the shape of x0", x.shape, "(*batch, N, d)")
    times = np.linspace(0, 1, T)
    yield Moved(x, times[0])
    for before, t in pairwise(times):
        x = x + (t - before) * field(x, before)
        yield Moved(x, t)


# The first elites, and the last selection


def first_elites(x: Array, y: Array, weights: Array, *, sign: int = 1) -> Elites:
    """Elites from data (N, d), (N, m) in z-scores: the n best points, weight by weight the unused one of best score.

    No cone counts. Weights for which no point is left keep −∞. With `sign` −1 it is the assignment of the published
    code, which maximises +ω·y: what it stores is beaten at once.
    """
    weights = check_weights("weights", weights)
    require(sign in (1, -1), "sign", sign, "1 or −1")
    n = len(weights)
    left = best(y, min(n, len(y)))
    E, S = np.zeros((n, x.shape[1])), np.full(n, -np.inf)
    for i, w in enumerate(weights[: len(left)]):
        at = int(np.argmax(-sign * (y[left] @ w)))
        E[i], S[i] = x[left[at]], -sign * (y[left[at]] @ w)
        left = np.delete(left, at)
    return Elites(E, S)


def distinct(x: Array) -> Array:
    """Which designs (N, d) differ by more than 10⁻³ + 10⁻⁵|·| in a coordinate from all kept before them: (N,)."""
    same = (abs(x[:, None] - x) <= NEAR + 1e-5 * abs(x)).all(-1)
    kept = np.zeros(len(x), bool)
    for i in range(len(x)):
        kept[i] = not (same[i] & kept).any()
    return kept


class Selection(NamedTuple):
    """What is handed out."""

    places: Array  # (kept,) of the designs, best first
    missing: int  # how many fewer than asked: so many weren't distinct


def finish(x: Array, y: Array, count: int) -> Selection:
    """Drop near duplicates of designs (N, d), then keep the `count` best by their predicted values (N, m).

    By rank, then by crowding. Where fewer are distinct all of them are kept, and the rest is `missing`.
    """
    require(whole(count, 1), "count", count, "a whole number, 1 or more")
    require(len(x) == len(y) and len(x) >= 1, "the rows of y", len(y), f"as many as those of x, {len(x)}, and not none")
    places = np.flatnonzero(distinct(x))
    kept = min(count, len(places))
    return Selection(places[best(y[places], kept)], count - kept)


def data_best(y: Array, count: int) -> Array:
    """D(best): the places of the `count` best offline points, by their true values (N, m)."""
    return best(y, count)
