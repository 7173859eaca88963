"""How long a step of heavy ball may be, and why its error shrinks by √β."""

import sympy as sp

from optilab.core.derive import Derivation

alpha, beta, lam, rho = sp.symbols("alpha beta lambda rho", positive=True)


def complex_regime() -> Derivation:
    """Derive |ρ|² = β wherever the two multipliers are complex, whatever the curvature λ."""
    step = sp.Matrix([[1 + beta - alpha * lam, -beta], [1, 0]])
    return (
        Derivation("Why the circle", step, "one step maps (x, x⁻) to (x⁺, x) in a direction of curvature λ")
        .then("its multipliers ρ₁, ρ₂ are the roots of this polynomial p(ρ)", lambda M: M.charpoly(rho).as_expr(rho))
        .then("their product ρ₁ρ₂ is p(0)", lambda p: p.subs(rho, 0))
        .equals(beta, "a complex pair is ρ and its mirror image: |ρ|² = β, and λ has dropped out")
    )


def stability_edge() -> Derivation:
    """Derive the longest stable step: where a multiplier leaves the unit disc through −1."""
    polynomial = rho**2 - (1 + beta - alpha * lam) * rho + beta
    return (
        Derivation("The longest step", polynomial, "the same polynomial p(ρ)")
        .then("lengthen the step until a root is on the unit circle. At ρ = 1? There p is", lambda p: p.subs(rho, 1))
        .equals(alpha * lam, "positive, so no root. As a complex pair? Its |ρ|² is β, less than 1. So at ρ = −1")
        .then("there p is", lambda _: sp.expand(polynomial.subs(rho, -1)))
        .then("and vanishes at the step size", lambda p: sp.solve(p, alpha)[0])
        .equals(2 * (1 + beta) / lam, "no momentum: 2/λ; much momentum: nearly twice that")
    )
