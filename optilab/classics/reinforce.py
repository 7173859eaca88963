"""REINFORCE: walk along a gradient that trajectories estimate.

    θ⁺ = θ + γ_t g,    g = mean over N trajectories of Σ_t Ψ_t ∇log π(a_t|s_t),    Ψ_t = Σ_{h≥t} γ^h r_h

Normalised, the step is γ_t g/‖g‖ instead.

Source: R. J. Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning",
1992; the sum of the rewards still to come instead of all: R. S. Sutton and others, 2000.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.numerics import unit
from optilab.core.run import algorithm, replicates
from optilab.problems.episodes import Episodes, Trajectory

Array = np.ndarray


class Climb(NamedTuple):
    """A state of a policy gradient method."""

    theta: Array  # (*batch, p) θ_{t+1}, the point after update t
    theta_prev: Array  # (*batch, p) θ_t, the point before it
    d: Array  # (*batch, p) d_t, the direction of update t: what stands in for ∇J(θ_t)


@algorithm
def reinforce(
    problem: Episodes, theta0: Array, *, gamma: Array, rng: np.random.Generator, N: int = 1, normalised: bool = False
) -> Iterator[Climb]:
    """Steps of length γ_t times the estimated gradient, or times its direction.

    Parameters
    ----------
    problem : Episodes
        What acts; its `g` estimates the gradient.
    theta0 : array (*batch, p)
        Where to start.
    gamma : array (T, *batch)
        Step sizes γ_0 … γ_{T−1}, 0 or more, one schedule for all replicates or one for each.
    rng : numpy.random.Generator
        Of the trajectories.
    N : int
        Trajectories of a gradient.
    normalised : bool
        Whether only the direction of the gradient counts.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    theta, gamma = checked(problem, theta0, N, gamma=gamma)
    yield Climb(theta, theta, np.zeros_like(theta))
    for gamma_t in gamma:
        tau = draw(problem, theta, N, rng)
        d = problem.g(tau, theta)
        theta_prev, theta = theta, theta + gamma_t * (unit(d) if normalised else d)
        yield Climb(theta, theta_prev, d)


def draw(problem: Episodes, theta: Array, N: int, rng: np.random.Generator) -> Trajectory:
    """N trajectories of every replicate's θ (*batch, p), τ ~ p(·|π_θ)."""
    return problem.rollout(theta, problem.sample(rng, (*theta.shape[:-1], N)))


def checked(problem: Episodes, theta0: Array, N: int, **schedules: Array) -> list[Array]:
    """The start (*batch, p) and the schedules (T, *batch, 1) of a policy gradient method, known to be allowed.

    Raises
    ------
    ValueError
        If the problem doesn't act, `theta0` has another size than the policy or isn't real and finite, N is below 1, or
        a schedule has a value that is negative or not finite, another length than the others or a batch that doesn't
        fit that of `theta0`.
    """
    require(hasattr(problem, "rollout") and hasattr(problem, "g"), "the problem", problem, "one with `rollout` and `g`")
    theta0 = np.asarray(theta0)
    require(theta0.dtype.kind in "biuf", "theta0", theta0, "an array of real numbers")
    theta0 = theta0.astype(float)
    require(theta0.shape[-1:] == (problem.p,), "the shape of theta0", theta0.shape, f"(*batch, {problem.p})")
    require(np.isfinite(theta0), "theta0", theta0, "finite")
    check_counts(**{"the batch N": N})
    values = [_schedule(name, given, theta0.shape[:-1]) for name, given in schedules.items()]
    lengths = {len(value) for value in values}
    require(len(lengths) == 1, f"the lengths of {' and '.join(schedules)}", lengths, "the same")
    return [replicates(theta0, *(value[0] for value in values))[0], *(value[..., None] for value in values)]


def _schedule(name: str, values: Array, batch: tuple[int, ...]) -> Array:
    """A schedule of that name as an array (T, *batch), once its numbers and its shape are allowed."""
    values = np.asarray(values)
    require(values.dtype.kind in "biuf", name, values, "an array (T, *batch) of real numbers")
    require(values.ndim >= 1 and len(values) >= 1, name, values, "an array (T, *batch) with T ≥ 1")
    require((values >= 0) & (values < np.inf), name, values, "0 or more and finite")
    ends = zip(values.shape[:0:-1], batch[::-1], strict=False)
    fits = all(ours == theirs or 1 in (ours, theirs) for ours, theirs in ends)
    require(fits, f"the shape of {name}", values.shape, f"one whose batch fits {batch}, that of theta0")
    return values


def check_counts(**counts: Any) -> None:
    """Refuse numbers, given by their names, that aren't whole or are below 1.

    Raises
    ------
    ValueError
        If there is one.
    """
    for name, count in counts.items():
        require(whole(count, 1), name, count, "a whole number, 1 or more")
