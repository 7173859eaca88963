"""What ParetoFlow claims, measured on sheets whose best part is hidden, and where it loses."""

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import Trace, run
from optilab.papers.pareto_flow.algorithm import evolution, guidance, learning, sampling
from optilab.papers.pareto_flow.problems import DTLZ2, ZDT, Data, Sheet, hidden_front
from optilab.problems.pareto import best, hypervolume, ranks

Array = np.ndarray
Progress = Callable[[float, float], Any]
TASKS = {
    "ZDT2 sheet": Sheet(ZDT(2), 4, 12),
    "ZDT1 sheet": Sheet(ZDT(1), 4, 12),
    "ZDT2 plain": Sheet(ZDT(2), 8, 8),
    "ZDT1 plain": Sheet(ZDT(1), 8, 8),
    "ZDT3 plain": Sheet(ZDT(3), 8, 8),
    "DTLZ2 plain": Sheet(DTLZ2(3), 8, 8),
    "wiggly sheet": Sheet(ZDT(2), 6, 16, 30.0, 0.35, 0.4),
    "ZDT1 searched": Sheet(ZDT(1), 10, 10),
    "ZDT2 searched": Sheet(ZDT(2), 10, 10),
}
EPOCHS, KEPT, POPULATION = 150, 40, 100  # passes of training, designs handed out, size of NSGA-II's population
GENERATIONS = 150
SETTINGS: dict[str, Any] = {"T": 200, "gamma": 20.0, "t_min": 0.5, "g": 0.1, "O": 5}
EQUAL = "equal weights"
VARIANTS: dict[str, dict[str, Any]] = {
    "ParetoFlow": {},
    "no filter": {"local_filter": False},
    "no neighbours": {"K": 1},
    "neither": {"K": 1, "local_filter": False},
    EQUAL: {"aim": EQUAL, "local_filter": False},
    "equal weights, cones": {"aim": EQUAL},
    "no guidance": {"gamma": 0.0},
    "authors' γ, t_min": {"gamma": 2.0, "t_min": 0.8},
    "γ = 60": {"gamma": 60.0},
}


def quiet(done: float, total: float = 1.0) -> None:
    """Report nothing."""


# Learning


class Learned(NamedTuple):
    """A data set and what was learned from it."""

    task: Sheet
    seed: int
    data: Data
    z: learning.Offline
    flow: learning.Flow
    predictors: learning.Predictors
    reference: Array  # (m,) of the hypervolume: 1.1 times the worst of the data


def streams(seed: int) -> list[np.random.Generator]:
    """Generators of the data, of both trainings, of sampling and of NSGA-II."""
    return np.random.default_rng(seed).spawn(5)


def searched(problem: Sheet, rng: np.random.Generator) -> Data:
    """Data that hold good designs: what an NSGA-II run of 60 generations asked, less the best 40 %, 1500 of them."""
    asked: list[tuple[Array, Array]] = []

    def objectives(x: Array) -> Array:
        asked.append((x, problem(x)))
        return asked[-1][1]

    x0 = rng.random((POPULATION, problem.d))
    run(evolution.nsga2(objectives, x0, low=np.zeros(problem.d), high=np.ones(problem.d), rng=rng), 60, every=60)
    X, Y = (np.concatenate(parts) for parts in zip(*asked, strict=True))
    left = np.argsort(ranks(Y), kind="stable")[int(0.4 * len(Y)) :]
    kept = rng.permutation(left)[:1500]
    return Data(X[kept], Y[kept])


LEARNED: dict[tuple[str, int], Learned] = {}


def learned(task: str, seed: int, progress: Progress = quiet) -> Learned:
    """The data of a task and seed, with flow and predictors trained on them; kept for the next time."""
    if (task, seed) not in LEARNED:
        problem, rngs = TASKS[task], streams(seed)
        data = searched(problem, rngs[0]) if "searched" in task else hidden_front(problem, rngs[0])
        z = learning.offline(data.X, data.Y, np.zeros(problem.d), np.ones(problem.d))
        flow = learning.flow_matching(z.x, rng=rngs[1])
        predictors = learning.regression(z.x, z.y, rng=rngs[2])
        theta = [
            run(flow, EPOCHS, every=EPOCHS, progress=lambda k, n: progress(0.6 * k, n)).theta[-1],
            run(predictors, EPOCHS, every=EPOCHS, progress=lambda k, n: progress(0.6 * n + 0.4 * k, n)).theta[-1],
        ]
        flow_, predictors_ = learning.Flow(theta[0], problem.d), learning.Predictors(theta[1], problem.d)
        LEARNED[task, seed] = Learned(problem, seed, data, z, flow_, predictors_, 1.1 * data.Y.max(0))
    return LEARNED[task, seed]


# What is handed out, and how good it is


class Outcome(NamedTuple):
    """Designs that were handed out, their values as predicted and as they are, and both hypervolumes."""

    x: Array  # (kept, d) in the unit box
    predicted: Array  # (kept, m)
    true: Array  # (kept, m)
    volume: float
    promised: float
    missing: int  # designs short of what was asked


def quality(Y: Array, reference: Array) -> Array:
    """Hypervolume of values (*batch, N, m) over that of the box from 0 to the reference: (*batch).

    Warns
    -----
    UserWarning
        If the reference is worse than no point at all, so that all volumes are 0.
    """
    if not (reference > Y).all(-1).any():
        warnings.warn(f"no point is below the reference {reference}: the hypervolume is 0", stacklevel=2)
    return hypervolume(Y, reference) / np.prod(reference)


def outcome(found: Learned, x: Array, y: Array, count: int = KEPT) -> Outcome:
    """What is handed out of designs (N, d), chosen by predicted values (N, m), all in z-scores."""
    places, missing = sampling.finish(x, y, count)
    designs, predicted = found.z.designs(x[places]), found.z.values(y[places])
    true = found.task(designs)
    volume, promised = quality(np.stack([true, predicted]), found.reference)
    return Outcome(designs, predicted, true, float(volume), float(promised), missing)


def paretoflow(found: Learned, **changes: Any) -> Iterator[sampling.Samples]:
    """ParetoFlow as in the lesson, from the elites of the data; `changes` of its settings."""
    weights = guidance.lattice(found.task.m, 50)
    settings: dict[str, Any] = SETTINGS | changes
    if settings.get("aim") == EQUAL:
        settings["aim"] = np.full(weights.shape, 1 / found.task.m)
    *_, rng, _ = streams(found.seed)
    settings |= {"low": found.z.low, "high": found.z.high, "rng": rng}
    elites = sampling.first_elites(found.z.x, found.z.y, weights)
    return sampling.pareto_flow(found.flow, found.predictors, weights, elites=elites, **settings)


def handed_out(found: Learned, progress: Progress = quiet, **changes: Any) -> Outcome:
    """The designs of ParetoFlow, or of a variant of it."""
    steps = (SETTINGS | changes)["T"] - 1
    elites = run(paretoflow(found, **changes), steps, every=steps, keep=["elites"], progress=progress).elites[-1]
    return outcome(found, elites, found.predictors(elites))


def data_best(found: Learned) -> Outcome:
    """The best of the data."""
    places = sampling.data_best(found.z.y, KEPT)
    X, Y = found.data.X[places], found.data.Y[places]
    volume = float(quality(Y, found.reference))
    return Outcome(X, Y, Y, volume, volume, 0)


def flow_only(found: Learned) -> Outcome:
    """The best of five unconditional samples for each weight, cut to the box."""
    *_, rng, _ = streams(found.seed)
    T = SETTINGS["T"]
    x0 = rng.normal(size=(5 * len(guidance.lattice(found.task.m, 50)), found.task.d))
    x = np.clip(run(sampling.euler(found.flow, x0, T=T), T, every=T).x[-1], found.z.low, found.z.high)
    return outcome(found, x, found.predictors(x))


def search(found: Learned, progress: Progress = quiet) -> Trace:
    """NSGA-II on the predictors from the 100 best of the data: its generations, in z-scores."""
    *_, rng = streams(found.seed)
    x0 = found.z.x[best(found.z.y, POPULATION)]
    states = evolution.nsga2(found.predictors, x0, low=found.z.low, high=found.z.high, rng=rng)
    return run(states, GENERATIONS, progress=progress)


def true_volumes(found: Learned, generations: Trace, task: Sheet | None = None) -> Array:
    """Quality of every generation's whole population, of the task or another with the same data: (generations + 1,)."""
    return quality((task or found.task)(found.z.designs(generations.x)), found.reference)


@cache
def volume(task: str, seed: int, method: str) -> float:
    """Quality of what a method hands out: a variant of ParetoFlow, "D(best)", "flow only" or "NSGA-II, n"."""
    found = learned(task, seed)
    if method == "D(best)":
        return data_best(found).volume
    if method == "flow only":
        return flow_only(found).volume
    if method.startswith("NSGA-II"):
        return float(evolved(task, seed)[0][int(method.removeprefix("NSGA-II, "))])
    return handed_out(found, **VARIANTS[method]).volume


@cache
def evolved(task: str, seed: int) -> tuple[Array, Array]:
    """True and predicted quality of every generation of NSGA-II: (151,) each."""
    found = learned(task, seed)
    generations = search(found)
    return true_volumes(found, generations), quality(found.z.values(generations.y), found.reference)


def volumes(task: str, seeds: range, method: str) -> Array:
    """`volume` of all seeds: (seeds,)."""
    return np.array([volume(task, seed, method) for seed in seeds])


# Claims


def gain(task: str, seeds: range, method: str, ours: str = "ParetoFlow") -> Array:
    """What one method's designs are worth more than another's, seed by seed."""
    return volumes(task, seeds, ours) - volumes(task, seeds, method)


def sheets(quick: bool) -> Iterator[Claim]:
    """On a curved sheet ParetoFlow beats the data, its own flow, and the search, wherever that is stopped."""
    seeds = range(2 if quick else 8)
    for task in ("ZDT2 sheet", "ZDT1 sheet"):
        least = {"D(best)": 0.1, "flow only": 0.03, "no guidance": 0.05, "NSGA-II, 20": 0.05, "NSGA-II, 150": 0.4}
        for method, at_least in least.items():
            yield Claim.over(
                f"{task}: hypervolume, ParetoFlow − {method}, mean",
                gain(task, seeds, method),
                np.mean,
                at_least=at_least,
            )
        peaks = np.array([evolved(task, seed)[0].max() for seed in seeds])
        yield Claim.over(
            f"{task}: … − NSGA-II at its best generation, known afterwards, mean",
            volumes(task, seeds, "ParetoFlow") - peaks,
            np.mean,
            at_least=0.0,
        )


def curse(quick: bool) -> Iterator[Claim]:
    """The search promises what can't be, and its designs, good at first, end worthless and off the sheet."""
    seeds = range(2 if quick else 8)
    for task in ("ZDT2 sheet", "ZDT1 sheet"):
        true, promised = (np.array(part) for part in zip(*(evolved(task, seed) for seed in seeds), strict=True))
        yield Claim.over(
            f"{task}: predicted hypervolume of NSGA-II at 150, of at most 1, least",
            promised[:, -1],
            np.min,
            at_least=1.2,
        )
        yield Claim.over(f"{task}: generation of its best true one, median", true.argmax(1), np.median, at_most=60)
        yield Claim.over(f"{task}: lost from there to 150, median", true.max(1) - true[:, -1], np.median, at_least=0.2)


def parts(quick: bool) -> Iterator[Claim]:
    """What filter, weights and neighbours contribute; neighbours nothing here."""
    seeds = range(2 if quick else 8)
    for task, filtered, weighed in (("ZDT2 sheet", None, 0.0), ("ZDT1 sheet", 0.0, 0.0)):
        yield Claim.over(
            f"{task}: hypervolume, ParetoFlow − equal weights, no cones, mean",
            gain(task, seeds, EQUAL),
            np.mean,
            at_least=weighed,
        )
        bound = {} if filtered is None or quick else {"at_least": filtered}
        yield Claim.over(f"{task}: … − no filter, mean", gain(task, seeds, "no filter"), np.mean, **bound)
        yield Claim.over(f"{task}: … − no neighbours, mean (no claim)", gain(task, seeds, "no neighbours"), np.mean)


EXPERIMENTS = (sheets, curse, parts)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on two data sets each."""
    return collect(EXPERIMENTS, quick)
