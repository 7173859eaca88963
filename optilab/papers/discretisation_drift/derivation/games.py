"""The drift of two players who step at the same time, or one after the other."""

import sympy as sp

from optilab.core.check import require
from optilab.core.derive import Derivation

a, b, eps = sp.symbols("a b epsilon", positive=True)
f, f_phi, f_theta, g, g_phi, g_theta = sp.symbols("f f_phi f_theta g g_phi g_theta", real=True)
u, v = sp.symbols("u v", real=True)


def update(alternating: bool, m: int, k: int) -> sp.Matrix:
    """Move of both players in one update, f and g expanded to first order; a and b carry a factor ε."""
    phi = theta = sp.Integer(0)
    for _ in range(m):
        phi += eps * a / m * (f + f_phi * phi)
    seen = phi if alternating else 0
    for _ in range(k):
        theta += eps * b / k * (g + g_phi * seen + g_theta * theta)
    return sp.Matrix([phi, theta])


def flow(common_clock: bool) -> sp.Matrix:
    """Move of both players along the flow with unknown drifts u and v, to second order in ε."""
    if common_clock:  # φ̇ = a f + u, θ̇ = b g + v for one unit of time
        turn = sp.Matrix([a * (f_phi * a * f + f_theta * b * g), b * (g_phi * a * f + g_theta * b * g)])
        return eps * sp.Matrix([a * f, b * g]) + eps**2 * (sp.Matrix([u, v]) + turn / 2)
    turn = sp.Matrix([a**2 * (f_phi * f + f_theta * g), b**2 * (g_phi * f + g_theta * g)])
    return eps * sp.Matrix([a * f, b * g]) + eps**2 * (sp.Matrix([a * u, b * v]) + turn / 2)


def two_player_drift(alternating: bool = False, m: int = 1, k: int = 1, common_clock: bool = False) -> Derivation:
    """Drift of φ⁺ = φ + a f, θ⁺ = θ + b g to first order in the learning rates a and b.

    Parameters
    ----------
    alternating : bool
        Whether the second player sees the first player's new point.
    m, k : int
        Sub-steps of size a/m and b/k of the first and the second player; 1 and 1 if they step simultaneously.
    common_clock : bool
        Read both players after one unit of time of φ̇ = a f + u, θ̇ = b g + v;
        otherwise read φ at time a and θ at time b of φ̇ = f + u, θ̇ = g + v.

    Raises
    ------
    ValueError
        If `m` or `k` is not a positive integer, or simultaneous players take sub-steps.
    """
    for name, count in (("m", m), ("k", k)):
        require(isinstance(count, int) and count >= 1, name, count, "a positive integer")
    require(alternating or m == k == 1, "m and k", (m, k), "1 and 1 where the players step simultaneously")
    self_phi, self_theta = f_phi * f / m, g_theta * g / k
    sign = -1 if alternating else 1
    if common_clock:
        drift = -sp.Matrix([a**2 * self_phi + a * b * f_theta * g, sign * a * b * g_phi * f + b**2 * self_theta]) / 2
    else:
        cross = (1 - 2 * a / b if alternating else 1) * g_phi * f
        drift = -sp.Matrix([a * (self_phi + f_theta * g), b * (cross + self_theta)]) / 2
    seen = "the second sees where the first has gone" if alternating else "both look at the same point"
    return (
        Derivation(
            f"The drift of {'alternating' if alternating else 'simultaneous'} players",
            update(alternating, m, k).applyfunc(sp.expand),
            f"One update of both players; {seen}. (ε counts the order in the learning rates.)",
        )
        .then(
            "Move along a flow with unknown drifts u, v instead, and subtract: at order ε the two agree already, "
            "at order ε² is left",
            lambda move: (flow(common_clock) - move).applyfunc(lambda entry: sp.expand(entry).coeff(eps, 2)),
        )
        .then(
            "Choose u and v so that nothing is left.", lambda gap: sp.Matrix([u, v]).subs(sp.solve(list(gap), (u, v)))
        )
        .equals(drift, "Each player drifts by itself (self term) and because the other one moves (interaction term).")
    )


def zero_sum_interaction() -> Derivation:
    """In a zero-sum game the interaction terms climb the other player's gradient norm: each makes it larger."""
    phi, theta = sp.symbols("phi theta", real=True)
    E = sp.Function("E")(phi, theta)
    up, down = E.diff(phi), -E.diff(theta)
    return (
        Derivation(
            "Zero-sum players stir each other up",
            sp.Matrix([-a / 2 * f_theta * g, -b / 2 * g_phi * f]),
            "The two interaction terms of simultaneous play.",
        )
        .then(
            "Zero-sum: φ climbs E and θ descends on it, f = ∂E/∂φ, g = −∂E/∂θ.",
            lambda drift: drift.subs(
                {f: up, g: down, f_theta: up.diff(theta), g_phi: down.diff(phi)}, simultaneous=True
            ),
        )
        .equals(
            sp.Matrix([sp.Derivative(a * E.diff(theta) ** 2 / 4, phi), sp.Derivative(b * E.diff(phi) ** 2 / 4, theta)]),
            "Each is the gradient of the other player's squared gradient: both players drift uphill on it.",
        )
    )
