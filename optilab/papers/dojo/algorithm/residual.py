"""The residual of one time step, whose root is the motion, with its Jacobians."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.papers.dojo.algorithm.cones import Cones
from optilab.papers.dojo.algorithm.contact import Touching
from optilab.papers.dojo.algorithm.joint import Joint, Relative, relative
from optilab.papers.dojo.algorithm.quaternion import (
    Array,
    increment,
    increment_tangent,
    momentum,
    momentum_jacobian,
    product,
    rotation,
)
from optilab.papers.dojo.algorithm.system import State, System


class Next(NamedTuple):
    """The motion that the unknowns of a step mean."""

    x: Array  # (..., N, 3) next positions
    q: Array  # (..., N, 4) next rotations
    v: Array  # (..., N, 3)
    omega: Array  # (..., N, 3)
    turn: Array  # (..., N, 4) d(ω)
    chain: Array  # (..., N, 12, 6) ∂(x⁺, φ⁺, v, ω)/∂(v, ω)


@dataclass(frozen=True, eq=False)
class TimeStep:
    """One step as a complementarity problem in w = (v₁, ω₁, …, v_N, ω_N, λ; primals γ, β; duals s, η).

    Its equalities are dynamics (6N), joints (len λ) and one for each dual; then come the products of primals and duals.

    Parameters
    ----------
    system : System
        What moves.
    state : State
        Where it is and the velocities that led there.
    u : array (*batch, N, 6)
        Impulses on each body: h × force in the world frame (N·s), h × torque in the body's frame (N·m·s).
    """

    system: System
    state: State
    u: Array

    @property
    def cones(self) -> Cones:
        """The cones of the primals and of the duals."""
        return self.system.cones

    @property
    def free(self) -> int:
        """How many unknowns have no cone."""
        return 6 * len(self.system.bodies) + self.system.constraints

    @cached_property
    def batch(self) -> tuple[int, ...]:
        """The common replicate axes of state, input and parameters."""
        s = self.system
        parts = [self.state.x.shape[:-2], self.u.shape[:-2], s.m.shape[:-1], s.J.shape[:-3]]
        return np.broadcast_shapes(*parts, s.p.shape[:-2], s.r.shape[:-1], s.mu.shape[:-1])

    @cached_property
    def start(self) -> Array:
        """The velocities of before and no impulse: the free unknowns to start from, (*batch, free)."""
        w = np.zeros((*self.batch, self.free))
        N = len(self.system.bodies)
        velocities = w[..., : 6 * N].reshape(*self.batch, N, 6)
        velocities[..., :3], velocities[..., 3:] = self.state.v, self.state.omega
        w[..., : 6 * N] = velocities.reshape(*self.batch, 6 * N)
        return w

    def admissible(self, w: Array) -> Array:
        """Whether every body turns slowly enough for the root in (1), (...)."""
        omega = self.system.parts(w)[0][..., 3:]
        return ((omega * omega).sum(-1) < 3.9 / self.system.h**2).all(-1)

    def next(self, w: Array) -> Next:
        """The next configuration, x⁺ = x + h v and q⁺ = q ⊗ d(ω)."""
        h, velocities = self.system.h, self.system.parts(w)[0]
        v, omega = velocities[..., :3], velocities[..., 3:]
        turn = increment(omega, h)
        chain = np.zeros((*omega.shape[:-1], 12, 6))
        chain[..., :3, :3] = h * np.eye(3)
        chain[..., 3:6, 3:] = increment_tangent(omega, h)
        chain[..., 6:, :] = np.eye(6)
        return Next(self.state.x + h * v, product(self.state.q, turn), v, omega, turn, chain)

    def touching(self, to: Next) -> Touching:
        """What the contacts do at the end of the step."""
        s, at = self.system, self.system.touches
        R = rotation(to.q)[..., at, :, :]
        return Touching(s.p, s.r, to.x[..., at, :], R, to.v[..., at, :], to.omega[..., at, :])

    @cached_property
    def here(self) -> list[Relative]:
        """The joints at the current configuration, where their impulses act."""
        return [relative(joint, self.state.x, self.state.q) for joint in self.system.joints]

    @cached_property
    def impulse_map(self) -> Array:
        """Gᵀ: from joint multipliers to impulses on all bodies, (*batch, 6N, len λ)."""
        N, blocks = len(self.system.bodies), []
        for joint, at in zip(self.system.joints, self.here, strict=True):
            blocks.append(np.swapaxes(spread_out(joint.rows @ at.jacobian, joint, N), -1, -2))
        return np.concatenate(blocks, -1) if blocks else np.zeros((6 * N, 0))

    # residual

    def equalities(self, w: Array) -> Array:
        """Dynamics, joints and what defines the duals, (..., free + duals)."""
        s, h, N = self.system, self.system.h, len(self.system.bodies)
        velocities, multipliers, primals, duals = self.system.parts(w)
        to = self.next(w)

        # dynamics
        falling = s.m[..., None] * (to.v - self.state.v + h * s.gravity * np.array([0.0, 0, 1]))
        turning = momentum(s.J, to.omega, h) - momentum(s.J, self.state.omega, h, -1.0)
        dynamics = np.concatenate([falling, turning], -1) - self.u
        contacts, y = self.touching(to), s.contact_multipliers(w)
        wrenches = (contacts.wrench @ (s.model.K @ y[..., None]))[..., 0]
        dynamics = dynamics - np.einsum("nb,...ni->...bi", self.on_body, wrenches)
        dynamics = dynamics.reshape(*dynamics.shape[:-2], 6 * N)
        dynamics = dynamics - (self.impulse_map @ multipliers[..., None])[..., 0]
        for joint, at, gamma in self.with_coordinate(primals):
            dynamics = dynamics - spread_out(at.coordinate_impulse, joint, N) * self.pull(joint, at, velocities, gamma)

        # joints
        joints = s.joint_error(State(to.x, to.v, to.q, to.omega))

        # duals
        rows = (s.model.L @ contacts.measures[..., None] + self._mixing @ y[..., None])[..., 0]
        rows = rows.reshape(*w.shape[:-1], rows.shape[-2] * rows.shape[-1])
        room = [self._room(joint, relative(joint, to.x, to.q).coordinate) for joint in s.limited]
        rows = np.concatenate([rows, *room], -1) - self._defined * duals
        return np.concatenate([dynamics, joints, rows], -1)

    def jacobian(self, w: Array) -> Array:
        """∂ equalities/∂w, (..., free + duals, free + 2 duals)."""
        s, N, n = self.system, len(self.system.bodies), self.cones.size
        _, _, primals, _ = self.system.parts(w)
        to = self.next(w)
        matrix = np.zeros((*w.shape[:-1], self.free + n, self.free + 2 * n))
        velocity, multiplier = slice(0, 6 * N), slice(6 * N, self.free)
        dual = slice(self.free + n, None)

        # dynamics
        blocks = np.zeros((*w.shape[:-1], N, 6, 6))
        blocks[..., :3, :3] = s.m[..., None, None] * np.eye(3)
        blocks[..., 3:, 3:] = momentum_jacobian(s.J, to.omega, s.h)
        contacts, y = self.touching(to), s.contact_multipliers(w)
        by_turn = contacts.torque_jacobian((s.model.K @ y[..., None])[..., 0])
        chain = to.chain[..., s.touches, :, :]
        blocks[..., 3:, :] -= np.einsum("nb,...nij->...bij", self.on_body, by_turn @ chain[..., 3:6, :])
        for b in range(N):
            matrix[..., 6 * b : 6 * b + 6, 6 * b : 6 * b + 6] = blocks[..., b, :, :]
        spread = np.einsum("nb,...nik->...bink", self.on_body, contacts.wrench @ s.model.K)
        touch = slice(self.free, self.free + spread.shape[-1] * spread.shape[-2])
        matrix[..., velocity, touch] = -spread.reshape(*w.shape[:-1], 6 * N, -1)
        matrix[..., velocity, multiplier] = -self.impulse_map
        limit = touch.stop
        for joint, at, _ in self.with_coordinate(primals):
            along = spread_out(at.coordinate_impulse, joint, N)
            stiffness = s.h * (joint.damper + s.h / 4 * joint.spring)
            matrix[..., velocity, velocity] += stiffness * along[..., :, None] * along[..., None, :]
            if joint.limited:
                matrix[..., velocity, limit : limit + 2] = along[..., :, None] * np.array([1.0, -1.0])
                limit += 2

        # joints
        row = 6 * N
        for joint in s.joints:
            part = joint.rows @ relative(joint, to.x, to.q).jacobian
            matrix[..., row : row + len(joint.rows), velocity] = chained(part, joint, to.chain)
            row += len(joint.rows)

        # duals
        measured = s.model.L @ contacts.measures_jacobian @ chain
        spread = np.einsum("nb,...nki->...nkbi", self.on_body, measured)
        end = row + touch.stop - touch.start
        matrix[..., row:end, velocity] = spread.reshape(*w.shape[:-1], end - row, 6 * N)
        for c, mixing in enumerate(np.moveaxis(self._mixing, -3, 0)):
            k = mixing.shape[-1]
            matrix[..., row + k * c : row + k * c + k, self.free + k * c : self.free + k * c + k] = mixing
        for joint in s.limited:
            part = chained(relative(joint, to.x, to.q).coordinate_jacobian[..., None, :], joint, to.chain)
            matrix[..., end : end + 2, velocity] = np.array([[-1.0], [1.0]]) * part
            end += 2
        matrix[..., row:, dual] = -np.diag(self._defined)
        return matrix

    @cached_property
    def on_body(self) -> Array:
        """Which contact is on which body, (n, N)."""
        return (self.system.touches[:, None] == np.arange(len(self.system.bodies))).astype(float)

    @property
    def _mixing(self) -> Array:
        """B + μ B_μ, (..., n, k, k)."""
        model = self.system.model
        return model.B + self.system.mu[..., None, None] * model.B_mu

    @cached_property
    def _defined(self) -> Array:
        """1 for a dual that an equality defines, 0 for a free one."""
        limits = np.ones(2 * len(self.system.limited))
        return np.concatenate([np.tile(np.diag(self.system.model.C), len(self.system.contacts)), limits])

    def with_coordinate(self, primals: Array) -> list[tuple[Joint, Relative, Array]]:
        """Joints with limits, spring or damper, where they are, and the impulse of their limits (...)."""
        limit = self.cones.size - 2 * len(self.system.limited)
        found = []
        for joint, at in zip(self.system.joints, self.here, strict=True):
            gamma = np.zeros(primals.shape[:-1])
            if joint.limited:
                gamma = primals[..., limit + 1] - primals[..., limit]
                limit += 2
            if joint.limited or joint.spring or joint.damper:
                found.append((joint, at, gamma))
        return found

    def pull(self, joint: Joint, at: Relative, velocities: Array, gamma: Array) -> Array:
        """The impulse along a joint's coordinate: limits, spring at both midpoints, damper, (..., 1)."""
        h, N = self.system.h, len(self.system.bodies)
        along = spread_out(at.coordinate_impulse, joint, N)
        rate = (along * velocities.reshape(*velocities.shape[:-2], 6 * N)).sum(-1)
        before = (along * self.start[..., : 6 * N]).sum(-1)
        stretch = at.coordinate + h / 4 * (rate - before) - joint.rest
        return (gamma - h * joint.spring * stretch - h * joint.damper * rate)[..., None]

    def _room(self, joint: Joint, c: Array) -> Array:
        """How far a coordinate is from its upper and from its lower limit, (..., 2)."""
        low, high = joint.limits
        return np.stack([high - c, c - low], -1)


def spread_out(part: Array, joint: Joint, N: int) -> Array:
    """What concerns the bodies of a joint, (..., 12), among all bodies, (..., 6N)."""
    out = np.zeros((*part.shape[:-1], 6 * N))
    if joint.parent >= 0:
        out[..., 6 * joint.parent : 6 * joint.parent + 6] = part[..., :6]
    out[..., 6 * joint.child : 6 * joint.child + 6] = part[..., 6:]
    return out


def chained(part: Array, joint: Joint, chain: Array) -> Array:
    """A Jacobian by (x_a⁺, φ_a⁺, x_b⁺, φ_b⁺), (..., k, 12), as one by all velocities, (..., k, 6N)."""
    N = chain.shape[-3]
    by_child = part[..., 6:] @ chain[..., joint.child, :6, :]
    by_parent = part[..., :6] @ chain[..., joint.parent, :6, :] if joint.parent >= 0 else 0 * by_child
    return spread_out(np.concatenate([by_parent, by_child], -1), joint, N)
