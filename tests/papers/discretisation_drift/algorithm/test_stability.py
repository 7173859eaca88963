"""Stability coefficients, the edge, predictions of the loss and drift-adjusted rates."""

import numpy as np
import pytest

from optilab.classics.heavy_ball import heavy_ball
from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm import coefficients, flows, stability
from optilab.papers.discretisation_drift.algorithm.drift_adjusted import dal
from optilab.papers.discretisation_drift.experiment.edge import regression
from optilab.papers.discretisation_drift.experiment.flows import VALLEY, VALLEY_START
from optilab.problems.quadratic import Quadratic

RNG = np.random.default_rng(0)


def test_regimes_follow_the_stability_coefficient():
    z = np.array([-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    assert stability.regime(z).tolist() == list(stability.REGIMES)
    np.testing.assert_array_equal(np.sign(stability.stability_coefficient(z)), [-1, -1, -1, -1, -1, 0, 1])
    np.testing.assert_allclose(stability.stability_coefficient(np.array(-1.0)), -np.log(2))
    assert coefficients.alpha_igr(-2.5) > 0  # IGR is pulled towards a maximum, gradient descent is not


def test_critical_points_are_stable_up_to_two_over_h():
    h = 0.5
    for lam, stable in ((3.9, True), (4.1, False)):
        jacobian = flows.principal_flow_field(Quadratic(np.diag([lam, 1.0]), np.zeros(2)), h)(np.eye(2)).T
        assert (np.linalg.eigvals(jacobian).real.max() < 0) == stable
    assert stability.edge(h) == 4
    np.testing.assert_allclose(stability.edge(h, [0.0, 0.9]), [4, 7.6])


def test_edge_with_momentum_is_where_heavy_ball_diverges():
    lam = stability.edge(0.2, 0.5)
    problem = Quadratic(np.diag([0.99 * lam, 1.01 * lam]), np.zeros(2))
    end = run(heavy_ball(problem, np.ones(2), alpha=0.2, beta=0.5), 1000).x[-1]
    assert abs(end[0]) < 0.01
    assert abs(end[1]) > 100


def test_taylor_change_is_exact_on_quadratics_and_has_the_sign_of_the_stability_coefficients():
    lam = np.array([-0.5, 0.3, 1.5, 2.6])
    problem, theta = Quadratic(np.diag(lam), np.zeros(4)), np.eye(4)
    change = problem(theta - problem.grad(theta)) - problem(theta)
    np.testing.assert_allclose(stability.taylor_change(problem, theta, 1.0), change, rtol=1e-12)
    found = stability.modes(problem, theta)
    np.testing.assert_array_equal(np.sign(stability.predicted_change(found, 1.0)), np.sign(change))
    assert (stability.predicted_change(found, 1.0, coefficients.alpha_igr) < 0).all()


def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian():
    problem, starts = regression([10, 11], width=4)
    path = np.stack([starts, starts + 0.1])
    expected = [[np.linalg.eigvalsh(problem.hess(theta))[-1] for theta in row] for row in path]
    np.testing.assert_allclose(stability.sharpness_along(problem, path), expected, rtol=1e-12)
    assert np.isnan(stability.sharpness(VALLEY, np.array([[np.nan, 0.0]]))).all()


# Drift-adjusted learning rate


@pytest.mark.parametrize("product", ["exact", "difference"])
def test_dal_reflects_on_an_isotropic_quadratic(product):
    problem, theta0 = Quadratic(3.0 * np.eye(4), np.zeros(4)), RNG.normal(size=4)
    trace = run(dal(problem, theta0, product=product), 3)
    np.testing.assert_allclose(trace.h[1:], 2 / 3)
    np.testing.assert_allclose(trace.theta, [theta0, -theta0, theta0, -theta0], rtol=1e-12)
    assert run(dal(problem, theta0, lr_max=0.5), 1).h[1] == 0.5


@pytest.mark.parametrize("p", [0.0, 0.5])
def test_dal_follows_its_formula_with_momentum(p):
    U = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    problem, theta0 = Quadratic((U * [0.5, 2.0, 4.0]) @ U.T, np.ones(3)), RNG.normal(size=3)
    trace = run(dal(problem, theta0, p=p, momentum=0.7), 5)
    theta, m = theta0, np.zeros(3)
    for k in range(1, 6):
        g = problem.grad(theta)
        v = np.linalg.norm(problem.A @ g) / np.linalg.norm(g)
        m = 0.7 * m - min(2 / v**p, 5.0) * g
        theta = theta + m
        np.testing.assert_allclose(trace.theta[k], theta, rtol=1e-12)
        np.testing.assert_allclose(trace.v[k], v, rtol=1e-12)
    assert (trace.v[1:] <= 4.0 + 1e-12).all()


def test_dal_stops_where_the_gradient_is_zero_and_caps_where_the_curvature_is():
    problem = Quadratic(np.diag([1.0, 0.0]), np.array([0.0, 1.0]))
    trace = run(dal(problem, np.array([0.0, 3.0]), lr_max=7.0), 2)
    np.testing.assert_allclose(trace.theta[:, 1], [3, 10, 17])  # v = 0: the cap
    bowl = Quadratic(np.eye(2), np.zeros(2))
    still = run(dal(bowl, np.array([[0.0, 0.0], [1.0, 0.0]]), momentum=0.5), 3).theta
    np.testing.assert_array_equal(still[:, 0], 0)
    assert len(run(dal(bowl, np.zeros(2)), 5).step) == 1


def test_dal_scales_only_inside_its_window():
    problem, theta0 = Quadratic(np.diag([4.0, 1.0]), np.zeros(2)), np.ones(2)
    h = run(dal(problem, theta0, scaling=(1, 4), lr=0.1), 6).h[1:]
    np.testing.assert_array_equal(h == 0.1, [True, True, False, False, True, True])


@pytest.mark.parametrize(("product", "cost"), [("exact", (5, 5)), ("difference", (10, 0))])
def test_dal_costs_one_gradient_and_one_product_or_two_gradients(product, cost):
    problem, starts = regression([10])
    counted = Counted(problem)
    run(dal(counted, starts, product=product), 5)
    assert (counted.calls["gradients"], counted.calls["Hessian-vector products"]) == cost


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"p": -1.0}, "p must be in"),
        ({"p": np.inf}, "p must be in"),
        ({"lr_max": 0.0}, "lr_max must be positive"),
        ({"momentum": 1.0}, "momentum must be in"),
        ({"momentum": -0.1}, "momentum must be in"),
        ({"product": "guess"}, "product must be"),
        ({"scaling": (0, 5)}, "scaling and lr must be given together"),
        ({"scaling": (), "lr": 0.1}, "scaling must be a pair"),
        ({"scaling": (0, 1, 2), "lr": 0.1}, "scaling must be a pair"),
        ({"scaling": (0, 5), "lr": -1.0}, "lr must be positive"),
    ],
)
def test_dal_refuses_bad_parameters_at_the_call(parameters, message):
    with pytest.raises(ValueError, match=message):
        dal(VALLEY, VALLEY_START, **parameters)
