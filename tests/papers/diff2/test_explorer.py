from importlib import import_module

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.diff2.algorithm import dp_sgd, dp_sgd_noise, multipliers, predicted_error
from optilab.papers.diff2.experiment import batches, data, tails
from optilab.papers.diff2.problems import federated, prototypes

cloud_picture, race_picture, restart_picture, growth_picture, talk_picture = (
    import_module(f"optilab.papers.diff2.explorer.{name}") for name in ("clouds", "race", "restarts", "growth", "talks")
)
RACE = {"eta": 4.0, "tau": 0.25, "R": 200, "c1": 1.0, "c2": 1.0, "n": 32_000}


def test_right_after_a_restart_the_cloud_is_what_one_release_for_t_rounds_leaves():
    for T in (1, 10, 25, 100):
        plain, ours = cloud_picture.deviations(1e4, 1.0, T)
        share = 1 if T == 1 else 1.25
        assert ours[0] / plain == pytest.approx(np.sqrt(share * -(-100 // T) / 100))
        assert (np.diff(ours.reshape(-1, T)) >= 0).all()


@pytest.mark.parametrize(("T", "last"), [(25, 0.224), (100, 0.344)])
def test_the_figures_of_the_prediction(T, last):
    plain, ours = cloud_picture.deviations(1e4, 1.0, T)
    assert ours[99] / plain == pytest.approx(last, abs=6e-4)
    assert ours[24] / plain == pytest.approx({25: 0.384, 100: 0.331}[T], abs=6e-4)


def test_the_clouds_have_the_widths_that_they_are_said_to_have():
    found = cloud_picture.compute(60, 1e4, 1.0, 25, True)
    plain, ours = cloud_picture.deviations(1e4, 1.0, 25)
    assert np.std(found["DP-GD cloud"]) == pytest.approx(1, abs=0.1)
    assert np.std(found["DIFF2 cloud"]) == pytest.approx(ours[60] / plain, rel=0.1)
    still = cloud_picture.compute(60, 1e4, 1.0, 25, False)
    assert np.abs(still["DP-GD cloud"]).max() == np.abs(still["DIFF2 cloud"]).max() == 0
    assert "whatever T" in still["note"]


def test_the_race_is_run_on_one_noise_for_all():
    trace, problem = race_picture.runs(**RACE), prototypes(0, 32_000, M=64)
    noise = np.random.default_rng(0).normal(size=(200, 10, 10))
    sigma1, _ = multipliers(32_000, 200, 1, 1.0, 1e-5)
    x = np.zeros((10, 10))
    for r in range(3):
        x = x - 4.0 * (problem.grad(x) + problem.G * sigma1 * noise[r])
        np.testing.assert_allclose(trace.x[r + 1, 0], x, rtol=1e-9, atol=1e-12)
    sigma1, _ = multipliers(32_000, 200, 50, 1.0, 1e-5)
    np.testing.assert_allclose(trace.x[1, 1], -4.0 * (problem.grad(np.zeros(10)) + problem.G * sigma1 * noise[0]))
    still = np.zeros(10)
    for r in range(3):
        still = still - 4.0 * problem.grad(still)
        np.testing.assert_allclose(trace.x[r + 1, 2], np.broadcast_to(still, (10, 10)), atol=1e-12)


def test_the_dashed_lines_are_the_mean_errors_of_the_estimates():
    _, error, _ = race_picture.seen(**RACE)
    trace = race_picture.runs(**RACE)
    sigma1, sigma2 = multipliers(32_000, 200, 50, 1.0, 1e-5)
    problem = prototypes(0, 32_000, M=64)
    predicted = predicted_error(trace.x[:, 1], 50, problem.G * sigma1, problem.L * sigma2).mean(-1)
    np.testing.assert_allclose(error[:, 1], predicted)
    assert (error[:, 0] == error[0, 0]).all()


@pytest.mark.parametrize(
    ("values", "headline"),
    [
        ({}, "DIFF2's ‖∇f‖² ends at 1/2.91 of DP-GD's"),
        ({"tau": 1.0}, "DIFF2 ends no lower than DP-GD"),
        ({"tau": 0.005}, "DIFF2 ends no lower than DP-GD"),
        ({"n": 2000, "eta": 8.0}, "Diverged: 10 of 10 runs of DIFF2"),
        ({"c2": 0.1}, "DIFF2 ends no lower than DP-GD"),
    ],
)
def test_the_title_of_the_race_follows_its_settings(values, headline):
    found = race_picture.compute(**RACE | values)
    assert found["headline"] == headline
    assert ("clipped" in found["note"]) == ("c2" in values)


def test_the_u_curve_is_what_the_runs_give():
    values = {"n": 8000, "eta": 1.0, "R": 400, "seed": 1}
    found = restart_picture.simulate(**values)
    drawn = restart_picture.compute(**values, run=found)
    T = restart_picture.intervals(400)
    middle = np.median(tails(data(1, 8000), 400, T, [1.0]).square[:, 0], -1)
    np.testing.assert_allclose(drawn["DIFF2"], (T[1:] / 400, middle[1:]))
    assert drawn["DP-GD"][1] == [middle[0]] * 2
    assert drawn["bound"][1].min() == pytest.approx(middle[1:].min())


def test_the_gain_over_n_is_what_races_give():
    found = growth_picture.measured(100, 0)
    drawn = growth_picture.compute(100, 0, found)
    np.testing.assert_allclose(drawn["ratio"][1], [one.ratio for one in found])
    assert "−4/3" in drawn["note"]


def test_local_steps_are_drawn_over_rounds_or_over_gradients():
    values = {"K": 3, "b": 100, "eps": "3", "eta": 2.0, "mixed": 0.0}
    told = []
    found = talk_picture.simulate(**values, progress=lambda done, total=1.0: told.append(done / total))
    assert told == sorted(told)
    square, asked = talk_picture.local(**values)
    np.testing.assert_allclose(found["BVR"][0], square)
    over = talk_picture.compute(**values, against="gradients", run=found)
    np.testing.assert_allclose(over["BVR"][0], asked / 1e6)
    np.testing.assert_allclose(over["BVR"][1], np.median(square, -1))
    assert talk_picture.compute(**values, against="rounds", run=found)["GD"][0][-1] == 40
    assert over["SGD"][0][-1] == pytest.approx(40 * 100 / 1e6)


def test_dp_sgd_is_drawn_with_its_own_noise():
    problem = federated(0)
    nu = dp_sgd_noise(20_000, 400, 40, 3.0, 1e-5)
    states = dp_sgd(problem, np.zeros((3, 10)), eta=2.0, b=400, C=problem.G, nu=nu, rng=np.random.default_rng(0))
    expected = (problem.grad(run(states, 40).x) ** 2).sum(-1)
    np.testing.assert_allclose(batches(problem, 40, [2.0])[0][:, 0], expected)
    still = dp_sgd(problem, np.zeros(10), eta=2.0, b=400, C=problem.G, nu=0.0, rng=np.random.default_rng(0))
    found, _ = batches(problem, 40, [2.0], eps=np.inf, runs=1)
    np.testing.assert_allclose(found[:, 0, 0], (problem.grad(run(still, 40).x) ** 2).sum(-1))
