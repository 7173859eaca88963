"""The log-cosh and the three-slope function have the curvatures that they say."""

import numpy as np
import pytest

from optilab.papers.passivity_acceleration.problems import LogCosh, ThreeSlopes

CURVED = LogCosh(np.array([[3.0, 1.0], [0.5, -2.0], [1.0, 1.5]]), mu=0.7)


def test_the_log_cosh_has_curvatures_between_mu_and_l_which_is_reached_at_the_minimizer():
    x, v = np.random.default_rng(1).normal(size=(2, 200, 2))
    curvature = np.vecdot(v, CURVED.hvp(x, v)) / np.vecdot(v, v)
    assert (curvature >= CURVED.mu).all()
    assert (curvature <= CURVED.L).all()
    columns = CURVED.hvp(np.zeros((2, 2)), np.eye(2))
    assert np.linalg.eigvalsh(columns)[-1] == pytest.approx(CURVED.L)
    assert CURVED(CURVED.minimizer) == CURVED.minimum == 0


def test_the_three_slopes_have_the_curvatures_mu_and_l():
    problem, points = ThreeSlopes(), np.linspace(-3, 3, 1001)[:, None]
    changes = np.diff(problem.grad(points)[:, 0]) / np.diff(points[:, 0])
    assert changes.min() == pytest.approx(problem.mu)
    assert changes.max() == pytest.approx(problem.L)
    assert problem(problem.minimizer) == problem.minimum


def test_far_away_the_log_cosh_does_not_overflow():
    assert CURVED(np.array([1e4, 0.0])) == pytest.approx(0.35e8 + 4.5e4, rel=1e-6)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="W must be a matrix"):
        LogCosh(np.ones(3))
    with pytest.raises(ValueError, match="mu must be 0 or more"):
        LogCosh(np.ones((1, 1)), mu=-1)
