"""Contact of a sphere fixed to a body with the floor z = 0, and three models of its friction.

All is evaluated at the next configuration. A model says what k multipliers y and their duals y* of one contact do with
the gap φ and the tangential velocity v_t: the impulse F = (b_x, b_y, γ), and k numbers that vanish. To these come the
products y ∘ y* = κ e. All but μ y is linear, so the coefficients are what a model says of unit vectors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.papers.dojo.algorithm.quaternion import cross, skew

Array = np.ndarray
Parts = tuple[Array, ...]
UP = np.array([0.0, 0.0, 1.0])


def cone(measures: Parts, y: Parts, dual: Parts, mu: float | Array) -> tuple[Parts, Parts]:
    """Coulomb's cone ‖b‖ ≤ μγ, equation (2): y = (γ; β₁, b_x, b_y), y* = (s; η₁, η_x, η_y), η₁ free."""
    phi, v_x, v_y = measures
    (gamma, beta1, b_x, b_y), (s, _, eta_x, eta_y) = y, dual
    return (b_x, b_y, gamma), (phi - s, mu * gamma - beta1, v_x - eta_x, v_y - eta_y)


def pyramid(measures: Parts, y: Parts, dual: Parts, mu: float | Array) -> tuple[Parts, Parts]:
    """The cone linearised, ‖b‖₁ ≤ μγ: y = (γ, ψ, β₁ … β₄) with b = Pᵀβ, all six pairs scalar."""
    phi, v_x, v_y = measures
    (gamma, psi, b1, b2, b3, b4), (s_gamma, s_psi, s1, s2, s3, s4) = y, dual
    radius = mu * gamma - (b1 + b2 + b3 + b4) - s_psi
    sides = (v_y + psi - s1, -v_y + psi - s2, v_x + psi - s3, -v_x + psi - s4)
    return (b3 - b4, b1 - b2, gamma), (phi - s_gamma, radius, *sides)


def frictionless(measures: Parts, y: Parts, dual: Parts, mu: float | Array) -> tuple[Parts, Parts]:
    """No friction: y = γ, y* = s."""
    (gamma,), (s,) = y, dual
    return (0 * gamma, 0 * gamma, gamma), (measures[0] - s,)


class Coefficients(NamedTuple):
    """Of F = K y and of the rows L (φ, v_t) + (B + μ B_μ) y + C y*."""

    K: Array  # (3, k)
    L: Array  # (k, 3)
    B: Array  # (k, k)
    B_mu: Array  # (k, k)
    C: Array  # (k, k) diagonal, 0 for a dual that is free


@dataclass(frozen=True)
class Friction:
    """A model of friction and which of its multipliers are scalars, which triples in the second-order cone."""

    law: Callable[[Parts, Parts, Parts, float | Array], tuple[Parts, Parts]]
    orthant: tuple[int, ...]
    second_order: tuple[tuple[int, int, int], ...] = ()

    @property
    def k(self) -> int:
        """The number of multipliers of a contact."""
        return len(self.orthant) + 3 * len(self.second_order)

    def __call__(self, measures: Array, y: Array, dual: Array, mu: float | Array) -> tuple[Array, Array]:
        """Impulses F (..., 3) and what vanishes (..., k), from (φ, v_t) (..., 3), y and y* (..., k) and μ (...)."""
        F, rows = self.law(_apart(measures), _apart(y), _apart(dual), mu)
        return np.stack(F, -1), np.stack(rows, -1)

    @cached_property
    def coefficients(self) -> Coefficients:
        """What the model says of unit vectors."""
        at = [3, 3 + self.k]
        measures, y, dual = np.split(np.eye(3 + 2 * self.k), at, -1)
        (F, rows), (_, with_friction) = self(measures, y, dual, 0.0), self(measures, y, dual, 1.0)
        L, B, C = np.split(rows.T, at, -1)
        return Coefficients(np.split(F.T, at, -1)[1], L, B, np.split(with_friction.T, at, -1)[1] - B, C)


def _apart(a: Array) -> Parts:
    return tuple(a[..., i] for i in range(a.shape[-1]))


FRICTIONS = {
    "cone": Friction(cone, orthant=(0,), second_order=((1, 2, 3),)),
    "pyramid": Friction(pyramid, orthant=(0, 1, 2, 3, 4, 5)),
    "none": Friction(frictionless, orthant=(0,)),
}


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
        """The lever ρ = R p − r e_z from the body's centre to the contact point, (..., n, 3)."""
        return np.matvec(self.R, self.p) - self.r[..., None] * UP

    @cached_property
    def turning(self) -> Array:
        """The angular velocity R ω in the world frame, (..., n, 3)."""
        return np.matvec(self.R, self.omega)

    @cached_property
    def measures(self) -> Array:
        """Gap φ = (x + R p)_z − r (m) and tangential velocity v_t = (v + R ω × ρ)_xy (m/s), (..., n, 3)."""
        gap = (self.x + self.rho)[..., 2:]
        return np.concatenate([gap, (self.v + cross(self.turning, self.rho))[..., :2]], -1)

    @cached_property
    def wrench(self) -> Array:
        """World impulse F and body torque Rᵀ(ρ × F) that an impulse F gives, (..., n, 6, 3)."""
        identity = np.broadcast_to(np.eye(3), self.R.shape)
        return np.concatenate([identity, self.R.mT @ skew(self.rho)], -2)

    @cached_property
    def lever_by_turn(self) -> Array:
        """∂ρ/∂φ⁺ = −R [p]."""
        return -self.R @ skew(self.p)

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

    def torque_jacobian(self, F: Array) -> Array:
        """∂(torque of F)/∂φ⁺ for impulses F (..., n, 3): (..., n, 3, 3)."""
        torque = np.matvec(self.wrench[..., 3:, :], F)
        return skew(torque) - self.R.mT @ skew(F) @ self.lever_by_turn
