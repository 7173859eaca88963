"""REINFORCE: walk along a gradient that trajectories estimate.

    θ⁺ = θ + γ_t g,    g = mean over N trajectories of Σ_t Ψ_t ∇log π(a_t|s_t),    Ψ_t = Σ_{h≥t} γ^h r_h

Normalised, the step is γ_t g/‖g‖ instead.

Source: R. J. Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning",
1992; the sum of the rewards still to come instead of all: R. S. Sutton and others, 2000.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm, replicates

Schedule = Callable[[int], float | np.ndarray]


class Climb(NamedTuple):
    """A state of a policy gradient method."""

    theta: np.ndarray  # (*batch, p) θ_{t+1}, the point after update t
    theta_prev: np.ndarray  # (*batch, p) θ_t, the point before it
    d: np.ndarray  # (*batch, p) d_t, the direction of update t: what stands in for ∇J(θ_t)
    probe: np.ndarray  # (*batch, p) where the method drew the trajectory that corrects d_t; θ_t if it draws no other


def decay(power: float) -> Schedule:
    """The schedule t ↦ (2/(t + 2))^power, t = 0, 1, …; it starts at 1.

    Raises
    ------
    ValueError
        If `power` is negative or not finite.
    """
    require(0 <= power < np.inf, "power", power, "0 or more and finite")
    return lambda t: (2 / (t + 2)) ** power


TWO_THIRDS = decay(2 / 3)


def unit(d: np.ndarray) -> np.ndarray:
    """d/‖d‖ along the last axis, zero where d is."""
    length = np.linalg.norm(d, axis=-1, keepdims=True)
    return np.divide(d, length, out=np.zeros_like(d), where=length != 0)


def check_counts(**counts: Any) -> None:
    """Refuse numbers, given by their names, that aren't whole or are below 1.

    Raises
    ------
    ValueError
        If there is one.
    """
    for name, count in counts.items():
        require(whole(count, 1), name, count, "a whole number, 1 or more")


def scaled(schedule: Schedule, factor: np.ndarray, name: str, weight: bool = False) -> Schedule:
    """The schedule of that name times a factor (*batch, 1), for each t.

    A value that is negative or not finite, or for a `weight` outside (0, 1], is refused when it comes up.
    """

    def value(t: int) -> np.ndarray:
        number = np.asarray(schedule(t))
        allowed = (number > 0) & (number <= 1) if weight else (number >= 0) & (number < np.inf)
        require(allowed, f"{name}({t})", number, "in (0, 1]" if weight else "0 or more and finite")
        return factor * number

    return value


def checked(
    problem: Any, theta0: np.ndarray, T: int, gamma0: float | np.ndarray, N: int = 1, called: str = "gamma0"
) -> tuple[np.ndarray, np.ndarray]:
    """The start (*batch, p) and γ₀ (*batch, 1) of a policy gradient method, once they are known to be allowed.

    Raises
    ------
    ValueError
        If `theta0` has another size than the policy or isn't finite, T or N is below 1 or γ₀, which the method may
        have `called` otherwise, is negative or fits no batch of `theta0`.
    """
    theta0 = np.asarray(theta0, dtype=float)
    require(theta0.shape[-1:] == (problem.p,), "the shape of theta0", theta0.shape, f"(*batch, {problem.p})")
    require(np.isfinite(theta0), "theta0", theta0, "finite")
    check_counts(**{"T": T, "the batch N": N})
    gamma0 = factors(called, gamma0, theta0)
    require((gamma0 >= 0) & (gamma0 < np.inf), called, gamma0, "0 or more and finite")
    theta, gamma0 = replicates(theta0, gamma0)
    return theta, gamma0


def factors(name: str, values: float | np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Numbers, one for all replicates of θ (*batch, p) or one for each, as an array that fits the batch.

    Raises
    ------
    ValueError
        If they are no real numbers, or fit no batch.
    """
    values, batch = np.asarray(values), theta.shape[:-1]
    require(values.dtype.kind in "biuf", name, values, "a real number or an array of them")
    ends = zip(values.shape[::-1], batch[::-1], strict=False)
    fits = all(ours == theirs or 1 in (ours, theirs) for ours, theirs in ends)
    require(fits, f"the shape of {name}", values.shape, f"one that fits the batch {batch} of theta0")
    return values


def draw(problem: Any, theta: np.ndarray, N: int, rng: np.random.Generator) -> Any:
    """N trajectories of every replicate's θ (*batch, p), τ ~ p(·|π_θ)."""
    return problem.rollout(theta, problem.sample(rng, (*theta.shape[:-1], N)))


@algorithm
def reinforce(
    problem: Any,
    theta0: np.ndarray,
    *,
    T: int,
    gamma0: float | np.ndarray,
    rng: np.random.Generator,
    N: int = 1,
    gamma: Schedule = TWO_THIRDS,
    normalised: bool = False,
) -> Iterator[Climb]:
    """T steps of length γ₀γ_t times the estimated gradient, or times its direction; N trajectories a step.

    Parameters
    ----------
    problem
        Has `p`, `sample`, `rollout` and `g`.
    theta0 : array (*batch, p)
        Where to start.
    T : int
        Updates, at least 1.
    gamma0 : number or array (*batch)
        Factor of the step sizes, 0 or more.
    rng : numpy.random.Generator
        Of the trajectories.
    N : int
        Trajectories of a gradient.
    gamma : function of t = 0, 1, …
        The shape of the step sizes, 0 or more.
    normalised : bool
        Whether only the direction of the gradient counts.

    Raises
    ------
    ValueError
        If an argument isn't allowed, or `gamma` takes a value that isn't.
    """
    theta, gamma0 = checked(problem, theta0, T, gamma0, N)
    step = scaled(gamma, gamma0, "gamma")
    yield Climb(theta, theta, np.zeros_like(theta), theta)
    for t in range(T):
        tau = draw(problem, theta, N, rng)
        d = problem.g(tau, theta)
        theta_prev, theta = theta, theta + step(t) * (unit(d) if normalised else d)
        yield Climb(theta, theta_prev, d, theta_prev)
