"""Nesterov's accelerated gradients (1983): the gradient is taken at a point ahead of the last one.

    x⁺ = y − ∇f(y)/L,    y⁺ = x⁺ + β (x⁺ − x)

For convex f, β grows as (t − 1)/t⁺ with t⁺ = (1 + √(1 + 4t²))/2 from t = 1 (close to (k − 1)/(k + 2)); for
mu-strongly convex f, β = (√κ − 1)/(√κ + 1) with κ = L/μ.

Sources: Y. Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983, with the
constant of A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm", 2009, Theorem 4.4; and
Y. Nesterov, "Introductory Lectures on Convex Optimization", 2004, Theorem 2.2.3 and scheme (2.2.11).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Smooth


class Accelerated(NamedTuple):
    """A point and the point ahead of it."""

    x: np.ndarray  # (*batch, d)
    y: np.ndarray  # (*batch, d) where the next gradient is taken


@algorithm
def nesterov(problem: Smooth, x0: np.ndarray, *, L: Number) -> Iterator[Accelerated]:
    """Accelerated descent of a convex function; one gradient a step.

    Parameters
    ----------
    problem : Smooth
        Has `grad`.
    x0 : array (*batch, d)
        Where to start.
    L : number or array (*batch)
        Lipschitz constant of the gradient.

    Raises
    ------
    ValueError
        If L isn't positive and finite.
    """
    x, L = replicates(x0, L)
    require((L > 0) & np.isfinite(L), "L", L[..., 0], "positive and finite")
    y, t = x, 1.0
    while True:
        yield Accelerated(x, y)
        x_next = y - problem.grad(y) / L
        t_next = (1 + np.sqrt(1 + 4 * t**2)) / 2
        y = x_next + (t - 1) / t_next * (x_next - x)
        x, t = x_next, t_next


@algorithm
def nesterov_strongly_convex(problem: Smooth, x0: np.ndarray, *, mu: Number, L: Number) -> Iterator[Accelerated]:
    """Accelerated descent of a strongly convex function, with constant momentum; one gradient a step.

    Parameters
    ----------
    problem : Smooth
        Has `grad`.
    x0 : array (*batch, d)
        Where to start.
    mu, L : number or array (*batch)
        Strong convexity and Lipschitz constant of the gradient, 0 < mu <= L.

    Raises
    ------
    ValueError
        If mu or L isn't in its range.
    """
    x, mu, L = replicates(x0, mu, L)
    require((L > 0) & np.isfinite(L), "L", L[..., 0], "positive and finite")
    require((mu > 0) & (mu <= L), "mu", mu[..., 0], "in (0, L]")
    beta = momentum(mu, L)
    y = x
    while True:
        yield Accelerated(x, y)
        x_next = y - problem.grad(y) / L
        y = x_next + beta * (x_next - x)
        x = x_next


def momentum(mu: Number, L: Number) -> np.ndarray:
    """β = (√L − √μ)/(√L + √μ)."""
    return (np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))


def gap_bound(k: int | np.ndarray, L: float, distance: Number) -> np.ndarray:
    """Bound 2 L D²/(k + 1)² on f(x_k) − f* of `nesterov` for convex f and D = ‖x₀ − x*‖.

    Raises
    ------
    ValueError
        If k is negative or L isn't positive.
    """
    require(np.asarray(k) >= 0, "k", k, "0 or more")
    require(L > 0, "L", L, "positive")
    return 2 * L * np.square(distance) / (np.asarray(k) + 1.0) ** 2


def strongly_convex_gap_bound(k: int | np.ndarray, mu: float, L: float, distance: Number) -> np.ndarray:
    """Bound ½(L + μ) D² (1 − √(μ/L))ᵏ on f(x_k) − f* of `nesterov_strongly_convex`, D = ‖x₀ − x*‖.

    Raises
    ------
    ValueError
        If k is negative or mu isn't in (0, L].
    """
    require(np.asarray(k) >= 0, "k", k, "0 or more")
    require(0 < mu <= L, "mu", mu, "in (0, L]")
    return (L + mu) / 2 * np.square(distance) * (1 - np.sqrt(mu / L)) ** np.asarray(k)


def multipliers(eigenvalue: Number, alpha: Number, beta: Number) -> np.ndarray:
    """The two eigenvalues ρ of one update along an eigenvector of the Hessian: (...) → (..., 2), complex.

    With x⁺ = y − α∇f(y) and momentum β they solve ρ² − (1 + β)(1 − αλ) ρ + β (1 − αλ) = 0.
    """
    beta, shrink = np.asarray(beta), 1 - np.asarray(alpha) * eigenvalue
    root = np.sqrt(((1 + beta) * shrink) ** 2 - 4 * beta * shrink + 0j)
    return np.stack([(1 + beta) * shrink + root, (1 + beta) * shrink - root], -1) / 2


def rate(eigenvalue: Number, alpha: Number, beta: Number) -> np.ndarray:
    """Largest |ρ| along one eigenvector (...): the factor on the error per step in the long run."""
    return abs(multipliers(eigenvalue, alpha, beta)).max(-1)
