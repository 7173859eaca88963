"""Unit quaternions q = (w, x, y, z), body → world, and the step that an angular velocity makes in the time h.

Tangents φ are body-frame rotations: q ⊕ φ = q ⊗ (√(1 − ‖φ‖²/4), φ/2), so a small φ turns by ‖φ‖ radians.
All arrays carry leading replicate axes.
"""

import numpy as np

from optilab.core.numerics import unit

Array = np.ndarray


GENERATORS = np.zeros((3, 3, 3))  # GENERATORS[i] is [e_i]
for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    GENERATORS[i, j, k], GENERATORS[i, k, j] = -1, 1


def skew(a: Array) -> Array:
    """The matrix [a] with [a] b = a × b: (..., 3) → (..., 3, 3)."""
    return (a @ GENERATORS.reshape(3, 9)).reshape(*a.shape, 3)


def cross(a: Array, b: Array) -> Array:
    """The cross product a × b along the last axis."""
    return np.matvec(skew(a), b)


def product(p: Array, q: Array) -> Array:
    """The product p ⊗ q of quaternions (..., 4)."""
    pw, pv, qw, qv = p[..., :1], p[..., 1:], q[..., :1], q[..., 1:]
    scalar = pw * qw - (pv * qv).sum(-1, keepdims=True)
    return np.concatenate([scalar, pw * qv + qw * pv + cross(pv, qv)], -1)


def conjugate(q: Array) -> Array:
    """The inverse of a unit quaternion (..., 4)."""
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def rotation(q: Array) -> Array:
    """The matrix R(q) that takes body to world coordinates: (..., 4) → (..., 3, 3)."""
    w, v = q[..., 0, None, None], q[..., 1:]
    cross_v = skew(v)
    return np.eye(3) + 2 * w * cross_v + 2 * cross_v @ cross_v


def from_axis(axis: Array, angle: float | Array) -> Array:
    """The rotation by `angle` (rad) about `axis` (..., 3)."""
    axis = unit(np.asarray(axis, dtype=float))
    half = np.asarray(angle, dtype=float)[..., None] / 2
    return np.concatenate([np.cos(half) + 0 * axis[..., :1], np.sin(half) * axis], -1)


def retract(q: Array, phi: Array) -> Array:
    """The rotation q turned by φ: q ⊕ φ = q ⊗ (√(1 − ‖φ‖²/4), φ/2)."""
    scalar = np.sqrt(1 - (phi * phi).sum(-1, keepdims=True) / 4)
    return product(q, np.concatenate([scalar, phi / 2], -1))


def difference(p: Array, q: Array) -> Array:
    """The tangent φ with q ⊕ φ = p (or −p, the same rotation)."""
    relative = product(conjugate(q), p)
    return 2 * np.where(relative[..., :1] < 0, -1.0, 1.0) * relative[..., 1:]


def difference_jacobian(p: Array, q: Array) -> Array:
    """∂/∂φ of the difference of p ⊕ φ and q at φ = 0: w I + [v] of the relative rotation, (..., 3, 3)."""
    relative = product(conjugate(q), p)
    w, v = relative[..., :1, None], relative[..., 1:]
    return np.where(w < 0, -1.0, 1.0) * (w * np.eye(3) + skew(v))


# The step d = (h/2)(s, ω), s = √(4/h² − ‖ω‖²), of equation (1): q⁺ = q ⊗ d(ω)


def s_omega(omega: Array, h: float) -> Array:
    """The scalar s = √(4/h² − ‖ω‖²), (..., 1)."""
    return np.sqrt(4 / h**2 - (omega * omega).sum(-1, keepdims=True))


def increment(omega: Array, h: float) -> Array:
    """The unit quaternion d(ω) by which a body turns in the time h."""
    return h / 2 * np.concatenate([s_omega(omega, h), omega], -1)


def increment_tangent(omega: Array, h: float) -> Array:
    """T with q ⊗ d(ω + δω) = (q ⊗ d(ω)) ⊕ T δω: 2 vec(d̄ ⊗ ∂d) = (h²/2)(s I + ωωᵀ/s − [ω]), (..., 3, 3)."""
    s = s_omega(omega, h)[..., None]
    return h**2 / 2 * (s * np.eye(3) + omega[..., :, None] * omega[..., None, :] / s - skew(omega))


def momentum(J: Array, omega: Array, h: float, sign: float = 1.0) -> Array:
    """(h/2)(s Jω ± ω × Jω), body frame: at the start (+) and at the end (−) of a step with ω."""
    Jw = np.matvec(J, omega)
    return h / 2 * (s_omega(omega, h) * Jw + sign * cross(omega, Jw))


def momentum_jacobian(J: Array, omega: Array, h: float, sign: float = 1.0) -> Array:
    """∂/∂ω of `momentum`: (h/2)(s J − Jωωᵀ/s ± ([ω]J − [Jω]))."""
    s, Jw = s_omega(omega, h)[..., None], np.matvec(J, omega)
    turning = skew(omega) @ J - skew(Jw)
    return h / 2 * (s * J - Jw[..., :, None] * omega[..., None, :] / s + sign * turning)
