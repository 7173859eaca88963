"""Drift-adjusted learning rate (DAL): the step is chosen from the drift that it would make.

    v = ‖H g‖/‖g‖,    h = min(2/vᵖ, lr_max)

One step of gradient descent leaves the negative gradient flow by (h²/2)‖H g‖ to leading order. Where the gradient
points along the steepest eigenvector, v = λ₀ and p = 1 steps 2/λ₀, the edge of stability.

Source: Rosca, Wu, Qin, Dherin, "On a continuous time model of gradient descent dynamics and instability in deep
learning", 2023.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.papers.discretisation_drift.algorithm.derivatives import gradient, hessian_product
from optilab.problems.oracles import Number, Smooth

REACH = 0.01  # how far from θ the finite difference looks


class Adjusted(NamedTuple):
    """State of a drift-adjusted run."""

    theta: np.ndarray  # (*batch, D)
    m: np.ndarray  # (*batch, D) displacement just made
    h: np.ndarray  # (*batch) learning rate just used; NaN at the start
    v: np.ndarray  # (*batch) ‖H g‖/‖g‖ that it was chosen from; NaN at the start and where none was measured


@algorithm
def dal(
    problem: Smooth,
    theta0: np.ndarray,
    *,
    p: Number = 1.0,
    lr_max: Any = 5.0,  # may be infinite
    momentum: Number = 0.0,
    product: str = "exact",
    scaling: tuple[float, float] | None = None,
    lr: Number | None = None,
) -> Iterator[Adjusted]:
    """DAL-p: gradient descent whose learning rate min(2/vᵖ, lr_max) follows the drift per gradient v = ‖H g‖/‖g‖.

    A step costs a gradient and a Hessian-vector product (or a second gradient). A replicate whose gradient is zero
    stays where it is; the run ends when all do.

    Parameters
    ----------
    problem
        With `grad`, and `hvp` for an exact product.
    theta0 : array (*batch, D)
        Start.
    p : number or array (*batch)
        Power in [0, ∞): 1 is DAL; 0 is the constant learning rate 2.
    lr_max : number or array (*batch)
        Cap of the learning rate, positive, may be infinite; taken where v = 0 and p > 0.
    momentum : number or array (*batch)
        In [0, 1).
    product : {"exact", "difference"}
        H g from the Hessian-vector product, or as a forward difference of the gradient over a distance 0.01.
    scaling : pair (start, stop), optional
        Adjust only in iterations k with start < k < stop, counted from 0; step with `lr` in the others.
    lr : number or array (*batch), optional
        Learning rate outside `scaling`.

    Raises
    ------
    ValueError
        If a parameter is not allowed, or only one of `scaling` and `lr` is given.
    """
    theta, p, lr_max, momentum = replicates(theta0, p, lr_max, momentum)
    start, stop, lr = _checked(p, lr_max, momentum, product, scaling, lr)
    m = np.zeros_like(theta)
    h = v = np.full((*theta.shape[:-1], 1), np.nan)
    for k in count():
        yield Adjusted(theta, m, h[..., 0], v[..., 0])
        g = gradient(problem, theta)
        size = np.linalg.norm(g, axis=-1, keepdims=True)
        moving = size != 0
        if not moving.any():
            return
        if start < k < stop:
            Hg = hessian_product(problem, theta, g) if product == "exact" else difference(problem, theta, g, size)
            v = np.linalg.norm(Hg, axis=-1, keepdims=True) / np.where(moving, size, 1)
            with np.errstate(divide="ignore"):
                h = np.minimum(2 / v**p, lr_max)
        else:
            v, h = np.full_like(size, np.nan), np.broadcast_to(lr, size.shape)
        m = np.where(moving, momentum * m - h * g, 0)
        theta = theta + m


def difference(problem: Smooth, theta: np.ndarray, g: np.ndarray, size: np.ndarray) -> np.ndarray:
    """H g as (g(θ + e g) − g(θ))/e with e = 0.01/‖g‖, zero where g is."""
    e = REACH / np.where(size != 0, size, 1)
    return (gradient(problem, theta + e * g) - g) / e


def _checked(p: Any, lr_max: Any, momentum: Any, product: str, scaling: Any, lr: Any) -> tuple[float, float, Any]:
    """The window of `scaling` and the learning rate outside, once all parameters are known to be allowed."""
    require((p >= 0) & (p < np.inf), "p", p[..., 0], "in [0, ∞)")
    require(lr_max > 0, "lr_max", lr_max[..., 0], "positive")
    require((momentum >= 0) & (momentum < 1), "momentum", momentum[..., 0], "in [0, 1)")
    require(product in ("exact", "difference"), "product", product, "'exact' or 'difference'")
    require((scaling is None) == (lr is None), "scaling and lr", (scaling, lr), "given together or not at all")
    window = (-np.inf, np.inf) if scaling is None else scaling
    pair = isinstance(window, tuple | list) and len(window) == 2 and all(isinstance(end, int | float) for end in window)
    require(pair, "scaling", scaling, "a pair of numbers (start, stop)")
    start, stop = window
    lr = np.asarray(1.0 if lr is None else lr)[..., None]
    require((lr > 0) & (lr < np.inf), "lr", lr, "positive and finite")
    return start, stop, lr
