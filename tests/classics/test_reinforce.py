"""REINFORCE, on problems whose gradients are known."""

import numpy as np
import pytest

from optilab.classics.reinforce import reinforce
from optilab.core.counted import Counted
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import SoftmaxMDP
from optilab.problems.mdp import random_mdp

PLANT = LinearGaussian(H=8)


def rng(seed=0):
    return np.random.default_rng(seed)


def falling(T):
    return (2 / np.arange(2, T + 2)) ** (2 / 3)


@pytest.mark.parametrize("normalised", [False, True])
def test_it_is_a_step_along_the_mean_of_single_gradients(normalised):
    theta0, draws = np.array([-0.5, 0.1]), rng(1)
    gamma = 0.02 / np.arange(1, 11)
    trace = run(reinforce(PLANT, theta0, gamma=gamma, N=3, rng=rng(1), normalised=normalised), 10)
    theta = theta0
    for t in range(10):
        tau = PLANT.rollout(theta, PLANT.sample(draws, 3))
        single = []
        for s, a, r in zip(*tau, strict=True):
            score = (a - s @ theta)[:, None] * s / PLANT.sigma**2
            ahead = [sum(PLANT.gamma**h * r[h] for h in range(step, 8)) for step in range(8)]
            single.append(np.array(ahead) @ score)
        d = np.mean(single, 0)
        theta = theta + gamma[t] * (d / np.linalg.norm(d) if normalised else d)
        np.testing.assert_allclose(trace.theta[t + 1], theta, atol=1e-12)
        np.testing.assert_allclose(trace.d[t + 1], d, atol=1e-10)


def test_it_climbs_where_gradients_are_good():
    plain = run(reinforce(PLANT, np.zeros((5, 2)), gamma=0.1 * falling(60), N=200, rng=rng(11)), 60)
    assert (PLANT(plain.theta[-1]) > PLANT(plain.theta[0]) + 0.5).all()
    table = SoftmaxMDP(random_mdp(0), np.ones(3) / 3, 20)
    path = run(reinforce(table, np.zeros(3), gamma=falling(150), N=50, rng=rng(2)), 150)
    best = table.rho @ table.mdp.optimal().max(-1)
    before, after = best - table(path.theta[[0, -1]])
    assert after < before / 2


def test_a_batch_is_its_replicates_one_by_one_and_trajectories_are_counted():
    gamma = np.multiply.outer(falling(7), [0.01, 0.1])
    counted = Counted(PLANT, {"sample": "trajectories"})
    states = reinforce(counted, np.zeros((2, 2)), gamma=gamma, N=5, rng=common(rng(3)))
    together = run(states, 7, oracle=counted)
    assert together.calls["trajectories"].tolist() == [5 * k for k in range(8)]
    for i in range(2):
        alone = run(reinforce(PLANT, np.zeros(2), gamma=gamma[:, i], N=5, rng=rng(3)), 7)
        np.testing.assert_allclose(together.theta[:, i], alone.theta, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"gamma": []}, "gamma must be an array"),
        ({"gamma": 0.1}, "gamma must be an array"),
        ({"N": 0}, "batch N must be"),
        ({"N": True}, "batch N must be"),
        ({"gamma": [0.1, -1.0]}, "gamma must be 0 or more"),
        ({"gamma": [np.inf]}, "gamma must be 0 or more and finite"),
        ({"gamma": [np.nan]}, "gamma must be 0 or more and finite"),
        ({"theta0": np.zeros(3)}, "shape of theta0"),
        ({"theta0": np.array([0, np.inf])}, "theta0 must be finite"),
        ({"theta0": np.zeros((2, 2)), "gamma": np.ones((5, 3))}, "shape of gamma"),
        ({"gamma": ["a"]}, "gamma must be an array"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(settings, says):
    given = {"theta0": np.zeros(2), "gamma": 0.1 * np.ones(5), "rng": rng()} | settings
    with pytest.raises(ValueError, match=says):
        reinforce(PLANT, given.pop("theta0"), **given)
