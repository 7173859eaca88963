"""What the pictures of policy gradients say of success and failure."""

import sys

import numpy as np
import pytest

from optilab.core.numerics import log_slope
from optilab.papers.policy_gradient_harpg import algorithm as alg
from optilab.papers.policy_gradient_harpg import derivation as d
from optilab.papers.policy_gradient_harpg import explorer
from optilab.papers.policy_gradient_harpg.experiment import PLANT
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.ui.words import number

climb, errors, microscope, pole, score = (
    sys.modules[f"{explorer.__name__}.{name}"] for name in ("climb", "errors", "microscope", "pole", "score")
)


def test_a_climb_that_diverges_is_drawn_up_to_there():
    path = climb.walked("HARPG", 3.0, 1, 3)
    assert all(np.isfinite(column).all() for column in path)
    end = len(path[0])
    after, before = (climb.compute("HARPG", 3.0, 1, 3, t) for t in (climb.T, end - 1))
    assert f"Diverged at update {end}" in after["note"]
    assert after["symbol"] == "x"
    assert len(after["path"][0]) == end
    assert "Diverged" not in before["note"]
    assert before["symbol"] == "circle"


def test_a_climb_says_when_it_is_lost_and_shows_the_look_ahead():
    assert "Lost" in climb.compute("N-PG", 0.3, 1, 3, climb.T)["note"]
    assert "Lost" not in climb.compute("N-PG", 0.3, 30, 3, climb.T)["note"]
    t = 40
    theta, _, _, grad, _ = climb.walked("N-PG-IGT", 0.3, 1, 3)
    eta = alg.weights(t, 4 / 5)[-1]
    ahead = theta[t - 1] + (1 - eta) / eta * (theta[t - 1] - theta[t - 2])
    np.testing.assert_allclose(climb.compute("N-PG-IGT", 0.3, 1, 3, t)["probe"], ahead)
    np.testing.assert_allclose(grad[t], PLANT.grad(theta[t - 1]))


def test_a_climb_that_leaves_the_map_says_where_it_is():
    data, (theta, *_) = climb.compute("N-HARPG", 3.0, 30, 0, climb.T), climb.walked("N-HARPG", 3.0, 30, 0)
    x, y = theta[-1]
    assert x < climb.LOW
    assert f"({number(x, 2)}, {number(y, 2)}) is outside the map" in data["note"]
    assert data["here"][0] == climb.LOW
    assert "outside" not in climb.compute("N-PG-IGT", 0.3, 1, 3, climb.T)["note"]


def test_the_microscope_shows_the_derivations_numbers():
    shown = microscope.compute(eta=0.25, Delta=0.6, c=-0.3, q=0.9)
    lag = d.momentum_lag().numpy(d.b, d.c, d.theta, d.eta, d.Delta)(1, -0.3, 1, 0.25, 0.6)
    left = d.implicit_transport().numpy(d.eta, d.c, d.Delta)(0.25, -0.3, 0.6)
    np.testing.assert_allclose([shown["off momentum"][1][1], shown["off look ahead"][1][1]], [lag, left])
    assert shown["mean"][1] == [0, 0]
    assert f"θₜ {microscope.signed(left)} beside the truth" in shown["headline"]
    straight = microscope.compute(eta=1.0, Delta=0.8, c=0.0, q=0.9)
    assert straight["headline"].endswith("at the truth")
    for data in (shown, straight):
        assert (data["span"][1] - 1) / np.ptp(data["span"]) > 0.3  # room for the label of θₜ
    flat = microscope.compute(eta=0.25, Delta=0.6, c=0.0, q=0.9)
    for name in ("look ahead", "Hessian"):
        assert flat[f"off {name}"][1] == pytest.approx([0, 0], abs=1e-12)
    assert [microscope.signed(value) for value in (0.5, -0.5, 1e-14)] == ["+0.5", "−0.5", "0"]


def test_the_score_picture_shows_the_plant_s_numbers():
    for sigma, least, variance in ((0.1, 21, 26_400), (0.7, 0.65, 660), (1.5, 0.30, 254)):
        shown = score.compute(H=20, gamma=0.9, sigma=sigma)
        assert shown["fisher now"][1] == pytest.approx(least, rel=0.03)
        assert shown["variance now"][1] == pytest.approx(variance, rel=0.1)
        horizons, bias = shown["bias"]
        assert (bias <= shown["bound"][1]).all()
        assert (bias > 0).all()
        assert bias[list(horizons).index(20)] == pytest.approx(shown["bias now"][1], rel=1e-6)
        plant, theta = LinearGaussian(sigma=sigma), np.zeros(2)
        tau = plant.rollout(theta, LinearGaussian(H=60).sample(np.random.default_rng(0), 2000)[:, :20])
        assert shown["variance now"][1] == pytest.approx(plant.each_g(tau, theta).var(0).sum())


def test_the_error_picture_counts_two_trajectories_for_one_and_draws_promised_slopes():
    settings = {"gamma0": 0.3, "N": 2, "T": 300, "seed": 0}
    found = errors.simulate(**settings)
    data = errors.compute(**settings, cost=True, run=found)
    t = found["N-HARPG"].t
    assert t[-1] == 300
    np.testing.assert_array_equal(data["N-HARPG err"][0], 2 * (2 * t - 1))
    x, median = (part[t >= errors.LATE] for part in data["N-MPG err"])
    straight = data["N-MPG err line"][1][t >= errors.LATE]
    assert log_slope(x, straight) == pytest.approx(-1 / 3)
    assert f"N-MPG {number(log_slope(x, median), 2)} (−0.33)" in data["note"]


@pytest.mark.parametrize(("N", "T", "made"), [(1, 3000, 3000), (3, 3000, 3000), (30, 3000, 333)])
def test_large_batches_are_followed_for_fewer_updates(N, T, made, monkeypatch):
    monkeypatch.setattr(errors, "race", lambda name, *, T, **settings: T)
    assert errors.one_race(0.3, N, T, 0) == made


def test_the_pole_is_held_up_after_training(monkeypatch):
    monkeypatch.setattr(pole, "NAMES", ["N-PG", "N-PG-IGT"])  # two are enough
    found = pole.simulate(0.5, 1)
    last = pole.pendulum().H - 1
    data = pole.compute(0.5, 1, "N-PG-IGT", last, pole.T, run=found)
    learnt = data["N-PG-IGT value"][1]
    assert learnt[-1] > learnt[0] + 5
    assert learnt[-1] > data["N-PG value"][1][-1]
    theta, value = found["N-PG-IGT"]
    middle = theta[-1, int(np.flatnonzero(value[-1] == np.median(value[-1]))[0])]  # the poles are those of a run
    angles, _, _ = pole.pendulum().motion(middle, pole.pendulum().common_noise[: pole.SHOWN])
    for tick in (0, 30, last):
        at = pole.compute(0.5, 1, "N-PG-IGT", tick, pole.T, run=found)
        np.testing.assert_allclose(at["sticks"][0][1::3], np.sin(angles[tick]))
        np.testing.assert_allclose(at["bobs"], [np.sin(angles[tick]), np.cos(angles[tick])])
        np.testing.assert_allclose(at["angles"], [np.full(pole.SHOWN, tick * 0.05), angles[tick]])
    assert data["now"][1] == np.median(value[-1])
    between = pole.compute(0.5, 1, "N-PG-IGT", last, 100, run=found)  # no returns were measured there
    assert between["now"] == (100, np.median(value[pole.SAVED <= 100][-1]))
