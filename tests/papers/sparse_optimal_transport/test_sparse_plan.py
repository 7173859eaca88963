"""Transport in one call: its bounds against the certified maximum, its units, its limits."""

import numpy as np
import pytest

from optilab.classics.exact_transport import exact_transport
from optilab.papers.sparse_optimal_transport.algorithm import (
    SemiDual,
    SparsePlan,
    certified,
    sparse_transport,
    with_right_rows,
)
from optilab.problems.transport import Transport, bumps


def random_problem(seed, m=8, n=6):
    rng = np.random.default_rng(seed)
    return Transport(rng.dirichlet(5 * np.ones(m)), rng.dirichlet(5 * np.ones(n)), rng.uniform(size=(m, n)))


@pytest.mark.parametrize("seed", range(6))
def test_the_certified_maximum_lies_between_its_bounds(seed):
    problem = random_problem(seed)
    for k in (2, 8):
        plan = sparse_transport(problem.a, problem.b, problem.C, k, gamma=0.3)
        best = certified(SemiDual(problem, k, 0.3))
        assert plan.value <= best.bound + 1e-9
        assert best.value <= plan.value + plan.gap + 1e-9
        assert (np.count_nonzero(plan.T, axis=0) <= k).all()
        np.testing.assert_allclose(plan.T.sum(0), problem.b, atol=1e-12)
        assert plan.cost == pytest.approx(problem(plan.T))
        assert plan.row_error == pytest.approx(abs(plan.T.sum(1) - problem.a).sum())
        if k == 8:  # smooth: solved to the end
            assert plan.row_error < 1e-5
            assert plan.gap < 1e-5
            assert plan.value == pytest.approx(plan.cost + 0.3 / 2 * (plan.T**2).sum(), abs=1e-5)


def test_at_a_kink_the_gap_says_that_no_plan_is_good():
    problem = bumps()
    plan = sparse_transport(problem.a, problem.b, problem.C, 1)
    assert plan.row_error > 0.1
    assert plan.gap > 1e-3


def test_costs_may_come_in_any_unit_and_from_any_level():
    problem = random_problem(1)
    plan = sparse_transport(problem.a, problem.b, problem.C, 3, gamma=0.5)
    other = sparse_transport(problem.a, problem.b, 1e4 * problem.C - 300, 3, gamma=0.5e4)
    np.testing.assert_allclose(other.T, plan.T, atol=1e-6)
    assert other.value == pytest.approx(1e4 * plan.value - 300, rel=1e-6)
    assert other.gap == pytest.approx(1e4 * plan.gap, rel=1e-2, abs=1e-2)
    flat = sparse_transport(problem.a, problem.b, np.full((8, 6), 7.0), 8)
    assert flat.cost == pytest.approx(7)
    assert flat.row_error < 1e-6


def test_with_little_of_the_square_it_is_the_linear_program():
    problem = random_problem(2)
    plan = sparse_transport(problem.a, problem.b, problem.C, 8, gamma=0.01)
    assert isinstance(plan, SparsePlan)
    assert plan.cost == pytest.approx(float(exact_transport(problem).value), abs=5e-3)


def test_rows_are_set_right_without_touching_columns():
    problem, rng = random_problem(3), np.random.default_rng(0)
    T = rng.dirichlet(np.ones(8), 6).T * problem.b
    T[0] = 0  # a source that the plan forgets
    T *= problem.b / T.sum(0)
    right = with_right_rows(problem, T)
    assert (right >= 0).all()
    np.testing.assert_allclose(right.sum(1), problem.a, atol=1e-14)
    np.testing.assert_allclose(right.sum(0), problem.b, atol=1e-14)
    np.testing.assert_allclose(with_right_rows(problem, right), right, atol=1e-14)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"k": 0}, "k, the nonzeros allowed in a column, must be an integer, 1 or more, got 0"),
        ({"k": 1.5}, "k, the nonzeros allowed in a column, must be an integer, 1 or more, got 1.5"),
        ({"gamma": 0.0}, "gamma must be positive and finite, got 0.0"),
        ({"C": np.ones((3, 2))}, "the shapes of a, b and C must be"),
        ({"b": np.array([0.5, 0.6])}, "the totals of a and b must be equal"),
        ({"a": np.full((2, 2), 0.5), "b": np.full((2, 2), 0.5), "C": np.ones((2, 2, 2))}, "the shape of a must be"),
    ],
)
def test_what_it_cannot_use_is_refused(given, says):
    good = {"a": np.array([0.5, 0.5]), "b": np.array([0.5, 0.5]), "C": np.eye(2), "k": 2, "gamma": 1.0}
    with pytest.raises(ValueError, match=says):
        sparse_transport(**good | given)
