"""The spin of a free body in discrete time: its equation from a discrete action, and what it keeps exactly."""

from typing import Any

import sympy as sp

from optilab.core.derive import Derivation, DerivationError

h, s, eps = sp.symbols("h s epsilon", positive=True)
J1, J2, J3 = sp.symbols("J_1 J_2 J_3", positive=True)
w1, w2, w3 = sp.symbols("omega_1 omega_2 omega_3", real=True)
f1, f2, f3 = sp.symbols("phi_1 phi_2 phi_3", real=True)
J = sp.diag(J1, J2, J3)
OMEGA, PHI = sp.Matrix([w1, w2, w3]), sp.Matrix([f1, f2, f3])
TURN = sp.Matrix([s, w1, w2, w3]) * h / 2  # the step d(ω)
SQUARE = 4 / h**2 - OMEGA.dot(OMEGA)  # s²

CROSS, SPIN = sp.symbols(r"\Omega J\omega", commutative=False)  # ω × and Jω, whose order matters
n, b, c, trace, i2, det = sp.symbols("n b c t i_2 D", positive=True)  # ‖ω‖², ωᵀJω, ωᵀJ²ω and what J has
FORMS = {
    n: OMEGA.dot(OMEGA),
    b: OMEGA.dot(J * OMEGA),
    c: OMEGA.dot(J * J * OMEGA),
    trace: J1 + J2 + J3,
    i2: J1 * J2 + J1 * J3 + J2 * J3,
    det: J1 * J2 * J3,
}


def product(p: sp.Matrix, q: sp.Matrix) -> sp.Matrix:
    """The product of two quaternions."""
    pv, qv = p[1:, 0], q[1:, 0]
    return sp.Matrix([p[0] * q[0] - pv.dot(qv), *(p[0] * qv + q[0] * pv + pv.cross(qv))])


def inverse(q: sp.Matrix) -> sp.Matrix:
    """The conjugate of a unit quaternion."""
    return sp.Matrix([q[0], -q[1], -q[2], -q[3]])


def certain(claim: sp.Expr | sp.Matrix, what: str) -> None:
    """Stop the derivation unless SymPy expands `claim` to zero, s² being 4/h² − ‖ω‖²."""
    for entry in sp.Matrix([claim]):
        if sp.rem(sp.expand(entry), sp.expand(s**2 - SQUARE), s) != 0:
            raise DerivationError(f"{what} doesn't hold")


def outgoing() -> sp.Matrix:
    """The momentum (h/2)(s Jω + ω × Jω) with which a step starts, body frame."""
    return h / 2 * (s * J * OMEGA + OMEGA.cross(J * OMEGA))


def incoming() -> sp.Matrix:
    """The momentum (h/2)(s Jω − ω × Jω) with which a step ends, body frame."""
    return h / 2 * (s * J * OMEGA - OMEGA.cross(J * OMEGA))


def euler_lagrange(end: bool = True) -> Derivation:
    """What moving the end of a step, or its start, does to the action of that step."""
    factor = sp.Matrix([1, *((1 if end else -1) * eps * PHI / 2)])
    spin = 2 / h * (product(TURN, factor) if end else product(factor, TURN))[1:, 0]
    which, side = ("end", "q₂ → q₂ ⊗ (1, εφ/2)") if end else ("start", "q₁ → q₁ ⊗ (1, εφ/2), so q̄₁ gets (1, −εφ/2)")
    return (
        Derivation(
            f"Moving the {which} of a step",
            h / 2 * spin.dot(J * spin),
            f"the action of one step, (h/2) ωᵀJω with ω = (2/h) vec(q̄₁ ⊗ q₂); q̄₁ ⊗ q₂ = (h/2)(s, ω) and {side}",
        )
        .then("differentiate at ε = 0", lambda action: sp.expand(action.diff(eps).subs(eps, 0)))
        .equals(
            incoming().dot(PHI) if end else -outgoing().dot(PHI),
            "φ · (h/2)(sJω − ω × Jω): the momentum as the step ends"
            if end
            else "−φ · (h/2)(sJω + ω × Jω): the momentum as the step starts. What one step hands out, the next gets",
        )
    )


def conserved_momentum() -> Derivation:
    """In the world frame the momentum is the same at both ends of a step."""
    cross = OMEGA.hat()
    turned = product(product(TURN, sp.Matrix([0, *PHI])), inverse(TURN))[1:, 0]
    certain(turned - (sp.eye(3) + h**2 / 2 * (s * cross + cross**2)) * PHI, "R(d) = 1 + (h²/2)(sΩ + Ω²)")
    certain(cross**3 + OMEGA.dot(OMEGA) * cross, "Ω³ = −‖ω‖²Ω")
    return (
        Derivation(
            "World momentum",
            (1 + h**2 / 2 * (s * CROSS + CROSS**2)) * (s - CROSS) * SPIN,
            "turn the momentum at the end, (s − Ω)Jω but for h/2, by R(d) to where the step started; Ω is ω ×",
        )
        .then("multiply out: sΩ² falls out", sp.expand)
        .then(
            "Ω³ = −nΩ with n = ‖ω‖², and s² = 4/h² − n",
            lambda momentum: sp.expand(momentum.xreplace({CROSS**3: -n * CROSS, s**2: 4 / h**2 - n})),
        )
        .equals((s + CROSS) * SPIN, "the momentum at the start: a step hands on what it got, whatever h")
    )


def momentum_length() -> Derivation:
    """The length of the momentum in terms of b = ωᵀJω and c = ωᵀJ²ω."""
    squared = h**2 / 4 * (s**2 * c + n * c - b**2)
    for M in (outgoing(), incoming()):
        certain(M.dot(M) - squared.subs(FORMS), "‖M‖²")
    return (
        Derivation("Length of the momentum", squared, "‖M‖² of M = (h/2)(sJω ± ω × Jω): the sign drops out")
        .then("s² = 4/h² − n", _without_s)
        .equals(c - h**2 * b**2 / 4, "n = ‖ω‖² has gone")
    )


def energy_of_momentum() -> Derivation:
    """A second combination of b and c that stays; so both stay, and b/2 is the energy."""
    d = sp.Symbol("d")
    third = OMEGA.dot(J**3 * OMEGA)
    squared = h**2 / 4 * (s**2 * b + (b * d - c**2) / det)
    cayley = trace * c - i2 * b + det * n
    for M in (outgoing(), incoming()):
        certain(M.dot(J.inv() * M) - squared.subs(d, third).subs(FORMS), "MᵀJ⁻¹M")
    certain(third - cayley.subs(FORMS), "the theorem of Cayley and Hamilton")
    return (
        Derivation(
            "Weighted length of the momentum",
            squared,
            "MᵀJ⁻¹M, by J⁻¹(x × y) = (Jx × Jy)/D; b = ωᵀJω, c = ωᵀJ²ω, d = ωᵀJ³ω, D = det J",
        )
        .then(
            "J³ = tJ² − i₂J + D (Cayley and Hamilton) lowers d to b, c and n = ‖ω‖²",
            lambda weighted: weighted.subs(d, cayley),
        )
        .then("s² = 4/h² − n", _without_s)
        .equals(
            b + h**2 / (4 * det) * (trace * b * c - i2 * b**2 - c**2),
            "as ‖M‖², it is the same before and after: two equations for b and c, so the energy b/2 can't move",
        )
    )


def _without_s(expr: Any) -> Any:
    return sp.expand(sp.expand(expr).xreplace({s**2: 4 / h**2 - n}))
