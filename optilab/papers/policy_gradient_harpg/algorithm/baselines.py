"""What the paper compares with: momentum, recursive variance reduction by importance weights, natural gradients."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optilab.classics.reinforce import TWO_THIRDS, Climb, Schedule, check_counts, checked, draw, unit
from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.papers.policy_gradient_harpg.algorithm.corrected import FULL, Array, start


@algorithm
def momentum_pg(
    problem: Any,
    theta0: Array,
    *,
    T: int,
    gamma0: float | Array,
    eta0: float | Array = 1.0,
    rng: np.random.Generator,
    N: int = 1,
    eta: Schedule = TWO_THIRDS,
    gamma: Schedule = FULL,
    normalised: bool = False,
) -> Iterator[Climb]:
    """Policy gradient with momentum: an average of gradients, each taken where the path was at its time.

    Parameters
    ----------
    problem, theta0, T, gamma0, eta0, rng, N
        As in `n_pg_igt`: θ₀ is an array (*batch, p), γ₀ and η₀ are numbers or arrays (*batch).
    eta, gamma : functions of t = 0, 1, …
        The shapes (2/(t + 2))^{2/3} and 2/(t + 2).
    normalised : bool
        Whether only the direction of d counts, which makes it N-MPG.

    Raises
    ------
    ValueError
        If an argument isn't allowed, or a schedule takes a value that isn't.
    """
    theta, gamma, eta = start(problem, theta0, T, N, (gamma, gamma0), (eta, eta0))
    d = np.zeros_like(theta)
    yield Climb(theta, theta, d, theta)
    for t in range(T):
        eta_t, gamma_t = eta(t), gamma(t)
        tau = draw(problem, theta, N, rng)
        g = problem.g(tau, theta)
        d = (1 - eta_t) * d + eta_t * g if t > 0 else g
        theta_prev, theta = theta, theta + gamma_t * (unit(d) if normalised else d)
        yield Climb(theta, theta_prev, d, theta_prev)


@algorithm
def storm_pg(
    problem: Any,
    theta0: Array,
    *,
    T: int,
    gamma0: float | Array,
    eta0: float | Array = 1.0,
    rng: np.random.Generator,
    N: int = 1,
    eta: Schedule = FULL,
    gamma: Schedule = FULL,
    normalised: bool = False,
) -> Iterator[Climb]:
    """STORM for policies: the same trajectory weighed at the old point tells how far the gradient has drifted.

    Parameters
    ----------
    problem
        Has `p`, `sample`, `rollout`, `g` and `g_weighted`.
    theta0, T, gamma0, eta0, rng, N
        As in `n_pg_igt`: θ₀ is an array (*batch, p), γ₀ and η₀ are numbers or arrays (*batch).
    eta, gamma : functions of t = 0, 1, …
        The shape 2/(t + 2) of both.
    normalised : bool
        Whether only the direction of d counts, which makes it N-STORM.

    Raises
    ------
    ValueError
        If an argument isn't allowed, or a schedule takes a value that isn't.
    """
    theta, gamma, eta = start(problem, theta0, T, N, (gamma, gamma0), (eta, eta0))
    theta_prev, d = theta, np.zeros_like(theta)
    yield Climb(theta, theta, d, theta)
    for t in range(T):
        eta_t, gamma_t = eta(t), gamma(t)
        tau = draw(problem, theta, N, rng)
        g = problem.g(tau, theta)
        d = g + (1 - eta_t) * (d - problem.g_weighted(tau, theta_prev, theta)) if t > 0 else g
        theta_prev, theta = theta, theta + gamma_t * (unit(d) if normalised else d)
        yield Climb(theta, theta_prev, d, theta_prev)


@algorithm
def srvr_pg(
    problem: Any,
    theta0: Array,
    *,
    T: int,
    alpha: float | Array,
    rng: np.random.Generator,
    N: int = 100,
    m: int = 10,
    b: int = 10,
) -> Iterator[Climb]:
    """SRVR-PG: every m updates a large batch, between them small batches that correct it by importance weights.

    Parameters
    ----------
    problem
        Has `p`, `sample`, `rollout`, `g` and `g_weighted`.
    theta0, T, rng
        As in `n_pg_igt`.
    alpha : number or array (*batch)
        Step size, 0 or more.
    N, m, b : int
        Trajectories of a large batch, updates from one to the next, trajectories of a small batch; all at least 1.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, alpha = checked(problem, theta0, T, alpha, N, called="alpha")
    check_counts(m=m, b=b)
    theta_prev, v = theta, np.zeros_like(theta)
    yield Climb(theta, theta, v, theta)
    for t in range(T):
        start = t % m == 0
        tau = draw(problem, theta, N if start else b, rng)
        g = problem.g(tau, theta)
        v = g if start else v + g - problem.g_weighted(tau, theta_prev, theta)
        theta_prev, theta = theta, theta + alpha * v
        yield Climb(theta, theta_prev, v, theta_prev)


@algorithm
def npg(
    problem: Any,
    theta0: Array,
    *,
    T: int,
    alpha: float | Array,
    rng: np.random.Generator,
    N: int = 100,
    ridge: float = 1e-3,
) -> Iterator[Climb]:
    """Natural policy gradient: the gradient divided by an estimated Fisher matrix, from the same N trajectories.

    F̂ = λ I + mean over trajectories of Σ_t γ^t ∇log π ∇log πᵀ / Σ_t γ^t.

    Parameters
    ----------
    problem
        Has `p`, `discounts`, `sample`, `rollout`, `g` and `slope`.
    theta0, T, rng, N
        As in `n_pg_igt`.
    alpha : number or array (*batch)
        Step size, 0 or more.
    ridge : float
        λ, positive.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, alpha = checked(problem, theta0, T, alpha, N, called="alpha")
    require(0 < ridge < np.inf, "ridge", ridge, "positive and finite")
    weights = problem.discounts / problem.discounts.sum()
    yield Climb(theta, theta, np.zeros_like(theta), theta)
    for _ in range(T):
        tau = draw(problem, theta, N, rng)
        scores = np.stack([problem.slope(tau, theta, axis) for axis in np.eye(problem.p)], -1)  # (*batch, N, H, p)
        F = ridge * np.eye(problem.p) + np.einsum("h,...nhi,...nhj->...ij", weights, scores, scores) / N
        d = np.linalg.solve(F, problem.g(tau, theta)[..., None])[..., 0]
        theta_prev, theta = theta, theta + alpha * d
        yield Climb(theta, theta_prev, d, theta_prev)
