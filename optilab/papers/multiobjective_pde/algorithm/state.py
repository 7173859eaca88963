"""The state: semismooth Newton (a primal active set), and the fixed point that it is compared with."""

from collections.abc import Iterator
from inspect import unwrap
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.papers.multiobjective_pde.problems import MaxPDE

Array = np.ndarray


class NotConvergedError(RuntimeError):
    """An iteration that did not arrive; `residuals` are the norms on its way."""

    def __init__(self, what: str, residuals: list[float]):
        super().__init__(
            f"{what} did not converge: after {len(residuals) - 1} steps the residual is {residuals[-1]:.3g}"
        )
        self.residuals = residuals


class StateIterate(NamedTuple):
    """A state of either iteration."""

    y: Array  # (*batch, N)
    residual: Array  # (*batch) L² norm of Ay + κ max(0, y) − u
    limit: Array  # (*batch) what the residual is to reach


def _checked(pde: MaxPDE, u: Array, y: Array | None, tol: float) -> tuple[Array, Array]:
    """The right side and the start as floats of the same shape."""
    u = np.asarray(u, float)
    require(u.shape[-1:] == (pde.N,), "the shape of u", u.shape, f"(*batch, {pde.N})")
    require(np.isfinite(u), "u", u, "finite")
    y = np.zeros_like(u) if y is None else np.array(y, float)
    require(y.shape == u.shape, "the shape of y", y.shape, f"that of u, {u.shape}")
    require(tol > 0, "tol", tol, "positive")
    return u, y


@algorithm
def semismooth_newton(pde: MaxPDE, u: Array, y: Array | None = None, *, tol: float = 1e-10) -> Iterator[StateIterate]:
    """Semismooth Newton for A y + κ max(0, y) = u: full steps, one linear solve each; ends at ‖r‖ ≤ tol · max(1, ‖u‖).

    One instance: the set where y > 0, and with it the matrix, differs from replicate to replicate.

    Parameters
    ----------
    pde : MaxPDE
        Gives A and κ.
    u : array (N,)
        Right side.
    y : array (N,), optional
        Where to start; 0 by default.
    tol : float
        Of the residual.

    Raises
    ------
    ValueError
        If a shape doesn't fit, or `tol` is not positive.

    Source: the primal active set of M. Hintermüller, K. Ito, K. Kunisch (2003), as in Bernreuther, Müller,
    Volkwein (2022).
    """
    u, y = _checked(pde, u, y, tol)
    require(u.ndim == 1, "the shape of u", u.shape, f"({pde.N},)")
    limit = tol * np.maximum(1, pde.norm(u))
    r = pde.residual(y, u)
    size = np.asarray(pde.norm(r))
    yield StateIterate(y, size, limit)
    while size > limit:
        s = pde.solve(y > 0, r)  # the derivative of max(0, y) at y = 0 is taken as 0
        y = y - s
        r = pde.residual(y, u)
        size = np.asarray(pde.norm(r))
        yield StateIterate(y, size, limit)


_newton = unwrap(semismooth_newton)  # without what a call from outside is asked, which takes longer than a step


def solve_state(
    pde: MaxPDE, u: Array, y: Array | None = None, *, tol: float = 1e-10, maxit: int = 50
) -> tuple[Array, int]:
    """The state y (N,) of a right side u (N,), by semismooth Newton from `y`, and how many linear solves it took.

    Raises
    ------
    ValueError
        As `semismooth_newton`, or if `maxit` is no whole number of 1 or more.
    NotConvergedError
        If `maxit` steps don't suffice; it has the residuals.
    """
    require(whole(maxit, 1), "maxit", maxit, "a whole number, 1 or more")
    residuals = []
    for state in _newton(pde, u, y, tol=tol):
        residuals.append(float(state.residual))
        if len(residuals) > maxit:
            break
    if not residuals[-1] <= state.limit:
        raise NotConvergedError("semismooth Newton", residuals)
    return state.y, len(residuals) - 1


@algorithm
def fixed_point(pde: MaxPDE, u: Array, y: Array | None = None, *, tol: float = 1e-8) -> Iterator[StateIterate]:
    """The baseline A y⁺ = u − κ max(0, y): a contraction for κ < λ_min(A) where y > 0; above it may alternate for ever.

    Parameters
    ----------
    pde : MaxPDE
        Gives A and κ.
    u : array (*batch, N)
        Right sides.
    y : array (*batch, N), optional
        Where to start; 0 by default.
    tol : float
        Replicates end at ‖r‖ ≤ tol · max(1, ‖u‖), and stay there.

    Raises
    ------
    ValueError
        If a shape doesn't fit, or `tol` is not positive.
    """
    u, y = _checked(pde, u, y, tol)
    limit = tol * np.maximum(1, pde.norm(u))
    residual = np.asarray(pde.norm(pde.residual(y, u)))
    yield StateIterate(y, residual, limit)
    while (residual > limit).any():
        right = (u - pde.kappa * np.maximum(0, y)).reshape(-1, pde.N)
        y = np.where((residual > limit)[..., None], pde.inverse(right.T).T.reshape(u.shape), y)
        residual = np.asarray(pde.norm(pde.residual(y, u)))
        yield StateIterate(y, residual, limit)


def contraction(pde: MaxPDE) -> float:
    """κ/λ_min(A), by which a step of `fixed_point` shrinks the error at least while this is below 1."""
    return pde.kappa / pde.smallest
