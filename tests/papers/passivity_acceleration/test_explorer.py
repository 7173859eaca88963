"""What the pictures say is so."""

from importlib import import_module

import numpy as np
import pytest

from optilab.papers.passivity_acceleration import explorer
from optilab.papers.passivity_acceleration.experiment import races
from optilab.papers.passivity_acceleration.explorer import contests
from optilab.papers.passivity_acceleration.explorer.design_board import compute

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
