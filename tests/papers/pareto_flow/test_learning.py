"""The data in z-scores, both trainings against differences and a slow loop, and what trained networks give."""

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.pareto_flow.algorithm import sampling
from optilab.papers.pareto_flow.algorithm.learning import Flow, Predictors, flow_matching, offline, regression
from optilab.papers.pareto_flow.algorithm.theory import loss_floor


def data(N=40, d=3, m=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((N, d)), rng.normal(3, 5, (N, m))


def test_z_scores_have_mean_0_and_sd_1_and_lead_back():
    X, Y = data()
    z = offline(X, Y, np.zeros(3), np.ones(3))
    for scaled in (z.x, z.y):
        np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-12)
        np.testing.assert_allclose(scaled.std(0), 1)
    np.testing.assert_allclose(z.designs(z.x), X)
    np.testing.assert_allclose(z.values(z.y), Y)
    np.testing.assert_allclose(z.designs(np.stack([z.low, z.high])), [[0, 0, 0], [1, 1, 1]], atol=1e-15)


def test_a_constant_column_is_told():
    X, Y = data()
    X[:, 1] = 0.5
    with pytest.warns(UserWarning, match=r"column \[1\] of X is constant"):
        z = offline(X, Y, np.zeros(3), np.ones(3))
    assert z.x_sd[1] == 1e-8
    np.testing.assert_array_equal(z.x[:, 1], 0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"Y": np.zeros((39, 2))}, "the rows of Y"),
        ({"X": np.ones((9, 3)), "Y": np.ones((9, 2))}, "the number of points"),
        ({"X": np.full((40, 3), np.nan)}, "X"),
        ({"Y": np.full((40, 2), np.inf)}, "Y"),
        ({"X": np.zeros((40, 0))}, "the shape of X"),
        ({"Y": np.zeros((40, 0))}, "the shape of Y"),
        ({"high": np.array([1.0, 0.0, 1.0])}, "low"),
        ({"high": np.array([1.0, 0.5, 1.0])}, "X"),
    ],
)
def test_data_that_can_t_be_used_are_refused_by_name(change, named):
    X, Y = data()
    given = {"X": X, "Y": Y, "low": np.zeros(3), "high": np.ones(3)} | change
    with pytest.raises(ValueError, match=rf"^{named} must be"):
        offline(**given)


def test_the_flows_loss_and_gradient_are_those_of_the_definition():
    rng = np.random.default_rng(1)
    flow = Flow(0.5 * rng.normal(size=(2, 3 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3 + 6)), 3, (5, 4))
    x0, x1, t = rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 6, 3)), rng.random((2, 6, 1))
    loss, gradient = flow.loss_and_grad(x0, x1, t)
    v = flow((1 - t) * x0 + t * x1, t)
    np.testing.assert_allclose(loss, ((v - (x1 - x0)) ** 2).mean(-1).sum(-1))
    a, c = flow.theta[:, -6:-3], flow.theta[:, -3:]
    seen = x0 + a[:, None] * t + c[:, None]
    np.testing.assert_allclose(flow(x0, t), flow.network.forward(flow.theta[:, :-6], seen))
    e, along = 1e-6, rng.normal(size=flow.theta.shape)
    ends = [Flow(flow.theta + sign * e * along, 3, (5, 4)).loss_and_grad(x0, x1, t)[0] for sign in (1, -1)]
    np.testing.assert_allclose((gradient * along).sum(-1), (ends[0] - ends[1]) / (2 * e), rtol=1e-6)


def test_predictors_pull_is_their_gradient_by_the_inputs():
    rng = np.random.default_rng(2)
    predictors = Predictors(rng.normal(size=(2, 3 * 6 + 6 + 6 * 4 + 4 + 5)), 3, (6, 4))
    x, w, along = rng.normal(size=(7, 3)), rng.random((7, 2)), rng.normal(size=(7, 3))
    for i, row in enumerate(x):
        for k in range(2):
            one = predictors.network.forward(predictors.theta[k], row[None])[0, 0]
            np.testing.assert_allclose(predictors(x)[i, k], one)
    e = 1e-6
    slope = (w * (predictors(x + e * along) - predictors(x - e * along))).sum(-1) / (2 * e)
    np.testing.assert_allclose((predictors.pull(x, w) * along).sum(-1), slope, rtol=1e-6, atol=1e-8)


def test_a_pass_is_adam_on_every_batch_of_a_shuffle():
    X, Y = data(N=10, m=1)
    states = regression(X, Y, rng=np.random.default_rng(3), hidden=(4,), batch=4, alpha=0.01, decay=0.5)
    start, *later = [next(states) for _ in range(3)]
    rng = np.random.default_rng(3)
    d, units = 3, 4
    spread = [*([np.sqrt(2 / d)] * d + [0]) * units, *[np.sqrt(2 / units)] * units, 0]
    theta = (spread * rng.normal(size=(1, len(spread))))[0]
    np.testing.assert_allclose(start.theta[0], theta)
    first, second, k = np.zeros_like(theta), np.zeros_like(theta), 0
    for epoch, after in enumerate(later):
        order, total = rng.random(size=(1, 10)).argsort(-1)[0], 0.0
        for rows in (order[:4], order[4:8], order[8:]):  # the last batch is short

            def loss(theta, rows=rows):
                return ((Predictors(theta[None], 3, (4,))(X[rows])[:, 0] - Y[rows, 0]) ** 2).mean()

            steps = 1e-6 * np.eye(len(theta))
            g = np.array([(loss(theta + e) - loss(theta - e)) / 2e-6 for e in steps])
            total += loss(theta) * len(rows)
            k += 1
            first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
            move = first / (1 - 0.9**k) / (np.sqrt(second / (1 - 0.999**k)) + 1e-8)
            theta = theta - 0.01 * 0.5**epoch * move
        np.testing.assert_allclose(after.theta[0], theta, atol=1e-6)
        np.testing.assert_allclose(after.loss, [total / 10], rtol=1e-5)


@pytest.mark.full  # its loss is among the claims
def test_the_flow_of_gaussian_data_stays_above_the_floor_and_samples_like_the_data():
    x = np.random.default_rng(4).normal(size=(1500, 8))
    trace = run(flow_matching(x, rng=np.random.default_rng(5)), 150, every=150)
    flow = Flow(trace.theta[-1], 8)
    rng = np.random.default_rng(6)
    fresh, x0, t = rng.normal(size=(4000, 8)), rng.normal(size=(4000, 8)), rng.random((4000, 1))
    loss = flow.loss_and_grad(x0, fresh, t)[0] / 4000
    assert loss_floor() < 1.60 <= loss <= 1.75  # its network can't see t apart from x
    samples = run(sampling.euler(flow, rng.normal(size=(4000, 8)), T=100), 99, every=99).x[-1]
    assert abs(samples.mean(0)).max() < 0.15
    assert samples.var(0).min() >= 0.9
    assert samples.var(0).max() <= 1.4


def test_the_predictors_learn():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, 3))
    y = np.stack([np.sin(x[:, 0]) + x[:, 1], x[:, 2] ** 2], -1)
    trace = run(regression(x, y, rng=rng), 60)
    assert np.isnan(trace.loss[0]).all()
    assert (trace.loss[-1] < 0.03 * trace.loss[1]).all()
    fresh = rng.normal(size=(200, 3))
    truth = np.stack([np.sin(fresh[:, 0]) + fresh[:, 1], fresh[:, 2] ** 2], -1)
    assert (((Predictors(trace.theta[-1], 3)(fresh) - truth) ** 2).mean(0) < 0.15 * truth.var(0)).all()


@pytest.mark.parametrize(
    ("change", "named"),
    [({"hidden": (0,)}, "hidden"), ({"batch": 0}, "batch"), ({"alpha": 0.0}, "alpha"), ({"decay": 0.0}, "decay")],
)
def test_settings_of_training_are_checked(change, named):
    x, y = data()
    with pytest.raises(ValueError, match=rf"^{named} must be"):
        regression(x, y, rng=np.random.default_rng(0), **change)
    with pytest.raises(ValueError, match=r"^the shape of y must be"):
        regression(x, y[:-1], rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"^the shape of x1 must be"):
        flow_matching(x[0], rng=np.random.default_rng(0))
