import numpy as np
import pytest

from optilab.papers.dynamic_reward_weighting.problems import (
    Exact,
    FactoredBandit,
    Heads,
    Judged,
    Responding,
    Tokens,
    instance,
    logit,
)

BANDIT = instance(0)
SMALL = FactoredBandit(np.array([0, 3]), np.array([4, 1]))


def rng(seed=0):
    return np.random.default_rng(seed)


def one_response(problem, theta, c, u):
    """What one response to prompt c is, written out."""
    logits = theta.reshape(problem.C, 14)[c]
    picked = []
    for k, part in enumerate(np.split(logits, (6, 12))):
        q = np.exp(part) / np.exp(part).sum()
        total, action = 0.0, 0
        while total + q[action] <= u[k]:
            total, action = total + q[action], action + 1
        picked.append(action)
    guess, length, form = picked
    right = guess == problem.right[c] and (length >= problem.need[c] or u[3] < 0.25)
    return picked, float(right), 1 + length + form


def test_the_first_instance_starts_where_the_text_says():
    np.testing.assert_allclose(BANDIT.J(BANDIT.start), [0.46595, -4, 0.5], atol=1e-5)
    assert BANDIT.p == 112
    assert BANDIT.K == 3


def test_rewards_are_those_of_responses_written_out():
    theta, noise = rng(1).normal(size=SMALL.p), SMALL.sample(rng(2), 5)
    rollout = SMALL.rollout(theta, noise)
    written = [[one_response(SMALL, theta, c, noise[j, c]) for j in range(5)] for c in range(2)]
    tokens = np.array([[tokens for _, _, tokens in row] for row in written])
    for c in range(2):
        for j in range(5):
            picked, right, count = written[c][j]
            np.testing.assert_array_equal(rollout.R[:, c, j], [right, count < tokens.mean(), picked[2]])
            parts = np.split(rollout.chosen[c, j], (6, 12))
            assert [int(np.flatnonzero(part)[0]) for part in parts] == picked


def test_the_objectives_are_the_means_of_many_responses():
    theta = BANDIT.start + rng(3).normal(size=BANDIT.p) / 2
    R, chosen = BANDIT.rollout(theta, BANDIT.sample(rng(4), 40_000))
    tokens = 1 + chosen[..., 6:12] @ np.arange(6) + chosen[..., 13]
    found = np.array([R[0].mean(), -tokens.mean(), R[2].mean()])
    np.testing.assert_allclose(found, BANDIT.J(theta), atol=0.015)


def test_the_score_is_the_slope_of_the_log_probability_times_the_advantages():
    theta, A = rng(5).normal(size=SMALL.p), rng(6).normal(size=(2, 4))
    rollout = SMALL.rollout(theta, SMALL.sample(rng(7), 4))

    def surrogate(theta):
        policy = np.concatenate(SMALL.policies(theta), -1)
        return (A * np.vecdot(rollout.chosen, np.log(policy)[:, None])).mean()

    by_differences = [(surrogate(theta + d) - surrogate(theta - d)) / 2e-6 for d in 1e-6 * np.eye(SMALL.p)]
    np.testing.assert_allclose(SMALL.score(rollout, theta, A), by_differences, atol=1e-9)


@pytest.mark.parametrize("problem", [Heads(), Heads((3, 2)), Tokens(1), Tokens(4)], ids=str)
def test_jacobians_are_the_slopes_of_the_objectives(problem):
    theta = rng(8).normal(size=(2, problem.p))
    columns = [(problem.J(theta + d) - problem.J(theta - d)) / 2e-6 for d in 1e-6 * np.eye(problem.p)]
    np.testing.assert_allclose(problem.jac(theta), np.stack(columns, -1), atol=1e-9)


@pytest.mark.parametrize("H", [1, 2, 5])
def test_tokens_lie_on_the_front_of_the_text(H):
    J = Tokens(H).J(logit(np.linspace(0.01, 0.99, 9)))
    np.testing.assert_allclose((J ** (1 / H)).sum(-1), 1)


def test_instances_side_by_side_are_each_their_own():
    two = FactoredBandit(np.stack([BANDIT.need, instance(3).need]), np.stack([BANDIT.right, instance(3).right]))
    theta = two.start + rng(9).normal(size=(2, two.p))
    noise = two.sample(rng(10), (2, 4))
    together = two.rollout(theta, noise)
    for i, problem in enumerate((BANDIT, instance(3))):
        alone = problem.rollout(theta[i], noise[i])
        np.testing.assert_array_equal(together.R[i], alone.R)
        np.testing.assert_allclose(two.J(theta)[i], problem.J(theta[i]))
        np.testing.assert_allclose(two.start[i], problem.start)


def test_other_instances_have_needs_of_at_most_2():
    assert {int(need) for seed in range(1, 30) for need in instance(seed).need} == {0, 1, 2}


def test_problems_are_what_their_protocols_say():
    assert isinstance(BANDIT, Responding)
    assert not isinstance(BANDIT, Exact)
    assert isinstance(Heads(), Exact)
    assert not isinstance(Heads(), Responding)
    assert isinstance(Tokens(), Judged)


def test_what_is_no_problem_is_refused():
    with pytest.raises(ValueError, match="need must be whole numbers, 0 … 5"):
        FactoredBandit(np.array([6]), np.array([0]))
    with pytest.raises(ValueError, match="right must be whole numbers, 0 … 5"):
        FactoredBandit(np.array([1]), np.array([-1]))
    with pytest.raises(ValueError, match="the shape of right must be"):
        FactoredBandit(np.array([1]), np.array([1, 2]))
    for H in (0, -1):
        with pytest.raises(ValueError, match="H must be a whole number, 1 or more"):
            Tokens(H)
    for p in (0.0, 1.0, -0.1):
        with pytest.raises(ValueError, match="p must be between 0 and 1"):
            logit(p)
    with pytest.raises(ValueError, match="arms must be 2 or more"):
        Heads((2, 1))
    with pytest.raises(ValueError, match="seed must be a whole number"):
        instance(-1)
    for problem in (BANDIT, Heads()):
        with pytest.raises(ValueError, match="the shape of theta must be"):
            problem.J(np.zeros(3))
