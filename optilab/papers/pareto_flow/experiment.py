"""What ParetoFlow claims, measured on surfaces whose best part is hidden, and where it loses."""

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import Trace, run
from optilab.papers.pareto_flow.algorithm import evolution, guidance, learning, sampling, theory
from optilab.papers.pareto_flow.problems import DTLZ2, ZDT, Data, Surface, hidden_front
from optilab.problems.pareto import best, hypervolume, ranks

Array = np.ndarray
Progress = Callable[[float, float], Any]
TASKS = {
    "ZDT2 surface": Surface(ZDT(2), 4, 12),
    "ZDT1 surface": Surface(ZDT(1), 4, 12),
    "ZDT2 plain": Surface(ZDT(2), 8, 8),
    "ZDT1 plain": Surface(ZDT(1), 8, 8),
    "ZDT3 plain": Surface(ZDT(3), 8, 8),
    "DTLZ2 plain": Surface(DTLZ2(3), 8, 8),
    "wiggly surface": Surface(ZDT(2), 6, 16, 30.0, 0.35, 0.4),
    "ZDT1 searched": Surface(ZDT(1), 10, 10),
    "ZDT2 searched": Surface(ZDT(2), 10, 10),
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


class Surrogate(NamedTuple):
    """A data set and predictors that were trained on it."""

    task: Surface
    seed: int
    data: Data
    z: learning.Offline
    predictors: learning.Predictors
    reference: Array  # (m,) of the hypervolume: 1.1 times the worst of the data


class Learned(NamedTuple):
    """The same with a flow."""

    task: Surface
    seed: int
    data: Data
    z: learning.Offline
    predictors: learning.Predictors
    reference: Array
    flow: learning.Flow
    loss: float  # of the flow, in its last pass


def streams(seed: int) -> list[np.random.Generator]:
    """Generators of the data, of both trainings, of sampling and of NSGA-II."""
    return np.random.default_rng(seed).spawn(5)


def searched(problem: Surface, rng: np.random.Generator) -> Data:
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


SURROGATES: dict[tuple[str, int], Surrogate] = {}
LEARNED: dict[tuple[str, int], Learned] = {}


def surrogate(task: str, seed: int, progress: Progress = quiet) -> Surrogate:
    """The data of a task and seed, with predictors trained on them; kept for the next time."""
    if (task, seed) not in SURROGATES:
        problem, (for_data, _, rng, *_) = TASKS[task], streams(seed)
        data = searched(problem, for_data) if "searched" in task else hidden_front(problem, for_data)
        z = learning.offline(data.X, data.Y, np.zeros(problem.d), np.ones(problem.d))
        theta = run(learning.regression(z.x, z.y, rng=rng), EPOCHS, every=EPOCHS, progress=progress).theta[-1]
        predictors = learning.Predictors(theta, problem.d)
        SURROGATES[task, seed] = Surrogate(problem, seed, data, z, predictors, 1.1 * data.Y.max(0))
    return SURROGATES[task, seed]


def learned(task: str, seed: int, progress: Progress = quiet) -> Learned:
    """The same with a flow trained on the data; kept, too."""
    if (task, seed) not in LEARNED:
        found = surrogate(task, seed, lambda k, n: progress(0.4 * k, n))
        states = learning.flow_matching(found.z.x, rng=streams(seed)[1])
        trace = run(states, EPOCHS, every=EPOCHS, progress=lambda k, n: progress(0.4 * n + 0.6 * k, n))
        LEARNED[task, seed] = Learned(*found, learning.Flow(trace.theta[-1], found.task.d), float(trace.loss[-1]))
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


def search(found: Surrogate | Learned, progress: Progress = quiet) -> Trace:
    """NSGA-II on the predictors from the 100 best of the data: its generations, in z-scores."""
    *_, rng = streams(found.seed)
    x0 = found.z.x[best(found.z.y, POPULATION)]
    states = evolution.nsga2(found.predictors, x0, low=found.z.low, high=found.z.high, rng=rng)
    return run(states, GENERATIONS, progress=progress)


def true_volumes(found: Surrogate | Learned, generations: Trace, task: Surface | None = None) -> Array:
    """Quality of every generation's whole population, of the task or another with the same data: (generations + 1,)."""
    return quality((task or found.task)(found.z.designs(generations.x)), found.reference)


@cache
def evolved(task: str, seed: int) -> tuple[Array, Array, float]:
    """True and predicted quality of NSGA-II's generations, (151,) each, and how far the last one is off the surface."""
    found = surrogate(task, seed)
    generations = search(found)
    promised = quality(found.z.values(generations.y), found.reference)
    off = found.task.distance(found.z.designs(generations.x[-1])).mean()
    return true_volumes(found, generations), promised, float(off)


@cache
def designs(task: str, seed: int, method: str) -> Outcome:
    """What a method hands out: a variant of ParetoFlow, "D(best)" or "flow only"."""
    found = learned(task, seed)
    if method in VARIANTS:
        return handed_out(found, **VARIANTS[method])
    return data_best(found) if method == "D(best)" else flow_only(found)


def volume(task: str, seed: int, method: str) -> float:
    """Quality of what a method hands out, "NSGA-II, n" at generation n included."""
    if method.startswith("NSGA-II"):
        return float(evolved(task, seed)[0][int(method.removeprefix("NSGA-II, "))])
    return designs(task, seed, method).volume


def volumes(task: str, seeds: range, method: str) -> Array:
    """`volume` of all seeds: (seeds,)."""
    return np.array([volume(task, seed, method) for seed in seeds])


def gain(task: str, seeds: range, method: str, ours: str = "ParetoFlow") -> Array:
    """What one method's designs are worth more than another's, seed by seed: (seeds,)."""
    return volumes(task, seeds, ours) - volumes(task, seeds, method)


# Claims

SURFACES = ("ZDT2 surface", "ZDT1 surface")


def chosen(quick: bool) -> tuple[tuple[str, ...], range]:
    """Surfaces and seeds of a claim."""
    return (SURFACES[:1], range(2)) if quick else (SURFACES, range(8))


def surfaces(quick: bool) -> Iterator[Claim]:
    """On a curved surface ParetoFlow beats the data, its own flow, and the search, wherever that is stopped.

    Source: Algorithm 1.
    """
    least = {"D(best)": 0.09, "flow only": 0.02, "no guidance": 0.07, "NSGA-II, 20": 0.01, "NSGA-II, 150": 0.4}
    tasks, seeds = chosen(quick)
    for task in tasks:
        for method, bound in least.items():
            statement = f"{task}: hypervolume, ParetoFlow − {method}, mean"
            yield Claim.over(statement, gain(task, seeds, method), np.mean, at_least=bound)
        best_ones = np.array([evolved(task, seed)[0].max() for seed in seeds])
        statement = (
            f"{task}: hypervolume, ParetoFlow − NSGA-II at its best generation, which only the true f tells, mean"
        )
        yield Claim.over(
            statement, volumes(task, seeds, "ParetoFlow") - best_ones, np.mean, at_least=-np.inf if quick else 0
        )


def curse(quick: bool) -> Iterator[Claim]:
    """The search promises what can't be; its designs, good at first, end worthless and off the surface."""
    tasks, seeds = chosen(quick)
    for task in tasks:
        runs = [evolved(task, seed) for seed in seeds]
        true, promised = np.array([run[0] for run in runs]), np.array([run[1] for run in runs])
        far = np.array([task_off / _off(task, seed) for seed, (_, _, task_off) in zip(seeds, runs, strict=True)])
        yield Claim.over(
            f"{task}, NSGA-II: predicted hypervolume after 150 generations, of at most 1, least",
            promised[:, -1],
            np.min,
            at_least=1.5,
        )
        yield Claim.over(
            f"{task}, NSGA-II: generation of the best true one, median", true.argmax(1), np.median, at_most=40
        )
        yield Claim.over(
            f"{task}, NSGA-II: lost from there to generation 150, median",
            true.max(1) - true[:, -1],
            np.median,
            at_least=0.4,
        )
        yield Claim.over(
            f"{task}, NSGA-II: distance from the surface over ParetoFlow's, least", far, np.min, at_least=2.5
        )


def _off(task: str, seed: int) -> float:
    """Mean distance from the surface of ParetoFlow's designs."""
    return float(TASKS[task].distance(designs(task, seed, "ParetoFlow").x).mean())


def parts(quick: bool) -> Iterator[Claim]:
    """What weights, filter and neighbours contribute; the last nothing here.

    Source: Algorithm 1.
    """
    tasks, seeds = chosen(quick)
    for task in tasks:
        statement = f"{task}: hypervolume, ParetoFlow − equal weights, no cones, mean"
        yield Claim.over(statement, gain(task, seeds, EQUAL), np.mean, at_least=-np.inf if quick else 0)
        if task == "ZDT1 surface":
            statement = f"{task}: hypervolume, ParetoFlow − no filter, mean of 20 data sets"
            yield Claim.over(statement, gain(task, range(20), "no filter"), np.mean, at_least=0.025)
        else:
            count = np.array([len(designs(task, seed, "no filter").x) for seed in seeds])
            yield Claim.over(f"{task}: distinct designs of 40 without the filter, mean", count, np.mean, at_most=33)
        statement = f"{task}: hypervolume, ParetoFlow − no neighbours, mean (no claim)"
        yield Claim.over(statement, gain(task, seeds, "no neighbours"), np.mean)


def plain(quick: bool) -> Iterator[Claim]:
    """Where every design is valid the predictors extrapolate well, and the search wins."""
    for task in ("ZDT2 plain",) if quick else ("ZDT2 plain", "ZDT1 plain"):
        more = gain(task, range(1 if quick else 4), "ParetoFlow", ours="NSGA-II, 150")
        yield Claim.over(
            f"{task}: hypervolume, NSGA-II after 150 generations − ParetoFlow, mean",
            more,
            np.mean,
            at_least=0 if quick else 0.05,
        )


def broken(quick: bool) -> Iterator[Claim]:
    """A wiggly surface that the flow can't learn, and data that hold good designs already."""
    seeds = range(1 if quick else 3)
    lost = gain("wiggly surface", seeds, "flow only", ours="D(best)")
    yield Claim.over("wiggly surface: hypervolume, D(best) − flow only, mean", lost, np.mean, at_least=0.1)
    ours = volumes("wiggly surface", seeds, "ParetoFlow")
    yield Claim.over("wiggly surface: ParetoFlow, largest", ours, np.max, at_most=0.2)
    timid = gain("wiggly surface", seeds, "ParetoFlow", ours="authors' γ, t_min")
    yield Claim.over("wiggly surface: authors' γ and t_min − ParetoFlow, mean", timid, np.mean, at_least=0.2)
    for task in () if quick else ("ZDT1 searched", "ZDT2 searched"):
        for method in ("ParetoFlow", "NSGA-II, 150"):
            more = gain(task, seeds, "D(best)", ours=method)
            yield Claim.over(f"{task}: {method} − D(best), mean (no claim)", more, np.mean)


def gaussian_loss(seed: int) -> float:
    """Loss on fresh N(0, I₈) data of a flow that was trained on 1500 of them."""
    rng = np.random.default_rng(seed)
    states = learning.flow_matching(rng.normal(size=(1500, 8)), rng=rng)
    flow = learning.Flow(run(states, EPOCHS, every=EPOCHS).theta[-1], 8)
    x0, x1, t = rng.normal(size=(4000, 8)), rng.normal(size=(4000, 8)), rng.random((4000, 1))
    return float(flow.loss_and_grad(x0, x1, t)[0]) / 4000


def losses(quick: bool) -> Iterator[Claim]:
    """The loss has a floor on Gaussian data; data on a surface go far below."""
    seeds = range(1 if quick else 3)
    floor = float(theory.loss_floor())
    gaussian = np.array([gaussian_loss(seed) for seed in seeds])
    yield Claim.over(
        "Gaussian data: loss on fresh points over the floor π/2, largest", gaussian / floor, np.max, at_most=1.12
    )
    statement = "Gaussian data: loss on fresh points over the floor π/2, least"
    yield Claim.over(statement, gaussian / floor, np.min, at_least=1)
    below = np.array([learned("ZDT2 surface", seed).loss / floor for seed in seeds])
    yield Claim.over("data on a surface: loss over π/2, largest", below, np.max, at_most=0.85)


EXPERIMENTS = (surfaces, curse, parts, plain, broken, losses)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on one surface and fewer data sets."""
    return collect(EXPERIMENTS, quick)
