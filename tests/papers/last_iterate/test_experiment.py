import numpy as np
import pytest

from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate import experiment
from optilab.papers.last_iterate.algorithm import bound
from optilab.papers.last_iterate.problems import outliers, scenarios
from optilab.problems.noisy import Gaussian, Noisy
from optilab.problems.quadratic import Quadratic
from optilab.problems.simple import L1


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_best_schedule_is_a_minimum_and_nearly_a_line():
    best = experiment.best_schedule(50)
    value = float(bound(best, 0.5, 1.0))
    assert value == pytest.approx(0.5356, abs=1e-4)
    for _ in range(30):
        nearby = best * np.exp(0.05 * rng(_).normal(size=50))
        assert bound(nearby, 0.5, 1.0) > value
    np.testing.assert_allclose((best / best[0])[5:45:5][:4], [0.909, 0.817, 0.725, 0.633], atol=0.002)
    assert best[-1] == pytest.approx(best[-2], rel=1e-3)


def test_the_problems_are_those_of_the_claims():
    assert outliers(0, L1(0.1)).minimum == pytest.approx(1.52827, abs=1e-5)
    assert scenarios(0).minimum == pytest.approx(-0.27036, abs=1e-5)


def test_a_run_that_explodes_is_a_gap_without_a_number():
    problem = Noisy(Quadratic(np.diag([0.1, 10.0]), np.zeros(2)), Gaussian(0.1), 2)
    eta = alg.poly(400, np.array([0.05, 3.0]))
    last = experiment.gaps(problem, np.ones(2), eta, 3, 0)["last"]
    assert np.isfinite(last[0]).all()
    assert np.isnan(last[1]).all()
