"""Policy gradient methods that correct the drift of a remembered direction, their rivals and their theory.

All make J(θ) large. State after update t: θ_{t+1}, θ_t and the direction d_t that stands in for ∇J(θ_t), so the
direction's error pairs `d` with `theta_prev`. Where the paper's lines are:

    N-PG-IGT                                         `n_pg_igt` in methods.py, line by line
    HARPG, N-HARPG                                   `harpg` in methods.py, line by line
    PG, N-PG                                         `reinforce` in optilab/classics/reinforce.py, line by line
    momentum PG, N-MPG, (N-)STORM-PG, SRVR-PG, NPG   `momentum_pg`, `storm_pg`, `srvr_pg`, `npg` in methods.py
    η_t = η₀ (2/(t + 2))^…,  γ_t = γ₀ (2/(t + 2))^…  `weights` and `steps` in methods.py; powers in `METHODS` below
    τ ~ p(·|π_θ) of length H                         `draw` in optilab/classics/reinforce.py, `rollout` of the problem
    g(τ, θ),  B(τ, θ) u,  the weighted g_w(τ, θ)     `each_g`, `each_Bu`, `g_weighted` of `Episodes`
    Σ_t c_t ∇log π,  ∇log π·u,  Σ_t c_t ∇²log π u    `score`, `slope`, `curvature` of `GaussianPolicy`, `SoftmaxMDP`
    the exact J_H and the Fisher matrix of the plant `rewards`, `covariances`, `fisher` of `LinearGaussian`
    E‖d_t − ∇J(θ_t)‖, then J* − E J(θ_t)             `error_bound`, `gap_bound` in theory.py
    J* − J ≤ (M_g/μ_F)(‖∇J‖ + ε′), ε′; ‖∇J_H − ∇J‖   `dominated_gap`, `transfer_error`, `truncation_bound` in theory.py

`Episodes` and `GaussianPolicy` are in optilab/problems/episodes.py, the processes beside this folder, in problems.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from optilab.classics.reinforce import Array, Climb, check_counts, reinforce
from optilab.core.check import require
from optilab.papers.policy_gradient_harpg.algorithm.methods import (
    Corrected,
    Generator,
    harpg,
    momentum_pg,
    n_pg_igt,
    npg,
    srvr_pg,
    steps,
    storm_pg,
    weights,
)
from optilab.papers.policy_gradient_harpg.algorithm.theory import (
    decay_exponent,
    dominated_gap,
    error_bound,
    gap_bound,
    hessian_smoothness,
    product_bound,
    sample_complexity,
    smoothness,
    theory_gamma0,
    theory_horizon,
    transfer_error,
    truncation_bound,
    variance_bound,
)
from optilab.problems.episodes import Episodes


class Method(NamedTuple):
    """A method with its schedules, η_t = η₀ (2/(t + 2))^eta and γ_t = γ₀ (2/(t + 2))^gamma."""

    climb: Callable[..., Iterator[Any]]
    eta: float  # 0 where it has no memory: then η ≡ 1
    gamma: float

    def __call__(
        self,
        problem: Episodes,
        theta0: Array,
        *,
        T: int,
        gamma0: float | Array,
        eta0: float | Array = 1.0,
        rng: Generator,
        N: int = 1,
    ) -> Iterator[Any]:
        """T updates from θ₀ (*batch, p) with N trajectories a gradient; γ₀ and η₀ are numbers or arrays (*batch).

        The last iterate is the output.

        Raises
        ------
        ValueError
            If an argument isn't allowed.
        """
        memory = {"eta": weights(T, self.eta, eta0)} if self.eta else {}
        return self.climb(problem, theta0, gamma=steps(T, self.gamma, gamma0), rng=rng, N=N, **memory)


METHODS = {
    "PG": Method(reinforce, eta=0, gamma=2 / 3),
    "momentum PG": Method(momentum_pg, eta=2 / 3, gamma=1),
    "STORM-PG": Method(storm_pg, eta=1, gamma=1),
    "HARPG": Method(harpg, eta=1, gamma=1 / 2),
    "N-PG": Method(partial(reinforce, normalised=True), eta=0, gamma=2 / 3),
    "N-MPG": Method(partial(momentum_pg, normalised=True), eta=2 / 3, gamma=1),
    "N-PG-IGT": Method(n_pg_igt, eta=4 / 5, gamma=1),
    "N-HARPG": Method(partial(harpg, normalised=True), eta=1, gamma=1),
    "N-STORM": Method(partial(storm_pg, normalised=True), eta=1, gamma=1),
}
NORMALISED = tuple(name for name in METHODS if name.startswith("N-"))


def method(name: str) -> Method:
    """The method of that name, to be called as `method(name)(problem, theta0, T=…, gamma0=…, rng=…, N=…)`.

    Raises
    ------
    ValueError
        If there is none.
    """
    require(name in METHODS, "the method", name, f"one of {list(METHODS)}")
    return METHODS[name]


def trajectories(name: str, T: int, N: int = 1) -> int:
    """Trajectories that T updates of `method(name)` draw in one replicate.

    Raises
    ------
    ValueError
        If there is no such method, or T or N is no whole number from 1 on.
    """
    method(name)
    check_counts(**{"T": T, "the batch N": N})
    return N * (2 * T - 1) if "HARPG" in name else N * T
