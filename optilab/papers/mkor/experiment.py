"""Races on inputs with a large mean: steps to a loss of 0.1, what each part of MKOR is good for, where it fails.

The data are twelve Gaussian clouds in ℝ²⁰ (`mixture`), all moved by one vector of length shift·√20: the larger the
shift, the nearer the inputs' second moments E[aaᵀ] are to rank one. A network 20–32–16–3 learns their three classes.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np

from optilab.core.check import AnyArray
from optilab.core.claim import Claim, Claims, collect
from optilab.core.randomness import common, separate
from optilab.core.run import Trace, run
from optilab.papers.mkor.algorithm import (
    Switch,
    costs,
    eva,
    exact,
    first_order,
    kfac,
    mkor,
    norm_inf,
    rank_one_error,
    theory,
)
from optilab.problems.data import mixture
from optilab.problems.mlp import MLP, Fit

Array = np.ndarray
NETWORK = MLP((20, 32, 16, 3))
POINTS, SIZE, STEPS, EVERY, TARGET = 600, 64, 400, 10, 0.1
METHODS: dict[str, Callable[..., Any]] = {
    "SGD": first_order,
    "LAMB": partial(first_order, method="LAMB"),
    "KFAC": kfac,
    "Eva-like": eva,
    "MKOR": mkor,
    "MKOR + LAMB": partial(mkor, method="LAMB"),
}
RATES: dict[str, dict[int, float]] = {  # the best of a grid, by shift
    "SGD": {0: 0.3, 3: 0.03, 6: 0.01},
    "LAMB": {0: 0.03, 3: 0.01, 6: 0.01},
    "KFAC": {0: 0.3, 3: 0.3, 6: 0.1},
    "Eva-like": {0: 0.3, 3: 0.3, 6: 0.1},
    "MKOR": {0: 0.3, 3: 0.3, 6: 0.1},
    "MKOR + LAMB": {0: 0.03, 3: 0.03, 6: 0.03},
}


@lru_cache(8)
def task(seeds: tuple[int, ...], shift: float, centred: bool = False) -> tuple[Fit, Array]:
    """Data and starting weights of some seeds, one replicate each: a fit with X (seeds, 600, 20), and θ (seeds, D).

    With `centred` the mean of the training inputs is taken away; the weights are the same.
    """
    made = [mixture(seed, POINTS, 1.0) for seed in seeds]
    X, labels = np.array([row[0] for row in made]), np.array([row[1] for row in made])
    moved = X + shift * np.sqrt(20) * _directions(seeds)[:, None, :]
    if centred:
        moved = moved - moved.mean(-2, keepdims=True)
    start = [NETWORK.init(np.random.default_rng(seed), 1 / max(1.0, shift)) for seed in seeds]
    return Fit(NETWORK, moved, labels, "cross_entropy"), np.array(start)


def _directions(seeds: Sequence[int]) -> Array:
    """A random direction of length 1 for each seed: (seeds, 20)."""
    drawn = np.array([np.random.default_rng(9 + seed).standard_normal(20) for seed in seeds])
    return drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)


def norms(state: Any) -> Array:
    """‖F⁻¹‖∞ of all factors, the left ones first: (*batch, 6)."""
    return np.stack([norm_inf(F) for F in (*state.Linv, *state.Rinv)], -1)


def race(
    method: str,
    seeds: Sequence[int],
    shift: float,
    *,
    lr: float | Sequence[float] | None = None,
    steps: int = STEPS,
    every: int = EVERY,
    centred: bool = False,
    measures: Mapping[str, Callable[[Any], Array]] | None = None,
    progress: Any = False,
    **options: Any,
) -> Trace:
    """One method on the data of some seeds, all learning rates and seeds side by side on the same minibatches.

    Parameters
    ----------
    method : str
        A name in `METHODS`.
    seeds : sequence of int
        Of data, weights and minibatches.
    shift : float
        Length of the inputs' mean in units of √20.
    lr : float or sequence of floats
        Learning rates; the one in `RATES` of the nearest shift by default.
    steps, every : int
        Updates, and from one kept state to the next.
    centred : bool
        Whether to take the mean of the inputs away.
    measures : mapping of functions of the state
        More to keep.
    progress : bool or function
        As in `run`.
    **options
        Of the method.

    Returns
    -------
    Trace
        With `full`, the loss on all data, (kept, rates, seeds), or (kept, seeds) for a single rate.
    """
    problem, start = task(tuple(seeds), shift, centred)
    rate = np.asarray(nearest_rate(method, shift) if lr is None else lr, dtype=float)
    x0 = np.broadcast_to(start, (*rate.shape, *start.shape))
    rng: Any = common(separate([50 + seed for seed in seeds]), rate.ndim)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "zeta = ")  # it is part of the experiment that ζ ≥ γ fails
        states = METHODS[method](problem, x0, lr=rate[..., None], rng=rng, size=SIZE, **options)
    kept: dict[str, Any] = {"full": lambda state: problem(state.x), **(measures or {})}
    return run(states, steps, every=every, keep=["x"], progress=progress, **kept)


def input_error(seeds: Sequence[int], shift: float) -> Array:
    """How far the first layer's E[aaᵀ], the constant 1 included, is from rank one: (seeds,)."""
    X = task(tuple(seeds), shift)[0].X
    return rank_one_error(np.concatenate([X, np.ones((*X.shape[:-1], 1))], -1))


def nearest_rate(method: str, shift: float) -> float:
    """The learning rate in `RATES` of the shift that is nearest."""
    rates = RATES[method]
    return rates[min(rates, key=lambda known: abs(known - shift))]


def hits(trace: Trace, target: float = TARGET) -> Array:
    """The first multiple of ten steps at which the loss on all data is at most the target, inf if it never is."""
    reached = trace.full <= target
    reached[0] = False
    return trace.first(reached)


def mean_steps(found: AnyArray, cap: int = STEPS) -> Array:
    """Mean over seeds, a miss counted as all steps: (*rates, seeds) → (*rates)."""
    return np.minimum(found, cap).mean(-1)


def at_best_rate(method: str, seeds: Sequence[int], shift: float, rates: Sequence[float], **options: Any) -> Array:
    """Hits (seeds,) at the rate with the least mean."""
    found = hits(race(method, seeds, shift, lr=rates, **options))
    return found[mean_steps(found).argmin()]


@cache
def usual(method: str, seeds: range, shift: float) -> Trace:
    """A race with nothing changed, run once."""
    return race(method, seeds, shift, measures={"norms": norms} if method.startswith(("MKOR", "KFAC")) else None)


def over(slow: Array, fast: Array) -> float:
    """Mean steps of one over those of another: (seeds,) both."""
    return float(mean_steps(slow) / mean_steps(fast))


def per_seed(slow: Array, fast: Array) -> Array:
    """Steps of one over those of another, seed by seed."""
    return np.minimum(slow, STEPS) / np.minimum(fast, STEPS)


def seeds_of(quick: bool) -> range:
    """The seeds of an experiment."""
    return range(20, 25) if quick else range(20, 40)


# Where the inputs' mean is large


def moved(quick: bool) -> Iterator[Claim]:
    """Shift 3: MKOR against its own backends, each at its best rate.

    Source: Algorithm 1.
    """
    seeds = seeds_of(quick)
    ours, sgd = hits(usual("MKOR", seeds, 3.0)), at_best_rate("SGD", seeds, 3.0, [0.03] if quick else [0.01, 0.03, 0.1])
    yield Claim.over("shift 3: steps of MKOR to a loss of 0.1, the slowest seed", ours, np.max, at_most=130)
    yield Claim("shift 3: mean steps of MKOR over SGD's at its best rate", over(ours, sgd), at_most=0.5)
    yield Claim.over(
        "shift 3: steps of MKOR over SGD's at its best rate, the worst seed", per_seed(ours, sgd), np.max, at_most=0.7
    )
    lamb, both = hits(usual("LAMB", seeds, 3.0)), hits(usual("MKOR + LAMB", seeds, 3.0))
    yield Claim("shift 3: mean steps of MKOR with LAMB over LAMB's", over(both, lamb), at_most=0.5)


def far(quick: bool) -> Iterator[Claim]:
    """Shift 6: the first-order methods rarely arrive."""
    seeds = seeds_of(quick)
    ours = hits(usual("MKOR", seeds, 6.0))
    yield Claim.over("shift 6: steps of MKOR, the slowest seed", ours, np.max, at_most=150)
    bare = np.concatenate([hits(usual(name, seeds, 6.0)) for name in (["SGD"] if quick else ["SGD", "LAMB"])])
    who = "SGD" if quick else "SGD or LAMB"
    yield Claim(f"shift 6: the earliest arrival of {who} within 400 steps", bare.min(), at_least=200)
    yield Claim("shift 6: share of these runs that arrive at all", np.isfinite(bare).mean(), at_most=0.4)


def near(quick: bool) -> Iterator[Claim]:
    """Shift 0: nothing to win."""
    seeds = seeds_of(quick)
    ours, sgd = (hits(usual(name, seeds, 0.0)) for name in ("MKOR", "SGD"))
    bounds = (1.35, 0.75) if quick else (1.2, 0.8)
    yield Claim("shift 0: mean steps of MKOR over SGD's", over(ours, sgd), *bounds)


def against_kfac(quick: bool) -> Iterator[Claim]:
    """KFAC needs as many steps, with an inversion in every tenth."""
    seeds, bounds = seeds_of(quick), (1.45, 0.7) if quick else (1.33, 0.75)
    for shift in (3.0,) if quick else (3.0, 6.0):
        dense, ours = (hits(usual(name, seeds, shift)) for name in ("KFAC", "MKOR"))
        yield Claim(f"shift {shift:g}: mean steps of KFAC over MKOR's", over(dense, ours), *bounds)


# Which part does it


def halves(quick: bool) -> Iterator[Claim]:
    """The gain is the mean of the inputs: R⁻¹ alone does it, and so does taking the mean away."""
    seeds = seeds_of(quick)
    both = hits(usual("MKOR", seeds, 3.0))
    right = hits(race("MKOR", seeds, 3.0, sides="right"))
    yield Claim("shift 3: mean steps with R⁻¹ alone over MKOR's", over(right, both), 1.2, 0.8)
    left, sgd = hits(race("MKOR", seeds, 3.0, sides="left", lr=0.03)), hits(usual("SGD", seeds, 3.0))
    yield Claim("shift 3: mean steps with L⁻¹ alone over SGD's, both at 0.03", over(left, sgd), 1.2, 0.8)
    centred = hits(race("SGD", seeds, 3.0, lr=0.3, centred=True))
    yield Claim.over("shift 3: steps of SGD at 0.3 on centred inputs, the slowest seed", centred, np.max, at_most=160)


def approximations(quick: bool) -> Iterator[Claim]:
    """Fewer updates and the package's rule do as well; more vectors don't do better."""
    seeds = seeds_of(quick)
    ours = hits(usual("MKOR", seeds, 3.0))
    package = hits(race("MKOR", seeds, 3.0, lr=0.1, rule="package"))
    yield Claim("shift 3: mean steps of the package's rule over MKOR's", over(package, ours), 1.4, 0.7)
    if quick:
        return
    seldom = hits(race("MKOR", seeds, 3.0, lr=0.1, f=10))
    yield Claim("shift 3: mean steps with an update in every 10th step over MKOR's", over(seldom, ours), 1.4, 0.7)
    for rank in (2, 4):
        more = hits(race("MKOR", seeds, 3.0, rank=rank, components="principal"))
        yield Claim(f"shift 3: mean steps with {rank} principal vectors over MKOR's", over(more, ours), 1.5, 0.8)


def rules(quick: bool) -> Iterator[Claim]:
    """As printed the rule stalls, whatever the rate.

    Source: Algorithm 1.
    """
    seeds, rates = seeds_of(quick), [0.03] if quick else [0.003, 0.01, 0.03, 0.1, 0.3]
    found = hits(race("MKOR", seeds, 3.0, lr=rates, rule="printed"))
    yield Claim("shift 3: share of runs with the printed rule that arrive", np.isfinite(found).mean(), at_most=0)


def rescaling(quick: bool) -> Iterator[Claim]:
    """Without rescaling the usable rate is a hundredth."""
    seeds = seeds_of(quick)
    small, large = hits(race("MKOR", seeds, 3.0, rescale=False, lr=[1e-3, 0.03]))
    yield Claim(
        "no rescaling, shift 3: share of runs that arrive at a rate of 0.001", np.isfinite(small).mean(), at_least=1
    )
    yield Claim("no rescaling, shift 3: share that arrive at 0.03", np.isfinite(large).mean(), at_most=0)


# The stabiliser


def stabiliser(quick: bool) -> Iterator[Claim]:
    """Without it MKOR still trains at γ = 0.95, but ends higher, with factors that have grown by the law."""
    seeds = seeds_of(quick)
    for shift, least in ((3.0, 2.0),) if quick else ((3.0, 2.0), (6.0, 3.0)):
        held = usual("MKOR", seeds, shift)
        free = race("MKOR", seeds, shift, eps=None, measures={"norms": norms})
        late = abs(hits(free) - hits(held))
        yield Claim.over(
            f"shift {shift:g}: steps by which it arrives at another time without a stabiliser, the worst seed",
            late,
            np.max,
            at_most=50,
        )
        ratio = float(np.median(free.full[-1]) / np.median(held.full[-1]))
        yield Claim(f"shift {shift:g}: median final loss without a stabiliser over that with it", ratio, at_least=least)
        most = held.norms.max((0, -1))
        yield Claim.over(f"shift {shift:g}: largest ‖F⁻¹‖∞ with it", most, np.max, at_most=60)
        if shift == 3.0:
            grown = abs(free.norms[-1, :, 2] * 0.95**STEPS - 1)  # of the output layer's left factor
            yield Claim.over(
                "shift 3: γ⁴⁰⁰ times the output layer's ‖L⁻¹‖∞ without it, away from 1", grown, np.max, at_most=1e-6
            )


def zeta_below_gamma(quick: bool) -> Iterator[Claim]:
    """The stabiliser contains the growth for ζ < γ only."""
    seeds = seeds_of(quick)
    low, high = (race("MKOR", seeds, 3.0, gamma=0.7, zeta=zeta, measures={"norms": norms}) for zeta in (0.5, 0.9))
    share = [np.isfinite(hits(trace)).mean() for trace in (low, high)]
    yield Claim("γ = 0.7: share of runs that arrive with ζ = 0.5", share[0], at_least=1)
    yield Claim("γ = 0.7: share that arrive with ζ = 0.9", share[1], at_most=0.6 if quick else 0.4)
    yield Claim.over("γ = 0.7: largest ‖F⁻¹‖∞ with ζ = 0.5", low.norms.max((0, -1)), np.max, at_most=85)
    yield Claim.over("γ = 0.7: largest ‖F⁻¹‖∞ with ζ = 0.9", high.norms.max((0, -1)), np.min, at_least=1e30)


# Cost


def cost(quick: bool) -> Iterator[Claim]:
    """Counted, not timed: an update is cheaper by d/3."""
    ratio = costs.compute("KFAC", 4096, 16) / costs.compute("MKOR", 4096, 16)
    yield Claim(
        "multiplications of KFAC's factor update over MKOR's at d = 4096, b = 16, over d/3",
        ratio * 3 / 4096,
        1.02,
        0.98,
    )


def half_precision(seeds: Sequence[int], d: int = 32, updates: int = 100) -> Array:
    """Relative error of F⁻¹ stored in 16 bits after some exact updates, beside 64 bits: (seeds,).

    Computed in 64 bits; both copies are stabilised when the exact one is above ε = 50, since decisions that differ
    near ε would be another run.
    """
    rng: Any = separate(seeds)
    full = np.broadcast_to(np.eye(d), (len(seeds), d, d))
    half = full.astype(np.float16)
    for _ in range(updates):
        v = 0.5 * rng.standard_normal(size=(len(seeds), d))
        above = norm_inf(full)[:, None, None] > 50
        wide = half.astype(float)
        full, wide = (np.where(above, 0.9 * F + 0.1 * np.eye(d), F) for F in (full, wide))
        full, half = exact(full, v, 0.95), exact(wide, v, 0.95).astype(np.float16)
    off = np.linalg.norm(half.astype(float) - full, axis=(-2, -1))
    return off / np.linalg.norm(full, axis=(-2, -1))


def one_rounded_update(seeds: Sequence[int], d: int = 32, gamma: float = 0.95) -> Array:
    """Largest error of one exact update in 16 bits over the shape of its bound: (seeds,)."""
    rng: Any = separate(seeds)
    half: Any = np.float16
    root = rng.standard_normal(size=(len(seeds), d, d)) / np.sqrt(d)
    Finv = (root @ root.mT + 0.5 * np.eye(d)).astype(half)
    v = (0.5 * rng.standard_normal(size=(len(seeds), d))).astype(half)
    off = abs(exact(Finv, v, half(gamma)).astype(float) - exact(Finv.astype(float), v.astype(float), gamma)).max(
        (-2, -1)
    )
    most = np.maximum(abs(Finv).max((-2, -1)), abs(v).max(-1)).astype(float)
    return off / np.array([theory.rounding_bound(gamma, m, d, 2.0**-11) for m in most])


def rounding(quick: bool) -> Iterator[Claim]:
    """Half precision is enough to store a factor."""
    seeds = range(5 if quick else 40)
    one, off = one_rounded_update(seeds), half_precision(seeds)
    yield Claim.over("one update in 16 bits: largest error over the shape of its bound", one, np.max, at_most=0.01)
    yield Claim.over(
        "factors stored in 16 bits: relative error after 100 updates, the worst", off, np.max, at_most=5e-3
    )


# MKOR-H


def hybrid(quick: bool) -> Iterator[Claim]:
    """Two thirds of the second-order steps are enough, if the bare backend can live with the rate."""
    seeds = seeds_of(quick)
    on = {"on": lambda state: state.on * 1.0}
    pure = race("MKOR", seeds, 3.0, lr=0.1)
    mixed = race("MKOR", seeds, 3.0, lr=0.1, switch=Switch(), measures=on)
    used = EVERY * mixed.on[1:].sum(0)
    yield Claim.over("MKOR-H, shift 3: second-order steps of 400, the median", used, np.median, at_most=300)
    late = abs(hits(mixed) - hits(pure))
    yield Claim.over(
        "MKOR-H, shift 3: steps by which it arrives at another time than MKOR, the worst", late, np.max, at_most=20
    )
    if quick:
        return
    pure, mixed = usual("MKOR + LAMB", seeds, 3.0), race("MKOR + LAMB", seeds, 3.0, switch=Switch())
    ratio = float(np.median(mixed.full[-1]) / np.median(pure.full[-1]))
    yield Claim("MKOR-H with LAMB at 0.03, a failure: median final loss over MKOR's", ratio, at_least=2)


EXPERIMENTS = (
    moved,
    far,
    near,
    against_kfac,
    halves,
    approximations,
    rules,
    rescaling,
    stabiliser,
    zeta_below_gamma,
    cost,
    rounding,
    hybrid,
)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on five seeds instead of twenty, and fewer rates."""
    return collect(EXPERIMENTS, quick)
