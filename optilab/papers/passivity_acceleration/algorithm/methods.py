"""The iterations: Nesterov's method as a splitting of the controlled flow, and the three-parameter family.

    ξ⁺ = (1 + β) ξ − β ξ⁻ − α ∇f((1 + η) ξ − η ξ⁻),   output x = (1 + δ) ξ − δ ξ⁻

holds gradient descent, heavy ball, Nesterov's methods and triple momentum.
"""

import warnings
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import advance, algorithm, replicates
from optilab.papers.passivity_acceleration.algorithm.design import check_convexity, checked_gradient, now
from optilab.problems.oracles import Number, Smooth


class Split(NamedTuple):
    """One clock tick of the split flow: the point x and the off-manifold velocity ψ, both (*batch, d)."""

    x: np.ndarray
    psi: np.ndarray


def cayley(mu: Number, s: Number) -> Number:
    """β = (1 − √(μs)) / (1 + √(μs)), the Cayley approximation of exp(−2√(μs))."""
    check_convexity(mu, strongly=False)
    require(np.asarray(s) > 0, "s", s, "positive")
    q = np.sqrt(mu * np.asarray(s))
    return (1 - q) / (1 + q)


def split_flow(problem: Smooth, x0: np.ndarray, s: Number, beta: Any) -> Iterator[Split]:
    """Split the controlled flow with κ = √s, c = 1 over one clock tick √s, for ever."""
    x, s = replicates(x0, s)
    g = checked_gradient(problem, x)
    psi = -np.sqrt(s) * g
    for k in count():
        yield Split(x, psi)
        psi = now(beta, k) * psi  # dissipation
        x = x + np.sqrt(s) * psi - s * g  # drift: off the manifold and along it
        g = problem.grad(x)
        psi = psi - np.sqrt(s) * g  # kick


@algorithm
def split_nesterov(problem: Smooth, x0: np.ndarray, *, mu: Number, s: Number) -> Iterator[Split]:
    """Nesterov's method for μ-strongly convex f as a Lie–Trotter splitting; one gradient a step and one at the start.

    x is the extrapolated sequence, ψ = (y⁺ − y)/√s with y⁺ = x − s ∇f(x).

    Parameters
    ----------
    problem : Smooth
        What is minimised.
    x0 : array (*batch, d)
        Where to start, from ψ = −√s ∇f(x0).
    mu, s : number or array (*batch)
        Modulus of strong convexity and step size, at most 1/L.

    Yields
    ------
    Split

    Raises
    ------
    ValueError
        If `mu` or `s` is not positive, or the gradient has a wrong shape.
    """
    check_convexity(mu)
    require(np.asarray(s) > 0, "s", s, "positive")
    yield from split_flow(problem, x0, s, cayley(mu, s))


@algorithm
def split_nesterov_convex(problem: Smooth, x0: np.ndarray, *, s: Number) -> Iterator[Split]:
    """Nesterov's method for convex f, the same splitting with the damping 3/t: β = k/(k + 3); see `split_nesterov`."""
    require(np.asarray(s) > 0, "s", s, "positive")
    yield from split_flow(problem, x0, s, lambda k: k / (k + 3))


class Tuning(NamedTuple):
    """The numbers of a three-parameter method and of its output: α, β, η and δ."""

    alpha: Any  # numbers, or one per replicate (*batch); β and η may be functions of the step k = 0, 1, …
    beta: Any
    eta: Any
    delta: Any = 0.0


class Inertial(NamedTuple):
    """An iterate: the output x that the theory speaks about, ξ and the ξ before it, all (*batch, d)."""

    x: np.ndarray
    xi: np.ndarray
    before: np.ndarray


@algorithm
def momentum_method(
    problem: Smooth,
    x0: np.ndarray,
    method: Tuning,
    *,
    before: np.ndarray | None = None,
    tolerance: float | None = None,
) -> Iterator[Inertial]:
    """Iterate a three-parameter method from ξ₀ = x0 at rest, ξ₋₁ = x0; one gradient a step.

    Parameters
    ----------
    problem : Smooth
        What is minimised.
    x0 : array (*batch, d)
        Where to start.
    method : Tuning
        α, β, η, δ: numbers or arrays (*batch); β and η may be functions of the step.
    before : array (*batch, d), optional
        ξ₋₁ where the start is not at rest.
    tolerance : float, optional
        A replicate stops once ‖∇f‖ at its query point is at most this; the states end with the last replicate.

    Yields
    ------
    Inertial

    Raises
    ------
    ValueError
        If `alpha` is not positive, or the gradient has a wrong shape.
    """
    require(np.asarray(method.alpha) > 0, "alpha", method.alpha, "positive")
    fixed = [np.zeros(()) if callable(number) else number for number in method]
    xi, alpha, _, _, delta = replicates(x0, *fixed)
    before = xi if before is None else np.broadcast_to(before, xi.shape) + 0.0
    for k in count():
        yield Inertial((1 + delta) * xi - delta * before, xi, before)
        beta, eta = now(method.beta, k), now(method.eta, k)
        g = checked_gradient(problem, (1 + eta) * xi - eta * before)
        after = (1 + beta) * xi - beta * before - alpha * g
        if tolerance is not None:
            going = np.linalg.norm(g, axis=-1) > tolerance
            if not going.any():
                return
            after, xi = advance(going, (after, xi), (xi, before))
        xi, before = after, xi


def checked_spectrum(mu: Number, L: Number) -> tuple[Any, Any]:
    """Check 0 < μ ≤ L and return both as arrays."""
    check_convexity(mu)
    require(np.asarray(L) > 0, "L", L, "positive")
    require(np.asarray(mu) <= np.asarray(L), "mu", mu, f"at most L = {L}")
    return np.asarray(mu), np.asarray(L)


def warn_if_long(s: Number, L: Number | None) -> None:
    """Say that the bounds don't hold where s > 1/L."""
    require(np.asarray(s) > 0, "s", s, "positive")
    if L is not None and np.any(np.asarray(s) * L > 1 + 1e-12):
        warnings.warn(f"the step s = {s} is longer than 1/L = {1 / np.asarray(L)}: no bound holds", stacklevel=3)


def gradient_descent_tuning(s: Number, L: Number | None = None) -> Tuning:
    """Gradient descent with step `s`: 1/L, or 2/(L + μ) where μ is known."""
    require(np.asarray(s) > 0, "s", s, "positive")
    if L is not None and np.any(np.asarray(s) * L >= 2):
        warnings.warn(f"the step s = {s} is not shorter than 2/L = {2 / np.asarray(L)}: it diverges", stacklevel=2)
    return Tuning(s, 0.0, 0.0)


def heavy_ball_tuning(mu: Number, L: Number) -> Tuning:
    """Polyak's tuning (1964), best on quadratics with eigenvalues in [μ, L]."""
    mu, L = checked_spectrum(mu, L)
    low, high = np.sqrt(mu), np.sqrt(L)
    return Tuning(4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2, 0.0)


def nesterov_tuning(mu: Number, L: Number, s: Number | None = None) -> Tuning:
    """Nesterov's method for μ-strongly convex f (2004) with step s, 1/L by default; x is his y sequence."""
    mu, L = checked_spectrum(mu, L)
    step = 1 / L if s is None else s
    warn_if_long(step, L)
    beta = cayley(mu, step)
    return Tuning(step, beta, beta)


def triple_momentum_tuning(mu: Number, L: Number) -> Tuning:
    """The triple momentum method (Van Scoy, Freeman, Lynch, 2018), of rate ρ = 1 − √(μ/L)."""
    mu, L = checked_spectrum(mu, L)
    rho = 1 - np.sqrt(mu / L)
    return Tuning(
        (1 + rho) / L,
        rho**2 / (2 - rho),
        rho**2 / ((1 + rho) * (2 - rho)),
        rho**2 / (1 - rho**2),
    )


def nesterov_convex_tuning(s: Number, L: Number | None = None) -> Tuning:
    """Nesterov's method for convex f (1983) with step s ≤ 1/L: β = η = (k − 1)/(k + 2), 0 at k = 0."""
    warn_if_long(s, L)

    def beta(k: int) -> float:
        return max(k - 1, 0) / (k + 2)

    return Tuning(s, beta, beta)
