"""Heavy ball (Polyak, 1964): gradient descent that remembers its last step.

    x⁺ = x − α ∇f(x) + β (x − x⁻)

On a quadratic with eigenvalues in [μ, L], the tuned α, β contract the error by
(√κ − 1)/(√κ + 1) a step, κ = L/μ; plain gradient descent manages (κ − 1)/(κ + 1).

Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Smooth


class HeavyBall(NamedTuple):
    """Position and momentum."""

    x: np.ndarray  # (*batch, d) position
    v: np.ndarray  # (*batch, d) last displacement


@algorithm
def heavy_ball(problem: Smooth, x0: np.ndarray, *, alpha: Number, beta: Number) -> Iterator[HeavyBall]:
    """Iterate x⁺ = x − α ∇f(x) + β (x − x⁻) from rest; one gradient a step.

    Parameters
    ----------
    problem : Smooth
        Has `grad`.
    x0 : array (*batch, d)
        Where to start.
    alpha : number or array (*batch)
        Step size, positive.
    beta : number or array (*batch)
        Share of the last displacement that is kept, in [0, 1).

    Raises
    ------
    ValueError
        If alpha or beta isn't in its range.
    """
    x, alpha, beta = replicates(x0, alpha, beta)
    require((alpha > 0) & (alpha < np.inf), "the step size alpha", alpha[..., 0], "positive and finite")
    require((beta >= 0) & (beta < 1), "the momentum beta", beta[..., 0], "in [0, 1)")
    v = np.zeros_like(x)
    while True:
        yield HeavyBall(x, v)
        v = beta * v - alpha * problem.grad(x)
        x = x + v


def tuned(mu: float, L: float) -> dict[str, float]:
    """Polyak's α and β for eigenvalues in [mu, L]."""
    require(0 < mu <= L < np.inf, "mu and L", (mu, L), "0 < mu <= L < inf")
    return {
        "alpha": float(4 / (np.sqrt(L) + np.sqrt(mu)) ** 2),
        "beta": float(((np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))) ** 2),
    }


def multipliers(eigenvalue: Number, alpha: Number, beta: Number) -> np.ndarray:
    """The two eigenvalues ρ of one update along an eigenvector of the Hessian: (...) → (..., 2), complex.

    They solve ρ² − (1 + β − αλ) ρ + β = 0.
    """
    beta = np.asarray(beta)
    trace = 1 + beta - np.asarray(alpha) * eigenvalue
    root = np.sqrt(trace**2 - 4 * beta + 0j)
    return np.stack([trace + root, trace - root], -1) / 2


def rate(eigenvalue: Number, alpha: Number, beta: Number) -> np.ndarray:
    """Largest |ρ| along one eigenvector (...): the factor on the error per step in the long run."""
    return abs(multipliers(eigenvalue, alpha, beta)).max(-1)
