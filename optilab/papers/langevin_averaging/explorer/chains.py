"""Single chains, looked at on their way: batch-1 SGD on a neuron and Langevin on a tensor."""

from itertools import pairwise
from math import factorial
from typing import Any, NamedTuple

import numpy as np

from optilab.core.numerics import unit
from optilab.papers.langevin_averaging.algorithm import Chain, langevin
from optilab.papers.langevin_averaging.explorer.parts import Film, Progress, checkpoints
from optilab.papers.langevin_averaging.problems import Hidden, SingleIndex, single_index, spiked_tensor, uniform

Array = np.ndarray
NEURON, TENSOR = "one neuron, a sample a step", "a tensor, Langevin"
MOST = 10**6  # entries of a tensor: more would take minutes
HORIZON = 100.0


def watched(states: Any, steps: int, progress: Progress = None) -> Film:
    """A chain of one replicate, looked at on its way."""
    at = checkpoints(steps)
    wanted, kept = set(at.tolist()), []
    for t, chain in enumerate(states):
        if t in wanted:
            kept.append(chain)
            if progress:
                progress(t, steps)
    sums = Chain(*(np.array(column) for column in zip(*kept, strict=True)))
    return Film(at, sums.theta, sums)


def quick_sgd(
    problem: SingleIndex, theta0: Array, eta: float, steps: int, rng: np.random.Generator, progress: Progress = None
) -> Film:
    """What `averaged_sgd` does, for one replicate and written out for speed: norms by Pythagoras, sums by the block."""
    X, y, star, even = [*problem.X], problem.y.tolist(), problem.star, problem.k % 2 == 0
    lengths = (problem.X**2).sum(-1).tolist()
    slope = np.polynomial.hermite_e.herme2poly([0] * (problem.k - 1) + [problem.k / factorial(problem.k) ** 0.5])
    *lower, highest = slope.tolist()
    lower.reverse()
    at, theta, d = checkpoints(steps), unit(theta0), len(star)
    m1, M2, away = np.zeros(d), np.zeros((d, d) if even else (0, 0)), 0.0
    kept = []
    for begin, end in pairwise([0, *at.tolist()]):
        block = np.empty((end - begin, d))
        for j, i in enumerate(rng.integers(problem.n, size=end - begin).tolist()):
            x = X[i]
            s = float(theta @ x)
            weight = highest
            for coefficient in lower:
                weight = weight * s + coefficient
            c = eta * y[i] * weight
            size = (1 + c * c * (lengths[i] - s * s)) ** -0.5  # the step is tangential, of length c‖x − sθ‖
            theta = block[j] = (1 - c * s) * size * theta + c * size * x
        theta = unit(theta)  # what rounding has done
        m1, away = m1 + block.sum(0), away + abs(block @ star).sum()
        M2 = M2 + block.T @ block if even else M2
        kept.append(Chain(theta, m1, M2, np.array(away)))
        if progress:
            progress(end, steps)
    sums = Chain(*(np.array(column) for column in zip(*kept, strict=True)))
    return Film(at, sums.theta, sums)


class Seen(NamedTuple):
    """A film and its problem."""

    film: Film
    problem: Hidden


def on_neuron(d: int, k: int, share: float, rate: float, seed: int, progress: Progress = None) -> Seen:
    """2d³ steps η = rate/d of batch-1 SGD on n = share·d² samples."""
    data, start, noise = np.random.default_rng(seed).spawn(3)
    problem = single_index(data, d, k, round(share * d**2))
    return Seen(quick_sgd(problem, uniform(start, (d,)), rate / d, 2 * d**3, noise, progress), problem)


def on_tensor(d: int, k: int, share: float, heat: float, seed: int, progress: Progress = None) -> Seen:
    """Langevin with ε = heat·d for a time 100 on a tensor of n = share·d² copies."""
    data, start, noise = np.random.default_rng(seed).spawn(3)
    problem = spiked_tensor(data, d, k, share * d**2)
    states = langevin(problem, uniform(start, (d,)), epsilon=heat * d, horizon=HORIZON, rng=noise)
    return Seen(watched(states, round(5 * HORIZON * (d - 1)), progress), problem)


def one_chain(
    method: str, d: int, k: int, share: float, rate: float, heat: float, seed: int, progress: Progress = None
) -> Seen | None:
    """Either chain; None if the tensor is too big."""
    if method == NEURON:
        return on_neuron(d, k, share, rate, seed, progress)
    return on_tensor(d, k, share, heat, seed, progress) if d**k <= MOST else None
