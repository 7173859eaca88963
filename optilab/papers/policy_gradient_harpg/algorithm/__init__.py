"""Policy gradient methods that correct the drift of a remembered direction, their rivals and their theory.

All make J(θ) large. State after update t: θ_{t+1}, θ_t and the direction d_t that stands in for ∇J(θ_t), so the
direction's error pairs `d` with `theta_prev`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from optilab.classics.reinforce import Climb, Schedule, check_counts, decay, reinforce, unit
from optilab.core.check import require
from optilab.papers.policy_gradient_harpg.algorithm.baselines import momentum_pg, npg, srvr_pg, storm_pg
from optilab.papers.policy_gradient_harpg.algorithm.corrected import harpg, n_harpg, n_pg_igt
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
    values,
    variance_bound,
)

METHODS: dict[str, Callable[..., Any]] = {
    "PG": reinforce,
    "momentum PG": momentum_pg,
    "STORM-PG": storm_pg,
    "HARPG": harpg,
    "N-PG": partial(reinforce, normalised=True),
    "N-MPG": partial(momentum_pg, normalised=True),
    "N-PG-IGT": n_pg_igt,
    "N-HARPG": n_harpg,
    "N-STORM": partial(storm_pg, normalised=True),
}
NORMALISED = ("N-PG", "N-MPG", "N-PG-IGT", "N-HARPG", "N-STORM")


def method(name: str) -> Callable[..., Any]:
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


__all__ = [
    "METHODS",
    "NORMALISED",
    "Climb",
    "Schedule",
    "decay",
    "decay_exponent",
    "dominated_gap",
    "error_bound",
    "gap_bound",
    "harpg",
    "hessian_smoothness",
    "method",
    "momentum_pg",
    "n_harpg",
    "n_pg_igt",
    "npg",
    "product_bound",
    "reinforce",
    "sample_complexity",
    "smoothness",
    "srvr_pg",
    "storm_pg",
    "theory_gamma0",
    "theory_horizon",
    "trajectories",
    "transfer_error",
    "truncation_bound",
    "unit",
    "values",
    "variance_bound",
]
