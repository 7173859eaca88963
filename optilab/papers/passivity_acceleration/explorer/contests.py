"""What the race is about: gaps on quadratics, mode by mode, on a classifier and on a chain."""

from functools import cache, lru_cache

import numpy as np

from optilab.classics.nesterov import strongly_convex_gap_bound
from optilab.papers.passivity_acceleration.algorithm import Tuning, mode_response
from optilab.papers.passivity_acceleration.experiment.races import (
    METHODS,
    classifier,
    classifier_gaps,
    convex_gaps,
    gradient_descent_race,
    quadratic_starts,
    together,
    tuned,
)

KAPPAS = np.geomspace(10, 10000, 10)
SEEDS, DIM = 10, 30
QUADRATIC, ASLEEP, CLASSIFIER, CHAIN = PROBLEMS = [
    "quadratic",
    "quadratic, steepest mode asleep",
    "classifier",
    "chain, no μ to speak of",
]


@cache
def weights(asleep: bool) -> np.ndarray:
    """Squared starts along the eigenvectors, (seeds, dim)."""
    starts = quadratic_starts(SEEDS) ** 2
    if asleep:
        starts[:, -1] = 0
    return starts


@lru_cache(maxsize=16)
def responses(kappa: float) -> np.ndarray:
    """Squared output of each method along each eigenvector from 1, (steps + 1, methods, dim)."""
    methods = together([tuned(name, 1.0, kappa) for name in METHODS])
    columns = Tuning(*(number[:, None] for number in methods))
    return mode_response(np.geomspace(1, kappa, DIM), columns, int(25 * np.sqrt(kappa)) + 20) ** 2


@cache
def records(asleep: bool) -> list[np.ndarray]:
    """Gaps of the accelerated methods in units of the start's, for every κ: (steps + 1, methods, seeds)."""
    heights = [np.geomspace(1, kappa, DIM) * weights(asleep) for kappa in KAPPAS]
    return [responses(kappa)[:, 1:] @ each.T / each.sum(-1) for kappa, each in zip(KAPPAS, heights, strict=True)]


def iterations(accuracy: float, asleep: bool) -> np.ndarray:
    """Iterations of every method for every κ and seed on a quadratic, (methods, κ, seeds)."""
    fast = np.array([(gap <= accuracy).argmax(0) for gap in records(asleep)])
    plain = np.array([gradient_descent_race(kappa, np.sqrt(weights(asleep)), accuracy) for kappa in KAPPAS])
    return np.stack([plain, *np.moveaxis(fast, 1, 0)])


def on_quadratic(problem: str, kappa: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaps of the four methods in units of the start's, (steps + 1, methods), and Nesterov's bound."""
    squares = weights(asleep=problem == ASLEEP)[seed]
    heights = np.geomspace(1, kappa, DIM) * squares
    gap = responses(kappa) @ heights / heights.sum()
    bound = strongly_convex_gap_bound(np.arange(len(gap)), 1.0, kappa, np.sqrt(squares.sum()))
    return gap, 2 * bound / heights.sum()


@lru_cache(maxsize=SEEDS)
def on_classifier(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same on the classifier."""
    problem, x0 = classifier(seed), np.ones(20)
    gap = classifier_gaps(seed, METHODS, 300)
    distance = float(np.linalg.norm(x0 - problem.minimizer))
    bound = strongly_convex_gap_bound(np.arange(len(gap)), problem.mu, problem.L, distance)
    return gap, bound / (problem(x0) - problem.minimum)


@cache
def on_chain() -> tuple[np.ndarray, np.ndarray]:
    """The same on the chain, for the two methods that need no μ; NaN for the others."""
    accelerated, plain, bound = convex_gaps()
    none = np.full(len(plain), np.nan)
    return np.stack([plain, none, accelerated, none], -1) / plain[0], bound / plain[0]
