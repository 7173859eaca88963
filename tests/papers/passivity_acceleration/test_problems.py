"""The log-cosh function has the derivatives and constants that it says."""

import numpy as np
import pytest

from optilab.papers.passivity_acceleration.problems import LogCosh

PROBLEM = LogCosh(np.array([[3.0, 1.0], [0.5, -2.0], [1.0, 1.5]]), mu=0.7)


def test_gradient_and_hessian_vector_products_are_differences():
    x, v = np.random.default_rng(0).normal(size=(2, 5, 2))
    h = 1e-6
    slope = (PROBLEM(x + h * v) - PROBLEM(x - h * v)) / (2 * h)
    np.testing.assert_allclose(slope, (PROBLEM.grad(x) * v).sum(-1), atol=1e-6)
    bend = (PROBLEM.grad(x + h * v) - PROBLEM.grad(x - h * v)) / (2 * h)
    np.testing.assert_allclose(bend, PROBLEM.hvp(x, v), atol=1e-6)


def test_curvature_lies_between_mu_and_l_which_is_reached_at_the_minimizer():
    x, v = np.random.default_rng(1).normal(size=(2, 200, 2))
    curvature = (v * PROBLEM.hvp(x, v)).sum(-1) / (v * v).sum(-1)
    assert (curvature >= PROBLEM.mu).all()
    assert (curvature <= PROBLEM.L).all()
    columns = PROBLEM.hvp(np.zeros((2, 2)), np.eye(2))
    assert np.linalg.eigvalsh(columns)[-1] == pytest.approx(PROBLEM.L)
    assert PROBLEM(PROBLEM.minimizer) == PROBLEM.minimum == 0


def test_far_away_it_does_not_overflow():
    assert PROBLEM(np.array([1e4, 0.0])) == pytest.approx(0.35e8 + 4.5e4, rel=1e-6)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="W must be a matrix"):
        LogCosh(np.ones(3))
    with pytest.raises(ValueError, match="mu must be 0 or more"):
        LogCosh(np.ones((1, 1)), mu=-1)
