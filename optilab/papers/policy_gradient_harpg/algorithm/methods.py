"""The paper's methods and their rivals: each adds up one direction d_t from what trajectories tell, and steps along it.

Source: I. Fatkhullin, A. Barakat, A. Kireeva, N. He, "Stochastic Policy Gradient Methods: Improved Sample Complexity
for Fisher-non-degenerate Policies", ICML 2023 (arXiv 2302.01734).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.classics.reinforce import Climb, check_counts, checked, draw
from optilab.core.check import require
from optilab.core.numerics import unit
from optilab.core.run import algorithm
from optilab.problems.episodes import Episodes

Array = np.ndarray
Generator = np.random.Generator


class Corrected(NamedTuple):
    """A state of a method that draws the trajectory which corrects its direction at a point of its own."""

    theta: Array  # (*batch, p) θ_{t+1}, the point after update t
    theta_prev: Array  # (*batch, p) θ_t, the point before it
    d: Array  # (*batch, p) d_t, the direction of update t: what stands in for ∇J(θ_t)
    probe: Array  # (*batch, p) where the correcting trajectory was drawn


# The paper's methods


@algorithm
def n_pg_igt(
    problem: Episodes, theta0: Array, *, eta: Array, gamma: Array, rng: Generator, N: int = 1
) -> Iterator[Corrected]:
    """Normalised policy gradient with implicit gradient transport: sample where the memory's error cancels.

    Parameters
    ----------
    problem : Episodes
        What acts; its `g` estimates the gradient.
    theta0 : array (*batch, p)
        Where to start.
    eta, gamma : arrays (T, *batch)
        Weights η_t of what is new, in (0, 1], and lengths γ_t of the steps, 0 or more: one schedule for all replicates
        or one for each. In the paper `weights(T, 4 / 5, eta0)` and `steps(T, 1, gamma0)`.
    rng : numpy.random.Generator
        Of the trajectories.
    N : int
        Trajectories of a gradient.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, eta, gamma = _checked(problem, theta0, N, eta, gamma)
    theta_prev, d = theta, np.zeros_like(theta)
    yield Corrected(theta, theta_prev, d, theta)
    for t in range(len(eta)):
        tilde = theta + (1 - eta[t]) / eta[t] * (theta - theta_prev)
        tau = draw(problem, tilde, N, rng)
        g = problem.g(tau, tilde)
        d = (1 - eta[t]) * d + eta[t] * g if t > 0 else g
        theta_prev, theta = theta, theta + gamma[t] * unit(d)
        yield Corrected(theta, theta_prev, d, tilde)


@algorithm
def harpg(
    problem: Episodes, theta0: Array, *, eta: Array, gamma: Array, rng: Generator, N: int = 1, normalised: bool = False
) -> Iterator[Corrected]:
    """Hessian-aided recursive policy gradient: carry the direction along by one Hessian-vector product.

    The second trajectories and q come from a stream of their own, so that gradients see the same noise as in other
    methods. They cost as many trajectories again: N(2T − 1) in all.

    Parameters
    ----------
    problem, theta0, eta, gamma, rng, N
        As in `n_pg_igt`; the problem has `Bu`, too. In the paper `weights(T, 1, eta0)` and `steps(T, 1 / 2, gamma0)`;
        for N-HARPG `steps(T, 1, gamma0)`.
    normalised : bool
        Whether only the direction of d counts, which makes it N-HARPG.

    Raises
    ------
    ValueError
        If an argument isn't allowed or the problem has no Hessian-vector product.
    """
    require(hasattr(problem, "Bu"), "the problem", type(problem).__name__, "one with a Hessian-vector product `Bu`")
    theta, eta, gamma = _checked(problem, theta0, N, eta, gamma)
    (rng2,) = rng.spawn(1)
    theta_prev, d, hat = theta, np.zeros_like(theta), theta
    yield Corrected(theta, theta_prev, d, hat)
    for t in range(len(eta)):
        tau = draw(problem, theta, N, rng)
        g = problem.g(tau, theta)
        if t > 0:
            q = rng2.random(size=(*theta.shape[:-1], 1))
            hat = q * theta + (1 - q) * theta_prev
            tau2 = draw(problem, hat, N, rng2)
            v = problem.Bu(tau2, hat, theta - theta_prev)
            d = (1 - eta[t]) * (d + v) + eta[t] * g
        else:
            d = g
        theta_prev, theta = theta, theta + gamma[t] * (unit(d) if normalised else d)
        yield Corrected(theta, theta_prev, d, hat)


# What the paper compares with


@algorithm
def momentum_pg(
    problem: Episodes, theta0: Array, *, eta: Array, gamma: Array, rng: Generator, N: int = 1, normalised: bool = False
) -> Iterator[Climb]:
    """Policy gradient with momentum: an average of gradients, each taken where the path was at its time.

    Arguments and errors as in `n_pg_igt`; `normalised` makes it N-MPG. Schedules: `weights(T, 2 / 3, eta0)` and
    `steps(T, 1, gamma0)`.
    """
    theta, eta, gamma = _checked(problem, theta0, N, eta, gamma)
    d = np.zeros_like(theta)
    yield Climb(theta, theta, d)
    for t in range(len(eta)):
        tau = draw(problem, theta, N, rng)
        g = problem.g(tau, theta)
        d = (1 - eta[t]) * d + eta[t] * g if t > 0 else g
        theta_prev, theta = theta, theta + gamma[t] * (unit(d) if normalised else d)
        yield Climb(theta, theta_prev, d)


@algorithm
def storm_pg(
    problem: Episodes, theta0: Array, *, eta: Array, gamma: Array, rng: Generator, N: int = 1, normalised: bool = False
) -> Iterator[Climb]:
    """STORM for policies: the same trajectory weighed at the old point tells how far the gradient has drifted.

    Arguments and errors as in `n_pg_igt`; the problem has `g_weighted`, too, and `normalised` makes it N-STORM.
    Schedules: `weights(T, 1, eta0)` and `steps(T, 1, gamma0)`.
    """
    theta, eta, gamma = _checked(problem, theta0, N, eta, gamma)
    theta_prev, d = theta, np.zeros_like(theta)
    yield Climb(theta, theta_prev, d)
    for t in range(len(eta)):
        tau = draw(problem, theta, N, rng)
        g = problem.g(tau, theta)
        d = g + (1 - eta[t]) * (d - problem.g_weighted(tau, theta_prev, theta)) if t > 0 else g
        theta_prev, theta = theta, theta + gamma[t] * (unit(d) if normalised else d)
        yield Climb(theta, theta_prev, d)


@algorithm
def srvr_pg(
    problem: Episodes, theta0: Array, *, alpha: Array, rng: Generator, N: int = 100, m: int = 10, b: int = 10
) -> Iterator[Climb]:
    """SRVR-PG: every m updates a large batch, between them small batches that correct it by importance weights.

    Parameters
    ----------
    problem, theta0, rng
        As in `n_pg_igt`; the problem has `g_weighted`, too.
    alpha : array (T, *batch)
        Step sizes, 0 or more.
    N, m, b : int
        Trajectories of a large batch, updates from one to the next, trajectories of a small batch; all at least 1.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, alpha = checked(problem, theta0, N, alpha=alpha)
    check_counts(m=m, b=b)
    theta_prev, v = theta, np.zeros_like(theta)
    yield Climb(theta, theta_prev, v)
    for t in range(len(alpha)):
        start = t % m == 0
        tau = draw(problem, theta, N if start else b, rng)
        g = problem.g(tau, theta)
        v = g if start else v + g - problem.g_weighted(tau, theta_prev, theta)
        theta_prev, theta = theta, theta + alpha[t] * v
        yield Climb(theta, theta_prev, v)


@algorithm
def npg(
    problem: Episodes, theta0: Array, *, alpha: Array, rng: Generator, N: int = 100, ridge: float = 1e-3
) -> Iterator[Climb]:
    """Natural policy gradient: the gradient divided by an estimated Fisher matrix, from the same N trajectories.

    F̂ = λ I + mean over trajectories of Σ_t γ^t ∇log π ∇log πᵀ / Σ_t γ^t.

    Parameters
    ----------
    problem, theta0, alpha, rng
        As in `srvr_pg`; of the problem `g`, `discounts` and `slope` are asked.
    N : int
        Trajectories of an update.
    ridge : float
        λ, positive.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, alpha = checked(problem, theta0, N, alpha=alpha)
    require(0 < ridge < np.inf, "ridge", ridge, "positive and finite")
    share = problem.discounts / problem.discounts.sum()
    yield Climb(theta, theta, np.zeros_like(theta))
    for alpha_t in alpha:
        tau = draw(problem, theta, N, rng)
        scores = np.stack([problem.slope(tau, theta, axis) for axis in np.eye(problem.p)], -1)  # (*batch, N, H, p)
        F = ridge * np.eye(problem.p) + np.einsum("h,...nhi,...nhj->...ij", share, scores, scores) / N
        d = np.linalg.solve(F, problem.g(tau, theta)[..., None])[..., 0]
        theta_prev, theta = theta, theta + alpha_t * d
        yield Climb(theta, theta_prev, d)


def _checked(problem: Episodes, theta0: Array, N: int, eta: Array, gamma: Array) -> list[Array]:
    """The start (*batch, p) and the schedules (T, *batch, 1) of a method with a memory, known to be allowed."""
    theta, eta, gamma = checked(problem, theta0, N, eta=eta, gamma=gamma)
    require((eta > 0) & (eta <= 1), "eta", eta[..., 0], "in (0, 1]")
    return [theta, eta, gamma]


# Schedules: arrays for t = 0 … T − 1, (T, *batch)


def weights(T: int, power: float, eta0: float | Array = 1.0) -> Array:
    """η_t = η₀ (2/(t + 2))^power for η₀ in (0, 1], a number or an array (*batch).

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    eta0 = _factor("eta0", eta0)
    require((eta0 > 0) & (eta0 <= 1), "eta0", eta0, "in (0, 1]")
    return np.multiply.outer(_decay(T, power), eta0)


def steps(T: int, power: float, gamma0: float | Array) -> Array:
    """γ_t = γ₀ (2/(t + 2))^power for γ₀ ≥ 0, a number or an array (*batch).

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    gamma0 = _factor("gamma0", gamma0)
    require((gamma0 >= 0) & (gamma0 < np.inf), "gamma0", gamma0, "0 or more and finite")
    return np.multiply.outer(_decay(T, power), gamma0)


def _factor(name: str, value: float | Array) -> Array:
    """A factor of a schedule as an array, once it is real."""
    value = np.asarray(value)
    require(value.dtype.kind in "iuf" and value.size > 0, name, value, "a real number or an array of them")
    return value


def _decay(T: int, power: float) -> Array:
    """(2/(t + 2))^power: (T,)."""
    check_counts(T=T)
    number = isinstance(power, float | int) and not isinstance(power, bool)
    require(number and 0 <= power < np.inf, "power", power, "0 or more and finite")
    return np.array([(2 / (t + 2)) ** power for t in range(T)])  # NumPy's power has other last digits on each machine
