"""What normalisation insures against and what it costs: calls to a target between walls, ablations, cleaning."""

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.soba import soba
from optilab.core.check import AnyArray, require
from optilab.core.claim import Claim, Claims, collect
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.bo_rep.algorithm import (
    LIMIT,
    Refinement,
    bo_rep,
    calls,
    contraction,
    ma_soba,
    stocbio,
    tracking,
)
from optilab.papers.bo_rep.problems import (
    CURVATURES,
    World,
    accuracy,
    cleaning,
    largest_step,
    separation,
    stacked,
    stacked_data,
    start,
    world,
)

Array = np.ndarray
REFINE = Refinement(0.4, 20, 30.0, 4)
STEPS = np.array([0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4])  # α of the rivals
DEPTHS = (3, 6, 9, 12)  # a
TARGET = 0.3  # of ‖∇Φ‖
BUDGET = 60_000  # oracle calls
COSTS = {"SOBA": 5, "MA-SOBA": 5, "MA-SOBA from 0": 5, "StocBiO": 11, "clipped SOBA": 5}  # calls per iteration


@cache
def instances(seeds: range, scale: float = 0.1) -> World:
    """`world` of some seeds, side by side."""
    return world(stacked(seeds), scale)


def draws(seeds: range) -> Any:
    """The generator of a set of seeds; all step sizes, along the first axis, see the same draws."""
    return common(np.random.default_rng(10_000 + seeds.start), 1)


def arrivals(slope: AnyArray, spent: Array) -> Array:
    """Calls at the first log at which the median of the last five is at most 0.3: (logs, *batch) → (*batch).

    Infinity where there is none.
    """
    if len(slope) < 5:  # all have diverged: `run` has stopped
        return np.full(slope.shape[1:], np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(slope, 5, axis=0)
    there = np.median(windows, -1) <= TARGET  # NaN, after a divergence, is not
    return np.where(there.any(0), spent[there.argmax(0) + 4], np.inf)


# Calls to the target


def bo_rep_calls(a: float, seeds: range, etas: Sequence[float], budget: int = BUDGET) -> Array:
    """Calls that BO-REP needs from depth a, those of the refinement included: (etas, seeds)."""
    problem, K = instances(seeds), int((budget - REFINE.calls) / 5.5)
    x0 = np.broadcast_to(start(a), (len(etas), len(seeds), 3))
    states = bo_rep(problem, x0, np.zeros(6), eta=np.array(etas)[:, None], refine=REFINE, rng=draws(seeds))
    trace = run(states, K, every=50, keep=["x"], limit=LIMIT, slope=lambda s: problem.slope(s.x))
    return arrivals(trace.slope, calls(trace.step, refine=REFINE))


def rival(name: str, problem: World, x0: Array, alpha: Array, rng: Any) -> Iterator[Any]:
    """The states of a rival from x0 and y = 0: γ = 0.2, and ν = 0.1, or 0.3 for StocBiO."""
    begin: dict[str, Any] = {
        "SOBA": soba,
        "clipped SOBA": partial(soba, tau=10.0),
        "MA-SOBA": ma_soba,
        "MA-SOBA from 0": partial(ma_soba, from_zero=True),
        "StocBiO": stocbio,
    }
    return begin[name](problem, x0, np.zeros(problem.m), alpha=alpha, gamma=0.2, rng=rng)


def rival_calls(name: str, a: float, seeds: range, alphas: Any = STEPS, budget: int = BUDGET) -> Array:
    """Calls that a rival needs from depth a: (alphas, seeds)."""
    problem, alphas = instances(seeds), np.asarray(alphas, dtype=float)
    x0 = np.broadcast_to(start(a), (len(alphas), len(seeds), 3))
    states = rival(name, problem, x0, alphas[:, None], draws(seeds))
    K = budget // COSTS[name]
    trace = run(states, K, every=50, keep=["x"], limit=LIMIT, slope=lambda s: problem.slope(s.x))
    return arrivals(trace.slope, COSTS[name] * trace.step)


def exact_calls(name: str, depths: Any, steps: Sequence[float], seed: int = 0) -> tuple[Array, Array]:
    """Calls to the target with exact oracles on one instance, and whether a run diverged: (steps, depths) each."""
    problem, step = instances(range(seed, seed + 1)), np.array(steps)[:, None]
    x0 = np.broadcast_to(start(depths), (len(step), len(depths), 3))
    ours = name == "BO-REP"
    states = bo_rep(problem, x0, np.zeros(6), eta=step) if ours else rival(name, problem, x0, step, None)
    K = int(BUDGET / (5.5 if ours else COSTS[name]))
    trace = run(states, K, every=50, keep=["x"], limit=LIMIT, slope=lambda s: problem.slope(s.x))
    return arrivals(trace.slope, calls(trace.step) if ours else COSTS[name] * trace.step), np.isfinite(trace.diverged)


def insurance(quick: bool) -> Iterator[Claim]:
    """From a = 12, where the upper gradient begins at 160 000, only BO-REP and clipped SOBA arrive."""
    seeds = range(2 if quick else 12)
    found = bo_rep_calls(12, seeds, [0.01], 27_500)[0]
    yield Claim.over("a = 12, η = 0.01: calls of BO-REP, the most", found, np.max, at_most=27_000)
    budget = 30_000 if quick else BUDGET
    for name in ("SOBA", "MA-SOBA", "StocBiO"):
        grid = STEPS if name != "MA-SOBA" else STEPS[2:]
        arrived = np.isfinite(rival_calls(name, 12, seeds, grid, budget)).sum()
        yield Claim(f"a = 12: runs of {name} that arrive within {budget:,} calls, of all steps", arrived, at_most=0)


def price(quick: bool) -> Iterator[Claim]:
    """On a mild start a plain step is cheaper: normalisation is an insurance."""
    seeds = range(3 if quick else 12)
    ours = bo_rep_calls(3, seeds, [0.02], 20_000)[0]
    theirs = rival_calls("SOBA", 3, seeds, [0.1], 10_000)[0]
    yield Claim.over(
        "a = 3: calls of BO-REP, η = 0.02, over those of SOBA, the least", ours / theirs, np.min, at_least=2
    )


def depth(quick: bool) -> Iterator[Claim]:
    """The calls of BO-REP grow with the distance alone, the usable step of the others falls exponentially."""
    seeds = range(3 if quick else 12)
    near, far = (bo_rep_calls(a, seeds, [0.01], 28_000)[0] for a in (3, 12))
    yield Claim.over("BO-REP, η = 0.01: calls from a = 12 over those from a = 3", far / near, np.max, at_most=1.6)
    for name, least, most in (("SOBA", 0.98, 1.02), ("MA-SOBA", 0.15, 0.22), ("MA-SOBA from 0", 1.6, 2.0)):
        for a in (9,) if quick else (9, 12):
            ratio = largest_usable(name, a) / largest_step(a)
            yield Claim(f"{name}, a = {a}: α up to which all stay, over (W + 2a)e^(−a)", ratio, most, least)


def largest_usable(name: str, a: float, K: int = 500) -> float:
    """The largest α, to one per cent, up to which a rival keeps ‖x‖ ≤ 10⁶ for K exact iterations from depth a.

    On the instance of seed 0. With momentum there are longer steps that stay as well, in narrow windows between
    others that diverge: they land by luck.
    """
    alphas = largest_step(a) * np.geomspace(0.1, 10, 461)
    x0 = np.broadcast_to(start(a), (len(alphas), 1, 3))
    states = rival(name, instances(range(1)), x0, alphas[:, None], None)
    trace = run(states, K, every=K, keep=["x"], limit=LIMIT)
    stays = np.isinf(trace.diverged[:, 0])
    require(stays[0] and not stays.all(), "the least and the largest α tried", alphas[[0, -1]], "a pair around it")
    return float(alphas[stays.argmin() - 1])


def clipping(quick: bool) -> Iterator[Claim]:
    """Clipping insures as well, and is cheaper."""
    seeds = range(3 if quick else 12)
    for a in DEPTHS:
        found = rival_calls("clipped SOBA", a, seeds, [0.1], 10_000)[0]
        yield Claim.over(f"clipped SOBA, α = 0.1, τ = 10, a = {a}: calls, the most", found, np.max, at_most=5_000)


# Ablations


class Run(NamedTuple):
    """What is left of runs of BO-REP, (*batch) each."""

    slope: Array  # root mean square of ‖∇Φ‖ over the last 60 logs, every 10 iterations, before an update of y if any
    error: Array  # the same of ‖y − y*‖
    worst: Array  # the largest ‖y − y*‖ of these logs
    calls: Array  # to the first log with ‖∇Φ‖ ≤ ½, infinity if there is none


def ablation(
    seeds: range, x0: Array, y0: Any = 0.0, *, scale: float = 0.1, K: int = 4000, refine: Refinement | None = REFINE,
    eta: float = 0.02, beta: Any = 0.9, exact: bool = False, **periods: Any,
) -> Run:  # fmt: skip
    """Run BO-REP on `world` of some seeds from one x0 (3,), with y0 a number or (seeds, 6): (beta, seeds) each."""
    problem, beta = instances(seeds, scale), np.atleast_1d(beta)[:, None]
    x0 = np.broadcast_to(x0, (len(beta), len(seeds), 3))
    y0 = np.broadcast_to(y0, (len(seeds), 6))
    rng = None if exact else draws(seeds)
    states = bo_rep(problem, x0, y0, eta=eta, beta=beta, refine=refine, rng=rng, **periods)
    trace = run(
        states, K, every=10, keep=["x"], limit=LIMIT, slope=lambda s: problem.slope(s.x),
        error=lambda s: np.linalg.norm(s.y - problem.y_star(s.x), axis=-1),
    )  # fmt: skip
    spent, there = calls(trace.step, refine=refine, **periods), trace.slope <= 0.5
    first = np.where(there.any(0), spent[there.argmax(0)], np.inf)
    slope, error = (np.sqrt((values[-60:] ** 2).mean(0)) for values in (trace.slope, trace.error))
    return Run(slope, error, trace.error[-60:].max(0), first)


def momentum(quick: bool) -> Iterator[Claim]:
    """Normalisation survives noise by momentum; too much of it overshoots."""
    seeds = range(3 if quick else 12)
    calm, loud = (ablation(seeds, start(6), scale=scale, beta=[0, 0.9, 0.98]).slope for scale in (0.1, 3.0))
    yield Claim.over("noise 3: RMS ‖∇Φ‖ of β = 0 over that of β = 0.9", loud[0] / loud[1], np.median, at_least=1.3)
    yield Claim.over("noise 0.1: RMS ‖∇Φ‖ of β = 0.98 over that of β = 0", calm[2] / calm[0], np.median, at_least=3)


def floors(quick: bool) -> Iterator[Claim]:
    """The floor of ‖∇Φ‖ is about proportional to η."""
    seeds = range(3 if quick else 12)
    far, near = (ablation(seeds, start(6), eta=eta).slope for eta in (0.05, 0.02))
    yield Claim.over("RMS ‖∇Φ‖ of η = 0.05 over that of η = 0.02", far / near, np.median, at_most=3, at_least=1.8)


def periods(quick: bool) -> Iterator[Claim]:
    """Rare updates of y cost accuracy, and then the refinement pays."""
    seeds = range(2 if quick else 12)
    x0, y0 = np.full(3, 6.0), instances(seeds).y_star(np.full((len(seeds), 3), 40.0))
    often, rare = (ablation(seeds, x0, y0, K=3000, I=I, N=N) for I, N in ((2, 3), (100, 150)))
    yield Claim.over("RMS ‖∇Φ‖ of (I, N) = (100, 150) over (2, 3)", rare.slope / often.slope, np.median, at_least=1.4)
    for I, N in ((2, 3), (100, 150)):
        found = ablation(seeds, x0, y0, K=3000, exact=True, I=I, N=N).worst
        ratio = found / tracking(0.02, I, contraction(CURVATURES, 0.2, N))
        yield Claim.over(f"({I}, {N}), exact: ‖y − y*‖ over its bound, the largest", ratio, np.max, at_most=1)
    bare = ablation(seeds, x0, y0, K=3000, I=100, N=150, refine=None)
    gain = bare.calls - rare.calls
    yield Claim.over("(100, 150): calls to ‖∇Φ‖ ≤ ½ that the refinement saves, the least", gain, np.min, at_least=300)


# Data cleaning


class Cleaned(NamedTuple):
    """Test accuracy of the last y, and the AUC of the weights, (steps, seeds) each."""

    accuracy: Array
    separation: Array


def cleaned(name: str, seeds: range, steps: Sequence[float], budget: int = 20_000) -> Cleaned:
    """Clean the data of some seeds by BO-REP or SOBA with γ = ½; a step 0 of SOBA keeps the weights uniform."""
    data = stacked_data(seeds)
    problem, step = cleaning(data), np.array(steps)[:, None]
    start = np.zeros((len(seeds), problem.n)), np.zeros((len(seeds), problem.m))
    states: Iterator[Any] = {
        "BO-REP": lambda: bo_rep(problem, *start, eta=step, gamma=0.5, rng=draws(seeds)),
        "SOBA": lambda: soba(problem, *start, alpha=step, gamma=0.5, rng=draws(seeds)),
        "MA-SOBA": lambda: ma_soba(problem, *start, alpha=step, gamma=0.5, rng=draws(seeds)),
    }[name]()
    K = int(budget / (5.5 if name == "BO-REP" else 5))
    trace = run(states, K, every=K, keep=["x", "y"])
    return Cleaned(accuracy(data, trace.y[-1]), separation(data, trace.x[-1]))


def hyper_cleaning(quick: bool) -> Iterator[Claim]:
    """The upper loss has bounded smoothness: BO-REP has no advantage, and no drawback."""
    seeds, budget = (range(6), 8_000) if quick else (range(17), 20_000)
    ours = cleaned("BO-REP", seeds, [0.1], budget).accuracy[0]
    uniform, theirs = cleaned("SOBA", seeds, [0.0, 10.0], budget).accuracy
    for name, found in (("BO-REP", ours), ("SOBA", theirs)):
        yield Claim.over(
            f"{name}: test accuracy above that of uniform weights", found - uniform, np.mean, at_least=0.15
        )
    yield Claim("BO-REP and SOBA: difference of the mean accuracies", abs((ours - theirs).mean()), at_most=0.02)


EXPERIMENTS: Sequence[Any] = (insurance, price, depth, clipping, momentum, floors, periods, hyper_cleaning)


def claims(quick: bool = False) -> Claims:
    """All claims of the paper, at the full or the quick size."""
    return collect(EXPERIMENTS, quick)
