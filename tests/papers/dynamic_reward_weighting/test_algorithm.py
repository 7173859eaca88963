from itertools import islice

import numpy as np
import pytest

from optilab.classics.group_advantages import ESTIMATORS
from optilab.classics.mgda import least_norm
from optilab.core.counted import Counted
from optilab.core.randomness import separate
from optilab.core.run import run
from optilab.papers.dynamic_reward_weighting import algorithm as alg
from optilab.papers.dynamic_reward_weighting.problems import FactoredBandit, Heads, Rollout, Tokens, instance, logit
from optilab.problems.pareto import hypervolume

BANDIT = instance(0)
W = np.array([0.5, 0.3, 0.2])
G = np.array([[1.0, 0, 2], [0, 1, -1], [1, 1, 0]])


def rng(seed=0):
    return np.random.default_rng(seed)


def last(states, k):
    return next(islice(states, k, None))


def step_written_out(problem, theta, w, lr, estimator, draws, clip=1.0, factor=1.0):
    """One step along a mixture, prompt by prompt and response by response."""
    R, chosen = problem.rollout(theta, problem.sample(draws, 8))
    A = ESTIMATORS[estimator](factor * sum(w_i * r for w_i, r in zip(w, R, strict=True)))
    policy = np.concatenate(problem.policies(theta), -1)
    g = np.zeros((problem.C, 14))
    for c in range(problem.C):
        for j in range(8):
            g[c] += A[c, j] * (chosen[c, j] - policy[c]) / (8 * problem.C)
    g = g.ravel()
    return theta + lr * g * min(1, clip / np.linalg.norm(g))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_fixed_weights_take_the_steps_written_out(estimator):
    gradients = alg.Gradients(BANDIT, estimator)
    trace = run(alg.fixed_weights(gradients, BANDIT.start, w=W, lr=1.5, rng=rng(1)), 5)
    theta, draws = BANDIT.start, rng(1)
    for k in range(5):
        theta = step_written_out(BANDIT, theta, W, 1.5, estimator, draws)
        np.testing.assert_allclose(trace.theta[k + 1], theta, atol=1e-10)


@pytest.mark.parametrize("acc", [1, 2])
def test_gradient_based_weights_take_the_steps_written_out(acc):
    gradients = alg.Gradients(BANDIT, "RLOO")
    trace = run(alg.gradient_weights(gradients, BANDIT.start, w=W, lr=2.0, ratio=0.7, acc=acc, rng=rng(2)), 6)
    theta, w, draws, total = BANDIT.start, W, rng(2), np.zeros(3)
    for k in range(6):
        before = draws.bit_generator.state
        rows = []
        for alone in np.eye(3):
            draws.bit_generator.state = before  # the same batch for every reward
            rows.append(step_written_out(BANDIT, theta, alone, 1.0, "RLOO", draws) - theta)
        I = np.array([sum(row @ other for other in rows) for row in rows])
        total = total + I
        if (k + 1) % acc == 0:
            w = w * np.exp(0.7 * total / acc)
            w, total = w / w.sum(), np.zeros(3)
        draws.bit_generator.state = before
        theta = step_written_out(BANDIT, theta, w, 2.0, "RLOO", draws)
        np.testing.assert_allclose(trace.I[k + 1], I, atol=1e-10)
        np.testing.assert_allclose(trace.w[k + 1], w, atol=1e-10)
        np.testing.assert_allclose(trace.theta[k + 1], theta, atol=1e-9)


@pytest.mark.parametrize("hv_scale", [2.0, 1000.0])
def test_the_scaled_reward_takes_the_steps_written_out(hv_scale):
    heads, theta, m = Heads((2, 5)), np.array([0.3, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0]), 1.0
    w, reference = np.array([0.6, 0.4]), heads.J(theta)
    gradients = alg.Gradients(heads, "exact", clip=0.3)
    trace = run(alg.hypervolume_guided(gradients, theta, w=w, lr=3.0, hv_scale=hv_scale), 25)
    buffer = [reference]
    for k in range(25):
        g = m * w @ heads.jac(theta)
        theta = theta + 3 * g * min(1, 0.3 / np.linalg.norm(g))
        J = heads.J(theta)
        before, after = (hypervolume(-np.array(points), -reference) for points in (buffer, [*buffer, J]))
        gain = max(after - before, 0)
        m = 0.5 + 1.5 * np.tanh(hv_scale * gain)
        if gain > 0:
            buffer.append(J)
        np.testing.assert_allclose(trace.theta[k + 1], theta, atol=1e-9)
        np.testing.assert_allclose(trace.m[k + 1], m, atol=1e-9)
    assert len(set(trace.m.round(6))) > 5
    assert ((trace.m >= 0.5) & (trace.m <= 2)).all()  # below 2, but for rounding


def test_the_scaled_reward_is_scaled_before_the_advantages_are_made():
    gradients = alg.Gradients(BANDIT, "RLOO")
    trace = run(alg.hypervolume_guided(gradients, BANDIT.start, w=W, lr=3.0, hv_scale=20.0, rng=rng(3)), 40)
    theta, draws = BANDIT.start, rng(3)
    for k in range(40):
        theta = step_written_out(BANDIT, theta, W, 3.0, "RLOO", draws, factor=trace.m[k])
        np.testing.assert_allclose(trace.theta[k + 1], theta, atol=1e-9)
    assert 0.5 in trace.m


def test_the_weights_of_mgda_are_those_of_the_least_norm():
    gradients = alg.Gradients(BANDIT, "GRPO")
    first, second = islice(alg.mgda_weights(gradients, BANDIT.start, w=W, rng=rng(4)), 2)
    rollout = gradients.rollout(first.theta, rng(4))
    g = gradients.each(first.theta, rollout)
    np.testing.assert_allclose(second.w, least_norm(g).weights)
    np.testing.assert_allclose(second.theta, first.theta + gradients.of(second.w, first.theta, rollout))


def test_a_ratio_of_0_is_fixed_weights_on_the_same_responses():
    for estimator in ("GRPO", "REINFORCE++"):
        gradients = alg.Gradients(BANDIT, estimator)
        start = np.broadcast_to(BANDIT.start, (2, BANDIT.p))
        fixed = run(alg.fixed_weights(gradients, start, w=W, rng=separate(range(2))), 30)
        moving = run(alg.gradient_weights(gradients, start, w=W, ratio=0.0, rng=separate(range(2))), 30)
        np.testing.assert_allclose(moving.w, np.broadcast_to(W, (31, 2, 3)), rtol=1e-13)
        np.testing.assert_allclose(moving.theta, fixed.theta, atol=1e-7)


def test_exact_gradients_draw_nothing_and_climb():
    gradients = alg.Gradients(Heads(), "exact", clip=np.inf)
    trace = run(alg.gradient_weights(gradients, np.zeros(22), w=np.full(3, 1 / 3), ratio=1.0), 300)
    J = Heads().J(trace.theta)
    assert (np.diff(J, axis=0) >= -1e-12).all()
    np.testing.assert_allclose(trace.I[1], [0.125, 0.046875, 0.003662], atol=1e-5)


# Influences and weights


def test_influences_and_weights_of_a_batch_of_gradients():
    np.testing.assert_allclose(alg.influence(G), [4, 1, 4])
    np.testing.assert_allclose(alg.mirror_step(W, alg.influence(G), 0.1), [0.542155, 0.240983, 0.216862], atol=1e-6)


def test_an_influence_is_the_gain_of_a_step():
    heads, theta = Heads(), rng(5).normal(size=22)
    g = heads.jac(theta)
    step = W @ g
    gain = (heads.J(theta + 1e-6 * step) - heads.J(theta - 1e-6 * step)).sum() / 2e-6
    assert gain == pytest.approx(W @ alg.influence(g), rel=1e-7)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_weights_stay_on_the_simplex_and_follow_their_rewards(size):
    I = size * rng(6).normal(size=(50, 4))
    w = rng(7).dirichlet(np.ones(4), 50)
    new = alg.mirror_step(w, I, 2.0)
    assert np.isfinite(new).all()
    assert (new >= 0).all()
    np.testing.assert_allclose(new.sum(-1), 1)
    order = [2, 0, 3, 1]
    np.testing.assert_allclose(alg.mirror_step(w[:, order], I[:, order], 2.0), new[:, order])
    np.testing.assert_allclose(alg.mirror_step(w, np.ones_like(I), 2.0), w)  # identical rewards
    np.testing.assert_allclose(alg.mirror_step(np.ones((50, 1)), I[:, :1], 2.0), 1)  # a single one


def test_the_new_weights_are_the_best_of_the_simplex():
    def worth(w):
        return 0.3 * w @ [4.0, 1.0, -2.0] - (w * np.log(w / W)).sum(-1)

    best = alg.mirror_step(W, np.array([4.0, 1.0, -2.0]), 0.3)
    others = rng(8).dirichlet(np.ones(3), 2000)
    near = best * np.exp(1e-3 * rng(9).normal(size=(200, 3)))
    assert worth(best) >= worth(others).max()
    assert worth(best) >= worth(near / near.sum(-1, keepdims=True)).max()


def test_a_starved_weight_comes_back():
    w = np.array([1.0, 0.0])
    for _ in range(30):
        w = alg.mirror_step(w, np.array([0.0, 1.0]), 1.0)
        assert w.sum() == pytest.approx(1)
    assert w[1] > 0.99


def test_the_ratio_of_the_paper():
    assert alg.step_ratio(1e-6, 1e-5) == pytest.approx(0.1)
    for lr, mu in ((0.0, 1.0), (1.0, 0.0), (1.0, -1.0)):
        with pytest.raises(ValueError, match="must be positive"):
            alg.step_ratio(lr, mu)


# Estimators


def test_leaving_one_out_estimates_the_gradient_without_bias():
    theta = BANDIT.start + rng(10).normal(size=BANDIT.p) / 3
    many = np.broadcast_to(theta, (20_000, BANDIT.p))
    gradients = alg.Gradients(BANDIT, "RLOO", n=2, clip=np.inf)
    rollout = gradients.rollout(many, rng(11))
    for i in (0, 2):
        g = gradients.of(np.eye(3)[i], many, rollout)
        exact = [(BANDIT.J(theta + d) - BANDIT.J(theta - d))[i] / 2e-5 for d in 1e-5 * np.eye(BANDIT.p)]
        assert (abs(g.mean(0) - exact) <= 5 * g.std(0) / np.sqrt(len(g)) + 1e-9).all()


def test_gradients_are_shortened_to_the_longest_allowed():
    g = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    np.testing.assert_allclose(alg.clipped(g, 1.0), [[0.6, 0.8], [0.3, 0.4], [0, 0]])
    np.testing.assert_array_equal(alg.clipped(g, np.inf), g)


def test_batches_gradients_and_validations_are_counted():
    kinds = {"rollout": "batches", "score": "gradients", "J": "validations"}
    spent = {}
    for method in (alg.fixed_weights, alg.gradient_weights, alg.hypervolume_guided):
        counted = Counted(BANDIT, kinds)
        last(method(alg.Gradients(counted), BANDIT.start, w=W, rng=rng()), 10)
        spent[method.__name__] = [counted.calls[kind] for kind in kinds.values()]
    assert spent == {
        "fixed_weights": [10, 10, 0],
        "gradient_weights": [10, 40, 0],
        "hypervolume_guided": [10, 10, 11],
    }


# Hypervolume


def test_progress_is_the_hypervolume_of_the_checkpoints_so_far():
    J = rng(12).uniform(-1, 1, (40, 2, 3))
    found = alg.progress(J, np.array([-0.5, -0.7, -0.4]))
    for k in range(40):
        whole = hypervolume(-np.moveaxis(J[: k + 1], 0, 1), np.array([0.5, 0.7, 0.4]))
        np.testing.assert_allclose(found[k], whole, atol=1e-12)
    assert found[-1].min() > 0.1


def test_a_vector_adds_only_what_no_other_covers():
    reference, front = np.zeros(3), np.array([[2.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    cases = {(1.0, 1.0, 1.0): 0.0, (1.0, 2.0, 1.0): 1.0, (3.0, 3.0, -1.0): 0.0, (3.0, 1.0, 1.0): 1.0}
    for J, gain in cases.items():
        found, extended = alg.extended(front, np.array(J), reference)
        assert found == pytest.approx(gain, abs=1e-12)
        assert hypervolume(-extended, reference) == pytest.approx(2 + gain)
    _, extended = alg.extended(front, np.array([3.0, 1.0, 1.0]), reference)
    np.testing.assert_array_equal(extended, [[3, 1, 1]])  # the dominated one has gone


def test_the_meta_reward_runs_from_a_half_to_2():
    m = alg.meta_reward(np.array([0.0, 1e-3, 1.0, 100.0]), 1000.0)
    np.testing.assert_allclose(m, [0.5, 0.5 + 1.5 * np.tanh(1), 2, 2])


# The bent front


def test_the_watershed_is_where_what_fixed_weights_climb_is_least():
    for H in (2, 3, 6):
        for w in (0.1, 0.5, 0.8):
            p = float(alg.watershed(w, H))
            near = alg.scalarised(p + np.array([-1e-3, 0, 1e-3]), w, H)
            assert near[1] < near[[0, 2]].min()
    np.testing.assert_allclose(alg.watershed(np.array([0.0, 0.5, 1.0]), 3), [1, 0.5, 0])


def test_at_the_watershed_fixed_weights_stay():
    w, problem = 0.3, Tokens(3)
    theta0 = logit(alg.watershed(w, 3))
    states = alg.fixed_weights(alg.Gradients(problem, "exact", clip=np.inf), theta0, w=np.array([w, 1 - w]), lr=0.5)
    np.testing.assert_allclose(last(states, 20).theta, theta0, atol=1e-10)


# What can't be used


class Wrong(FactoredBandit):
    """A bandit whose rewards are not what they should be."""

    def rollout(self, theta, noise):
        R, chosen = super().rollout(theta, noise)
        return Rollout(self.spoilt(R), chosen)


def begin(problem=BANDIT, method=alg.gradient_weights, estimator="GRPO", n=8, clip=1.0, **numbers):
    settings = {"w": W, "rng": rng()} | numbers
    return last(method(alg.Gradients(problem, estimator, n, clip), BANDIT.start, **settings), 1)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"w": np.array([0.5, 0.6, -0.1])}, "w must be"),
        ({"w": np.array([0.5, 0.3, 0.1])}, "w must be"),
        ({"w": np.array([0.5, 0.5])}, "the shape of w must be"),
        ({"w": np.array([0.5, 0.5, 0.0])}, "w must be positive in every entry"),
        ({"estimator": "PPO"}, "estimator must be one of"),
        ({"estimator": "exact"}, "the problem must be one with jac"),
        ({"n": 0}, "n must be a whole number, 1 or more"),
        ({"clip": 0.0}, "clip must be a positive number"),
        ({"ratio": -0.1}, "ratio must be 0 or more"),
        ({"acc": 0}, "acc must be a whole number, 1 or more"),
        ({"lr": 0.0}, "lr must be positive"),
        ({"lr": -1.0}, "lr must be positive"),
        ({"method": alg.hypervolume_guided, "hv_scale": -1.0}, "hv_scale must be 0 or more"),
        ({"rng": None}, "rng must be a numpy.random.Generator"),
    ],
)
def test_arguments_that_are_not_allowed_are_refused(numbers, said):
    with pytest.raises(ValueError, match=said):
        begin(**numbers)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda R: R[:2], r"the shape of the rewards must be \(3, 'G', 'n'\)"),
        (lambda R: R[:, 0], r"the shape of the rewards must be \(3, 'G', 'n'\)"),
        (lambda R: np.where(R > 0, np.nan, R), "the rewards must be finite"),
    ],
)
def test_rewards_that_are_none_are_refused(spoilt, said):
    problem = Wrong(BANDIT.need, BANDIT.right)
    object.__setattr__(problem, "spoilt", spoilt)
    with pytest.raises(ValueError, match=said):
        begin(problem)


def test_a_group_of_one_warns_and_a_batch_of_one_is_refused():
    with pytest.warns(UserWarning, match="no others"):
        begin(estimator="RLOO", n=1)
    lonely = FactoredBandit(np.array([1]), np.array([1]))
    states = alg.fixed_weights(alg.Gradients(lonely, "REINFORCE++", 1), lonely.start, w=W, rng=rng())
    with pytest.raises(ValueError, match="the number of responses must be 2 or more"):
        last(states, 1)


def test_theory_is_asked_what_it_can_answer():
    for bad in (np.zeros(2), np.array([0.0, np.nan, 0.0])):
        with pytest.raises(ValueError, match="reference must be"):
            alg.progress(np.ones((3, 3)), bad)
    with pytest.raises(ValueError, match="H must be 2 or more"):
        alg.watershed(0.5, 1)
    for w in (-0.1, 1.1):
        with pytest.raises(ValueError, match="w must be from 0 to 1"):
            alg.watershed(w, 3)
    with pytest.raises(ValueError, match="H must be a whole number, 1 or more"):
        alg.scalarised(np.array(0.5), 0.5, 0)
    with pytest.raises(ValueError, match="p must be from 0 to 1"):
        alg.scalarised(np.array(1.5), 0.5, 2)
