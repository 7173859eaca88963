"""The experiment's pieces: its problems, its counts, its races."""

import numpy as np
import pytest

from optilab.papers.adahessian.experiment import training, units


def test_bowls_are_drawn_in_the_order_that_is_written_down():
    problem, x0 = units.bowls([4], 2.0)
    rng = np.random.default_rng(4)
    S = 10 ** rng.uniform(-2, 2, 20)
    y0 = rng.standard_normal(20)
    np.testing.assert_allclose(problem.hess(x0)[0], np.diag(np.logspace(0, 1, 20) * S**2), rtol=1e-12)
    np.testing.assert_allclose(x0[0], y0 / S, rtol=1e-14)
    turned, start = units.turned_bowls([7])
    rng = np.random.default_rng(7)
    Q = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    np.testing.assert_allclose(turned.hess(start)[0], Q @ np.diag(np.logspace(0, 4, 20)) @ Q.T, atol=1e-9)
    np.testing.assert_array_equal(start[0], rng.standard_normal(20))
    assert units.steepest(turned) == pytest.approx([1e4])


def test_steps_to_the_target_tell_arrival_from_the_cap_and_from_divergence():
    problem, x0 = units.bowls([0, 1], 1.0)
    L = units.steepest(problem)
    lr = np.array([0.5, 3.0])[:, None] / L
    found = units.steps_to_target(problem, units.heavy_ball(problem, np.stack([x0, x0]), alpha=lr, beta=0.0), 200)
    assert np.isinf(found[0]).all()
    assert np.isnan(found[1]).all()
    table = units.unit_test([0, 1], 3.0, 100)
    np.testing.assert_array_equal(table["ADAHESSIAN"], 63)
    assert np.isnan(table["ADAHESSIAN, k = ½"]).all()


def test_all_methods_see_the_same_minibatches_and_seeds_are_independent():
    two, one = training.task([3, 8], 100.0), training.task([8], 100.0)
    for method in ({"method": "SGD", "lr": 0.1}, {"method": "Adam", "lr": 0.03}, training.METHODS["freq 5"]):
        both, alone = (training.trained(given, steps=10, every=5, **method) for given in (two, one))
        np.testing.assert_allclose(both.loss[:, 1], alone.loss[:, 0], rtol=1e-9)
    batch = np.random.default_rng(5008).integers(0, 600, 64)
    start = one.theta0[0]
    after = training.trained(one, steps=1, every=1, method="SGD", lr=0.1).at[1, 0]
    part = training.Fit(training.NETWORK, one.train.X[0][batch], one.train.Y[0][batch], "cross_entropy")
    np.testing.assert_allclose(after, start - 0.1 * part.grad(start), rtol=1e-10)


def test_one_seed_of_the_race_is_what_it_was():
    given = training.task([4], 100.0)
    assert given.test.X.shape == (1, 600, 20)
    first = training.trained(given, steps=1, every=1, **training.ADAHESSIAN)
    np.testing.assert_allclose(first.loss[:, 0], [1.2, 8.7], rtol=0.03)
    assert training.steps_to_target(training.trained(given, **training.METHODS["Adam, 0.03"]))[0] % 20 == 0
