"""What the pictures say is so."""

import numpy as np
import pytest

from optilab.papers.passivity_acceleration import explorer
from optilab.papers.passivity_acceleration.experiment import races
from optilab.papers.passivity_acceleration.explorer import contests
from optilab.papers.passivity_acceleration.explorer.design_board import compute


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
