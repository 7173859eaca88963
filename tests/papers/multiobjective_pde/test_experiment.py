import numpy as np
import pytest

from optilab.papers.multiobjective_pde import experiment as ex
from optilab.papers.multiobjective_pde.experiment.states import alternation, manufactured


def test_the_fixed_point_by_kappa():
    assert alternation(10.0)[0] == 28
    steps, ratio = alternation(21.0)
    assert np.isinf(steps)
    assert ratio < 0.1


def test_the_error_of_the_state_is_of_second_order():
    assert [manufactured(n) for n in (15, 31)] == pytest.approx([1.15e-2, 2.87e-3], rel=0.01)


def test_fronts_are_measured_with_the_ends_apart():
    front = ex.reference_front(None)
    assert front.J[0] == pytest.approx(ex.ends_of(None)[0].J)
    assert np.linalg.norm(front.J[-1] - ex.ends_of(None)[1].J) > 1e-4


@pytest.mark.full
def test_all_claims_hold_at_the_full_size():
    assert [str(claim) for claim in ex.claims() if not claim.holds] == []
