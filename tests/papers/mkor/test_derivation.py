"""What SymPy derives agrees with the algorithm's numbers."""

import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import vanishes
from optilab.papers.mkor import derivation
from optilab.papers.mkor.algorithm import exact, printed, stabilise, theory
from optilab.papers.mkor.derivation import g1, g2, gamma, l1, l2, q, s, t, zeta


def test_both_rules_are_those_of_the_algorithm():
    values = {gamma: 0.8, l1: 2.0, l2: 0.5, g1: 0.3, g2: -1.2}
    L, g = derivation.DIAGONAL, derivation.VECTOR
    Finv, v = np.diag([0.5, 2.0]), np.array([0.3, -1.2])
    for rule, numbers in ((derivation.exact_rule, exact), (derivation.printed_rule, printed)):
        symbolic = np.array(rule(L.inv(), g).subs(values), dtype=float)
        np.testing.assert_allclose(symbolic, numbers(Finv, v, 0.8), rtol=1e-12)


def test_the_exact_rule_inverts_a_full_matrix_too():
    assert derivation.exact_is_the_inverse().result == sp.eye(2)
    a, b, c = sp.symbols("a b c", positive=True)
    L, g = sp.Matrix([[a, b], [b, c]]), derivation.VECTOR
    product = derivation.exact_rule(L.inv(), g) * (gamma * L + (1 - gamma) * g * g.T)
    assert vanishes(product - sp.eye(2))


def test_the_printed_rule_inverts_what_the_derivation_says():
    kappa = derivation.what_printed_inverts().result
    L, g = derivation.DIAGONAL, derivation.VECTOR
    size = (g.T * L.inv() * g)[0]
    assert vanishes(derivation.printed_rule(L.inv(), g) * (L / gamma - kappa.subs(s, size) * g * g.T) - sp.eye(2))
    assert float(derivation.printed_is_not().result) == pytest.approx(23.27, abs=0.01)


def test_a_steep_direction_in_numbers():
    first, second = derivation.steep_direction().result
    assert first.rhs == 0
    assert sp.simplify(second.rhs - gamma - gamma**-3) == 0
    both = derivation.steep_direction().lines[0].expr
    values = [float(line.rhs.subs({gamma: 0.9, q: 10})) for line in both]
    np.testing.assert_allclose(values, [0.0917, 2.135], rtol=2e-3)


def test_the_quadratic_form_after_an_update():
    r = np.random.default_rng(0)
    root = r.normal(size=(2, 2))
    Finv, x, v = root @ root.T + np.eye(2), r.normal(size=2), r.normal(size=2)
    line = derivation.stays_positive().lines[2].expr
    numbers = {
        "a": x @ Finv @ x, "s": v @ Finv @ v, "c": 0.25, "Delta": np.linalg.det(Finv), "x_1": x[0], "x_2": x[1],
        "g_1": v[0], "g_2": v[1],
    }  # fmt: skip
    value = float(line.subs({symbol: numbers[symbol.name] for symbol in line.free_symbols}))
    assert value == pytest.approx(0.8 * x @ exact(Finv, v, 0.8) @ x)


def test_four_terms_for_matrices():
    L, G, R = (sp.Matrix(2, 2, sp.symbols(f"{name}_11 {name}_12 {name}_21 {name}_22")) for name in "LGR")
    left, right = (zeta * M + (1 - zeta) * sp.eye(2) for M in (L, R))
    four = zeta**2 * L * G * R + zeta * (1 - zeta) * (L * G + G * R) + (1 - zeta) ** 2 * G
    assert vanishes(left * G * right - four)
    pulled = stabilise(np.diag([3.0, 4.0]), 1.0, 0.7)
    np.testing.assert_allclose(pulled, 0.7 * np.diag([3.0, 4.0]) + 0.3 * np.eye(2))


def test_the_growth_law_is_that_of_the_algorithm():
    lines = derivation.growth().lines
    law = sp.lambdify((t, gamma, zeta), lines[2].expr)
    assert law(7, 0.9, 0.8) == pytest.approx(float(theory.unseen_stabilised(7, 0.9, 0.8)))
    assert float(lines[1].expr.rhs.subs({gamma: 0.9, zeta: 0.8})) == pytest.approx(float(theory.fixed_point(0.9, 0.8)))
