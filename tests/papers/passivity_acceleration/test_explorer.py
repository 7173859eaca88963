"""What the pictures say is so."""

import numpy as np
import pytest

from optilab.papers.passivity_acceleration import explorer
from optilab.papers.passivity_acceleration.experiment import races
from optilab.papers.passivity_acceleration.explorer import board
from optilab.papers.passivity_acceleration.explorer.race import KAPPAS, SEEDS, iterations


@pytest.mark.parametrize("name", explorer.__all__)
def test_the_shown_code_runs(name):
    picture = getattr(explorer, name)()
    exec(picture.shown_code(picture.values), {})


def test_pictures_start_where_they_are_told_to():
    assert explorer.design_board(c=0.0).values["c"] == 0
    with pytest.raises(ValueError, match="gamma"):
        explorer.damping(gamma=11.0)


def test_the_design_board_says_what_happens():
    crawling = board.compute(2.0, 0.05, 0.0, 4.0, 0.0, 0)
    assert "never leaves" in crawling["headline"]
    assert crawling["V"].max() == 0
    assert abs(crawling["x_all"][-1]) == pytest.approx(0.091, abs=1e-3)
    gained = board.compute(2.0, 0.05, 0.95, 4.0, 0.0, 0)
    assert abs(gained["x_all"][-1]) == pytest.approx(3e-7, rel=0.1)
    assert "29 %" in gained["note"]
    assert (np.diff(gained["V"]) <= 1e-15).all()
    wild = board.compute(0.0, 0.0, -0.5, 400.0, 0.0, 0)
    assert "Diverging" in wild["note"]
    assert np.isnan(wild["x_all"][-1])
    assert "storage" in wild["note"]


def test_the_race_picture_counts_as_the_race_does():
    starts = races.quadratic_starts(SEEDS)
    kappa = float(KAPPAS[3])
    counted = iterations(1e-8, False)[:, 3]
    for row, name in zip(counted, races.METHODS, strict=True):
        np.testing.assert_array_equal(row, races.race(kappa, starts, name))
