"""Counting oracle calls."""

import copy
import pickle

import numpy as np
import pytest

from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import csmd
from optilab.papers.last_iterate.problems import outliers
from optilab.problems.least_squares import LeastSquares
from optilab.problems.quadratic import Quadratic

BOWL = Quadratic(np.diag([1.0, 2.0]), np.ones(2))


def test_calls_are_counted_by_kind_and_answers_are_the_problems():
    counted = Counted(BOWL)
    x = np.ones((5, 2))
    np.testing.assert_array_equal(counted(x), BOWL(x))
    np.testing.assert_array_equal(counted.grad(x), BOWL.grad(x))
    counted.grad(x[0])
    counted.hvp(x, x)
    counted.hess(x)
    counted.third(x, x)
    counted.prox(x, 0.1)
    expected = {"values": 1, "gradients": 2, "Hessian-vector products": 1, "Hessians": 1, "third derivatives": 1}
    assert counted.calls == expected | {"proximal maps": 1}
    assert repr(counted).endswith("1 proximal maps)")


def test_constants_pass_through_uncounted():
    counted = Counted(BOWL)
    assert counted.L == 2
    assert counted.A is BOWL.A
    assert not counted.calls
    assert repr(counted).endswith("no calls yet)")
    with pytest.raises(AttributeError):
        _ = counted.nothing


@pytest.mark.parametrize(("size", "amount"), [(7, 7), ((4, 3), 3), ((5,), 5)])
def test_samples_count_for_one_replicate(size, amount):
    counted = Counted(LeastSquares(np.eye(3), np.ones(3)))
    sample = counted.sample(np.random.default_rng(0), size)
    counted.sample(np.random.default_rng(0), size=size)
    assert counted.calls["samples"] == 2 * amount
    counted.sample_grad(np.ones((*sample.shape[:-1], 3)), sample)
    assert counted.calls["gradients"] == 1


def test_more_kinds_can_be_named():
    class Bandit:
        def pull(self, arm):
            return arm

    counted = Counted(Bandit(), kinds={"pull": "pulls"})
    assert counted.pull(3) == 3
    assert counted.calls == {"pulls": 1}


def test_a_counted_problem_can_be_copied_and_sent_to_another_process():
    counted = Counted(BOWL)
    counted.grad(np.ones(2))
    for twin in (copy.deepcopy(counted), pickle.loads(pickle.dumps(counted))):
        twin.grad(np.ones(2))
        assert twin.calls["gradients"] == 2
    assert counted.calls["gradients"] == 1


@pytest.mark.parametrize("batch", [(), (1,), (50,)])
def test_one_draw_a_step_is_one_sample_a_step_for_every_replicate(batch):
    counted = Counted(outliers(0))
    states = csmd(counted, np.zeros((*batch, 10)), eta=np.full(10, 0.1), rng=np.random.default_rng(0))
    trace = run(states, 10, oracle=counted)
    np.testing.assert_array_equal(trace.calls["samples"], np.arange(11))
    np.testing.assert_array_equal(trace.calls["gradients"], np.arange(11))


def test_samples_that_nobody_gets_are_refused():
    with pytest.raises(ValueError, match=r"size must be \(\*batch, m\), m samples for each replicate, got \(\)"):
        Counted(outliers(0)).sample(np.random.default_rng(0), ())
