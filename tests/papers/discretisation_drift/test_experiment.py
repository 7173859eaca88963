"""The figures of the experiments against the known ones, and the claims."""

import numpy as np
import pytest

from optilab.papers.discretisation_drift.algorithm.rotation import (
    flow_rate,
    rotation_flow_matrix,
    rotation_update_matrix,
    update_rate,
)
from optilab.papers.discretisation_drift.algorithm.spectral_norm import power_iteration
from optilab.papers.discretisation_drift.experiment import games, smoothness
from optilab.papers.discretisation_drift.experiment.flows import VALLEY_START, bowl_errors, local_errors
from optilab.papers.discretisation_drift.experiment.passes import momentum_errors


def test_other_flows_miss_the_bowl_as_known():
    errors = bowl_errors(np.array([0.9, 1.05]), n_sub=200)
    np.testing.assert_allclose(errors["NGF"], [1.15e-1, 5.64e-1], rtol=5e-3)
    np.testing.assert_allclose(errors["IGR"], [1.15e-1, 5.64e-1], rtol=5e-3)


def test_local_errors_are_the_known_ones():
    known = {"NGF": 6.0e-3, "IGR": 7.7e-4, "third order": 9.7e-5, "PF": 1.4e-4, "PF + non-principal": 4.7e-5}
    for name, errors in local_errors(VALLEY_START).items():
        assert errors[0] == pytest.approx(known[name], rel=0.03), name


def test_momentum_flow_has_the_known_errors():
    first, corrected = momentum_errors(0.002, 0.9)
    assert first == pytest.approx(6.7e-3, rel=0.02)
    assert corrected == pytest.approx(7.3e-4, rel=0.02)


def test_the_rotation_game_does_what_its_rates_say():
    end = games.rotation_run(0.09, (0.07, -0.09)).radius
    assert end[0] == pytest.approx(0.114, abs=5e-4)
    assert end[-1] == pytest.approx(0.335, abs=5e-4)
    assert games.rotation_run(0.09, (0.07, -0.09), alternate=True).radius[-1] == pytest.approx(1.2e-5, rel=0.05)
    assert games.rotation_run(0.2, (0.08, -0.05)).radius[-1] == pytest.approx(5.3e-6, rel=0.01)
    assert games.rotation_run(0.2, (0.08, -0.05), alternate=True).radius[-1] == pytest.approx(1.2e-10, rel=0.05)
    h = 0.2
    rates = [
        update_rate(rotation_update_matrix(0.09, h, h), h),
        flow_rate(rotation_flow_matrix(0.09, h, h, "simultaneous"), h),
        flow_rate(rotation_flow_matrix(0.09, h, h), h),
        update_rate(rotation_update_matrix(0.09, h, h, True), h),
        flow_rate(rotation_flow_matrix(0.09, h, h, "alternating"), h),
    ]
    np.testing.assert_allclose(rates, [0.0108, 0.0092, -0.09, -0.0908, -0.0908], atol=6e-5)


TABLE = {  # radius after 2000 updates from (1, 1), h = 0.1 and 0.2
    "simultaneous": (3.10, 3.62),
    "interaction ×(−1)": (1.420, 1.456),
    "interaction ×(−1), self ×1": (1.419, 1.432),
    "interaction ×(−2)": (0.1205, 1e-4),
    "consensus 0.1": (0.1204, 1.43),
    "alternating": (1.414, 1.41),
    "Runge–Kutta": (1.414, 1.414),
    "Runge–Kutta, consensus 0.1": (0.0099, 1e-4),
}


@pytest.mark.full
def test_radii_of_the_dirac_gan():
    radii = games.dirac_radii()
    assert radii.keys() == TABLE.keys()
    for name, expected in TABLE.items():
        np.testing.assert_allclose(radii[name][0, :, 0], np.sqrt(2), err_msg=name)
        np.testing.assert_allclose(radii[name][-1, :, 0], expected, rtol=5e-3, atol=6e-5, err_msg=name)
    orbit = radii["alternating"]
    assert orbit.min() > 1.39
    assert orbit.max() < 1.5


def test_a_start_follows_its_seed_and_its_u_are_nearly_singular_vectors():
    theta, u = smoothness.he_start(smoothness.CLASSIFIER, [4, 5])
    rng = np.random.default_rng(5)
    first = rng.standard_normal((32, 2))  # of variance 2/in = 1
    np.testing.assert_array_equal(smoothness.CLASSIFIER.layers(theta[1])[0][0], first)
    assert u.shape == (2, 98)
    np.testing.assert_allclose(first.T @ u[1, :32], np.linalg.norm(first, 2) * power_iteration(first, u[1, :32]).v)


def test_a_map_of_final_losses_is_its_cells():
    both = smoothness.final_loss_map(2.0, [0.03, 0.1], [0.0, 0.9], seeds=(3,), steps=30)
    assert both.shape == (2, 2, 1)
    alone = smoothness.train_moons(2.0, (3,), lr=0.1, momentum=0.9, steps=30, every=10)
    assert both[1, 1, 0] == pytest.approx(alone.loss[-1, 0])
    assert alone.step.tolist() == [0, 10, 20, 30]


def test_divergence_is_recorded():
    lost = smoothness.final_loss_map(np.inf, [1e4], [0.9], steps=60)
    assert np.isnan(lost).all()
    K, lr, seeds = np.array([np.inf, 2.0])[:, None], np.array([1e4, 0.1])[:, None], (0, 1)
    trace = smoothness.train_moons(K, seeds, lr=lr, steps=60, every=60)
    for figure in smoothness.judge(trace.theta[-1], trace.u[-1], K, seeds):
        assert np.isnan(figure[0]).all()
        assert np.isfinite(figure[1]).all()
