"""Derivatives of a step by the implicit-function theorem: ∂w/∂θ = −(∂r/∂w)⁻¹ ∂r/∂θ."""

import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.papers.dojo.algorithm.interior_point import newton_matrix
from optilab.papers.dojo.algorithm.joint import relative
from optilab.papers.dojo.algorithm.quaternion import Array, momentum_jacobian, rotation, skew
from optilab.papers.dojo.algorithm.residual import TimeStep, spread_out
from optilab.papers.dojo.algorithm.simulation import Motion, inputs, require_converged, require_independent, take
from optilab.papers.dojo.algorithm.system import State, System, checked

PARAMETERS = ("state", "u", "m", "mu", "r", "p")


class Derivatives(NamedTuple):
    """A step and its derivatives, in tangent coordinates (x, v, φ, ω) of body after body."""

    motion: Motion
    by: dict[str, Array]  # ∂ next state/∂θ, (*batch, 12N, len θ)


def derivatives(
    system: System,
    state: State,
    u: Array | None = None,
    *,
    kappa: float | Array,
    by: Iterable[str] = ("state", "u"),
    kappa_rollout: float = 0.0,
    **options: Any,
) -> Derivatives:
    """Differentiate a step through its root at κ, with the matrix of Newton's last step.

    Parameters
    ----------
    system, state, u, **options
        As for `step`.
    kappa : number or array (*batch)
        κ_g at which to solve and differentiate: larger than the rollout's for smooth gradients.
    by : names
        Among "state" (12 a body: x, v⁻, φ, ω⁻), "u" (6 a body), "m" (1 a body), "mu", "r" (1 a contact) and
        "p" (3 a contact).
    kappa_rollout : number
        κ of the rollout; warns where the gradient's is smaller.

    Raises
    ------
    ValueError
        As `step`, or if a name is none of these.
    """
    by = tuple(by)
    for name in by:
        require(name in PARAMETERS, "by", name, f"among {', '.join(PARAMETERS)}")
    if np.any(np.asarray(kappa) < kappa_rollout):
        text = f"gradients at kappa = {kappa} are sharper than the rollout at {kappa_rollout:g}: use a larger one"
        warnings.warn(text, stacklevel=2)
    problem = TimeStep(system, checked(system, state), inputs(system, u))
    require_independent(problem)
    motion = take(problem, kappa=kappa, **options)
    require_converged(motion)
    return Derivatives(motion, implicit(problem, motion.w, by))


def implicit(problem: TimeStep, w: Array, by: Iterable[str]) -> dict[str, Array]:
    """∂ next state/∂θ for every named θ, from one matrix at the root w."""
    by = tuple(by)
    columns = [parameter_jacobian(problem, w, name) for name in by]
    matrix = newton_matrix(problem, w)
    rows = matrix.shape[-1] - columns[0].shape[-2]  # the products s ∘ g don't depend on θ
    together = np.concatenate([*columns], -1)
    together = np.concatenate([together, np.zeros((*together.shape[:-2], rows, together.shape[-1]))], -2)
    w_theta = -np.linalg.solve(matrix, together)

    # to the next state: δx⁺ = δx + h δv, δφ⁺ = R(d)ᵀ δφ + T δω
    N = len(problem.system.bodies)
    velocities = w_theta[..., : 6 * N, :].reshape(*w.shape[:-1], N, 6, -1)
    next_theta = problem.next(w).chain @ velocities  # x⁺, φ⁺, v, ω
    out, start = {}, 0
    for name, column in zip(by, columns, strict=True):
        size = column.shape[-1]
        part = next_theta[..., start : start + size].copy()
        start += size
        if name == "state":
            for b in range(N):
                part[..., b, :6, 12 * b : 12 * b + 12] += _carried(problem, w)[..., b, :6, :]
        part = part[..., [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11], :]
        out[name] = part.reshape(*w.shape[:-1], 12 * N, size)
    return out


def _carried(problem: TimeStep, w: Array) -> Array:
    """∂(x⁺, φ⁺, v, ω)/∂(x, v⁻, φ, ω⁻) with the velocities held, (..., N, 12, 12)."""
    turn = problem.next(w).turn
    carried = np.zeros((*turn.shape[:-1], 12, 12))
    carried[..., :3, :3] = np.eye(3)
    carried[..., 3:6, 6:9] = np.swapaxes(rotation(turn), -1, -2)
    return carried


def parameter_jacobian(problem: TimeStep, w: Array, name: str) -> Array:
    """∂ equalities/∂θ at w, (..., free + duals, len θ)."""
    return _BY[name](problem, w)


def _empty(problem: TimeStep, w: Array, size: int) -> Array:
    return np.zeros((*w.shape[:-1], problem.free + problem.cones.size, size))


def _by_state(problem: TimeStep, w: Array) -> Array:
    s, h, N = problem.system, problem.system.h, len(problem.system.bodies)
    velocities, multipliers, primals, _ = s.parts(w)
    to, carried = problem.next(w), _carried(problem, w)
    matrix = _empty(problem, w, 12 * N)

    # dynamics
    contacts, y = problem.touching(to), s.contact_multipliers(w)
    by_turn = contacts.torque_jacobian((s.model.K @ y[..., None])[..., 0]) @ carried[..., s.touches, 3:6, :]
    by_turn = np.einsum("nb,...nij->...bij", problem.on_body, by_turn)
    incoming = -momentum_jacobian(s.J, problem.state.omega, h, -1.0)
    for b in range(N):
        rows, columns = slice(6 * b, 6 * b + 6), slice(12 * b, 12 * b + 12)
        block = np.zeros((*w.shape[:-1], 6, 12))
        block[..., :3, 3:6] = -s.m[..., b, None, None] * np.eye(3)
        block[..., 3:, :] = -by_turn[..., b, :, :]
        block[..., 3:, 9:] += incoming[..., b, :, :]
        matrix[..., rows, columns] = block
    used = 0
    for joint, at in zip(s.joints, problem.here, strict=True):
        held = multipliers[..., used : used + len(joint.rows)] @ joint.rows
        used += len(joint.rows)
        spread = _by_pose(at.impulse_jacobian(held), joint, N)
        matrix[..., : 6 * N, :] -= np.swapaxes(spread_out(np.swapaxes(spread, -1, -2), joint, N), -1, -2)
    flat, before = velocities.reshape(*w.shape[:-1], 6 * N), problem.start[..., : 6 * N]
    for joint, at, gamma in problem.with_coordinate(primals):
        along = spread_out(at.coordinate_impulse, joint, N)
        bending = _by_pose(at.coordinate_impulse_jacobian(), joint, N)
        bending = np.swapaxes(spread_out(np.swapaxes(bending, -1, -2), joint, N), -1, -2)
        pull = problem.pull(joint, at, velocities, gamma)[..., None]
        rate = (flat[..., None, :] @ bending)[..., 0, :]
        rate_before = (before[..., None, :] @ bending)[..., 0, :]
        for b in range(N):
            rate_before[..., 12 * b + 3 : 12 * b + 6] += along[..., 6 * b : 6 * b + 3]
            rate_before[..., 12 * b + 9 : 12 * b + 12] += along[..., 6 * b + 3 : 6 * b + 6]
        c = _by_pose(at.coordinate_jacobian[..., None, :], joint, N)[..., 0, :]
        change = -h * joint.spring * (c + h / 4 * (rate - rate_before)) - h * joint.damper * rate
        matrix[..., : 6 * N, :] -= bending * pull + along[..., :, None] * change[..., None, :]

    # joints
    row = 6 * N
    for joint in s.joints:
        part = joint.rows @ relative(joint, to.x, to.q).jacobian
        matrix[..., row : row + len(joint.rows), :] = _by_pose(part, joint, N, carried)
        row += len(joint.rows)

    # duals
    measured = s.model.L @ contacts.measures_jacobian @ carried[..., s.touches, :, :]
    spread = np.einsum("nb,...nki->...nkbi", problem.on_body, measured)
    end = row + spread.shape[-4] * spread.shape[-3]
    matrix[..., row:end, :] = spread.reshape(*w.shape[:-1], end - row, 12 * N)
    for joint in s.limited:
        part = relative(joint, to.x, to.q).coordinate_jacobian[..., None, :]
        matrix[..., end : end + 2, :] = np.array([[-1.0], [1.0]]) * _by_pose(part, joint, N, carried)
        end += 2
    return matrix


def _by_pose(part: Array, joint: Any, N: int, carried: Array | None = None) -> Array:
    """A Jacobian by (x_a, φ_a, x_b, φ_b), (..., k, 12), as one by all states, (..., k, 12N)."""
    out = np.zeros((*part.shape[:-1], 12 * N))
    for body, columns in ((joint.parent, part[..., :6]), (joint.child, part[..., 6:])):
        if body < 0:
            continue
        if carried is None:
            out[..., 12 * body : 12 * body + 3] += columns[..., :3]
            out[..., 12 * body + 6 : 12 * body + 9] += columns[..., 3:]
        else:
            out[..., 12 * body : 12 * body + 12] += columns @ carried[..., body, :6, :]
    return out


def _by_input(problem: TimeStep, w: Array) -> Array:
    N = len(problem.system.bodies)
    matrix = _empty(problem, w, 6 * N)
    matrix[..., : 6 * N, :] = -np.eye(6 * N)
    return matrix


def _by_mass(problem: TimeStep, w: Array) -> Array:
    s, N = problem.system, len(problem.system.bodies)
    matrix = _empty(problem, w, N)
    change = s.parts(w)[0][..., :3] - problem.state.v + s.h * s.gravity * np.array([0.0, 0, 1])
    for b in range(N):
        matrix[..., 6 * b : 6 * b + 3, b] = change[..., b, :]
    return matrix


def _by_friction(problem: TimeStep, w: Array) -> Array:
    s, n = problem.system, len(problem.system.contacts)
    matrix = _empty(problem, w, n)
    k = s.model.K.shape[1]
    change = s.contact_multipliers(w) @ s.model.B_mu.T
    for c in range(n):
        matrix[..., problem.free + k * c : problem.free + k * (c + 1), c] = change[..., c, :]
    return matrix


def _by_radius(problem: TimeStep, w: Array) -> Array:
    n = len(problem.system.contacts)
    down = np.broadcast_to(np.array([[0.0], [0], [-1]]), (n, 3, 1))
    return _by_lever(problem, w, down)


def _by_centre(problem: TimeStep, w: Array) -> Array:
    R = rotation(problem.next(w).q)[..., problem.system.touches, :, :]
    return _by_lever(problem, w, R)


def _by_lever(problem: TimeStep, w: Array, lever: Array) -> Array:
    """By what moves the lever ρ of each contact by the columns of `lever` (..., n, 3, j), and with it the gap."""
    s, to = problem.system, problem.next(w)
    n, k, j = len(s.contacts), s.model.K.shape[1], lever.shape[-1]
    R = rotation(to.q)[..., s.touches, :, :]
    turning = (R @ to.omega[..., s.touches, :, None])[..., 0]
    velocity = skew(turning) @ lever
    measures = np.concatenate([lever[..., 2:, :] + np.zeros_like(velocity[..., 2:, :]), velocity[..., :2, :]], -2)
    F = s.contact_impulses(w)
    torque = np.swapaxes(R, -1, -2) @ -skew(F) @ lever
    matrix = _empty(problem, w, j * n)
    for c, body in enumerate(s.touches):
        columns = slice(j * c, j * c + j)
        matrix[..., 6 * body + 3 : 6 * body + 6, columns] = -torque[..., c, :, :]
        rows = slice(problem.free + k * c, problem.free + k * (c + 1))
        matrix[..., rows, columns] = (s.model.L @ measures)[..., c, :, :]
    return matrix


_BY = {
    "state": _by_state,
    "u": _by_input,
    "m": _by_mass,
    "mu": _by_friction,
    "r": _by_radius,
    "p": _by_centre,
}
