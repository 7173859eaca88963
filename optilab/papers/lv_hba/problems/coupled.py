"""Bilevel problems whose lower level is constrained by g(x, y) ≤ 0 or g(x, y) = 0, and projections onto such sets."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from optilab.core.check import require, whole
from optilab.core.counted import Counted
from optilab.problems import bilevel
from optilab.problems.bilevel import Bilevel
from optilab.problems.oracles import Coupling

Array = np.ndarray
Pair = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class Affine:
    """The coupling g(x, y) = H x + A y − b, l rows.

    Parameters
    ----------
    H : array (l, n) or (*batch, l, n)
    A : array (l, m) or (*batch, l, m)
    b : array (l,) or (*batch, l)
    """

    H: Array
    A: Array
    b: Array

    def __post_init__(self) -> None:
        for name in ("H", "A", "b"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        require(self.b.ndim >= 1, "the shape of b", self.b.shape, "(*batch, l)")
        rows = self.b.shape[-1]
        for name, sizes in (("H", "n"), ("A", "m")):
            shape = getattr(self, name).shape
            require(len(shape) >= 2 and shape[-2] == rows, f"the shape of {name}", shape, f"(*batch, {rows}, {sizes})")

    def __call__(self, x: Array, y: Array) -> Array:
        """H x + A y − b: (*batch, l)."""
        return np.matvec(self.H, x) + np.matvec(self.A, y) - self.b

    def pull_x(self, x: Array, y: Array, lam: Array) -> Array:
        """Hᵀλ: (*batch, n)."""
        return np.matvec(self.H.mT, lam)

    def pull_y(self, x: Array, y: Array, lam: Array) -> Array:
        """Aᵀλ: (*batch, m)."""
        return np.matvec(self.A.mT, lam)

    @cached_property
    def joint_pinv(self) -> Array:
        """The pseudo-inverse of (H A): (*batch, n + m, l)."""
        batch = np.broadcast_shapes(self.H.shape[:-2], self.A.shape[:-2])
        wide = [np.broadcast_to(part, (*batch, *part.shape[-2:])) for part in (self.H, self.A)]
        return np.linalg.pinv(np.concatenate(wide, -1))

    def project(self, x: Array, y: Array) -> Pair:
        """Project (x, y) jointly onto g = 0: w − M†(M w − b) with M = (H A)."""
        shift = np.matvec(self.joint_pinv, self(x, y))
        n = self.H.shape[-1]
        return x - shift[..., :n], y - shift[..., n:]


def unconstrained(n: int, m: int) -> Affine:
    """No constraint at all: l = 0 rows."""
    return Affine(np.zeros((0, n)), np.zeros((0, m)), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Coupled(Bilevel):
    """min F(x, y) over x ∈ X and the y that minimise f(x, ·) over {y ∈ Y: g(x, y) ≤ 0}, or = 0.

    Parameters
    ----------
    coupling : Coupling
        g, with l rows; none by default.
    rows : int
        l.
    low, high : float
        The box Z = [low, high]^l of the multipliers: low = 0 for inequalities, −high for equations.
    project : callable
        Joint projection onto C = {(x, y) ∈ X × Y: g(x, y) ≤ 0}, or = 0: (x, y) → (x, y).
    multiplier : callable, optional
        x (*batch, n) → the lower multiplier (*batch, l) at `solution`.
    """

    coupling: Coupling = field(default_factory=lambda: unconstrained(1, 1))
    rows: int = 0
    low: float = 0.0
    high: float = 1000.0
    project: Callable[[Array, Array], Pair] = lambda x, y: (x, y)
    multiplier: Callable[[Array], Array] | None = None

    def __post_init__(self) -> None:
        require(whole(self.rows), "rows", self.rows, "a whole number, 0 or more")
        require(self.low < self.high, "low", self.low, f"below high = {self.high}, or Z is empty")

    def clip(self, lam: Array) -> Array:
        """Π_Z: (*batch, l)."""
        return np.clip(lam, self.low, self.high)


@dataclass(frozen=True, eq=False)
class QuadraticLevel:
    """½xᵀP x + xᵀR y + ½yᵀQ y + pᵀx + qᵀy + s, P and Q symmetric.

    Parameters
    ----------
    P, R, Q : arrays (n, n), (n, m), (m, m)
    p, q : arrays (n,), (m,)
    s : float
    """

    P: Array
    R: Array
    Q: Array
    p: Array
    q: Array
    s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("P", "R", "Q", "p", "q"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        require(self.p.ndim == 1, "the shape of p", self.p.shape, "(n,)")
        require(self.q.ndim == 1, "the shape of q", self.q.shape, "(m,)")
        n, m = len(self.p), len(self.q)
        for name, shape in (("P", (n, n)), ("R", (n, m)), ("Q", (m, m))):
            found = getattr(self, name).shape
            require(found == shape, f"the shape of {name}", found, f"{shape}")
        for name in ("P", "Q"):
            matrix = getattr(self, name)
            require(np.allclose(matrix, matrix.T), name, matrix, "symmetric")

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        of_x = np.vecdot(x, np.matvec(self.P, x) / 2 + np.matvec(self.R, y) + self.p)
        return of_x + np.vecdot(y, np.matvec(self.Q, y) / 2 + self.q) + self.s

    def grad_x(self, x: Array, y: Array) -> Array:
        """P x + R y + p: (*batch, n)."""
        return np.matvec(self.P, x) + np.matvec(self.R, y) + self.p

    def grad_y(self, x: Array, y: Array) -> Array:
        """Rᵀx + Q y + q: (*batch, m)."""
        return np.matvec(self.R.T, x) + np.matvec(self.Q, y) + self.q

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """Q v: (*batch, m)."""
        return np.matvec(self.Q, v)

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """R v: (*batch, n)."""
        return np.matvec(self.R, v)


def dykstra(projections: Sequence[Callable[[Array], Array]], steps: int) -> Callable[[Array], Array]:
    """Projection onto an intersection of convex sets, from the projections onto each of them, by Dykstra's method.

    Parameters
    ----------
    projections : sequence of callables
        Points (*batch, d) → their projections (*batch, d).
    steps : int
        Rounds over all sets; the result is exact in the limit.

    Returns
    -------
    callable
        (*batch, d) → (*batch, d).
    """
    require(whole(steps, 1), "steps", steps, "a whole number, 1 or more")
    require(len(projections) >= 1, "projections", projections, "one function or more")

    def project(w: Array) -> Array:
        corrections = [np.zeros_like(w) for _ in projections]
        for _ in range(steps):
            for k, onto in enumerate(projections):
                moved = w + corrections[k]
                w = onto(moved)
                corrections[k] = moved - w
        return w

    return project


KINDS = {"__call__": "constraint values", "pull_x": "Jacobian products", "pull_y": "Jacobian products"}


def counted(problem: Coupled) -> Coupled:
    """The same problem, counting what its levels, its coupling and its joint projection are asked for."""
    coupling: Any = Counted(problem.coupling, KINDS)
    project: Any = Counted(problem.project, {"__call__": "joint projections"})
    upper, lower = (getattr(bilevel.counted(problem), level) for level in ("upper", "lower"))
    return replace(problem, upper=upper, lower=lower, coupling=coupling, project=project)


def calls(problem: Coupled) -> Counter[str]:
    """What a `counted` problem has been asked for, by kind.

    Raises
    ------
    ValueError
        If it doesn't count.
    """
    total = bilevel.calls(problem)
    for part in (problem.coupling, problem.project):
        total += getattr(part, "calls", Counter())
    return total
