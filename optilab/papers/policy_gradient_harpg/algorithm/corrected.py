"""The paper's methods: a remembered direction, carried to the new point by a look ahead or by a Hessian.

Source: I. Fatkhullin, A. Barakat, A. Kireeva, N. He, "Stochastic Policy Gradient Methods: Improved Sample Complexity
for Fisher-non-degenerate Policies", ICML 2023 (arXiv 2302.01734).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optilab.classics.reinforce import Climb, Schedule, checked, decay, draw, factors, scaled, unit
from optilab.core.check import require
from optilab.core.run import algorithm, replicates

Array = np.ndarray
FULL, FOUR_FIFTHS, HALF = decay(1), decay(4 / 5), decay(1 / 2)


def start(
    problem: Any,
    theta0: Array,
    T: int,
    N: int,
    gamma: tuple[Schedule, float | Array],
    eta: tuple[Schedule, float | Array],
) -> tuple[Array, Schedule, Schedule]:
    """The start (*batch, p) and the functions t ↦ γ_t, η_t (*batch, 1) of a method with a memory.

    `gamma` and `eta` are schedules and the factors γ₀ and η₀ that multiply them.

    Raises
    ------
    ValueError
        As `checked`, and if η₀ isn't in (0, 1] or fits no batch.
    """
    theta, gamma0 = checked(problem, theta0, T, gamma[1], N)
    eta0 = factors("eta0", eta[1], theta)
    require((eta0 > 0) & (eta0 <= 1), "eta0", eta0, "in (0, 1]")
    theta, eta0 = replicates(theta, eta0)
    return theta, scaled(gamma[0], gamma0, "gamma"), scaled(eta[0], eta0, "eta", weight=True)


@algorithm
def n_pg_igt(
    problem: Any,
    theta0: Array,
    *,
    T: int,
    gamma0: float | Array = 0.1,
    eta0: float | Array = 1.0,
    rng: np.random.Generator,
    N: int = 1,
    eta: Schedule = FOUR_FIFTHS,
    gamma: Schedule = FULL,
) -> Iterator[Climb]:
    """Normalised policy gradient with implicit gradient transport: sample where the memory's error cancels.

    Parameters
    ----------
    problem
        Has `p`, `sample`, `rollout` and `g`.
    theta0 : array (*batch, p)
        Where to start.
    T : int
        Updates, at least 1; the last iterate is the output.
    gamma0, eta0 : number or array (*batch)
        Factors of step size and of the weight of what is new; 0 or more, and in (0, 1].
    rng : numpy.random.Generator
        Of the trajectories.
    N : int
        Trajectories of a gradient.
    eta, gamma : functions of t = 0, 1, …
        The shapes (2/(t + 2))^{4/5} and 2/(t + 2); in (0, 1], and 0 or more.

    Raises
    ------
    ValueError
        If an argument isn't allowed, or a schedule takes a value that isn't.
    """
    theta, gamma, eta = start(problem, theta0, T, N, (gamma, gamma0), (eta, eta0))
    theta_prev, d = theta, np.zeros_like(theta)
    yield Climb(theta, theta_prev, d, theta)
    for t in range(T):
        eta_t, gamma_t = eta(t), gamma(t)
        tilde = theta + (1 - eta_t) / eta_t * (theta - theta_prev)
        tau = draw(problem, tilde, N, rng)
        g = problem.g(tau, tilde)
        d = (1 - eta_t) * d + eta_t * g if t > 0 else g
        theta_prev, theta = theta, theta + gamma_t * unit(d)
        yield Climb(theta, theta_prev, d, tilde)


@algorithm
def harpg(
    problem: Any,
    theta0: Array,
    *,
    T: int,
    gamma0: float | Array = 0.001,
    eta0: float | Array = 1.0,
    rng: np.random.Generator,
    N: int = 1,
    eta: Schedule = FULL,
    gamma: Schedule = HALF,
    normalised: bool = False,
) -> Iterator[Climb]:
    """Hessian-aided recursive policy gradient: carry the direction along by one Hessian-vector product.

    The second trajectories and q come from a stream of their own, so that gradients see the same noise as in other
    methods. They cost as many trajectories again: N(2T − 1) in all.

    Parameters
    ----------
    problem
        Has `p`, `sample`, `rollout`, `g` and `hvp`.
    theta0, T, gamma0, eta0, rng, N
        As in `n_pg_igt`.
    eta, gamma : functions of t = 0, 1, …
        The shapes 2/(t + 2) and √(2/(t + 2)).
    normalised : bool
        Whether only the direction of d counts; see `n_harpg`.

    Raises
    ------
    ValueError
        If an argument isn't allowed or the problem has no Hessian-vector product.
    """
    require(hasattr(problem, "hvp"), "the problem", type(problem).__name__, "one with a Hessian-vector product `hvp`")
    theta, gamma, eta = start(problem, theta0, T, N, (gamma, gamma0), (eta, eta0))
    (rng2,) = rng.spawn(1)
    theta_prev, d, hat = theta, np.zeros_like(theta), theta
    yield Climb(theta, theta_prev, d, hat)
    for t in range(T):
        eta_t, gamma_t = eta(t), gamma(t)
        tau = draw(problem, theta, N, rng)
        g = problem.g(tau, theta)
        if t > 0:
            q = rng2.random(size=(*theta.shape[:-1], 1))
            hat = q * theta + (1 - q) * theta_prev
            tau2 = draw(problem, hat, N, rng2)
            v = problem.hvp(tau2, hat, theta - theta_prev)
            d = (1 - eta_t) * (d + v) + eta_t * g
        else:
            d = g
        theta_prev, theta = theta, theta + gamma_t * (unit(d) if normalised else d)
        yield Climb(theta, theta_prev, d, hat)


def n_harpg(
    problem: Any, theta0: Array, *, gamma0: float | Array = 0.1, gamma: Schedule = FULL, **settings: Any
) -> Iterator[Climb]:
    """`harpg` with steps of length γ₀ · 2/(t + 2), whatever the length of d; all other arguments are its own."""
    return harpg(problem, theta0, gamma0=gamma0, gamma=gamma, normalised=True, **settings)
