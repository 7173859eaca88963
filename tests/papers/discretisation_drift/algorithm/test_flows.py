"""Coefficients, derivatives, fields and flows against exact limits, matrix functions and gradient descent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, logm

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm import (
    coefficients,
    derivatives,
    flows,
    integration,
    passes,
    stability,
)
from optilab.papers.discretisation_drift.algorithm.coefficients import ALPHAS, alpha_pf
from optilab.papers.discretisation_drift.algorithm.flows import FLOWS
from optilab.papers.discretisation_drift.algorithm.integration import follow, integrate_flow, restarts
from optilab.papers.discretisation_drift.experiment.edge import regression
from optilab.papers.discretisation_drift.experiment.flows import VALLEY, VALLEY_START
from optilab.problems.expression import Expression
from optilab.problems.quadratic import Quadratic

RNG = np.random.default_rng(0)
CUBIC = Expression("0.95*x**2 + 0.2/6*x**3")


class Plain:
    """A problem that has nothing but its gradient."""

    def __init__(self, problem):
        self.grad = problem.grad


def spd(lam):
    """A dense symmetric matrix with given eigenvalues."""
    U = np.linalg.qr(RNG.normal(size=(len(lam), len(lam))))[0]
    return (U * np.asarray(lam)) @ U.T


# Coefficients


def test_alpha_pf_is_the_sum_of_its_series():
    z, p = np.linspace(-0.5, 0.5, 41), np.arange(60)
    terms = z[:, None] ** p / (p + 1)
    np.testing.assert_allclose(alpha_pf(z), -terms.sum(-1), rtol=1e-12)
    np.testing.assert_allclose(ALPHAS["third order"](z), -terms[:, :3].sum(-1), rtol=1e-14)


def test_alpha_pf_joins_its_series_and_is_capped_at_the_one_step_mode():
    below, above = alpha_pf(np.array([0.99999e-4, 1.00001e-4]))
    assert abs(above - below) == pytest.approx(1e-9, rel=0.1)  # slope −½ over a distance of 2e-9
    assert alpha_pf(np.array(0.0)) == -1
    assert alpha_pf(np.array(1.0)) == pytest.approx(np.log(1e-12))


def test_past_the_one_step_mode_alpha_turns_by_pi():
    z = np.array([1.5, 2.0, 3.6])
    np.testing.assert_allclose(alpha_pf(z), (np.log(z - 1) + 1j * np.pi) / z, rtol=1e-14)
    np.testing.assert_allclose(alpha_pf(z + 0j), alpha_pf(z))


def test_the_rotated_logarithm_has_no_jump_on_the_negative_axis():
    w = -2 + 1e-9j * np.array([1, 0, -1])
    np.testing.assert_allclose(coefficients.log_rot(w), np.log(2) + 1j * np.pi, atol=1e-8)
    assert abs(np.diff(np.log(w))).max() > 6  # NumPy's does
    positive = np.array([0.1, 1.0, 7.0])
    np.testing.assert_allclose(coefficients.log_rot(positive), np.log(positive), atol=1e-15)


# Derivatives of a problem that only has a gradient


@pytest.mark.parametrize("imaginary", [0.0, 0.3])
def test_differences_of_the_gradient_agree_with_the_oracles(imaginary):
    theta = RNG.normal(size=(3, 2)) + 1j * imaginary * RNG.normal(size=(3, 2))
    theta = theta if imaginary else theta.real
    v, plain = VALLEY.grad(theta), Plain(VALLEY)
    H = derivatives.hessian(plain, theta)
    np.testing.assert_array_equal(H, H.mT)
    np.testing.assert_allclose(H, VALLEY.hess(theta), atol=1e-7)
    np.testing.assert_allclose(derivatives.hessian_product(plain, theta, v), VALLEY.hvp(theta, v), rtol=1e-6)
    np.testing.assert_allclose(derivatives.third_derivative(plain, theta, v), VALLEY.third(theta, v), rtol=1e-4)
    zero = np.zeros_like(v)
    np.testing.assert_array_equal(derivatives.third_derivative(plain, theta, zero), zero)


def test_the_flow_of_a_network_needs_only_its_gradient():
    problem, starts = regression([10], width=5)
    theta = starts + 0.01j * RNG.normal(size=starts.shape)
    exact, differences = (flows.principal_flow_field(p, 0.3)(theta) for p in (problem, Plain(problem)))
    np.testing.assert_allclose(exact, differences, atol=1e-6)


def test_a_constant_gradient_is_analytic():
    slope = Expression("3*x + 2*y")
    end = integrate_flow(flows.principal_flow_field(slope, 0.1), np.zeros(2), 1.0, 3)
    np.testing.assert_allclose(end, [-3, -2], atol=1e-12)


# Fields


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_tends_to_the_gradient_flow(name):
    np.testing.assert_allclose(FLOWS[name](VALLEY, 1e-9)(VALLEY_START), -VALLEY.grad(VALLEY_START), rtol=1e-7)


def test_third_order_is_the_principal_flow_with_its_term_up_to_the_square():
    h, theta = 0.01 / 2.0 ** np.arange(4), np.broadcast_to(VALLEY_START, (4, 2))
    gap = flows.third_order_flow_field(VALLEY, h)(theta) - flows.nonprincipal_flow_field(VALLEY, h)(theta)
    np.testing.assert_allclose(-np.diff(np.log2(np.linalg.norm(gap, axis=-1))), 3, atol=0.1)


def test_along_modes_agrees_with_the_matrix_function_at_complex_symmetric_hessians():
    H = spd([0.2, 0.5, 0.9]) + 0.1j * spd([0.3, 0.8, -0.4])
    g = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    expected = np.linalg.solve(0.8 * H, logm(np.eye(3) - 0.8 * H)) @ g
    np.testing.assert_allclose(flows.along_modes(H, g, alpha_pf, 0.8), expected, rtol=1e-10)


def test_field_at_a_complex_point_is_known_for_both_branches():
    theta = np.array([-0.6 - 0.05j, 0.9 + 0.03j])
    rotated = flows.principal_flow_field(VALLEY, 0.2)(theta)
    principal = flows.principal_flow_field(VALLEY, 0.2, branch="principal")(theta)
    np.testing.assert_allclose(rotated, [0.536815 + 3.465130j, 0.604579 + 3.934818j], atol=1e-6)
    np.testing.assert_allclose(principal, [0.1034 - 2.9218j, -0.9597 - 3.5577j], atol=1e-4)


def test_one_step_on_the_cubic_needs_the_rotated_branch():
    starts, ends = np.array([[0.3], [-0.3]]), {}
    for branch in ("rotated", "principal"):
        field = flows.principal_flow_field(CUBIC, 1.0, branch=branch)
        ends[branch] = integrate_flow(field, starts, 1.0, 400)[:, 0]
    assert ends["rotated"][0] == pytest.approx(-0.2782 - 0.0116j, abs=1e-4)
    assert abs(ends["rotated"][0] + 0.279) < 0.02
    assert ends["principal"][0].real == pytest.approx(0.29, abs=0.01)
    assert ends["principal"][1] == pytest.approx(ends["rotated"][1], abs=1e-12)


def test_igr_flow_descends_on_the_penalised_loss():
    theta, h, step = np.array([0.3, -0.4]), 0.1, 1e-20
    points = theta + 1j * step * np.eye(2)
    slope = (VALLEY(points) + h / 4 * (VALLEY.grad(points) ** 2).sum(-1)).imag / step
    np.testing.assert_allclose(flows.igr_flow_field(VALLEY, h)(theta), -slope, rtol=1e-12)


# Following a flow


def test_principal_flow_is_gradient_descent_on_quadratics():
    rng = np.random.default_rng(0)
    lam = np.concatenate([rng.uniform(0.1, 0.9, 2), rng.uniform(1.1, 2.7, 2), [-0.5]])
    h, theta0 = 0.4, rng.normal(size=5)
    problem = Quadratic(spd(lam / h), np.zeros(5))
    iterates = run(gradient_descent(problem, theta0, alpha=h), 7).x
    closed = flows.quadratic_solution(problem.A, theta0, h, h * np.arange(8))
    np.testing.assert_allclose(closed, iterates, atol=1e-11)
    followed = run(follow(flows.principal_flow_field(problem, h), theta0, h=h, n_sub=100), 7)
    np.testing.assert_allclose(followed.theta, iterates, atol=1e-6)
    np.testing.assert_allclose(followed.t, h * np.arange(8))
    between = flows.quadratic_solution(problem.A, theta0, h, np.array([0.5 * h]))
    assert abs(between.imag).max() > 0.1  # complex between the steps, real at them


@given(st.floats(0.01, 3.0), st.floats(-2.0, 3.0), st.integers(1, 9))
@settings(deadline=None, max_examples=50)
def test_closed_form_meets_gradient_descent_for_any_rate(h, z, n):
    if abs(1 - z) < 1e-6:
        return
    mode = flows.quadratic_solution(np.array([[z / h]]), np.ones(1), h, np.array([n * h]))
    np.testing.assert_allclose(mode[0, 0], (1 - z) ** n, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("name", ALPHAS)
def test_closed_form_of_every_flow_is_its_matrix_exponential(name):
    H, theta0, h, t = spd([0.3, 1.4]), np.array([1.0, -2.0]), 0.5, 0.8
    jacobian = FLOWS[name](Quadratic(H, np.zeros(2)), h)(np.eye(2)).T
    solution = flows.quadratic_solution(H, theta0, h, np.array([t]), ALPHAS[name])[0]
    np.testing.assert_allclose(solution, expm(t * jacobian) @ theta0, atol=1e-12)


def test_closed_form_warns_at_the_singular_mode():
    with pytest.warns(RuntimeWarning, match="singular"):
        end = flows.quadratic_solution(np.diag([2.0, 0.02]), np.array([-0.35, -0.2]), 0.5, np.array([3.0]))
    np.testing.assert_allclose(end[0], [0, -0.188296], atol=1e-6)


@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("euler", 1)])
def test_integrators_have_their_order(method, order):
    ends = [integrate_flow(lambda t: t * t, np.array([0.5]), 1.0, n, method)[0] for n in (20, 40)]
    errors = abs(np.array(ends) - 1.0)  # θ(t) = 0.5/(1 − 0.5t)
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


def test_a_long_complex_run_may_leave_the_domain_while_restarts_do_not():
    h = 0.15
    field = flows.principal_flow_field(VALLEY, h)
    trace = run(follow(field, VALLEY_START, h=h, n_sub=20), 20, limit=1e8)
    assert trace.diverged == 7
    assert np.isnan(trace.theta[-1]).all()
    iterates = run(gradient_descent(VALLEY, VALLEY_START, alpha=h), 20).x
    ends = [restarts(which, iterates[:-1], h) for which in (field, flows.gradient_flow_field(VALLEY))]
    assert ends[0].shape == (20, 2)
    error, naive = (np.median(np.linalg.norm(end - iterates[1:], axis=-1)) for end in ends)
    assert error < naive


def test_a_lost_replicate_does_not_disturb_the_others():
    field = flows.principal_flow_field(VALLEY, 0.2)
    together = integrate_flow(field, np.array([VALLEY_START, [np.nan, 0], [1e9, 1e9]]), 0.2, 4)
    np.testing.assert_allclose(together[0], integrate_flow(field, VALLEY_START, 0.2, 4), rtol=1e-12)
    assert np.isnan(together[1:]).all()


def test_drift_is_within_its_bound():
    starts = RNG.uniform(-1, 1, (20, 2))

    def drift(h, n_sub):
        end = integrate_flow(flows.gradient_flow_field(VALLEY), starts, h, n_sub).real
        return np.linalg.norm(starts - h * VALLEY.grad(starts) - end, axis=-1)

    bound = flows.drift_bound(VALLEY, starts, 0.05)
    assert (drift(0.05, 40) <= bound).all()
    assert (bound >= flows.leading_drift(VALLEY, starts, 0.05)).all()
    np.testing.assert_allclose(drift(1e-3, 4), flows.leading_drift(VALLEY, starts, 1e-3), rtol=0.03, atol=1e-9)


# Bad input


@pytest.mark.parametrize("h", [0.0, -1.0, np.inf, np.nan])
def test_learning_rates_must_be_positive_and_finite(h):
    calls = [lambda flow=flow: flow(VALLEY, h) for flow in FLOWS.values()]
    calls += [
        lambda: follow(lambda t: t, VALLEY_START, h=h),
        lambda: restarts(lambda t: t, VALLEY_START, h),
        lambda: flows.quadratic_solution(np.eye(2), VALLEY_START, h, np.ones(1)),
        lambda: flows.drift_bound(VALLEY, VALLEY_START, h),
        lambda: passes.sgd_passes([VALLEY], VALLEY_START, h=h),
        lambda: passes.pass_field([VALLEY], h),
        lambda: passes.momentum_field(VALLEY, h, 0.9),
        lambda: stability.edge(h),
        lambda: stability.taylor_change(VALLEY, VALLEY_START, h),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"^h must be (positive and|a) finite"):
            call()


class Crooked:
    """A problem with a Hessian of its own."""

    def __init__(self, H):
        self.H = np.array(H, float)

    def grad(self, theta):
        return theta @ self.H[:2, :2]

    def hess(self, theta):
        return self.H


class Absolute:
    """A problem whose gradient is real everywhere."""

    def grad(self, theta):
        return abs(theta)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda field: integrate_flow(field, 1.0, 1.0, 3), "starting point"),
        (lambda field: integrate_flow(field, np.array(["a", "b"]), 1.0, 3), "dtype of theta0"),
        (lambda field: integrate_flow(field, VALLEY_START, -1.0, 3), "T must be"),
        (lambda field: integrate_flow(field, VALLEY_START, 1.0, 0), "n_sub must be"),
        (lambda field: integrate_flow(field, VALLEY_START, 1.0, 3, "midpoint"), "method must be"),
        (lambda field: follow(field, VALLEY_START, h=0.1, n_sub=0), "n_sub"),
        (lambda field: follow(field, VALLEY_START, h=0.1, n_sub=3, method="midpoint"), "method"),
        (lambda field: flows.principal_flow_field(VALLEY, 0.1, branch="left"), "branch must be"),
        (lambda field: flows.principal_flow_field(Crooked([[1, 2], [0, 1]]), 0.1)(VALLEY_START), r"hessian .* symm"),
        (lambda field: flows.principal_flow_field(Crooked(np.eye(3)), 0.1)(VALLEY_START), r"\(D,D\) symmetric"),
        (
            lambda field: flows.quadratic_solution(Crooked([[1, 2], [0, 1]]).H, VALLEY_START, 0.1, np.ones(1)),
            r"hessian must be \(D,D\) symmetric",
        ),
        (
            lambda field: integrate_flow(flows.principal_flow_field(Absolute(), 0.1), VALLEY_START, 0.1, 4),
            "gradient is not complex-analytic",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_at_the_call(call, message):
    with pytest.raises(ValueError, match=message):
        call(flows.principal_flow_field(VALLEY, 0.1))


def test_a_followed_point_is_lost_beyond_its_limit():
    end = integrate_flow(lambda theta: 30.0 * theta, np.array([[1.0], [1e-9]]), 1.0, 40)
    assert integration.LIMIT == 1e8
    assert np.isnan(end[0]).all()
    assert np.isfinite(end[1]).all()
