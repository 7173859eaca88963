import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import DerivationError
from optilab.papers.mfac import algorithm as alg
from optilab.papers.mfac import derivation

G = np.array([[0.7, -1.2], [0.4, 0.9]])
x = np.array([0.3, -0.8])
LAM = 0.6


def numbers_for(line):
    """A line with G, x and λ put in."""
    given = dict(zip(derivation.G, G.ravel(), strict=True)) | dict(zip(derivation.x, x, strict=True))
    return np.array(line.expr.subs(given | {derivation.lam: LAM}), dtype=float).ravel()


def test_the_derived_products_are_the_algorithms():
    np.testing.assert_allclose(
        numbers_for(derivation.dynamic_product().lines[0]), alg.static_precompute(G, LAM).ihvp(x)
    )
    alone = numbers_for(derivation.sherman_morrison().lines[-1])
    window = alg.update(alg.empty_window(2, 2, LAM), G[0])
    np.testing.assert_allclose(alone, alg.ihvp(window, G[0]))
    inverse = numbers_for(derivation.two_rank_one_steps().lines[0]).reshape(2, 2)
    np.testing.assert_allclose(inverse, np.linalg.inv(alg.dense_fisher(G, LAM)))


def test_the_derived_triangle_is_the_algorithms():
    rows = np.random.default_rng(0).normal(size=(3, 5))
    D = derivation.triangle(sp.Matrix(rows @ rows.T / LAM), sp.Integer(3))
    found = alg.recursion(rows @ rows.T, np.array(LAM))
    np.testing.assert_allclose(np.array(D, dtype=float), found, rtol=1e-12)
    B = derivation.coefficients(D, sp.Integer(3)).subs(derivation.lam, LAM)
    np.testing.assert_allclose(np.array(B, dtype=float), alg.rows_of_B(found, np.array(LAM)), rtol=1e-12)


def test_the_derived_cost_of_a_weight_is_its_saliency():
    H = np.array([[2.0, 0.7], [0.7, 1.1]])
    cost = derivation.brain_surgeon().numpy(derivation.w_1, derivation.h_11, derivation.h_12, derivation.h_22)
    assert cost(0.9, 2.0, 0.7, 1.1) == pytest.approx(alg.saliency(0.9, np.linalg.inv(H)[0, 0]))


def test_the_derived_bounds_are_those_of_the_theory():
    step = derivation.bounded_step().numpy(derivation.t, derivation.lr, derivation.m, derivation.lam)
    assert step(7, 0.01, 64, 1e-3) == pytest.approx(alg.distance_bound(7, 64, 1e-3, 0.01))
    assert derivation.bounded_decrease().result == derivation.m
    assert derivation.large_damping().result == 1


def test_a_divisor_without_m_is_no_factorisation():
    D = derivation.triangle(derivation.S, derivation.m)
    L = derivation.lower(D, derivation.m)
    pivots = sp.diag(*[1 + D[i, i] for i in range(3)])
    with pytest.raises(DerivationError, match="is not"):
        derivation.Derivation("wrong", L * pivots * L.T, "1 for m").equals(sp.eye(3) + derivation.S, "no")
