"""Motion: one step, and many."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.numerics import unit
from optilab.core.run import algorithm
from optilab.papers.dojo.algorithm.interior_point import solve
from optilab.papers.dojo.algorithm.quaternion import Array
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.system import State, System, checked


class Motion(NamedTuple):
    """A state of a rollout, with the record of the solver."""

    x: Array  # (*batch, N, 3) positions (m)
    v: Array  # (*batch, N, 3) velocities (m/s) that led there
    q: Array  # (*batch, N, 4) unit quaternions
    omega: Array  # (*batch, N, 3) angular velocities (rad/s), body frame
    gap: Array  # (*batch, contacts) distances from the floor (m)
    w: Array  # (*batch, n) the root: see `System.parts`
    iterations: Array  # (*batch) of the interior-point method
    r_vio: Array  # (*batch)
    b_vio: Array  # (*batch)
    converged: Array  # (*batch)

    @property
    def state(self) -> State:
        """Configuration and velocities."""
        return State(*self[:4])


class NotConvergedError(ValueError):
    """The interior-point method did not find the next state."""


def inputs(system: System, u: Array | None) -> Array:
    """Impulses (*batch, N, 6), none by default."""
    N = len(system.bodies)
    u = np.zeros((N, 6)) if u is None else np.asarray(u, dtype=float)
    require(u.shape[-2:] == (N, 6) and np.isfinite(u).all(), "u", u, f"finite, of shape (*batch, {N}, 6)")
    return u


def take(problem: TimeStep, **options: Any) -> Motion:
    """Solve one step; a replicate whose solver fails gets NaN for its next state."""
    try:
        w, r_vio, b_vio, *_, converged, iterations = solve(problem, **options)
    except np.linalg.LinAlgError:
        raise NotConvergedError("the equations of the step became singular: reduce h") from None
    to = problem.next(w).state
    to = to._replace(q=unit(to.q))  # against round-off
    state = State(*(np.where(converged[..., None, None], part, np.nan) for part in to))
    return Motion(*state, problem.system.gap(state), w, iterations, r_vio, b_vio, converged)


def posed(system: System, state: State, u: Array | None = None) -> TimeStep:
    """The problem of a step, refused by name where a joint is implied, in part or whole, by those before it."""
    problem = TimeStep(system, checked(system, state), inputs(system, u))
    before, column = 0, 0
    for joint in problem.system.joints:
        column += len(joint.rows)
        rank = np.linalg.matrix_rank(problem.impulse_map[..., :column], tol=1e-9).min()
        require(rank == before + len(joint.rows), "joints", str(joint), "independent of each other: one is redundant")
        before = rank
    return problem


def step(
    system: System, state: State, u: Array | None = None, *, kappa: float | Array = 1e-6, **options: Any
) -> Motion:
    """One time step from a state.

    Parameters
    ----------
    system : System
        What moves.
    state : State
        Where it is, arrays (*batch, N, …).
    u : array (*batch, N, 6)
        Impulses: h × force, world frame (N·s), and h × torque, body frame (N·m·s).
    kappa : number or array (*batch)
        The central-path parameter κ.
    **options
        Of `interior_point`.

    Raises
    ------
    ValueError
        If an argument is not allowed, joints are redundant, or the solver doesn't converge (`NotConvergedError`).
    """
    motion = take(posed(system, state, u), kappa=kappa, **options)
    require_converged(motion)
    return motion


def require_converged(motion: Motion) -> None:
    """Refuse a step that the solver did not finish, with its status.

    Raises
    ------
    NotConvergedError
        If some replicate isn't converged.
    """
    if not motion.converged.all():
        worst = np.argmin(motion.converged)
        raise NotConvergedError(
            f"the interior-point method did not converge in {motion.iterations.flat[worst]} iterations: "
            f"r_vio = {motion.r_vio.flat[worst]:.2g}, b_vio = {motion.b_vio.flat[worst]:.2g}"
        )


@algorithm
def rollout(
    system: System,
    state: State,
    *,
    kappa: float | Array = 1e-6,
    u: Callable[[int, State], Array] | None = None,
    **options: Any,
) -> Iterator[Motion]:
    """Step by step; yields the start, then the motion after each step.

    A replicate whose solver fails is recorded as not converged and is NaN from there on.

    Parameters
    ----------
    system, state, kappa, **options
        As for `step`.
    u : function (k, state) → array (*batch, N, 6)
        Impulses of step k.

    Raises
    ------
    ValueError
        If an argument is not allowed or joints are redundant.
    """
    first = posed(system, state)
    kappa = np.asarray(kappa, dtype=float)
    require((kappa > 0) & np.isfinite(kappa), "kappa", kappa, "positive and finite")
    batch = np.broadcast_shapes(first.batch, kappa.shape)
    state = State(*(np.broadcast_to(part, (*batch, *part.shape[-2:])) for part in first.state))
    none, w = np.zeros(batch), np.zeros((*batch, first.free + 2 * system.cones.size))
    yield Motion(*state, system.gap(state), w, none.astype(int), none, none, none == 0)
    for k in count():
        impulses = inputs(system, None if u is None else u(k, state))
        motion = take(TimeStep(system, state, impulses), kappa=kappa, **options)
        yield motion
        state = motion.state
