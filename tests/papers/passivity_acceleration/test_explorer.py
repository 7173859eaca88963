"""What the pictures say is so."""

from importlib import import_module

import numpy as np
import pytest

from optilab.classics.heavy_ball import heavy_ball, tuned
from optilab.classics.worst_function import against_heavy_ball
from optilab.core.run import run
from optilab.papers.passivity_acceleration import explorer
from optilab.papers.passivity_acceleration.experiment import races
from optilab.papers.passivity_acceleration.explorer import contests
from optilab.papers.passivity_acceleration.explorer.design_board import compute
from optilab.ui.words import number

BOARD = {"gamma": 2.0, "kappa": 0.05, "c": 0.95, "lam": 4.0, "psi0": 0.0, "frame": 0}


def test_pictures_start_where_they_are_told_to():
    assert explorer.design_board(c=0.0).values["c"] == 0
    with pytest.raises(ValueError, match="gamma"):
        explorer.damping(gamma=11.0)


def test_the_design_board_says_what_happens():
    crawling = compute(2.0, 0.05, 0.0, 4.0, 0.0, 0)
    assert "never leaves" in crawling["headline"]
    assert crawling["V"].max() == 0
    assert abs(crawling["whole"][0][-1]) == pytest.approx(0.091, abs=1e-3)
    gained = compute(2.0, 0.05, 0.95, 4.0, 0.0, 0)
    assert abs(gained["whole"][0][-1]) == pytest.approx(3e-7, rel=0.1)
    assert "29 %" in gained["note"]
    assert (np.diff(gained["V"]) <= 1e-15).all()
    wild = compute(0.0, 0.0, -0.5, 400.0, 0.0, 0)
    assert "Diverging" in wild["note"]
    assert np.isnan(wild["whole"][0][-1])
    assert "storage" in wild["note"]


def test_the_race_picture_counts_as_the_race_does():
    starts = races.quadratic_starts(contests.SEEDS)
    kappa = float(contests.KAPPAS[3])
    counted = contests.iterations(1e-8, False)[:, 3]
    for row, name in zip(counted, races.METHODS, strict=True):
        np.testing.assert_array_equal(row, races.race(kappa, starts, name))


@pytest.mark.parametrize(
    ("values", "title", "balance"),
    [
        ({"c": 0.0, "psi0": 1.0}, "falls onto", "one brake γψ²"),
        ({"c": 0.0, "psi0": 1.0, "gamma": 0.0}, "keeps its distance", "both brakes are off"),
        ({"gamma": 0.0, "kappa": 0.0}, "round for ever", "both brakes are off"),
        ({"gamma": 0.0}, "loses", "one brake cκf′²"),
        ({"lam": 400.0}, "loses", "the two brakes"),
        ({"c": -0.5, "gamma": 0.0}, "flees", "proves nothing"),
    ],
)
def test_the_titles_of_the_design_board_stay_true(values, title, balance):
    data = compute(**BOARD | values)
    assert title in data["headline"]
    assert balance in data["balance"]


def test_a_run_that_grows_is_not_said_to_decay():
    note = compute(**BOARD | {"gamma": 0.0, "c": -0.5, "lam": 0.4, "kappa": 0.0})["note"]
    assert "grows like exp(0.447 t)" in note
    assert "gradient flow neither decays nor grows" in note


def test_the_best_damping_is_nesterovs_at_his_own_feedback():
    board = import_module("optilab.papers.passivity_acceleration.explorer.damping")
    start = explorer.damping().start
    data = board.compute(**start)
    assert data["best"][0] == pytest.approx(2, abs=1e-3)
    assert data["worst"][1].max() == pytest.approx(data["best"][1], rel=1e-9)  # the curve reaches its star
    assert "half its damping" in board.compute(**start | {"gamma": 1.0})["note"]
    assert board.compute(**start | {"gamma": 1.0})["here"][1] == pytest.approx(0.525)
    assert "nothing is gained" in board.compute(**start | {"c": 0.0})["note"]


def test_the_note_of_the_trap_keeps_its_function_and_the_test_apart():
    trap = import_module("optilab.papers.passivity_acceleration.explorer.trap")
    note = trap.compute(3.3, 0.0, "heavy ball", 2.5)["note"]
    assert "whose κ is 25: <b>Heavy ball is caught" in note
    assert "κ = 2.5: heavy ball passes" in note
    assert 0.05 < trap.basin("heavy ball").mean() < 0.3
    assert trap.basin("triple momentum").max() == 0


def test_the_race_on_the_chain_offers_neither_mu_nor_chance():
    race = explorer.race(problem=contests.CHAIN)
    assert [name for name, control in race.controls.items() if control.widget.disabled] == ["kappa", "seed"]
    assert np.isnan(race.data["now"])


DRAWN = {10.0: 4, 100.0: 4, 1000.0: 3, 10000.0: 0}  # methods that are in the tables, by κ
ROUNDED = 1 + 1e-4  # the tables' digits


@pytest.mark.parametrize("seed", [0, 3, 9])
@pytest.mark.parametrize(
    ("problem", "kappa", "drawn"),
    [(problem, kappa, drawn) for problem in contests.PROBLEMS[:2] for kappa, drawn in DRAWN.items()]
    + [(contests.CLASSIFIER, 1000.0, 3), (contests.CHAIN, 1000.0, 1)],
)
def test_what_is_measured_is_below_the_worst_case_and_that_below_what_is_promised(problem, kappa, drawn, seed):
    compute = import_module("optilab.papers.passivity_acceleration.explorer.race").compute
    data = compute(problem, kappa, 1e-8, seed, near=True)
    worst = {name: data[f"{name}: worst"] for name in races.METHODS if np.isfinite(data[f"{name}: worst"][1][-1])}
    assert len(worst) == drawn
    for name, (n, left) in worst.items():
        assert (data[f"{name}: gap"][1][n] <= left * ROUNDED).all(), name
        low, high = 10 ** np.array(data["gap_range"])
        assert (left > low).all()
        assert (left < high).all()  # all of it is in the picture
    if "Nesterov" in worst:
        n, left = worst["Nesterov"]
        assert (left <= data["bound"][1][n] * ROUNDED).all()
    far = compute(problem, kappa, 1e-8, seed, near=False)
    assert all(np.isnan(far[f"{name}: worst"][1]).all() for name in races.METHODS)
    assert far["note"] == data["note"]


def test_the_race_says_whose_the_distance_to_the_bound_is():
    compute = import_module("optilab.papers.passivity_acceleration.explorer.race").compute
    data = compute(contests.QUADRATIC, 100.0, 1e-8, 3, near=True)
    (n, left), gap = (part[-1] for part in data["Nesterov: worst"]), data["Nesterov: gap"][1]
    loose, easy = data["bound"][1][n] / left, left / gap[n]
    assert f"{number(loose, 2)} is the theorem's looseness, {number(easy, 2)} the problem's easiness" in data["note"]
    assert (number(loose, 2), number(easy, 2)) == ("2", "730")  # as the lesson says
    assert "Heavy ball has no theorem" in data["note"]
    assert "Heavy ball has no theorem" not in compute(contests.QUADRATIC, 1000.0, 1e-8, 3, near=False)["note"]
    assert "bound is exact" in compute(contests.CHAIN, 1000.0, 1e-8, 3, near=False)["note"]
    untabled = compute(contests.QUADRATIC, float(contests.KAPPAS[1]), 1e-8, 3, near=True)["note"]
    assert "tabulated for κ = 10, 100 and 1000" in untabled


def test_the_worst_function_is_what_the_lesson_says_of_it():
    worst = import_module("optilab.papers.passivity_acceleration.explorer.worst_function")
    problem, start = against_heavy_ball(3, kappa=25.0)
    line = np.linspace(-3, 3, 6001)[:, None]
    bend = np.diff(problem.grad(line)[:, 0]) / np.diff(line[:, 0])
    flat = line[1:-1, 0][abs(bend[1:] - problem.mu) < 1e-6]
    np.testing.assert_allclose([flat[0], flat[-1]], [-1.78, -0.77], atol=0.01)
    steep = line[1:-1, 0][abs(bend[1:] - problem.L) < 1e-6]
    assert len(flat) + len(steep) >= len(line) - 6  # all but the bends
    late = run(heavy_ball(problem, start, **tuned(1 / 25, 1.0)), 3000).x[-3:, 0]
    np.testing.assert_allclose(np.sort(late), [-2.14, -0.65, 1.82], atol=0.01)
    far = worst.compute(25.0, 10, 40)
    assert far["measured"][1] == pytest.approx(4.6, abs=0.05)
    assert far["measured"][1] / far["on it"][1][0] == pytest.approx(9, abs=0.5)
    assert far["on it"][1][-1] < 0.01
    assert "5 dimensions" in far["note"]
    assert "grows" in worst.compute(20.0, 3, 0)["growth"]
    assert "falls" in worst.compute(15.0, 3, 0)["growth"]
    assert worst.compute(25.0, 1, 0)["top"].startswith("After 1 step the ball is higher")


@pytest.mark.parametrize("kappa", [10.0, 25.0, 100.0])
def test_no_quadratic_is_as_bad_as_the_worst_function(kappa):
    worst = import_module("optilab.papers.passivity_acceleration.explorer.worst_function")
    for n in (1, 4, 10):
        data = worst.compute(kappa, n, n)
        at = list(data["worst"][0]).index(n)
        assert data["measured"][1] == pytest.approx(data["worst"][1][at], rel=1e-4)
        assert data["quadratics"][1][n] <= data["worst"][1][at] * (1 + 1e-4)
        assert data["now"] == (pytest.approx(data["walk"][0][-1]), pytest.approx(data["measured"][1]))
