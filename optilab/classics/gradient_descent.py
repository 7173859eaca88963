"""Gradient descent (Cauchy, 1847): step against the gradient.

    x⁺ = x − α ∇f(x)

Source: Y. Nesterov, "Introductory Lectures on Convex Optimization", 2004, section 2.1.5; the bound on the gap is
tight: Y. Drori, M. Teboulle, "Performance of first-order methods for smooth convex minimization", 2014, Theorem 3.1.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Smooth


class Descent(NamedTuple):
    """A point."""

    x: np.ndarray  # (*batch, d)


@algorithm
def gradient_descent(problem: Smooth, x0: np.ndarray, *, alpha: Number) -> Iterator[Descent]:
    """Iterate x⁺ = x − α ∇f(x); one gradient a step.

    Parameters
    ----------
    problem : Smooth
        Has `grad`.
    x0 : array (*batch, d)
        Where to start.
    alpha : number or array (*batch)
        Step size, positive.

    Raises
    ------
    ValueError
        If alpha isn't positive and finite.
    """
    x, alpha = replicates(x0, alpha)
    require((alpha > 0) & (alpha < np.inf), "the step size alpha", alpha[..., 0], "positive and finite")
    while True:
        yield Descent(x)
        x = x - alpha * problem.grad(x)


def tuned(mu: float, L: float) -> dict[str, float]:
    """The α that contracts fastest where the Hessian's eigenvalues lie in [mu, L]: 2/(mu + L)."""
    require(0 < mu <= L < np.inf, "mu and L", (mu, L), "0 < mu <= L < inf")
    return {"alpha": 2 / (mu + L)}


def rate(alpha: Number, mu: float, L: float) -> np.ndarray:
    """Factor max(|1 − αμ|, |1 − αL|) on ‖x − x*‖ per step if f is mu-strongly convex with an L-Lipschitz gradient.

    Raises
    ------
    ValueError
        If alpha isn't positive, or not 0 <= mu <= L.
    """
    alpha = np.asarray(alpha)
    require(alpha > 0, "alpha", alpha, "positive")
    require(0 <= mu <= L, "mu and L", (mu, L), "0 <= mu <= L")
    return np.maximum(abs(1 - alpha * mu), abs(1 - alpha * L))


def gap_bound(k: int | np.ndarray, L: float, distance: Number, alpha: float | None = None) -> np.ndarray:
    """Bound L D²/(4kαL + 2) on f(x_k) − f* for convex f, D = ‖x₀ − x*‖ and a step α ≤ 1/L (1/L by default).

    Raises
    ------
    ValueError
        If k is negative, L isn't positive or alpha isn't in (0, 1/L].
    """
    require(np.asarray(k) >= 0, "k", k, "0 or more")
    require(L > 0, "L", L, "positive")
    h = 1.0 if alpha is None else alpha * L
    require(0 < h <= 1, "alpha", alpha, f"in (0, 1/L], 1/L = {1 / L}")
    return L * np.square(distance) / (4 * np.asarray(k) * h + 2)
