"""Races on the linear plant: forty runs of a method at once, their gaps and how far their directions are off."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.reinforce import check_counts
from optilab.core.check import require
from optilab.core.numerics import log_slope, log_steps
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg.algorithm import method, trajectories
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian

PLANT = LinearGaussian()
START = np.zeros(2)
FAR = 50.0  # a policy with ‖θ‖ beyond this has diverged
RUNS = 40
REMEMBER = ("N-MPG", "N-PG-IGT", "N-HARPG")
Array = np.ndarray


class Race(NamedTuple):
    """What the runs of one method did."""

    t: Array  # (points,) updates made
    trajectories: Array  # (points,) trajectories drawn by then, a run
    gap: Array  # (points, runs) J* − J_H(θ_t); NaN once a run has diverged
    err: Array  # (points, runs) ‖d − ∇J_H‖ of the update that led there
    diverged: Array  # (runs,) update at which a run left the ball of radius `FAR`, inf if it never did

    @property
    def status(self) -> Array:
        """For each run "diverged", "lost" (it ends lower than it began) or "better": (runs,)."""
        began = PLANT.maximum - float(PLANT(START))
        return np.where(np.isfinite(self.diverged), "diverged", np.where(self.gap[-1] > began, "lost", "better"))

    @property
    def slope(self) -> float:
        """The power with which the median err falls, by least squares."""
        return log_slope(self.t, np.nanmedian(self.err, -1))


def checkpoints(T: int, count: int = 13, first: int = 100) -> Array:
    """Updates from `first` to T, evenly on a log axis: (points,) of int, at most `count`; errors as of `log_steps`."""
    return log_steps(T, count, first)


def race(
    name: str,
    *,
    T: int,
    gamma0: float,
    N: int = 1,
    runs: int = RUNS,
    seed: int = 0,
    at: Array | None = None,
    problem: LinearGaussian = PLANT,
    progress: Callable[[float, float], Any] | bool = False,
) -> Race:
    """All runs of one method side by side on the plant, from θ = 0.

    Parameters
    ----------
    name : str
        One of `METHODS`.
    T, gamma0, N
        Updates, factor of the step sizes, trajectories of a gradient.
    runs, seed : int
        Replicates, and the seed of their trajectories: methods see the same noise.
    at : array (points,) of int, optional
        After which updates gap and error are measured, rising, from 1 to T; `checkpoints(T)` by default, where T is
        100 or more.
    problem : LinearGaussian
        The plant to act on, and that directions should climb; gaps are those of `PLANT` all the same.

    Returns
    -------
    Race
        Measured at `at`.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    check_counts(runs=runs)
    states = method(name)(problem, np.zeros((runs, 2)), T=T, gamma0=gamma0, N=N, rng=np.random.default_rng(seed))
    at = checkpoints(T) if at is None else np.asarray(at)
    whole = at.ndim == 1 and at.size > 0 and np.issubdtype(at.dtype, np.integer)
    require(whole, "at", at, "an array (points,) of whole numbers")
    require((at >= 1) & (at <= T), "at", at, f"from 1 to T = {T}")
    require(np.diff(at) > 0, "at", at, "rising")
    trace = run(states, T, keep=["theta", "theta_prev", "d"], limit=FAR, progress=progress)
    theta, before, d = (np.full((len(at), runs, 2), np.nan) for _ in range(3))
    made = at <= trace.step[-1]  # fewer if all have diverged
    theta[made], before[made], d[made] = (x[at[made]] for x in (trace.theta, trace.theta_prev, trace.d))
    gap = PLANT.maximum - PLANT(theta)
    err = np.linalg.norm(d - problem.grad(before), axis=-1)
    return Race(at, np.array([trajectories(name, t, N) for t in at]), gap, err, trace.diverged)


def trajectories_to(found: Race, epsilon: float) -> Array:
    """Trajectories that each run had drawn when its gap was first at most ε, to the next checkpoint; inf if never.

    Returns an array (runs,).

    Raises
    ------
    ValueError
        If ε isn't positive and finite.
    """
    require(0 < epsilon < np.inf, "epsilon", epsilon, "positive and finite")
    reached = found.gap <= epsilon
    return np.where(reached.any(0), found.trajectories[reached.argmax(0)], np.inf)
