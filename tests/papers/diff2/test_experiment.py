import numpy as np
import pytest

from optilab.papers.diff2 import experiment as ex


def test_settings_side_by_side_are_what_each_is_alone():
    problem = ex.data(0, 8000)
    together = ex.tails(problem, 60, [1, 15], [0.5, 1.0], runs=3)
    alone = ex.tails(problem, 60, [15], [1.0], runs=3)
    np.testing.assert_allclose(together.square[1:, 1:], alone.square, rtol=1e-9)
    np.testing.assert_allclose(together.loss[1:, 1:], alone.loss, rtol=1e-12)


def test_a_race_takes_the_best_setting_of_each_method():
    found = ex.race(1, 8000, 100, runs=3, etas=[0.5, 2.0])
    T = [1, 2, 10, 25, 50, 100]
    middle = np.median(ex.tails(ex.data(1, 8000), 100, T, [0.5, 2.0], runs=3).square, -1)
    assert np.median(found.plain) == pytest.approx(middle[0].min())
    assert np.median(found.ours) == pytest.approx(middle[1:].min())
    assert middle[T.index(found.T), [0.5, 2.0].index(found.eta)] == pytest.approx(middle[1:].min())
    assert found.ratio == pytest.approx(middle[0].min() / middle[1:].min())


def test_figures_of_the_first_data_set():
    found = ex.race(0, 128_000, 400)
    assert (found.eta, found.T) == (4.0, 200)
    assert np.median(found.plain) == pytest.approx(9.23e-7, rel=5e-3)
    assert np.median(found.ours) == pytest.approx(1.53e-7, rel=5e-3)


def test_the_gradient_of_a_run_that_has_diverged_hardly_shows_it_and_the_loss_does():
    problem = ex.data(0, 2000)
    found = ex.tails(problem, 400, [1, 400], [4.0])
    assert np.median(found.square[1]) < 5 * (problem.grad(np.zeros(10)) ** 2).sum()
    assert np.median(found.loss[1]) > 1e10 * np.median(found.loss[0])


def test_gradients_of_a_routine_with_local_steps():
    square, asked = ex.talks(ex.records(0), 4, 3, [1.0], b=100, runs=2)
    assert square.shape == (5, 1, 2)
    np.testing.assert_array_equal(asked, np.arange(5) * (20_000 + 400))  # T = 1: all rounds are restarts


@pytest.mark.full
def test_all_claims_hold_at_the_full_size():
    assert [str(claim) for claim in ex.claims() if not claim.holds] == []
