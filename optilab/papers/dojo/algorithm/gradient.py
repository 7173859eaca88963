"""Derivatives of a step by the implicit-function theorem: ∂w/∂θ = −(∂r/∂w)⁻¹ ∂r/∂θ."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.papers.dojo.algorithm.contact import UP
from optilab.papers.dojo.algorithm.interior_point import newton_matrix
from optilab.papers.dojo.algorithm.joint import Joint
from optilab.papers.dojo.algorithm.quaternion import Array, momentum_jacobian, rotation, skew
from optilab.papers.dojo.algorithm.residual import TimeStep, side_by_side
from optilab.papers.dojo.algorithm.simulation import Motion, posed, require_converged, take
from optilab.papers.dojo.algorithm.system import State, System

TO_STATE = [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]  # (x, φ, v, ω) in the order (x, v, φ, ω)


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

    Raises
    ------
    ValueError
        As `step`, or if a name is none of these.
    """
    by = tuple(by)
    for name in by:
        require(name in BY, "by", name, f"among {', '.join(BY)}")
    problem = posed(system, state, u)
    motion = take(problem, kappa=kappa, **options)
    require_converged(motion)
    return Derivatives(motion, implicit(problem, motion.w, by))


def implicit(problem: TimeStep, w: Array, by: Iterable[str]) -> dict[str, Array]:
    """∂ next state/∂θ for every named θ, from one matrix at the root w."""
    names = tuple(by)
    parts = [BY[name](problem, w) for name in names]
    c_theta = np.concatenate(parts, -1)  # of the equalities; the products s ∘ g don't depend on θ
    r_theta = np.concatenate([c_theta, np.zeros((*w.shape[:-1], problem.cones.size, c_theta.shape[-1]))], -2)
    w_theta = -np.linalg.solve(newton_matrix(problem, w), r_theta)

    # to the next state: δx⁺ = δx + h δv, δφ⁺ = R(d)ᵀ δφ + T δω
    N = problem.N
    velocities = w_theta[..., : 6 * N, :].reshape(*w.shape[:-1], N, 6, -1)
    next_theta = problem.next(w).chain @ velocities  # x⁺, φ⁺, v, ω
    ends = np.cumsum([part.shape[-1] for part in parts])
    out = dict(zip(names, np.split(next_theta, ends[:-1], -1), strict=True))
    if "state" in out:
        for b in range(N):
            out["state"][..., b, :6, 12 * b : 12 * b + 12] += carried(problem, w)[..., b, :6, :]
    return {name: part[..., TO_STATE, :].reshape(*w.shape[:-1], 12 * N, -1) for name, part in out.items()}


def carried(problem: TimeStep, w: Array) -> Array:
    """∂(x⁺, φ⁺, v, ω)/∂(x, v⁻, φ, ω⁻) with the velocities held, (..., N, 12, 12)."""
    turn = problem.next(w).turn
    matrix = np.zeros((*turn.shape[:-1], 12, 12))
    matrix[..., :3, :3] = np.eye(3)
    matrix[..., 3:6, 6:9] = rotation(turn).mT
    return matrix


# ∂ equalities/∂θ at w, (..., free + duals, len θ)


def by_state(problem: TimeStep, w: Array) -> Array:
    """Through the next configuration, the velocities of before, and the joints' impulses at the current one."""
    s, h, N = problem.system, problem.system.h, problem.N
    velocities, multipliers, primals, _ = s.parts(w)
    matrix = side_by_side(problem.by_next(w, problem.next(w).state) @ carried(problem, w))
    incoming = momentum_jacobian(s.J, problem.state.omega, h, -1.0)
    for b in range(N):
        matrix[..., 6 * b : 6 * b + 3, 12 * b + 3 : 12 * b + 6] -= s.m[..., b, None, None] * np.eye(3)
        matrix[..., 6 * b + 3 : 6 * b + 6, 12 * b + 9 : 12 * b + 12] -= incoming[..., b, :, :]
    used = 0
    for at in problem.here:  # −(∂G)ᵀ λ
        held = multipliers[..., used : used + len(at.joint.rows)] @ at.joint.rows
        used += len(at.joint.rows)
        matrix[..., : 6 * N, :] -= _bent(at.impulse_jacobian(held), at.joint, N)
    for at, along, gamma in problem.with_coordinate(primals):
        bending = _bent(at.coordinate_impulse_jacobian(), at.joint, N)
        pull = problem.pull(at, along, velocities, gamma)[..., None, None]
        rate = np.vecmat(velocities.reshape(*w.shape[:-1], 6 * N), bending)
        rate_before = np.vecmat(problem.start[..., : 6 * N], bending)
        for b in range(N):
            rate_before[..., 12 * b + 3 : 12 * b + 6] += along[..., 6 * b : 6 * b + 3]
            rate_before[..., 12 * b + 9 : 12 * b + 12] += along[..., 6 * b + 3 : 6 * b + 6]
        c = _by_pose(at.coordinate_jacobian[..., None, :], at.joint, N)[..., 0, :]
        change = -h * at.joint.spring * (c + h / 4 * (rate - rate_before)) - h * at.joint.damper * rate
        matrix[..., : 6 * N, :] -= bending * pull + along[..., :, None] * change[..., None, :]
    return matrix


def _by_pose(part: Array, joint: Joint, N: int) -> Array:
    """A Jacobian by (x_a, φ_a, x_b, φ_b), (..., k, 12), as one by all states, (..., k, 12N)."""
    out = np.zeros((*part.shape[:-1], 12 * N))
    for body, columns in joint.by_body(part):
        out[..., 12 * body : 12 * body + 3] = columns[..., :3]
        out[..., 12 * body + 6 : 12 * body + 9] = columns[..., 3:]
    return out


def _bent(impulse_jacobian: Array, joint: Joint, N: int) -> Array:
    """The derivative of a joint's impulses by its poses, (..., 12, 12), as that of all impulses, (..., 6N, 12N)."""
    return joint.among(_by_pose(impulse_jacobian, joint, N).mT, N).mT


def _empty(problem: TimeStep, w: Array, size: int) -> Array:
    return np.zeros((*w.shape[:-1], problem.free + problem.cones.size, size))


def by_input(problem: TimeStep, w: Array) -> Array:
    """By the impulses u."""
    matrix = _empty(problem, w, 6 * problem.N)
    matrix[..., : 6 * problem.N, :] = -np.eye(6 * problem.N)
    return matrix


def by_mass(problem: TimeStep, w: Array) -> Array:
    """By the masses."""
    s, N = problem.system, problem.N
    matrix = _empty(problem, w, N)
    change = s.parts(w)[0][..., :3] - problem.state.v + s.h * s.gravity * UP
    for b in range(N):
        matrix[..., 6 * b : 6 * b + 3, b] = change[..., b, :]
    return matrix


def by_friction(problem: TimeStep, w: Array) -> Array:
    """By the frictions μ of the contacts."""
    s, n, k = problem.system, len(problem.system.contacts), problem.system.model.k
    matrix = _empty(problem, w, n)
    change = np.matvec(s.model.coefficients.B_mu, s.of_contacts(s.parts(w)[2]))
    for c in range(n):
        matrix[..., problem.free + k * c : problem.free + k * (c + 1), c] = change[..., c, :]
    return matrix


def by_radius(problem: TimeStep, w: Array) -> Array:
    """By the radii of the contacts."""
    return _by_lever(problem, w, -UP[:, None])


def by_centre(problem: TimeStep, w: Array) -> Array:
    """By the places p of the contacts."""
    return _by_lever(problem, w, problem.touching(problem.next(w).state).R)


def _by_lever(problem: TimeStep, w: Array, lever: Array) -> Array:
    """By what moves the lever ρ of each contact by the columns of `lever` (..., n, 3, j), and with it the gap."""
    s, contacts = problem.system, problem.touching(problem.next(w).state)
    n, k, j = len(s.contacts), s.model.k, lever.shape[-1]
    velocity = skew(contacts.turning) @ lever
    measures = np.concatenate([lever[..., 2:, :] + np.zeros_like(velocity[..., 2:, :]), velocity[..., :2, :]], -2)
    rows = s.model.coefficients.L @ measures
    torque = contacts.R.mT @ -skew(s.contact_impulses(w)) @ lever
    matrix = _empty(problem, w, j * n)
    for c, body in enumerate(s.touches):
        columns = slice(j * c, j * c + j)
        matrix[..., 6 * body + 3 : 6 * body + 6, columns] = -torque[..., c, :, :]
        matrix[..., problem.free + k * c : problem.free + k * (c + 1), columns] = rows[..., c, :, :]
    return matrix


BY = {"state": by_state, "u": by_input, "m": by_mass, "mu": by_friction, "r": by_radius, "p": by_centre}
