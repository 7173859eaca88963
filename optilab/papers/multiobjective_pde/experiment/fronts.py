"""The front of two targets: how even, at how many full solves, and how certain."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.claim import Claim
from optilab.papers.multiobjective_pde.algorithm import (
    Certified,
    FullModel,
    Minimiser,
    Point,
    Weighted,
    ends,
    gap_ratio,
    quasi_newton,
    reference_walk,
    started,
    trust_region,
    weighted_sum,
)
from optilab.papers.multiobjective_pde.problems import Tracking, random_targets, standard

Array = np.ndarray
POINTS = 16  # of the weighted sum


class Front(NamedTuple):
    """What one method gave."""

    J: Array  # (points, 2)
    q: Array  # (points, p)
    solves: int  # full linear solves, those for the ends apart
    modes: int  # of the reduced model, 0 without one
    error: float  # largest |J_i − Ĵ_i| of accepted points, by full states that are not counted
    certain: float  # largest |J_i − Ĵ_i| over what is certified for it, point by point
    delta: float  # largest Δ of an accepted point
    events: list[tuple[int, int]]  # minimisations at which the model was enriched, and modes after it
    counts: Array  # (points,) full solves up to each point

    @property
    def length(self) -> float:
        """Distance of the ends in objective space."""
        return float(np.linalg.norm(self.J[-1] - self.J[0]))

    @property
    def ratio(self) -> float:
        """Longest over shortest gap between neighbours; of a walk without its last piece."""
        return gap_ratio(self.J)


@cache
def pair(seed: int | None) -> Tracking:
    """The standard pair of targets (None) or the random one of a seed."""
    return standard() if seed is None else random_targets(np.random.default_rng(seed))


@cache
def ends_of(seed: int | None) -> tuple[Point, ...]:
    """Both ends of the pair's front."""
    return tuple(ends(FullModel(pair(seed))))


def _collected(model: FullModel, states: Iterator[Any], leave: int = 0) -> Front:
    """The points of a run and what the full model was asked for; without the last ones that are to be left out."""
    points, counts = [], []
    for state in states:
        points.append(state)
        counts.append(model.total)
    kept = points[: len(points) - leave]
    J, q = np.array([p.J for p in kept]), np.array([p.q for p in kept])
    return Front(J, q, counts[-1], 0, 0.0, 0.0, 0.0, [], np.array(counts))


@cache
def weighted_front(seed: int | None, minimise: Minimiser = quasi_newton) -> Front:
    """16 equal weights."""
    model = FullModel(pair(seed))
    alphas = np.linspace(1, 0, POINTS)
    return _collected(model, weighted_sum(model, np.zeros(model.problem.pde.p), alphas=alphas, minimise=minimise))


@cache
def reference_front(seed: int | None, minimise: Minimiser = quasi_newton) -> Front:
    """The reference-point walk by full solves; its last, shorter piece is left out of `J`."""
    model = FullModel(pair(seed))
    return _collected(model, reference_walk(model, *ends_of(seed), minimise=minimise), leave=1)


@cache
def reduced_front(seed: int | None, tol: float, minimise: Minimiser = quasi_newton) -> Front:
    """The same walk on a reduced model that starts with the fields at the first end and grows until Δ ≤ tol."""
    first, last = ends_of(seed)
    full = FullModel(pair(seed))
    model, solver = started(full, first.q), Certified(tol, minimise)
    walk = _collected(full, reference_walk(model, first, last, minimise=solver), leave=1)
    exact = FullModel(pair(seed))
    error = np.array([abs(exact.values(q) - J) for q, J in zip(walk.q, walk.J, strict=True)])
    certain = error[1:] / np.array(solver.bounds)  # the first point is an end, and of the full model
    return walk._replace(
        modes=model.V.shape[1],
        error=float(error.max()),
        certain=float(certain.max()),
        delta=max(solver.deltas),
        events=solver.events,
    )


@cache
def trusted(seed: int | None) -> tuple[float, float]:
    """The trust region against L-BFGS-B for ½J₁ + ½J₂ from q = 0: its part of the full solves; relative excess of φ."""
    middle, zero = Weighted(np.full(2, 0.5)), np.zeros(pair(seed).pde.p)
    full, plain = FullModel(pair(seed)), FullModel(pair(seed))
    *_, end = trust_region(full, middle, zero)
    found = quasi_newton(plain, middle, zero)
    return full.total / plain.total, end.value / middle.value(found.J) - 1


def fronts(quick: bool) -> Iterator[Claim]:
    """The walk is even on every pair of targets, and a reduced model makes it cheap, with a bound on its error."""
    seeds = range(3 if quick else 30)
    tol = 1e-2
    weighted, walk, cheap = (
        [make(seed) for seed in seeds]
        for make in (weighted_front, reference_front, lambda seed: reduced_front(seed, tol))
    )
    even = np.array([front.ratio for front in walk])
    yield Claim.over("front: gap ratio of the reference walk, the largest", even, np.max, at_most=1.2)
    against = even / [front.ratio for front in weighted]
    statement = "front: gap ratio of the reference walk over that of the weighted sum, the largest"
    yield Claim.over(statement, against, np.max, at_most=0.9)
    saved = np.array([full.solves / small.solves for full, small in zip(walk, cheap, strict=True)])
    yield Claim.over("reduced model: full solves over its own, the least", saved, np.min, at_least=20)
    error = np.array([front.error / front.length for front in cheap])
    yield Claim.over("reduced model: error of J over the front's length, the largest", error, np.max, at_most=2e-3)
    certain = np.array([front.certain for front in cheap])
    statement = "reduced model: error of J over what is certified there, the largest"
    yield Claim.over(statement, certain, np.max, at_most=0.25)
    delta = np.array([front.delta / tol for front in cheap])
    yield Claim.over("reduced model: Δ over its tolerance, the largest", delta, np.max, at_most=1)
    part, excess = np.array([trusted(seed) for seed in seeds]).T
    yield Claim.over("trust region: its full solves over those of L-BFGS-B, the most", part, np.max, at_most=0.8)
    yield Claim.over("trust region: objective above that of L-BFGS-B, relative, the most", excess, np.max, at_most=1e-5)
    if not quick:
        for tol, solves in ((1e-1, 9), (1e-2, 22), (1e-3, 44)):
            front = reduced_front(None, tol)
            yield Claim(f"standard pair, tol {tol:g}: full solves", front.solves, solves + 6, solves - 6)
