"""A free spinning body: the variational integrator, which keeps momentum and energy exactly, and Euler's two methods.

A state holds the angular velocity ω (body frame) that led into the rotation q: a step of the engine without forces.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.numerics import unit
from optilab.core.run import advance, algorithm
from optilab.papers.dojo.algorithm.quaternion import (
    Array,
    cross,
    increment,
    momentum,
    momentum_jacobian,
    product,
    rotation,
    skew,
)
from optilab.papers.dojo.algorithm.system import Body

NEWTON, HALVINGS = 30, 10  # iterations, three or four are needed; and what they may be shortened


class Spin(NamedTuple):
    """A state of a spinning body."""

    omega: Array  # (*batch, 3) angular velocity, body frame (rad/s)
    q: Array  # (*batch, 4) rotation, body → world
    momentum: Array  # (*batch, 3) angular momentum, world frame (kg·m²/s)
    energy: Array  # (*batch) kinetic energy (J)
    converged: Array  # (*batch) whether Newton's method found the step


@algorithm
def variational(J: Array, omega: Array, *, h: float, rtol: float = 1e-14) -> Iterator[Spin]:
    """The variational integrator: momentum at the end of a step is momentum at the start of the next.

    Where Newton's method fails, which it can from a rotation of 90° a step on (h‖ω‖ ≥ √2), a replicate is NaN.

    Parameters
    ----------
    J : array (*batch, 3, 3)
        Inertia, body frame (kg·m²).
    omega : array (*batch, 3)
        Initial angular velocity (rad/s), below 2/h.
    h : float
        Time step (s).
    rtol : float
        Tolerance of Newton's method, as a share of the momentum.

    Raises
    ------
    ValueError
        If an argument is not allowed.
    """
    J, omega, q = _checked(J, omega, h)
    fastest = np.linalg.norm(omega, axis=-1).max()
    require(fastest < 2 / h, "omega", fastest, f"below 2/h = {2 / h:.4g} rad/s, 180° a step: reduce h")

    def excess(omega: Array, incoming: Array) -> Array:
        return momentum(J, omega, h) - incoming

    def slope(omega: Array) -> Array:
        return momentum_jacobian(J, omega, h)

    found, incoming = np.full(omega.shape[:-1], True), momentum(J, omega, h, -1.0)
    scale = np.linalg.norm(incoming, axis=-1)
    while True:
        yield Spin(omega, q, np.matvec(rotation(q), incoming), _energy(J, omega), found)
        omega, found = _newton(excess, slope, omega, incoming, scale, rtol, limit=1.99 / h)
        q = unit(product(q, increment(omega, h)))
        incoming = momentum(J, omega, h, -1.0)


@algorithm
def explicit_euler(J: Array, omega: Array, *, h: float) -> Iterator[Spin]:
    """ω⁺ = ω − h J⁻¹(ω × Jω), q⁺ ∝ q ⊗ (1, hω/2); arguments as for `variational`."""
    J, omega, q = _checked(J, omega, h)
    found = np.full(omega.shape[:-1], True)
    while True:
        Jw = np.matvec(J, omega)
        yield Spin(omega, q, np.matvec(rotation(q), Jw), _energy(J, omega), found)
        q = _turned(q, omega, h)
        omega = omega - h * np.linalg.solve(J, cross(omega, Jw)[..., None])[..., 0]


@algorithm
def implicit_euler(J: Array, omega: Array, *, h: float, rtol: float = 1e-12) -> Iterator[Spin]:
    """J(ω⁺ − ω) + h ω⁺ × Jω⁺ = 0, q⁺ ∝ q ⊗ (1, hω⁺/2); arguments as for `variational`."""
    J, omega, q = _checked(J, omega, h)

    def excess(omega: Array, Jw: Array) -> Array:
        after = np.matvec(J, omega)
        return after - Jw + h * cross(omega, after)

    def slope(omega: Array) -> Array:
        return J + h * (skew(omega) @ J - skew(np.matvec(J, omega)))

    found = np.full(omega.shape[:-1], True)
    while True:
        Jw = np.matvec(J, omega)
        yield Spin(omega, q, np.matvec(rotation(q), Jw), _energy(J, omega), found)
        omega, found = _newton(excess, slope, omega, Jw, np.linalg.norm(Jw, axis=-1), rtol)
        q = _turned(q, omega, h)


def _turned(q: Array, omega: Array, h: float) -> Array:
    """The rotation q ⊗ (1, hω/2), normalised."""
    longer = product(q, np.concatenate([np.ones_like(omega[..., :1]), h / 2 * omega], -1))
    return unit(longer)


def _newton(
    function: Callable[[Array, Array], Array],
    jacobian: Callable[[Array], Array],
    omega: Array,
    given: Array,
    scale: Array,
    rtol: float,
    limit: float = np.inf,
) -> tuple[Array, Array]:
    """A root of function(ω, given) near ω with ‖ω‖ < limit, by its Jacobian; NaN where none is found; and where.

    At a root the value is at most rtol · scale. A step is halved until it is inside the limit and lowers the value.
    Replicates that are done stay.
    """
    value = function(omega, given)
    error = abs(value).max(-1)
    for _ in range(NEWTON):
        active = error > rtol * scale
        if not active.any():
            break
        change = np.linalg.solve(jacobian(omega), value[..., None])[..., 0] * active[..., None]
        for _ in range(HALVINGS):
            inside = ((omega - change) ** 2).sum(-1) < limit**2
            there = advance(inside, omega - change, omega)
            value = function(there, given)
            shorten = active & ~(inside & (abs(value).max(-1) < error))
            if not shorten.any():
                break
            change = advance(shorten, change / 2, change)
        omega, error = there, abs(value).max(-1)
    found = error <= rtol * scale
    return advance(found, omega, np.nan), found


def _energy(J: Array, omega: Array) -> Array:
    return (omega * np.matvec(J, omega)).sum(-1) / 2


def _checked(J: Array, omega: Array, h: float) -> tuple[Array, Array, Array]:
    """J, ω and the rotation to start from."""
    J, omega = Body(1.0, J).J, np.asarray(omega, dtype=float)  # a body refuses what is no inertia
    require(omega.shape[-1:] == (3,) and np.isfinite(omega).all(), "omega", omega, "finite, of shape (*batch, 3)")
    require(0 < h < np.inf, "h", h, "positive and finite")
    batch = np.broadcast_shapes(J.shape[:-2], omega.shape[:-1])
    return J, np.broadcast_to(omega, (*batch, 3)), np.broadcast_to(np.array([1.0, 0, 0, 0]), (*batch, 4))


INTEGRATORS = {"variational": variational, "explicit Euler": explicit_euler, "implicit Euler": implicit_euler}
