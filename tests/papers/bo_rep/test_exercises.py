import re

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.bo_rep import exercises
from optilab.papers.bo_rep.algorithm import Refinement, bo_rep, epoch_sgd
from optilab.papers.bo_rep.problems import largest_step, start, world
from optilab.problems.bilevel import Bilevel

SEEDS = range(3)


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_the_way():
    assert "insurance" in exercises.check_travel(np.linalg.norm([26, 22, 18]) / 0.02)
    refused(exercises.check_travel, "x₁ alone", 1300)
    refused(exercises.check_travel, "one axis after the other", 3300)
    refused(exercises.check_travel, "x₂ and x₃ are nearer", 2252)
    refused(exercises.check_travel, "iterations, not calls", 5.5 * 1926)
    refused(exercises.check_travel, "the distance", 100)


@pytest.mark.parametrize("mistake", exercises.STEPS)
def test_the_mistakes_of_an_iteration_are_recognised(mistake):
    def step(F_x, F_y, G_y, hvp, jvp, x, y, z, m, k, **given):
        oracles = {"F_x": F_x, "F_y": F_y, "G_y": G_y, "hvp": hvp, "jvp": jvp}
        return exercises._moved(oracles, (x, y, z, m), k, given, mistake)

    for seed in SEEDS:
        refused(exercises.check_step, re.escape(exercises.STEPS[mistake]), step, seed=seed)


@pytest.mark.parametrize("mistake", exercises.EPOCHS)
def test_the_mistakes_of_the_refinement_are_recognised(mistake):
    for seed in SEEDS:
        refused(
            exercises.check_refinement,
            re.escape(exercises.EPOCHS[mistake]),
            lambda *given: exercises._refined(*given, wrong=mistake),
            seed=seed,
        )


GIVEN = {"eta": 0.3, "beta": 0.7, "nu": 0.15, "gamma": 0.6, "I": 3, "N": 4, "R": 0.5}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_iteration_that_is_asked_for_is_that_of_the_algorithm(seed):
    problem = world(exercises.draw(seed), 0.0, 0.0)
    trace = run(bo_rep(problem, np.ones(3), np.zeros(6), **GIVEN), 8)
    state = (np.ones(3), np.zeros(6), np.zeros(6), np.zeros(3))
    for k in range(8):
        state = exercises._moved(exercises._oracles(problem), state, k, GIVEN, "")
        for part, values in zip(state, (trace.x, trace.y, trace.z, trace.m), strict=True):
            np.testing.assert_allclose(part, values[k + 1], rtol=1e-11, atol=1e-13)

    def step(F_x, F_y, G_y, hvp, jvp, x, y, z, m, k, **given):
        oracles = {"F_x": F_x, "F_y": F_y, "G_y": G_y, "hvp": hvp, "jvp": jvp}
        return exercises._moved(oracles, (x, y, z, m), k, given, "")

    assert "whatever the wall" in exercises.check_step(step, seed=seed)


class Lower:
    """A level with the gradient that an answer gets."""

    def __init__(self, grad_y):
        self.grad_y = grad_y

    def hvp_yy(self, x, y, v):
        return v

    def hvp_xy(self, x, y, v):
        return 0 * x


@pytest.mark.parametrize("seed", SEEDS)
def test_the_refinement_of_the_algorithm_is_right(seed):
    def refine(G_y, x, y, gamma1, T1, D1, E):
        return epoch_sgd(Bilevel(Lower(G_y), Lower(G_y), 3, 6), x, y, Refinement(gamma1, T1, D1, E))

    assert "twice the calls" in exercises.check_refinement(refine, seed=seed)


def test_steeper_walls_have_their_slope_and_their_step():
    problem, x = exercises.steep(1.25, 3), np.array([-2.0, 7.0, 21.0])
    for e in 1e-6 * np.eye(3):
        slope = (problem(x + e) - problem(x - e)) / 2e-6
        assert problem.hypergrad(x) @ e / 1e-6 == pytest.approx(slope, rel=1e-6)
    plain = exercises.steep(1.0, 3)
    assert plain(x) == pytest.approx(world(exercises.draw(3))(x))
    assert exercises.scanned(plain, start(9.0), largest_step(9.0)) == pytest.approx(largest_step(9.0), rel=0.02)
    for factor in (0.1, 10):
        with pytest.raises(ValueError, match="near must be within a factor of 5"):
            exercises.scanned(plain, start(9.0), factor * largest_step(9.0))
