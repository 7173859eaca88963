import re

import numpy as np
import pytest

from optilab.papers.multiobjective_pde import exercises as ex

SEEDS = range(3)


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=re.escape(message)):
        check(*answer, **options)


def test_the_check_of_the_lesson_s_little_task():
    refused(ex.check_angle, "the other one", 0.0)
    refused(ex.check_angle, "(r − q)/(p − 2q + r)", 0.3)
    assert ex.check_angle(0.9, degrees=90.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_table_has_both_cut_cases_and_inner_ones(seed):
    inside = np.array([ex._weight(s * one, two, clip=False) for one, two, s in ex._numbers(seed)])
    assert (inside < 0).sum() >= 5
    assert (inside > 1).sum() >= 5
    assert ((inside > 0) & (inside < 1)).sum() >= 5
    for one, two, s in ex._numbers(seed):  # the certificate of a least-norm point
        alpha = ex._weight(s * one, two)
        mix = alpha * s * one + (1 - alpha) * two
        assert min(mix @ one * s, mix @ two) >= mix @ mix - 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_each_recognised_mistake_differs_from_what_is_right(seed):
    for wrong, message in ex.STEPS.items():
        refused(ex.check_step, message, lambda *given, wrong=wrong: ex._step(*given, wrong), seed=seed)
    for wrong, message in ex.GRADIENTS.items():
        refused(ex.check_gradient, message, lambda *given, wrong=wrong: ex._gradient(given, wrong), seed=seed)
    assert "one step solves it" in ex.check_step(ex._step, seed=seed)
    assert "one more solve" in ex.check_gradient(lambda *given: ex._gradient(given), seed=seed)
    refused(ex.check_gradient, "the sign", lambda *given: -ex._gradient(given), seed=seed)


def test_the_figures_of_the_third_task():
    table = ex._table(None)
    assert [row[2] for row in table.values()] == pytest.approx([3, 16, 39], abs=3)
    assert [row[0] for row in table.values()] == pytest.approx([2.8e-4, 3.0e-5, 3.9e-7], rel=0.05)
    assert [row[1] for row in table.values()] == pytest.approx([9.3e-3, 1.1e-3, 1.2e-4], rel=0.05)


def test_a_study_by_the_package_is_right():
    assert "trusted" in ex.check_study(lambda problem, tol: ex._walk(problem, tol)[:3])
    refused(ex.check_study, "three numbers", lambda problem, tol: [1.0])
