"""The pictures show what the lesson says of them."""

from importlib import import_module

import numpy as np
import pytest

from optilab.papers.pareto_flow import explorer
from optilab.papers.pareto_flow.algorithm import theory

ablation, cones, curse, film, widths = (
    import_module(f"optilab.papers.pareto_flow.explorer.{name}")
    for name in ("ablation", "cones", "curse", "film", "widths")
)


def nothing(done, total=1.0):
    pass


def test_the_curse_is_what_the_lesson_says_of_it():
    made = explorer.curse()
    run = made.result
    true, ours, best = curse.rescored("ZDT2 surface", 0, 10.0)
    assert run.promised[[20, 150]] == pytest.approx([0.89, 3.04], abs=0.01)
    assert true[[20, 150]] == pytest.approx([0.61, 0.0], abs=0.01)
    assert (int(true.argmax()), int((run.promised > 1).argmax())) == (26, 27)
    assert (ours, best) == pytest.approx((0.79, 0.50), abs=0.006)
    assert [curse.rescored("ZDT2 surface", 0, rho)[0][150] for rho in (0.0, 5.0)] == pytest.approx(
        [0.91, 0.0], abs=0.006
    )
    off = run.found.task.distance(run.found.z.designs(run.generations.x[20])).mean()
    assert off == pytest.approx(0.11, abs=0.006)
    assert made.data["headline"] == "The search goes on, its designs get worse"
    assert "here the search may go on" in curse.compute(50, 0.0, "ZDT2 surface", 0, run=run)["headline"].lower()


def test_the_film_is_what_the_lesson_says_of_it():
    made = explorer.film()

    def end(**changes):
        shot = film.simulate(**{name: made.values[name] for name in made.long} | changes, progress=nothing)
        return shot.true[-1], shot.promised[-1], shot.off[-1]

    assert made.result.true[-1] == pytest.approx(0.794, abs=0.005)
    assert end(gamma=0.0)[0] == pytest.approx(0.574, abs=0.005)
    assert end(gamma=0.0, g=0.5)[0] == pytest.approx(0.80, abs=0.01)
    assert end(gamma=100.0, t_min=0.1) == pytest.approx((0.0, 2.49, 0.447), abs=0.01)
    assert end(gamma=2.0, t_min=0.8)[0] == pytest.approx(0.53, abs=0.01)
    assert len(made.result.t) == film.FRAMES
    assert np.isfinite(made.result.plane).all()


def test_the_widths_are_those_of_the_theory():
    for s in (0.02, 0.3, 1.0):
        after, plain = widths.pushed(1.5, 0.2, s)
        along, across = (after - plain).mean(0)
        assert along == pytest.approx(theory.push(1.5, 0.2, 1.0), rel=0.02)
        assert across == pytest.approx(theory.push(1.5, 0.2, s), rel=0.1)
        assert np.ptp(after - plain, 0).max() < 1e-9  # all samples move alike
    assert theory.push(1.5, 0.2, 1.0) == pytest.approx(1.6, abs=0.01)


def test_the_cones_are_what_the_lesson_says_of_them():
    made = explorer.cones()
    gaps = {}
    for state, name in cones.NAMES.items():
        handed = made.result[state].handed
        gaps[name] = np.diff(np.sort(np.append(handed.true[:, 0], [0.0, 1.0]))).max()
    assert gaps["no filter"] == pytest.approx(0.71, abs=0.01)
    assert gaps["equal, no filter"] > 0.7
    others = [gap for name, gap in gaps.items() if "no filter" not in name]
    assert max(others) < 0.35
    assert len(made.result[False, True, False].handed.x) == 29
    f1 = [made.result[True, True, False].elites[i, 0] for i in (0, 25, 49)]
    assert f1[0] > f1[1] > f1[2]


def test_the_cone_is_around_its_ray():
    found = curse.experiment.learned("ZDT2 surface", 0)
    (x, y), (edge_x, edge_y) = cones.ray(found, 10)
    start = found.z.y_mean
    np.testing.assert_allclose([x[0], y[0]], start)
    ends = [
        (np.array(end) - start) / found.z.y_sd for end in ((x[1], y[1]), (edge_x[1], edge_y[1]), (edge_x[4], edge_y[4]))
    ]
    away = [theory.np.arccos(ends[0] @ end / 25) for end in ends[1:]]
    half = cones.guidance.half_apertures(cones.guidance.lattice(2, 50))[10]
    np.testing.assert_allclose(away, half, rtol=1e-6)


def test_the_ablation_shows_all_seeds_and_their_mean():
    volumes = ablation.volumes("ZDT2 surface", 1)
    assert volumes.shape == (len(ablation.METHODS), 1)
    data = ablation.compute("ZDT2 surface", 1, run=volumes)
    assert data["ParetoFlow"][0] == pytest.approx([0.794], abs=0.005)
    assert data["ParetoFlow mean"][1] == -2
    assert "one data set" in data["note"]
