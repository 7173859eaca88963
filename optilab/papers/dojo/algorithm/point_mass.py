"""A point mass over a floor: one whole step with smoothed contact in closed form, and its exact derivatives.

At central-path parameter κ the step solves

    gap           s = z⁺ − r,   m (s − φ₀)/h = γ,   s γ = κ,          φ₀ = z − r + h v_z − h² g + h u_z/m
    friction      m (v⁺ − v_f) = b,   β ∘ η = κ (1, 0, 0),  β = (μγ, b),  η = (η₁, v⁺),      v_f = v + u_t/m

whose first line is a quadratic equation for s, and whose second becomes one increasing concave equation for the speed.

Source: T. A. Howell et al., "Dojo: A Differentiable Physics Engine for Robotics", 2022; the closed forms are ours.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import numbers, require
from optilab.problems.oracles import Array, Number

TINY = 1e-300  # keeps 0/0 out where the numerator is 0
FELT = [2, 5, 8, 10, 11]  # what the gap depends on, z, v_z, u_z, r and m, among z, u, μ, r, m joined


def smoothed_gap(phi0: Array, kappa, m, h) -> Array:
    """The gap s > 0 (m) after a step that would end at φ₀ without contact: s² − φ₀ s = hκ/m."""
    root = np.sqrt(phi0**2 + 4 * h * kappa / m)
    pressed = 2 * h * kappa / m / (root + np.abs(phi0))  # the same root, with all of its digits where φ₀ < 0
    return np.where(phi0 > 0, (phi0 + root) / 2, pressed)


def gap_slope(s: Array, kappa, m, h) -> Array:
    """∂s/∂φ₀, between 0 (pressed on the floor) and 1 (in the air), ½ at φ₀ = 0 whatever κ."""
    return 1 / (1 + h * kappa / (m * s**2))


def friction(V: Array, beta1, kappa) -> Array:
    """Size of the friction impulse at speed V: β₁ = μγ for κ → 0, a viscous β₁²V/κ near V = 0 (N·s)."""
    return 2 * beta1**2 * V / (kappa + _spread(V, beta1, kappa))


def friction_slope(V: Array, beta1, kappa) -> Array:
    """∂ friction/∂V in kg at speeds V (*batch) in m/s, positive and falling: (*batch)."""
    S = _spread(V, beta1, kappa)
    return 2 * beta1**2 * kappa / (S * (kappa + S))


def _spread(V: Array, beta1, kappa) -> Array:
    return np.sqrt(kappa**2 + 4 * beta1**2 * V**2)


def braked_speed(F: Array, beta1, m, kappa) -> Array:
    """The speed V ≤ F that friction leaves of the speed F: m (V − F) + friction(V) = 0.

    The left side is increasing and concave in V: from below Newton's method climbs to the root without overshooting.
    With b the impulse, V = κb/(β₁² − b²) ≤ κ/(2(β₁ − b)); the second form leaves a quadratic equation like the
    gap's, whose b is too small, but little, and so is the V to start from.
    """
    short = smoothed_gap(beta1 - m * F, kappa, 2 / m, 1)  # β₁ − b
    b = np.maximum(beta1 - short, 0)
    V = np.maximum(F - beta1 / m, kappa * b / short / np.maximum(beta1 + b, TINY))
    for _ in range(40):  # about four are needed
        excess = m * (V - F) + friction(V, beta1, kappa)
        V = V - excess / (m + friction_slope(V, beta1, kappa))
        if (excess >= -1e-15 * m * F).all():
            break
    return V


class Step(NamedTuple):
    """What one step gives."""

    z: Array  # (*batch, 6) the next state (x, v)
    s: Array  # (*batch) gap, m
    gamma: Array  # (*batch) normal impulse, N·s
    b: Array  # (*batch, 2) friction impulse, N·s


class Linear(NamedTuple):
    """A step and its derivatives."""

    z: Array  # (*batch, 6) the next state
    A: Array  # (*batch, 6, 6) by the state
    B: Array  # (*batch, 6, 3) by the impulse u
    P: Array  # (*batch, 6, 3) by μ, r and m


@dataclass(frozen=True, eq=False)
class PointMass:
    """A ball that doesn't turn, over the floor z = 0. Parameters are numbers or arrays (*batch).

    Its state is z = (x, v): position of the centre and velocity that led there, (*batch, 6).

    Parameters
    ----------
    m : float
        Mass, kg.
    mu : float
        Coefficient of friction, 0 or more.
    r : float
        Radius, m, 0 or more.
    h : float
        Time step, s.
    g : float
        Gravity, m/s².

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    m: Any = 1.0
    mu: Any = 0.5
    r: Any = 0.0
    h: Any = 0.1
    g: Any = 9.81

    def __post_init__(self) -> None:
        for name in ("m", "mu", "r", "h", "g"):
            object.__setattr__(self, name, numbers(name, getattr(self, name)))
        for name, value in (("the mass m", self.m), ("the time step h", self.h)):
            require((value > 0) & (value < np.inf), name, value, "positive and finite")
        for name, value in (("the friction mu", self.mu), ("the radius r", self.r), ("the gravity g", self.g)):
            require((value >= 0) & (value < np.inf), name, value, "0 or more and finite")

    def resting_gap(self, kappa: Number) -> Array:
        """The gap κ/(mgh) at which the ball lies still: the bias of the smoothing."""
        require(self.g > 0, "the gravity g", self.g, "positive for a ball that lies on the floor")
        kappa = numbers("kappa", kappa)
        require((kappa > 0) & (kappa < np.inf), "kappa", kappa, "positive and finite")
        return kappa / (self.m * self.g * self.h)

    def at_rest(self, kappa: Number) -> Array:
        """The state (*batch, 6) that lies still at the origin."""
        height = self.resting_gap(kappa) + self.r
        z = np.zeros((*height.shape, 6))
        z[..., 2] = height
        return z

    def step(self, z: Array, u: Array, kappa: Number) -> Step:
        """One step from the state z (*batch, 6) under the impulse u (*batch, 3) in N·s.

        A state inside the floor is lifted out within the step. What isn't finite stays so.

        Raises
        ------
        ValueError
            If κ isn't positive, or z and u aren't of these shapes.
        """
        z, u, kappa = self._checked(z, u, kappa)
        phi0, vf, F = self._free_flight(z, u)
        s = smoothed_gap(phi0, kappa, self.m, self.h)
        gamma = kappa / s
        V = braked_speed(F, self.mu * gamma, self.m, kappa)
        v_t = self._kept(V, self.mu * gamma, kappa)[..., None] * vf
        b = self.m[..., None] * (v_t - vf)
        return Step(self._moved(z, v_t, s), s, gamma, b)

    def linearise(self, z: Array, u: Array, kappa: Number) -> Linear:
        """The same step with its derivatives, by the implicit function theorem applied to both its equations.

        From z (*batch, 6), u (*batch, 3) in N·s and κ (*batch); shapes and units of the result are in `Linear`.
        """
        z, u, kappa = self._checked(z, u, kappa)
        m, mu, h = self.m, self.mu, self.h
        phi0, vf, F = self._free_flight(z, u)
        s = smoothed_gap(phi0, kappa, m, h)
        gamma = kappa / s
        c = mu * gamma
        V = braked_speed(F, c, m, kappa)
        kept = self._kept(V, c, kappa)
        v_t = kept[..., None] * vf

        # the gap s by FELT, then γ = κ/s and the cone's radius c = μγ
        rates = (1.0, h, h / m, -1.0, -h * u[..., 2] / m**2 - (s - phi0) / m)
        ds = gap_slope(s, kappa, m, h)[..., None] * np.stack(np.broadcast_arrays(*rates), -1)
        dc = (-mu * kappa / s**2)[..., None] * ds

        # the sliding velocity by v_f, by c and by m
        stiff = m + friction_slope(V, c, kappa)
        n = vf / np.maximum(F, TINY)[..., None]
        along, across = (m / stiff)[..., None, None], kept[..., None, None]
        by_vf = across * np.eye(2) + (along - across) * n[..., :, None] * n[..., None, :]
        by_c = n * (-2 * c * V / _spread(V, c, kappa) / stiff)[..., None]
        by_m = n * ((F - V) / stiff)[..., None] - np.matvec(by_vf, u[..., :2]) / (m**2)[..., None]

        J = np.zeros((*s.shape, 6, 12))  # of z⁺ by z, u, μ, r, m
        J[..., 2, FELT] = ds
        J[..., 2, 10] += 1
        J[..., 5, :] = J[..., 2, :] / h[..., None]
        J[..., 5, 2] -= 1 / h
        J[..., 3:5, FELT] = by_c[..., :, None] * dc[..., None, :]
        J[..., 3:5, 3:5] = by_vf
        J[..., 3:5, 6:8] = by_vf / m[..., None, None]
        J[..., 3:5, 9] = by_c * gamma[..., None]
        J[..., 3:5, 11] += by_m
        J[..., :2, :] = h[..., None, None] * J[..., 3:5, :]
        J[..., [0, 1], [0, 1]] += 1
        return Linear(self._moved(z, v_t, s), J[..., :6], J[..., 6:9], J[..., 9:])

    def _checked(self, z: Array, u: Array, kappa: Number) -> tuple[Array, ...]:
        z, u, kappa = numbers("the state z", z), numbers("the impulse u", u), numbers("kappa", kappa)
        require(z.shape[-1:] == (6,), "the state's shape", z.shape, "(*batch, 6): position and velocity")
        require(u.shape[-1:] == (3,), "the impulse's shape", u.shape, "(*batch, 3)")
        require((kappa > 0) & (kappa < np.inf), "kappa", kappa, "positive and finite")
        return z, u, kappa

    def _free_flight(self, z: Array, u: Array) -> tuple[Array, ...]:
        """Gap, sliding velocity and speed after a step without contact."""
        phi0 = z[..., 2] - self.r + self.h * z[..., 5] - self.h**2 * self.g + self.h * u[..., 2] / self.m
        vf = z[..., 3:5] + u[..., :2] / self.m[..., None]
        return phi0, vf, np.hypot(vf[..., 0], vf[..., 1])

    def _kept(self, V: Array, c: Array, kappa: Array) -> Array:
        """The share V/F of the speed that friction leaves, also at F = 0."""
        return self.m / (self.m + 2 * c**2 / (kappa + _spread(V, c, kappa)))

    def _moved(self, z: Array, v_t: Array, s: Array) -> Array:
        height = s + self.r
        after = np.empty((*np.broadcast_shapes(z.shape[:-1], v_t.shape[:-1], s.shape), 6))
        after[..., :2] = z[..., :2] + self.h[..., None] * v_t
        after[..., 2] = height
        after[..., 3:5] = v_t
        after[..., 5] = (height - z[..., 2]) / self.h
        return after
