"""Error and bound of a reduced model against its number of modes, on controls that it has not seen."""

from collections.abc import Iterator
from functools import cache

import numpy as np

from optilab.core.claim import Claim
from optilab.papers.multiobjective_pde.algorithm import (
    FullModel,
    ReducedModel,
    effectivity_bound,
    error_bound,
    pod,
    solve_state,
)
from optilab.papers.multiobjective_pde.problems import MaxPDE, Tracking, cells

Array = np.ndarray
SNAPSHOTS, FRESH, SIZE = 40, 8, 20.0


@cache
def square() -> Tracking:
    """31 × 31 nodes, κ = 10, 4 × 4 controls; targets zero, as only the state is looked at."""
    pde = MaxPDE(31, 2, 10.0, cells(31, 2, 4))
    return Tracking(pde, np.zeros((1, pde.N)), np.ones(1))


@cache
def basis(seed: int) -> tuple[Array, Array, Array]:
    """All modes of 40 snapshots with q ~ 20 N(0, 1), (N, modes); 8 fresh controls (8, 16) and their states (8, N)."""
    pde, rng = square().pde, np.random.default_rng(seed)
    seen, fresh = SIZE * rng.normal(size=(SNAPSHOTS, pde.p)), SIZE * rng.normal(size=(FRESH, pde.p))
    snapshots, states = (np.array([solve_state(pde, pde.drive(q))[0] for q in group]) for group in (seen, fresh))
    return pod(pde, snapshots.T), fresh, states


@cache
def errors(seed: int, modes: int) -> tuple[Array, Array]:
    """‖y − ŷ‖_A and its bound Δ on the fresh controls, with so many modes: (8,) each."""
    V, fresh, states = basis(seed)
    pde = square().pde
    model = ReducedModel(FullModel(square()), V[:, :modes])
    reduced = np.array([model.state(q) for q in fresh])
    bounds = [error_bound(pde, y, pde.drive(q)) for y, q in zip(reduced, fresh, strict=True)]
    return np.asarray(pde.energy(states - reduced)), np.array(bounds)


def modes(quick: bool) -> Iterator[Claim]:
    """The bound is above the error at every number of modes, and never far above; errors drop at 16 modes."""
    seeds, counts = (range(2), (4, 8, 16, 24)) if quick else (range(8), (1, 2, 4, 8, 12, 16, 20, 24, 30))
    pairs = [[errors(seed, count) for count in counts] for seed in seeds]
    error, bound = (np.array([[pair[k] for pair in row] for row in pairs]) for k in (0, 1))  # (seeds, counts, 8)
    told = error > 1e-6
    ratio = bound[told] / error[told]
    yield Claim("modes: Δ over the error, the least", ratio.min(), at_least=1 - 1e-9)
    yield Claim("modes: Δ over the error, the largest", ratio.max(), at_most=effectivity_bound(square().pde))
    mean = error.mean(-1)
    drop = mean[:, counts.index(8)] / mean[:, counts.index(16)]
    yield Claim.over("modes: error with 8 over that with 16, the number of controls", drop, np.min, at_least=20)
