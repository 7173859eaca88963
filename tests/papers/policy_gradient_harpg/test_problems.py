"""Trajectories and their estimators against enumeration, finite differences and Monte Carlo."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.papers.policy_gradient_harpg.problems.pendulum import Pendulum
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import CURVATURE, SCORE, SKEW, SoftmaxMDP
from optilab.problems.episodes import Trajectory
from optilab.problems.mdp import MDP, grid_world, random_mdp

PLANT = LinearGaussian()


def rng(seed=0):
    return np.random.default_rng(seed)


def small(seed=0, S=3, A=2, H=3, reference=True):
    return SoftmaxMDP(random_mdp(seed, S, A), rng(seed).dirichlet(np.ones(S)), H, reference)


def differences(problem, theta, u, h=1e-4):
    return (problem.grad(theta + h * u) - problem.grad(theta - h * u)) / (2 * h)


PROBLEMS = {"plant": PLANT, "table": small(H=6), "pendulum": Pendulum(H=12, drawn=50)}


def test_the_plant_has_a_flat_place_far_below_its_top():
    place = np.array([-5.0, 3.0])
    assert PLANT.maximum - float(PLANT(place)) == pytest.approx(6.35, abs=0.01)
    assert np.linalg.norm(PLANT.grad(place)) == pytest.approx(0.205, abs=1e-3)


# The estimators, exactly


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 1000), st.sampled_from([(2, 3, 3), (3, 2, 3), (5, 3, 2), (2, 2, 3)]), st.booleans(), st.floats(0, 3)
)
def test_gradient_and_product_are_unbiased_by_enumeration(seed, sizes, reference, scale):
    problem = small(seed, *sizes, reference=reference)
    theta, u = rng(seed).normal(size=(2, problem.p)) * np.array([[scale], [1.0]])
    tau = problem.all_trajectories()
    chance = problem.probability(tau, theta)
    assert chance.sum() == pytest.approx(1)
    assert chance @ problem.returns(tau) == pytest.approx(float(problem(theta)))
    np.testing.assert_allclose(problem.enumerated_grad(theta), problem.grad(theta), atol=1e-9)
    np.testing.assert_allclose(chance @ problem.each_Bu(tau, theta, u), differences(problem, theta, u), atol=1e-6)


def test_the_mean_of_B_is_symmetric_and_B_is_not():
    problem = small(1)
    theta = rng(1).normal(size=problem.p)
    hess = problem.enumerated_hess(theta)
    np.testing.assert_allclose(hess, hess.T, atol=1e-12)
    one = problem.rollout(theta, problem.sample(rng(2), 1))
    B = np.stack([problem.Bu(one, theta, unit) for unit in np.eye(problem.p)], -1)
    assert abs(B - B.T).max() > 0.01


def test_likelihood_ratios_are_unbiased_and_one_at_the_same_point():
    problem = small(2)
    here, there = rng(3).normal(size=(2, problem.p))
    tau = problem.all_trajectories()
    chance = problem.probability(tau, here)
    each = np.stack([problem.g_weighted(type(tau)(*(x[None, i] for x in tau)), there, here) for i in range(len(tau.s))])
    np.testing.assert_allclose(chance @ each, problem.grad(there), atol=1e-9)
    np.testing.assert_allclose(problem.g_weighted(tau, here, here), problem.g(tau, here), atol=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_scores_slopes_and_curvature_are_derivatives_of_log_prob(problem):
    theta, u = rng(4).normal(size=(2, problem.p)) * 0.5
    tau = problem.rollout(theta, problem.sample(rng(5), 4))
    c, h = rng(6).normal(size=tau.r.shape), 1e-4
    ahead, here, behind = (problem.log_prob(tau, theta + step * u) for step in (h, 0, -h))
    np.testing.assert_allclose(problem.slope(tau, theta, u), (ahead - behind) / (2 * h), atol=1e-6)
    np.testing.assert_allclose(problem.score(tau, theta, c) @ u, (c * (ahead - behind)).sum(-1) / (2 * h), atol=1e-5)
    second = (c * (ahead - 2 * here + behind)).sum(-1) / h**2
    np.testing.assert_allclose(problem.curvature(tau, theta, c, u) @ u, second, atol=1e-5)


# The plant


def test_the_exact_objective_is_the_mean_of_a_hundred_thousand_trajectories():
    thetas = np.array([[0.0, 0.0], [-2.7, -2.7]])
    tau = PLANT.rollout(thetas, PLANT.sample(rng(10), (2, 100_000)))
    returns = PLANT.returns(tau)
    error = returns.std(-1) / np.sqrt(returns.shape[-1])
    assert (abs(returns.mean(-1) - PLANT(thetas)) < 4 * error).all()


def test_the_covariance_is_the_one_that_is_seen_and_fisher_the_mean_of_squared_scores():
    theta = np.array([-1.0, -0.5])
    tau = PLANT.rollout(theta, PLANT.sample(rng(11), 50_000))
    seen = np.einsum("nhi,nhj->hij", tau.s, tau.s) / 50_000
    np.testing.assert_allclose(seen, PLANT.covariances(theta), atol=0.03)
    slopes = np.stack([PLANT.slope(tau, theta, axis) for axis in np.eye(2)], -1)
    weights = PLANT.discounts / PLANT.discounts.sum()
    fisher = np.einsum("h,nhi,nhj->ij", weights, slopes, slopes) / 50_000
    np.testing.assert_allclose(fisher, PLANT.fisher(theta), rtol=0.05, atol=0.02)


def test_known_figures_of_the_plant():
    assert float(PLANT(np.zeros(2))) == pytest.approx(-4.08364, abs=5e-6)
    np.testing.assert_allclose(PLANT.maximizer, [-2.690, -2.729], atol=5e-4)
    assert pytest.approx(-1.433953, abs=1e-6) == PLANT.maximum
    np.testing.assert_allclose(PLANT.grad(np.zeros(2)), [-2.687, -2.245], atol=5e-4)
    np.testing.assert_allclose(PLANT.grad(PLANT.maximizer), 0, atol=1e-4)


def test_the_exact_reward_is_finite_far_out_where_the_loop_is_unstable():
    angles = np.linspace(0, 2 * np.pi, 100)
    far = 10 * np.stack([np.cos(angles), np.sin(angles)], -1)
    rewards = PLANT.rewards(far)
    assert np.isfinite(rewards).all()
    assert (rewards <= 0).all()
    assert (rewards >= -1).all()


def test_a_shift_of_the_reward_moves_no_gradient_but_its_spread():
    shifted = dataclasses.replace(PLANT, shift=0.5)
    theta, noise = np.zeros(2), PLANT.sample(rng(12), 40_000)
    np.testing.assert_allclose(shifted.grad(theta), PLANT.grad(theta), atol=1e-8)
    wide, narrow = (problem.each_g(problem.rollout(theta, noise), theta).std(0) for problem in (PLANT, shifted))
    np.testing.assert_allclose(wide, [21, 15], rtol=0.05)
    np.testing.assert_allclose(narrow, [9.4, 6.3], rtol=0.05)


def test_what_the_horizon_cuts_off_is_what_a_longer_one_adds():
    theta = np.array([-1.0, -1.0])
    long = dataclasses.replace(PLANT, H=600)
    assert PLANT.beyond(theta) == pytest.approx(float(long(theta) - PLANT(theta)), abs=1e-9)
    assert dataclasses.replace(PLANT, H=400).beyond(theta) == pytest.approx(0, abs=1e-12)


# The table


def test_softmax_derivatives_stay_within_their_constants():
    problem = small(3, S=2, A=4, reference=False)
    theta, u = rng(13).normal(size=(2, problem.p)) * 3
    scores = problem.scores(theta)
    assert np.linalg.norm(scores, axis=-1).max() <= SCORE
    tau = problem.rollout(theta, problem.sample(rng(14), 50))
    bent = problem.curvature(tau, theta, np.eye(3)[0] * np.ones(tau.r.shape), u / np.linalg.norm(u))
    assert np.linalg.norm(bent, axis=-1).max() <= CURVATURE


def test_the_third_derivative_of_a_log_probability_is_largest_for_two_actions_at_one_place():
    def third(problem, theta, u, h=1e-2):
        behind2, behind, ahead, ahead2 = (np.log(problem.policy(theta + k * h * u))[..., 0, 0] for k in (-2, -1, 1, 2))
        return (ahead2 - 2 * ahead + 2 * behind - behind2) / (2 * h**3)

    for A in (2, 3, 5):
        problem = small(S=1, A=A, H=1, reference=False)
        theta, u = rng(A).normal(size=(2, 2000, A)) * np.array([[[2.0]], [[1.0]]])
        found = abs(third(problem, theta, u / np.linalg.norm(u, axis=-1, keepdims=True)))
        assert found.max() <= SKEW
    chance = (1 + 1 / np.sqrt(3)) / 2
    at = np.array([np.log(chance / (1 - chance)), 0.0])
    largest = third(small(S=1, A=2, H=1, reference=False), at, np.array([1, -1]) / np.sqrt(2))
    assert abs(largest) == pytest.approx(SKEW, rel=1e-3)


@pytest.mark.parametrize("reference", [True, False])
def test_the_endless_objective_is_the_limit_of_long_horizons(reference):
    problem = small(4, H=300, reference=reference)
    theta = rng(15).normal(size=problem.p)
    V, Q = problem.values(theta)
    assert float(problem(theta)) == pytest.approx(problem.rho @ V, abs=1e-9)
    np.testing.assert_allclose((problem.policy(theta) * Q).sum(-1), V)
    np.testing.assert_allclose(problem.endless_grad(theta), problem.grad(theta), atol=1e-8)
    assert problem.occupancy(problem.policy(theta)).sum() == pytest.approx(1)
    smallest = np.linalg.eigvalsh(problem.fisher(theta)).min()
    if reference:
        assert smallest > 1e-3
    else:
        assert smallest == pytest.approx(0, abs=1e-12)  # a constant added to all logits of a state


def test_a_terminal_state_is_never_left_and_pays_nothing():
    problem = SoftmaxMDP(grid_world(2, pit=(0, 1)), np.array([0.0, 0.5, 0.5, 0.0]), 4)
    theta = rng(16).normal(size=problem.p)
    tau = problem.rollout(theta, problem.sample(rng(17), 200))
    over = problem.mdp.terminal[tau.s]
    assert (np.diff(over.astype(int), axis=-1) >= 0).all()
    assert (tau.r[over] == 0).all()
    assert (tau.s[:, 1:][over[:, :-1]] == tau.s[:, :-1][over[:, :-1]]).all()


def test_trajectories_of_a_table_are_drawn_as_often_as_they_are_likely():
    problem = small(5, S=2, A=2, H=2)
    theta = rng(18).normal(size=problem.p)
    every = problem.all_trajectories()
    seen = problem.rollout(theta, problem.sample(rng(19), 100_000))
    code = (seen.s * 2 + seen.a) @ np.array([4, 1])
    count = np.bincount(code, minlength=16) / 100_000
    chance = problem.probability(every, theta)
    assert (abs(count - chance) < 4 * np.sqrt(chance * (1 - chance) / 100_000) + 1e-9).all()


# The pendulum


def test_the_pendulum_is_an_euler_step_of_its_equation_and_gains_hold_it_up():
    pendulum = Pendulum()
    theta = np.array([-4.0, -2.0])
    angle, speed, u = pendulum.motion(theta, pendulum.sample(rng(20), 3))
    np.testing.assert_allclose(np.diff(angle, axis=0), 0.05 * speed[:-1])
    np.testing.assert_allclose(np.diff(speed, axis=0), 0.05 * (np.sin(angle) - 0.1 * speed + u)[:-1])
    falling, held = pendulum(np.array([[0.0, 0.0], [-8.0, -4.0]]))
    assert falling == pytest.approx(-10.1, abs=0.4)
    assert held == pytest.approx(-1.06, abs=0.06)


# Refusals


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: LinearGaussian(gamma=1.0), r"gamma must be in \[0, 1\)"),
        (lambda: LinearGaussian(H=0), "horizon H"),
        (lambda: LinearGaussian(sigma=0.0), "sigma must be positive"),
        (lambda: LinearGaussian(A=np.eye(3)), "shape of A"),
        (lambda: LinearGaussian(A=np.ones((2, 3))), "shape of A"),
        (lambda: LinearGaussian(B=np.ones(3)), "shape of B"),
        (lambda: LinearGaussian(Q=np.ones(2)), "shape of Q"),
        (lambda: LinearGaussian(Q=-np.eye(2)), "Q must be symmetric"),
        (lambda: LinearGaussian().beyond(np.zeros(2), steps=0), "steps must be a whole number"),
        (lambda: LinearGaussian()(np.zeros(3)), "shape of theta"),
        (lambda: LinearGaussian().rollout(np.zeros(3), np.zeros((1, 20, 3))), "shape of theta"),
        (lambda: Pendulum()(np.zeros(3)), "shape of theta"),
        (lambda: small()(np.zeros(2)), "shape of theta"),
        (lambda: Pendulum(drawn=0), "drawn"),
        (lambda: SoftmaxMDP(random_mdp(0), np.ones(3), 3), "rho must be a distribution"),
        (lambda: SoftmaxMDP(random_mdp(0), np.ones(2) / 2, 3), "shape of rho"),
        (lambda: SoftmaxMDP(random_mdp(0, A=1), np.ones(3) / 3, 3), "number of actions"),
        (lambda: small(H=12).all_trajectories(), "number of trajectories"),
        (lambda: random_mdp(0, 0), "numbers of states"),
    ],
)
def test_bad_problems_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_lists_are_taken_for_arrays():
    theta = np.array([-0.5, 0.2])
    lists = LinearGaussian(A=[[0.95, 0.3], [0, 0.9]], B=[0, 0.35], Q=[[1.5, 0], [0, 0.3]])
    assert lists([-0.5, 0.2]) == LinearGaussian()(theta)
    mdp = random_mdp(0)
    table = SoftmaxMDP(mdp, [0.2, 0.3, 0.5], 3)
    point = rng(1).normal(size=table.p)
    assert table(point) == SoftmaxMDP(mdp, np.array([0.2, 0.3, 0.5]), 3)(point)


def test_a_hessian_vector_product_needs_no_matrix():
    S, A, H = 500, 11, 20
    stay = np.broadcast_to(np.eye(S)[:, None, :], (S, A, S))
    reward = np.broadcast_to(rng(21).normal(size=(S, A, 1)), (S, A, S))
    problem = SoftmaxMDP(MDP(stay, reward, np.zeros(S, bool), 0.9), np.full(S, 1 / S), H)
    theta, u = rng(22).normal(size=(2, problem.p))
    s, a = rng(23).integers(S, size=(1, H)), rng(24).integers(A, size=(1, H))
    tau = Trajectory(s, a, problem.mdp.reward[s, a])
    tracemalloc.start()
    problem.Bu(tau, theta, u)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert problem.p == 5000
    assert peak < 2e6  # bytes; the matrix would need 200 million
