"""Continuation along the Pareto set, and points seen from the ideal one by Pascoletti and Serafini."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.multiobjective_pde.algorithm import FullModel, continuation, pascoletti_serafini
from optilab.papers.multiobjective_pde.experiment.fronts import ends_of, pair

Array = np.ndarray
DIRECTIONS = ((1.0, 1.0), (1.0, 3.0), (3.0, 1.0))


class Spacing(NamedTuple):
    """A continuation."""

    gaps: Array  # between neighbours over ds, without the last
    residual: Array  # |F| of each point
    kinks: int
    corrections: int


def spacing(seed: int | None) -> Spacing:
    """Continuation along a pair's front with ds of a twelfth of its length."""
    first, last = ends_of(seed)
    ds = float(np.linalg.norm(last.J - first.J)) / 12
    trace = run(continuation(FullModel(pair(seed)), first, ds=ds), 200)
    gaps = np.linalg.norm(np.diff(trace.J, axis=0), axis=-1) / ds
    return Spacing(gaps[:-1], trace.residual, int((trace.status == "kink").sum()), int(trace.corrections.sum()))


def seen_from(seed: int | None) -> Array:
    """|λᵀr − 1| and |Σ λ_i ∇J_i| where Pascoletti–Serafini ends, for three directions from 0.01 below ideal: (3, 2)."""
    first, last = ends_of(seed)
    model, length = FullModel(pair(seed)), float(np.linalg.norm(last.J - first.J))
    z, rows = np.array([first.J[0], last.J[1]]) - 0.01, []
    for r in np.array(DIRECTIONS):
        *_, end = pascoletti_serafini(model, first.q, z=z, r=r, rho=100 / length)
        rows.append((abs(end.lam @ r - 1), np.linalg.norm(end.lam @ model.gradients(end.q)[1])))
    return np.array(rows)


def along(quick: bool) -> Iterator[Claim]:
    """Even steps along the set, a gradient that vanishes or a kink that is named; multipliers that fit."""
    seeds: list[int | None] = [None, *range(2 if quick else 15)]
    walks = [spacing(seed) for seed in seeds]
    least, most = (np.array([reduce(walk.gaps) for walk in walks]) for reduce in (np.min, np.max))
    yield Claim.over("continuation: gap over ds, the least", least, np.min, at_least=0.8)
    yield Claim.over("continuation: gap over ds, the largest", most, np.max, at_most=1.3)
    smooth = np.array([np.sort(walk.residual)[: len(walk.residual) - walk.kinks].max() for walk in walks])
    yield Claim.over("continuation: |F| off kinks, the largest", smooth, np.max, at_most=1e-8)
    worst = np.array([walk.residual.max() for walk in walks])
    yield Claim.over("continuation: |F| at kinks, the largest", worst, np.max, at_most=1e-4)
    found = np.array([seen_from(seed) for seed in seeds])
    yield Claim.over("Pascoletti–Serafini: |λᵀr − 1|, the largest", found[..., 0].max(-1), np.max, at_most=1e-3)
    yield Claim.over("Pascoletti–Serafini: |Σ λᵢ∇Jᵢ|, the largest", found[..., 1].max(-1), np.max, at_most=1e-3)
