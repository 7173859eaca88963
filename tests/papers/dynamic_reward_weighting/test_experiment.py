import numpy as np
import pytest

from optilab.papers.dynamic_reward_weighting import experiment as ex
from optilab.papers.dynamic_reward_weighting.problems import Heads


def test_methods_are_compared_on_the_same_responses_whatever_else_runs_beside_them():
    together = ex.learn("fixed weights", "RLOO", [3, 8], steps=15)
    alone = ex.learn("fixed weights", "RLOO", [8], steps=15)
    np.testing.assert_allclose(together.J[:, 1], alone.J[:, 0], atol=1e-10)
    np.testing.assert_allclose(together.HV[:, 1], alone.HV[:, 0], atol=1e-10)
    moving = ex.learn("gradient-based", "RLOO", [3, 8], steps=15, ratio=0.0)
    np.testing.assert_allclose(moving.J, together.J, atol=1e-9)


def test_the_step_at_which_a_level_is_reached():
    HV = np.array([[0.0, 0.0], [1.0, 0.5], [2.0, 0.7]])
    np.testing.assert_array_equal(ex.reached(HV, np.array([1.0, 0.9])), [1, np.inf])


def test_the_distance_to_another_path_is_that_of_the_farthest_point():
    path, other = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0], [0.0, 4.0]])
    assert ex.nearest(path, other) == pytest.approx(3)


@pytest.mark.parametrize(
    ("ratio", "steps"), [(0.0, 95), (0.1, 98), (0.3, 103), (1.0, 126), (3.0, 219), (10.0, 343), (1e3, 80), (1e4, 69)]
)
def test_the_steps_of_moving_weights_on_three_heads(ratio, steps):
    assert ex.heads_steps("gradient-based", ratio=ratio) == steps


@pytest.mark.parametrize(("ratio", "steps"), [(0.0, 95), (10.0, 91), (1e3, 67), (1e9, 65)])
def test_weights_that_forget_are_never_slower_than_even_ones(ratio, steps):
    assert ex.forgetful_steps(ratio) == steps


def test_steps_that_are_too_few_say_so():
    assert ex.steps_to_all(Heads().J(np.zeros((3, 22)))) == np.inf


def test_settings_and_methods_that_are_none_are_refused():
    with pytest.raises(ValueError, match="method must be one of"):
        ex.learn("equal weights", "GRPO", [0])
    with pytest.raises(ValueError, match="w must be three weights, or one of"):
        ex.learn("fixed weights", "GRPO", [0], w="fair")
    with pytest.raises(ValueError, match="estimator must be one of"):
        ex.learn("fixed weights", "PPO", [0])


@pytest.mark.full
def test_the_table_of_final_hypervolumes_on_60_seeds():
    table = {
        ("fixed weights", "accuracy-focused", 0.0): (3.825, 3.653, 3.887),
        ("fixed weights", "balanced", 0.0): (3.41, 2.885, 3.295),
        ("fixed weights", "efficiency-focused", 0.0): (2.909, 2.830, 2.973),
        ("gradient-based", "balanced", 0.1): (3.499, 2.899, 3.308),
        ("gradient-based", "balanced", 0.5): (3.777, 2.956, 3.64),
        ("gradient-based", "balanced", 2.0): (3.877, 3.247, 3.863),
        ("gradient-based", "balanced", 8.0): (3.747, 3.589, 3.298),
    }
    for (method, w, ratio), expected in table.items():
        numbers = {"ratio": ratio} if ratio else {}
        for estimator, mean in zip(("GRPO", "RLOO", "REINFORCE++"), expected, strict=True):
            HV = ex.learn(method, estimator, range(60), w=w, **numbers).HV[-1]
            assert HV.mean() == pytest.approx(mean, abs=4 * HV.std(ddof=1) / np.sqrt(60) + 0.01), (method, w, ratio)
