"""Joints between two bodies in maximal coordinates: constraints, their Jacobians and what a second derivative adds.

With the vertices p_a, p_b and the relative pose of parent a and child b

    d = R(q_a)ᵀ (x_b + R(q_b) p_b − x_a − R(q_a) p_a),      δ = vec(q̄_a ⊗ q_b),

a joint asks that some combinations of (d, δ) vanish. Jacobians are with respect to (x_a, φ_a, x_b, φ_b).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import numbers, require, whole
from optilab.papers.dojo.algorithm.quaternion import Array, conjugate, product, rotation, skew

KINDS = ("ball", "revolute", "prismatic", "planar", "fixed")


@dataclass(frozen=True)
class Joint:
    """A joint of `child` with `parent`; the world is body −1.

    Parameters
    ----------
    kind : str
        "ball", "revolute" (about `axis`), "prismatic" (along it), "planar" (normal to it, and about it) or "fixed".
    parent, child : int
        Numbers of the bodies.
    axis : array (3,)
        The axis a, in the frames of both bodies, which coincide in the joint's zero position.
    p_parent, p_child : arrays (3,)
        The vertices p_a, p_b in their body's frame (m).
    limits : (low, high)
        Of the minimal coordinate, both finite or neither: displacement aᵀd of a prismatic joint (m), angle of a
        revolute one (rad, in (−π, π)).
    spring, damper, rest : float
        k, c and the coordinate at which the spring is slack, for prismatic (N/m, N·s/m, m) and revolute
        (N·m/rad, N·m·s/rad, rad) joints.

    Raises
    ------
    ValueError
        If a value is not allowed, or limits, spring or damper are asked of a joint without a minimal coordinate.
    """

    kind: str
    parent: int
    child: int
    axis: Any = (0.0, 0.0, 1.0)
    p_parent: Any = (0.0, 0.0, 0.0)
    p_child: Any = (0.0, 0.0, 0.0)
    limits: tuple[float, float] = (-np.inf, np.inf)
    spring: float = 0.0
    damper: float = 0.0
    rest: float = 0.0

    def __post_init__(self) -> None:
        require(self.kind in KINDS, "kind", self.kind, f"one of {', '.join(KINDS)}")
        for name, least in (("parent", -1), ("child", 0)):
            number = getattr(self, name)
            require(whole(number, least), name, number, f"the whole number of a body, {least} or more")
        for name in ("axis", "p_parent", "p_child"):
            value = numbers(name, getattr(self, name))
            require(value.shape == (3,) and np.isfinite(value).all(), name, value, "three finite numbers")
            object.__setattr__(self, name, value)
        length = np.linalg.norm(self.axis)
        require(length > 0, "axis", self.axis, "a direction, not zero")
        object.__setattr__(self, "axis", self.axis / length)
        low, high = self.limits
        finite = np.isfinite(low) and np.isfinite(high)
        require(
            low < high and (finite or not self.limited), "limits", self.limits, "low < high, both finite or neither"
        )
        for name in ("spring", "damper", "rest"):
            require(numbers(name, getattr(self, name)).ndim == 0, name, getattr(self, name), "one number")
        for name in ("spring", "damper"):
            require(0 <= getattr(self, name) < np.inf, name, getattr(self, name), "0 or more, and finite")
        require(np.isfinite(self.rest), "rest", self.rest, "finite")
        asked = self.limited or self.spring > 0 or self.damper > 0
        allowed = "prismatic or revolute where there are limits, a spring or a damper"
        require(self.kind in ("prismatic", "revolute") or not asked, "kind", self.kind, allowed)
        if self.kind == "revolute" and self.limited:
            require(max(abs(low), abs(high)) < np.pi, "limits", self.limits, "angles between −π and π")

    @property
    def limited(self) -> bool:
        """Whether there are limits."""
        return self.limits != (-np.inf, np.inf)

    @cached_property
    def rows(self) -> Array:
        """The matrix (k, 6) whose products with (d, δ) are the constraints."""
        a = self.axis
        across = np.linalg.svd(a[None])[2][1:]  # T: two unit vectors perpendicular to a
        none, full = np.zeros((0, 3)), np.eye(3)
        on_d, on_delta = {
            "ball": (full, none),
            "revolute": (full, across),
            "prismatic": (across, full),
            "planar": (a[None], across),
            "fixed": (full, full),
        }[self.kind]
        rows = np.zeros((len(on_d) + len(on_delta), 6))
        rows[: len(on_d), :3] = on_d
        rows[len(on_d) :, 3:] = on_delta
        return rows

    def slacks(self, c: Array) -> Array:
        """The slacks s_u = high − c and s_l = c − low of the limits, (..., 2)."""
        low, high = self.limits
        return np.stack([high - c, c - low], -1)

    def by_body(self, part: Array) -> list[tuple[int, Array]]:
        """Its bodies, and the columns of each in what is by (x_a, φ_a, x_b, φ_b), (..., 12)."""
        return [(self.parent, part[..., :6])] * (self.parent >= 0) + [(self.child, part[..., 6:])]

    def among(self, part: Array, N: int) -> Array:
        """What is by (x_a, φ_a, x_b, φ_b), (..., 12), among the entries of all N bodies, (..., 6N)."""
        out = np.zeros((*part.shape[:-1], 6 * N))
        for body, columns in self.by_body(part):
            out[..., 6 * body : 6 * body + 6] = columns
        return out

    def __str__(self) -> str:
        parent = "the world" if self.parent < 0 else f"body {self.parent}"
        return f"the {self.kind} joint of body {self.child} with {parent}"


class Relative(NamedTuple):
    """Pose of a child relative to its parent."""

    joint: Joint
    Ra: Array  # (..., 3, 3)
    Rb: Array
    e: Array  # (..., 3) d + p_a
    quaternion: Array  # (..., 4) q̄_a ⊗ q_b

    @property
    def pose(self) -> Array:
        """(d, δ), (..., 6)."""
        return np.concatenate([self.e - self.joint.p_parent, self.quaternion[..., 1:]], -1)

    @property
    def jacobian(self) -> Array:
        """∂(d, δ)/∂(x_a, φ_a, x_b, φ_b), (..., 6, 12)."""
        back = self.Ra.mT
        w, r = self.quaternion[..., :1, None] * np.eye(3), skew(self.quaternion[..., 1:])
        zero = np.zeros_like(back)
        on_d = np.concatenate([-back, skew(self.e), back, -back @ self.Rb @ skew(self.joint.p_child)], -1)
        on_delta = np.concatenate([zero, -(w - r) / 2, zero, (w + r) / 2], -1)
        return np.concatenate([on_d, on_delta], -2)

    @property
    def scalar_jacobian(self) -> Array:
        """∂w/∂(x_a, φ_a, x_b, φ_b) of the scalar part of q̄_a ⊗ q_b, (..., 12)."""
        r, zero = self.quaternion[..., 1:], np.zeros_like(self.e)
        return np.concatenate([zero, r / 2, zero, -r / 2], -1)

    def impulse_jacobian(self, on_pose: Array) -> Array:
        """∂(Gᵀλ)/∂(x_a, φ_a, x_b, φ_b) where Gᵀλ = jacobianᵀ `on_pose`, `on_pose` (..., 6) held: (..., 12, 12)."""
        jacobian = self.jacobian
        force, twist = on_pose[..., :3], on_pose[..., 3:]
        ahead = self.Rb.mT @ self.Ra  # parent → child frame
        by_parent = -self.Ra @ skew(force)
        zero = np.zeros_like(by_parent)
        force_world = np.concatenate([zero, by_parent, zero, zero], -1)
        force_child = np.concatenate([zero, -ahead @ skew(force), zero, skew(np.matvec(ahead, force))], -1)
        twist_scalar = twist[..., :, None] * self.scalar_jacobian[..., None, :]
        twist_vector = skew(twist) @ jacobian[..., 3:, :]
        on_parent = skew(force) @ jacobian[..., :3, :] - (twist_scalar - twist_vector) / 2
        on_child = skew(self.joint.p_child) @ force_child + (twist_scalar + twist_vector) / 2
        return np.concatenate([-force_world, on_parent, force_world, on_child], -2)

    @property
    def coordinate(self) -> Array:
        """The minimal coordinate c: displacement along the axis (prismatic) or angle about it (revolute), (...)."""
        a = self.joint.axis
        if self.joint.kind == "prismatic":
            return (self.e - self.joint.p_parent) @ a
        return 2 * np.arctan2(self.quaternion[..., 1:] @ a, self.quaternion[..., 0])

    @property
    def coordinate_jacobian(self) -> Array:
        """∂c/∂(x_a, φ_a, x_b, φ_b), (..., 12)."""
        a, jacobian = self.joint.axis, self.jacobian
        if self.joint.kind == "prismatic":
            return a @ jacobian[..., :3, :]
        w, along = self.quaternion[..., :1], (self.quaternion[..., 1:] @ a)[..., None]
        return 2 * (w * (a @ jacobian[..., 3:, :]) - along * self.scalar_jacobian) / (w**2 + along**2)

    @property
    def coordinate_impulse(self) -> Array:
        """The impulses (..., 12) on both bodies of a unit impulse along c; for a revolute joint ± the axis itself."""
        a = self.joint.axis
        if self.joint.kind == "prismatic":
            return self.coordinate_jacobian
        return np.broadcast_to(np.concatenate([np.zeros(3), -a, np.zeros(3), a]), (*self.e.shape[:-1], 12))

    def coordinate_impulse_jacobian(self) -> Array:
        """∂ `coordinate_impulse`/∂(x_a, φ_a, x_b, φ_b), (..., 12, 12)."""
        a = self.joint.axis
        if self.joint.kind == "prismatic":
            return self.impulse_jacobian(np.broadcast_to(np.concatenate([a, np.zeros(3)]), (*self.e.shape[:-1], 6)))
        return np.zeros((*self.e.shape[:-1], 12, 12))


def relative(joint: Joint, x: Array, q: Array) -> Relative:
    """Pose of the joint's child relative to its parent, from all bodies' positions (..., N, 3) and rotations."""
    world_x, world_q = np.zeros(3), np.array([1.0, 0, 0, 0])
    here = joint.child
    xa, qa = (world_x, world_q) if joint.parent < 0 else (x[..., joint.parent, :], q[..., joint.parent, :])
    xa, qa = np.broadcast_to(xa, x[..., here, :].shape), np.broadcast_to(qa, q[..., here, :].shape)
    xb, qb = x[..., here, :], q[..., here, :]
    Ra, Rb = rotation(qa), rotation(qb)
    world = xb + (Rb @ joint.p_child) - xa
    e = np.matvec(Ra.mT, world)
    return Relative(joint, Ra, Rb, e, product(conjugate(qa), qb))
