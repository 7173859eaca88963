"""Flows, stability, drift-adjusted rates, passes and momentum against exact limits, derivations and each other."""

from itertools import permutations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, logm

from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.discretisation_drift import derivation, exercises, experiment
from optilab.papers.discretisation_drift.algorithm import (
    derivatives,
    descent,
    drift_adjusted,
    flows,
    passes,
    stability,
)
from optilab.papers.discretisation_drift.experiment.edge import Scaled, moons, regression
from optilab.papers.discretisation_drift.experiment.flows import VALLEY, VALLEY_START, bowl_errors, local_errors
from optilab.papers.discretisation_drift.experiment.passes import Mean, draw, momentum_errors
from optilab.problems.expression import Expression
from optilab.problems.quadratic import Quadratic

RNG = np.random.default_rng(0)
CUBIC = Expression("0.95*x**2 + 0.2/6*x**3")
SADDLE = Expression("x**2 + y**2 + x*y**2")


class Plain:
    """A problem that has nothing but its gradient."""

    def __init__(self, problem):
        self.grad = problem.grad


class Absolute:
    """A problem whose gradient is real everywhere."""

    def grad(self, theta):
        return abs(theta)


def spd(lam):
    """A dense symmetric matrix with given eigenvalues."""
    U = np.linalg.qr(RNG.normal(size=(len(lam), len(lam))))[0]
    return (U * np.asarray(lam)) @ U.T


# ---- coefficients and fields


def test_alpha_pf_is_the_sum_of_its_series():
    z = np.linspace(-0.5, 0.5, 41)
    p = np.arange(60)
    partial = -(z[:, None] ** p / (p + 1)).sum(-1)
    np.testing.assert_allclose(flows.alpha_pf(z), partial, rtol=1e-12)
    np.testing.assert_allclose(flows.alpha_third(z), -(z[:, None] ** p[:3] / (p[:3] + 1)).sum(-1), rtol=1e-14)


def test_alpha_pf_joins_its_series_and_is_capped_at_the_one_step_mode():
    below, above = flows.alpha_pf(np.array([0.99999e-4, 1.00001e-4]))
    assert abs(above - below) == pytest.approx(1e-9, rel=0.1)  # slope −½ over a distance of 2e-9
    assert flows.alpha_pf(np.array(0.0)) == -1
    assert flows.alpha_pf(np.array(1.0)) == pytest.approx(np.log(1e-12))


def test_past_the_one_step_mode_alpha_turns_by_pi():
    z = np.array([1.5, 2.0, 3.6])
    np.testing.assert_allclose(flows.alpha_pf(z), (np.log(z - 1) + 1j * np.pi) / z, rtol=1e-14)
    np.testing.assert_allclose(flows.alpha_pf(z + 0j), flows.alpha_pf(z))


def test_the_rotated_logarithm_has_no_jump_on_the_negative_axis():
    w = -2 + 1e-9j * np.array([1, 0, -1])
    np.testing.assert_allclose(flows.log_rot(w), np.log(2) + 1j * np.pi, atol=1e-8)
    assert abs(np.diff(np.log(w))).max() > 6  # NumPy's does
    positive = np.array([0.1, 1.0, 7.0])
    np.testing.assert_allclose(flows.log_rot(positive), np.log(positive), atol=1e-15)


@pytest.mark.parametrize("name", flows.FLOWS)
def test_every_flow_tends_to_the_gradient_flow(name):
    field = flows.FLOWS[name](VALLEY, 1e-9)
    np.testing.assert_allclose(field(VALLEY_START), -VALLEY.grad(VALLEY_START), rtol=1e-7)


def test_third_order_is_the_principal_flow_with_its_term_up_to_the_square():
    h = 0.01 / 2.0 ** np.arange(4)
    theta = np.broadcast_to(VALLEY_START, (4, 2))
    gap = flows.third_order_flow_field(VALLEY, h)(theta) - flows.nonprincipal_flow_field(VALLEY, h)(theta)
    size = np.linalg.norm(gap, axis=-1)
    np.testing.assert_allclose(np.log2(size[:-1] / size[1:]), 3, atol=0.1)


def test_principal_field_is_a_matrix_logarithm():
    H = spd([0.2, 0.7, 1.1, 1.9])
    problem, h, theta = Quadratic(H, np.zeros(4)), 0.5, RNG.normal(size=4)
    expected = np.linalg.solve(H, logm(np.eye(4) - h * H)) @ problem.grad(theta) / h
    np.testing.assert_allclose(flows.principal_flow_field(problem, h)(theta), expected, rtol=1e-10)


def test_field_at_a_complex_point_is_known_for_both_branches():
    theta = np.array([-0.6 - 0.05j, 0.9 + 0.03j])
    rotated = flows.principal_flow_field(VALLEY, 0.2)(theta)
    principal = flows.principal_flow_field(VALLEY, 0.2, branch="principal")(theta)
    np.testing.assert_allclose(rotated, [0.536815 + 3.465130j, 0.604579 + 3.934818j], atol=1e-6)
    np.testing.assert_allclose(principal, [0.1034 - 2.9218j, -0.9597 - 3.5577j], atol=1e-4)


def test_along_modes_agrees_with_the_matrix_function_at_complex_symmetric_hessians():
    H = spd([0.2, 0.5, 0.9]) + 0.1j * spd([0.3, 0.8, -0.4])
    g = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    expected = np.linalg.solve(0.8 * H, logm(np.eye(3) - 0.8 * H)) @ g
    np.testing.assert_allclose(flows.along_modes(H, g, flows.alpha_pf, 0.8), expected, rtol=1e-10)


def test_one_step_on_the_cubic_needs_the_rotated_branch():
    starts, ends = np.array([[0.3], [-0.3]]), {}
    for branch in ("rotated", "principal"):
        field = flows.principal_flow_field(CUBIC, 1.0, branch=branch)
        ends[branch] = flows.integrate_flow(field, starts, 1.0, 400)[:, 0]
    assert ends["rotated"][0] == pytest.approx(-0.2782 - 0.0116j, abs=1e-4)
    assert abs(ends["rotated"][0] + 0.279) < 0.02
    assert ends["principal"][0].real == pytest.approx(0.29, abs=0.01)
    assert ends["principal"][1] == pytest.approx(ends["rotated"][1], abs=1e-12)


def test_igr_flow_descends_on_the_penalised_loss():
    theta, h, step = np.array([0.3, -0.4]), 0.1, 1e-20

    def penalised(point):
        return VALLEY(point) + h / 4 * (VALLEY.grad(point) ** 2).sum(-1)

    slope = penalised(theta + 1j * step * np.eye(2)).imag / step
    np.testing.assert_allclose(flows.igr_flow_field(VALLEY, h)(theta), -slope, rtol=1e-12)


# ---- derivatives of a problem that only has a gradient


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


def test_complex_step_dense_hessian_and_differences_agree_on_a_network():
    problem, starts = regression([10, 11], width=6)
    v, H = RNG.normal(size=starts.shape), problem.hess(starts)
    np.testing.assert_allclose(H, H.mT, atol=1e-14)
    step = problem.grad(starts + 1e-20j * v).imag / 1e-20
    np.testing.assert_allclose(derivatives.hessian_product(problem, starts, v), step, rtol=1e-12)
    np.testing.assert_allclose((H @ v[..., None])[..., 0], step, atol=1e-12)
    np.testing.assert_allclose(derivatives.hessian_product(Plain(problem), starts, v), step, atol=1e-7)
    bend = derivatives.third_derivative(Plain(problem), starts, v)
    ahead, behind = (problem.hess(starts + sign * 1e-5 * v) @ v[..., None] for sign in (1, -1))
    np.testing.assert_allclose(bend, (ahead - behind)[..., 0] / 2e-5, atol=1e-4)


def test_a_constant_gradient_is_analytic():
    slope = Expression("3*x + 2*y")
    end = flows.integrate_flow(flows.principal_flow_field(slope, 0.1), np.zeros(2), 1.0, 3)
    np.testing.assert_allclose(end, [-3, -2], atol=1e-12)


# ---- following a flow


def test_principal_flow_is_gradient_descent_on_quadratics():
    lam = np.concatenate([RNG.uniform(0.1, 0.9, 2), RNG.uniform(1.1, 2.7, 2), [-0.5]])
    h, theta0 = 0.4, RNG.normal(size=5)
    problem = Quadratic(spd(lam / h), np.zeros(5))
    iterates = run(descent.gradient_descent(problem, theta0, h=h), 7).theta
    closed = flows.quadratic_solution(problem.A, theta0, h, h * np.arange(8))
    np.testing.assert_allclose(closed, iterates, atol=1e-11)
    followed = run(flows.follow(flows.principal_flow_field(problem, h), theta0, h=h, n_sub=100), 7)
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


@pytest.mark.parametrize("name", flows.ALPHAS)
def test_closed_form_of_every_flow_is_its_matrix_exponential(name):
    H, theta0, h, t = spd([0.3, 1.4]), np.array([1.0, -2.0]), 0.5, 0.8
    field = flows.FLOWS[name](Quadratic(H, np.zeros(2)), h)
    jacobian = np.stack([field(column) for column in np.eye(2)], -1)
    solution = flows.quadratic_solution(H, theta0, h, np.array([t]), flows.ALPHAS[name])[0]
    np.testing.assert_allclose(solution, expm(t * jacobian) @ theta0, atol=1e-12)


def test_closed_form_warns_at_the_singular_mode():
    with pytest.warns(RuntimeWarning, match="singular"):
        end = flows.quadratic_solution(np.diag([2.0, 0.02]), np.array([-0.35, -0.2]), 0.5, np.array([3.0]))
    np.testing.assert_allclose(end[0], [0, -0.188296], atol=1e-6)


def test_other_flows_miss_the_bowl_as_known():
    errors = bowl_errors(np.array([0.9, 1.05]), n_sub=200)
    np.testing.assert_allclose(errors["NGF"], [1.15e-1, 5.64e-1], rtol=5e-3)
    np.testing.assert_allclose(errors["IGR"], [1.15e-1, 5.64e-1], rtol=5e-3)


def test_local_errors_are_the_known_ones():
    known = {"NGF": 6.0e-3, "IGR": 7.7e-4, "third order": 9.7e-5, "PF": 1.4e-4, "PF + non-principal": 4.7e-5}
    for name, errors in local_errors(VALLEY_START).items():
        assert errors[0] == pytest.approx(known[name], rel=0.03), name


@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("euler", 1)])
def test_integrators_have_their_order(method, order):
    ends = [flows.integrate_flow(lambda t: t * t, np.array([0.5]), 1.0, n, method)[0] for n in (20, 40)]
    errors = abs(np.array(ends) - 1.0)  # θ(t) = 0.5/(1 − 0.5t)
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


def test_a_long_complex_run_may_leave_the_domain_while_restarts_do_not():
    h = 0.15
    field = flows.principal_flow_field(VALLEY, h)
    trace = run(flows.follow(field, VALLEY_START, h=h, n_sub=20), 20, limit=1e8)
    assert trace.diverged == 7
    assert np.isnan(trace.theta[-1]).all()
    iterates = run(descent.gradient_descent(VALLEY, VALLEY_START, h=h), 20).theta
    predicted = flows.restarts(field, iterates[:-1], h)
    assert predicted.shape == (20, 2)
    plain = flows.restarts(flows.gradient_flow_field(VALLEY), iterates[:-1], h)
    error, naive = (np.median(np.linalg.norm(p - iterates[1:], axis=-1)) for p in (predicted, plain))
    assert error < naive


def test_a_lost_replicate_does_not_disturb_the_others():
    field = flows.principal_flow_field(VALLEY, 0.2)
    together = flows.integrate_flow(field, np.array([VALLEY_START, [np.nan, 0], [1e9, 1e9]]), 0.2, 4)
    np.testing.assert_allclose(together[0], flows.integrate_flow(field, VALLEY_START, 0.2, 4), rtol=1e-12)
    assert np.isnan(together[1:]).all()
    assert np.isnan(stability.sharpness(VALLEY, np.array([[np.nan, 0.0]]))).all()


@pytest.mark.parametrize("name", flows.FLOWS)
def test_a_batch_of_flows_is_its_replicates_one_by_one(name):
    starts, h = RNG.uniform(-1, 1, (4, 2)), np.array([0.05, 0.1, 0.15, 0.2])
    together = flows.integrate_flow(flows.FLOWS[name](VALLEY, h), starts, h, 5)
    alone = [flows.integrate_flow(flows.FLOWS[name](VALLEY, a), s, a, 5) for s, a in zip(starts, h, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_drift_is_within_its_bound():
    starts, h = RNG.uniform(-1, 1, (20, 2)), 0.05
    end = flows.integrate_flow(flows.gradient_flow_field(VALLEY), starts, h, 40).real
    drift = np.linalg.norm(starts - h * VALLEY.grad(starts) - end, axis=-1)
    bound = flows.drift_bound(VALLEY, starts, h)
    assert (drift <= bound).all()
    assert (bound >= flows.leading_drift(VALLEY, starts, h)).all()
    small = flows.integrate_flow(flows.gradient_flow_field(VALLEY), starts, 1e-3, 4).real
    leading = flows.leading_drift(VALLEY, starts, 1e-3)
    np.testing.assert_allclose(
        np.linalg.norm(starts - 1e-3 * VALLEY.grad(starts) - small, axis=-1), leading, rtol=0.03, atol=1e-9
    )


# ---- stability


def test_regimes_follow_the_stability_coefficient():
    z = np.array([-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    assert stability.regime(z).tolist() == list(stability.REGIMES)
    np.testing.assert_array_equal(np.sign(stability.stability_coefficient(z)), [-1, -1, -1, -1, -1, 0, 1])
    np.testing.assert_allclose(stability.stability_coefficient(np.array(-1.0)), -np.log(2))
    assert (flows.alpha_igr(np.array([-2.5])) > 0).all()  # IGR is pulled towards a maximum, gradient descent is not


def test_critical_points_are_stable_up_to_two_over_h():
    h = 0.5
    for lam, stable in ((3.9, True), (4.1, False)):
        problem = Quadratic(np.diag([lam, 1.0]), np.zeros(2))
        field = flows.principal_flow_field(problem, h)
        growth = np.linalg.eigvals(np.stack([field(column) for column in np.eye(2)], -1)).real
        assert (growth.max() < 0) == stable
    assert stability.edge(h) == 4
    np.testing.assert_allclose(stability.edge(h, [0.0, 0.9]), [4, 7.6])


def test_edge_with_momentum_is_where_heavy_ball_diverges():
    lam = stability.edge(0.2, 0.5)
    problem = Quadratic(np.diag([0.99 * lam, 1.01 * lam]), np.zeros(2))
    end = run(descent.gradient_descent(problem, np.ones(2), h=0.2, momentum=0.5), 1000).theta[-1]
    assert abs(end[0]) < 0.01
    assert abs(end[1]) > 100


def test_taylor_change_is_exact_on_quadratics_and_has_the_sign_of_the_stability_coefficients():
    lam = np.array([-0.5, 0.3, 1.5, 2.6])
    problem, theta = Quadratic(np.diag(lam), np.zeros(4)), np.eye(4)
    change = problem(theta - problem.grad(theta)) - problem(theta)
    np.testing.assert_allclose(stability.taylor_change(problem, theta, 1.0), change, rtol=1e-12)
    found = stability.modes(problem, theta)
    np.testing.assert_array_equal(np.sign(stability.predicted_change(found, 1.0)), np.sign(change))
    assert (stability.predicted_change(found, 1.0, flows.alpha_igr) < 0).all()


def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian():
    problem, starts = regression([10, 11], width=4)
    path = np.stack([starts, starts + 0.1])
    expected = [[np.linalg.eigvalsh(problem.hess(theta))[-1] for theta in row] for row in path]
    np.testing.assert_allclose(stability.sharpness_along(problem, path), expected, rtol=1e-12)


# ---- drift-adjusted learning rate


@pytest.mark.parametrize("product", ["exact", "difference"])
def test_dal_reflects_on_an_isotropic_quadratic(product):
    problem, theta0 = Quadratic(3.0 * np.eye(4), np.zeros(4)), RNG.normal(size=4)
    trace = run(drift_adjusted.dal(problem, theta0, product=product), 3)
    np.testing.assert_allclose(trace.h[1:], 2 / 3)
    np.testing.assert_allclose(trace.theta, [theta0, -theta0, theta0, -theta0], rtol=1e-12)
    capped = run(drift_adjusted.dal(problem, theta0, lr_max=0.5), 1)
    assert capped.h[1] == 0.5


def test_dal_0_is_the_constant_rate_2():
    problem, starts = moons([10])
    adjusted = run(drift_adjusted.dal(problem, starts, p=0.0), 20)
    plain = run(descent.gradient_descent(problem, starts, h=2.0), 20)
    np.testing.assert_allclose(adjusted.theta, plain.theta, rtol=1e-12)
    assert (adjusted.h[1:] == 2).all()


def test_dal_does_not_see_the_scale_of_the_loss():
    problem, starts = regression([10])
    paths = [
        run(drift_adjusted.dal(Scaled(problem, np.array(c)), starts, lr_max=np.inf), 100).theta
        for c in (1.0, 0.1, 100.0)
    ]
    np.testing.assert_allclose(paths[1], paths[0], atol=1e-12)
    np.testing.assert_allclose(paths[2], paths[0], atol=1e-12)


def test_dal_follows_its_formula_with_momentum():
    problem, theta0 = Quadratic(spd([0.5, 2.0, 4.0]), np.ones(3)), RNG.normal(size=3)
    trace = run(drift_adjusted.dal(problem, theta0, p=0.5, momentum=0.7), 5)
    theta, m = theta0, np.zeros(3)
    for k in range(1, 6):
        g = problem.grad(theta)
        v = np.linalg.norm(problem.A @ g) / np.linalg.norm(g)
        m = 0.7 * m - min(2 / np.sqrt(v), 5.0) * g
        theta = theta + m
        np.testing.assert_allclose(trace.theta[k], theta, rtol=1e-12)
        np.testing.assert_allclose(trace.v[k], v, rtol=1e-12)
    assert (trace.v[1:] <= 4.0 + 1e-12).all()


def test_dal_stops_where_the_gradient_is_zero_and_caps_where_the_curvature_is():
    problem = Quadratic(np.diag([1.0, 0.0]), np.array([0.0, 1.0]))
    trace = run(drift_adjusted.dal(problem, np.array([0.0, 3.0]), lr_max=7.0), 2)
    np.testing.assert_allclose(trace.theta[:, 1], [3, 10, 17])  # v = 0: the cap
    bowl = Quadratic(np.eye(2), np.zeros(2))
    still = run(drift_adjusted.dal(bowl, np.array([[0.0, 0.0], [1.0, 0.0]]), momentum=0.5), 3).theta
    np.testing.assert_array_equal(still[:, 0], 0)
    assert len(run(drift_adjusted.dal(bowl, np.zeros(2)), 5).step) == 1


def test_dal_scales_only_inside_its_window():
    problem, theta0 = Quadratic(np.diag([4.0, 1.0]), np.zeros(2)), np.ones(2)
    h = run(drift_adjusted.dal(problem, theta0, scaling=(1, 4), lr=0.1), 6).h[1:]
    np.testing.assert_array_equal(h == 0.1, [True, True, False, False, True, True])


@pytest.mark.parametrize(("product", "cost"), [("exact", (5, 5)), ("difference", (10, 0))])
def test_dal_costs_one_gradient_and_one_product_or_two_gradients(product, cost):
    problem, starts = regression([10])
    counted = Counted(problem)
    run(drift_adjusted.dal(counted, starts, product=product), 5)
    assert (counted.calls["gradients"], counted.calls["Hessian-vector products"]) == cost


def test_a_batch_of_dal_is_its_replicates_one_by_one():
    problem, starts = regression([10, 11, 12])
    p, momentum = np.array([1.0, 0.75, 1.0]), np.array([0.0, 0.5, 0.9])
    together = run(drift_adjusted.dal(problem, starts, p=p, momentum=momentum), 30)
    for i in range(3):
        alone = run(drift_adjusted.dal(problem, starts[i], p=p[i], momentum=momentum[i]), 30)
        np.testing.assert_allclose(together.theta[:, i], alone.theta, rtol=1e-9)
        np.testing.assert_allclose(together.h[1:, i], alone.h[1:], rtol=1e-9)


def test_a_batch_of_gradient_descent_is_its_replicates_one_by_one():
    problem, starts = regression([10, 11])
    h = np.array([0.1, 0.3])
    together = run(descent.gradient_descent(problem, starts, h=h, momentum=0.5), 30).theta
    alone = [
        run(descent.gradient_descent(problem, s, h=a, momentum=0.5), 30).theta for s, a in zip(starts, h, strict=True)
    ]
    np.testing.assert_allclose(together, np.stack(alone, 1), rtol=1e-9)


# ---- passes and momentum


def test_a_pass_over_equal_batches_drifts_like_gradient_descent():
    theta = RNG.normal(size=(3, 2))
    field = passes.pass_field([VALLEY] * 4, 0.1)
    np.testing.assert_allclose(field(theta), flows.igr_flow_field(VALLEY, 0.1)(theta), rtol=1e-12)


def test_pass_field_is_its_loss_with_earlier_gradients_frozen():
    batches, theta = draw(range(3))
    step = 1e-20
    for h in (0.1, 0.3):
        slope = [
            passes.pass_loss(batches, theta + 1j * step * direction, theta, h).imag / step for direction in np.eye(3)
        ]
        np.testing.assert_allclose(passes.pass_field(batches, h)(theta), -np.stack(slope, -1), rtol=1e-9)


def test_mean_over_orders_is_the_mean_of_the_ordered_fields():
    batches, theta = draw(range(3))
    ordered = [passes.pass_field(order, 0.1)(theta) for order in permutations(batches)]
    np.testing.assert_allclose(passes.mean_over_orders_field(batches, 0.1)(theta), np.mean(ordered, 0), rtol=1e-10)


def test_sgd_passes_take_the_batches_in_their_order():
    batches, theta = draw([0])
    end = run(passes.sgd_passes(batches, theta, h=0.1, order=(2, 0, 3, 1)), 2).theta[-1]
    for mu in (2, 0, 3, 1) * 2:
        theta = theta - 0.1 * batches[mu].grad(theta)
    np.testing.assert_array_equal(end, theta)
    mean = Mean(batches)
    np.testing.assert_allclose(
        mean.hvp(theta, theta), derivatives.hessian_product(Plain(mean), theta, theta), rtol=1e-6
    )


def test_a_batch_of_passes_is_its_replicates_one_by_one():
    batches, theta = [VALLEY, SADDLE], RNG.uniform(-1, 1, (3, 2))
    h = np.array([0.01, 0.02, 0.03])
    together = run(passes.sgd_passes(batches, theta, h=h), 5).theta
    for i in range(3):
        alone = run(passes.sgd_passes(batches, theta[i], h=h[i]), 5).theta
        np.testing.assert_allclose(together[:, i], alone, rtol=1e-12)
        for field in (passes.pass_field, passes.mean_over_orders_field):
            np.testing.assert_allclose(field(batches, h)(theta)[i], field(batches, h[i])(theta[i]), rtol=1e-12)


def test_momentum_flow_has_the_known_errors():
    first, corrected = momentum_errors(0.002, 0.9)
    assert first == pytest.approx(6.7e-3, rel=0.02)
    assert corrected == pytest.approx(7.3e-4, rel=0.02)


def test_without_momentum_its_flow_is_the_igr_flow():
    theta = RNG.normal(size=2)
    field = passes.momentum_field(VALLEY, 0.1, 0.0)
    np.testing.assert_allclose(field(theta), flows.igr_flow_field(VALLEY, 0.1)(theta), rtol=1e-14)


# ---- derivations


def partial_derivatives(point):
    """Values of E_x, E_xx, E_xy, … of the valley at a point, by symbol."""
    E = VALLEY.expr
    x, y = sp.symbols("x y")
    names = ["x", "y", "xx", "xy", "yy", "xxx", "xxy", "xyy", "yyy"]
    at = {x: point[0], y: point[1]}
    return {
        derivation.flows.derivative(*(derivation.flows.x if c == "x" else derivation.flows.y for c in name)): float(
            E.diff(*(x if c == "x" else y for c in name)).subs(at)
        )
        for name in names
    }


def test_derived_corrections_agree_with_the_fields():
    theta = np.array([0.7, -0.3])
    values = partial_derivatives(theta)

    def number(result):
        return np.array(result.result.subs(values), dtype=float)[:, 0]

    f1, f2 = number(derivation.first_correction()), number(derivation.second_correction())
    g = VALLEY.grad(theta)
    np.testing.assert_allclose(flows.igr_flow_field(VALLEY, 0.3)(theta), -g + 0.3 * f1, rtol=1e-12)
    np.testing.assert_allclose(flows.third_order_flow_field(VALLEY, 0.3)(theta), -g + 0.3 * f1 + 0.09 * f2, rtol=1e-10)


def test_derived_coefficient_is_alpha_pf():
    alpha = derivation.principal_coefficient().numpy(derivation.flows.h, derivation.flows.lam)
    np.testing.assert_allclose(alpha(0.5 + 0j, 3.0), flows.alpha_pf(1.5), rtol=1e-14)
    assert sp.expand(derivation.principal_mode().result - (1 - derivation.flows.h * derivation.flows.lam)) == 0
    assert derivation.edge_of_stability().result == 2


def test_derived_pass_and_momentum_agree_with_the_fields():
    batches = [Quadratic(np.array([[k]]), np.array([b])) for k, b in ((1.0, 0.3), (2.5, -1.0), (0.4, 2.0))]
    theta = np.array([0.8])
    values = {}
    for mu, batch in enumerate(batches):
        values[derivation.passes.g[mu]] = batch.grad(theta)[0]
        values[derivation.passes.H[mu]] = batch.A[0, 0]
    g_bar = np.mean([batch.grad(theta)[0] for batch in batches])
    for derived, field in (
        (derivation.pass_flow(), passes.pass_field(batches, 0.2)),
        (derivation.mean_over_orders(), passes.mean_over_orders_field(batches, 0.2)),
    ):
        assert field(theta)[0] == pytest.approx(-g_bar + 0.2 * float(derived.result.subs(values)))
    velocity = derivation.momentum_flow().numpy(
        *(getattr(derivation.passes, name) for name in ("h", "beta", "E1", "E2"))
    )
    field = passes.momentum_field(batches[1], 0.2, 0.6)
    assert field(theta)[0] == pytest.approx(velocity(0.2, 0.6, batches[1].grad(theta)[0], 2.5))


@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("common_clock", [False, True])
def test_derived_drift_of_two_players_predicts_linear_games(alternating, common_clock):
    m, k = (3, 2) if alternating else (1, 1)
    P = np.array([[0.3, 1.0], [-1.2, 0.4]])  # f = P₀·(φ, θ), g = P₁·(φ, θ)
    games = derivation.games
    drift = derivation.two_player_drift(alternating, m, k, common_clock).numpy(
        games.a, games.b, games.f, games.f_phi, games.f_theta, games.g, games.g_phi, games.g_theta
    )
    z, errors = np.array([0.7, -0.4]), []
    for a in (0.04, 0.02):
        b = 0.6 * a
        phi, theta = z
        for _ in range(m):
            phi = phi + a / m * P[0] @ [phi, theta]
        seen = phi if alternating else z[0]
        for _ in range(k):
            theta = theta + b / k * P[1] @ [seen, theta]
        columns = [drift(a, b, *(P @ e)[:1], *P[0], *(P @ e)[1:], *P[1])[:, 0] for e in np.eye(2)]
        scale = np.array([a, b])[:, None] if common_clock else 1.0
        flow = scale * P + np.stack(columns, -1)
        times = (1.0, 1.0) if common_clock else (a, b)
        end = [(expm(t * flow) @ z)[i] for i, t in enumerate(times)]
        errors.append(abs(np.array(end) - [phi, theta]))
    slopes = np.log2(np.array(errors[0]) / errors[1])
    np.testing.assert_allclose(slopes, 3, atol=0.2)


def test_remaining_derivations_close():
    assert derivation.spectral_norm_is_scale_free().result == sp.zeros(2, 2)
    assert len(derivation.zero_sum_interaction().lines) == 3
    with pytest.raises(ValueError, match="positive integer"):
        derivation.two_player_drift(True, m=0)
    with pytest.raises(ValueError, match="simultaneously"):
        derivation.two_player_drift(False, m=2)


# ---- bad input


@pytest.mark.parametrize("h", [0.0, -1.0, np.inf, np.nan])
def test_learning_rates_must_be_positive_and_finite(h):
    calls = [lambda flow=flow: flow(VALLEY, h) for flow in flows.FLOWS.values()]
    calls += [
        lambda: descent.gradient_descent(VALLEY, VALLEY_START, h=h),
        lambda: flows.follow(lambda t: t, VALLEY_START, h=h),
        lambda: flows.restarts(lambda t: t, VALLEY_START, h),
        lambda: flows.quadratic_solution(np.eye(2), VALLEY_START, h, np.ones(1)),
        lambda: flows.drift_bound(VALLEY, VALLEY_START, h),
        lambda: stability.edge(h),
        lambda: stability.taylor_change(VALLEY, VALLEY_START, h),
        lambda: passes.sgd_passes([VALLEY], VALLEY_START, h=h),
        lambda: passes.pass_field([VALLEY], h),
        lambda: passes.momentum_field(VALLEY, h, 0.9),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="h must be positive and finite"):
            call()


@pytest.mark.parametrize(("n_sub", "method", "message"), [(0, "rk4", "n_sub"), (3, "midpoint", "method")])
def test_a_followed_flow_refuses_bad_integrators_at_the_call(n_sub, method, message):
    with pytest.raises(ValueError, match=message):
        flows.follow(flows.gradient_flow_field(VALLEY), VALLEY_START, h=0.1, n_sub=n_sub, method=method)


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
        ({"scaling": (0, 5), "lr": -1.0}, "lr must be positive"),
    ],
)
def test_dal_refuses_bad_parameters_at_the_call(parameters, message):
    with pytest.raises(ValueError, match=message):
        drift_adjusted.dal(VALLEY, VALLEY_START, **parameters)


def test_flows_refuse_bad_starts_methods_and_branches():
    field = flows.principal_flow_field(VALLEY, 0.1)
    for arguments, message in (
        ((1.0, 1.0, 3), "starting point"),
        ((np.array(["a", "b"]), 1.0, 3), "dtype of theta0"),
        ((VALLEY_START, -1.0, 3), "T must be"),
        ((VALLEY_START, 1.0, 0), "n_sub must be"),
        ((VALLEY_START, 1.0, 3, "midpoint"), "method must be"),
    ):
        with pytest.raises(ValueError, match=message):
            flows.integrate_flow(field, *arguments)
    with pytest.raises(ValueError, match="branch must be"):
        flows.principal_flow_field(VALLEY, 0.1, branch="left")
    with pytest.raises(ValueError, match="momentum must be in"):
        descent.gradient_descent(VALLEY, VALLEY_START, h=0.1, momentum=1.0)
    with pytest.raises(ValueError, match="beta must be in"):
        passes.momentum_field(VALLEY, 0.1, 1.0)
    with pytest.raises(ValueError, match="order must be"):
        passes.sgd_passes([VALLEY, VALLEY], VALLEY_START, h=0.1, order=(0, 0))


def test_hessians_must_be_square_and_symmetric():
    class Crooked:
        def __init__(self, H):
            self.H = H

        def grad(self, theta):
            return theta @ self.H[:2, :2]

        def hess(self, theta):
            return self.H

    for H in (np.array([[1.0, 2.0], [0.0, 1.0]]), np.eye(3)):
        with pytest.raises(ValueError, match=r"hessian must be \(D,D\) symmetric"):
            flows.principal_flow_field(Crooked(H), 0.1)(VALLEY_START)
    with pytest.raises(ValueError, match=r"hessian must be \(D,D\) symmetric"):
        flows.quadratic_solution(np.array([[1.0, 2.0], [0.0, 1.0]]), VALLEY_START, 0.1, np.ones(1))


def test_gradients_that_are_real_at_complex_points_are_refused():
    with pytest.raises(ValueError, match="gradient is not complex-analytic"):
        flows.integrate_flow(flows.principal_flow_field(Absolute(), 0.1), VALLEY_START, 0.1, 4)


# ---- claims and exercises


OWN = (*experiment.flows.EXPERIMENTS, *experiment.edge.EXPERIMENTS, *experiment.passes.EXPERIMENTS)


@pytest.mark.parametrize("measure", OWN)
def test_claims_hold(measure):
    assert measure in experiment.EXPERIMENTS
    claims = list(measure(True))
    assert claims
    assert all(claim.holds for claim in claims), claims


x = sp.Symbol("x", real=True)
loss = sp.Function("E")(x)
E1, E2, E3 = (loss.diff(x, order) for order in (1, 2, 3))
F1, F2 = -E2 * E1 / 2, -(E2**2) * E1 / 3 - E3 * E1**2 / 12


def test_backward_error_check_accepts_every_form_of_the_right_answer():
    exercises.check_backward_error(F1, F2)
    exercises.check_backward_error(-(E1**2).diff(x) / 4, sp.factor(F2))
    u = sp.Symbol("u")
    other = sp.Function("loss")(u)
    swap = [expr.subs(x, u).replace(sp.Function("E"), sp.Function("loss")) for expr in (F1, F2)]
    assert swap[0].has(other)
    exercises.check_backward_error(*swap)


@pytest.mark.parametrize(
    ("f1", "f2", "message"),
    [
        (-F1, F2, "implicit Euler"),
        (2 * F1, F2, "should cancel the h² term"),
        (F1, -(E2**2) * E1 / 3, "lacks its term"),
        (F1, -(E2**2) * E1 / 3 - E3 * E1**2 / 6, "1/6"),
        (F1, -F2, "should cancel the h³ terms"),
        (sp.Symbol("h") * F1, F2, "leave h"),
        (sp.Symbol("a"), F2, "with one loss"),
    ],
)
def test_backward_error_check_names_the_mistake(f1, f2, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_backward_error(f1, f2)


def answer(log=flows.log_rot, back=None, decompose=None, guard=True):
    """A student's `principal_flow_field`, right by default."""

    def principal_flow_field(grad, hess, h):
        def field(theta):
            H, g = hess(theta), grad(theta)
            lam, V = (decompose or np.linalg.eig)(H)
            z = h * lam
            safe = np.where(abs(z) < 1e-8, 1, z) if guard else z
            with np.errstate(all="ignore"):
                alpha = np.where(abs(z) < 1e-8, -1 - z / 2, log(1 - safe + 0j) / safe)
                return back(V, alpha, g) if back else V @ (alpha * np.linalg.solve(V, g))

        return field

    return principal_flow_field


def test_field_check_accepts_right_answers():
    exercises.check_principal_flow_field(answer())
    exercises.check_principal_flow_field(
        lambda grad, hess, h: (
            lambda theta: flows.along_modes(hess(theta), grad(theta), flows.alpha_pf, h).astype(np.complex128)
        )
    )


def eigh_back(V, alpha, g):
    return V @ (alpha * (V.T @ g))


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (answer(log=lambda w: np.log(abs(w))), "logarithm is real"),
        (answer(decompose=np.linalg.eigh, back=lambda V, alpha, g: alpha * (V.T @ g)), "eigenvectors are not used"),
        (
            answer(decompose=np.linalg.eigh, back=lambda V, alpha, g: V.T @ (alpha * (V @ g))),
            "eigenvectors are not used",
        ),
        (answer(log=np.log), "principal logarithm jumps"),
        (answer(log=lambda w: np.conj(flows.log_rot(np.conj(w)))), "−iπ"),
        (answer(decompose=np.linalg.eigh, back=eigh_back), "eigh takes the Hessian for Hermitian"),
        (
            answer(decompose=np.linalg.eigh, back=lambda V, alpha, g: V @ (alpha * (V.conj().T @ g))),
            "eigh takes the Hessian for Hermitian",
        ),
        (answer(log=lambda w: w - 1), "expected"),
    ],
)
def test_field_check_names_the_mistake(student, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_principal_flow_field(student)


def test_field_check_wants_the_limit_of_flat_directions():
    def divides(grad, hess, h):
        def field(theta):
            lam, V = np.linalg.eig(hess(theta))
            with np.errstate(all="ignore"):
                return V @ (flows.log_rot(1 - h * lam) / (h * lam) * np.linalg.solve(V, grad(theta)))

        return field

    with pytest.raises(AssertionError, match="λ → 0"):
        exercises.check_principal_flow_field(divides)


def test_largest_rate_check_knows_the_grid():
    exercises.check_largest_rate(0.6, seed=0)
    exercises.check_largest_rate(0.55, seed=0)
    with pytest.raises(AssertionError, match="diverges"):
        exercises.check_largest_rate(0.8, seed=0)
    with pytest.raises(AssertionError, match="not the largest"):
        exercises.check_largest_rate(0.3, seed=0)
    with pytest.raises(AssertionError, match="one of the grid"):
        exercises.check_largest_rate(0.62, seed=0)


def test_largest_rates_of_five_seeds_are_the_known_ones():
    largest = []
    for seed in range(5):
        finite = exercises.finite_rates(seed)
        largest.append(exercises.RATES[finite.argmin() - 1])
    np.testing.assert_allclose(largest, [0.60, 0.75, 0.60, 0.50, 0.40])


def right(lam0, v, p):
    return 2 / lam0**p > 2 / lam0


def test_interpretation_check_accepts_the_aligned_step():
    exercises.check_interpretation(6.7, right)
    exercises.check_interpretation(np.float32(6.5), lambda lam0, v, p: np.bool_(p < 1 and lam0 > 1))


@pytest.mark.parametrize(
    ("plateau", "unstable", "message"),
    [
        (1.0, right, "give the sharpness"),
        (3.3, right, "1/h is where"),
        (5.0, right, "levels off near"),
        (6.7, lambda lam0, v, p: 2 / v**p > 2 / lam0, "DAL with p = 1 too"),
        (6.7, lambda lam0, v, p: p < 1, "at λ₀ < 1"),
        (6.7, lambda lam0, v, p: lam0 > 1, "at p = 1"),
        (6.7, lambda lam0, v, p: False, "says the opposite"),
    ],
)
def test_interpretation_check_names_the_mistake(plateau, unstable, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_interpretation(plateau, unstable)
