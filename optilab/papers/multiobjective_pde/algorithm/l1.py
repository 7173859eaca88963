"""Along the Pareto set of (f, ‖x‖₁): smooth pieces between kinks at which an index enters or leaves.

On the active set A with signs s the points satisfy ∇f(x)_A = −λs, elsewhere x = 0 and |∇f_i| ≤ λ.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.problems.oracles import ExplicitHessian
from optilab.problems.quadratic import Quadratic

Array = np.ndarray


class PathPoint(NamedTuple):
    """A point of a path."""

    x: Array  # (d,)
    lam: float  # the slope λ of ‖·‖₁ against f
    signs: Array  # (d,) of the active entries on the piece that begins here; 0 elsewhere
    event: str  # "start", "in" and "out" at kinks, "step" between them, "end"
    entry: int  # which entry enters or leaves; −1 for none


@algorithm
def l1_path(f: Quadratic) -> Iterator[PathPoint]:
    """All kinks of the path of f = ½xᵀHx − bᵀx against ‖x‖₁, from x = 0 to λ = 0: every piece is linear, so exact.

    Parameters
    ----------
    f : Quadratic
        H positive definite.

    Raises
    ------
    ValueError
        If H is not positive definite, or b is 0.

    Source: the LASSO homotopy of M. R. Osborne, B. Presnell, B. A. Turlach (2000), in the terms of Bieker, Gebken,
    Peitz, arXiv 2012.07483.
    """
    require(f.mu > 0, "the smallest eigenvalue of H", f.mu, "positive")
    require(np.any(f.b), "b", f.b, "not zero")
    x, signs = np.zeros(len(f.b)), np.zeros(len(f.b))
    changed = int(abs(f.b).argmax())
    lam = float(abs(f.b[changed]))
    signs[changed], left = np.sign(f.b[changed]), 0.0
    yield PathPoint(x, lam, signs, "start", changed)
    while lam > 0:
        A = signs != 0
        slope = np.zeros_like(x)
        slope[A] = -np.linalg.solve(f.A[np.ix_(A, A)], signs[A])  # dx/dλ
        g, bend = f.grad(x), f.A @ slope  # ∇f and its slope in λ
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = {sign: (g - bend * lam) / (sign - bend) for sign in (1.0, -1.0)}  # where ∇f_i = ±λ
            zero = lam - x / slope
        candidates = [(reach[sign][i], "in", i, -sign) for sign in reach for i in np.flatnonzero(~A).tolist()]
        candidates += [(zero[i], "out", i, 0.0) for i in np.flatnonzero(A).tolist()]
        # the index that has just changed meets its own condition here: that is no event
        own = [("out", changed, 0.0)] if signs[changed] else [("in", changed, left)]
        ahead = [one for one in candidates if 0 < one[0] <= lam and one[1:] not in own]
        new, event, index, sign = max(ahead, default=(0.0, "end", -1, 0.0))
        x = x + slope * (new - lam)
        lam, signs = float(new), signs.copy()
        if event != "end":
            changed, left = index, signs[index]
            signs[index] = sign
            x[index] = 0.0
        yield PathPoint(x, lam, signs, event, index)


@algorithm
def l1_continuation(f: ExplicitHessian, d: int, *, ds: float = 0.02, most: int = 1000) -> Iterator[PathPoint]:
    """Follow the path of any smooth f from x = 0 by arc length, so that λ may rise and fall; ends at λ = 0.

    A step goes along the tangent of ∇f(x)_A + λs = 0 in (x_A, λ) and is corrected by Newton's method on that equation
    and the plane τᵀ(Δx, Δλ) = ds; a kink on the way is found by bisection.

    Parameters
    ----------
    f : ExplicitHessian
        Has `grad` and `hess`.
    d : int
        Length of x.
    ds : float
        Arc length of a step, positive.
    most : int
        Steps at most.

    Raises
    ------
    ValueError
        If one of these is not allowed, or ∇f(0) = 0.

    Source: Bieker, Gebken, Peitz, arXiv 2012.07483; the steps are reconstructed.
    """
    require(whole(d, 1), "d", d, "a whole number, 1 or more")
    require(ds > 0, "ds", ds, "positive")
    require(whole(most, 1), "most", most, "a whole number, 1 or more")
    x, g = np.zeros(d), np.asarray(f.grad(np.zeros(d)))
    require(np.any(g), "the gradient at 0", g, "not zero")
    index = int(abs(g).argmax())
    lam, signs = float(abs(g[index])), np.zeros(d)
    signs[index] = -np.sign(g[index])
    yield PathPoint(x, lam, signs, "start", index)
    tau = _oriented(_tangent(f, x, signs), np.flatnonzero(signs) == index, signs[index])
    for _ in range(most):
        far = _moved(f, x, lam, signs, tau, ds)
        event, index = _broken(f, *far, signs), -1
        if event is not None:
            low, high = 0.0, ds
            for _ in range(60):
                middle = (low + high) / 2
                there = _broken(f, *_moved(f, x, lam, signs, tau, middle), signs)
                low, high, event = (middle, high, event) if there is None else (low, middle, there)
            far = _moved(f, x, lam, signs, tau, high)
        x, lam = far
        if event is None:
            yield PathPoint(x, lam, signs, "step", -1)
            tau = _along(_tangent(f, x, signs), tau)
            continue
        kind, index = event
        if kind == "end":
            yield PathPoint(x, 0.0, signs, "end", -1)
            return
        x, signs = x.copy(), signs.copy()
        if kind == "in":
            signs[index] = -np.sign(f.grad(x)[index])
            tau = _oriented(_tangent(f, x, signs), np.flatnonzero(signs) == index, signs[index])
        else:
            signs[index], x[index] = 0.0, 0.0
            tau = _tangent(f, x, signs)
            inward = tau[-1] - np.sign(f.grad(x)[index]) * (f.hess(x)[index][signs != 0] @ tau[:-1])
            tau = tau if inward >= 0 else -tau  # |∇f_i| must fall behind λ
        yield PathPoint(x, lam, signs, kind, index)


def _tangent(f: ExplicitHessian, x: Array, signs: Array) -> Array:
    """A unit vector of the kernel of (H_AA, s): (|A| + 1,)."""
    A = signs != 0
    rows = np.column_stack([f.hess(x)[np.ix_(A, A)], signs[A]])
    return np.linalg.svd(rows)[2][-1]


def _along(tau: Array, before: Array) -> Array:
    """The tangent that goes on."""
    return tau if tau @ before >= 0 else -tau


def _oriented(tau: Array, place: Array, sign: float) -> Array:
    """The tangent along which the entry that has entered grows with its sign."""
    return tau if sign * (tau[:-1] @ place) >= 0 else -tau


def _moved(f: ExplicitHessian, x: Array, lam: float, signs: Array, tau: Array, ds: float) -> tuple[Array, float]:
    """The point of the piece at arc length ds from (x, λ) along τ: x (d,) and λ."""
    A = signs != 0
    new, value = x.copy(), lam + ds * tau[-1]
    new[A] += ds * tau[:-1]
    for _ in range(30):
        rest = f.grad(new)[A] + value * signs[A]
        plane = tau[:-1] @ (new - x)[A] + tau[-1] * (value - lam) - ds
        matrix = np.vstack([np.column_stack([f.hess(new)[np.ix_(A, A)], signs[A]]), tau])
        step = np.linalg.solve(matrix, np.append(rest, plane))
        new[A] -= step[:-1]
        value -= step[-1]
        if abs(step).max() < 1e-13:
            break
    return new, float(value)


def _broken(f: ExplicitHessian, x: Array, lam: float, signs: Array) -> tuple[str, int] | None:
    """Which condition of the piece fails at (x, λ), worst first: ("in" | "out", index), ("end", −1), or none."""
    A = signs != 0
    over = np.where(A, -np.inf, abs(f.grad(x)) - lam)
    under = np.where(A, -signs * x, -np.inf)
    worst = max((-lam, "end", -1), (over.max(), "in", int(over.argmax())), (under.max(), "out", int(under.argmax())))
    return None if worst[0] <= 1e-12 else worst[1:]
