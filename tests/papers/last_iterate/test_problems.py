"""Exact minima and subgradients of the polyhedral problems, and the instance that makes last iterates pay."""

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import csmd, linear
from optilab.papers.last_iterate.explorer.parts import Replayed
from optilab.papers.last_iterate.problems import AbsoluteRegression, Harvey, MaxAffine, outliers, scenarios
from optilab.problems.simple import Ball, Simplex, SquaredNorm


def test_the_ridge_minimum_has_no_duality_gap():
    problem, mu = outliers(0, SquaredNorm(0.1)), 0.1
    x = problem.minimizer
    residual = problem.A @ x - problem.b
    slope = np.where(abs(residual) > 1e-6, np.sign(residual), 0) @ problem.A / 100 + mu * x
    kinks = problem.A[abs(residual) <= 1e-6]
    leftover = slope - kinks.T @ np.linalg.lstsq(kinks.T, slope, rcond=None)[0]
    np.testing.assert_allclose(leftover, 0, atol=1e-5)  # a subgradient is zero: the kinks' share makes up for the rest


def test_noise_scales_a_sample_s_deviation_whose_size_is_bounded():
    quiet = outliers(0)
    x = np.random.default_rng(2).normal(size=10)
    rows = np.arange(100)[:, None]
    every = quiet.sample_grad(np.tile(x, (100, 1)), rows)
    loud = AbsoluteRegression(quiet.A, quiet.b, noise=3.0)
    np.testing.assert_allclose(
        loud.sample_grad(np.tile(x, (100, 1)), rows) - quiet.subgrad(x), 3 * (every - quiet.subgrad(x)), atol=1e-12
    )
    assert (np.linalg.norm(every - quiet.subgrad(x), axis=-1) ** 2).mean() <= quiet.sigma**2
    assert loud.sigma == pytest.approx(3 * quiet.sigma)


def test_minima_are_refused_where_they_are_not_known():
    with pytest.raises(ValueError, match="Simplex"):
        _ = MaxAffine(np.eye(2), np.zeros(2)).minimizer
    with pytest.raises(ValueError, match="simple part"):
        _ = AbsoluteRegression(np.eye(2), np.zeros(2), Ball()).minimizer
    with pytest.raises(ValueError, match="at least 18"):
        scenarios(0, 5)
    assert isinstance(scenarios(0, 20).simple, Simplex)


def test_harveys_function_is_the_largest_of_its_slopes():
    T = 7
    problem = Harvey(T)
    slopes = np.zeros((T + 1, T))
    for i in range(1, T + 2):
        for j in range(1, T + 1):
            if j < i:
                slopes[i - 1, j - 1] = 1 / (8 * (T - j + 1))
            elif j == i:
                slopes[i - 1, j - 1] = -np.sqrt(j) / (2 * np.sqrt(T))
    x = np.random.default_rng(0).normal(size=(20, T)) * 0.1
    np.testing.assert_allclose(problem.pieces(x), x @ slopes.T, atol=1e-15)
    np.testing.assert_allclose(problem.subgrad(x), slopes[(x @ slopes.T).argmax(-1)])
    assert (np.linalg.norm(slopes, axis=-1) <= 1).all()
    assert problem.active(np.zeros(T)) == 0


def test_harveys_closed_forms_agree_with_each_other():
    T = 50
    problem, eta = Harvey(T), np.random.default_rng(1).uniform(0.1, 1, T)
    points = np.array([problem.point(eta, t) for t in range(1, T + 2)])
    np.testing.assert_allclose(problem.average(eta), points[1:].mean(0), atol=1e-14)
    steps = (points[1:] - points[:-1]) / -eta[:, None]
    expected = [np.where(np.arange(T) < t, problem.a, np.where(np.arange(T) == t, -problem.b, 0)) for t in range(T)]
    np.testing.assert_allclose(steps, expected, atol=1e-12)


def test_a_replayed_problem_gives_the_run_that_drew_its_samples():
    problem, eta = outliers(0), linear(30, 0.5)
    rows = np.random.default_rng(3)
    samples = np.array([problem.sample(rows, (4, 1)) for _ in eta])
    live = run(csmd(problem, np.zeros((4, 10)), eta=eta, rng=np.random.default_rng(3)), 30)
    again = run(csmd(Replayed(problem, samples), np.zeros((4, 10)), eta=eta, rng=np.random.default_rng(9)), 30)
    np.testing.assert_array_equal(again.x, live.x)
    assert Replayed(problem, samples).minimum == problem.minimum


def test_harvey_needs_two_steps():
    with pytest.raises(ValueError, match="at least 2"):
        Harvey(1)
