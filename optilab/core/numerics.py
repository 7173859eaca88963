"""Numerics that many papers need: directions, the complex step, Runge–Kutta, powers and steps on log axes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.check import require, whole

Array = np.ndarray
EPSILON = 1e-20  # of a complex step: its square vanishes beside 1, and nothing cancels


def unit(x: Array) -> Array:
    """The direction x/‖x‖ along the last axis, zero where x is: (..., d) → (..., d)."""
    x = np.asarray(x)
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    directions = np.zeros(x.shape, np.result_type(x, length))  # floats for integers
    return np.divide(x, length, out=directions, where=length != 0)


def complex_step(function: Callable[[Array], Array], x: Array, v: Array) -> Array:
    """Derivative of an analytic function at a real x along a real v, Im f(x + iεv)/ε, exact to rounding.

    Source: W. Squire, G. Trapp, "Using complex variables to estimate derivatives of real functions", 1998.

    Raises
    ------
    ValueError
        If the function is real at a complex point, which no analytic one is that varies.
    """
    value = function(x + 1j * EPSILON * np.asarray(v))
    require(np.iscomplexobj(value), "a value at a complex point", value.dtype, "complex: the function is analytic")
    return value.imag / EPSILON


def rk4(field: Callable[[Any, Array], Array], t: float, y: Array, h: float | Array) -> Array:
    """One classical Runge–Kutta step of order 4 and length h, from y at time t along ẏ = field(t, y).

    Parameters
    ----------
    field : function of t and y
        The velocity, of the shape of y.
    t : float
        When; passed on.
    y : array
        Where.
    h : number or array
        Length of the step, of a shape that multiplies y.
    """
    k1 = field(t, y)
    k2 = field(t + h / 2, y + h / 2 * k1)
    k3 = field(t + h / 2, y + h / 2 * k2)
    k4 = field(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def log_slope(x: Array, y: Array) -> float:
    """The power p of a law y ∝ xᵖ: slope of log y over log x by least squares; points whose y is NaN are left out.

    Parameters
    ----------
    x, y : arrays (points,)
        Positive numbers.

    Raises
    ------
    ValueError
        If the shapes differ, a number isn't positive and finite, or fewer than two points are left.
    """
    x, y = np.asarray(x), np.asarray(y)
    require(x.ndim == 1 and x.shape == y.shape, "the shapes of x and y", (x.shape, y.shape), "(points,) both")
    known = ~np.isnan(y)
    for name, values in (("x", x), ("y", y)):
        require((values[known] > 0) & (values[known] < np.inf), name, values, "positive and finite")
    require(known.sum() >= 2, "the number of points", known.sum(), "2 or more")
    return float(np.polyfit(np.log(x[known]), np.log(y[known]), 1)[0])


def log_steps(T: int, count: int = 50, first: int = 1) -> Array:
    """Whole numbers from `first` to T, evenly on a log axis: (points,) of int, at most `count`.

    Raises
    ------
    ValueError
        If a number isn't whole, `first` is below 1, `count` below 2 or T below `first`.
    """
    require(whole(first, 1), "first", first, "a whole number, 1 or more")
    require(whole(count, 2), "count", count, "a whole number, 2 or more")
    require(whole(T, first), "T", T, f"a whole number, {first}, the first, or more")
    return np.unique(np.round(np.geomspace(first, T, count)).astype(int))
