"""The three-slope function has the gradient that it says, and its two curvatures."""

import numpy as np
import pytest

from optilab.papers.passivity_acceleration.problems import ThreeSlopes

PROBLEM = ThreeSlopes()
POINTS = np.linspace(-3, 3, 1001)[:, None]


def test_gradient_is_a_difference_everywhere():
    h = 1e-6
    slope = (PROBLEM(POINTS + h) - PROBLEM(POINTS - h)) / (2 * h)
    np.testing.assert_allclose(slope, PROBLEM.grad(POINTS)[:, 0], atol=1e-4)


def test_curvatures_are_mu_and_l():
    changes = np.diff(PROBLEM.grad(POINTS)[:, 0]) / np.diff(POINTS[:, 0])
    assert changes.min() == pytest.approx(PROBLEM.mu)
    assert changes.max() == pytest.approx(PROBLEM.L)
    assert PROBLEM(PROBLEM.minimizer) == PROBLEM.minimum
