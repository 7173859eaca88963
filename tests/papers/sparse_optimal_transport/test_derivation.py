"""Sparse transport: the derivations against the oracles."""

import numpy as np
import pytest
from scipy.optimize import minimize

from optilab.papers.sparse_optimal_transport import algorithm, derivation


def test_derived_columns_are_the_oracles():
    rng = np.random.default_rng(0)
    g, mass = 0.7, 1.3
    two = derivation.top_of_the_dual().numpy(derivation.s1, derivation.s2, derivation.gamma)
    s = rng.uniform(0.1, 2, 5)
    top = np.sort(s)[::-1]
    assert algorithm.conj_plus(s, 2, g).value == pytest.approx(two(top[0], top[1], g), rel=1e-12)
    for r in (1, 2, 3, 4):
        close = 1 + 0.1 * rng.uniform(size=5)  # so close that all k places are filled
        found, prices = algorithm.conj_b(close, mass, r, g), np.sort(close)[::-1][:r]
        symbols = derivation.entries(r)
        theta = derivation.water_level(r).numpy(*symbols, derivation.b, derivation.gamma)(*prices, mass, g)
        assert found.theta == pytest.approx(theta, rel=1e-12)
        value = derivation.column_value(r).numpy(*symbols, derivation.theta, derivation.gamma)(*prices, theta, g)
        assert found.value == pytest.approx(value, rel=1e-12)
        beta = derivation.best_beta(r).numpy(*symbols, derivation.b, derivation.gamma)(*prices, mass, g)
        assert beta == pytest.approx(-found.theta, rel=1e-12)
        dual = derivation.semi_dual_is_dual(r).numpy(*symbols, derivation.theta, derivation.gamma)(*prices, theta, g)
        assert dual == pytest.approx(-found.value, rel=1e-12)
    one = derivation.one_nonzero().numpy(derivation.PRICES[0], derivation.b, derivation.gamma)
    assert algorithm.conj_b(s, mass, 1, g).value == pytest.approx(one(top[0], mass, g), rel=1e-12)


def test_the_largest_are_worth_exchanging_for_nothing_else():
    assert derivation.why_the_largest().result == 0
    assert derivation.why_the_largest().lines[-1].relation == "≥"


def test_the_derived_biconjugates_are_the_k_support_norm():
    half = derivation.one_norm().numpy(derivation.t1, derivation.t2)
    assert half(0.3, 0.9) == pytest.approx(algorithm.k_support_norm(np.array([0.3, 0.9]), 1) ** 2 / 2)
    for case, w in ((0, [0.9, 0.4, 0.2]), (1, [0.5, 0.4, 0.3])):
        symbols = derivation.w1, derivation.w2, derivation.w3
        at = dict(zip(symbols, w, strict=True))
        cost = float(derivation.mixture_cost(case).result.subs(derivation.SUMS).subs(at))
        assert cost == pytest.approx(algorithm.k_support_norm(np.array(w), 2) ** 2 / 2, rel=1e-12)
        np.testing.assert_allclose(derivation.mixture(case).numpy(*symbols)(*w).ravel(), w)
        atoms, weights = derivation.spread_atoms(case)
        weights = [float(weight.subs(derivation.SUMS).subs(at)) for weight in weights]
        assert min(weights) >= 0
        assert sum(weights) == pytest.approx(1)
        assert all(sum(entry == 0 for entry in atom) == 1 for atom in atoms)
        sums = [float(sum(atom).subs(derivation.SUMS).subs(at)) for atom in atoms]
        assert sums == pytest.approx([sum(w)] * len(atoms))  # so a fixed sum leaves the relaxation as it is
        found = minimize(  # the biconjugate by an independent solver, in the top-2 epigraph
            lambda z, w=w: -(z[:3] @ np.array(w) - z[3]),
            np.array([*w, 1.0]),
            constraints=[
                {"type": "ineq", "fun": lambda z, i=i, j=j: z[3] - (z[i] ** 2 + z[j] ** 2) / 2}
                for i, j in ((0, 1), (0, 2), (1, 2))
            ],
            method="SLSQP",
            options={"ftol": 1e-14},
        )
        assert -found.fun == pytest.approx(cost, rel=1e-6)
