import numpy as np
import pytest

from optilab.papers.langevin_averaging import experiment as ex


def test_an_outcome_is_what_the_chain_says():
    problem = ex.neurons(10, 3, 100, 4, 3)
    found = ex.batch_one(10, 3, 100, runs=4, seed=3, steps=50)
    states = list(
        ex.averaged_sgd(problem, ex.start(10, (4,), 3), eta=0.1, steps=50, rng=np.random.default_rng(3).spawn(3)[2])
    )
    path = np.array([state.theta for state in states])
    m = np.vecdot(path, problem.star)
    mean = path[1:].mean(0)
    np.testing.assert_allclose(found.average, np.vecdot(mean, problem.star) / np.linalg.norm(mean, axis=-1))
    np.testing.assert_array_equal(found.first, found.average)
    np.testing.assert_allclose(found.last, abs(m[-1]))
    np.testing.assert_allclose(found.away, abs(m[1:]).mean(0))


def test_for_even_k_signs_are_free_and_the_first_moment_is_worse():
    found = ex.batch_one(12, 4, 288, runs=10, seed=0)
    assert (found.first >= 0).all()
    assert np.median(found.average) > 0.9
    assert np.median(found.first) < np.median(found.average) - 0.15


def test_all_temperatures_see_the_same_noise():
    both = ex.hot(8, 3, 60, np.array([0.5, 3.0]), runs=3, seed=1, horizon=5.0)
    one = ex.hot(8, 3, 60, 3.0, runs=3, seed=1, horizon=5.0)
    assert both.average.shape == (2, 3)
    for ours, theirs in zip(both, one, strict=True):
        np.testing.assert_allclose(ours[1], theirs, atol=1e-9)
    assert abs(both.average[0] - both.average[1]).max() > 1e-3


def test_online_methods_end_where_single_runs_do():
    found = ex.online(8, 3, 40, runs=2, seed=0, etas=np.array([0.01, 0.05]))
    problem, theta0 = ex.neurons(8, 3, 40, 2, 0), ex.start(8, (2,), 0)
    *_, last = ex.online_sgd(problem, theta0, eta=0.05)
    np.testing.assert_allclose(found[1], np.vecdot(last.theta, problem.star))
    half = ex.smoothed(8, 3, 40, 1.0, runs=2, seed=0, etas=np.array([0.05]))
    *_, last = ex.smoothed_sgd(problem, theta0, eta=0.05, lam=1.0, steps=20)
    np.testing.assert_allclose(half[0], np.vecdot(last.theta, problem.star))


def test_the_climbs_of_few_tensors():
    found = ex.climbs(12, 3, 1.0, count=6, seed=0, starts=3)
    assert found.traced.shape == (6,)
    assert found.warm >= found.random
    assert np.median(found.traced) == pytest.approx(0.86, abs=0.1)


@pytest.mark.full
def test_a_tiny_rate_refines_the_average_and_a_larger_one_spoils_it():
    warm, after = ex.refined(30, 3, 2700, runs=240, seed=0, etas=np.array([0.005, 0.0002]))  # of 40: 0.54 … 0.75
    assert np.median(warm) == pytest.approx(0.93, abs=0.03)
    assert np.median(after, -1) == pytest.approx([0.68, 0.953], abs=0.05)


@pytest.mark.full
def test_the_rivals_of_the_neuron():
    assert np.median(ex.online(30, 3, 9000, runs=40, seed=0), -1).max() == pytest.approx(0.79, abs=0.07)
    best = [np.median(ex.smoothed(30, 3, 2700, lam, runs=60, seed=0), -1).max() for lam in (0.0, 1.0, 30**0.25)]
    assert best == pytest.approx([0.48, 0.67, 0.79], abs=0.12)
    assert best == sorted(best)


@pytest.mark.full
def test_beyond_the_transition_every_iterate_finds_the_spike():
    found = ex.hot(30, 3, 1000, np.array([3.0, 6.0, 10.0, 15.0, 30.0]), runs=24, seed=0)
    assert np.median(found.average, -1) == pytest.approx([0.44, 0.72, 0.92, 0.99, 1.0], abs=0.06)
    assert found.away.mean(-1)[[0, 1, 4]] == pytest.approx([0.15, 0.16, 0.88], abs=0.03)
    assert found.away.mean(-1)[2] < 0.3 < found.away.mean(-1)[3]


@pytest.mark.full
def test_all_claims_hold_at_the_full_size():
    assert [str(claim) for claim in ex.claims() if not claim.holds] == []
