"""The designed flow and its iterations, against independent references."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from optilab.classics import gradient_descent as classic_descent
from optilab.classics import heavy_ball as classic_ball
from optilab.classics.nesterov import gap_bound, nesterov_strongly_convex, strongly_convex_gap_bound
from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.passivity_acceleration import algorithm as room
from optilab.papers.passivity_acceleration.algorithm import (
    Design,
    Tuning,
    controlled_flow,
    lifted_flow,
    momentum_method,
    split_nesterov,
    split_nesterov_convex,
)
from optilab.papers.passivity_acceleration.experiment import flows, races
from optilab.papers.passivity_acceleration.problems import LogCosh, ThreeSlopes
from optilab.problems.quadratic import Quadratic

CURVED, START = flows.CURVED, flows.START


def quadratic(rng: np.random.Generator, dim: int = 4, L: float = 50.0) -> Quadratic:
    """A quadratic with eigenvalues in [1, L], both ends included, in a random basis."""
    basis, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
    return Quadratic(basis * np.geomspace(1, L, dim) @ basis.T, rng.normal(size=dim))


def points(problem, x0, method: Tuning, steps: int) -> np.ndarray:
    """The outputs of a three-parameter method."""
    return run(momentum_method(problem, x0, method), steps).x


# the controlled flow


def test_both_coordinates_give_the_same_flow():
    design = room.nesterov_high_resolution(CURVED.mu, 0.02)
    v0 = np.array([0.3, -0.2])
    psi0 = room.passive_output(CURVED, design, START, v0)
    inner = run(controlled_flow(CURVED, START, design, h=0.05, psi0=psi0, substeps=40), 40)
    outer = run(lifted_flow(CURVED, START, design, h=0.05, v0=v0, substeps=40), 40)
    np.testing.assert_allclose(inner.x, outer.x, atol=1e-8)
    np.testing.assert_allclose(inner.psi, room.passive_output(CURVED, design, outer.x, outer.v), atol=1e-7)


def test_the_flow_is_the_exact_exponential_on_a_quadratic():
    problem = quadratic(np.random.default_rng(0))
    gamma, kappa, c = 1.3, 0.07, 0.8
    d = len(problem.b)
    generator = np.block([[-kappa * problem.A, np.eye(d)], [-c * problem.A, -gamma * np.eye(d)]])
    shift = np.concatenate([problem.minimizer, np.zeros(d)])
    start = np.concatenate([np.ones(d), np.full(d, 0.5)])
    exact = shift + expm(2.0 * generator) @ (start - shift)
    flow = run(controlled_flow(problem, np.ones(d), Design(gamma, kappa, c), h=0.002, psi0=0.5), 1000)
    np.testing.assert_allclose(np.concatenate([flow.x[-1], flow.psi[-1]]), exact, atol=1e-8)


@pytest.mark.parametrize(
    ("design", "t0"),
    [(room.nesterov_convex_flow(), 0.2), (room.nesterov_convex_high_resolution(0.01), 0.15)],
)
def test_vanishing_damping_agrees_with_a_library_integrator_of_the_second_order_form(design, t0):
    gamma, kappa, c = design

    def second_order(t, z):
        x, v = z[:2], z[2:]
        force = (c(t) if callable(c) else c) + gamma(t) * kappa
        return np.concatenate([v, -gamma(t) * v - kappa * CURVED.hvp(x, v) - force * CURVED.grad(x)])

    reference = solve_ivp(second_order, (t0, t0 + 2), np.concatenate([START, [0, 0]]), rtol=1e-10, atol=1e-12)
    psi0 = room.passive_output(CURVED, design, START, np.zeros(2), t0)
    flow = run(controlled_flow(CURVED, START, design, h=0.02, psi0=psi0, t0=t0, substeps=4), 100)
    np.testing.assert_allclose(flow.x[-1], reference.y[:2, -1], atol=1e-6)


def test_nesterovs_high_resolution_ode_for_convex_functions_starts_without_feedback():
    assert room.nesterov_convex_high_resolution(0.04).c(1.5 * 0.2) == pytest.approx(0, abs=1e-15)
    for s in np.geomspace(1e-4, 1, 300):
        for t0 in (1.5 * np.sqrt(s), 3 * s**0.5 / 2, 1.5 * s**0.5 * (1 - 1e-15)):
            flow = controlled_flow(CURVED, START, room.nesterov_convex_high_resolution(s), h=0.01, t0=t0)
            assert run(flow, 0).t[0] == t0


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 5), st.floats(0, 0.3), st.floats(0, 2), st.floats(0.5, 40), st.integers(0, 10**6))
def test_storage_falls_by_its_dissipation(gamma, kappa, c, stiffness, seed):
    rng = np.random.default_rng(seed)
    problem = Quadratic(np.diag([1.0, stiffness]), np.zeros(2))
    design = Design(gamma, kappa, c)
    h = 1e-3
    states = controlled_flow(problem, rng.normal(size=2), design, h=h, psi0=rng.normal(size=2))
    trace = run(states, 40)
    V = room.storage(problem, design, trace.x, trace.psi)
    loss = room.dissipation(problem, design, trace.x, trace.psi)
    np.testing.assert_allclose((V[:-2] - V[2:]) / (2 * h), loss[1:-1], rtol=1e-3, atol=1e-3 * (1 + loss.max()))


def test_time_dependent_feedback_adds_its_change_to_the_storage():
    problem = Quadratic(np.diag([1.0, 9.0]), np.zeros(2))
    design = Design(1.0, 0.1, lambda t: 1 + t)
    trace = run(controlled_flow(problem, np.ones(2), design, h=1e-3), 200)
    before, now, after = zip(trace.x[99:102], trace.psi[99:102], trace.t[99:102], strict=True)
    change = (room.storage(problem, design, *after) - room.storage(problem, design, *before)) / 2e-3
    assert change == pytest.approx(problem(now[0]) - room.dissipation(problem, design, *now), rel=1e-4)


def test_without_feedback_the_target_manifold_is_invariant_and_attracts_at_rate_gamma():
    trace = run(controlled_flow(CURVED, START, room.gradient_flow(0.1, 3.0), h=0.01), 200)
    assert abs(trace.psi).max() == 0
    off = run(controlled_flow(CURVED, START, room.gradient_flow(0.1, 3.0), h=0.01, psi0=1.0), 200)
    np.testing.assert_allclose(off.psi[:, 0], np.exp(-3 * off.t), rtol=1e-6)


def test_certificate_decays_at_the_accelerated_rate():
    mu, s = CURVED.mu, 1 / CURVED.L
    starts = np.random.default_rng(3).normal(size=(8, 2)) * 3
    trace = run(controlled_flow(CURVED, starts, room.nesterov_high_resolution(mu, s), h=0.02, substeps=2), 300)
    energy = room.certificate(CURVED, trace.x, trace.psi, mu, s)
    assert (energy[1:] <= energy[:-1] * np.exp(-0.25 * np.sqrt(mu) * 0.02) + 1e-15).all()


def test_su_boyd_candes_bound_lies_above_the_flow_from_rest():
    problem = races.chain(20)
    flow = controlled_flow(problem, np.zeros(20), room.nesterov_convex_flow(), h=0.1, t0=0.5, substeps=2)
    trace = run(flow, 200)
    gap = problem(trace.x) - problem.minimum
    assert (gap <= room.flow_gap_bound(trace.t, np.linalg.norm(problem.minimizer), 0.5, gap[0])).all()


def test_a_mode_follows_the_integrated_flow():
    problem = Quadratic(np.array([[4.0]]), np.zeros(1))
    design = Design(2.0, 0.05, 0.95)
    trace = run(controlled_flow(problem, [1.0], design, h=0.005, psi0=0.3), 600)
    path = room.mode_path(4.0, design, 1.0, 0.3, 0.005, 600)
    np.testing.assert_allclose(path, np.concatenate([trace.x, trace.psi], -1), atol=1e-9)


@pytest.mark.parametrize("mu", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("kappa", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("c", [0.5, 1.0])
def test_best_damping_is_the_maximum_over_a_grid(mu, kappa, c):
    curvatures = np.geomspace(mu, 100 * mu, 201)
    grid = np.linspace(0, 12, 2401)
    worst = room.decay_rate(curvatures, Design(grid[:, None], kappa, c)).min(1)
    best, rate = room.best_damping(mu, kappa, c)
    assert worst.max() == pytest.approx(rate, rel=0.05)
    assert worst.max() <= rate + 1e-9
    assert grid[worst.argmax()] == pytest.approx(best, abs=0.02)


def test_worst_rates_of_named_designs():
    curvatures = np.geomspace(1, 400, 401)
    for design, rate in (
        (Design(2, 0.05, 0), 0.05),
        (room.nesterov_high_resolution(1, 1 / 400), 1.0),
        (room.heavy_ball_flow(1.0), 1.0),
        (Design(1, 0.05, 1), 0.525),
        (Design(4, 0.05, 1), 0.322),
        (Design(10, 0.05, 1), 0.152),
    ):
        assert room.decay_rate(curvatures, design).min() == pytest.approx(rate, abs=1e-3)


# the iterations


@settings(max_examples=20, deadline=None)
@given(st.floats(2, 2000), st.integers(0, 10**6))
def test_the_split_is_nesterovs_method(stiffness, seed):
    rng = np.random.default_rng(seed)
    problem = quadratic(rng, L=stiffness)
    x0 = rng.normal(size=4)
    s = 1 / stiffness
    split = run(split_nesterov(problem, x0, mu=1.0, s=s), 50)
    textbook = run(nesterov_strongly_convex(problem, x0, mu=1.0, L=stiffness), 50)
    np.testing.assert_allclose(split.x, textbook.y, atol=1e-12 * max(1, abs(textbook.y).max()))
    np.testing.assert_allclose(split.psi[:-1], np.diff(textbook.x, axis=0) / np.sqrt(s), atol=1e-8)


def test_the_convex_split_is_nesterovs_convex_method():
    problem = races.chain(20)
    y = before = np.zeros(20)
    path = []
    for k in range(60):
        x = y if k == 0 else y + (k - 1) / (k + 2) * (y - before)
        path.append(x)
        y, before = x - 0.2 * problem.grad(x), y
    np.testing.assert_allclose(run(split_nesterov_convex(problem, np.zeros(20), s=0.2), 59).x, path, atol=1e-12)
    last = points(problem, np.zeros(20), room.nesterov_convex_tuning(0.2), 60)[-1]
    np.testing.assert_allclose(last, y, atol=1e-12)


def test_the_family_holds_the_classics():
    problem = quadratic(np.random.default_rng(5))
    x0, mu, L = np.ones(4), 1.0, 50.0
    for method, states in (
        (room.gradient_descent_tuning(0.03), classic_descent.gradient_descent(problem, x0, alpha=0.03)),
        (room.heavy_ball_tuning(mu, L), classic_ball.heavy_ball(problem, x0, **classic_ball.tuned(mu, L))),
        (room.nesterov_tuning(mu, L), nesterov_strongly_convex(problem, x0, mu=mu, L=L)),
    ):
        np.testing.assert_allclose(points(problem, x0, method, 80), run(states, 80).x, atol=1e-12)


def test_triple_momentum_agrees_with_its_three_lines():
    mu, L = CURVED.mu, CURVED.L
    rho = 1 - np.sqrt(mu / L)
    xi, before, path = START, START, []
    for _ in range(80):
        path.append(xi + rho**2 / (1 - rho**2) * (xi - before))
        y = xi + rho**2 / (1 + rho) / (2 - rho) * (xi - before)
        xi, before = xi + rho**2 / (2 - rho) * (xi - before) - (1 + rho) / L * CURVED.grad(y), xi
    np.testing.assert_allclose(points(CURVED, START, room.triple_momentum_tuning(mu, L), 79), path, atol=1e-13)


def test_equal_curvatures_are_solved_in_one_step():
    problem = Quadratic(3 * np.eye(2), np.ones(2))
    for tuning in (room.nesterov_tuning, room.heavy_ball_tuning, room.triple_momentum_tuning):
        x = points(problem, np.array([5.0, -7.0]), tuning(3.0, 3.0), 1)[-1]
        np.testing.assert_allclose(x, problem.minimizer, atol=1e-12)


@pytest.mark.parametrize(
    ("kappa", "nesterov", "heavy"), [(25, 0.8, 0.6667), (100, 0.9, 0.8182), (1000, 0.9684, 0.9387)]
)
def test_rates_over_the_spectrum(kappa, nesterov, heavy):
    curvatures = np.linspace(1, kappa, 20001)
    for tuning, rate in (
        (room.nesterov_tuning, nesterov),
        (room.triple_momentum_tuning, nesterov),
        (room.heavy_ball_tuning, heavy),
    ):
        assert room.spectral_radius(curvatures, tuning(1.0, kappa)).max() == pytest.approx(rate, abs=1e-4)
    assert room.triple_momentum_rate(1, kappa) == pytest.approx(nesterov, abs=1e-4)
    assert room.heavy_ball_rate(1, kappa) == pytest.approx(heavy, abs=1e-4)


def test_roots_at_the_steepest_mode_explain_triple_momentum():
    for kappa in (10.0, 1000.0):
        rho = room.triple_momentum_rate(1, kappa)
        triple = room.triple_momentum_tuning(1, kappa)
        np.testing.assert_allclose(sorted(room.multipliers(kappa, triple).real), [-rho, 0], atol=1e-7)
        np.testing.assert_allclose(room.multipliers(kappa, room.nesterov_tuning(1, kappa)), 0, atol=1e-7)
        delta = triple.delta
        assert 1 + delta + delta / rho == pytest.approx(np.sqrt(kappa))


def test_a_mode_follows_the_iteration():
    curvatures = np.geomspace(1, 50, 4)
    problem = Quadratic(np.diag(curvatures), np.zeros(4))
    for name in races.METHODS:
        method = races.tuned(name, 1.0, 50.0)
        modes = room.mode_response(curvatures, method, 100)
        np.testing.assert_allclose(modes, points(problem, np.ones(4), method, 100), atol=1e-11)


def test_one_gradient_a_step():
    for states, first in (
        (lambda f: momentum_method(f, START, room.nesterov_tuning(1.0, 30.0)), 0),
        (lambda f: split_nesterov(f, START, mu=1.0, s=1 / 30), 1),
    ):
        problem = Counted(CURVED)
        trace = run(states(problem), 20, oracle=problem)
        np.testing.assert_array_equal(trace.calls["gradients"], np.arange(21) + first)


def test_replicates_stop_at_the_tolerance_one_by_one():
    starts, method = np.array([[2.0, -1.5], [1e-3, 0.0]]), room.nesterov_tuning(1.0, CURVED.L)
    x, alone = (run(momentum_method(CURVED, x0, method, tolerance=1e-4), 10**4).x for x0 in (starts, starts[1]))
    assert len(x) < 300
    np.testing.assert_allclose(x[-1, 1], alone[-1], rtol=1e-9)
    assert np.linalg.norm(CURVED.grad(x[-1]), axis=-1).max() < 1e-3


def test_rotation_translation_and_scaling_leave_the_methods_alone():
    basis, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(2, 2)))
    turned = LogCosh(CURVED.W @ basis.T, CURVED.mu)
    for name in races.METHODS:
        method = races.tuned(name, CURVED.mu, CURVED.L)
        path = points(CURVED, START, method, 40)
        np.testing.assert_allclose(points(turned, basis @ START, method, 40), path @ basis.T, atol=1e-11)

    def split(A, b, x0, mu, s):
        return run(split_nesterov(Quadratic(A, b), x0, mu=mu, s=s), 40).x

    A, b, shift = np.diag([1.0, 20.0]), np.ones(2), np.array([3.0, -4.0])
    path = split(A, b, START, 1.0, 0.05)
    np.testing.assert_allclose(split(7 * A, 7 * b, START, 7.0, 0.05 / 7), path, atol=1e-12)
    np.testing.assert_allclose(split(A, b + A @ shift, START + shift, 1.0, 0.05), path + shift, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.floats(1.5, 500), st.integers(0, 10**6))
def test_bounds_lie_above_random_runs(stiffness, seed):
    rng = np.random.default_rng(seed)
    problem = quadratic(rng, L=stiffness)
    starts = rng.normal(size=(3, 4))
    distance = np.linalg.norm(starts - problem.minimizer, axis=-1)
    k = np.arange(101)[:, None]
    slack = 1e-9 * (1 + abs(problem.minimum))
    for method, bound in (
        (room.nesterov_tuning(1.0, stiffness), strongly_convex_gap_bound(k, 1.0, stiffness, distance)),
        (room.nesterov_convex_tuning(1 / stiffness), gap_bound(k, stiffness, distance)),
        (room.gradient_descent_tuning(1 / stiffness), classic_descent.gap_bound(k, stiffness, distance)),
    ):
        gap = problem(points(problem, starts, method, 100)) - problem.minimum
        assert (gap <= bound + slack).all()


def test_nesterovs_bound_lies_above_the_races():
    starts = races.quadratic_starts(5)
    for kappa in (100.0, 1000.0):
        problem = Quadratic(np.diag(np.geomspace(1, kappa, 30)), np.zeros(30))
        gap = problem(points(problem, starts, room.nesterov_tuning(1, kappa), 200))
        bound = strongly_convex_gap_bound(np.arange(201)[:, None], 1, kappa, np.linalg.norm(starts, axis=-1))
        assert (gap <= bound).all()


def test_triple_momentum_keeps_its_rate_off_quadratics():
    rho = room.triple_momentum_rate(CURVED.mu, CURVED.L)
    starts = np.random.default_rng(4).normal(size=(20, 2)) * 3
    x = points(CURVED, starts, room.triple_momentum_tuning(CURVED.mu, CURVED.L), 100)
    error = np.linalg.norm(x, axis=-1)
    assert (error[1:] <= 1.0001 * np.sqrt(CURVED.L / CURVED.mu) * rho ** np.arange(1, 101)[:, None] * error[0]).all()


# bad input


def flow(design: Design, problem=CURVED, **other):
    return controlled_flow(problem, START, design, **{"h": 0.1} | other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: room.nesterov_tuning(-1.0, 2.0), "mu must be 0 or more"),
        (lambda: room.nesterov_tuning(1.0, 0.0), "L must be positive"),
        (lambda: room.heavy_ball_tuning(3.0, 2.0), "at most L = 2"),
        (lambda: room.nesterov_tuning(0.0, 2.0), "use the convex variant"),
        (lambda: room.heavy_ball_tuning(0.0, 2.0), "use the convex variant"),
        (lambda: room.triple_momentum_tuning(0.0, 2.0), "use the convex variant"),
        (lambda: room.nesterov_tuning(1.0, 2.0, s=0.0), "s must be positive"),
        (lambda: room.nesterov_convex_tuning(-1.0), "s must be positive"),
        (lambda: room.gradient_descent_tuning(0.0), "s must be positive"),
        (lambda: split_nesterov(CURVED, START, mu=0.0, s=0.1), "use the convex variant"),
        (lambda: split_nesterov(CURVED, START, mu=1.0, s=-0.1), "s must be positive"),
        (lambda: split_nesterov_convex(CURVED, START, s=0.0), "s must be positive"),
        (lambda: flow(Design(-1.0, 0.1, 1.0)), "gamma must be 0 or more"),
        (lambda: flow(Design(1.0, -0.1, 1.0)), "kappa must be 0 or more"),
        (lambda: flow(Design(1.0, 0.1, -1.0)), "c must be 0 or more"),
        (lambda: flow(room.nesterov_convex_flow()), "positive where the damping is 3/t"),
        (lambda: flow(room.nesterov_convex_high_resolution(0.04), t0=0.2), "c must be 0"),
        (lambda: flow(Design(1.0, 0.1, 1.0), h=0.0), "h must be positive"),
        (lambda: flow(Design(1.0, 0.1, 1.0), substeps=0), "substeps must be 1"),
        (lambda: lifted_flow(ThreeSlopes(), [1.0], Design(1.0, 0.1, 1.0), h=0.1), r"else use \(x, ψ\)"),
        (lambda: room.slow_manifold(CURVED, Design(1.0, 0.1, 1.0), START, 2), "order must be 0 or 1"),
        (lambda: room.slow_manifold(CURVED, Design(0.0, 0.1, 1.0), START, 0), "gamma must be positive"),
        (lambda: room.flow_gap_bound(0.0, 1.0), "t must be positive"),
        (lambda: momentum_method(CURVED, START, Tuning(-1.0, 0.0, 0.0)), "alpha must be positive"),
        (lambda: room.best_damping(0.0, 0.1, 1.0), "convex variant"),
        (lambda: room.best_damping(1.0, -1.0, 1.0), "kappa must be 0 or more"),
        (lambda: room.best_damping(1.0, 0.1, -1.0), "c must be 0 or more"),
        (lambda: room.design_of(-1.0, 0.5, 0.5), "alpha must be positive"),
        (lambda: room.design_of(0.1, -1.0, 0.5), "beta must be above −1"),
        (lambda: room.cayley(-1.0, 1.0), "mu must be 0 or more"),
        (lambda: room.cayley(1.0, -1.0), "s must be positive"),
        (lambda: flow(Design(1.0, 0.1, 1.0), problem=Misshapen()), "shape of the gradient"),
        (lambda: split_nesterov(Misshapen(), START, mu=1.0, s=0.1), "shape of the gradient"),
        (lambda: run(momentum_method(Misshapen(), START, Tuning(0.1, 0.0, 0.0)), 1), "shape of the gradient"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class Misshapen:
    """A problem whose gradient has a wrong shape."""

    def grad(self, x):
        return np.zeros(4)


def test_long_steps_are_warned_of_and_divergence_is_recorded():
    with pytest.warns(UserWarning, match="longer than 1/L"):
        method = room.nesterov_tuning(1.0, 100.0, s=0.02)
    with pytest.warns(UserWarning, match="longer than 1/L"):
        room.nesterov_convex_tuning(0.02, 100.0)
    with pytest.warns(UserWarning, match="it diverges"):
        room.gradient_descent_tuning(0.02, 100.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        room.nesterov_tuning(1.0, 100.0)
    trace = run(momentum_method(Quadratic(np.diag([1.0, 100.0]), np.zeros(2)), np.ones(2), method), 3000)
    assert np.isfinite(trace.diverged)
    assert np.isnan(trace.x[-1]).all()


def test_unstable_designs_are_allowed_on_demand():
    trace = run(controlled_flow(CURVED, START, Design(0.0, 0.0, -1.0), h=0.1, allow_unstable=True), 400, limit=1e3)
    assert np.isfinite(trace.diverged)
