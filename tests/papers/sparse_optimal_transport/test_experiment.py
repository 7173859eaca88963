"""Sparse transport: the curves that the claims read."""

from itertools import product

import numpy as np

from optilab.papers.sparse_optimal_transport import experiment
from optilab.problems.transport import random_bumps


def test_the_same_values_one_by_one():
    values = experiment.adam_values(random_bumps(range(2)), (1, 6), 5)
    assert values.shape == (6, 2, 2)
    for (row, k), i in product(enumerate((1, 6)), range(2)):
        one = random_bumps(i)
        np.testing.assert_allclose(values[:, row, i], experiment.adam_values(one, (k,), 5)[:, 0], rtol=1e-12)
    assert experiment.after(np.array([1.0, 3.0, 2.0]), 1) == 1
