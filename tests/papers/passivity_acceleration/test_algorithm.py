"""The designed flow, its iterations, derivations, claims, pictures and exercises, against independent references."""

import warnings

import numpy as np
import pytest
import sympy as sp
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
from optilab.papers.passivity_acceleration import derivation, exercises, experiment, explorer
from optilab.papers.passivity_acceleration.algorithm import (
    Design,
    Method,
    controlled_flow,
    lifted_flow,
    momentum_method,
    split_nesterov,
    split_nesterov_convex,
)
from optilab.papers.passivity_acceleration.experiment import failure, flows, races
from optilab.papers.passivity_acceleration.explorer import board
from optilab.papers.passivity_acceleration.explorer.race import KAPPAS, SEEDS, iterations
from optilab.papers.passivity_acceleration.problems import LogCosh, ThreeSlopes
from optilab.problems.quadratic import Quadratic

CURVED = flows.CURVED
START = flows.START


def quadratic(rng: np.random.Generator, dim: int = 4, L: float = 50.0) -> Quadratic:
    """A quadratic with eigenvalues in [1, L], both ends included, in a random basis."""
    basis, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
    return Quadratic(basis * np.geomspace(1, L, dim) @ basis.T, rng.normal(size=dim))


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
    V = np.array(
        [room.storage(problem, design, x, psi, t) for x, psi, t in zip(trace.x, trace.psi, trace.t, strict=True)]
    )
    loss = room.dissipation(problem, design, trace.x[100], trace.psi[100], trace.t[100])
    assert (V[101] - V[99]) / 2e-3 == pytest.approx(problem(trace.x[100]) - loss, rel=1e-4)


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
    gap = run(
        controlled_flow(problem, np.zeros(20), room.nesterov_convex_flow(), h=0.1, t0=0.5, substeps=2),
        200,
        gap=lambda s: problem(s.x) - problem.minimum,
    )
    distance = np.linalg.norm(problem.minimizer)
    assert (gap.gap <= room.flow_gap_bound(gap.t, distance, 0.5, gap.gap[0])).all()


def test_a_flow_batch_is_its_replicates_one_by_one():
    rng = np.random.default_rng(1)
    starts = rng.normal(size=(3, 2))
    gammas, kappas, cs = rng.uniform(0.5, 2, size=(3, 3))
    for flow in (controlled_flow, lifted_flow):
        together = run(flow(CURVED, starts, Design(gammas, kappas / 10, cs), h=0.05), 30).x
        alone = [
            run(flow(CURVED, start, Design(g, k / 10, c), h=0.05), 30).x
            for start, g, k, c in zip(starts, gammas, kappas, cs, strict=True)
        ]
        np.testing.assert_allclose(together, np.stack(alone, 1), rtol=1e-12, atol=1e-14)


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
    points = []
    for k in range(60):
        x = y if k == 0 else y + (k - 1) / (k + 2) * (y - before)
        points.append(x)
        y, before = x - 0.2 * problem.grad(x), y
    np.testing.assert_allclose(run(split_nesterov_convex(problem, np.zeros(20), s=0.2), 59).x, points, atol=1e-12)
    trace = run(momentum_method(problem, np.zeros(20), room.nesterov_convex_tuning(0.2)), 60)
    np.testing.assert_allclose(trace.x[-1], y, atol=1e-12)


def test_the_family_holds_the_classics():
    problem = quadratic(np.random.default_rng(5))
    x0, mu, L = np.ones(4), 1.0, 50.0
    for method, states in (
        (room.gradient_descent_tuning(0.03), classic_descent.gradient_descent(problem, x0, alpha=0.03)),
        (room.heavy_ball_tuning(mu, L), classic_ball.heavy_ball(problem, x0, **classic_ball.tuned(mu, L))),
        (room.nesterov_tuning(mu, L), nesterov_strongly_convex(problem, x0, mu=mu, L=L)),
    ):
        np.testing.assert_allclose(run(momentum_method(problem, x0, method), 80).x, run(states, 80).x, atol=1e-12)


def test_triple_momentum_agrees_with_its_three_lines():
    problem, mu, L = CURVED, CURVED.mu, CURVED.L
    rho = 1 - np.sqrt(mu / L)
    xi, before, points = START, START, []
    for _ in range(80):
        points.append(xi + rho**2 / (1 - rho**2) * (xi - before))
        y = xi + rho**2 / (1 + rho) / (2 - rho) * (xi - before)
        xi, before = xi + rho**2 / (2 - rho) * (xi - before) - (1 + rho) / L * problem.grad(y), xi
    np.testing.assert_allclose(
        run(momentum_method(problem, START, room.triple_momentum_tuning(mu, L)), 79).x, points, atol=1e-13
    )


def test_equal_curvatures_are_solved_in_one_step():
    problem = Quadratic(3 * np.eye(2), np.ones(2))
    for tuning in (room.nesterov_tuning, room.heavy_ball_tuning, room.triple_momentum_tuning):
        x = run(momentum_method(problem, np.array([5.0, -7.0]), tuning(3.0, 3.0)), 1).x[-1]
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
        np.testing.assert_allclose(
            sorted(room.multipliers(kappa, room.triple_momentum_tuning(1, kappa)).real), [-rho, 0], atol=1e-7
        )
        np.testing.assert_allclose(room.multipliers(kappa, room.nesterov_tuning(1, kappa)), 0, atol=1e-7)
        _, _, _, delta = room.triple_momentum_tuning(1, kappa)
        assert 1 + delta + delta / rho == pytest.approx(np.sqrt(kappa))


def test_a_mode_follows_the_iteration():
    curvatures = np.geomspace(1, 50, 4)
    problem = Quadratic(np.diag(curvatures), np.zeros(4))
    for name in races.METHODS:
        method = races.tuned(name, 1.0, 50.0)
        trace = run(momentum_method(problem, np.ones(4), method), 100)
        np.testing.assert_allclose(room.mode_response(curvatures, method, 100), trace.x, atol=1e-11)


def test_a_batch_of_methods_is_its_methods_one_by_one():
    methods = [races.tuned(name, 1.0, CURVED.L) for name in races.METHODS]
    starts = np.random.default_rng(0).normal(size=(4, 2))
    together = run(momentum_method(CURVED, starts, races.together(methods)), 60).x
    alone = [run(momentum_method(CURVED, x, m), 60).x for x, m in zip(starts, methods, strict=True)]
    np.testing.assert_allclose(together, np.stack(alone, 1), rtol=1e-9, atol=1e-13)
    steps = np.array([0.01, 0.02, 0.03, 0.005])
    together = run(split_nesterov(CURVED, starts, mu=1.0, s=steps), 30).x
    alone = [run(split_nesterov(CURVED, x, mu=1.0, s=s), 30).x for x, s in zip(starts, steps, strict=True)]
    np.testing.assert_allclose(together, np.stack(alone, 1), rtol=1e-12, atol=1e-14)
    together = run(split_nesterov_convex(CURVED, starts, s=steps), 30).x
    alone = [run(split_nesterov_convex(CURVED, x, s=s), 30).x for x, s in zip(starts, steps, strict=True)]
    np.testing.assert_allclose(together, np.stack(alone, 1), rtol=1e-12, atol=1e-14)


def test_one_gradient_a_step():
    for states, first in (
        (lambda f: momentum_method(f, START, room.nesterov_tuning(1.0, 30.0)), 0),
        (lambda f: split_nesterov(f, START, mu=1.0, s=1 / 30), 1),
    ):
        problem = Counted(CURVED)
        trace = run(states(problem), 20, oracle=problem)
        np.testing.assert_array_equal(trace.calls["gradients"], np.arange(21) + first)


def test_replicates_stop_at_the_tolerance_one_by_one():
    problem = Counted(CURVED)
    starts = np.array([[2.0, -1.5], [1e-3, 0.0]])
    trace = run(momentum_method(problem, starts, room.nesterov_tuning(1.0, CURVED.L), tolerance=1e-4), 10**4)
    assert len(trace.step) < 300
    alone = run(momentum_method(CURVED, starts[1], room.nesterov_tuning(1.0, CURVED.L), tolerance=1e-4), 10**4)
    np.testing.assert_allclose(trace.x[-1, 1], alone.x[-1], rtol=1e-9)
    assert np.linalg.norm(CURVED.grad(trace.x[-1]), axis=-1).max() < 1e-3


def test_rotation_translation_and_scaling_leave_the_methods_alone():
    rng = np.random.default_rng(2)
    basis, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    turned = LogCosh(CURVED.W @ basis.T, CURVED.mu)
    for name in races.METHODS:
        method = races.tuned(name, CURVED.mu, CURVED.L)
        path = run(momentum_method(CURVED, START, method), 40).x
        np.testing.assert_allclose(
            run(momentum_method(turned, basis @ START, method), 40).x, path @ basis.T, atol=1e-11
        )
    one = run(split_nesterov(Quadratic(np.diag([1.0, 20.0]), np.ones(2)), START, mu=1.0, s=0.05), 40).x
    scaled = Quadratic(7 * np.diag([1.0, 20.0]), 7 * np.ones(2))
    np.testing.assert_allclose(run(split_nesterov(scaled, START, mu=7.0, s=0.05 / 7), 40).x, one, atol=1e-12)
    shift = np.array([3.0, -4.0])
    moved = Quadratic(np.diag([1.0, 20.0]), np.ones(2) + np.diag([1.0, 20.0]) @ shift)
    np.testing.assert_allclose(run(split_nesterov(moved, START + shift, mu=1.0, s=0.05), 40).x, one + shift, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.floats(1.5, 500), st.integers(0, 10**6))
def test_bounds_lie_above_random_runs(stiffness, seed):
    rng = np.random.default_rng(seed)
    problem = quadratic(rng, L=stiffness)
    starts = rng.normal(size=(3, 4))
    distance = np.linalg.norm(starts - problem.minimizer, axis=-1)
    k = np.arange(101)[:, None]
    slack = 1e-9 * (1 + abs(problem.minimum))
    gaps = {
        name: run(momentum_method(problem, starts, method), 100, gap=lambda s: problem(s.x) - problem.minimum).gap
        for name, method in (
            ("strong", room.nesterov_tuning(1.0, stiffness)),
            ("convex", room.nesterov_convex_tuning(1 / stiffness)),
            ("plain", room.gradient_descent_tuning(1 / stiffness)),
        )
    }
    assert (gaps["strong"] <= strongly_convex_gap_bound(k, 1.0, stiffness, distance) + slack).all()
    assert (gaps["convex"] <= gap_bound(k, stiffness, distance) + slack).all()
    assert (gaps["plain"] <= classic_descent.gap_bound(k, stiffness, distance) + slack).all()


def test_nesterovs_bound_lies_above_the_mean_over_seeds():
    starts = races.quadratic_starts(5)
    for kappa in (100.0, 1000.0):
        problem = Quadratic(np.diag(np.geomspace(1, kappa, 30)), np.zeros(30))
        gap = run(
            momentum_method(problem, starts, room.nesterov_tuning(1, kappa)), 200, gap=lambda s, f=problem: f(s.x)
        ).gap
        bound = strongly_convex_gap_bound(np.arange(201)[:, None], 1, kappa, np.linalg.norm(starts, axis=-1))
        assert (gap.mean(1) <= bound.mean(1)).all()
        assert (gap <= bound).all()


def test_triple_momentum_keeps_its_rate_off_quadratics():
    rho = room.triple_momentum_rate(CURVED.mu, CURVED.L)
    starts = np.random.default_rng(4).normal(size=(20, 2)) * 3
    x = run(momentum_method(CURVED, starts, room.triple_momentum_tuning(CURVED.mu, CURVED.L)), 100).x
    error = np.linalg.norm(x, axis=-1)
    assert (error[1:] <= 1.0001 * np.sqrt(CURVED.L / CURVED.mu) * rho ** np.arange(1, 101)[:, None] * error[0]).all()


# derivations against code


def test_derived_coefficients_are_those_of_the_code():
    d = derivation
    design = room.design_of(0.02, 0.7, 0.4)
    force = design.c + design.gamma * design.kappa
    limit = d.three_parameter_limit().numpy(d.r, d.beta, d.eta)(np.sqrt(0.02), 0.7, 0.4).ravel()
    np.testing.assert_allclose(limit, [design.gamma, design.kappa, force])
    matched = room.nesterov_high_resolution(2.0, 0.03)
    derived = [float(row.rhs.subs({d.mu: 2.0, d.s: 0.03})) for row in d.high_resolution().result]
    np.testing.assert_allclose(derived, matched)
    for name, method in (
        ("Nesterov", room.nesterov_tuning(1.0, 1 / 0.03)),
        ("triple momentum", room.triple_momentum_tuning(1.0, 25.0)),
    ):
        design = room.design_of(*method[:3])
        values = {d.mu: 1.0, d.s: 0.03, d.r: np.sqrt(method.alpha), d.rho: 0.8}
        derived = [float(entry.subs(values)) for entry in d.method_limit(name).result]
        np.testing.assert_allclose(derived, [design.gamma, design.kappa, design.c + design.gamma * design.kappa])
    assert d.method_limit("heavy ball").result[1] == 0


def test_derived_cycle_is_the_one_that_heavy_ball_runs_into():
    last = failure.iterates("heavy ball", np.array([3.3]), 300)[-3:, 0]
    cycle = derivation.heavy_ball_cycle().lines[1].expr
    assert cycle == sp.Matrix([792, -2208, 2592]) / 1225
    exact = np.array([float(point) for point in cycle])
    assert min(abs(np.roll(exact, shift) - last).max() for shift in range(3)) < 1e-14
    np.testing.assert_allclose(room.multipliers(25.0, room.heavy_ball_tuning(1.0, 25.0)), -2 / 3, atol=1e-7)


def test_derived_edge_and_cayley_error_and_slow_manifold_agree_with_numbers():
    d = derivation
    rate = d.edge().numpy(d.mu, d.kappa, d.c)(1.3, 0.1, 0.9)
    assert rate == pytest.approx(room.best_damping(1.3, 0.1, 0.9)[1])
    h = sp.Symbol("h", positive=True)
    predicted = sp.lambdify((h, d.mu), d.cayley_error().result)(1e-2, 2.0)
    assert np.exp(-2 * np.sqrt(2.0) * 1e-2) - room.cayley(2.0, 1e-4) == pytest.approx(predicted, rel=0.05)
    problem = Quadratic(np.array([[3.0]]), np.zeros(1))
    design = Design(50.0, 0.05, 20.0)
    first = room.slow_manifold(problem, design, np.array([2.0]), 1) - room.slow_manifold(
        problem, design, np.array([2.0]), 0
    )
    np.testing.assert_allclose(first, -(1 / 50) * 0.4 * (0.4 + 0.05) * 3.0 * 6.0)


def test_every_derivation_proves_its_lines():
    d = derivation
    assert d.storage_balance().result == 0
    assert d.accelerated_certificate().result == 0
    assert d.passive_output().result == (d.w1**2 + d.w2**2) / (4 * d.gamma)
    assert len(d.second_order().lines) == 3
    split = d.split_is_nesterov()
    assert split.lines[-1].relation == "="
    assert sp.expand(split.lines[1].expr - split.lines[2].expr) == sp.zeros(2, 1)


# experiments


def test_claims_hold():
    claims = experiment.claims(quick=True)
    assert len(claims) > 25
    assert all(claim.holds for claim in claims), "\n".join(map(str, claims))


@pytest.mark.parametrize(
    ("name", "medians"),
    [("heavy ball", (62, 222, 776)), ("Nesterov", (81, 237, 673)), ("triple momentum", (95, 355, 1271))],
)
def test_iterations_on_quadratics(name, medians):
    starts = races.quadratic_starts(5)
    measured = [np.median(races.race(kappa, starts, name)) for kappa in (100.0, 1000.0, 10000.0)]
    np.testing.assert_allclose(measured, medians, rtol=0.02)


def test_gradient_descent_by_bisection_is_gradient_descent_run():
    starts = races.quadratic_starts(5)
    np.testing.assert_array_equal(
        races.gradient_descent_race(100.0, starts), races.race(100.0, starts, "gradient descent")
    )
    measured = [np.median(races.gradient_descent_race(kappa, starts)) for kappa in (100.0, 1000.0, 10000.0)]
    np.testing.assert_allclose(measured, (387, 3979, 40827), rtol=0.02)


def test_ratios_hold_on_other_seeds():
    starts = races.quadratic_starts(20, first=5)
    for kappa, ratio in ((100.0, 3.0), (1000.0, 10.0)):
        nesterov = races.race(kappa, starts, "Nesterov")
        assert (races.gradient_descent_race(kappa, starts) / nesterov).min() >= ratio
    assert (races.race(1000.0, starts, "triple momentum") / nesterov).min() > 1


def test_without_the_steepest_mode_triple_momentum_wins():
    starts = races.quadratic_starts(5)
    starts[:, -1] = 0
    triple, nesterov = (races.race(1000.0, starts, name) for name in ("triple momentum", "Nesterov"))
    assert (triple < nesterov).all()
    assert np.median(triple) == pytest.approx(172, rel=0.02)


@pytest.mark.parametrize(("starts", "cycles"), [((1, 3.07, 3.2, 3.3, 3.46), True), ((2.5, 3.0, 3.5, 4, 5), False)])
def test_starts_that_cycle(starts, cycles):
    last = abs(failure.iterates("heavy ball", np.array(starts, dtype=float), 2000)[-3:]).max(0)
    np.testing.assert_allclose(last, 2592 / 1225 if cycles else 0, atol=1e-12)


def test_the_starts_that_cycle_lie_in_six_intervals():
    intervals = ((-4.35, -4.1), (-3.35, -3.225), (-3.05, -2.9), (0.975, 1.025), (2.775, 2.9), (3.075, 3.45))
    inside = np.any([(low - 1e-9 <= failure.GRID) & (high + 1e-9 >= failure.GRID) for low, high in intervals], 0)
    np.testing.assert_array_equal(failure.trapped("heavy ball"), inside)


def test_circle_criterion_at_ten():
    for name, margin in (("heavy ball", -0.512), ("Nesterov", 0.114), ("triple momentum", -0.134)):
        assert room.circle_margin(races.tuned(name, 1, 10), 1, 10) == pytest.approx(margin, abs=2e-3)
    assert room.circle_margin(room.gradient_descent_tuning(0.1), 1, 10) == pytest.approx(0.526, abs=2e-3)
    assert np.isnan(room.circle_margin(Method(3.0, 0.0, 0.0), 1, 10))


def test_errors_of_the_shadows():
    table = {
        "low resolution": (1.8e-1, 1.0e-1, 5.5e-2),
        "high-resolution heavy ball": (1.6e-1, 8.8e-2, 4.7e-2),
        "feedback with c = 1": (9.6e-2, 6.5e-2, 3.7e-2),
        "matched feedback": (2.6e-2, 7.3e-3, 2.0e-3),
        "exact map": (2.0e-2, 6.6e-3, 2.0e-3),
    }
    for place, fraction in enumerate((4, 16, 64)):
        s = 1 / (fraction * CURVED.L)
        method = room.nesterov_tuning(CURVED.mu, CURVED.L, s)
        designs = flows.designs(CURVED.mu, s, method)
        errors = flows.shadows(CURVED, START, method, list(designs.values()), substeps=2).errors
        np.testing.assert_allclose(errors, [table[name][place] for name in designs], rtol=0.05)


def test_the_matched_feedback_wins_on_random_problems():
    rng = np.random.default_rng(0)
    for _ in range(5):
        problem, x0 = LogCosh(rng.normal(size=(3, 2)) * 2), rng.normal(size=2) * 2
        errors = []
        for fraction in (16, 64):
            s = 1 / (fraction * problem.L)
            method = room.nesterov_tuning(1.0, problem.L, s)
            designs = flows.designs(1.0, s, method)
            errors.append(flows.shadows(problem, x0, method, list(designs.values()), substeps=2).errors)
        low, _, _, matched, _ = np.array(errors).T
        assert (low / matched >= [2, 5]).all()
        assert np.log2(matched[0] / matched[1]) > 1.6
        assert np.log2(low[0] / low[1]) < 1.1


def test_the_usual_start_of_the_velocity_leaves_a_first_order_error():
    errors = []
    for fraction in (16, 64):
        s = 1 / (fraction * CURVED.L)
        design = room.nesterov_high_resolution(CURVED.mu, s)
        psi0 = room.passive_output(CURVED, design, START, room.shi_velocity(CURVED, START, CURVED.mu, s))
        ticks = int(3 / np.sqrt(s))
        flow = run(controlled_flow(CURVED, START, design, h=np.sqrt(s), psi0=psi0, substeps=2), ticks).x
        points = run(split_nesterov(CURVED, START, mu=CURVED.mu, s=s), ticks).x
        errors.append(np.linalg.norm(flow - points, axis=-1).max())
    assert np.log2(errors[0] / errors[1]) < 1.1


@pytest.mark.parametrize(
    ("gamma", "critical", "explicit", "actual"),
    [(5.0, 3.1e-3, 3.3e-4, 1.9e-4), (20.0, 5.7e-4, 1.8e-5, 1.2e-5), (80.0, 5.0e-5, 2.5e-7, 2.1e-7)],
)
def test_distances_to_the_slow_manifold(gamma, critical, explicit, actual):
    np.testing.assert_allclose(flows.off_slow_manifold(gamma, np.ones(5)), [critical, explicit, actual], rtol=0.05)


def test_gaps_of_the_convex_case():
    accelerated, plain, _ = races.convex_gaps()
    np.testing.assert_allclose(
        accelerated[[10, 50, 100, 200, 400]], [8.5e-2, 1.8e-2, 8.0e-3, 2.8e-3, 2.0e-4], rtol=0.03
    )
    np.testing.assert_allclose(plain[[10, 50, 100, 200, 400]], [1.2e-1, 5.4e-2, 3.7e-2, 2.6e-2, 1.7e-2], rtol=0.05)


# pictures


@pytest.mark.parametrize("name", explorer.__all__)
def test_the_shown_code_runs(name):
    picture = getattr(explorer, name)()
    exec(picture.shown_code(picture.values), {})


def test_pictures_start_where_they_are_told_to():
    assert explorer.design_board(c=0.0).values["c"] == 0
    with pytest.raises(ValueError, match="gamma"):
        explorer.damping(gamma=11.0)


def test_the_design_board_says_what_happens():
    crawling = board.compute(2.0, 0.05, 0.0, 4.0, 0.0, 0)
    assert "never leaves" in crawling["headline"]
    assert crawling["V"].max() == 0
    assert abs(crawling["x_all"][-1]) == pytest.approx(0.091, abs=1e-3)
    gained = board.compute(2.0, 0.05, 0.95, 4.0, 0.0, 0)
    assert abs(gained["x_all"][-1]) == pytest.approx(3e-7, rel=0.1)
    assert "29 %" in gained["note"]
    assert (np.diff(gained["V"]) <= 1e-15).all()
    wild = board.compute(0.0, 0.0, -0.5, 400.0, 0.0, 0)
    assert "Diverging" in wild["note"]
    assert np.isnan(wild["x_all"][-1])
    assert "storage" in wild["note"]


def test_the_race_picture_counts_as_the_race_does():
    starts = races.quadratic_starts(SEEDS)
    kappa = float(KAPPAS[3])
    counted = iterations(1e-8, False)[:, 3]
    for row, name in zip(counted, races.METHODS, strict=True):
        np.testing.assert_array_equal(row, races.race(kappa, starts, name))


# exercises


def test_dissipation_check():
    d = derivation
    right = -d.gamma * (d.psi1**2 + d.psi2**2) - d.c * d.kappa * (d.g1**2 + d.g2**2)
    cross = d.c * (d.g1 * d.psi1 + d.g2 * d.psi2)
    exercises.check_dissipation(sp.factor(right))
    for wrong, message in (
        (-d.gamma * (d.psi1**2 + d.psi2**2) - cross, "store of the valley"),
        (right + cross, "cross term c∇fᵀψ"),
        (right - cross, "cross term −c∇fᵀψ"),
        (right.subs(d.c, 1), "cκ, not κ"),
        (-right, "the sign"),
        (right + d.psi1, "off by psi1"),
        (right + sp.Symbol("z"), "should not be there"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_dissipation(wrong)


def right_step(x, psi, grad, mu, s):
    q = np.sqrt(mu * s)
    psi = (1 - q) / (1 + q) * psi
    x = x + np.sqrt(s) * psi - s * grad(x)
    return x, psi - np.sqrt(s) * grad(x)


def test_split_check():
    exercises.check_split_step(right_step)
    for mistake, message in exercises.MISTAKES.items():
        with pytest.raises(AssertionError, match=message[:20].replace("(", r"\(")):
            exercises.check_split_step(mistake)
    with pytest.raises(AssertionError, match="off Nesterov"):
        exercises.check_split_step(lambda x, psi, grad, mu, s: (x - s * grad(x), psi))


def test_trap_check():
    starts = failure.GRID[failure.trapped("heavy ball")]
    cycle = [sp.Rational(792, 1225), sp.Rational(-2208, 1225), sp.Rational(2592, 1225)]
    exercises.check_trap(starts, cycle, "cycles")
    exercises.check_trap(starts[::-1] + 1e-9, [cycle[2], cycle[0], cycle[1]], "cycles")
    for arguments, message in (
        ((starts, cycle, "diverges"), "bounded"),
        ((starts, cycle, "converges"), "not 'converges'"),
        ((starts[1:], cycle, "cycles"), "1 starts are missing"),
        (([*starts, 0.0], cycle, "cycles"), "1 starts do arrive"),
        (([*starts, 0.01], cycle, "cycles"), "no point of"),
        ((starts, cycle[::-1], "cycles"), "wrong order"),
        ((starts, [0.6465, -1.8025, 2.1159], "cycles"), "exactly"),
        ((starts, cycle[:2], "cycles"), "three points"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_trap(*arguments)


def test_race_check():
    medians = {
        "gradient descent": [387, 3979, 40827],
        "heavy ball": [62, 222, 776],
        "Nesterov": [81, 237, 673],
        "triple momentum": [95, 355, 1271],
    }
    slopes = {name: races.slope(np.array(exercises.KAPPAS), np.array(row)) for name, row in medians.items()}
    root = -(1 - 1 / np.sqrt(1000))
    exercises.check_race(medians, slopes, root)
    for arguments, message in (
        ((medians, {name: 2 * p for name, p in slopes.items()}, root), "against √κ"),
        ((medians | {"triple momentum": [76, 249, 813]}, slopes, root), "not at ξ"),
        ((medians | {"Nesterov": [81, 237, 700]}, slopes, root), "median 700"),
        ((medians | {"Nesterov": [81, 237]}, slopes, root), "three medians"),
        ((medians, slopes | {"Nesterov": 0.6}, root), "slope 0.60"),
        ((medians, slopes, -root), "the sign is not"),
        ((medians, slopes, 0.5), "no multiplier"),
        (({}, slopes, root), "not found"),
    ):
        with pytest.raises(AssertionError, match=message):
            exercises.check_race(*arguments)


# bad input


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
        (lambda: controlled_flow(CURVED, START, Design(-1.0, 0.1, 1.0), h=0.1), "gamma must be 0 or more"),
        (lambda: controlled_flow(CURVED, START, Design(1.0, -0.1, 1.0), h=0.1), "kappa must be 0 or more"),
        (lambda: controlled_flow(CURVED, START, Design(1.0, 0.1, -1.0), h=0.1), "c must be 0 or more"),
        (
            lambda: controlled_flow(CURVED, START, room.nesterov_convex_flow(), h=0.1),
            "positive where the damping is 3/t",
        ),
        (
            lambda: controlled_flow(CURVED, START, room.nesterov_convex_high_resolution(0.04), h=0.1, t0=0.2),
            "c must be 0",
        ),
        (lambda: controlled_flow(CURVED, START, Design(1.0, 0.1, 1.0), h=0.0), "h must be positive"),
        (lambda: controlled_flow(CURVED, START, Design(1.0, 0.1, 1.0), h=0.1, substeps=0), "substeps must be 1"),
        (lambda: lifted_flow(ThreeSlopes(), [1.0], Design(1.0, 0.1, 1.0), h=0.1), r"else use \(x, ψ\)"),
        (lambda: room.slow_manifold(CURVED, Design(1.0, 0.1, 1.0), START, 2), "order must be 0 or 1"),
        (lambda: room.slow_manifold(CURVED, Design(0.0, 0.1, 1.0), START, 0), "gamma must be positive"),
        (lambda: room.flow_gap_bound(0.0, 1.0), "t must be positive"),
        (lambda: momentum_method(CURVED, START, Method(-1.0, 0.0, 0.0)), "alpha must be positive"),
        (lambda: room.best_damping(0.0, 0.1, 1.0), "convex variant"),
        (lambda: LogCosh(np.ones(3)), "W must be a matrix"),
    ],
)
def test_bad_input_is_refused_at_the_call(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class Misshapen:
    """A problem whose gradient has a wrong shape."""

    def grad(self, x):
        """Two numbers too many."""
        return np.zeros(4)


def test_a_gradient_of_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="shape of the gradient"):
        controlled_flow(Misshapen(), START, Design(1.0, 0.1, 1.0), h=0.1)
    with pytest.raises(ValueError, match="shape of the gradient"):
        split_nesterov(Misshapen(), START, mu=1.0, s=0.1)
    with pytest.raises(ValueError, match="shape of the gradient"):
        run(momentum_method(Misshapen(), START, Method(0.1, 0.0, 0.0)), 1)


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
