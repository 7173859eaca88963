"""What ParetoFlow claims, measured on sheets whose best part is hidden, and where it loses."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import run
from optilab.papers.pareto_flow.algorithm import evolution, guidance, learning, sampling
from optilab.papers.pareto_flow.problems import DTLZ2, ZDT, Data, Sheet, hidden_front
from optilab.problems.pareto import best, hypervolume

Array = np.ndarray
Progress = Callable[[float, float], Any]
TASKS = {
    "ZDT2 sheet": Sheet(ZDT(2), 4, 12),
    "ZDT1 sheet": Sheet(ZDT(1), 4, 12),
    "ZDT2 plain": Sheet(ZDT(2), 8, 8),
    "ZDT1 plain": Sheet(ZDT(1), 8, 8),
    "ZDT3 plain": Sheet(ZDT(3), 8, 8),
    "DTLZ2 plain": Sheet(DTLZ2(3), 8, 8),
    "ZDT2 wiggly sheet": Sheet(ZDT(2), 6, 16, 30.0, 0.35, 0.4),
}
SHEETS = ("ZDT2 sheet", "ZDT1 sheet")
EPOCHS, KEPT = 150, 40  # passes of training, designs handed out
SETTINGS: dict[str, Any] = {"T": 200, "gamma": 20.0, "t_min": 0.5, "g": 0.1, "O": 5}
EQUAL = "equal weights"
VARIANTS: dict[str, dict[str, Any]] = {
    "ParetoFlow": {},
    "γ = 60": {"gamma": 60.0},
    "authors' γ, t_min": {"gamma": 2.0, "t_min": 0.8},
    "no guidance": {"gamma": 0.0},
    "no filter": {"local_filter": False},
    "no neighbours": {"K": 1},
    "neither": {"K": 1, "local_filter": False},
    EQUAL: {"aim": EQUAL, "local_filter": False},
    "equal weights, cones": {"aim": EQUAL},
}


def quiet(done: float, total: float = 1.0) -> None:
    """Report nothing."""


class Learned(NamedTuple):
    """A data set and what was learned from it."""

    task: Sheet
    seed: int
    data: Data
    z: learning.Offline
    flow: learning.Flow
    predictors: learning.Predictors
    reference: Array  # (m,) of the hypervolume


def streams(seed: int) -> list[np.random.Generator]:
    """Generators of the data, of both trainings, of sampling and of NSGA-II."""
    return np.random.default_rng(seed).spawn(5)


LEARNED: dict[tuple[str, int], Learned] = {}


def learned(task: str, seed: int, progress: Progress = quiet) -> Learned:
    """The data of a task and seed, with flow and predictors trained on them; kept for the next time."""
    if (task, seed) not in LEARNED:
        problem, (for_data, for_flow, for_predictors, *_) = TASKS[task], streams(seed)
        LEARNED[task, seed] = learn(problem, seed, hidden_front(problem, for_data), for_flow, for_predictors, progress)
    return LEARNED[task, seed]


def learn(
    problem: Sheet,
    seed: int,
    data: Data,
    for_flow: np.random.Generator,
    for_predictors: np.random.Generator,
    progress: Progress = quiet,
) -> Learned:
    """Flow and predictors of a data set in the unit box."""
    z = learning.offline(data.X, data.Y, np.zeros(problem.d), np.ones(problem.d))
    first = learning.flow_matching(z.x, rng=for_flow)
    second = learning.regression(z.x, z.y, rng=for_predictors)
    flow = run(first, EPOCHS, every=EPOCHS, progress=lambda k, n: progress(0.6 * k, n)).theta[-1]
    predictors = run(second, EPOCHS, every=EPOCHS, progress=lambda k, n: progress(0.6 * n + 0.4 * k, n)).theta[-1]
    return Learned(
        problem,
        seed,
        data,
        z,
        learning.Flow(flow, problem.d),
        learning.Predictors(predictors, problem.d),
        1.1 * data.Y.max(0),
    )


class Outcome(NamedTuple):
    """Designs that were handed out, their values as predicted and as they are, and both hypervolumes."""

    x: Array  # (kept, d) in the unit box
    predicted: Array  # (kept, m)
    true: Array  # (kept, m)
    volume: float
    promised: float
    missing: int


def quality(Y: Array, reference: Array) -> Array:
    """Hypervolume of values (*batch, N, m) over that of the box from 0 to the reference: (*batch)."""
    return hypervolume(Y, reference) / np.prod(reference)


def outcome(found: Learned, x: Array, y: Array, count: int = KEPT) -> Outcome:
    """What is handed out of designs (N, d), chosen by predicted values (N, m), all in z-scores."""
    places, missing = sampling.finish(x, y, count)
    designs, predicted = found.z.designs(x[places]), found.z.values(y[places])
    true = found.task(designs)
    volume, promised = quality(np.stack([true, predicted]), found.reference)
    return Outcome(designs, predicted, true, float(volume), float(promised), missing)


def weights_of(m: int) -> Array:
    """The lattice: 50 weights for two objectives, 55 for three."""
    return guidance.lattice(m, 50)


def paretoflow(found: Learned, **changes: Any) -> Iterator[sampling.Samples]:
    """ParetoFlow as in the lesson, from the elites of the data; `changes` of its settings."""
    weights = weights_of(found.task.base.m)
    settings = SETTINGS | changes
    if settings.get("aim") == EQUAL:
        settings["aim"] = np.full(weights.shape, 1 / weights.shape[1])
    elites = sampling.first_elites(found.z.x, found.z.y, weights)
    *_, rng, _ = streams(found.seed)
    box = {"low": found.z.low, "high": found.z.high}
    return sampling.pareto_flow(found.flow, found.predictors, weights, rng=rng, elites=elites, **box, **settings)


def handed_out(found: Learned, progress: Progress = quiet, **changes: Any) -> Outcome:
    """The designs of ParetoFlow, or of a variant of it."""
    steps = (SETTINGS | changes)["T"] - 1
    elites = run(paretoflow(found, **changes), steps, every=steps, keep=["elites"], progress=progress).elites[-1]
    return outcome(found, elites, found.predictors(elites))


def data_best(found: Learned) -> float:
    """Quality of the best of the data."""
    return float(quality(found.data.Y[sampling.data_best(found.z.y, KEPT)], found.reference))


def flow_only(found: Learned, T: int = 200) -> Outcome:
    """The best of 250 unconditional samples."""
    *_, rng, _ = streams(found.seed)
    x0 = rng.normal(size=(5 * len(weights_of(found.task.base.m)), found.task.d))
    x = run(sampling.euler(found.flow, x0, T=T), T - 1, every=T - 1).x[-1]
    x = np.clip(x, found.z.low, found.z.high)
    return outcome(found, x, found.predictors(x))


def search(found: Learned, generations: int = 150, progress: Progress = quiet) -> Any:
    """NSGA-II on the predictors from the 100 best of the data: all its generations, in z-scores."""
    *_, rng = streams(found.seed)
    x0 = found.z.x[best(found.z.y, 100)]
    states = evolution.nsga2(found.predictors, x0, low=found.z.low, high=found.z.high, rng=rng)
    return run(states, generations, progress=progress)
