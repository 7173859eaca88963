"""Every problem at full size with all of its methods."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from optilab.core.run import Progress, run
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.experiment import (
    chain_runs,
    flat_runs,
    least_loss,
    logistic_runs,
    soft_runs,
    valley_runs,
)
from optilab.papers.gradient_normalized_smoothness.problems import (
    Chain,
    Power,
    Valley,
    labelled,
    soft_maximum,
    underdetermined,
)
from optilab.problems.metric import Metric

SOFT, HARD, CLEAN, NOISY, FLAT, LINK, BEND = (
    "soft maximum, μ = 1",
    "soft maximum, μ = 0.1",
    "separable points",
    "10 % wrong labels",
    "‖Ax − b‖⁴",
    "chain",
    "valley, p = 4",
)
PROBLEMS = [SOFT, HARD, CLEAN, NOISY, FLAT, LINK, BEND]
MOST, EPS = 3000, 1e-8


def problem_of(problem: str, seed: int) -> tuple[float, dict[str, Iterator[Any]]]:
    """The minimum, and the states of every method that the problem has."""
    f: Any
    metric: Metric | None = None
    if problem in (SOFT, HARD):
        f = soft_maximum(seed, 1.0 if problem == SOFT else 0.1)
        minimum, x0, metric, runs = f.minimum, np.ones(60), f.metric, soft_runs(f, np.ones(60))
    elif problem in (CLEAN, NOISY):
        f = labelled(seed, flips=0.0 if problem == CLEAN else 0.1)
        minimum = 0.0 if problem == CLEAN else least_loss(f)
        x0, runs = np.zeros(20), logistic_runs(f, minimum)
    elif problem == FLAT:
        u = underdetermined(seed)
        f, metric = Power(u, 4.0), Metric(u.A.T @ u.A + 1e-8 * np.eye(80))
        minimum, x0, runs = 0.0, np.ones(80), flat_runs(seed)
    else:
        f = Power(Chain() if problem == LINK else Valley(), 4.0)
        rng = np.random.default_rng(seed)
        x0 = rng.uniform(0, 1, 50) if problem == LINK else rng.uniform(-2, 2, 2)
        minimum, runs = 0.0, chain_runs(x0) if problem == LINK else valley_runs(4.0, x0)
    goal = alg.Goal(minimum, EPS)
    runs.setdefault("zero", alg.gns(f, x0, hessian=alg.zero, metric=metric, goal=goal))
    runs["fast gradient"] = alg.fgm(f, x0, metric=metric, goal=goal)
    runs.setdefault("cubic Newton", alg.cubic_newton(f, x0, metric=metric, goal=goal))
    runs.setdefault("Super-Universal", alg.super_universal(f, x0, hessian=f.hess, metric=metric, goal=goal))
    return minimum, runs


def since(began: float, _state: Any) -> np.ndarray:
    """Seconds of this processor since then."""
    return np.array(time.process_time() - began)


def part_of(progress: Any, k: int, parts: int, done: float, total: float) -> None:
    """Report the progress of part k."""
    progress(k + done / total, parts)


def measured(problem: str, seed: int, progress: Progress = False) -> Any:
    """Of every method: steps, probes and seconds of this machine's processor, beside the gaps."""
    minimum, runs = problem_of(problem, seed)
    found = {}
    for k, (name, states) in enumerate(runs.items()):
        clock = partial(since, time.process_time())
        said = partial(part_of, progress, k, len(runs)) if callable(progress) else False
        trace = run(states, MOST, keep=["x", "value", "probes"], progress=said, seconds=clock)
        gap = np.maximum(trace.value - minimum, EPS / 10)
        found[name] = {"step": trace.step, "probes": trace.probes, "seconds": trace.seconds, "gap": gap}
    return found
