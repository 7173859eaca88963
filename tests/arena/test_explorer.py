import sys

import numpy as np
import pytest

from optilab.arena import diagrams, explorer
from optilab.arena.explorer.parts import drawn, outline, shades
from optilab.arena.methods import METHODS
from optilab.ui import theme

racing = sys.modules["optilab.arena.explorer.race"]  # whose name in its package is the explorer's


@pytest.fixture(scope="module")
def race():
    return explorer.race(budget=40.0)


def run(shown, **values):
    shown.set(**values)
    shown.run().join()
    return shown.data


def test_the_winner_of_the_race_is_on_top_and_in_the_headline(race):
    data = run(race, **race.start)
    assert data["names"][0] == "heavy ball"
    assert data["headline"].startswith("heavy ball wins")
    assert data["note"].startswith("Heavy ball wins: median gap")
    assert [data[f"now {slot}.x"][0] for slot in range(4)] == sorted(data[f"now {slot}.x"][0] for slot in range(4))


def test_who_does_not_fit_stays_out_and_the_reason_is_in_sight(race):
    data = run(race, problem="lasso", first="proximal gradient", second="fast proximal gradient", third="heavy ball")
    assert data["names"][2:] == [" ", " "]
    assert np.isnan(data["best 2.y"]).all()
    assert "Not in the race: heavy ball sees gradients alone; this problem has a simple part" in data["note"]
    lines = dict(zip(data["lines"], data["line shades"], strict=True))
    assert next(shade for line, shade in lines.items() if line.startswith("can race here")) == theme.INK
    assert next(shade for line, shade in lines.items() if "sees gradients alone" in line) == theme.ink(0.5)
    said = " ".join(data["lines"])
    assert all(name.partition(",")[0] in said for name in METHODS)


def test_where_nobody_fits_it_says_why(race):
    data = run(race, problem="quadratic", first="MKOR", second="nobody", third="nobody", fourth="nobody")
    assert data["headline"] == "Nobody can race here"
    assert "MKOR needs the layers of a network" in data["note"]
    assert all(np.isnan(data[f"best {slot}.y"]).all() for slot in range(4))


def test_prices_count(race):
    steps = []
    for product in (0.0, 5.0):
        run(race, **race.start | {"product": product})
        steps.append(race.result[0].entrants["ADAHESSIAN"].best.steps)
    assert steps == [40, 6]


def test_a_tuning_curve_goes_through_its_dot(race):
    run(race, **race.start)
    for name, one in race.result[0].entrants.items():
        data = racing.tuning(one, 0, 1.0)
        x, y = data["valley 0"]
        at, gap = data["chosen 0"]
        assert at == 1
        if (x == 1).any():
            assert y[x == 1] == gap, name


def test_a_best_step_at_the_end_of_its_grid_is_told(race):
    assert "the end of its grid" not in run(race, **race.start)["note"]
    here = {"kappa": 1.0, "noise": 3.0, "first": "heavy ball", "second": "gradient descent"}
    note = run(race, **race.start | here | {"third": "nobody", "fourth": "nobody"})["note"]
    assert note.endswith("Best at the end of its grid, so perhaps better beyond: heavy ball.")
    assert race.result[0].entrants["heavy ball"].best.setting["step"] == METHODS["heavy ball"].knobs[0].grid[0]


def test_a_cell_that_is_clicked_shows_its_race():
    shown = explorer.where()
    shown._point(shown.panels[0].click, 0.2, 2.9, True)
    assert (shown.values["column"], shown.values["row"]) == (0, 3)
    stored = diagrams.stored("condition and noise")
    assert "gradient descent wins" in shown.data["headline"]
    np.testing.assert_allclose(
        np.log10(shown.data["heavy ball.y"]), stored.median[3, 0][diagrams.METHODS.index("heavy ball")], atol=1e-6
    )
    assert np.isnan(shown.data["GNS Newton.y"]).all()
    shown.set(column=5, row=5)
    assert "no winner" in shown.data["headline"]


def test_an_arrow_that_fails_is_crossed_out():
    shown = explorer.decisions()
    shown._point(shown.panels[0].click, 0.5, -3.2, True)
    assert shown.values["arrow"] == 3
    assert shown.data["headline"] == "Its race: GNS Newton wins"
    name = list(shown.result)[3]
    shown.result[name] = shown.result[name]._replace(winner=None, stands=False)
    shown.redraw()
    assert np.isfinite(shown.data["fails.x"]).tolist() == [k == 3 for k in range(len(shown.result))]
    assert shown.data["headline"] == "Its race: nobody wins"
    assert "9 of 10 arrows stand" in shown.data["note"]


def test_each_of_four_methods_has_a_colour_of_its_own():
    assert shades(["Adam", "heavy ball"]) == [theme.color("Adam"), theme.color("heavy ball")]
    names = ["gradient descent", "SGD", "line search", "Adam"]
    assert len(set(shades(names))) == 4
    assert shades(names)[0] == theme.color("gradient descent")


def test_what_diverged_is_left_out_of_pictures():
    assert np.isnan(drawn([np.inf, np.nan])).all()
    x, y = outline(np.arange(3.0), np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, np.inf]))
    assert x.tolist() == [0, 1, 1, 0]
    assert y.tolist() == [1, 2, 5, 4]
