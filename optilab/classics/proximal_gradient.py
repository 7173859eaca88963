"""The proximal gradient method and its accelerated form, for a smooth part plus a simple one.

    x⁺ = prox_{χ/L}(x − ∇f(x)/L)
    x⁺ = prox_{χ/L}(y − ∇f(y)/L),   y⁺ = x⁺ + (t − 1)/t⁺ (x⁺ − x),   t⁺ = (1 + √(1 + 4t²))/2

Source: A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", SIAM
Journal on Imaging Sciences 2, 2009, the methods (3.1) and (4.1)–(4.3) and Theorems 3.1 and 4.4.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, SmoothAndSimple


class Proximal(NamedTuple):
    """A point and where the next gradient is taken."""

    x: np.ndarray  # (*batch, d)
    y: np.ndarray  # (*batch, d)


def _begin(x0: np.ndarray, L: Number) -> tuple[np.ndarray, np.ndarray]:
    """The start (*batch, d) and L with a last axis of 1, refused where it isn't positive and finite."""
    x, L = replicates(x0, L)
    require((L > 0) & np.isfinite(L), "L", L[..., 0], "positive and finite")
    return x, L


@algorithm
def proximal_gradient(problem: SmoothAndSimple, x0: np.ndarray, *, L: Number) -> Iterator[Proximal]:
    """Gradient steps of length 1/L on the smooth part, each followed by the proximal map of the simple part.

    Parameters
    ----------
    problem : SmoothAndSimple
        Has `grad` of f and `prox` of χ.
    x0 : array (*batch, d)
        Where to start.
    L : number or array (*batch)
        Lipschitz constant of the gradient of f.

    Raises
    ------
    ValueError
        If L isn't positive and finite.
    """
    x, L = _begin(x0, L)
    while True:
        yield Proximal(x, x)
        x = problem.prox(x - problem.grad(x) / L, 1 / L[..., 0])


@algorithm
def fast_proximal_gradient(problem: SmoothAndSimple, x0: np.ndarray, *, L: Number) -> Iterator[Proximal]:
    """The same from a point that momentum has carried ahead; parameters and errors as in `proximal_gradient`."""
    x, L = _begin(x0, L)
    y, t = x, 1.0
    while True:
        yield Proximal(x, y)
        x_next = problem.prox(y - problem.grad(y) / L, 1 / L[..., 0])
        t_next = (1 + np.sqrt(1 + 4 * t**2)) / 2
        y = x_next + (t - 1) / t_next * (x_next - x)
        x, t = x_next, t_next


def gap_bound(k: int | np.ndarray, L: float, distance: Number) -> np.ndarray:
    """Bound L D²/(2k) on the gap of `proximal_gradient` after k ≥ 1 steps, D = ‖x₀ − x*‖.

    Raises
    ------
    ValueError
        If k isn't 1 or more or L isn't positive.
    """
    _check_bound(k, L)
    return L * np.square(distance) / (2 * np.asarray(k))


def fast_gap_bound(k: int | np.ndarray, L: float, distance: Number) -> np.ndarray:
    """Bound 2 L D²/(k + 1)² on the gap of `fast_proximal_gradient` after k ≥ 1 steps, D = ‖x₀ − x*‖.

    Raises
    ------
    ValueError
        If k isn't 1 or more or L isn't positive.
    """
    _check_bound(k, L)
    return 2 * L * np.square(distance) / (np.asarray(k) + 1.0) ** 2


def _check_bound(k: int | np.ndarray, L: float) -> None:
    require(np.asarray(k) >= 1, "k", k, "1 or more")
    require(L > 0, "L", L, "positive")
