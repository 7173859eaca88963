"""The systems and figures of the claims, against what is published of them."""

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.dojo import algorithm as dojo
from optilab.papers.dojo.experiment import friction, puck, rigid


def test_gradients_of_the_block_are_the_table():
    kappa = np.array([1e-4, 1e-6, 1e-8])
    for F, row in ((0.5, [2.1e-4, 2.2e-6, 2.2e-8]), (1.0, [5.09e-3, 5.01e-3, 5e-3]), (1.5, [9.81e-3, 9.998e-3, 1e-2])):
        assert np.allclose(friction.friction_gradient(np.full(3, F), kappa), row, rtol=0.03)
    assert np.allclose(friction.impact_gradient(np.ones(3), kappa), 0.005, rtol=1e-12)


def test_the_pyramid_bends_the_path_to_the_diagonal():
    ends = friction.slid(friction.polar(2.0, np.array([0.0, 10, 30, 45])), 0.25, 0.02, "pyramid")
    assert np.allclose(dojo.heading(ends), [0, 19.1, 41.1, 45], atol=0.15)
    fine = friction.slid(np.array([4.0, 0.8]), 0.25, 1e-3, "pyramid")
    assert np.allclose(fine, dojo.pyramid_path(np.array([4.0, 0.8]), 0.25), atol=1e-2)
    assert np.allclose(fine[::-1], friction.slid(np.array([0.8, 4.0]), 0.25, 1e-3, "pyramid"))


def test_smoothed_friction_stops_where_hard_friction_does():
    v0, ball = friction.polar(np.array([1.0, 2.0]), np.array([20.0, 70.0])), dojo.PointMass(mu=0.3, h=0.01)
    z = np.broadcast_to(ball.at_rest(1e-7), (2, 6)).copy()
    z[:, 3:5] = v0
    for _ in range(int(np.ceil(2.0 / (0.3 * 9.81 * 0.01)))):  # until the faster one is at rest
        z = ball.step(z, np.zeros(3), 1e-7).z
    assert np.allclose(z[:, :2], friction.slid(v0, 0.3, 0.01, "cone"), atol=1e-3)


def test_the_pendulum_of_the_claims_is_as_published():
    """E₀ 3.473, and no more than the published span of the energy, within a second."""
    system = rigid.double_pendulum(0.02)
    E = rigid.energy(system, run(dojo.rollout(system, rigid.hanging(2.0, 1.0), rtol=1e-12), 50))[1:]
    assert E[0] == pytest.approx(3.4734, abs=1e-4)
    assert 0.01 < np.ptp(E) < 0.575


def test_the_hopper_is_two_pucks():
    system, z0, _ = puck.hopper()
    F, kappa = np.array([3.0, 40.0]), 1e-3
    z = system.step(z0, F, kappa)
    A, B = system.linearise(z0, F, kappa)
    for i, (m, r, sign) in enumerate(((4.18, 0.1, 1), (0.52, 0.05, -1))):
        body, rows = dojo.PointMass(m=m, r=r, h=0.05), slice(6 * i, 6 * i + 6)
        alone = body.linearise(z0[rows], sign * 0.05 * np.array([3.0, 0, 40.0]), kappa)
        assert np.allclose(z[rows], alone.z, rtol=1e-13)
        assert np.allclose(A[rows, rows], alone.A)
        assert np.allclose(B[rows], sign * 0.05 * alone.B[:, [0, 2]])
        assert not A[rows, 6 - 6 * i : 12 - 6 * i].any()


def test_thresholds_need_frictions_and_powers_need_thresholds():
    with pytest.raises(ValueError, match="mu must be positive and finite, got"):
        puck.thresholds(np.array([0.2, 0.0]))
    with pytest.raises(ValueError, match="log_kappa must be finite, got"):
        puck.exponent(np.array([0.2, 0.4]), np.array([-3, np.inf]))
