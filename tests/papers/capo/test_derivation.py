import inspect

import numpy as np
import pytest
import sympy as sp
from scipy.special import softmax

from optilab.core.derive import Derivation
from optilab.papers.capo import algorithm as alg
from optilab.papers.capo import derivation
from optilab.papers.capo.derivation import P0, P1, U


def numbers(seed=0):
    draw = np.random.default_rng(seed)
    return softmax(draw.normal(size=3)), draw.normal(size=3)


def at(proof, pi, u):
    """The result of a derivation at π and u, of which only differences count."""
    return proof.numpy(P0, P1, U[0], U[1])(pi[0], pi[1], u[0] - u[2], u[1] - u[2])


def test_every_derivation_proves_its_lines():
    proofs = [
        proof
        for proof in vars(derivation).values()
        if inspect.isfunction(proof) and proof.__annotations__.get("return") is Derivation
    ]
    assert len(proofs) == 13
    assert all(len(proof().lines) >= 2 for proof in proofs)


@pytest.mark.parametrize("seed", range(4))
def test_slope_and_curvature_of_the_ratio_are_those_of_the_scores(seed):
    pi, u = numbers(seed)
    v = np.eye(3)[0] - pi
    slope, bend = (at(proof(), pi, u) for proof in (derivation.first_order, derivation.second_order))
    assert slope == pytest.approx(v @ u)
    for A in (1.0, -0.7):
        mH, mF = alg.shifts(np.array(A), v, pi, u)
        assert mH == pytest.approx(A * slope + 0.5 * A * bend)
        assert mF == pytest.approx(0.5 * slope**2)


def test_the_curvature_of_kl_is_the_variance():
    pi, u = numbers(5)
    F = np.diag(pi) - np.outer(pi, pi)
    value, slope, curvature = np.ravel(at(derivation.fisher_is_curvature(), pi, u))
    np.testing.assert_allclose([value, slope, curvature], [0, 0, u @ F @ u], atol=1e-14)
    assert at(derivation.mean_of_squares(), pi, u) == pytest.approx(u @ F @ u)


def test_the_advantage_is_that_of_the_algorithm():
    s, f, n = derivation.s, derivation.f, derivation.n
    weight = derivation.rare_success().lines[1].expr
    for successes in range(1, 8):
        A = alg.advantages((np.arange(8) < successes).astype(float), 8, "GRPO")
        exact = float(weight.subs({s: successes, f: 8 - successes, n: 7}))
        assert A[0] == pytest.approx(exact, rel=1e-3)
        assert A[-1] == pytest.approx(-successes / (8 - successes) * exact, rel=1e-3)


def test_the_step_of_a_token_is_that_of_the_scores():
    pi, _ = numbers(6)
    v, h, A, lr = np.eye(3)[1] - pi, 1.7, -0.8, 0.6
    a2, bend = v @ v, v @ (np.diag(pi) - np.outer(pi, pi)) @ v
    values = {"A": A, "alpha": lr, "h": h, "a_2": a2, "f": bend}
    result = derivation.overshoot().result
    foretold = float(result.subs({symbol: values[symbol.name] for symbol in result.free_symbols}))
    mH, _ = alg.token_scores([A], [v], [pi], [[h]], lr)
    assert foretold == pytest.approx(mH[0])


def test_the_limits_are_those_of_the_algorithm():
    pi = np.array([0.9, 0.07, 0.03])
    found = np.array(derivation.examples().result, float).ravel()
    np.testing.assert_allclose(found, [alg.overshoot(-1.0, pi, 1), alg.overshoot(-1.0, pi, 2)], rtol=1e-4)
    general = derivation.overshoot_limit().result
    v = np.eye(3)[2] - pi
    values = {"A": -2.0, "h": 3.0, "a_2": v @ v, "b": (v @ v) ** 2 - (pi @ v**2 - (pi @ v) ** 2)}
    exact = float(general.subs({symbol: values[symbol.name] for symbol in general.free_symbols}))
    assert exact == pytest.approx(alg.overshoot(-2.0, pi, 2, 3.0))


def test_the_slope_along_a_tokens_own_step_is_as_proved():
    pi, q = numbers(7)[0], numbers(8)[0]
    q0, q1, q2 = derivation.Q
    found = derivation.never_below().numpy(P0, P1, q0, q1, q2)(pi[0], pi[1], *q)
    assert found == pytest.approx((np.eye(3)[0] - q) @ (np.eye(3)[0] - pi))
    assert found > 0


def test_the_price_is_that_of_the_bound():
    (omega,) = derivation.price().result.free_symbols
    assert float(derivation.price().result.subs(omega, sp.Rational(3, 10))) == pytest.approx(
        float(alg.improvement_bound(0.3, 1e-4, 0.5))
    )
