"""What averaging buys: batch-1 SGD on one neuron, a hot chain on a tensor, a warm start for ascent, and rivals."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.claim import Claim, Claims, collect
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.langevin_averaging.algorithm import (
    Chain,
    averaged_sgd,
    estimate,
    first_moment,
    gradient_ascent,
    langevin,
    online_sgd,
    partial_trace,
    smoothed_sgd,
)
from optilab.papers.langevin_averaging.problems import (
    Hidden,
    SingleIndex,
    SpikedTensor,
    halves,
    single_index,
    spiked_tensor,
    uniform,
)

Array = np.ndarray
Progress = bool | Callable[[float, float], Any]
ETAS = np.array([0.02, 0.01, 0.007, 0.005, 0.002])  # among which online SGD is tuned
SMOOTHED_ETAS = np.array([0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2])
FOUND = 0.7  # overlap from which an ascent has found θ*
CLIMB = 400  # steps of an ascent


class Outcome(NamedTuple):
    """How near the outputs of chains came to θ*: (*batch) each."""

    average: Array  # overlap of the paper's output, signed for odd k
    first: Array  # that of the first moment, signed for odd k
    last: Array  # |m| of the last iterate
    away: Array  # the mean of |m| over all iterates


def generators(seed: int) -> list[np.random.Generator]:
    """Of the data, the start and the algorithm."""
    return np.random.default_rng(seed).spawn(3)


def overlap(theta: Array, problem: Hidden) -> Array:
    """⟨θ, θ*⟩ (*batch), its size where k is even and the sign is free."""
    m = np.vecdot(theta, problem.star)
    return m if problem.k % 2 else abs(m)


def outcome(states: Iterator[Chain], problem: Hidden, steps: int, progress: Progress = False) -> Outcome:
    """Run a chain to its end and read off all that it has to offer."""
    trace = run(states, steps, every=steps, progress=progress)
    chain = Chain(*(trace.fields[name][-1] for name in Chain._fields))
    return Outcome(
        overlap(estimate(chain), problem),
        overlap(first_moment(chain), problem),
        abs(overlap(chain.theta, problem)),
        chain.away / trace.step[-1],
    )


# One neuron, a sample a step


def neurons(d: int, k: int, n: int, runs: int, seed: int) -> SingleIndex:
    """Independent single-index models, one a run."""
    return single_index(generators(seed)[0], d, k, n, (runs,))


def start(d: int, batch: tuple[int, ...], seed: int) -> Array:
    """Random starts on the sphere: (*batch, d)."""
    return uniform(generators(seed)[1], (*batch, d))


def batch_one(d: int, k: int, n: int, *, runs: int, seed: int, step: float = 1.0, steps: int | None = None) -> Outcome:
    """Algorithm 2 with η = step/d for N = 2d³ steps by default."""
    problem, steps = neurons(d, k, n, runs, seed), 2 * d**3 if steps is None else steps
    states = averaged_sgd(problem, start(d, (runs,), seed), eta=step / d, steps=steps, rng=generators(seed)[2])
    return outcome(states, problem, steps)


def single_pass(method: Any, problem: SingleIndex, theta0: Array, etas: Array, **options: Any) -> Array:
    """Overlap of the last iterate of an online method, all step sizes side by side: (etas, runs)."""
    starts = np.broadcast_to(theta0, (len(etas), *theta0.shape))
    steps = options.get("steps") or problem.n
    states = method(problem, starts, eta=etas[:, None], **options)
    return overlap(run(states, steps, every=steps).theta[-1], problem)


def online(d: int, k: int, n: int, *, runs: int, seed: int, etas: Array = ETAS) -> Array:
    """Online SGD from a random start: (etas, runs)."""
    return single_pass(online_sgd, neurons(d, k, n, runs, seed), start(d, (runs,), seed), etas)


def smoothed(d: int, k: int, n: int, lam: float, *, runs: int, seed: int, etas: Array = SMOOTHED_ETAS) -> Array:
    """Online SGD on the smoothed loss, half of the samples (its first phase): (etas, runs)."""
    theta0 = start(d, (runs,), seed)
    return single_pass(smoothed_sgd, neurons(d, k, n, runs, seed), theta0, etas, lam=lam, steps=n // 2)


def refined(d: int, k: int, n: int, *, runs: int, seed: int, etas: Array) -> tuple[Array, Array]:
    """The corollary: average on one half of the samples, then online SGD on the other: (runs,) and (etas, runs)."""
    first, rest = halves(neurons(d, k, n, runs, seed))
    steps = 2 * d**3
    states = averaged_sgd(first, start(d, (runs,), seed), eta=1 / d, steps=steps, rng=generators(seed)[2])
    last = run(states, steps, every=steps)
    warm = estimate(Chain(*(last.fields[name][-1] for name in Chain._fields)))
    return overlap(warm, first), single_pass(online_sgd, rest, warm, etas)


def neuron(quick: bool) -> Iterator[Claim]:
    """Every iterate is near the equator and the average is not; online SGD, with the same samples, is nowhere near.

    Source: Theorem 2 for k = 3, Theorem 3 for k = 4.
    """
    odd = batch_one(30, 3, 900, runs=40, seed=0)
    yield Claim.over("one neuron, k = 3, n = d²: overlap of the average", odd.average, np.median, at_least=0.87)
    yield Claim("one neuron, k = 3, n = d²: share of runs above 0.8", (odd.average > 0.8).mean(), at_least=0.85)
    yield Claim.over("one neuron, k = 3, n = d²: size of m, mean over the iterates", odd.away, np.mean, at_most=0.33)
    even = batch_one(20, 4, 800, runs=8, seed=0)
    yield Claim.over("one neuron, k = 4, n = 2d²: overlap of the top eigenvector", even.average, np.min, at_least=0.9)
    yield Claim.over("one neuron, k = 4, n = 2d²: size of m, mean over the iterates", even.away, np.mean, at_most=0.45)
    if not quick:
        many, rival = batch_one(30, 3, 900, runs=100, seed=1), online(30, 3, 900, runs=100, seed=1)
        ahead = np.median(many.average) - np.median(rival, -1).max()
        yield Claim("one neuron, k = 3, n = d²: median above the best of online SGD by", ahead, at_least=0.3)


# A tensor, a hot chain


def tensors(d: int, k: int, n: float, runs: int, seed: int) -> SpikedTensor:
    """Independent tensors, one a run."""
    return spiked_tensor(generators(seed)[0], d, k, n, (runs,))


def hot(
    d: int,
    k: int,
    n: float,
    epsilon: float | Array,
    *,
    runs: int,
    seed: int,
    horizon: float = 100.0,
    h: float = 0.2,
    progress: Progress = False,
) -> Outcome:
    """Algorithm 1 for a time `horizon`, all ε on the same tensors and noise: (runs,), or (ε, runs) for an array."""
    problem = tensors(d, k, n, runs, seed)
    epsilon = np.asarray(epsilon)[..., None]
    theta0 = np.broadcast_to(start(d, (runs,), seed), (*epsilon.shape[:-1], runs, d))
    rng: Any = common(generators(seed)[2], epsilon.ndim - 1)
    states = langevin(problem, theta0, epsilon=epsilon, horizon=horizon, h=h, rng=rng)
    return outcome(states, problem, int(np.ceil(horizon * (d - 1) / h)), progress)


HEATS = np.geomspace(0.03, 3, 9)  # ε/d
SHARES = np.geomspace(0.1, 10, 9)  # n/d²


def phase(d: int, k: int, share: float, *, runs: int, seed: int, heats: Array = HEATS) -> Outcome:
    """Medians over the runs of all outcomes for n = share · d² and ε = heats · d: (heats,) each."""
    found = hot(d, k, share * d**2, heats * d, runs=runs, seed=seed)
    return Outcome(*(np.median(values, -1) for values in found))


def temperature(quick: bool) -> Iterator[Claim]:
    """In the hot phase all iterates stay near the equator, and the average is accurate.

    Source: Algorithm 1.
    """
    for k, d, n, epsilon, bound in ((3, 30, 1000, 10.0, 0.8), (4, 20, 600, 8.0, 0.9)):
        found = hot(d, k, n, epsilon, runs=8, seed=0)
        name = f"tensor, k = {k}, d = {d}, n = {n}, ε = {epsilon:g}"
        yield Claim(f"{name}: share of runs above {bound}", (found.average >= bound).mean(), at_least=7 / 8)
        yield Claim.over(f"{name}: overlap of the average", found.average, np.median, at_least=bound)
        yield Claim.over(f"{name}: size of m, mean over the iterates", found.away, np.mean, at_most=0.3)


# Samples that a climb needs


class Climbs(NamedTuple):
    """What ascents on tensors came to."""

    traced: Array  # (tensors,) overlap of the partial trace
    random: float  # share of random starts that found θ*
    warm: float  # share of the ascents from the partial trace that did


@cache
def climbs(d: int, k: int, share: float, *, count: int, seed: int, starts: int = 4) -> Climbs:
    """Ascents on `count` tensors with n = share · d², from random starts and from the partial trace."""
    problem = tensors(d, k, share * d**2, count, seed)
    warm = partial_trace(problem)
    theta0 = np.concatenate([start(d, (starts, count), seed), warm[None]])
    states = gradient_ascent(problem, theta0)
    found = abs(overlap(run(states, CLIMB, every=CLIMB).theta[-1], problem)) > FOUND
    return Climbs(abs(overlap(warm, problem)), float(found[:-1].mean()), float(found[-1].mean()))


def scaling(quick: bool) -> Iterator[Claim]:
    """With n = 0.3 d² the partial trace, which is what the average tends to, leads an ascent to θ*; chance doesn't."""
    for k, d in ((3, 40), (4, 18)) if quick else ((3, 40), (3, 80), (4, 18), (4, 27)):
        found = climbs(d, k, 0.3, count=20, seed=0)
        name = f"ascent, k = {k}, d = {d}, n = 0.3d²"
        enough = 0.9 if k == 3 else 0.8  # for k = 4 about one tensor in twenty is missed at d = 18
        yield Claim(f"{name}: share found from the partial trace", found.warm, at_least=enough)
        yield Claim(f"{name}: share found from random starts", found.random, at_most=0.75)


EXPERIMENTS: Sequence[Any] = (neuron, temperature, scaling)


def claims(quick: bool = False) -> Claims:
    """All claims of the paper, at the full or the quick size."""
    return collect(EXPERIMENTS, quick)
