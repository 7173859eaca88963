"""Sliding, iLQR for point masses and rigid bodies, and learned policies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_are
from scipy.optimize import minimize

from optilab.core.run import run
from optilab.papers.dojo import algorithm as dojo
from optilab.papers.dojo.experiment import friction, puck, pushing

ANGLES = st.floats(0, 360)


# sliding


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


KAPPA, GOAL = 0.1, np.array([1, 0.5, 0, 0, 0, 0])
PUCK, AT_REST = puck.puck(0.5), dojo.PointMass().at_rest(KAPPA)


def cost_and_slope(forces):
    """Of pushing the puck by forces (2 T,), with gradients as soft as the contact itself."""
    z, F = dojo.forward(PUCK, AT_REST, forces.reshape(-1, 2), KAPPA)
    A, B = PUCK.linearise(z[:-1], F, KAPPA)
    slope = dojo.control_gradient(A, B, F, z[-1] - GOAL, puck.Q, puck.R)
    return float(dojo.cost_of(PUCK, z, F, GOAL, puck.Q, puck.R)), slope.ravel()


def test_the_controls_gradient_is_that_of_the_cost():
    at = 4 * np.random.default_rng(0).normal(size=2 * puck.T)
    _, found = cost_and_slope(at)
    exact = [(cost_and_slope(at + e)[0] - cost_and_slope(at - e)[0]) / 2e-6 for e in 1e-6 * np.eye(at.size)]
    assert np.allclose(found, exact, rtol=1e-6, atol=1e-6)


def test_a_general_minimiser_finds_no_lower_cost():
    F0 = np.zeros((puck.T, 2))
    trace = run(dojo.ilqr(PUCK, AT_REST, GOAL, F0, Q=puck.Q, R=puck.R, kappa_r=KAPPA, kappa_g=KAPPA), 200)
    lowest = minimize(cost_and_slope, trace.F[-1], jac=True, method="BFGS")
    assert lowest.fun >= trace.cost[-1] * (1 - 1e-3)


def test_the_line_search_takes_the_largest_step_that_lowers_the_cost():
    kappa_g = np.array([1.0, 0.1, 0.02])
    trace = puck.plans(kappa_g=kappa_g)
    assert (np.diff(trace.cost, axis=0) <= 0).all()
    assert trace.settled[-1].all()
    z0 = trace.z[0, 0]
    tried = 0
    for k in range(len(trace.step) - 1):
        F = np.moveaxis(trace.F[k].reshape(3, puck.T, 2), 0, 1)
        A, B = PUCK.linearise(trace.z[k, :-1], F, kappa_g)
        d, K = dojo.backward(A, B, F, trace.z[k, -1] - GOAL, puck.Q, puck.R, trace.rho[k])
        lengths = 2.0 ** -np.arange(12)
        starts = np.broadcast_to(z0, (12, 3, 6))
        paths = dojo.forward(PUCK, starts, F[:, None] + lengths[:, None, None] * d[:, None], 1e-6, K, trace.z[k])
        lower = dojo.cost_of(PUCK, *paths, GOAL, puck.Q, puck.R) < trace.cost[k]
        best = np.where(lower.any(0), lengths[lower.argmax(0)], 0)
        going = ~trace.settled[k]
        assert np.array_equal(trace.alpha[k + 1][going], best[going])
        tried += (best[going] < 1 / 4).sum()
    assert tried  # some were found after the first few


def test_frictions_and_softnesses_broadcast():
    mu, kappa_g = np.array([0.2, 0.5, 0.8]), np.array([0.1, 1e-3])
    every = puck.plans(mu[:, None], kappa_g[None, :]).cost[-1]
    assert every.shape == (3, 2)
    assert np.allclose(every, [[puck.plans(one, other).cost[-1] for other in kappa_g] for one in mu], rtol=1e-9)
    assert np.allclose(puck.plans(mu, 0.1).cost[-1], every[:, 0], rtol=1e-9)


def test_a_goal_that_is_reached_costs_nothing():
    trace = puck.plans(goal=(0.0, 0.0))
    assert not trace.cost.any()
    assert trace.settled[-1]
    assert not trace.F.any()


def rigid_puck(options):
    """The puck as a rigid body that touches the floor with its centre, its start and its goal."""
    pushes = np.zeros((1, 6, 2))
    pushes[0, :2] = np.eye(2)
    system = dojo.System([dojo.Body(1.0, np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.0, 0.5)], h=0.1)
    driven = dojo.DrivenBodies(system, pushes, options)
    start, goal = (dojo.joined(dojo.state_of(x)) for x in ((0, 0, 1e-6 / 0.981), (1, 0.5, 0)))
    return driven, start, goal


def test_ilqr_through_the_interior_point_solver_is_that_of_the_closed_form():
    driven, start, goal = rigid_puck({"rtol": 1e-11, "btol": 1e-8})
    Q = np.zeros((12, 12))
    Q[:6, :6] = puck.Q
    F0 = np.zeros((puck.T, 2))
    trace = run(dojo.ilqr(driven, start, goal, F0, Q=Q, R=puck.R, kappa_r=1e-6, kappa_g=0.1), 1)
    assert np.allclose(trace.cost, puck.plans(kappa_g=0.1).cost[:2], rtol=1e-6)


def in_the_air():
    driven, start, _ = rigid_puck({"rtol": 1e-11, "btol": 1e-8})
    rng = np.random.default_rng(0)
    z = start + np.concatenate([0.1 * abs(rng.normal(size=6)), np.zeros(4), rng.normal(size=3)])
    return driven, z, rng.normal(size=2)


def pressed_on_the_floor():
    """A box that slides and is about to rock."""
    driven, z0, _ = pushing.pushed_box()
    driven = dojo.DrivenBodies(driven.system, driven.C, {"rtol": 1e-11, "btol": 1e-8})
    F = np.array([6.0, 3.0])
    z = driven.step(driven.step(z0, F, 1e-2), F, 1e-2)
    assert abs(dojo.apart(z).omega).max() > 1e-2
    return driven, z, F


@pytest.mark.parametrize("case", [in_the_air, pressed_on_the_floor])
def test_the_tangent_of_driven_bodies_is_the_derivatives(case):
    driven, z, F = case()
    A, B = driven.linearise(z, F, 1e-2)
    d = 1e-6 * np.concatenate([np.eye(12), -np.eye(12)])
    after = driven.step(dojo.moved(z, d), F, 1e-2)
    assert np.allclose(A, driven.difference(after[:12], after[12:]).T / 2e-6, atol=2e-6 * abs(A).max())
    after = driven.step(z, F + 1e-6 * np.concatenate([np.eye(2), -np.eye(2)]), 1e-2)
    assert np.allclose(B, driven.difference(after[:2], after[2:]).T / 2e-6, atol=2e-6 * abs(B).max())


def planned(F0, Q, R=puck.R):
    return dojo.ilqr(puck.puck(0.5), np.zeros(6), np.zeros(6), F0, Q=Q, R=R, kappa_r=1, kappa_g=1)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: puck.plans(kappa_g=0.0), "kappa_g must be positive"),
        (lambda: planned(np.zeros(2), puck.Q), "F0"),
        (lambda: planned(np.zeros((3, 2)), puck.R), "shape of Q"),
        (lambda: planned(np.zeros((3, 2)), np.diag([1.0, 1, 1, 1, 1, -1])), "Q must be symmetric"),
        (lambda: planned(np.zeros((3, 2)), puck.Q, np.diag([1.0, -1.0])), "R must be symmetric"),
        (lambda: planned(np.zeros((3, 2)), puck.Q, np.array([[1.0, 0.5], [0.0, 1.0]])), "R must be symmetric"),
        (lambda: planned(np.zeros((3, 2)), puck.Q, np.full((2, 2), np.nan)), "R must be symmetric"),
        (lambda: puck.plans(np.full(2, 0.5), np.full(3, 0.1)), "replicates broadcast"),
        (lambda: dojo.Driven(dojo.PointMass(), np.eye(3)), "shape of C"),
        (lambda: dojo.DrivenBodies(rigid_puck({})[0].system, np.eye(6)), "shape of C"),
        (lambda: dojo.sliding(np.ones(2), mu=0.2, h=0.1, model="octagon"), "model must be one of cone, pyramid"),
        (lambda: dojo.sliding(np.ones(2), mu=0.0, h=0.1), "mu"),
        (lambda: dojo.heading(np.zeros(2)), "heading"),
        (lambda: dojo.heading(0.5), "the vector x must be finite, of shape"),
        (lambda: dojo.cone_path(np.ones(2), np.nan), "mu must be positive and finite"),
        (lambda: dojo.cone_path(np.ones(2), 0.3, h=-1.0), "h must be 0 or more"),
        (lambda: dojo.pyramid_path(np.ones(2), 0.3, g="9.81 m/s²"), "g must be a number"),
        (lambda: dojo.pyramid_path(1.0, 0.3), "v0 must be finite, of shape"),
        (lambda: dojo.PointMass().at_rest(-1.0), "kappa must be positive"),
        (lambda: dojo.PointMass(m="heavy"), "m must be a number"),
        (lambda: dojo.box((1, 1, 1), m=None), "m must be a number"),
        (lambda: dojo.System([dojo.Body(1.0, np.eye(3))], h="short"), "h must be a number"),
        (lambda: planned(np.zeros((3, 2)), puck.Q, 0.5), "R"),
        (
            lambda: dojo.ars(puck.steering(), np.zeros(8), nu=0.0, rng=np.random.default_rng(0)),
            "nu must be positive",
        ),
        (lambda: puck.steering(0.0), "kappa_g must be positive"),
    ],
)
def test_bad_plans_are_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()


def test_gradients_harder_than_the_rollouts_are_warned_of():
    with pytest.warns(UserWarning, match="below kappa_r"):
        puck.plans(kappa_g=1e-8)


# policies


def test_the_policys_gradient_is_that_of_its_cost():
    problem = puck.steering(0.1)
    soft = dojo.Steering(problem.puck, problem.z0, problem.T, problem.Q, problem.R, kappa_r=0.1, kappa_g=0.1)
    rng = np.random.default_rng(1)
    goals = soft.sample(rng, (2, 5))
    theta = 3 * rng.normal(size=(2, 8))
    found = soft.sample_grad(theta, goals)
    for j in range(8):
        d = 1e-6 * np.eye(8)[j]
        exact = (soft.sample_value(theta + d, goals) - soft.sample_value(theta - d, goals)) / 2e-6
        assert np.allclose(found[:, j], exact, rtol=1e-5, atol=1e-5)


def test_one_update_of_the_search_is_the_published_one():
    problem, rng = puck.steering(), np.random.default_rng(5)
    after = run(dojo.ars(problem, np.ones(8), nu=2.0, alpha=0.5, directions=4, size=3, rng=rng), 1).theta[1]
    rng = np.random.default_rng(5)
    goals = problem.sample(rng, (3,))
    deltas = rng.normal(size=(4, 8))
    theta, total, returns = np.ones(8), np.zeros(8), []
    for delta in deltas:
        up, down = (-problem.sample_value(theta + sign * 2.0 * delta, goals) for sign in (1, -1))
        returns += [up, down]
        total += (up - down) * delta
    assert np.allclose(after, theta + 0.5 / (4 * np.std(returns)) * total, rtol=1e-10)
