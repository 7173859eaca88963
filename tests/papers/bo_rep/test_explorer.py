import sys

import numpy as np
import pytest

import optilab.papers.bo_rep.explorer  # noqa: F401 (puts its modules where the next lines find them)
from optilab.core.run import run
from optilab.papers.bo_rep import experiment
from optilab.papers.bo_rep.algorithm import LIMIT, Refinement, bo_rep, calls
from optilab.papers.bo_rep.explorer.parts import exact_run, noisy_run
from optilab.papers.bo_rep.problems import draw, largest_step, start, world

camera, rides, maps, chase, noise, labels = (
    sys.modules[f"optilab.papers.bo_rep.explorer.{name}"]
    for name in ("camera", "rides", "maps", "chase", "noise", "labels")
)


def nothing(done, total=1.0):
    pass


@pytest.mark.parametrize(
    ("I", "N", "R", "refine"),
    [(3, 4, 0.05, None), (2, 3, np.inf, Refinement()), (5, 2, 0.5, Refinement(0.3, 5, 8.0, 3)), (1, 1, np.inf, None)],
)
def test_the_chase_is_that_of_the_algorithm(I, N, R, refine):
    problem, steps = world(draw(0)), 60
    x0 = np.full(3, 6.0)
    states = bo_rep(problem, x0, problem.y_star(x0 + 34), eta=0.02, gamma=0.3, I=I, N=N, R=R, refine=refine)
    trace = run(states, steps)
    error = np.linalg.norm(trace.y - problem.y_star(trace.x), axis=-1)
    found = exact_run(I, N, 0.3, R, refine, int(calls(steps, I, N, refine)))
    at = refine.E if refine else 0
    assert len(found.spent) == at + steps + 1
    np.testing.assert_allclose(found.error[at:], error, rtol=1e-9)
    np.testing.assert_array_equal(found.spent[at:], calls(trace.step, I, N, refine))
    assert found.error[0] == pytest.approx(34 * np.sqrt(3))


@pytest.mark.parametrize(("scale", "beta", "seed"), [(0.1, 0.5, 0), (3.0, 0.0, 4), (1.0, 0.95, 2)])
def test_the_wander_is_that_of_the_algorithm_with_the_same_noise(scale, beta, seed):
    problem, x0 = world(draw(seed), scale), np.full(3, 10.0)
    states = bo_rep(problem, x0, problem.y_star(x0), eta=0.02, beta=beta, rng=np.random.default_rng(seed))
    np.testing.assert_allclose(noisy_run(scale, beta, seed, 80), run(states, 80, keep=["x"]).x, rtol=1e-10)


def test_without_noise_and_slope_x_stays():
    assert (noisy_run(0.0, 0.9, 0, 3)[1] == 10).all()  # between the walls their slopes cancel, and z is 0


@pytest.mark.parametrize(
    ("a", "alpha", "method", "said"),
    [
        (6.0, 0.03, "SOBA", "SOBA is there after 425 iterations, BO-REP is there after 1652 iterations"),
        (9.0, 0.03, "SOBA", "SOBA is lost in iteration 2, BO-REP is there after 1860 iterations"),
        (9.0, 0.003, "SOBA", "SOBA is not there after 2500, BO-REP is there after 1860 iterations"),
        (12.0, 0.1, "clipped SOBA", "clipped SOBA is there after 207 iterations"),
        (9.0, 0.001, "MA-SOBA", "MA-SOBA is lost in iteration 12"),
    ],
)
def test_what_the_camera_says(a, alpha, method, said):
    rides_ = rides.both(a, alpha, 0.02, method, 0)
    data = camera.compute(a, alpha, 0.02, method, 0, 100, run=rides_)
    assert data["headline"].startswith(said)
    lost = "lost" in said
    assert np.isfinite(data["gone"][0]) == [lost]
    assert np.isnan(data["rival now"][0]).all() == lost
    np.testing.assert_allclose(data["BO-REP speed"][1], 0.02, rtol=1e-9)
    if lost:
        before = camera.compute(a, alpha, 0.02, method, 0, 0, run=rides_)
        assert np.isnan(before["gone"][0]).all()
        assert before["rival now"][0] == [-a]


def test_the_profile_is_phi_on_the_diagonal():
    t = np.array([-3.0, 14.0, 90.0])
    found = rides.heights(t, 1)
    assert found[1] == pytest.approx(3 * (np.exp(-14) + np.exp(-6)) + 6, rel=1e-12)
    assert np.isnan(found[2])
    assert found[0] == pytest.approx(float(world(draw(1))(np.full(3, -3.0))))


def test_the_maps_are_those_of_single_runs():
    found = maps.simulate(0, nothing)
    calls_, lost = found["SOBA"]
    for row, alpha in enumerate(maps.STEPS["SOBA"]):
        beyond = maps.DEPTHS[alpha > 1.02 * largest_step(maps.DEPTHS)]
        np.testing.assert_array_equal(maps.DEPTHS[lost[row]], beyond)
    assert np.isfinite(calls_).sum(1).tolist() == [0, 3, 4, 4, 5, 0]
    ours, ours_lost = found["BO-REP"]
    assert not ours_lost.any()
    assert np.isinf(ours[:3]).all()
    again, _ = maps.needed("BO-REP", 5)
    assert np.isin(
        np.isfinite(again).sum(1), [0, len(maps.DEPTHS)]
    ).all()  # a step arrives from all depths or from none
    problem = world(draw(0))
    for row, low, high in ((3, 7_900, 18_000), (4, 15_000, 26_000), (5, 29_500, 51_000)):
        assert (ours[row] >= low).all()
        assert (ours[row] <= high).all()
    states = bo_rep(problem, start(5.0), np.zeros(6), eta=0.02)
    trace = run(states, 2500, every=50, keep=["x"], slope=lambda s: problem.slope(s.x))
    assert experiment.arrivals(trace.slope[:, None], calls(trace.step)) == [ours[3, 2]]
    data = maps.compute(9, 0.003, 0.02, 0, run=found)
    assert "SOBA with α = 0.003 needs <b>21500</b>" in data["note"]
    assert "<b>diverges</b>" in maps.compute(11, 0.003, 0.02, 0, run=found)["note"]
    assert "isn't there" in maps.compute(1, 0.001, 0.2, 0, run=found)["note"]


PLAIN = {"I": 20, "N": 30, "gamma": 0.2, "ball": False, "R": 0.1, "refine": False}


@pytest.mark.parametrize(
    ("values", "headline"),
    [
        ({}, "The error is below ηI/(1 − ρ) = 0.561"),
        ({"I": 100, "N": 150}, "The error is below ηI/(1 − ρ) = 2.13"),
        ({"I": 1, "N": 150}, "The error is below ηI/(1 − ρ) = 0.0213"),
        ({"I": 2, "N": 1, "gamma": 1.4}, "ρ = 1.1: each update of y multiplies its error"),
        ({"I": 2, "N": 3, "gamma": 1.7}, "The error is below ηI/(1 − ρ) = 0.933"),
        ({"I": 2, "N": 1, "gamma": 4 / 3}, "ρ = 1: y doesn't settle"),
        ({"ball": True, "R": 0.3}, "Between updates y*(x) may move ηI, y at most R < ηI"),
        ({"ball": True, "R": 1.0}, "After 3000 calls y is still on its way"),
    ],
)
def test_the_title_of_the_chase_follows_its_settings(values, headline):
    assert chase.compute(**PLAIN | values)["headline"] == headline


def test_the_largest_lower_step():
    assert [chase.edge(N) for N in (1, 3, 30)] == pytest.approx([1.333, 1.716, 1.43], abs=2e-3)


@pytest.mark.parametrize(
    ("beta", "share", "rest"), [(0.0, 67, 0.82), (0.5, 79, 0.42), (0.9, 84, 0.47), (0.99, 64, 0.955)]
)
def test_what_momentum_does_under_noise(beta, share, rest):
    data = noise.compute(1.0, beta, 0)
    assert data["headline"] == f"Of the way walked {share} % leads to the floor"
    assert data["rest"][1][0] == pytest.approx(rest, abs=0.005)


def test_a_way_that_leads_off_is_no_progress():
    data = noise.compute(3.0, 0.99, 1)
    assert "walked none leads" in data["headline"]
    assert "0.391 farther from the floor" in data["note"]


@pytest.mark.parametrize(("alpha", "lost"), [(float(largest_step(9.0)), np.inf), (0.005, 3)])
def test_at_the_largest_step_the_rival_bounces_and_just_beyond_it_is_lost(alpha, lost):
    states = experiment.rival("SOBA", world(draw(0)), start(9.0), np.array(alpha), np.random.default_rng(0))
    trace = run(states, 60, keep=["x"], limit=LIMIT)
    assert trace.diverged == lost
    if np.isinf(lost):
        speed = np.linalg.norm(np.diff(trace.x, axis=0), axis=-1)
        assert speed[:4] == pytest.approx(38, abs=5)
        assert speed[4:].max() < 1


def test_the_curves_over_all_momenta_are_means_of_runs():
    curve = noise.rested(1.0)
    assert noise.BETAS[curve.argmin()] == pytest.approx(0.65, abs=0.16)
    assert curve[[0, -1]].min() > 1.5 * curve.min()
    assert noise.BETAS[noise.rested(0.1).argmin()] == 0


def test_labels_sink():
    found = labels.simulate("BO-REP", 0.1, 10.0, 0, nothing)
    first, last = (labels.compute("BO-REP", 0.1, 10.0, 0, frame, run=found) for frame in (0, 60))
    assert (first["wrong"][1] == 0.5).all()
    assert first["headline"] == "All weights are alike yet"
    assert len(last["wrong"][1]) == 80
    assert (last["wrong"][1] > 0.5).sum() == 12
    assert (last["right"][1] < 0.5).sum() == 26
    assert last["good"][1][-1] == pytest.approx(0.877)
    assert "27 points more" in last["note"]
