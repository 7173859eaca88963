import re

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.bilevel_penalty import exercises
from optilab.papers.bilevel_penalty.algorithm import active_hypergrad, double_loop
from optilab.papers.bilevel_penalty.problems import Selecting
from optilab.problems.bilevel import Bilevel, Residual

SEEDS = range(3)


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_the_weight():
    assert "in proportion" in exercises.check_weight(0.025 / 1.9)
    refused(exercises.check_weight, "from the first term", 0.0125)
    refused(exercises.check_weight, "solve", 0.1)


def names(numbers):
    return dict(zip(("sigma", "alpha", "gamma", "rho", "beta"), numbers, strict=True))


def test_the_mistakes_that_are_recognised_differ_from_what_is_right():
    for mistake, message in exercises.MISTAKES.items():

        def step(f, g, project, x, y, z, *numbers, mistake=mistake):
            return exercises._moved(f, g, project, (x, y, z), names(numbers[:5]), numbers[5], mistake)

        for seed in SEEDS:
            refused(exercises.check_step, re.escape(message), step, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_step_of_the_algorithm_is_right(seed):
    def step(f, g, project, x, y, z, *numbers):
        problem = Bilevel(f, g, len(x), len(y), project_y=project)
        trace = run(double_loop(problem, x, y, z, **names(numbers[:5]), T=numbers[5]), 1)
        return trace.x[-1], trace.y[-1], trace.z[-1]

    assert "first derivatives" in exercises.check_step(step, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_check_on_hypergradients(seed):
    def formula(A, B, W, c, low, high, x, y):
        problem = Bilevel(Selecting(W, c, np.zeros(3), 0.0), Residual(A, B), 3, 6)
        return active_hypergrad(problem, x, y, low, high)

    def right(*given):
        return formula(*given[:-1], given[-1](given[6], 1e-8))

    def anywhere(*given):
        return formula(*given[:-1], given[-1](given[6], 0.0))

    def unbounded(A, B, W, c, low, high, x, solve):
        return formula(A, B, W, c, -np.inf, np.inf, x, solve(x, 1e-8))

    assert "right" in exercises.check_hypergradient(right, seed=seed)
    refused(exercises.check_hypergradient, "any lower solution", anywhere, seed=seed)
    refused(exercises.check_hypergradient, "a bound is active", unbounded, seed=seed)
    refused(exercises.check_hypergradient, "the sign", lambda *given: -right(*given), seed=seed)
    refused(exercises.check_hypergradient, "differences of ψ", lambda *given: np.zeros(3), seed=seed)
