"""The certified maximum of a small semi-dual with kinks: cutting planes in a box, one linear program a step.

S lies below each of its tangents S(α_l) + ⟨∇S(α_l), α − α_l⟩. The highest point under all tangents found so far,
within r of the best α, is asked next. Once it is no higher than the best value, and no side of the box holds it down,
it is a bound on the maximum of S; and the weights λ with which the tangents hold it up mix their plans to one that
meets both marginals.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from optilab.classics.adam import adam
from optilab.core.check import require
from optilab.core.run import algorithm, run
from optilab.papers.sparse_optimal_transport.algorithm.dual import SemiDual


class Cut(NamedTuple):
    """State after the linear program of this step."""

    alpha: np.ndarray  # (m,) the best so far
    value: float  # S there
    bound: float  # the highest point under the tangents, an upper bound of max S if it is free
    free: bool  # whether no side of the box holds it down
    weights: np.ndarray  # (cuts,) λ ≥ 0, of sum 1 if the bound is free
    points: np.ndarray  # (cuts, m) where the tangents touch


class Certificate(NamedTuple):
    """The maximum of S, from both sides."""

    alpha: np.ndarray  # (m,)
    value: float  # S(α), a lower bound
    bound: float  # an upper bound, within the tolerance of it
    mixed: np.ndarray  # (m, n) Σ λ_l T(α_l), the plan of the convex problem that the dual really solves
    programs: int  # linear programs solved


@algorithm
def cutting_plane(semi_dual: SemiDual, alpha0: np.ndarray | None = None, *, radius: float = 0.1) -> Iterator[Cut]:
    """Maximise S by cutting planes in a box around the best point, one instance.

    Parameters
    ----------
    semi_dual : SemiDual
        S, with few potentials.
    alpha0 : array (m,) or (cuts, m), optional
        Where to start, at 0 without it; or points whose tangents are there from the start.
    radius : float
        Half a side r of the box, in units of the cost.

    Raises
    ------
    ValueError
        If the starts aren't points of one instance or the radius isn't positive.
    """
    points = _checked(semi_dual, alpha0, radius)
    values, grads, _ = semi_dual.oracle(points)
    heights = values - (grads * points).sum(-1)  # tangents ⟨grad, α⟩ + height
    best, value = points[values.argmax()], float(values.max())
    bound, free, weights = np.inf, False, np.zeros(len(points))
    while True:
        yield Cut(best, value, bound, free, weights, points)
        bound, alpha, weights, free = _highest(grads, heights, best, radius)
        new, grad, _ = semi_dual.oracle(alpha)
        points, grads = np.vstack([points, alpha]), np.vstack([grads, grad])
        heights = np.append(heights, new - grad @ alpha)
        if new > value:
            best, value = alpha, float(new)


def _checked(semi_dual: SemiDual, alpha0: np.ndarray | None, radius: float) -> np.ndarray:
    """The starts (cuts, m), once they are known to be points of one instance."""
    points = np.atleast_2d(semi_dual.start if alpha0 is None else np.array(alpha0, float))
    allowed = f"(m,) or (cuts, m) with m = {semi_dual.problem.m}: one instance"
    fits = points.ndim == 2 and points.shape[1:] == semi_dual.problem.a.shape
    require(fits, "the start's shape", points.shape, allowed)
    require(0 < radius < np.inf, "radius", radius, "positive and finite")
    return points


def _highest(
    grads: np.ndarray, heights: np.ndarray, best: np.ndarray, radius: float
) -> tuple[float, np.ndarray, np.ndarray, bool]:
    """The linear program max z over (z, α), z ≤ ⟨grad_l, α⟩ + height_l for all l, |α − best|_∞ ≤ r, α₁ = best₁.

    Returns z, α, the multipliers λ of the tangents, and whether no side of the box holds z down. α₁ is pinned since S
    doesn't see a shift of α.
    """
    below = np.column_stack([np.ones(len(grads)), -grads])
    sides = np.column_stack([best - radius, best + radius])
    sides[0] = best[0]
    objective = np.append(-1.0, np.zeros(len(best)))
    found = linprog(objective, below, heights, bounds=[(None, None), *sides], method="highs")
    require(found.status == 0, "the linear program", found.message, "solvable")
    held = np.abs(found.lower.marginals[2:]) + np.abs(found.upper.marginals[2:])
    return float(found.x[0]), found.x[1:], -found.ineqlin.marginals, bool((held < 1e-12).all())


def certified(
    semi_dual: SemiDual, *, steps: int = 200, alpha: float = 0.01, tolerance: float = 1e-6, most: int = 2000
) -> Certificate:
    """The maximum of S to within `tolerance`, and the mixed plan that proves it.

    Adam runs first: its points are spread around the kinks of the maximum, and their tangents save nine in ten of the
    linear programs.

    Parameters
    ----------
    semi_dual : SemiDual
        One instance with few potentials.
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
    points = run(adam(semi_dual.loss, semi_dual.start, alpha=alpha), steps, keep=["x"]).x
    for programs, cut in enumerate(cutting_plane(semi_dual, points)):
        if cut.free and cut.bound - cut.value <= tolerance:
            break
        require(programs < most, "most", most, f"more linear programs: the bounds are {cut.value} and {cut.bound}")
    used = np.flatnonzero(cut.weights)
    plans = semi_dual.plan(cut.points[used])
    mixed = np.tensordot(cut.weights[used], plans, 1)
    return Certificate(cut.alpha, cut.value, cut.bound, mixed, programs)
