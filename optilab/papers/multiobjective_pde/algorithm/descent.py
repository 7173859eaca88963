"""Descent of all objectives at once: along the shortest mix of gradients, and across kinks."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from optilab.classics.mgda import common_descent, least_norm
from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.papers.multiobjective_pde.algorithm.models import Model

Array = np.ndarray
JAMMED = 1e-10  # a step this short gets nowhere


class Objectives(Protocol):
    """Several locally Lipschitz functions of a point."""

    k: int

    def __call__(self, x: Array) -> Array:
        """All values at x (*batch, d): (*batch, k)."""

    def subgradient(self, x: Array, i: int) -> Array:
        """A subgradient of f_i at x: (*batch, d)."""


class OfControl:
    """The objectives of a model as functions of the control, gradients by one adjoint solve each."""

    def __init__(self, model: Model):
        self.model, self.k = model, model.problem.k

    def __call__(self, x: Array) -> Array:
        """J(x): (k,)."""
        return self.model.values(x)

    def subgradient(self, x: Array, i: int) -> Array:
        """∇J_i(x), or a subgradient of Bouligand's kind: (p,)."""
        return self.model.gradients(x)[1][i]


class Descent(NamedTuple):
    """A state of `mgda`."""

    x: Array  # (*batch, d)
    f: Array  # (*batch, k)
    v: Array  # (*batch, d) the direction that led here
    moved: Array  # (*batch) t|v|


@algorithm
def mgda(problem: Objectives, x: Array, *, delta: float = 1e-3, c: float = 0.25, t0: float = 1.0) -> Iterator[Descent]:
    """Steepest common descent (the smooth baseline): v = −(the shortest mix of gradients), Armijo on all objectives.

    A replicate ends where |v| ≤ δ, or jams: no step longer than 10⁻¹⁰ lowers all objectives by c t|v|².

    Parameters
    ----------
    problem : Objectives
        Gradients are its subgradients.
    x : array (*batch, d)
        Where to start.
    delta, c, t0 : float
        δ > 0, c in (0, 1), the first step t₀ > 0 of each line search, which halves it.

    Raises
    ------
    ValueError
        If one of these is not allowed.

    Source: J. Fliege, B. F. Svaiter (2000); J.-A. Désidéri (2012).
    """
    _check(delta, c, t0)
    x = np.array(x, float)
    f = problem(x)
    batch = f.shape[:-1]
    yield Descent(x, f, np.zeros_like(x), np.zeros(batch))
    going = np.ones(batch, bool)
    while going.any():
        v = common_descent(np.stack([problem.subgradient(x, i) for i in range(problem.k)], -2))
        square = (v**2).sum(-1)
        going &= np.sqrt(square) > delta
        t, trying = np.full(batch, t0), going.copy()
        while trying.any():
            new = x + np.where(going, t, 0.0)[..., None] * v
            trying &= (problem(new) > f - (c * t * square)[..., None]).any(-1)
            t = np.where(trying, t / 2, t)
            jammed = trying & (t * np.sqrt(square) < JAMMED)
            going, trying = going & ~jammed, trying & ~jammed
        if not going.any():
            return
        x = np.where(going[..., None], x + t[..., None] * v, x)
        f = np.where(going[..., None], problem(x), f)
        yield Descent(x, f, np.where(going[..., None], v, 0.0), np.where(going, t * np.sqrt(square), 0.0))


def _check(delta: float, c: float, t0: float) -> None:
    require(delta > 0, "delta", delta, "positive")
    require(0 < c < 1, "c", c, "in (0, 1)")
    require(t0 > 0, "t0", t0, "positive")


class Direction(NamedTuple):
    """A common descent direction, and the subgradients that it took."""

    v: Array  # (d,)
    W: Array  # (elements, d)


def direction(problem: Objectives, x: Array, *, eps: float, delta: float, c: float = 0.25) -> Direction:
    """The shortest mix v of subgradients from within ε of x along which all f_i fall by c ε|v|, or |v| ≤ δ.

    W begins with one subgradient of each f_i. As long as some f_i doesn't fall enough at the distance ε, one more
    subgradient of it is looked for on the way there.

    Raises
    ------
    ValueError
        If ε or δ is not positive, or c not in (0, 1).
    RuntimeError
        If no new subgradient is found in 60 halvings.
    """
    require(eps > 0, "eps", eps, "positive")
    _check(delta, c, 1.0)
    W = np.array([problem.subgradient(x, i) for i in range(problem.k)])
    f = problem(x)
    while True:
        v = -least_norm(W).point
        length = np.linalg.norm(v)
        if length <= delta:
            return Direction(v, W)
        ahead = problem(x + eps / length * v)
        missed = np.flatnonzero(ahead > f - c * eps * length)
        if len(missed) == 0:
            return Direction(v, W)
        W = np.concatenate([W, [new_subgradient(problem, x, v, i, eps=eps, c=c) for i in missed.tolist()]])


def new_subgradient(problem: Objectives, x: Array, v: Array, i: int, *, eps: float, c: float) -> Array:
    """A subgradient ξ of f_i between x and x + εv/|v| with ⟨v, ξ⟩ > −c|v|², by bisection: (d,).

    h(s) = f_i(x + sv) − f_i(x) + c s|v|² is positive at the far end and 0 at x, so it rises somewhere between.

    Raises
    ------
    RuntimeError
        If 60 halvings don't find one.
    """
    square = v @ v
    before = problem(x)[i]

    def h(s: float) -> float:
        return float(problem(x + s * v)[i] - before + c * s * square)

    a, b = 0.0, eps / np.sqrt(square)
    for _ in range(60):
        t = (a + b) / 2
        xi = problem.subgradient(x + t * v, i)
        if v @ xi > -c * square:
            return xi
        if h(b) > h(t):
            a = t
        else:
            b = t
    raise RuntimeError(f"no new subgradient of objective {i} at x = {x} along v = {v} in 60 halvings")


class GoldsteinStep(NamedTuple):
    """A state of the descent across kinks."""

    x: Array  # (d,)
    f: Array  # (k,)
    v: Array  # (d,) the direction that led here
    t: float  # and its step
    elements: int  # subgradients that the direction took


@algorithm
def gebken_peitz(
    problem: Objectives,
    x: Array,
    *,
    eps: float = 1e-3,
    delta: float = 1e-3,
    c: float = 0.25,
    t0: float = 1.0,
    most: int = 1000,
) -> Iterator[GoldsteinStep]:
    """Common descent for locally Lipschitz objectives; ends (ε, δ)-critical: |v| ≤ δ.

    One instance: each step gathers as many subgradients as it needs. Repeat with smaller ε, δ from the last x to come
    to a Pareto-critical point.

    Parameters
    ----------
    problem : Objectives
        Values and subgradients.
    x : array (d,)
        Where to start.
    eps, delta : float
        Radius ε > 0 in which subgradients are gathered; criticality δ > 0.
    c, t0 : float
        Armijo's share, in (0, 1), and the first step of a line search; a step is never shorter than ε.
    most : int
        Steps at most.

    Raises
    ------
    ValueError
        If one of these is not allowed.

    Source: B. Gebken, S. Peitz, "An Efficient Descent Method for Locally Lipschitz Multiobjective Optimization
    Problems", J. Optim. Theory Appl. 188, 2021.
    """
    require(eps > 0, "eps", eps, "positive")
    _check(delta, c, t0)
    x = np.array(x, float)
    require(x.ndim == 1, "the shape of x", x.shape, "(d,)")
    f = problem(x)
    yield GoldsteinStep(x, f, np.zeros_like(x), 0.0, 0)
    for _ in range(most):
        v, W = direction(problem, x, eps=eps, delta=delta, c=c)
        length = float(np.linalg.norm(v))
        if length <= delta:
            return
        t, least = t0, eps / length  # at which `direction` has seen all objectives fall enough
        while t > least and (problem(x + t * v) > f - c * t * length**2).any():
            t /= 2
        t = max(t, least)
        x = x + t * v
        f = problem(x)
        yield GoldsteinStep(x, f, v, t, len(W))


def steps_bound(f0: Array, least: Array, *, eps: float, delta: float, c: float = 0.25) -> float:
    """The number of steps of `gebken_peitz` at most: min_i (f_i(x₀) − inf f_i)/(c ε δ)."""
    return float(((np.asarray(f0) - least) / (c * eps * delta)).min())
