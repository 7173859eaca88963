import re

import numpy as np
import pytest

from optilab.papers.lv_hba import exercises
from optilab.papers.lv_hba.algorithm import null_space_hypergrad
from optilab.papers.lv_hba.experiment import bias
from optilab.papers.lv_hba.problems.coupled import Coupled


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_the_bias():
    assert "weighs more" in exercises.check_bias(bias(10.0, 2.0))
    refused(exercises.check_bias, "for γ₁ = 1", 0.8 / 11.2)
    refused(exercises.check_bias, "put γ₁", 0.1)


def test_the_mistakes_that_are_recognised_differ_from_what_is_right():
    for mistake, message in exercises.MISTAKES.items():

        def step(F, f, g, x, y, z, theta, lam, k, *numbers, mistake=mistake):
            names = ("alpha", "beta", "eta", "gamma1", "gamma2", "c0", "p")
            return exercises._moved(F, f, g, (x, y, z, theta, lam), k, dict(zip(names, numbers, strict=True)), mistake)

        for seed in range(3):
            refused(exercises.check_step, re.escape(message), step, seed=seed)


@pytest.mark.parametrize("seed", range(3))
def test_the_check_on_hypergradients(seed):
    def right(F, f, g, x, y):
        return null_space_hypergrad(Coupled(F, f, len(x), len(y), coupling=g, rows=len(g.b)), x, y)

    assert "right" in exercises.check_hypergradient(right, seed=seed)

    def short(F, f, g, x, y):
        return right(F, f, g, x, y) + (np.linalg.pinv(g.A) @ g.H).T @ F.grad_y(x, y)

    refused(exercises.check_hypergradient, "is missing", short, seed=seed)
    refused(exercises.check_hypergradient, "alone: y", lambda F, f, g, x, y: F.grad_x(x, y), seed=seed)
    refused(exercises.check_hypergradient, "differences of F", lambda F, f, g, x, y: np.zeros(3), seed=seed)
