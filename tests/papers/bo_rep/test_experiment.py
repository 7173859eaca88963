import numpy as np
import pytest

from optilab.papers.bo_rep import experiment as ex


@pytest.mark.full
def test_what_is_claimed_holds_at_the_full_size():
    assert [str(claim) for claim in ex.claims() if not claim.holds] == []


def test_an_arrival_is_a_median_of_five_logs():
    slope = np.array([[9, 0.1, 0.4, 0.2, 0.4, 0.3, 0.2, 0.9], [9, 0.2, 0.2, 9, 9, np.nan, np.nan, np.nan]]).T
    assert ex.arrivals(slope, 100 * np.arange(8)).tolist() == [500, np.inf]
    assert ex.arrivals(slope[:3], np.arange(3)).tolist() == [np.inf, np.inf]


def test_calls_to_the_target_are_those_known():
    assert ex.bo_rep_calls(12, range(4), [0.02, 0.01], 30_000).mean(1) == pytest.approx([13_000, 23_300], rel=0.06)
    assert ex.rival_calls("SOBA", 6, range(4), [0.03], 5_000).mean() == pytest.approx(2_800, rel=0.15)
    assert ex.rival_calls("MA-SOBA", 3, range(4), [0.03], 6_000).mean() == pytest.approx(2_900, rel=0.2)
    assert ex.rival_calls("StocBiO", 3, range(4), [0.3], 6_000).mean() == pytest.approx(2_200, rel=0.25)


def test_momentum_started_at_0_stands_longer_steps():
    first, zero = (ex.rival_calls(name, 9, range(2), [0.01], 12_000) for name in ("MA-SOBA", "MA-SOBA from 0"))
    assert np.isinf(first).all()
    assert zero.mean() == pytest.approx(7_600, rel=0.15)
