"""How long a step of heavy ball may be, and why its error shrinks by √β."""

import sympy as sp

from optilab.core.derive import Derivation

alpha, beta, lam, rho = sp.symbols("alpha beta lambda rho", positive=True)


def stability_edge() -> Derivation:
    """Derive the longest stable step: where a multiplier leaves the unit disc through −1."""
    step = sp.Matrix([[1 + beta - alpha * lam, -beta], [1, 0]])
    return (
        Derivation("The longest step", step, "one step maps (x, x⁻) to (x⁺, x) in a direction of curvature λ")
        .then("its multipliers ρ are the roots of this polynomial", lambda M: M.charpoly(rho).as_expr(rho))
        .then("a growing step breaks out at ρ = −1", lambda p: p.subs(rho, -1))
        .then("which happens at the step size", lambda p: sp.solve(p, alpha)[0])
        .equals(2 * (1 + beta) / lam, "no momentum: 2/λ; much momentum: nearly twice that")
    )


def complex_regime() -> Derivation:
    """Derive |ρ|² = β wherever the two multipliers are complex, whatever the curvature λ."""
    return (
        Derivation(
            "Why the circle",
            rho**2 - (1 + beta - alpha * lam) * rho + beta,
            "the same polynomial, with roots ρ₁ and ρ₂",
        )
        .then("the product ρ₁ρ₂ is its value at ρ = 0", lambda p: p.subs(rho, 0))
        .equals(beta, "a complex pair is ρ and its mirror image: |ρ|² = β, and λ has dropped out")
    )
