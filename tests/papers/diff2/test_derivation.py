import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize_scalar

from optilab.papers.diff2 import derivation as made
from optilab.papers.diff2.algorithm import best_tau, diff2_utility, dp_gd_utility, renyi_order, restart_bound, sigmas
from optilab.problems.privacy import cdp_eps_simple, gaussian_rho


def at(expr, **values):
    """The number of an expression, by the names of its symbols."""
    return float(expr.subs({symbol: values[symbol.name] for symbol in expr.free_symbols}))


def test_a_release_costs_what_the_accounts_say():
    price = made.one_release().result
    assert at(price, alpha=7, N=50, sigma=0.3) == pytest.approx(7 * gaussian_rho(2 / 50, 0.3))


def test_the_budget_is_that_of_the_calibration():
    spent, *_ = (line.expr for line in made.budget().lines)
    R, T, eps, delta = 30, 6, 2.0, 1e-4
    sigma1, sigma2 = sigmas(10, 5, R, T, eps, delta)
    values = {"M": 5, "R": R, "N": 50, "alpha": float(renyi_order(eps, delta)), "sigma_1": sigma1, "sigma_2": sigma2}
    assert at(spent, **values) == pytest.approx(eps / 2)
    assert made.budget().result == made.epsilon


def test_the_best_order_gives_the_simple_conversion():
    found = made.best_order().numpy(made.a, made.ell)
    assert found(0.03, np.log(1e5)) == pytest.approx(cdp_eps_simple(0.03, 1e-5))


def test_the_best_split_is_a_minimum():
    split = made.best_split().numpy(made.c1, made.c2)
    found = minimize_scalar(lambda u: 2 * u + 0.3 * u / (u - 1), bounds=(1.001, 5), method="bounded").x
    assert split(2.0, 0.3) == pytest.approx(found, rel=1e-4)
    assert split(1.0, 1 / 16) == pytest.approx(1.25)


def test_four_thirds_are_those_of_the_bound():
    values = {"G": 1.2, "L": 0.3, "Delta": 0.7, "s": 0.01}
    numbers = (0.01, 1.2, 0.3, 0.7)
    interval = made.four_thirds().lines[-2].expr.rhs
    assert at(interval, **values) == pytest.approx(best_tau(*numbers))
    least = at(made.four_thirds().result, **values)
    assert least == pytest.approx(diff2_utility(*numbers))
    assert least == pytest.approx(restart_bound(best_tau(*numbers), *numbers))
    assert at(made.plain().result, **values) == pytest.approx(dp_gd_utility(*numbers))
    gain = made.ratio().result
    assert sp.simplify(gain.subs(made.N, 8 * made.N) / gain) == 2
    scaled = made.four_thirds().result / (
        (made.G * made.L * made.Delta) ** sp.Rational(2, 3) * made.s ** sp.Rational(4, 3)
    )
    assert sp.simplify(scaled) == 3 * sp.Integer(2) ** sp.Rational(1, 3) / 2


def test_the_noises_since_the_restart_are_left():
    assert made.telescope().result.free_symbols == set(sp.symbols("xi_0 xi_1 xi_2"))


def test_the_variance_grows_as_the_recursion_says():
    law = made.growth().lines[1].expr.rhs
    w = 0.4
    for n in range(6):
        assert at(law, n=n, rho=0.2, w_0=0.4) == pytest.approx(w)
        w += 0.2 * w
    assert made.growth().result == sp.E
    rho = np.geomspace(1e-3, 1, 30)
    assert ((1 + rho) ** (1 / rho) <= np.e).all()
