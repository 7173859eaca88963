import numpy as np
import pytest

from optilab.core.numerics import log_slope
from optilab.papers.bilevel_penalty import experiment as ex

THREE = range(3)


def test_the_floors_are_a_multiple_of_sigma():
    assert ex.ends("C", THREE, 0.1) == pytest.approx([0.68, 0.42, 0.49], abs=6e-3)
    assert ex.ends("C", THREE, 0.03) == pytest.approx([0.68, 0.45, 0.52], abs=6e-3)
    assert ex.ends("S", THREE, 0.1) == pytest.approx([1.89, 1.21, 1.71], abs=6e-3)
    assert ex.ends("S", THREE, 0.03) == pytest.approx([1.99, 1.33, 1.80], abs=6e-3)


def test_the_practical_step_is_too_long_for_a_rare_instance():
    rare = range(1229, 1230)
    assert ex.ends("S", rare, 0.1) > 20
    assert ex.ends("S", rare, 0.1, alpha=0.02) == pytest.approx(1.97, abs=6e-3)
    assert ex.ends("S", rare, 0.1, T=10) == pytest.approx(1.97, abs=6e-3)


def test_the_oracle_calls_to_a_target():
    assert ex.calls_to("C", THREE, 0.3).tolist() == [330, 306, 408]
    assert ex.calls_to("C", THREE, 0.03).tolist() == [14100, 8598, 7200]
    assert ex.call_slopes(THREE) == pytest.approx([1.63, 1.45, 1.25], abs=6e-3)


def test_with_one_step_for_all_only_the_choosing_problem_slows_down():
    C, S = (ex.arrivals(name, range(1))[:, 0] for name in ex.PROBLEMS)
    assert C[[0, -1]].tolist() == [902, 1016]
    assert S.tolist() == [2674, 1523, 877, 516, 311, 163, 159, 194, 213]
    assert log_slope(ex.FIXED[:5], S[:5]) == pytest.approx(-0.94, abs=5e-3)


def test_a_run_that_is_lost_has_no_length():
    np.testing.assert_array_equal(ex.length(np.array([[3.0, 4.0], [np.nan, 0.0], [np.inf, 0.0]])), [5, np.nan, np.inf])


def test_where_the_target_is_not_met_in_time_it_is_said():
    assert np.isinf(ex.arrivals("S", range(1), K=200)[0, 0])


def test_the_gaps_fall_with_sigma_for_each_instance():
    value, gradient = ex.slopes(ex.instances("S", THREE), np.ones((3, 3)))
    assert value == pytest.approx([0.966, 0.979, 0.977], abs=6e-4)
    assert gradient == pytest.approx([0.967, 0.976, 0.972], abs=6e-4)


@pytest.mark.full
def test_all_claims_hold_at_the_full_size():
    assert [str(claim) for claim in ex.claims() if not claim.holds] == []
