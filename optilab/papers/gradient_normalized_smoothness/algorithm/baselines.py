"""What the method is compared with: gradient methods and Newton methods with other searches, all in the metric B."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import advance, algorithm
from optilab.papers.gradient_normalized_smoothness.algorithm.hessians import Hessian, Spectral, shifted
from optilab.papers.gradient_normalized_smoothness.algorithm.search import (
    GOING,
    NEVER,
    STALLED,
    Goal,
    Point,
    begin,
    look,
)
from optilab.problems.metric import Metric
from optilab.problems.oracles import Number, Valued, ValuedHessian

Array = np.ndarray
MOST = 200  # trials after which a step is given up: the replicate has stalled


class Searched(NamedTuple):
    """A state of a method that searches for a weight: an L, or an M."""

    x: Array  # (*batch, d) the point
    value: Array  # (*batch) f(x)
    norm: Array  # (*batch) ‖∇f(x)‖_*
    weight: Array  # (*batch) the one to be tried next
    probes: Array  # (*batch) trial points so far
    status: Array  # (*batch) as in `gns`


Trial = Callable[[Array], tuple[Array, Any]]


def backtrack(trial: Trial, old: Any, weight: Array, factor: float, going: Array) -> tuple[Any, Array, Array, Array]:
    """Multiply the weights of the replicates that are going by `factor` until their trial is accepted.

    Parameters
    ----------
    trial : function
        From weights (*batch) to which are accepted (*batch), and what was found there.
    old
        What a replicate keeps that has none accepted, of the kind that `trial` finds.
    weight : array (*batch)
        What to try first.

    Returns
    -------
    tuple
        What was found, the weights that were accepted, the trials made and which replicates stalled, each (*batch).
    """
    found, tries, searching = old, np.zeros(going.shape, int), going
    for _ in range(MOST):
        accepted, there = trial(weight)
        accepted = accepted & searching
        tries, found = tries + searching, advance(accepted, there, found)
        searching = searching & ~accepted
        if not searching.any():
            break
        weight = np.where(searching, weight * factor, weight)
    return found, weight, tries, searching


def _now(at: Point, weight: Array, probes: Array, status: Array) -> Searched:
    return Searched(at.x, at.value, at.norm, weight, probes, status)


@algorithm
def gm(
    problem: Valued,
    x0: Array,
    *,
    metric: Metric | None = None,
    L0: Number = 1.0,
    L_min: float = 1e-12,
    goal: Goal = NEVER,
) -> Iterator[Searched]:
    """Gradient method x⁺ = x − B⁻¹g/L: L is doubled until f falls by ‖g‖_*²/(2L), and halved after each step.

    Parameters
    ----------
    problem
        Has a value and `grad`.
    x0 : array (*batch, d)
        Where to start.
    metric : Metric
        B; the identity by default.
    L0 : number or array (*batch)
        The first L to try.
    L_min : float
        The least L; far below every curvature, lest the steps stop growing where f flattens out.
    goal : Goal
        When to stop.

    Raises
    ------
    ValueError
        If an argument is not allowed, or f or its gradient isn't finite at the start.
    """
    require(L_min > 0, "L_min", L_min, "positive")
    at, metric, status, L = begin(problem, x0, metric, goal, L0=L0)
    probes = np.zeros(status.shape, int)
    yield _now(at, L, probes, status)
    while (status == GOING).any():
        here, along = at, metric.solve(at.g)

        def trial(L: Array, here: Point = here, along: Array = along) -> tuple[Array, Any]:
            x = here.x - along / L[..., None]
            return problem(x) <= here.value - here.norm**2 / (2 * L), x  # false for NaN

        going = status == GOING
        x, L, tries, stalled = backtrack(trial, at.x, L, 2.0, going)
        at = advance(going, look(problem, x, metric), at)
        L, probes = np.where(going, np.maximum(L / 2, L_min), L), probes + tries
        status = np.where(stalled, STALLED, np.where(going, goal.status(at.value, at.norm), status))
        yield _now(at, L, probes, status)


@algorithm
def gm_const(
    problem: Valued, x0: Array, *, L: Number, metric: Metric | None = None, goal: Goal = NEVER
) -> Iterator[Searched]:
    """Gradient method x⁺ = x − B⁻¹g/L with one L throughout.

    Parameters
    ----------
    problem
        Has a value and `grad`.
    x0 : array (*batch, d)
        Where to start.
    L : number or array (*batch)
        Lipschitz constant of the gradient in B.
    metric : Metric
        B; the identity by default.
    goal : Goal
        When to stop.

    Raises
    ------
    ValueError
        If an argument is not allowed, or f or its gradient isn't finite at the start.
    """
    at, metric, status, weight = begin(problem, x0, metric, goal, L=L)
    probes = np.zeros(status.shape, int)
    yield _now(at, weight, probes, status)
    while (status == GOING).any():
        going = status == GOING
        x = at.x - metric.solve(at.g) / weight[..., None]
        at, probes = advance(going, look(problem, x, metric), at), probes + going
        status = np.where(going, goal.status(at.value, at.norm), status)
        yield _now(at, weight, probes, status)


@algorithm
def fgm(
    problem: Valued,
    x0: Array,
    *,
    metric: Metric | None = None,
    L0: Number = 1.0,
    L_min: float = 1e-12,
    goal: Goal = NEVER,
) -> Iterator[Searched]:
    """Accelerated gradient method with backtracking; the estimate v and the point x meet in y.

    a = (1 + √(1 + 4AL))/(2L), y = (Ax + av)/(A + a), T = y − B⁻¹∇f(y)/L; v⁺ = T + (A/a)(T − x), A⁺ = A + a, x⁺ = T.
    Parameters and errors are those of `gm`.
    """
    require(L_min > 0, "L_min", L_min, "positive")
    at, metric, status, L = begin(problem, x0, metric, goal, L0=L0)
    probes, v, A = np.zeros(status.shape, int), at.x, np.zeros(status.shape)
    yield _now(at, L, probes, status)
    while (status == GOING).any():
        kept = (at.x, v, A)

        def trial(L: Array, kept: tuple[Array, ...] = kept) -> tuple[Array, Any]:
            x, v, A = kept
            a = (1 + np.sqrt(1 + 4 * A * L)) / (2 * L)
            y = (A[..., None] * x + a[..., None] * v) / (A + a)[..., None]
            mid = look(problem, y, metric)
            T = y - metric.solve(mid.g) / L[..., None]
            accepted = problem(T) <= mid.value - mid.norm**2 / (2 * L)
            return accepted, (T, T + (A / a)[..., None] * (T - x), A + a)

        going = status == GOING
        (x, v, A), L, tries, stalled = backtrack(trial, kept, L, 2.0, going)
        at = advance(going, look(problem, x, metric), at)
        L, probes = np.where(going, np.maximum(L / 2, L_min), L), probes + tries
        status = np.where(stalled, STALLED, np.where(going, goal.status(at.value, at.norm), status))
        yield _now(at, L, probes, status)


@algorithm
def super_universal(
    problem: Valued,
    x0: Array,
    *,
    hessian: Hessian,
    alpha: float = 1.0,
    metric: Metric | None = None,
    M0: Number = 1.0,
    M_min: float = 1e-5,
    goal: Goal = NEVER,
) -> Iterator[Searched]:
    """Super-Universal Newton: λ = M‖g‖_*^α; M grows fourfold until ⟨g⁺, −d⟩ ≥ ‖g⁺‖_*²/(4λ), then falls fourfold.

    Parameters
    ----------
    problem, x0, hessian, metric, goal
        As in `gns`.
    alpha : float
        The exponent of the class that the method is told of, in [0, 1]: 1, or ½ where the Hessian is Lipschitz.
    M0 : number or array (*batch)
        The first M to try.
    M_min : float
        The least M.

    Raises
    ------
    ValueError
        As `gns`, and if alpha isn't in [0, 1].
    """
    require(0 <= alpha <= 1, "alpha", alpha, "in [0, 1]")
    require(M_min > 0, "M_min", M_min, "positive")
    at, metric, status, M = begin(problem, x0, metric, goal, M0=M0)
    probes, k = np.zeros(status.shape, int), 0
    yield _now(at, M, probes, status)
    while (status == GOING).any():
        H, going = shifted(hessian(at.x), at.x, metric, k), status == GOING

        def trial(M: Array, here: Point = at, H: Any = H, going: Array = going) -> tuple[Array, Any]:
            lam = np.where(going, M * here.norm**alpha, 1.0)
            positive = H.positive(lam)
            d = H.step(here.g, np.where(positive, lam, np.inf))
            there = look(problem, here.x + d, metric)
            return positive & there.finite & (-(there.g * d).sum(-1) >= there.norm**2 / (4 * lam)), there

        at, M, tries, stalled = backtrack(trial, at, M, 4.0, going)
        M, probes, k = np.where(going, np.maximum(M / 4, M_min), M), probes + tries, k + 1
        status = np.where(stalled, STALLED, np.where(going, goal.status(at.value, at.norm), status))
        yield _now(at, M, probes, status)


@algorithm
def cubic_newton(
    problem: ValuedHessian,
    x0: Array,
    *,
    metric: Metric | None = None,
    M0: Number = 1.0,
    M_min: float = 1e-12,
    goal: Goal = NEVER,
) -> Iterator[Searched]:
    """Cubic Newton: h minimises ⟨g, h⟩ + ½⟨∇²f h, h⟩ + M/6 ‖h‖³; M is doubled until f⁺ lies below that model.

    Parameters
    ----------
    problem
        Has a value, `grad` and `hess`.
    x0, metric, goal
        As in `gns`.
    M0 : number or array (*batch)
        The first M to try, a Lipschitz constant of the Hessian.
    M_min : float
        The least M.

    Raises
    ------
    ValueError
        As `gns`.
    """
    require(M_min > 0, "M_min", M_min, "positive")
    at, metric, status, M = begin(problem, x0, metric, goal, M0=M0)
    probes, k = np.zeros(status.shape, int), 0
    yield _now(at, M, probes, status)
    while (status == GOING).any():
        H, going = shifted(problem.hess(at.x), at.x, metric, k), status == GOING
        assert isinstance(H, Spectral)

        def trial(M: Array, here: Point = at, H: Spectral = H) -> tuple[Array, Any]:
            c = H.coordinates(here.g)
            r = cubic_radius(c, H.w, M)
            z = -_divided(c, H.w, M * r / 2)
            model = (c * z + H.w * z**2 / 2).sum(-1) + M / 6 * r**3
            there = look(problem, here.x + H.point(z), metric)
            return there.finite & (there.value <= here.value + model), there

        at, M, tries, stalled = backtrack(trial, at, M, 2.0, going)
        M, probes, k = np.where(going, np.maximum(M / 2, M_min), M), probes + tries, k + 1
        status = np.where(stalled, STALLED, np.where(going, goal.status(at.value, at.norm), status))
        yield _now(at, M, probes, status)


def _divided(c: Array, w: Array, shift: Array) -> Array:
    """c/(w + shift) in the eigenvectors of H, 0 where the sum is no more than 0: (*batch, d)."""
    sums = w + shift[..., None]
    return np.divide(c, sums, out=np.zeros_like(c), where=sums > 0)


def cubic_radius(c: Array, w: Array, M: Array) -> Array:
    """The length r of the cubic model's minimiser: the root of r = ‖c/(w + Mr/2)‖ above max(0, −2 w_min/M).

    Parameters
    ----------
    c, w : arrays (*batch, d)
        The gradient in the eigenvectors of the pencil (∇²f, B), and its eigenvalues, ascending.
    M : array (*batch)
        Weight of the cube.

    Returns
    -------
    array (*batch)
        By bisection, to rounding.
    """
    low = np.maximum(0.0, -2 * w[..., 0] / M)
    high = low + np.sqrt(2 * np.linalg.norm(c, axis=-1) / M)  # ‖c/(w + Mr/2)‖ ≤ 2‖c‖/(M(r − low))
    for _ in range(60):
        r = (low + high) / 2
        short = np.linalg.norm(_divided(c, w, M * r / 2), axis=-1) > r
        low, high = np.where(short, r, low), np.where(short, high, r)
    return high
