"""The flows of a pass over batches and of momentum."""

from itertools import permutations

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm import passes
from optilab.papers.discretisation_drift.experiment.flows import VALLEY, VALLEY_START
from optilab.papers.discretisation_drift.experiment.passes import draw


@pytest.mark.parametrize("h", [0.1, 0.3])
def test_pass_field_is_its_loss_with_earlier_gradients_frozen(h):
    batches, theta = draw(range(3))
    step = 1e-20
    slope = [passes.pass_loss(batches, theta + 1j * step * e, theta, h).imag / step for e in np.eye(3)]
    np.testing.assert_allclose(passes.pass_field(batches, h)(theta), -np.stack(slope, -1), rtol=1e-9)


def test_mean_over_orders_field_is_minus_the_gradient_of_its_loss():
    batches, theta = draw(range(3))
    step = 1e-20
    slope = [passes.mean_over_orders_loss(batches, theta + 1j * step * e, 0.2).imag / step for e in np.eye(3)]
    np.testing.assert_allclose(passes.mean_over_orders_field(batches, 0.2)(theta), -np.stack(slope, -1), rtol=1e-9)


def test_mean_over_orders_is_the_mean_of_the_ordered_fields():
    batches, theta = draw(range(3))
    ordered = [passes.pass_field(order, 0.1)(theta) for order in permutations(batches)]
    np.testing.assert_allclose(passes.mean_over_orders_field(batches, 0.1)(theta), np.mean(ordered, 0), rtol=1e-10)


def test_sgd_passes_take_the_batches_in_their_order():
    batches, theta = draw([0])
    end = run(passes.sgd_passes(batches, theta, h=0.1, order=(2, 0, 3, 1)), 2).theta[-1]
    for mu in (2, 0, 3, 1) * 2:
        theta = theta - 0.1 * batches[mu].grad(theta)
    np.testing.assert_array_equal(end, theta)


def test_bad_orders_and_momenta_are_refused():
    with pytest.raises(ValueError, match="beta must be in"):
        passes.momentum_field(VALLEY, 0.1, 1.0)
    with pytest.raises(ValueError, match="order must be"):
        passes.sgd_passes([VALLEY, VALLEY], VALLEY_START, h=0.1, order=(0, 0))
