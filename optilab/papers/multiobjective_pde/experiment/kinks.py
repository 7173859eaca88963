"""Twenty starts around a crescent: who gets down from its kinks."""

from collections.abc import Iterator
from functools import cache

import numpy as np

from optilab.classics.mgda import common_descent
from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.multiobjective_pde.algorithm import direction, gebken_peitz, mgda, steps_bound
from optilab.papers.multiobjective_pde.problems import Crescent

Array = np.ndarray
EPS = DELTA = 1e-3
C = 0.25
STARTS = 20


def starts(seed: int) -> Array:
    """Uniform in [−1.5, 1.5]²: (20, 2)."""
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (STARTS, 2))


def critical(x: Array) -> float:
    """|v| of the direction from within ε at x (2,): at most δ where x is critical."""
    return float(np.linalg.norm(direction(Crescent(), x, eps=EPS, delta=DELTA, c=C).v))


@cache
def descents(seed: int) -> list[Array]:
    """Five numbers for each start of the descent across kinks.

    |v| where it ends, its steps, the elements that it gathered, the bound on its steps, and the least fall of an
    objective over what is promised, c ε|v|.
    """
    problem, rows = Crescent(), []
    for x in starts(seed):
        trace = run(gebken_peitz(problem, x, eps=EPS, delta=DELTA, c=C), 2000)
        fall = -np.diff(trace.f, axis=0).max(-1) / (C * EPS * np.linalg.norm(trace.v[1:], axis=-1))
        bound = steps_bound(trace.f[0], np.array(problem.least), eps=EPS, delta=DELTA, c=C)
        least = fall.min() if len(fall) else np.inf
        rows.append(np.array([critical(trace.x[-1]), len(fall), trace.elements.sum(), bound, least]))
    return rows


@cache
def jams(seed: int) -> Array:
    """Where MGDA on gradients ends above δ: |v| of the direction from within ε there, (jammed,)."""
    problem = Crescent()
    last = run(mgda(problem, starts(seed), delta=DELTA, c=C), 5000).x[-1]
    v = common_descent(np.stack([problem.subgradient(last, i) for i in range(2)], -2))
    return np.array([critical(x) for x in last[np.linalg.norm(v, axis=-1) > DELTA]])


def kinks(quick: bool) -> Iterator[Claim]:
    """Descent across kinks arrives from everywhere; steepest descent jams where it need not."""
    seeds = range(2 if quick else 12)
    table = np.array([descents(seed) for seed in seeds])  # (seeds, starts, 5)
    there = (table[..., 0] <= DELTA).sum(-1)
    yield Claim.over(
        "crescent: starts of 20 from which descent across kinks arrives, the least", there, np.min, at_least=20
    )
    yield Claim("crescent: fall of each objective over c ε‖v‖, the least", table[..., 4].min(), at_least=1 - 1e-9)
    stuck = np.array([(jams(seed) > DELTA).sum() for seed in seeds])
    yield Claim.over("crescent: starts of 20 where MGDA jams and needn't, the least", stuck, np.min, at_least=2)
