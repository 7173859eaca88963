"""Contact of a sphere fixed to a body with the floor z = 0, and three models of its friction.

All is evaluated at the next configuration. A model is a handful of constant matrices, for one contact with the
multipliers y (its impulse F = K y) and their duals y*:

    L (φ, v_t) + (B + μ B_μ) y − C y* = 0,      y ∘ y* = κ e.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.papers.dojo.algorithm.quaternion import cross, skew

Array = np.ndarray
UP = np.array([0.0, 0.0, 1.0])


class Friction(NamedTuple):
    """A model of friction; k multipliers a contact."""

    K: Array  # (3, k) impulse F = (b_x, b_y, γ) from the multipliers
    L: Array  # (k, 3) where the gap φ and the tangential velocity v_t enter
    B: Array  # (k, k)
    B_mu: Array  # (k, k)
    C: Array  # (k, k)
    orthant: tuple[int, ...]  # which multipliers are scalars
    second_order: tuple[tuple[int, int, int], ...]  # which are triples


def frictionless() -> Friction:
    """No friction: φ − s = 0, γ s = κ."""
    return Friction(
        K=np.array([[0.0], [0.0], [1.0]]),
        L=np.array([[1.0, 0.0, 0.0]]),
        B=np.zeros((1, 1)),
        B_mu=np.zeros((1, 1)),
        C=np.eye(1),
        orthant=(0,),
        second_order=(),
    )


def cone() -> Friction:
    """Coulomb's cone ‖b‖ ≤ μγ, equation (2): y = (γ; β₁, b_x, b_y), y* = (s; η₁, η_x, η_y)."""
    K = np.zeros((3, 4))
    K[[0, 1, 2], [2, 3, 0]] = 1
    L = np.zeros((4, 3))
    L[[0, 2, 3], [0, 1, 2]] = 1
    B, B_mu = np.zeros((4, 4)), np.zeros((4, 4))
    B[1, 1] = -1
    B_mu[1, 0] = 1
    return Friction(K, L, B, B_mu, np.diag([1.0, 0.0, 1.0, 1.0]), (0,), ((1, 2, 3),))


def pyramid() -> Friction:
    """The cone linearised, ‖b‖₁ ≤ μγ: y = (γ, ψ, β₁ … β₄) with b = Pᵀβ, all six pairs scalar."""
    P = np.array([[0.0, 1], [0, -1], [1, 0], [-1, 0]])
    K = np.zeros((3, 6))
    K[:2, 2:] = P.T
    K[2, 0] = 1
    L = np.zeros((6, 3))
    L[0, 0] = 1
    L[2:, 1:] = P
    B, B_mu = np.zeros((6, 6)), np.zeros((6, 6))
    B[1, 2:] = -1
    B[2:, 1] = 1
    B_mu[1, 0] = 1
    return Friction(K, L, B, B_mu, np.eye(6), (0, 1, 2, 3, 4, 5), ())


FRICTIONS = {"cone": cone, "pyramid": pyramid, "none": frictionless}


@dataclass(frozen=True, eq=False)
class Touching:
    """What n contacts do at the next configuration; derivatives are with respect to (x⁺, φ⁺, v, ω) of their body.

    Parameters
    ----------
    p : array (..., n, 3)
        Centre of the contact sphere in the frame of its body (m).
    r : array (..., n)
        Radius of the contact sphere (m).
    x, R, v, omega : arrays (..., n, 3), (..., n, 3, 3)
        Next position and rotation, velocity and angular velocity of each contact's body.
    """

    p: Array
    r: Array
    x: Array
    R: Array
    v: Array
    omega: Array

    @cached_property
    def rho(self) -> Array:
        """The lever R p − r e_z from the body's centre to the contact point, (..., n, 3)."""
        return (self.R @ self.p[..., None])[..., 0] - self.r[..., None] * UP

    @cached_property
    def turning(self) -> Array:
        """The angular velocity in the world frame, (..., n, 3)."""
        return (self.R @ self.omega[..., None])[..., 0]

    @cached_property
    def back(self) -> Array:
        """Rᵀ, world → body."""
        return np.swapaxes(self.R, -1, -2)

    @cached_property
    def lever_by_turn(self) -> Array:
        """∂ρ/∂φ⁺ = −R [p]."""
        return -self.R @ skew(self.p)

    @cached_property
    def measures(self) -> Array:
        """Gap φ (m) and tangential velocity v_t (m/s), (..., n, 3)."""
        gap = (self.x + self.rho)[..., 2:]
        return np.concatenate([gap, (self.v + cross(self.turning, self.rho))[..., :2]], -1)

    @cached_property
    def measures_jacobian(self) -> Array:
        """∂(φ, v_t), (..., n, 3, 12)."""
        lever = skew(self.rho) @ self.R
        jacobian = np.zeros((*self.R.shape[:-1], 12))
        jacobian[..., 0, 2] = 1
        jacobian[..., 0, 3:6] = self.lever_by_turn[..., 2, :]
        by_turn = lever @ skew(self.omega) + skew(self.turning) @ self.lever_by_turn
        jacobian[..., 1:, 3:6] = by_turn[..., :2, :]
        jacobian[..., [1, 2], [6, 7]] = 1
        jacobian[..., 1:, 9:] = -lever[..., :2, :]
        return jacobian

    @cached_property
    def wrench(self) -> Array:
        """World impulse and body torque that an impulse F gives, (..., n, 6, 3)."""
        identity = np.broadcast_to(np.eye(3), self.R.shape)
        return np.concatenate([identity, self.back @ skew(self.rho)], -2)

    def torque_jacobian(self, F: Array) -> Array:
        """∂(torque of F)/∂φ⁺ for impulses F (..., n, 3): (..., n, 3, 3)."""
        torque = (self.wrench[..., 3:, :] @ F[..., None])[..., 0]
        return skew(torque) - self.back @ skew(F) @ self.lever_by_turn
