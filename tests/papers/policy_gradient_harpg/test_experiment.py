"""Races of policy gradients: what is measured of them, and what the lesson's questions rest on."""

import numpy as np
import pytest

from optilab.core.numerics import log_slope, unit
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg import algorithm as alg
from optilab.papers.policy_gradient_harpg import experiment
from optilab.papers.policy_gradient_harpg.experiment import PLANT, START, race
from optilab.papers.policy_gradient_harpg.experiment.promises import margins, random_table
from optilab.papers.policy_gradient_harpg.experiment.races import trajectories_to
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import CURVATURE, SCORE


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
        (lambda: race("N-PG", T=50, gamma0=0.3), "T must be a whole number, 100, the first, or more, got 50"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([60])), "at must be from 1 to T = 50"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([0, 5])), "at must be from 1"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([9, 5])), "at must be rising"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([2.5])), "at must be an array"),
        (lambda: race("N-PG", T=50, gamma0=0.3, at=np.array([], dtype=int)), "at must be an array"),
        (lambda: race("N-PG", T=50, gamma0=0.3, runs=0, at=np.array([5])), "runs must be a whole number"),
        (lambda: experiment.checkpoints(10), "T must be a whole number, 100"),
        (lambda: experiment.checkpoints(200, count=1), "count must be a whole number, 2"),
        (lambda: experiment.diverged_share("x"), "method must be one of"),
        (lambda: experiment.diverged_share("PG", runs=0), "runs must be"),
        (lambda: experiment.diverged_share("PG", gamma0=0.1), "shape of gamma0"),
    ],
)
def test_what_can_t_be_measured_is_refused(ask, says):
    with pytest.raises(ValueError, match=says):
        ask()


def test_errors_are_measured_at_thirteen_points_unless_told_otherwise():
    t = experiment.checkpoints(10_000)
    assert (len(t), t[0], t[-1]) == (13, 100, 10_000)


def test_runs_that_are_lost_are_counted():
    found = race("N-HARPG", T=100, gamma0=3.0, runs=30, seed=2, at=np.array([100]))
    lost = found.gap[-1] > PLANT.maximum - PLANT(START)
    assert experiment.lost_share("N-HARPG", runs=30, seed=2) == lost.mean()
    assert 0.4 < lost.mean() < 1


def test_constants_and_domination_hold_on_random_tables():
    for seed in range(30):
        for name, share in margins(seed).items():
            assert 0 < share <= 1, name
        problem, theta = random_table(seed)
        tau = problem.rollout(theta, problem.sample(np.random.default_rng(seed), 1000))
        u = unit(np.random.default_rng(seed).normal(size=problem.p))
        bound = alg.product_bound(problem.H, gamma=problem.gamma, M_g=SCORE, M_h=CURVATURE)
        assert (problem.each_Bu(tau, theta, u) ** 2).sum(-1).max() <= bound


def test_cosines_of_the_pictures_order_the_methods():
    T, middle = 110, {}
    for name in ("N-PG", "N-MPG", "N-PG-IGT", "N-HARPG"):
        path = run(alg.method(name)(PLANT, np.zeros((100, 2)), T=T, gamma0=0.3, rng=np.random.default_rng(6)), T)
        cosine = (unit(path.d[1:]) * unit(PLANT.grad(path.theta_prev[1:]))).sum(-1)
        middle[name] = np.median(cosine[60:])
    assert middle["N-PG"] < -0.15
    assert 0.6 < middle["N-MPG"] < min(middle["N-PG-IGT"], middle["N-HARPG"])


class Steady(LinearGaussian):
    """The plant with the same noise everywhere, that of its start."""

    def rollout(self, theta, noise):
        return super().rollout(np.broadcast_to(START, theta.shape), noise)

    def g(self, tau, theta):
        return super().g(tau, np.broadcast_to(START, theta.shape)) - self.grad(START) + self.grad(theta)


@pytest.mark.full
def test_medians_fall_as_promised_of_means_where_noise_stays_the_same_and_faster_where_it_shrinks():
    at = experiment.checkpoints(200, first=20)
    for name in ("N-MPG", "N-PG-IGT"):
        real, steady = (race(name, T=200, gamma0=0.3, runs=200, at=at, problem=one) for one in (PLANT, Steady()))
        promised = -alg.decay_exponent(name)
        assert promised - 0.05 < steady.slope < promised + 0.1
        assert promised - 0.05 < log_slope(at, steady.err.mean(-1)) < promised + 0.1
        assert real.slope < promised - 0.15
    assert log_slope(at, race("N-MPG", T=200, gamma0=0.3, runs=200, at=at).err.mean(-1)) > -0.45  # lost runs hold it up


def test_the_mean_direction_of_single_gradients_at_the_start():
    g = PLANT.each_g(PLANT.rollout(START, PLANT.sample(np.random.default_rng(3), 20_000)), START)
    np.testing.assert_allclose(unit(g).mean(0), [0.06, 0.13], atol=0.03)
