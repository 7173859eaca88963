import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from optilab.core.derive import DerivationError
from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd import derivation as der
from optilab.papers.private_gsd.problems import random_prefixes
from optilab.problems import privacy

NUMBERS = {
    der.alpha: 2.5,
    der.mu: 0.3,
    der.sigma: 0.7,
    der.rho: 0.05,
    der.ell: 12.0,
    der.m: 7,
    der.S: 3,
    der.Delta: 0.1,
}


def at(expr, **more):
    return float(expr.subs(NUMBERS | {getattr(der, name): value for name, value in more.items()}))


def test_the_divergence_is_that_of_two_normal_densities():
    def integrand(x):
        return norm.pdf(x, 0.3, 0.7) ** 2.5 * norm.pdf(x, 0, 0.7) ** -1.5

    divergence = np.log(quad(integrand, -8, 9)[0]) / 1.5
    assert at(der.gaussian_mechanism().result) == pytest.approx(divergence, rel=1e-6)
    assert divergence == pytest.approx(2.5 * privacy.gaussian_rho(0.3, 0.7))


def test_the_derived_noise_is_that_of_the_library():
    assert at(der.shared_budget().result) == pytest.approx(privacy.gaussian_sigma(0.1, 0.05 / 7))
    assert at(der.noisy_maximum().result) == pytest.approx(privacy.gumbel_scale(0.1, 0.05, 3))
    queries = random_prefixes(7, 0)
    measured = alg.measure(
        np.zeros(14), queries, range(7), n=50, budget=privacy.Budget(0.05), rho=0.05, rng=np.random.default_rng(0)
    )
    np.testing.assert_allclose(measured.sigma, at(der.shared_budget().result, Delta=np.sqrt(2) / 50))


def test_the_derived_conversions_are_those_of_the_library():
    assert at(der.simple_conversion().result) == pytest.approx(privacy.cdp_eps_simple(0.05, np.exp(-12.0)))
    epsilon = 1.3
    slope = sp.lambdify(der.alpha, der.sharper_conversion().result.subs({der.rho: 0.05, der.epsilon: epsilon}))
    orders = np.linspace(1.01, 60, 200_000)
    root = orders[np.argmin(abs(slope(orders)))]
    first = der.sharper_conversion().lines[0].expr.subs({der.rho: 0.05, der.epsilon: epsilon, der.alpha: root})
    assert np.exp(float(first)) == pytest.approx(privacy.cdp_delta(0.05, epsilon), rel=1e-6)
    assert (np.diff(slope(orders)) > 0).all()


def test_the_derived_change_of_the_fitness_is_the_update_s():
    rng, n = np.random.default_rng(0), 11
    a_hat, stat = rng.random(3), np.array([3.0, 7.0, 2.0])
    q_old, q_new = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    change = alg.fitness(a_hat, alg.one_row_update(stat, q_old, q_new, n)) - alg.fitness(a_hat, stat / n)
    values = dict(zip(der.R, stat / n - a_hat, strict=True)) | dict(zip(der.D, q_new - q_old, strict=True))
    assert float(der.one_row().lines[2].expr.subs(values | {der.n_rows: n})) == pytest.approx(change)
    assert float(der.one_row().result.subs(der.n_rows, n)) == pytest.approx(-1 / (2 * n))


def test_the_derived_slope_and_area_are_those_of_the_sigmoid():
    slope = sp.lambdify((der.s, der.z), der.slope_at_the_threshold().lines[0].expr)
    assert slope(8.0, 0.3) == pytest.approx((expit(8 * 0.3 + 8e-7) - expit(8 * 0.3 - 8e-7)) / 2e-7, rel=1e-5)
    assert der.slope_at_the_threshold().lines[1].expr == der.s / 4
    assert der.slope_at_the_threshold().result == 0
    area = float(der.area_of_the_slope().lines[1].expr.subs({der.s: 8.0, der.h: 0.3}))
    assert area == pytest.approx(np.tanh(8 * 0.3 / 2))
    assert der.area_of_the_slope().result == 1


def test_a_false_line_is_noticed():
    with pytest.raises(DerivationError):
        der.noisy_maximum().equals(der.Delta * sp.sqrt(der.S) / sp.sqrt(der.rho), "without the two")
