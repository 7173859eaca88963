from itertools import pairwise

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde import experiment
from optilab.papers.multiobjective_pde.experiment.paths import coordinate_descent
from optilab.papers.multiobjective_pde.problems import Wells
from optilab.problems.quadratic import Quadratic


def optimal(f, x, lam):
    """How far (x, λ) is from the conditions of f + λ‖x‖₁."""
    g = f.grad(x)
    active = x != 0
    return max(abs(g + lam * np.sign(x))[active].max(initial=0), (abs(g) - lam)[~active].max(initial=0))


@pytest.mark.parametrize("seed", range(6))
def test_the_path_is_optimal_at_its_kinks_and_between(seed):
    f = experiment.regression(seed)
    points = list(alg.l1_path(f))
    assert len(points) in (9, 11)
    assert points[0].event == "start"
    assert points[-1].event == "end"
    assert points[0].lam == abs(f.b).max()
    np.testing.assert_allclose(points[-1].x, np.linalg.solve(f.A, f.b), atol=1e-12)
    for one, two in pairwise(points):
        assert one.lam > two.lam
        for share in (0.0, 0.3, 0.8):
            x, lam = (1 - share) * one.x + share * two.x, (1 - share) * one.lam + share * two.lam
            assert optimal(f, x, lam) < 1e-12
            np.testing.assert_allclose(x, coordinate_descent(f, lam), atol=1e-12)


def test_an_index_may_leave_and_return():
    rng, found = np.random.default_rng(0), 0
    for _ in range(60):
        X = rng.normal(size=(5, 4)) @ rng.normal(size=(4, 4))
        f = Quadratic(X.T @ X / 5 + 1e-3 * np.eye(4), rng.normal(size=4))
        points = list(alg.l1_path(f))
        events = [point.event for point in points]
        found += "out" in events
        assert events.count("in") - events.count("out") <= 3
        for point in points:
            assert optimal(f, point.x, point.lam) < 1e-9
    assert found > 5


@pytest.mark.parametrize("seed", range(2))
def test_the_arc_length_form_finds_the_same_kinks(seed):
    f = experiment.regression(seed)
    exact = list(alg.l1_path(f))
    kinks = [point for point in alg.l1_continuation(f, 8, ds=0.1) if point.event != "step"]
    assert [point.event for point in kinks] == [point.event for point in exact]
    for mine, theirs in zip(kinks, exact, strict=True):
        np.testing.assert_allclose(mine.x, theirs.x, atol=1e-9)
        assert mine.lam == pytest.approx(theirs.lam, abs=1e-9)


def test_the_arc_length_form_passes_deactivations():
    rng, found = np.random.default_rng(0), 0
    for _ in range(20):
        X = rng.normal(size=(5, 4)) @ rng.normal(size=(4, 4))
        f = Quadratic(X.T @ X / 5 + 1e-1 * np.eye(4), rng.normal(size=4))
        exact = list(alg.l1_path(f))
        if "out" not in [point.event for point in exact]:
            continue
        kinks = [point for point in alg.l1_continuation(f, 4, ds=0.02, most=5000) if point.event != "step"]
        assert [point[3:] for point in kinks] == [point[3:] for point in exact]
        found += 1
    assert found > 0


def test_on_two_dips_the_slope_rises_and_falls():
    trace = run(alg.l1_continuation(Wells(), 1), 2000)
    x = trace.x[:, 0]
    assert (np.diff(x) >= 0).all()
    assert x[-1] == pytest.approx(1.0002, abs=1e-4)  # the first dip's least point: there λ is 0
    np.testing.assert_allclose(trace.lam, -Wells().grad(trace.x)[:, 0], atol=1e-9)
    assert trace.lam.max() > 100 * trace.lam[0]
    assert trace.event[-1] == "end"


def test_most_of_the_front_of_two_dips_is_out_of_reach_for_weights():
    x, best, found = experiment.hull_part()
    assert best.sum() == 1507
    assert x[best].min() == 0
    assert x[best & (x < 2)].max() == 1
    assert x[best & (x > 2)].min() == pytest.approx(2.495)
    assert (found & best).sum() == found.sum() == 90
    middle = x[found & (x > 0) & (x < 2)]
    assert [middle.min(), middle.max()] == pytest.approx([0.947, 0.983], abs=2e-3)
    f = Wells()(x[:, None])
    for lam in np.linspace(0, 2, 40):
        assert found[(f + lam * x).argmin()]  # what weights find, by asking them


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alg.l1_path(Quadratic(np.diag([1.0, -1.0]), np.ones(2))), "the smallest eigenvalue of H must be"),
        (lambda: alg.l1_path(Quadratic(np.eye(2), np.zeros(2))), "b must be not zero"),
        (lambda: alg.l1_continuation(Wells(), 0), "d must be"),
        (lambda: alg.l1_continuation(Wells(), 1, ds=0.0), "ds must be positive"),
        (lambda: alg.l1_continuation(Wells(), 1, most=0), "most must be"),
        (lambda: alg.l1_continuation(Quadratic(np.eye(2), np.zeros(2)), 2), "the gradient at 0 must be not zero"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
