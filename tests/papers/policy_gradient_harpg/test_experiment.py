"""Policy gradients measured and drawn: claims, races, and what the pictures say of success and failure."""

import sys

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.policy_gradient_harpg import algorithm as alg
from optilab.papers.policy_gradient_harpg import derivation, experiment, explorer
from optilab.papers.policy_gradient_harpg.experiment import PLANT, START, race
from optilab.papers.policy_gradient_harpg.experiment.promises import margins
from optilab.papers.policy_gradient_harpg.experiment.races import trajectories_to
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian


def module(name):
    return sys.modules[f"optilab.papers.policy_gradient_harpg.explorer.{name}"]


# Claims and races


@pytest.mark.full  # the lesson measures them too
def test_claims_hold():
    claims = experiment.claims(quick=True)
    assert [str(claim) for claim in claims if not claim.holds] == []
    assert len(claims) >= 30


def test_a_race_measures_what_its_runs_did():
    found = race("N-HARPG", T=40, gamma0=0.3, N=2, runs=3, seed=4, at=np.array([1, 7, 40]))
    path = run(alg.method("N-HARPG")(PLANT, np.zeros((3, 2)), T=40, gamma0=0.3, N=2, rng=np.random.default_rng(4)), 40)
    np.testing.assert_array_equal(found.trajectories, [2, 26, 158])
    np.testing.assert_allclose(found.gap, PLANT.maximum - PLANT(path.theta[[1, 7, 40]]))
    off = path.d[[1, 7, 40]] - PLANT.grad(path.theta_prev[[1, 7, 40]])
    np.testing.assert_allclose(found.err, np.linalg.norm(off, axis=-1))
    assert set(found.status) <= {"better", "lost"}


def test_a_race_on_another_plant_is_judged_by_the_first():
    soft = LinearGaussian(sigma=0.1)
    found = race("N-MPG", T=5, gamma0=0.3, runs=2, at=np.array([5]), problem=soft)
    path = run(alg.method("N-MPG")(soft, np.zeros((2, 2)), T=5, gamma0=0.3, rng=np.random.default_rng(0)), 5)
    np.testing.assert_allclose(found.gap[0], PLANT.maximum - PLANT(path.theta[-1]))
    np.testing.assert_allclose(found.err[0], np.linalg.norm(path.d[-1] - soft.grad(path.theta_prev[-1]), axis=-1))


def test_runs_that_diverge_are_marked_and_leave_the_others_alone():
    found = race("HARPG", T=150, gamma0=0.01, runs=60, seed=1, at=np.array([50, 150]))
    gone = found.status == "diverged"
    assert 0 < gone.sum() < 60
    assert np.isnan(found.gap[-1][gone]).all()
    assert np.isfinite(found.gap[-1][~gone]).all()
    assert (found.diverged[gone] <= 150).all()


def test_trajectories_to_a_gap_are_counted_run_by_run():
    found = race("N-MPG", T=300, gamma0=0.3, runs=20, at=np.arange(1, 301))
    needed = trajectories_to(found, 1.0)
    for k, count in enumerate(needed):
        if np.isfinite(count):
            first = int(count) - 1
            assert found.gap[first, k] <= 1.0
            assert (found.gap[:first, k] > 1.0).all()
        else:
            assert (found.gap[:, k] > 1.0).all()


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: race("N-PG", T=50, gamma0=0.3), "T must be 100, the first checkpoint, or more, got 50"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([60])), "at must be from 1 to T = 50"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([-1])), "at must be from 1"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([0, 5])), "at must be from 1"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([9, 5])), "at must be rising"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([2.5])), "at must be an array"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([], dtype=int)), "at must be an array"),
        (lambda: race("N-PG", T=50, gamma0=0.3, runs=0, at=np.array([5])), "runs must be a whole number"),
        (lambda: experiment.checkpoints(0), "T must be a whole number"),
        (lambda: experiment.checkpoints(10), "T must be 100"),
        (lambda: experiment.checkpoints(200, count=1), "count must be 2"),
        (lambda: experiment.checkpoints(200, first=2.5), "first must be a whole number"),
        (lambda: experiment.slope(np.array([1, 2]), np.array([-1.0, 1.0])), "y must be positive"),
        (lambda: experiment.slope(np.array([0, 2]), np.array([1.0, 1.0])), "t must be positive"),
        (lambda: experiment.slope(np.array([1, 2]), np.array([1.0, np.nan])), "number of points must be 2"),
        (lambda: experiment.slope(np.arange(1, 4), np.ones(2)), "shapes of t and y"),
        (lambda: experiment.diverged_share("x"), "method must be one of"),
        (lambda: experiment.diverged_share("PG", runs=0), "runs must be"),
        (lambda: experiment.diverged_share("PG", gamma0=0.1), "shape of gamma0"),
        (lambda: trajectories_to(race("N-PG", T=2, gamma0=0.3, runs=1, at=np.array([2])), np.nan), "epsilon"),
    ],
)
def test_what_can_t_be_measured_is_refused(ask, says):
    with pytest.raises(ValueError, match=says):
        ask()


def test_runs_that_are_lost_are_counted():
    found = race("N-HARPG", T=100, gamma0=3.0, runs=30, seed=2, at=np.array([100]))
    lost = found.gap[-1] > PLANT.maximum - PLANT(START)
    assert experiment.lost_share("N-HARPG", runs=30, seed=2) == lost.mean()
    assert 0.4 < lost.mean() < 1


def test_the_slope_of_a_power_is_the_power():
    t = experiment.checkpoints(10_000)
    assert len(t) == 13
    assert (t[0], t[-1]) == (100, 10_000)
    assert experiment.slope(t, 3 * t**-0.4) == pytest.approx(-0.4)
    assert experiment.slope(t, np.where(t == 100, np.nan, 3 * t**-0.4)) == pytest.approx(-0.4)


def test_margins_are_below_one_and_above_zero():
    for name, part in margins(11).items():
        assert 0 < part < 1, name


# Pictures


def test_a_climb_that_diverges_is_drawn_up_to_there():
    climb = module("climb")
    path = climb.walked("HARPG", 3.0, 1, 3)
    assert path.diverged
    assert all(np.isfinite(column).all() for column in path[:5])
    end = len(path.theta)
    after = climb.compute("HARPG", 3.0, 1, 3, climb.T)
    assert f"Diverged at update {end}" in after["note"]
    assert after["symbol"] == "x"
    assert len(after["path_x"]) == end
    before = climb.compute("HARPG", 3.0, 1, 3, end - 1)
    assert "Diverged" not in before["note"]
    assert before["symbol"] == "circle"


def test_a_climb_says_when_it_is_lost_and_shows_the_look_ahead():
    climb = module("climb")
    assert "Lost" in climb.compute("N-PG", 0.3, 1, 3, climb.T)["note"]
    assert "Lost" not in climb.compute("N-PG", 0.3, 30, 3, climb.T)["note"]
    t = 40
    data, path = climb.compute("N-PG-IGT", 0.3, 1, 3, t), climb.walked("N-PG-IGT", 0.3, 1, 3)
    eta = alg.weights(t, 4 / 5)[t - 1]
    ahead = path.theta[t - 1] + (1 - eta) / eta * (path.theta[t - 1] - path.theta[t - 2])
    np.testing.assert_allclose([data["probe_x"][0], data["probe_y"][0]], ahead)
    np.testing.assert_allclose(path.grad[t], PLANT.grad(path.theta[t - 1]))
    assert explorer.climb().code(explorer.climb().values)


def test_a_climb_that_leaves_the_map_says_where_it_is():
    climb = module("climb")
    data, path = climb.compute("N-HARPG", 3.0, 30, 0, climb.T), climb.walked("N-HARPG", 3.0, 30, 0)
    assert path.theta[-1][0] < climb.LOW
    assert f"(−{-path.theta[-1][0]:.1f}, −{-path.theta[-1][1]:.1f}) is outside the map" in data["note"]
    assert data["here_x"][0] == climb.LOW
    assert "outside" not in climb.compute("N-PG-IGT", 0.3, 1, 3, climb.T)["note"]


def test_cosines_of_the_pictures_order_the_methods():
    T, middle = 110, {}
    for name in ("N-PG", "N-MPG", "N-PG-IGT", "N-HARPG"):
        path = run(alg.method(name)(PLANT, np.zeros((100, 2)), T=T, gamma0=0.3, rng=np.random.default_rng(6)), T)
        cosine = (alg.unit(path.d[1:]) * alg.unit(PLANT.grad(path.theta_prev[1:]))).sum(-1)
        middle[name] = np.median(cosine[60:])
    assert middle["N-PG"] < -0.15
    assert 0.6 < middle["N-MPG"] < min(middle["N-PG-IGT"], middle["N-HARPG"])


def test_the_microscope_shows_the_derivations_numbers():
    shown = explorer.microscope().compute(eta=0.25, Delta=0.6, c=-0.3, q=0.9)
    d = derivation
    lag = d.momentum_lag().numpy(d.a, d.c, d.theta, d.eta, d.Delta)(1, -0.3, 1, 0.25, 0.6)
    left = d.implicit_transport().numpy(d.eta, d.c, d.Delta)(0.25, -0.3, 0.6)
    np.testing.assert_allclose(shown["bars"][:2], [lag, left])
    assert shown["mean"][0] == 0
    assert f"θₜ {left:+.3g} beside the truth" in shown["headline"]
    assert (shown["range"][1] - 1) / np.ptp(shown["range"]) > 0.3  # room for the label of θₜ
    straight = explorer.microscope().compute(eta=1.0, Delta=0.8, c=0.0, q=0.9)
    assert straight["headline"].endswith("at the truth")
    assert (straight["range"][1] - 1) / np.ptp(straight["range"]) > 0.3
    assert explorer.microscope().compute(eta=0.25, Delta=0.6, c=0.0, q=0.9)["bars"][1:] == pytest.approx(0, abs=1e-12)


def test_the_score_picture_shows_the_plant_s_numbers():
    for sigma, least, variance in ((0.1, 21, 26_400), (0.7, 0.65, 660), (1.5, 0.30, 254)):
        shown = explorer.score().compute(H=20, gamma=0.9, sigma=sigma)
        assert shown["fisher_now"][0] == pytest.approx(least, rel=0.03)
        assert shown["variance_now"][0] == pytest.approx(variance, rel=0.1)
        assert (shown["bias"] <= shown["bound"]).all()
        assert (shown["bias"] > 0).all()
        plant, theta = LinearGaussian(sigma=sigma), np.zeros(2)
        tau = plant.rollout(theta, LinearGaussian(H=60).sample(np.random.default_rng(0), 2000)[:, :20])
        assert shown["variance_now"][0] == pytest.approx(plant.each_g(tau, theta).var(0).sum())
        at = list(shown["horizons"]).index(20)
        assert shown["bias"][at] == pytest.approx(shown["bias_now"][0], rel=1e-6)


def test_the_error_picture_counts_two_trajectories_for_one_and_draws_both_lines():
    errors = module("errors")
    assert [errors.updates(N, 3000) for N in (1, 3, 30)] == [3000, 3000, 333]
    found = errors.simulate(0.3, 2, 300, 0)
    assert found["N-MPG"].t[-1] == 300
    settings = {"gamma0": 0.3, "N": 2, "T": 300, "seed": 0}
    data = errors.compute(**settings, line=errors.PROMISED, cost=True, run=found)
    np.testing.assert_array_equal(data["hessian_x"], 2 * (2 * found["N-HARPG"].t - 1))
    late = found["N-MPG"].t >= errors.LATE
    x = data["momentum_x"][late]
    assert experiment.slope(x, data["momentum_err_line"][late]) == pytest.approx(-1 / 3)
    fitted = errors.compute(**settings, line=errors.FITTED, cost=True, run=found)
    measured = experiment.slope(x, np.median(found["N-MPG"].err, -1)[late])
    assert experiment.slope(x, fitted["momentum_err_line"][late]) == pytest.approx(measured)
    assert f"N-MPG {measured:.2f}" in fitted["note"]


def test_the_pole_is_held_up_after_training(monkeypatch):
    pole = module("pole")
    monkeypatch.setattr(pole, "NAMES", ["N-PG", "N-PG-IGT"])  # two are enough
    monkeypatch.setattr(pole, "KEYS", {name: pole.KEYS[name] for name in pole.NAMES})
    found = pole.simulate(0.5, 1)
    data = pole.compute(0.5, 1, "N-PG-IGT", len(pole.SAVED) - 1, run=found)
    assert data["ahead_value"][-1] > data["ahead_value"][0] + 5
    assert data["ahead_value"][-1] > data["raw_value"][-1]
    assert np.isfinite(data["stick_x"][::3]).all()
    theta, value = found["N-PG-IGT"]
    middle = theta[-1, int(np.flatnonzero(value[-1] == np.median(value[-1]))[0])]  # the swings are those of a run
    angles, _, _ = pole.pendulum().motion(middle, pole.pendulum().common_noise[: pole.SHOWN])
    np.testing.assert_allclose(data["stick_x"][1::3], np.sin(angles[-1]))
    assert data["now_y"][0] == np.median(value[-1])


# The code shown makes the picture


def pasted(name, values):
    *lines, last = module(name).code(values).split("\n")
    scope = {}
    exec("\n".join(lines), scope)
    return eval(last, scope), scope


@pytest.mark.parametrize(("H", "gamma", "sigma"), [(20, 0.9, 0.7), (2, 0.85, 0.1), (60, 0.95, 1.5)])
def test_the_code_of_the_score_picture_computes_its_numbers(H, gamma, sigma):
    values = {"H": H, "gamma": gamma, "sigma": sigma}
    shown = module("score").compute(**values)
    found, _ = pasted("score", values)
    assert found == pytest.approx([shown[f"{name}_now"][0] for name in ("bias", "variance", "fisher")])


def test_the_code_of_the_error_picture_computes_its_numbers(monkeypatch):
    errors = module("errors")
    monkeypatch.setattr(errors, "KEYS", {"N-PG-IGT": "ahead"})
    settings = {"gamma0": 0.3, "N": 30, "T": 10_000, "seed": 3}  # 333 updates use up the trajectories
    data = errors.compute(**settings, line=errors.FITTED, cost=False, run=errors.simulate(**settings))
    slope, scope = pasted("errors", settings)
    late = data["ahead_x"] >= errors.LATE
    np.testing.assert_array_equal(np.median(scope["found"].err, -1), data["ahead_err"][late])
    assert slope == pytest.approx(experiment.slope(data["ahead_x"][late], data["ahead_err_line"][late]))
    assert f"N-PG-IGT {slope:.2f}" in data["note"]


@pytest.mark.parametrize(("name", "gamma0"), [("N-HARPG", 0.03 * 100 ** (7 / 40)), ("HARPG", 3.0)])
def test_the_code_of_the_climb_walks_its_path(name, gamma0):
    climb = module("climb")
    trace, _ = pasted("climb", {"name": name, "gamma0": gamma0, "N": 2, "seed": 3})
    shown = climb.compute(name, gamma0, 2, 3, climb.T)
    last = len(shown["path_x"])
    np.testing.assert_allclose(trace.theta[:last, 0], shown["path_x"], rtol=1e-5)
    assert np.isnan(trace.theta[last:]).all()


def test_the_code_of_the_pole_trains_its_runs(monkeypatch):
    pole = module("pole")
    for name in ("NAMES", "KEYS"):
        monkeypatch.setattr(pole, name, {"N-MPG": "momentum"})
    found = pole.simulate(0.5, 2)
    values = {"gamma0": 0.5, "seed": 2, "name": "N-MPG"}
    data = pole.compute(**values, frame=len(pole.SAVED) - 1, run=found)
    assert pasted("pole", values)[0] == pytest.approx(data["now_y"][0])


def test_the_code_of_the_microscope_computes_its_numbers():
    values = {"eta": 0.25, "Delta": 0.6, "c": -0.3, "q": 0.9}
    assert pasted("microscope", values)[0] == pytest.approx(module("microscope").compute(**values)["bars"][:2])


def test_the_start_is_where_the_question_is_asked():
    g = PLANT.each_g(PLANT.rollout(START, PLANT.sample(np.random.default_rng(3), 20_000)), START)
    cosine = alg.unit(g) @ alg.unit(PLANT.grad(START))
    assert np.median(cosine) < -0.3
    assert cosine.mean() < -0.08
    toward = alg.unit(g).mean(0)
    np.testing.assert_allclose(toward, [0.06, 0.13], atol=0.03)
