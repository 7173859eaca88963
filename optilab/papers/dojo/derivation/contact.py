"""Smoothed friction and smoothed impact in closed form.

Friction is the impulse b, no longer than β₁ = μγ, that takes the most energy out of the sliding velocity v. Its
optimality conditions, relaxed by κ, are β ∘ η = κ (1, 0) with β = (β₁, b), η = (η₁, v) in one dimension:

    β₁η₁ + bv = κ,    β₁v + η₁b = 0.
"""

import sympy as sp

from optilab.core.derive import Derivation

beta1, kappa, eta1, V, m, h, s, V_f = sp.symbols("beta_1 kappa eta_1 V m h s V_f", positive=True)
b, phi0 = sp.symbols("b phi_0", real=True)
S = sp.sqrt(kappa**2 + 4 * beta1**2 * V**2)
LAW = -2 * beta1**2 * V / (kappa + S)


def friction_law() -> Derivation:
    """The friction impulse at sliding speed V > 0 as a function of β₁ and κ."""
    return (
        Derivation(
            "Smoothed friction",
            (sp.Eq(beta1 * eta1 + b * V, kappa), sp.Eq(beta1 * V + eta1 * b, 0)),
            "the cone product of impulse (β₁, b) and slack (η₁, V) is κ times the identity",
        )
        .then(
            "the second line says b = −β₁V/η₁; put it into the first",
            lambda rows: rows[0].subs(b, sp.solve(rows[1], b)[0]),
        )
        .then(
            "a quadratic for η₁; only its positive root lies in the cone",
            lambda equation: sp.Eq(eta1, max(sp.solve(equation, eta1), key=_at_ones)),
        )
        .then("back into b = −β₁V/η₁", lambda root: sp.radsimp(-beta1 * V / root.rhs))
        .equals(LAW, "multiply above and below by κ + √…: no division by V is left")
    )


def _at_ones(root: sp.Expr) -> float:
    return float(root.subs(dict.fromkeys(root.free_symbols, 1)))


def hard_friction() -> Derivation:
    """For κ → 0 the law is Coulomb's, whatever the speed."""
    return Derivation("Hard friction is its limit", LAW, "the law").then(
        "κ → 0 from above: size β₁ = μγ against the motion", lambda law: sp.limit(law, kappa, 0, "+")
    )


def friction_at_rest() -> Derivation:
    """Near rest it is viscous, with slope −β₁²/κ."""
    return (
        Derivation("Near rest it is honey", LAW, "the law")
        .then("its slope", lambda law: sp.diff(law, V))
        .then("at V = 0", lambda slope: sp.simplify(slope.subs(V, 0)))
        .equals(-(beta1**2) / kappa, "stiction has become creep: the smaller κ, the stiffer")
    )


def friction_falls() -> Derivation:
    """The law is strictly decreasing in V, so a step has one root."""
    return (
        Derivation("Faster sliding, more friction", LAW, "the law")
        .then("its slope", lambda law: sp.diff(law, V))
        .equals(-2 * beta1**2 * kappa / (S * (kappa + S)), "never zero: one step has exactly one root")
    )


def stiction_damping() -> Derivation:
    """What is left of a push on a puck at rest: ∂V/∂V_f by the implicit function theorem, V_f the free speed."""
    return (
        Derivation(
            "What stiction leaves of a gradient",
            m * (V - V_f) - LAW,
            "one step: m(V − V_f) = b(V), V_f the speed without friction",
        )
        .then("∂V/∂V_f = −(∂r/∂V_f)/(∂r/∂V), the implicit function theorem", lambda r: -sp.diff(r, V_f) / sp.diff(r, V))
        .then("at rest", lambda ratio: sp.simplify(ratio.subs(V, 0)))
        .equals(1 / (1 + beta1**2 / (m * kappa)), "β₁ = μmgh at rest: the factor per step is about κ/(m(μgh)²)")
    )


def impact_gap() -> Derivation:
    """The gap after a step, from the gap φ₀ that free flight would leave."""
    gap = sp.Symbol("gap")  # s without its sign, which would leave out the other root
    return (
        Derivation(
            "Smoothed impact",
            sp.Eq(m * (s - phi0) / h, kappa / s),
            "the floor's impulse lifts the gap from φ₀ to s and is κ/s",
        )
        .then("a quadratic for s", lambda equation: sp.Eq(sp.expand(h * s / m * (equation.lhs - equation.rhs)), 0))
        .then(
            "its positive root", lambda equation: sp.Eq(s, max(sp.solve(equation.lhs.subs(s, gap), gap), key=_at_ones))
        )
        .equals(sp.Eq(s, (phi0 + sp.sqrt(phi0**2 + 4 * h * kappa / m)) / 2), "positive for every φ₀: no penetration")
    )


def impact_slope() -> Derivation:
    """∂s/∂φ₀ without solving for s."""
    gap = sp.Function("s")(phi0)
    return (
        Derivation(
            "The gradient of an impact", m * (gap - phi0) / h - kappa / gap, "differentiate the equation, not its root"
        )
        .then("by φ₀", lambda residual: sp.diff(residual, phi0))
        .then(
            "solve for ∂s/∂φ₀",
            lambda line: sp.solve(line, sp.diff(gap, phi0))[0].subs(gap, s),
        )
        .equals(1 / (1 + h * kappa / (m * s**2)), "0 where the floor presses, 1 in the air")
    )


def impact_kink() -> Derivation:
    """At the kink φ₀ = 0 the gradient is ½ whatever κ."""
    gap = impact_gap().result.rhs.subs(phi0, 0)
    return (
        Derivation("At the kink", impact_slope().result, "the gradient of an impact")
        .then("s² = hκ/m at φ₀ = 0", lambda slope: sp.simplify(slope.subs(s, gap)))
        .equals(sp.Rational(1, 2), "halfway between floor and air, for every κ")
    )
