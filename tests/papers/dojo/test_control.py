"""Sliding, iLQR, identification, learned policies, the answers' checks and the claims."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_are
from scipy.optimize import minimize

from optilab.classics.adam import adam
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.dojo import algorithm as dojo
from optilab.papers.dojo import exercises, experiment
from optilab.papers.dojo.algorithm.quaternion import retract
from optilab.papers.dojo.experiment import friction, identification, puck, pushing
from optilab.ui.attempt import attempt

ANGLES = st.floats(0, 360)


# Sliding


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.floats(-3, 3), st.floats(-3, 3)).map(np.array), st.floats(0.05, 2), ANGLES)
def test_projections_are_the_nearest_points(p, radius, angle):
    for project, size in ((dojo.onto_cone, 2), (dojo.onto_pyramid, 1)):
        near = project(p, np.array(radius))
        assert np.linalg.norm(near, size) <= radius * (1 + 1e-12)
        turn = np.radians(angle)
        other = np.array([np.cos(turn), np.sin(turn)])
        other *= radius / np.linalg.norm(other, size)
        assert (p - near) @ (other - near) <= 1e-12  # what characterises the projection onto a convex set


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 3), ANGLES, ANGLES)
def test_turning_the_start_turns_the_cones_path(speed, angle, turn):
    v0, turned = friction.polar(speed, np.array(angle)), friction.polar(speed, np.array(angle + turn))
    rotation = np.array([friction.polar(1.0, np.array(turn)), friction.polar(1.0, np.array(turn + 90))]).T
    path, other = (run(dojo.sliding(v, mu=0.3, h=0.02), 400).x for v in (v0, turned))
    assert len(path) == len(other)
    assert np.allclose(path @ rotation.T, other, atol=1e-12)


def test_the_pyramid_bends_the_path_to_the_diagonal():
    ends = friction.slid(friction.polar(2.0, np.array([0.0, 10, 30, 45])), 0.25, 0.02, "pyramid")
    assert np.allclose(dojo.heading(ends), [0, 19.1, 41.1, 45], atol=0.15)
    fine = friction.slid(np.array([4.0, 0.8]), 0.25, 1e-3, "pyramid")
    assert np.allclose(fine, dojo.pyramid_path(np.array([4.0, 0.8]), 0.25), atol=1e-2)
    assert np.allclose(fine[::-1], friction.slid(np.array([0.8, 4.0]), 0.25, 1e-3, "pyramid"))


def test_a_slide_is_that_of_its_replicates():
    v0 = np.array([[1.0, 0.2], [0.3, -2.0], [0.0, 0.0]])
    together = run(dojo.sliding(v0, mu=np.array([0.2, 0.4, 0.3]), h=0.02, model="pyramid"), 500)
    for i, mu in enumerate((0.2, 0.4, 0.3)):
        alone = run(dojo.sliding(v0[i], mu=mu, h=0.02, model="pyramid"), 500)
        assert np.array_equal(together.x[: len(alone.x), i], alone.x)
        assert np.array_equal(together.x[-1, i], alone.x[-1])


def test_smoothed_friction_stops_where_hard_friction_does():
    v0 = friction.polar(np.array([1.0, 2.0]), np.array([20.0, 70.0]))
    smooth = friction.slid_smoothly(v0, 0.3, 0.01, 1e-7)
    assert np.allclose(smooth, friction.slid(v0, 0.3, 0.01, "cone"), atol=1e-3)


# iLQR


class Oscillator:
    """A linear system, for which one iteration of iLQR is exact."""

    A, B = np.array([[1.0, 0.1], [-0.1, 0.95]]), np.array([[0.0], [0.1]])

    def step(self, z, F, kappa):
        return z @ self.A.T + F @ self.B.T

    def linearise(self, z, F, kappa):
        return tuple(np.broadcast_to(M, (*z.shape[:-1], *M.shape)) for M in (self.A, self.B))

    def difference(self, z, other):
        return z - other


def test_ilqr_solves_a_linear_system_at_once():
    Q, R, T = np.diag([5.0, 1.0]), 0.1 * np.eye(1), 40
    z0, goal = np.array([1.0, 0.0]), np.array([0.3, -0.2])
    trace = run(dojo.ilqr(Oscillator(), z0, goal, np.zeros((T, 1)), Q=Q, R=R, kappa_r=1, kappa_g=1), 5)
    powers = [np.linalg.matrix_power(Oscillator.A, T - 1 - t) @ Oscillator.B for t in range(T)]
    G, free = np.hstack(powers), np.linalg.matrix_power(Oscillator.A, T) @ z0 - goal
    best = -np.linalg.solve(G.T @ Q @ G + R[0, 0] * np.eye(T), G.T @ Q @ free)
    assert np.allclose(trace.F[1], best, atol=1e-5)  # damped by ρ = 1e-6
    assert trace.alpha[1] == 1


def test_the_riccati_pass_ends_in_the_algebraic_equations_gain():
    R, T, S = np.eye(1), 400, np.diag([1.0, 2.0])
    A, B = Oscillator.A * 1.05, Oscillator.B
    P = solve_discrete_are(A, B, np.zeros((2, 2)), R)  # no running cost on the state: the unstable modes are mirrored
    gain = -np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)
    many = [np.broadcast_to(M, (T, *M.shape)) for M in (A, B)]
    _, K = dojo.backward(*many, np.zeros((T, 1)), np.zeros(2), S, R, np.array(0.0))
    assert np.allclose(K[0], gain, atol=1e-8)


def test_the_controls_gradient_is_that_of_the_cost():
    rng = np.random.default_rng(0)
    system, kappa = puck.puck(0.5), 0.1
    z0 = dojo.PointMass().at_rest(kappa)
    F, goal = rng.normal(size=(puck.T, 2)) * 4, np.array([1, 0.5, 0, 0, 0, 0])

    def cost(flat):
        z, taken = dojo.forward(system, z0, flat.reshape(F.shape), kappa)
        return float(dojo.cost_of(system, z, taken, goal, puck.Q, puck.R))

    z, _ = dojo.forward(system, z0, F, kappa)
    A, B = system.linearise(z[:-1], F, kappa)
    found = dojo.control_gradient(A, B, F, z[-1] - goal, puck.Q, puck.R)
    d = 1e-6 * np.eye(F.size)
    exact = [(cost(F.ravel() + e) - cost(F.ravel() - e)) / 2e-6 for e in d]
    assert np.allclose(found.ravel(), exact, rtol=1e-6, atol=1e-6)


def test_a_general_minimiser_finds_no_lower_cost():
    system, kappa = puck.puck(0.5), 0.1
    z0, goal = dojo.PointMass().at_rest(kappa), np.array([1, 0.5, 0, 0, 0, 0])
    states = dojo.ilqr(system, z0, goal, np.zeros((puck.T, 2)), Q=puck.Q, R=puck.R, kappa_r=kappa, kappa_g=kappa)
    trace = run(states, 200)

    def cost(flat):
        z, F = dojo.forward(system, z0, flat.reshape(-1, 2), kappa)
        A, B = system.linearise(z[:-1], F, kappa)
        slope = dojo.control_gradient(A, B, F, z[-1] - goal, puck.Q, puck.R)
        return float(dojo.cost_of(system, z, F, goal, puck.Q, puck.R)), slope.ravel()

    lowest = minimize(cost, trace.F[-1], jac=True, method="BFGS")
    assert lowest.fun >= trace.cost[-1] * (1 - 1e-3)


def test_ilqr_of_a_batch_is_that_of_its_replicates():
    kappa, goals = np.array([1.0, 0.1]), np.array([[1.0, 0.5], [-0.4, 0.9], [0.2, 0.8]])
    together = puck.plans(kappa_g=kappa, goal=goals[:, None])
    assert (np.diff(together.cost, axis=0) <= 0).all()
    assert together.settled[-1].all()
    for i, goal in enumerate(goals):
        alone = puck.plans(kappa_g=0.1, goal=goal)
        assert np.isclose(alone.cost[-1], together.cost[-1, i, 1], rtol=1e-9)


def test_the_line_search_takes_the_largest_step_that_lowers_the_cost():
    kappa_g, goal = np.array([1.0, 0.1, 0.02]), np.array([1, 0.5, 0, 0, 0, 0])
    trace = puck.plans(kappa_g=kappa_g)
    system, z0 = puck.puck(0.5), trace.z[0, 0]
    tried = 0
    for k in range(len(trace.step) - 1):
        F = np.moveaxis(trace.F[k].reshape(3, puck.T, 2), 0, 1)
        A, B = system.linearise(trace.z[k, :-1], F, kappa_g)
        d, K = dojo.backward(A, B, F, trace.z[k, -1] - goal, puck.Q, puck.R, trace.rho[k])
        lengths = 2.0 ** -np.arange(12)
        starts = np.broadcast_to(z0, (12, 3, 6))
        paths = dojo.forward(system, starts, F[:, None] + lengths[:, None, None] * d[:, None], 1e-6, K, trace.z[k])
        lower = dojo.cost_of(system, *paths, goal, puck.Q, puck.R) < trace.cost[k]
        best = np.where(lower.any(0), lengths[lower.argmax(0)], 0)
        going = ~trace.settled[k]
        assert np.array_equal(trace.alpha[k + 1][going], best[going])
        tried += (best[going] < 1 / 4).sum()
    assert tried  # some were found after the first few


def test_a_goal_that_is_reached_costs_nothing():
    trace = puck.plans(goal=(0.0, 0.0))
    assert not trace.cost.any()
    assert trace.settled[-1]
    assert not trace.F.any()


def test_the_hopper_is_two_pucks():
    system, z0, _ = puck.hopper()
    F, kappa = np.array([3.0, 40.0]), 1e-3
    z = system.step(z0, F, kappa)
    A, B = system.linearise(z0, F, kappa)
    for i, (m, r, sign) in enumerate(((4.18, 0.1, 1), (0.52, 0.05, -1))):
        body, rows = dojo.PointMass(m=m, r=r, h=0.05), slice(6 * i, 6 * i + 6)
        alone = body.linearise(z0[rows], sign * 0.05 * np.array([3.0, 0, 40.0]), kappa)
        assert np.allclose(z[rows], alone.z, rtol=1e-13)
        assert np.allclose(A[rows, rows], alone.A)
        assert np.allclose(B[rows], sign * 0.05 * alone.B[:, [0, 2]])
        assert not A[rows, 6 - 6 * i : 12 - 6 * i].any()


def rigid_puck(options):
    """The puck as a rigid body that touches the floor with its centre, its start and its goal."""
    pushes = np.zeros((1, 6, 2))
    pushes[0, :2] = np.eye(2)
    system = dojo.System([dojo.Body(1.0, np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.0, 0.5)], h=0.1)
    driven = dojo.DrivenBodies(system, pushes, options)
    still = np.zeros(3), np.array([1.0, 0, 0, 0]), np.zeros(3)
    start, goal = (driven.joined(dojo.state_of(np.array(x), *still)) for x in ([0, 0, 1e-6 / 0.981], [1, 0.5, 0]))
    return driven, start, goal


def test_ilqr_through_the_interior_point_solver_is_that_of_the_closed_form():
    driven, start, goal = rigid_puck({"rtol": 1e-11, "btol": 1e-8})
    Q = np.zeros((12, 12))
    Q[:6, :6] = puck.Q
    F0 = np.zeros((puck.T, 2))
    trace = run(dojo.ilqr(driven, start, goal, F0, Q=Q, R=puck.R, kappa_r=1e-6, kappa_g=0.1), 1)
    assert np.allclose(trace.cost, puck.plans(kappa_g=0.1).cost[:2], rtol=1e-6)


def test_the_tangent_of_driven_bodies_is_the_derivatives():
    driven, start, _ = rigid_puck({"rtol": 1e-11, "btol": 1e-8})
    rng = np.random.default_rng(0)
    z = start + np.concatenate([0.1 * abs(rng.normal(size=6)), np.zeros(4), rng.normal(size=3)])
    F, kappa, d = rng.normal(size=2), 1e-2, 1e-5
    A, B = driven.linearise(z, F, kappa)
    after = driven.step(z, F, kappa)

    def moved(xi):
        x, v, q, omega = driven.apart(z)
        xi = xi[None]
        there = dojo.State(x + xi[:, :3], v + xi[:, 3:6], retract(q, xi[:, 6:9]), omega + xi[:, 9:])
        assert np.allclose(driven.difference(driven.joined(there), z), xi)
        return driven.difference(driven.step(driven.joined(there), F, kappa), after)

    assert np.allclose(A, np.array([(moved(d * e) - moved(-d * e)) / (2 * d) for e in np.eye(12)]).T, atol=1e-5)
    pushed = [driven.difference(driven.step(z, F + d * e, kappa), driven.step(z, F - d * e, kappa)) for e in np.eye(2)]
    assert np.allclose(B, np.array(pushed).T / (2 * d), atol=1e-6)


def test_the_tangent_of_a_box_in_contact_is_the_derivatives():
    driven, z0, _ = pushing.pushed_box()
    driven = dojo.DrivenBodies(driven.system, driven.C, {"rtol": 1e-11, "btol": 1e-8})
    F, kappa, d = np.array([6.0, 3.0]), 1e-2, 1e-6
    z = driven.step(driven.step(z0, F, kappa), F, kappa)  # pressed on the floor, sliding and about to rock
    assert abs(driven.apart(z).omega).max() > 1e-2
    A, B = driven.linearise(z, F, kappa)
    x, v, q, omega = driven.apart(z)
    xi = d * np.concatenate([np.eye(12), -np.eye(12)])[:, None]
    there = dojo.State(x + xi[..., :3], v + xi[..., 3:6], retract(q, xi[..., 6:9]), omega + xi[..., 9:])
    after = driven.step(driven.joined(there), F, kappa)
    assert np.allclose(A, driven.difference(after[:12], after[12:]).T / (2 * d), atol=2e-6 * abs(A).max())
    after = driven.step(z, F + d * np.concatenate([np.eye(2), -np.eye(2)]), kappa)
    assert np.allclose(B, driven.difference(after[:2], after[2:]).T / (2 * d), atol=2e-6 * abs(B).max())


def test_bad_plans_are_refused():
    with pytest.raises(ValueError, match="kappa_g must be positive"):
        puck.plans(kappa_g=0.0)
    with pytest.raises(ValueError, match="goal must be finite"):
        puck.plans(goal=(np.nan, 0.0))
    with pytest.raises(ValueError, match="F0"):
        dojo.ilqr(puck.puck(0.5), np.zeros(6), np.zeros(6), np.zeros(2), Q=puck.Q, R=puck.R, kappa_r=1, kappa_g=1)
    with pytest.raises(ValueError, match="shape of Q"):
        dojo.ilqr(puck.puck(0.5), np.zeros(6), np.zeros(6), np.zeros((3, 2)), Q=puck.R, R=puck.R, kappa_r=1, kappa_g=1)
    with pytest.raises(ValueError, match="shape of C"):
        dojo.Driven(dojo.PointMass(), np.eye(3))
    with pytest.raises(ValueError, match="shape of C"):
        dojo.DrivenBodies(rigid_puck({})[0].system, np.eye(6))
    with pytest.warns(UserWarning, match="below kappa_r"):
        puck.plans(kappa_g=1e-8)
    with pytest.raises(ValueError, match="model"):
        dojo.sliding(np.ones(2), mu=0.2, h=0.1, model="octagon")
    with pytest.raises(ValueError, match="mu"):
        dojo.sliding(np.ones(2), mu=0.0, h=0.1)
    with pytest.raises(ValueError, match="heading"):
        dojo.heading(np.zeros(2))


# Identification


def test_the_normal_equations_are_the_losss_derivatives():
    paths = identification.tosses(range(2), noise=1e-2)
    windows = dojo.windows_of(paths, 3, identification.BALL, 1e-3)
    theta = np.array([[0.3, 0.4], [0.1, 0.6]])
    loss, g, H = windows.normal_equations(theta)
    assert np.allclose(loss, windows.loss(theta))
    for j in range(2):
        d = 1e-6 * np.eye(2)[j]
        assert np.allclose(g[:, j], (windows.loss(theta + d) - windows.loss(theta - d)) / 2e-6, rtol=1e-5, atol=1e-6)
    assert np.allclose(H, H.mT)
    assert (np.linalg.eigvalsh(H) > 0).all()


@pytest.mark.parametrize("shape", ["r", "p"])
def test_the_normal_equations_of_a_rigid_body_are_the_losss_derivatives(shape):
    rng = np.random.default_rng(3)
    solid, theta, path = identification.thrown_cube(12, rng)
    if shape == "r":  # a ball at each corner
        contacts = [replace(contact, p=0.8 * contact.p, r=0.05) for contact in solid.system.contacts]
        solid, theta = dojo.ThrownBody(replace(solid.system, contacts=contacts), "r"), np.append(0.3, np.full(8, 0.05))
    solid = replace(solid, options={"rtol": 1e-11, "btol": 1e-8})
    path = path[9:, :2]  # on the floor at last
    windows = dojo.windows_of(np.stack([path, identification.blurred(path, 1e-3, rng)], 2), 2, solid, 1e-3)
    theta = theta * np.array([1.1, 0.9])[:, None]
    loss, g, H = windows.normal_equations(theta)
    assert np.allclose(loss, windows.loss(theta))
    assert np.allclose(H, H.mT)
    tried = np.argsort(-abs(g[0]))[:3]
    for j in tried:
        d = 1e-6 * np.eye(theta.shape[-1])[j]
        found = (windows.loss(theta + d) - windows.loss(theta - d)) / 2e-6
        assert np.allclose(g[:, j], found, rtol=1e-5, atol=1e-6 * abs(g).max())


def test_a_ball_that_cant_turn_is_identified_as_a_point_mass():
    paths = identification.tosses(range(2))[::10]
    ball, rest = identification.BALL, np.zeros((*paths.shape[:-1], 3))
    upright = np.broadcast_to([1.0, 0, 0, 0], (*paths.shape[:-1], 4))
    system = dojo.System(
        [dojo.Body(1.0, 1e6 * np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.5, 0.2)], h=identification.H
    )
    solid = dojo.ThrownBody(system, "r", {"rtol": 1e-11, "btol": 1e-8})
    there = np.concatenate([paths, upright, rest], -1)
    theta = np.array([[0.2, 0.45], [0.1, 0.55]])
    point = dojo.windows_of(paths, 1, ball, 1e-4).normal_equations(theta)
    rigid = dojo.windows_of(there, 1, solid, 1e-4).normal_equations(theta)
    for mine, theirs in zip(rigid, point, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-4)


def test_identification_of_a_batch_is_that_of_its_replicates():
    paths = identification.tosses(range(3))
    together = identification.fitted(paths, 1e-4)
    for i in range(3):
        alone = identification.fitted(paths[:, :, i], 1e-4)
        assert np.allclose(alone.theta[-1], together.theta[-1, i], rtol=1e-9)


def test_bad_identifications_are_refused():
    paths = identification.tosses(range(1))
    with pytest.raises(ValueError, match="theta0"):
        identification.fitted(paths, 1e-4, np.array([0.9, 0.5]))
    with pytest.raises(ValueError, match="length"):
        dojo.windows_of(paths, 0, identification.BALL, 1e-4)
    with pytest.raises(ValueError, match="kappa"):
        dojo.windows_of(paths, 1, identification.BALL, 0.0)
    with pytest.raises(ValueError, match="shape of after"):
        dojo.Windows(paths[0], paths[0, :2], 1, identification.BALL, 1e-4)
    system = dojo.System([dojo.Body(1.0, np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.5, 0.2)])
    with pytest.raises(ValueError, match="shape must be"):
        dojo.ThrownBody(system, "m")
    with pytest.raises(ValueError, match="bodies must be one"):
        dojo.ThrownBody(replace(system, bodies=system.bodies * 2), "r")
    windows = dojo.windows_of(paths, 1, identification.BALL, 1e-4)
    with pytest.raises(ValueError, match="rho"):
        dojo.gauss_newton(windows, identification.GUESS, rho=0.0)
    with pytest.raises(ValueError, match="shape of upper"):
        dojo.gauss_newton(windows, identification.GUESS, upper=1.0)
    with pytest.raises(ValueError, match="shape of theta0"):
        dojo.gauss_newton(windows, np.ones(3))


# Policies


def test_the_policys_gradient_is_that_of_its_cost():
    problem = puck.steering(0.1)
    soft = dojo.Steering(problem.puck, problem.z0, problem.T, problem.Q, problem.R, kappa_r=0.1, kappa_g=0.1)
    rng = np.random.default_rng(1)
    goals = soft.sample(rng, (2, 5))
    theta = 3 * rng.normal(size=(2, 8))
    found = soft.sample_grad(theta, goals)
    for j in range(8):
        d = 1e-6 * np.eye(8)[j]
        exact = (soft.value(theta + d, goals) - soft.value(theta - d, goals)) / 2e-6
        assert np.allclose(found[:, j], exact, rtol=1e-5, atol=1e-5)


def test_a_search_over_seeds_is_that_of_its_replicates():
    problem = puck.steering()
    together = run(dojo.ars(problem, np.zeros((3, 8)), nu=3.0, rng=common(np.random.default_rng(0), 1)), 3)
    alone = run(dojo.ars(problem, np.zeros(8), nu=3.0, rng=np.random.default_rng(0)), 3)
    assert np.allclose(together.theta, alone.theta[:, None], rtol=1e-9)
    learned = run(adam(problem, np.zeros((3, 8)), alpha=1.0, rng=common(np.random.default_rng(0), 1), size=8), 3)
    single = run(adam(problem, np.zeros(8), alpha=1.0, rng=np.random.default_rng(0), size=8), 3)
    assert np.allclose(learned.x, single.x[:, None], rtol=1e-9)


def test_one_update_of_the_search_is_the_published_one():
    problem, rng = puck.steering(), np.random.default_rng(5)
    after = run(dojo.ars(problem, np.ones(8), nu=2.0, alpha=0.5, directions=4, size=3, rng=rng), 1).theta[1]
    rng = np.random.default_rng(5)
    goals = problem.sample(rng, (3,))
    deltas = rng.normal(size=(4, 8))
    theta, total, returns = np.ones(8), np.zeros(8), []
    for delta in deltas:
        up, down = (-problem.value(theta + sign * 2.0 * delta, goals) for sign in (1, -1))
        returns += [up, down]
        total += (up - down) * delta
    assert np.allclose(after, theta + 0.5 / (4 * np.std(returns)) * total, rtol=1e-10)


def test_bad_policies_are_refused():
    with pytest.raises(ValueError, match="nu must be positive"):
        dojo.ars(puck.steering(), np.zeros(8), nu=0.0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="kappa_g must be positive"):
        puck.steering(0.0)


# Answers

beta1, kappa, v = sp.symbols("beta1 kappa v", real=True)
mu, m, g, h = sp.symbols("mu m g h")
ROOT = sp.sqrt(kappa**2 + 4 * beta1**2 * v**2)
ETA = (kappa + ROOT) / (2 * beta1)


@pytest.mark.parametrize(
    "answer",
    [
        (ETA, -2 * beta1**2 * v / (kappa + ROOT)),
        (sp.expand(ETA), (kappa - ROOT) / (2 * v)),
        (kappa / beta1 / 2 + sp.sqrt((kappa / beta1) ** 2 / 4 + v**2), -beta1 * v / ETA),
    ],
)
def test_right_laws_are_accepted(answer):
    assert attempt(exercises.check_friction_law, *answer).right


@pytest.mark.parametrize(
    ("eta1", "law", "complaint"),
    [
        ((kappa - ROOT) / (2 * beta1), -beta1 * v / ETA, "other root"),
        (ETA, -beta1 * v / ((kappa - ROOT) / (2 * beta1)), "other root"),
        (ETA, -beta1 * v / sp.Abs(v), "keep κ"),
        (ETA, -beta1 * sp.sign(v), "keep κ"),
        (ETA, beta1 * v / ETA, "sign"),
        ((kappa + sp.sqrt(kappa**2 + 4 * v**2)) / 2, -beta1 * v / ETA, "mixed up"),
        (ETA, -2 * beta1 * v / (kappa + sp.sqrt(kappa**2 + 4 * v**2)), "mixed up"),
        (ETA, -beta1 * v, "isn't"),
        (beta1, -beta1 * v / ETA, "doesn't solve"),
        (mu, -beta1 * v / ETA, "may depend on"),
        ("kappa", -beta1 * v / ETA, "text"),
    ],
)
def test_wrong_laws_are_told_why(eta1, law, complaint):
    assert complaint in attempt(exercises.check_friction_law, eta1, law).sentence


def test_step_lengths():
    check = exercises.check_soc_step_length
    assert attempt(check, exercises.boundary_step).right
    assert attempt(check, lambda lam, d, tau: float(dojo.soc_step_length(lam, d, tau))).right
    for mistake, complaint in exercises.MISTAKES.items():
        wrong = attempt(check, lambda lam, d, tau, mistake=mistake: exercises.step_with_mistake(lam, d, tau, mistake))
        assert wrong.sentence == complaint

    def never_inside(lam, d, tau):
        length = exercises.boundary_step(lam, d, tau)
        return length if length < 1 else np.inf

    assert "a full step stays inside" in attempt(check, never_inside).sentence
    for answer in (np.ones(3), None, "0.5", 0.5 + 0j):
        assert "one real number" in attempt(check, lambda lam, d, tau, answer=answer: answer).sentence
    assert "expected" in attempt(check, lambda lam, d, tau: 0.1).sentence


def implicit(v, v_free, m, mu, gamma, kappa):
    c, V2 = mu * gamma, v @ v
    S = np.sqrt(kappa**2 + 4 * c**2 * V2)
    by_v = -2 * c**2 / (kappa + S) * np.eye(2) + 8 * c**4 / (S * (kappa + S) ** 2) * np.outer(v, v)
    by_c = -2 * c / S * v
    return np.linalg.solve(m * np.eye(2) - by_v, by_c * gamma)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_implicit_gradients(seed):
    def check(answer):
        exercises.check_friction_gradient(answer, seed)

    assert attempt(check, implicit).right
    slips = {
        "sign": lambda *given: -implicit(*given),
        "factor γ": lambda *given: implicit(*given) / given[4],
        "hard friction": lambda v, free, m, mu, gamma, kappa: -gamma / m * v / np.linalg.norm(v),
        "held fixed": lambda v, free, m, mu, gamma, kappa: (
            -2 * mu * gamma**2 * v / np.sqrt(kappa**2 + 4 * (mu * gamma) ** 2 * (v @ v)) / m
        ),
        "array (2,)": lambda *given: 0.0,
        "expected": lambda *given: np.zeros(2),
    }
    for complaint, slip in slips.items():
        assert complaint in attempt(check, slip).sentence


def test_thresholds_of_stiction():
    right = np.array([-3, -2.5, -2, -1.75])
    assert exercises.measured_thresholds((0.2, 0.3, 0.4, 0.5)) == tuple(right)
    assert attempt(exercises.check_thresholds, right, 3.2).right
    wrong = {
        "not κ_g itself": (10.0**right + 1, 3.2),
        "natural": (right * np.log(10), 3.2),
        "slides already": (np.full(4, -4.0), 0.0),
        "smallest that works is not": (right + 0.5, 3.2),
        "power near 0": (right, 0.1),
        "rougher": (right, -3.2),
        "slope is near": (right, 7.0),
        "one threshold for each": (right[:2], 3.2),
        "at μ = 0.2 the smallest": (np.full(4, np.nan), 3.2),
        "at μ = 0.4 the smallest": (np.where(np.arange(4) == 2, np.nan, right), 3.2),
        "power as one number": (right, np.nan),
    }
    for complaint, answer in wrong.items():
        assert complaint in attempt(exercises.check_thresholds, *answer).sentence


def test_thresholds_need_frictions_and_powers_need_thresholds():
    with pytest.raises(ValueError, match="mu must be positive and finite, got"):
        puck.thresholds(np.array([0.2, 0.0]))
    with pytest.raises(ValueError, match="log_kappa must be finite, got"):
        puck.exponent(np.array([0.2, 0.4]), np.array([-3, np.inf]))


def test_the_scaling_in_symbols():
    x = m * (mu * g * h) ** 2 / kappa
    check = exercises.check_scaling
    assert attempt(check, kappa / (kappa + m * (mu * g * h) ** 2), mu * m * g).right
    for damping, force, complaint in (
        (sp.Integer(0), mu * m * g, "a little comes through"),
        (1 / (1 + mu), mu * m * g, "depends on κ"),
        (1 + x, mu * m * g, "inverse"),
        (1 / x, mu * m * g, "don't forget the 1"),
        (1 / (1 + m * x), mu * m * g, "β₁ = μγ"),
        (1 / (1 + x), mu * m * g * h, "impulse"),
        (1 / (1 + x), m * g, "breaks loose"),
    ):
        assert complaint in attempt(check, damping, force).sentence


# Claims


@pytest.mark.parametrize(
    "part",
    [
        friction.directions,
        friction.gradients,
        puck.stiction,
        puck.scaling,
        puck.hopping,
        pushing.pushing,
        identification.identify,
        identification.shapes,
        puck.learning,
    ],
    ids=lambda part: part.__name__,
)
def test_claims_hold(part):
    assert part in experiment.EXPERIMENTS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for claim in part(True):
            assert claim.holds, str(claim)
