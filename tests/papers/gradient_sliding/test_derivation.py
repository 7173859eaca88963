import numpy as np
import pytest
import sympy as sp

from optilab.papers.gradient_sliding import algorithm as gs
from optilab.papers.gradient_sliding import derivation


@pytest.mark.parametrize("derive", derivation.ALL, ids=lambda derive: derive.__name__)
def test_every_derivation_is_proved_and_its_result_is_right_at_random_rationals(derive):
    chain = derive()
    assert len(chain.lines) >= 2
    rng = np.random.default_rng(0)
    names = {symbol.name: sp.Rational(int(rng.integers(1, 9)), int(rng.integers(1, 9))) for line in chain.lines
             for symbol in (line.expr.free_symbols | {derivation.t})}  # fmt: skip
    names |= {"t": sp.Integer(3), "T": sp.Integer(4), "k": sp.Integer(5), "j": sp.Integer(2)}
    for before, line in zip(chain.lines, chain.lines[1:], strict=False):
        values = [
            one.subs({symbol: names[symbol.name] for symbol in one.free_symbols}).doit()
            for one in (before.expr, line.expr)
        ]
        if line.relation == "=":
            assert sp.simplify(values[0] - values[1]) == 0
        if line.relation in ("≤", "≥"):
            larger, smaller = values if line.relation == "≥" else values[::-1]
            assert larger >= smaller


def test_derivations_give_the_numbers_of_the_algorithm():
    d = derivation
    mu, L = np.array([0.1, 2.0, 0.5]), np.array([3.0, 20.0, 500.0])
    gamma = d.outer_momentum().numpy(d.L, d.mu, d.e)(L, mu, 0.5)
    np.testing.assert_allclose(gamma, gs.restart_free_gamma(L, mu))
    np.testing.assert_allclose(d.accelerated_momentum().numpy(d.L, d.mu)(L, mu), gs.restart_free_lambda(L, mu))
    limit = float(d.momentum_limit().result.subs(d.e, sp.Rational(1, 2)))
    assert gs.restart_free_gamma(1e10, 1.0) * 1e5 == pytest.approx(limit, rel=1e-4)
    beta = L * gamma
    plan = gs.rf_sgs(L=L, M=1.0, mu=mu, D=1.0, N=5)
    p = d.inner_weights().numpy(d.t, d.mu, d.beta)(3, mu, beta)
    np.testing.assert_allclose(beta * p, plan.B[0] * 3 / 2)
    c = d.growth().numpy(d.D, d.gamma)(2.0, 0.3)
    assert gs.rf_sgs_bound(7, E0=0.0, gamma=0.3, D=2.0) == pytest.approx(c * (1 - 0.15) ** 7)
    E = [1.0]
    for k in range(1, 30):
        E.append(0.7 * E[-1] + 0.3 * 2.0 * 0.85**k)
        assert E[-1] <= gs.rf_sgs_bound(k, E0=1.0, gamma=0.3, D=2.0) + 1e-12
    assert sp.simplify(d.momentum_limit().result - 1 / sp.sqrt(1 + d.e)) == 0
    assert sp.simplify(d.resonance().result - d.D * (1 - d.r)) == 0
    assert d.smoothing_error().result == d.eta / 2
    assert d.huber().result == d.x**2 / (2 * d.eta)
    noise = d.inner_noise().numpy(d.M, d.B, d.T)(2.0, 3.0, 5)
    assert noise == pytest.approx(4 * 4 / (3 * 8))
    average = d.inner_average().numpy(d.t)(np.arange(1, 5))
    np.testing.assert_allclose(average, [1, 0.6, 8 / 18, 10 / 28])
