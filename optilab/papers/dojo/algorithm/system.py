"""A system of rigid bodies in maximal coordinates: bodies, contacts with the floor, joints, and its states."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from optilab.core.check import numbers, require, whole
from optilab.papers.dojo.algorithm.cones import Cones
from optilab.papers.dojo.algorithm.contact import FRICTIONS, Friction
from optilab.papers.dojo.algorithm.joint import Joint, relative
from optilab.papers.dojo.algorithm.quaternion import Array, difference, retract, rotation

UNIT = 1e-6  # how far from 1 the norm of a quaternion may be
INSIDE = 1e-6  # how deep in the floor (m) a start may be by rounding
CLOSED = 1e-6  # how far open a joint may be
ENDS = np.array([3, 6, 10])  # of x, v and q in a body's 13 numbers


@dataclass(frozen=True, eq=False)
class Body:
    """A rigid body.

    Parameters
    ----------
    m : number or array (*batch)
        Mass (kg).
    J : array (*batch, 3, 3)
        Inertia in the body's frame (kg·m²).

    Raises
    ------
    ValueError
        If m isn't positive, or J isn't symmetric positive definite.
    """

    m: Any
    J: Any

    def __post_init__(self) -> None:
        m, J = numbers("m", self.m), numbers("J", self.J)
        require((m > 0) & np.isfinite(m), "m", m, "positive and finite")
        require(J.shape[-2:] == (3, 3) and np.isfinite(J).all(), "J", J, "finite, of shape (*batch, 3, 3)")
        symmetric = abs(J - np.swapaxes(J, -1, -2)).max() <= 1e-12 * abs(J).max()
        require(symmetric and (np.linalg.eigvalsh(J) > 0).all(), "J", J, "symmetric and positive definite")
        object.__setattr__(self, "m", m)
        object.__setattr__(self, "J", J)


@dataclass(frozen=True, eq=False)
class Contact:
    """A sphere fixed to a body that can touch the floor z = 0.

    Parameters
    ----------
    body : int
        Number of the body.
    p : array (*batch, 3)
        Centre in the body's frame (m).
    r : number or array (*batch)
        Radius (m), 0 or more.
    mu : number or array (*batch)
        Coefficient of friction, 0 or more.

    Raises
    ------
    ValueError
        If a value is not allowed, or `body` isn't a whole number.
    """

    body: int
    p: Any
    r: Any
    mu: Any

    def __post_init__(self) -> None:
        require(whole(self.body), "body", self.body, "the whole number of a body, 0 or more")
        for name in ("p", "r", "mu"):
            object.__setattr__(self, name, numbers(name, getattr(self, name)))
        require(self.p.shape[-1:] == (3,) and np.isfinite(self.p).all(), "p", self.p, "finite, of shape (*batch, 3)")
        require((self.r >= 0) & np.isfinite(self.r), "r", self.r, "0 or more, and finite")
        require((self.mu >= 0) & np.isfinite(self.mu), "mu", self.mu, "0 or more, and finite")


class State(NamedTuple):
    """A configuration and the velocities that led into it, (*batch, N bodies, …)."""

    x: Array  # (*batch, N, 3) positions (m), world frame
    v: Array  # (*batch, N, 3) velocities v⁻ (m/s), world frame
    q: Array  # (*batch, N, 4) unit quaternions, body → world
    omega: Array  # (*batch, N, 3) angular velocities ω⁻ (rad/s), body frame


@dataclass(frozen=True, eq=False)
class System:
    """Bodies, contacts and joints; parameters may have leading replicate axes that fit those of the states.

    Parameters
    ----------
    bodies, contacts, joints
        What it is made of.
    h : float
        Time step (s).
    friction : str
        "cone" (second-order), "pyramid" (linearised) or "none". Without friction anywhere (all μ = 0) it is "none":
        at μ = 0 the cone's equations have no solution.
    gravity : float
        Downward acceleration (m/s²).

    Raises
    ------
    ValueError
        If a value is not allowed, a number of a body is none, or some contacts have friction and others don't.
    """

    bodies: Sequence[Body]
    contacts: Sequence[Contact] = ()
    joints: Sequence[Joint] = ()
    h: float = 0.01
    friction: str = "cone"
    gravity: float = 9.81

    def __post_init__(self) -> None:
        for name in ("h", "gravity"):
            require(numbers(name, getattr(self, name)).ndim == 0, name, getattr(self, name), "one number")
        require(0 < self.h < np.inf, "h", self.h, "positive and finite")
        require(np.isfinite(self.gravity), "gravity", self.gravity, "finite")
        known = isinstance(self.friction, str) and self.friction in FRICTIONS
        require(known, "friction", self.friction, f"one of {', '.join(FRICTIONS)}")
        N = len(self.bodies)
        require(N >= 1, "bodies", self.bodies, "at least one")
        for contact in self.contacts:
            require(0 <= contact.body < N, "a contact's body", contact.body, f"from 0 to {N - 1}")
        for joint in self.joints:
            ends = (joint.parent, joint.child)
            require(
                -1 <= joint.parent < N and 0 <= joint.child < N, "a joint's bodies", ends, f"below {N}, the world −1"
            )
            require(joint.parent != joint.child, "a joint's bodies", ends, "two different ones")
        if self.friction != "none" and self.contacts:
            slippery = self.mu == 0
            if slippery.all():
                object.__setattr__(self, "friction", "none")
            else:
                require(~slippery, "mu", self.mu, 'positive for all contacts, or 0 for all (friction="none")')

    @cached_property
    def m(self) -> Array:
        """Masses, (*batch, N)."""
        return _stacked([body.m for body in self.bodies], -1)

    @cached_property
    def J(self) -> Array:
        """Inertias, (*batch, N, 3, 3)."""
        return _stacked([body.J for body in self.bodies], -3)

    @cached_property
    def touches(self) -> Array:
        """The body of each contact, (n,)."""
        return np.array([contact.body for contact in self.contacts], dtype=int)

    @cached_property
    def p(self) -> Array:
        """Centres of the contacts, (*batch, n, 3)."""
        return _stacked([contact.p for contact in self.contacts], -2, none=(0, 3))

    @cached_property
    def r(self) -> Array:
        """Radii of the contacts, (*batch, n)."""
        return _stacked([contact.r for contact in self.contacts], -1)

    @cached_property
    def mu(self) -> Array:
        """Coefficients of friction, (*batch, n)."""
        return _stacked([contact.mu for contact in self.contacts], -1)

    @cached_property
    def model(self) -> Friction:
        """The model of friction."""
        return FRICTIONS[self.friction]

    @cached_property
    def limited(self) -> list[Joint]:
        """The joints with limits."""
        return [joint for joint in self.joints if joint.limited]

    @cached_property
    def cones(self) -> Cones:
        """Multipliers: k for each contact, then one for each side of each limit."""
        k, n = self.model.k, len(self.contacts)
        first = k * np.arange(n)[:, None]
        limits = k * n + np.arange(2 * len(self.limited))
        orthant = np.concatenate([(first + np.array(self.model.orthant)).ravel(), limits])
        triples = np.array(self.model.second_order, dtype=int).reshape(-1, 3)
        return Cones(orthant.astype(int), (first[:, :, None] + triples).reshape(-1, 3))

    @cached_property
    def constraints(self) -> int:
        """The number of joint multipliers."""
        return sum(len(joint.rows) for joint in self.joints)

    def parts(self, w: Array) -> tuple[Array, Array, Array, Array]:
        """The unknowns of a step: velocities (v, ω) (..., N, 6), joint multipliers λ, primals (γ, β), duals (s, η)."""
        N, n, free = len(self.bodies), self.cones.size, 6 * len(self.bodies) + self.constraints
        velocities = w[..., : 6 * N].reshape(*w.shape[:-1], N, 6)
        return velocities, w[..., 6 * N : free], w[..., free : free + n], w[..., free + n :]

    def of_contacts(self, primals: Array) -> Array:
        """The primals, or duals, of each contact, (..., n, k); (γ; β₁, b_x, b_y) or (s; η₁, η_x, η_y) with the cone."""
        n, k = len(self.contacts), self.model.k
        return primals[..., : n * k].reshape(*primals.shape[:-1], n, k)

    def contact_impulses(self, w: Array) -> Array:
        """The impulse F = (b_x, b_y, γ) of the floor on each contact, (..., n, 3) (N·s)."""
        return np.matvec(self.model.coefficients.K, self.of_contacts(self.parts(w)[2]))

    def gap(self, state: State) -> Array:
        """Distance of each contact from the floor (m), (*batch, n)."""
        x, R = state.x[..., self.touches, :], rotation(state.q)[..., self.touches, :, :]
        return (x + np.matvec(R, self.p))[..., 2] - self.r

    def joint_error(self, state: State) -> Array:
        """What should vanish at the joints (m, or half a radian), (*batch, constraints)."""
        errors = [relative(joint, state.x, state.q).pose @ joint.rows.T for joint in self.joints]
        return np.concatenate([*errors, np.zeros((*state.x.shape[:-2], 0))], -1)

    def coordinate(self, state: State, joint: int) -> Array:
        """Displacement (m) or angle (rad) of a prismatic or revolute joint, by its number, (*batch)."""
        allowed = "that of a prismatic or revolute joint"
        require(self.joints[joint].kind in ("prismatic", "revolute"), "joint", joint, allowed)
        return relative(self.joints[joint], state.x, state.q).coordinate


def _stacked(parts: list[Array], axis: int, none: tuple[int, ...] = (0,)) -> Array:
    """What bodies or contacts have, along a new axis; zeros of the shape `none` where there are none."""
    return np.stack(np.broadcast_arrays(*parts), axis) if parts else np.zeros(none)


def state_of(
    x: ArrayLike,
    v: ArrayLike | None = None,
    q: ArrayLike | None = None,
    omega: ArrayLike | None = None,
    *,
    bodies: int = 1,
) -> State:
    """A state from parts (*batch, N, …) or, for one body, (…); what is left out is at rest and upright."""
    parts = [
        np.asarray(default if part is None else part, dtype=float)
        for part, default in zip((x, v, q, omega), ((0.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0), (0.0,) * 3), strict=True)
    ]
    for name, part, size in zip(State._fields, parts, (3, 3, 4, 3), strict=True):
        require(part.ndim >= 1 and part.shape[-1] == size, name, part, f"of shape (*batch, N, {size})")
        require(np.isfinite(part), name, part, "finite")
    parts = [part[None] if part.ndim == 1 else part for part in parts]
    shape = np.broadcast_shapes(*(part.shape[:-1] for part in parts), (bodies,))
    return State(*(np.broadcast_to(part, (*shape, part.shape[-1])).copy() for part in parts))


def joined(state: State) -> Array:
    """A state's numbers (x, v, q, ω) of body after body, (*batch, 13 N)."""
    batch = np.broadcast_shapes(*(part.shape[:-1] for part in state))
    z = np.concatenate([np.broadcast_to(part, (*batch, part.shape[-1])) for part in state], -1)
    return z.reshape(*z.shape[:-2], -1)


def apart(z: Array) -> State:
    """The state that such numbers (*batch, 13 N) stand for."""
    z = np.asarray(z, float)
    return State(*np.split(z.reshape(*z.shape[:-1], -1, 13), ENDS, -1))


def tangent(z: Array, other: Array) -> Array:
    """The tangent (x, v, φ, ω) of body after body, (*batch, 12 N), that leads from the numbers `other` to z."""
    x, v, q, omega = apart(z)
    x_from, v_from, q_from, omega_from = apart(other)
    xi = np.concatenate([x - x_from, v - v_from, difference(q, q_from), omega - omega_from], -1)
    return xi.reshape(*xi.shape[:-2], -1)


def moved(z: Array, xi: Array) -> Array:
    """The numbers (*batch, 13 N) to which a tangent ξ (*batch, 12 N) leads from z: the inverse of `tangent`."""
    x, v, q, omega = apart(z)
    d = xi.reshape(*xi.shape[:-1], -1, 12)
    return joined(State(x + d[..., :3], v + d[..., 3:6], retract(q, d[..., 6:9]), omega + d[..., 9:]))


def checked(system: System, state: State) -> State:
    """The state with its quaternions normalised, once it is known to be allowed; warns of a turn of 90° a step.

    Raises
    ------
    ValueError
        If a part has the wrong shape or isn't finite, a quaternion isn't unit, a body turns by 180° a step or more,
        a contact is in the floor, or a joint is open or beyond its limits.
    """
    state = state_of(*state, bodies=len(system.bodies))
    require(state.x.shape[-2] == len(system.bodies), "x", state.x.shape, f"(*batch, {len(system.bodies)}, 3)")
    norm = np.linalg.norm(state.q, axis=-1, keepdims=True)
    require(abs(norm - 1) <= UNIT, "q", state.q, f"of norm 1 (off by at most {UNIT:g})")
    state = state._replace(q=state.q / norm)
    fastest = np.linalg.norm(state.omega, axis=-1).max()
    require(
        fastest < 2 / system.h, "omega", state.omega, f"below 2/h = {2 / system.h:.4g} rad/s, 180° a step: reduce h"
    )
    if fastest >= np.sqrt(2) / system.h:
        warnings.warn(f"a spin of {fastest:.4g} rad/s turns by ≥ 90° a step: its root isn't unique", stacklevel=4)
    depth = -system.gap(state).min(initial=0.0)
    require(depth <= INSIDE, "x", state.x, f"above the floor: the start is inside it by {depth:.3g} m")
    for joint in system.joints:
        at = relative(joint, state.x, state.q)
        error = abs(at.pose @ joint.rows.T).max()
        require(error <= CLOSED, "the state", f"an error of {error:.3g}", f"one in which {joint} is closed")
        if joint.limited:
            c, (low, high) = at.coordinate, joint.limits
            require((low <= c + CLOSED) & (c <= high + CLOSED), "the state", c, f"within the limits of {joint}")
    return state
