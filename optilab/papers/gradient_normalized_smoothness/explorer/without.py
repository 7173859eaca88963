"""Runs that go without the search, or to its end, beside one that doesn't."""

from functools import cache
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.problems import CURVES, Chain, Power, Valley, soft_maximum

NEWTON, FIXED, CHAIN, FLOOR = "no radius: log-cosh", "a fixed γ: valley", "an indefinite Hessian: chain", "rounding"
LONGEST = 60


def newton(start: float) -> Any:
    """Pure Newton beside the search, on log-cosh."""
    f, x0 = CURVES["log-cosh"], np.array([start])
    pure = run(alg.regularized_newton(f, x0, hessian=f.hess, gamma=1e300), 12, limit=1e3)
    return pure, run(alg.gns(f, x0, hessian=f.hess, goal=alg.Goal(0.0, 1e-16)), LONGEST)


def fixed(gamma: float) -> Any:
    """A γ that stays beside the search, in Rosenbrock's valley."""
    f, x0 = Power(Valley(), 2.0), np.array([-2.0, 2.0])
    states = alg.regularized_newton(f, x0, hessian=f.gauss_newton, gamma=gamma)
    return run(states, LONGEST), run(alg.gns(f, x0, hessian=f.gauss_newton, goal=alg.Goal(0.0, 1e-8)), LONGEST)


@cache
def chain(seed: int) -> Any:
    """Gauss–Newton beside the exact Hessian, on Chebyshev's chain of 50 with p = 4."""
    f, x0 = Power(Chain(), 4.0), np.random.default_rng(seed).uniform(0, 1, 50)
    runs = [alg.gns(f, x0, hessian=H, goal=alg.Goal(0.0, 1e-8)) for H in (f.gauss_newton, f.hess)]
    return tuple(run(states, LONGEST, keep=["x", "value", "norm", "gamma", "failures", "status"]) for states in runs)


def rounding(mu: float) -> Any:
    """The gradient method beside the search with the exact Hessian, never told to stop."""
    f = soft_maximum(0, mu, 10, 20)
    ours = alg.gns(f, np.ones(10), hessian=f.hess, metric=f.metric)
    return run(alg.gm(f, np.ones(10), metric=f.metric), LONGEST), run(ours, LONGEST)


CASES: dict[str, Any] = {NEWTON: newton, FIXED: fixed, CHAIN: chain, FLOOR: rounding}


def two_gaps(case: str, other: Trace, ours: Trace, mu: float) -> tuple[np.ndarray, np.ndarray]:
    """Values less the minimum of both runs."""
    if case == FLOOR:
        least = soft_maximum(0, mu, 10, 20).minimum
        return abs(other.value - least), abs(ours.value - least)
    f = CURVES["log-cosh"] if case == NEWTON else Power(Valley(), 2.0)
    return (other.value if case == CHAIN else f(other.x)), ours.value
