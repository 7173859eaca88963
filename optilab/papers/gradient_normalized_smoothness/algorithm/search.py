"""The gradient-regularised Newton step, with a radius γ that is known or searched for."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import advance, algorithm, replicates
from optilab.papers.gradient_normalized_smoothness.algorithm.hessians import Hessian, shifted
from optilab.problems.metric import Metric, euclidean
from optilab.problems.oracles import Number, Valued

Array = np.ndarray
GOING, CONVERGED, STALLED = 0, 1, 2
STATUS = ("going", "converged", "stalled")
LOST = 1e30  # a point this far out has diverged: what its oracles say is no longer an error


class Goal(NamedTuple):
    """When to stop: f − minimum below eps, where the minimum is known, or ‖g‖_* at most grad_tol."""

    minimum: Number | None = None
    eps: float = 0.0
    grad_tol: float = 0.0

    def status(self, value: Array, norm: Array) -> Array:
        """`CONVERGED` or `GOING`, from f (*batch) and ‖g‖_* (*batch)."""
        near = np.zeros(np.shape(value), dtype=bool) if self.minimum is None else value - self.minimum < self.eps
        return np.where(near | (norm <= self.grad_tol), CONVERGED, GOING)

    def check(self) -> None:
        """Refuse a negative or non-finite tolerance, and a minimum that is no number."""
        for name, value in (("eps", self.eps), ("grad_tol", self.grad_tol)):
            require(0 <= value < np.inf, name, value, "finite, 0 or more")
        require(self.minimum is None or np.isfinite(self.minimum).all(), "minimum", self.minimum, "finite, or None")


NEVER = Goal()  # stops where the gradient is 0


class Point(NamedTuple):
    """A point with what is known of f there."""

    x: Array  # (*batch, d)
    value: Array  # (*batch) f(x)
    g: Array  # (*batch, d) ∇f(x)
    norm: Array  # (*batch) ‖∇f(x)‖_*

    @property
    def finite(self) -> Array:
        """Where f and its gradient are numbers: (*batch)."""
        return np.isfinite(self.value) & np.isfinite(self.norm)


def look(problem: Any, x: Array, metric: Metric) -> Point:
    """Ask for f and its gradient at x (*batch, d)."""
    g = problem.grad(x)
    return Point(x, problem(x), g, metric.dual(g))


def begin(problem: Any, x0: Array, metric: Metric | None, goal: Goal, **weights: Number) -> tuple[Any, ...]:
    """The first point, the metric, the status and the weights (*batch), once they are known to be allowed."""
    x, *given = replicates(x0, *weights.values())
    metric = metric or euclidean(x.shape[-1])
    require(len(metric.B) == x.shape[-1], "the size of metric B", len(metric.B), f"that of a point, {x.shape[-1]}")
    for name, value in zip(weights, given, strict=True):
        require((value > 0) & np.isfinite(value), name, weights[name], "a positive number")
    goal.check()
    require(np.isfinite(x), "the starting point", x0, "finite")
    at = look(problem, x, metric)
    require(at.finite, "f and its gradient at the start", (at.value, at.g), "finite")
    lifted = [np.broadcast_to(value[..., 0], x.shape[:-1]) + 0.0 for value in given]
    return at, metric, goal.status(at.value, at.norm), *lifted


class Newton(NamedTuple):
    """A state of the adaptive search."""

    x: Array  # (*batch, d) the point
    value: Array  # (*batch) f(x)
    norm: Array  # (*batch) ‖∇f(x)‖_*
    gamma: Array  # (*batch) the γ_k that was accepted on the way here
    trial: Array  # (*batch) the γ to be tried next
    probes: Array  # (*batch) trial points so far
    failures: Array  # (*batch) probes so far at which H + λB was not positive definite
    status: Array  # (*batch) one of `STATUS`


@algorithm
def gns(
    problem: Valued,
    x0: Array,
    *,
    hessian: Hessian,
    metric: Metric | None = None,
    gamma0: Number = 1.0,
    gamma_min: float = 1e-9,
    max_inner: int = 60,
    goal: Goal = NEVER,
) -> Iterator[Newton]:
    """Gradient-regularised Newton steps whose γ is halved until f falls enough, and doubled after each step.

    A probe costs one solve, one f and one ∇f; H is formed once a step. Ends when no replicate is going any more.

    Parameters
    ----------
    problem
        Has a value and `grad`.
    x0 : array (*batch, d)
        Where to start.
    hessian : function
        x (*batch, d) → H(x), a matrix (*batch, d, d) or `RankOne`.
    metric : Metric
        B; the identity by default.
    gamma0 : number or array (*batch)
        The first γ to try, positive.
    gamma_min : float
        The least γ to begin a search with, positive.
    max_inner : int
        Probes after which a step is given up: the replicate has stalled.
    goal : Goal
        When to stop.

    Raises
    ------
    ValueError
        If an argument is not allowed, f or its gradient isn't finite at the start, or H isn't a finite symmetric matrix
        (says the iteration).

    Source: Algorithms 1 and 3 of the paper, the acceptance rule as in the authors' code.
    """
    require(whole(max_inner, 1), "max_inner", max_inner, "a whole number, 1 or more")
    require(gamma_min > 0, "gamma_min", gamma_min, "positive")
    at, metric, status, gamma = begin(problem, x0, metric, goal, gamma0=gamma0)
    used, probes, failures, k = gamma, np.zeros(status.shape, int), np.zeros(status.shape, int), 0
    yield Newton(at.x, at.value, at.norm, used, gamma, probes, failures, status)
    while (status == GOING).any():
        H = shifted(hessian(at.x), at.x, metric, k)
        after, searching = at, status == GOING
        for _ in range(max_inner):
            lam = np.where(searching, at.norm / gamma, 1.0)
            positive = searching & H.positive(lam)
            d = H.step(at.g, np.where(positive, lam, np.inf))  # no step where H + λB isn't positive definite
            there = look(problem, at.x + d, metric)
            enough = at.value - there.value >= there.norm**2 / (8 * lam)  # Lemma 1
            accepted = positive & there.finite & enough
            probes, failures = probes + searching, failures + (searching & ~positive)
            after, used = advance(accepted, there, after), np.where(accepted, gamma, used)
            searching = searching & ~accepted
            gamma = np.where(searching, gamma / 2, gamma)
            if not searching.any():
                break
        going, at, k = (status == GOING) & ~searching, after, k + 1
        gamma = np.where(going, np.maximum(2 * gamma, gamma_min), gamma)
        status = np.where(searching, STALLED, np.where(going, goal.status(at.value, at.norm), status))
        yield Newton(at.x, at.value, at.norm, used, gamma, probes, failures, status)


class Regularized(NamedTuple):
    """A state of the method whose γ is known."""

    x: Array  # (*batch, d) the point
    gamma: Array  # (*batch) the γ_k of the step that led here; before the first step it says nothing


@algorithm
def regularized_newton(
    problem: Valued,
    x0: Array,
    *,
    hessian: Hessian,
    gamma: Number | Callable[[Array, Array], Array],
    metric: Metric | None = None,
) -> Iterator[Regularized]:
    """Newton steps with λ_k = ‖g_k‖_*/γ_k and no search; pure Newton as γ → ∞. Divergence is data.

    Parameters
    ----------
    problem
        Has a value and `grad`.
    x0 : array (*batch, d)
        Where to start.
    hessian : function
        x (*batch, d) → H(x), as in `gns`.
    gamma : number, array (*batch), or function
        The radius, positive; or what gives it (*batch) from x (*batch, d) and ‖∇f(x)‖_* (*batch).
    metric : Metric
        B; the identity by default.

    Raises
    ------
    ValueError
        If an argument is not allowed, f or its gradient isn't finite at the start, or H isn't a finite symmetric matrix
        (says the iteration).

    Source: Algorithm 1 of the paper.
    """
    at, metric, _, fixed = begin(problem, x0, metric, NEVER, gamma=1.0 if callable(gamma) else gamma)
    yield Regularized(at.x, fixed)
    for k in count():
        H = shifted(hessian(at.x), at.x, metric, k)
        used = gamma(at.x, at.norm) if callable(gamma) else fixed
        d = H.step(at.g, at.norm / used)
        x = at.x + np.where(at.norm[..., None] > 0, d, 0.0)
        yield Regularized(x, used)
        there = look(problem, x, metric)
        known = there.finite & (abs(x) < LOST).all(-1)
        if not known.any():
            return
        at = advance(known, there, at)  # a replicate that is lost goes on from its last good point, unseen
