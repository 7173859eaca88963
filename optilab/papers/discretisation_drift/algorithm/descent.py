"""Gradient descent, plain or with momentum: what the flows are about."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.papers.discretisation_drift.algorithm.derivatives import gradient


class Descent(NamedTuple):
    """State of gradient descent."""

    theta: np.ndarray  # (*batch, D)
    m: np.ndarray  # (*batch, D) displacement just made


@algorithm
def gradient_descent(
    problem: Any, theta0: np.ndarray, *, h: float | np.ndarray, momentum: float | np.ndarray = 0.0
) -> Iterator[Descent]:
    """Iterate m ← momentum · m − h g(θ), θ ← θ + m from rest; one gradient a step.

    Parameters
    ----------
    problem
        With `grad`.
    theta0 : array (*batch, D)
        Start.
    h, momentum : number or array (*batch)
        Learning rate, positive and finite, and momentum in [0, 1).

    Raises
    ------
    ValueError
        If a parameter is not allowed.
    """
    theta, h, momentum = replicates(theta0, h, momentum)
    require((h > 0) & (h < np.inf), "h", h[..., 0], "positive and finite")
    require((momentum >= 0) & (momentum < 1), "momentum", momentum[..., 0], "in [0, 1)")
    m = np.zeros_like(theta)
    while True:
        yield Descent(theta, m)
        m = momentum * m - h * gradient(problem, theta)
        theta = theta + m
