from dataclasses import replace

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.lv_hba import algorithm as alg
from optilab.papers.lv_hba import experiment
from optilab.papers.lv_hba.problems.svm import stacked
from optilab.papers.lv_hba.problems.toys import flat, ripple


def test_the_bias_is_that_of_the_text():
    c = np.array([0.5, 2.0, 50.0])
    np.testing.assert_allclose(experiment.bias(c), 0.8 / (c + 1.2))
    with pytest.raises(ValueError, match="c must be positive"):
        experiment.bias(0.0)
    with pytest.raises(ValueError, match="gamma1 must be positive"):
        experiment.bias(1.0, -1.0)


def test_a_run_that_is_lost_has_no_error():
    found = experiment.relative(np.array([np.full(4, experiment.X_STAR), np.full(4, np.nan), np.full(4, np.inf)]))
    np.testing.assert_array_equal(found, [0, np.nan, np.inf])


def test_the_published_script_goes_the_way_of_the_table():
    error = experiment.relative(experiment.script(1500, False).x)
    found = error[[1, 10, 50, 200, 500, 1000, 1500]]
    assert found == pytest.approx([30.168, 1.997, 9.971, 30.96, 132.9, 123.9, 118.6], rel=2e-3)
    clipped = abs(experiment.script(1500, False).lam[:, 0]) == 1000
    assert 100 < np.argmax(clipped) <= 157
    mended = experiment.relative(experiment.script(3000, True).x)
    assert mended[[1500, 3000]] == pytest.approx([0.257, 0.0264], rel=0.01)


@pytest.mark.parametrize(("numbers", "radius"), [(experiment.PUBLISHED, "above"), (experiment.MENDED, "below")])
def test_the_whole_iteration_explains_the_script(numbers, radius):
    n, c = 100, experiment.penalty(100, numbers["c0"])
    problem = flat(n, row=1.0)
    fixed = {**numbers, "c0": float(c), "p": 0.0}
    wide = {"low": -1e9, "high": 1e9}
    # with a constant c and a wide Z the iteration is affine: whether it grows is a matter of its spectral radius
    x, y = np.full(n, 1.0), np.r_[np.full(n, -2.0), np.full(n, 1.0)]
    trace = run(alg.lv_hba(replace(problem, **wide), x, y, **fixed, lam0=np.ones(1)), 6000, every=1000)
    size = np.linalg.norm(np.diff(trace.x, axis=0), axis=-1)
    assert (size[-1] > size[-3]) == (radius == "above")


def test_the_minima_are_those_of_the_hyper_objective():
    problem = ripple()
    for x in experiment.MINIMA:
        at = np.array([x])
        slope = alg.kkt_hypergrad(problem, at, problem.y_star(at), problem.multiplier(at))
        assert abs(slope) <= 1e-6


def test_the_judgement_of_weights_that_know_the_labels():
    data = stacked(range(4))
    told = experiment.judged(np.where(data.flipped, -6.0, 1.0), data)
    np.testing.assert_allclose(told.difference, 7)
    np.testing.assert_allclose(told.auc, 1)
    assert told.learned.mean() > told.common.mean() + 0.05
    even = experiment.judged(np.zeros_like(data.C0), data)
    np.testing.assert_allclose(even.auc, 0.5)
    np.testing.assert_array_equal(even.learned, even.common)


def test_weights_need_a_long_step_of_their_own():
    short = experiment.tuned(range(100, 103), steps=200, alpha_x=1.0)
    right = experiment.tuned(range(100, 103), steps=200, alpha_x=10.0)
    assert short.difference.mean() < 0 < right.difference.mean()
