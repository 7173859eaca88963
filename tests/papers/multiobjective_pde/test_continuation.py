import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde import experiment
from optilab.papers.multiobjective_pde.problems import standard

FIRST, LAST = experiment.ends_of(None)
DS = float(np.linalg.norm(LAST.J - FIRST.J)) / 12


def test_the_standard_front_in_fifteen_points():
    trace = run(alg.continuation(alg.FullModel(standard()), FIRST, ds=DS), 100)
    assert len(trace.step) == 15
    assert trace.corrections.sum() == 8
    assert trace.residual.max() <= 1e-8
    gaps = np.linalg.norm(np.diff(trace.J, axis=0), axis=-1)[:-1] / DS
    assert gaps.min() == pytest.approx(0.96, abs=6e-3)
    assert gaps.max() == pytest.approx(1.20, abs=6e-3)
    assert trace.alpha[0] == 1
    assert trace.alpha[-1] == 0
    assert (np.diff(trace.alpha) < 0).all()
    np.testing.assert_allclose(trace.J[-1], LAST.J, atol=1e-9)


def test_a_weighted_sum_started_there_stays_there():
    model = alg.FullModel(standard())
    for point in alg.continuation(alg.FullModel(standard()), FIRST, ds=DS):
        weights = alg.Weighted(np.array([point.alpha, 1 - point.alpha]))
        np.testing.assert_allclose(alg.newton(model, weights, point.q).J, point.J, atol=1e-8)


def test_the_tangent_is_that_of_differences():
    model = alg.FullModel(standard())
    _, one, two = (point for point, _ in zip(alg.continuation(model, FIRST, ds=1e-6), range(3), strict=False))
    np.testing.assert_allclose(np.linalg.norm(two.J - one.J), 1e-6, rtol=1e-3)
    np.testing.assert_allclose(two.predicted, two.J, atol=1e-11)


def test_a_weighted_sum_may_have_two_local_minimisers():
    alpha, found = 0.47148, {}
    model = alg.FullModel(standard())
    weights = alg.Weighted(np.array([alpha, 1 - alpha]))
    for start in (FIRST.q, LAST.q, np.zeros(8)):
        point = alg.newton(model, weights, start)
        if point.status == "ok":
            found[int((model.state(point.q) > 0).sum())] = point
    assert {49, 50} == set(found)
    values = {nodes: weights.value(point.J) for nodes, point in found.items()}
    assert values[50] == pytest.approx(0.0310696, abs=1e-7)
    assert values[49] == pytest.approx(values[50] + 6.7e-8, abs=1e-9)
    assert abs(found[50].J - found[49].J).max() == pytest.approx(6e-5, abs=1e-5)


def test_kinks_have_a_status_and_are_passed():
    kinks = 0
    for seed in range(8):
        spacing = experiment.spacing(seed)
        assert (np.sort(spacing.residual)[: len(spacing.residual) - spacing.kinks] <= 1e-8).all()
        assert spacing.gaps.min() >= 0.6
        assert spacing.gaps.max() <= 1.6
        kinks += spacing.kinks
    assert kinks > 0


def test_part_of_the_front_ends_where_it_is_told():
    *_, last = alg.continuation(alg.FullModel(standard()), FIRST, ds=DS, end=0.4)
    assert last.alpha == 0.4


def test_on_a_reduced_model_it_comes_near_as_long_as_the_corrector_knows_when_to_stop():
    full = alg.FullModel(standard())
    model = alg.started(full, FIRST.q)
    for q in (LAST.q, (FIRST.q + LAST.q) / 2):
        model.enrich(q)
    solves = full.total
    points = list(alg.continuation(model, FIRST, ds=DS, tol=1e-4))
    assert full.total == solves
    assert len(points) in (14, 15, 16)
    assert max(point.corrections for point in points) <= 2
    exact = np.array([alg.FullModel(standard()).values(point.q) for point in points])
    assert abs(exact - [point.J for point in points]).max() < 5e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ds": 0.0}, "ds must be positive"),
        ({"ds": 1.0, "end": 1.0}, "end must be in"),
        ({"ds": 1.0, "tol": 0.0}, "tol must be positive"),
        ({"ds": 1.0, "most": 0}, "most must be"),
    ],
)
def test_bad_input_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        alg.continuation(alg.FullModel(standard()), FIRST, **settings)
