"""The residual of one time step (A1), whose root is the motion, with its Jacobians."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.papers.dojo.algorithm.cones import Cones
from optilab.papers.dojo.algorithm.contact import UP, Touching
from optilab.papers.dojo.algorithm.joint import Relative, relative
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

    state: State  # (..., N, …) next positions and rotations, and the velocities that lead there
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
    def N(self) -> int:
        """The number of bodies."""
        return len(self.system.bodies)

    @property
    def free(self) -> int:
        """How many unknowns have no cone."""
        return 6 * self.N + self.system.constraints

    @cached_property
    def batch(self) -> tuple[int, ...]:
        """The common replicate axes of state, input and parameters."""
        s = self.system
        parts = [self.state.x.shape[:-2], self.u.shape[:-2], s.m.shape[:-1], s.J.shape[:-3]]
        return np.broadcast_shapes(*parts, s.p.shape[:-2], s.r.shape[:-1], s.mu.shape[:-1])

    @cached_property
    def start(self) -> Array:
        """The velocities of before and no impulse: the free unknowns to start from, (*batch, free)."""
        before = np.concatenate([self.state.v, self.state.omega], -1)
        w = np.zeros((*self.batch, self.free))
        w[..., : 6 * self.N] = before.reshape(*before.shape[:-2], -1)
        return w

    def admissible(self, w: Array) -> Array:
        """Whether every body turns slowly enough for the root in (1), (...)."""
        omega = self.system.parts(w)[0][..., 3:]
        return ((omega * omega).sum(-1) < 3.9 / self.system.h**2).all(-1)

    def next(self, w: Array) -> Next:
        """The next configuration, x⁺ = x + h v and q⁺ = q ⊗ d(ω), equation (1)."""
        h, velocities = self.system.h, self.system.parts(w)[0]
        v, omega = velocities[..., :3], velocities[..., 3:]
        turn = increment(omega, h)
        chain = np.zeros((*omega.shape[:-1], 12, 6))
        chain[..., :3, :3] = h * np.eye(3)
        chain[..., 3:6, 3:] = increment_tangent(omega, h)
        chain[..., 6:, :] = np.eye(6)
        return Next(State(self.state.x + h * v, v, product(self.state.q, turn), omega), turn, chain)

    def touching(self, to: State) -> Touching:
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
        blocks = [at.joint.among(at.joint.rows @ at.jacobian, self.N).mT for at in self.here]
        return np.concatenate(blocks, -1) if blocks else np.zeros((6 * self.N, 0))

    # residual

    def equalities(self, w: Array) -> Array:
        """r_T and r_R of every body, joints, contacts (2) and joint limits, (..., free + duals)."""
        s, h, to = self.system, self.system.h, self.next(w).state
        velocities, multipliers, primals, duals = s.parts(w)
        contacts = self.touching(to)
        F, touches = s.model(contacts.measures, s.of_contacts(primals), s.of_contacts(duals), s.mu)

        # dynamics
        r_T = s.m[..., None] * (to.v - self.state.v + h * s.gravity * UP)
        r_R = momentum(s.J, to.omega, h) - momentum(s.J, self.state.omega, h, -1.0)
        wrenches = np.einsum("nb,...ni->...bi", self.on_body, np.matvec(contacts.wrench, F))
        r = np.concatenate([r_T, r_R], -1) - self.u - wrenches
        r = r.reshape(*r.shape[:-2], -1) - np.matvec(self.impulse_map, multipliers)
        for at, along, gamma in self.with_coordinate(primals):
            r = r - along * self.pull(at, along, velocities, gamma)[..., None]

        # joints, and what defines the duals
        joints = s.joint_error(to)
        touches = touches.reshape(*w.shape[:-1], -1)
        slacks = [joint.slacks(relative(joint, to.x, to.q).coordinate) for joint in s.limited]
        limits = np.concatenate([touches[..., :0], *slacks], -1) - duals[..., touches.shape[-1] :]
        return np.concatenate([r, joints, touches, limits], -1)

    def jacobian(self, w: Array) -> Array:
        """∂ equalities/∂w, (..., free + duals, free + 2 duals)."""
        s, to = self.system, self.next(w)
        multipliers, primals = slice(6 * self.N, self.free), s.parts(w)[2]
        matrix = np.zeros((*w.shape[:-1], self.free + self.cones.size, w.shape[-1]))

        # velocities
        matrix[..., : 6 * self.N] = side_by_side(self.by_next(w, to.state) @ to.chain)
        by_omega = momentum_jacobian(s.J, to.state.omega, s.h)
        for b in range(self.N):
            moving, turning = slice(6 * b, 6 * b + 3), slice(6 * b + 3, 6 * b + 6)
            matrix[..., moving, moving] += s.m[..., b, None, None] * np.eye(3)
            matrix[..., turning, turning] += by_omega[..., b, :, :]
        for at, along, _ in self.with_coordinate(primals):
            stiffness = s.h * (at.joint.damper + s.h / 4 * at.joint.spring)
            matrix[..., : 6 * self.N, : 6 * self.N] += stiffness * along[..., :, None] * along[..., None, :]

        # impulses
        matrix[..., : 6 * self.N, multipliers] = -self.impulse_map
        wrench = self.touching(to.state).wrench @ s.model.coefficients.K
        wrenches = np.einsum("nb,...nik->...bink", self.on_body, wrench)
        contact = slice(self.free, self.free + wrench.shape[-1] * wrench.shape[-3])
        matrix[..., : 6 * self.N, contact] = -wrenches.reshape(*w.shape[:-1], 6 * self.N, -1)
        limit = contact.stop
        for at, along, _ in self.with_coordinate(primals):
            if at.joint.limited:
                matrix[..., : 6 * self.N, limit : limit + 2] = along[..., :, None] * np.array([1.0, -1.0])
                limit += 2

        # duals
        _, _, B, B_mu, C = s.model.coefficients
        mixing, k = B + s.mu[..., None, None] * B_mu, s.model.k
        for c in range(len(s.contacts)):
            at_c = slice(self.free + k * c, self.free + k * c + k)
            matrix[..., at_c, at_c] = mixing[..., c, :, :]
        defined = np.concatenate([np.tile(np.diag(C), len(s.contacts)), -np.ones(2 * len(s.limited))])
        matrix[..., self.free :, self.free + self.cones.size :] = np.diag(defined)
        return matrix

    def by_next(self, w: Array, to: State) -> Array:
        """∂ equalities/∂(x⁺, φ⁺, v, ω) of each body, where contacts, joints and limits see them, (..., N, rows, 12)."""
        s = self.system
        matrix = np.zeros((*w.shape[:-1], self.N, self.free + self.cones.size, 12))
        contacts = self.touching(to)
        by_turn = contacts.torque_jacobian(s.contact_impulses(w))
        torque = np.einsum("nb,...nij->...bij", self.on_body, by_turn)
        for b in range(self.N):
            matrix[..., b, 6 * b + 3 : 6 * b + 6, 3:6] = -torque[..., b, :, :]
        row = 6 * self.N
        for joint in s.joints:
            for body, part in joint.by_body(joint.rows @ relative(joint, to.x, to.q).jacobian):
                matrix[..., body, row : row + len(joint.rows), :6] = part
            row += len(joint.rows)
        measured = s.model.coefficients.L @ contacts.measures_jacobian
        for c, body in enumerate(s.touches):
            matrix[..., body, row : row + s.model.k, :] = measured[..., c, :, :]
            row += s.model.k
        for joint in s.limited:
            for body, part in joint.by_body(relative(joint, to.x, to.q).coordinate_jacobian[..., None, :]):
                matrix[..., body, row : row + 2, :6] = np.array([[-1.0], [1.0]]) * part
            row += 2
        return matrix

    # parts

    @cached_property
    def on_body(self) -> Array:
        """Which contact is on which body, (n, N)."""
        return (self.system.touches[:, None] == np.arange(self.N)).astype(float)

    def with_coordinate(self, primals: Array) -> Iterator[tuple[Relative, Array, Array]]:
        """Joints with limits, spring or damper: where they are, ∂c by body (..., 6N), the limits' γ_l − γ_u (...)."""
        limit = self.cones.size - 2 * len(self.system.limited)
        for at in self.here:
            gamma = np.zeros(primals.shape[:-1])
            if at.joint.limited:
                gamma = primals[..., limit + 1] - primals[..., limit]
                limit += 2
            if at.joint.limited or at.joint.spring or at.joint.damper:
                yield at, at.joint.among(at.coordinate_impulse, self.N), gamma

    def pull(self, at: Relative, along: Array, velocities: Array, gamma: Array) -> Array:
        """The impulse along the coordinate c of a joint, (...): γ − h spring (c − rest) − h damper ċ, γ = γ_l − γ_u.

        The spring sees the mean of c in the middle of this step and of the step before.
        """
        h, joint = self.system.h, at.joint
        rate = (along * velocities.reshape(*velocities.shape[:-2], -1)).sum(-1)
        before = (along * self.start[..., : 6 * self.N]).sum(-1)
        stretch = at.coordinate + h / 4 * (rate - before) - joint.rest
        return gamma - h * joint.spring * stretch - h * joint.damper * rate


def side_by_side(blocks: Array) -> Array:
    """The columns of every body in one matrix, (..., N, k, m) → (..., k, N m)."""
    return np.moveaxis(blocks, -3, -2).reshape(*blocks.shape[:-3], blocks.shape[-2], -1)
