"""Following a flow in complex numbers: Runge–Kutta or Euler steps, long runs and restarts at every iterate."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import AnyArray, require, whole
from optilab.core.numerics import rk4
from optilab.core.run import algorithm, replicates, within

Field = Callable[[np.ndarray], np.ndarray]
LIMIT = 1e8  # a replicate longer than this has diverged


def require_rate(h: float | np.ndarray) -> np.ndarray:
    """The learning rate h as an array, refused unless positive and finite."""
    h = np.asarray(h)
    require((h > 0) & (h < np.inf), "h", h, "positive and finite")
    return h


def require_integrator(n_sub: int, method: str) -> None:
    """Refuse a number of sub-steps or a method that is not allowed."""
    require(whole(n_sub, 1), "n_sub", n_sub, "a positive integer")
    require(method in ("rk4", "euler"), "method", method, "'rk4' or 'euler'")


class Flow(NamedTuple):
    """A point of a flow."""

    theta: np.ndarray  # (*batch, D) complex, NaN once it has left the ball of radius 1e8
    t: np.ndarray  # (*batch) time


def integrate_flow(
    field: Field, theta0: AnyArray, T: float | np.ndarray, n_sub: int, method: str = "rk4"
) -> np.ndarray:
    """End point θ(T) of θ̇ = field(θ) from `theta0`, in complex128.

    Parameters
    ----------
    field : function
        (*batch, D) → (*batch, D).
    theta0 : array (*batch, D)
        Start. With all iterates of gradient descent as the batch and T = h, the flow restarts at each of them.
    T : number or array (*batch)
        Time to follow the flow.
    n_sub : int
        Sub-steps to take; for `method="rk4"` four to forty per learning rate are enough.
    method : {"rk4", "euler"}
        The classical Runge–Kutta method of order 4, or Euler's.

    Returns
    -------
    array (*batch, D), complex
        Where the flow is at time T; NaN where it has left the finite numbers or the ball of radius 1e8.

    Raises
    ------
    ValueError
        If an argument is not allowed, or the gradient not complex-analytic.
    """
    numeric = np.issubdtype(np.asarray(theta0).dtype, np.number)
    require(numeric, "the dtype of theta0", np.asarray(theta0).dtype, "a number's")
    require_integrator(n_sub, method)
    require((np.asarray(T) >= 0) & np.isfinite(T), "T", T, "0 or more, and finite")
    theta, T = replicates(np.asarray(theta0, complex), T)
    dt = T / n_sub
    with np.errstate(all="ignore"):
        for _ in range(n_sub):
            theta = rk4(lambda _t, y: field(y), 0.0, theta, dt) if method == "rk4" else theta + dt * field(theta)
            theta = np.where(within(theta, LIMIT)[..., None], theta, np.nan)
    return theta


@algorithm
def follow(
    field: Field, theta0: np.ndarray, *, h: float | np.ndarray, n_sub: int = 20, method: str = "rk4"
) -> Iterator[Flow]:
    """The flow at t = 0, h, 2h, …, started once: what is compared with the iterates of gradient descent.

    On a loss that is not quadratic a long complex run may leave the domain: see `restarts` then.

    Parameters
    ----------
    field : function
        (*batch, D) → (*batch, D).
    theta0 : array (*batch, D)
        Start.
    h : number or array (*batch)
        Time between two states, the learning rate.
    n_sub, method
        Sub-steps for each h, and how they are made: see `integrate_flow`.

    Raises
    ------
    ValueError
        If an argument is not allowed.
    """
    require_rate(h)
    theta, _ = replicates(np.asarray(theta0, complex), h)
    t = np.zeros(theta.shape[:-1])
    require_integrator(n_sub, method)
    while True:
        yield Flow(theta, t)
        theta, t = integrate_flow(field, theta, h, n_sub, method), t + h


def restarts(field: Field, iterates: np.ndarray, h: float | np.ndarray, n_sub: int = 10) -> np.ndarray:
    """Where the flow, restarted at every iterate (steps, *batch, D), is one learning rate later: the same shape."""
    require_rate(h)
    return integrate_flow(field, iterates, h, n_sub)
