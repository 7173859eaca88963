"""Advantages of groups of responses, held against plain loops and against what they promise."""

import numpy as np
import pytest

from optilab.classics.group_advantages import ESTIMATORS, dr_grpo, grpo, reinforce, rloo, whitened

R = np.random.default_rng(0).normal([[1.0], [-3.0], [0.5]], 2.0, (2, 3, 5))


def by_loops(name, r):
    """Advantages of one batch (G, n), response by response."""
    A = np.empty_like(r)
    everything = [value for group in r for value in group]
    for g, group in enumerate(r):
        for j, value in enumerate(group):
            mean = sum(group) / len(group)
            others = [other for k, other in enumerate(group) if k != j]
            spread = (sum((other - mean) ** 2 for other in group) / (len(group) - 1)) ** 0.5
            middle = sum(everything) / len(everything)
            variance = sum((other - middle) ** 2 for other in everything) / (len(everything) - 1)
            A[g, j] = {
                "GRPO": (value - mean) / (spread + 1e-6),
                "Dr. GRPO": value - mean,
                "RLOO": value - sum(others) / len(others),
                "REINFORCE++": (value - middle) / (variance + 1e-8) ** 0.5,
                "REINFORCE": value,
            }[name]
    return A


@pytest.mark.parametrize("name", ESTIMATORS)
def test_advantages_are_those_of_plain_loops_batch_by_batch(name):
    together = ESTIMATORS[name](R)
    for i in range(2):
        np.testing.assert_allclose(together[i], by_loops(name, R[i]), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("estimator", [grpo, dr_grpo, rloo])
def test_the_advantages_of_a_group_sum_to_zero(estimator):
    np.testing.assert_allclose(estimator(R).sum(-1), 0, atol=1e-12)


def test_those_of_a_whitened_batch_have_mean_0_and_variance_1():
    A = whitened(R)
    np.testing.assert_allclose(A.mean((-2, -1)), 0, atol=1e-13)
    np.testing.assert_allclose(A.var((-2, -1), ddof=1), 1, rtol=1e-6)
    assert abs(A.mean(-1)).min() > 0.01  # but not group by group


@pytest.mark.parametrize("factor", [0.5, 2.0, 40.0])
def test_a_factor_on_all_rewards_cancels_where_a_deviation_divides(factor):
    for estimator in (grpo, whitened):
        np.testing.assert_allclose(estimator(factor * R), estimator(R), rtol=1e-5)
    for estimator in (dr_grpo, rloo, reinforce):
        np.testing.assert_allclose(estimator(factor * R), factor * estimator(R), rtol=1e-12)


@pytest.mark.parametrize("estimator", [grpo, dr_grpo, rloo])
def test_equal_rewards_have_no_advantage(estimator):
    r = np.array([[0.1, 0.1, 0.1], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(estimator(r)[0], 0, atol=1e-9)
    np.testing.assert_allclose(whitened(np.full((2, 3), 0.1)), 0, atol=1e-9)
    assert abs(estimator(r)[1]).min() > 0.3


@pytest.mark.parametrize("estimator", [grpo, dr_grpo])
def test_a_group_of_one_keeps_its_reward(estimator):
    np.testing.assert_array_equal(estimator(R[..., :1]), R[..., :1])


def test_leaving_one_out_of_one_keeps_the_reward_and_warns():
    with pytest.warns(UserWarning, match="no others"):
        np.testing.assert_array_equal(rloo(R[..., :1]), R[..., :1])


@pytest.mark.parametrize("estimator", ESTIMATORS.values())
def test_what_is_no_batch_of_rewards_is_refused(estimator):
    for bad in (np.ones(3), np.ones((3, 0)), np.ones((0, 3))):
        with pytest.raises(ValueError, match="the shape of the rewards must be"):
            estimator(bad)
    with pytest.raises(ValueError, match="must be"):
        estimator(np.array([[1.0, np.nan]]))


def test_numbers_that_are_not_allowed_are_refused():
    with pytest.raises(ValueError, match="the number of responses must be 2 or more"):
        whitened(np.ones((1, 1)))
    for estimator in (grpo, whitened):
        with pytest.raises(ValueError, match="epsilon must be positive"):
            estimator(R, 0.0)
