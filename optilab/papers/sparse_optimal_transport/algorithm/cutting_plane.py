"""The certified maximum of a semi-dual with kinks: cutting planes in a box, one linear program a step.

Every column's part of S lies on one side of its tangents: Ω*_{bⱼ}(α − cⱼ) ≥ Ω*_{bⱼ}(α_l − cⱼ) + ⟨tⱼ(α_l), α − α_l⟩.
The highest point under the tangents found so far, within r of the best α, is asked next. Where no side of the box holds
it down, the weights λ_lj with which the tangents hold it up mix the columns tⱼ(α_l) to a plan that meets both
marginals. What that plan costs in the convex problem behind the dual is a bound on max S, by weak duality: once it is
no more than the best S found, both are the maximum.

Tangents for each column rather than for S: a new one for one column goes with all old ones of the others.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from optilab.classics.adam import adam
from optilab.core.check import require
from optilab.core.run import algorithm, run
from optilab.papers.sparse_optimal_transport.algorithm.dual import SemiDual
from optilab.papers.sparse_optimal_transport.algorithm.theory import relaxed_cost

KEPT = 40  # of Adam's points, the last ones: as many tangents a column at the start


class Cut(NamedTuple):
    """State after the linear program of this step."""

    alpha: np.ndarray  # (m,) the best so far
    value: float  # S there
    bound: float  # the highest point under the tangents, an upper bound of max S if it is free
    free: bool  # whether no side of the box holds it down
    mixed: np.ndarray  # (m, n) columns Σ_l λ_lj tⱼ(α_l); both marginals are right if it is free


class Certificate(NamedTuple):
    """The maximum of S, from both sides."""

    alpha: np.ndarray  # (m,)
    value: float  # S(α), a lower bound
    bound: float  # an upper bound, within the tolerance of it: what the mixed plan costs
    mixed: np.ndarray  # (m, n) the plan of the convex problem that the dual really solves
    programs: int  # linear programs solved


@algorithm
def cutting_plane(semi_dual: SemiDual, alpha0: np.ndarray | None = None, *, radius: float = 0.1) -> Iterator[Cut]:
    """Maximise S by cutting planes in a box around the best point, one instance.

    Parameters
    ----------
    semi_dual : SemiDual
        S, with few potentials.
    alpha0 : array (m,) or (points, m), optional
        Where to start, at 0 without it; or points whose tangents are there from the start.
    radius : float
        Half a side r of the box, in units of the cost.

    Raises
    ------
    ValueError
        If the starts aren't points of one instance or the radius isn't positive.
    """
    points = _checked(semi_dual, alpha0, radius)
    values, _, columns = semi_dual.oracle(points)
    slopes = columns.dense  # (points, n, m) tangents ⟨slope, α⟩ + height of every column
    heights = columns.value - np.vecdot(slopes, points[:, None])
    best, value = points[values.argmax()], float(values.max())
    bound, free, mixed = np.inf, False, slopes[values.argmax()].T
    while True:
        yield Cut(best, value, bound, free, mixed)
        bound, alpha, weights, free = _highest(semi_dual, slopes, heights, best, radius)
        mixed = (weights[..., None] * slopes).sum(0).T
        new, _, columns = semi_dual.oracle(alpha)
        slopes = np.concatenate([slopes, columns.dense[None]])
        heights = np.concatenate([heights, (columns.value - columns.dense @ alpha)[None]])
        if new > value:
            best, value = alpha, float(new)


def _checked(semi_dual: SemiDual, alpha0: np.ndarray | None, radius: float) -> np.ndarray:
    """The starts (points, m), once they are known to be points of one instance."""
    points = np.atleast_2d(semi_dual.start if alpha0 is None else np.array(alpha0, float))
    allowed = f"(m,) or (points, m) with m = {semi_dual.problem.m}: one instance"
    fits = points.ndim == 2 and points.shape[1:] == semi_dual.problem.a.shape
    require(fits, "the start's shape", points.shape, allowed)
    require(0 < radius < np.inf, "radius", radius, "positive and finite")
    return points


def _highest(
    semi_dual: SemiDual, slopes: np.ndarray, heights: np.ndarray, best: np.ndarray, radius: float
) -> tuple[float, np.ndarray, np.ndarray, bool]:
    """The linear program max ⟨α, a⟩ − Σ zⱼ over (α, z), zⱼ ≥ ⟨slope_lj, α⟩ + height_lj for all l, in the box.

    The box is |α − best|_∞ ≤ r with α₁ = best₁, since S doesn't see a shift of α. Returns the maximum, α, the
    multipliers λ (points, n) of the tangents, and whether no side of the box holds the maximum down.
    """
    *shape, m = slopes.shape
    earned = sparse.kron(np.ones((shape[0], 1)), sparse.eye_array(shape[1]))
    tangents = sparse.hstack([sparse.csr_array(slopes.reshape(-1, m)), -earned])
    sides = np.column_stack([best - radius, best + radius])
    sides[0] = best[0]
    objective = np.concatenate([-semi_dual.problem.a, np.ones(shape[1])])
    bounds = [*sides, *[(None, None)] * shape[1]]
    found = linprog(objective, tangents, -heights.ravel(), bounds=bounds, method="highs")
    require(found.status == 0, "the linear program", found.message, "solvable")
    held = np.abs(found.lower.marginals[1:m]) + np.abs(found.upper.marginals[1:m])
    weights = -found.ineqlin.marginals.reshape(shape)
    return -float(found.fun), found.x[:m], weights, bool((held < 1e-12).all())


def certified(
    semi_dual: SemiDual, *, steps: int = 200, alpha: float = 0.01, tolerance: float = 1e-6, most: int = 2000
) -> Certificate:
    """The maximum of S to within `tolerance`, and the mixed plan that proves it.

    Adam runs first: its last points are spread around the kinks of the maximum, and their tangents save nine in ten of
    the linear programs.

    Parameters
    ----------
    semi_dual : SemiDual
        One instance: 48 sources and 6 targets, or 24 and 24, take a few seconds at most.
    steps, alpha
        Of Adam from 0: how many, and their size.
    tolerance : float
        At most this between value and bound, in units of the cost; linear programs err by up to about 1e-8.
    most : int
        Linear programs at most.

    Raises
    ------
    ValueError
        If `most` linear programs don't bring the bounds together.
    """
    require(tolerance > 0, "tolerance", tolerance, "positive")
    points = run(adam(semi_dual.loss, semi_dual.start, alpha=alpha), steps, keep=["x"]).x[-KEPT:]
    bound, mixed = np.inf, np.zeros_like(semi_dual.problem.C)
    for programs, cut in enumerate(cutting_plane(semi_dual, points)):
        if cut.free:
            cost = float(relaxed_cost(semi_dual.problem, cut.mixed, int(semi_dual.k), float(semi_dual.gamma)))
            bound, mixed = min((bound, mixed), (cost, cut.mixed), key=lambda pair: pair[0])
        if bound - cut.value <= tolerance:
            return Certificate(cut.alpha, cut.value, max(bound, cut.value), mixed, programs)
        require(programs < most, "most", most, f"more linear programs: the bounds are {cut.value} and {bound}")
    raise AssertionError("cutting planes don't end")
