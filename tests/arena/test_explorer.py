import sys
from dataclasses import replace

import numpy as np
import pytest

from optilab.arena import diagrams, explorer
from optilab.arena.costs import Costs
from optilab.arena.explorer.parts import drawn, outline, shades
from optilab.arena.methods import METHODS
from optilab.arena.problems import PROBLEMS
from optilab.arena.race import TUNING_SEEDS, follow, quartiles
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
    assert (data["curves"], data["tuning"]) == ("No curves: nobody races", "Nobody to tune")


def test_prices_count(race):
    steps = []
    for product in (0.0, 5.0):
        run(race, **race.start | {"product": product})
        steps.append(race.result[0].entrants["ADAHESSIAN"].best.steps)
    assert steps == [40, 6]


def test_a_tuning_curve_goes_through_its_dot_and_the_default_is_from_the_same_seeds(race):
    run(race, **race.start)
    problem, (starts, seeds) = (
        racing.made("quadratic", 1000.0, 20, 1.0, 10.0, 0.0, ""),
        np.random.default_rng(0).spawn(2),
    )
    x0, seed = problem.facts.start(starts, TUNING_SEEDS), int(seeds.integers(2**31))
    for name, one in race.result[0].entrants.items():
        data, first = racing.tuning(one, 0), METHODS[name].knobs[0].name
        x, y = data["valley 0"]
        at, gap = data["chosen 0"]
        assert at == 1
        if (x == 1).any():
            assert y[x == 1] == gap, name
        default = {key: np.full((1, TUNING_SEEDS), value) for key, value in one.default.setting.items()}
        found = follow(METHODS[name], problem, x0[None], default, 40.0, costs=Costs(), seed=seed)
        at, gap = data["unset 0"]
        assert at == one.default.setting[first] / one.best.setting[first]
        np.testing.assert_allclose(gap, quartiles(found.final[0])[1], rtol=1e-9)


def test_a_best_step_at_the_end_of_its_grid_is_told(race):
    assert "end of its grid" not in run(race, **race.start)["note"]
    here = {"kappa": 1.0, "noise": 0.3, "budget": 200.0, "first": "heavy ball", "second": "gradient descent"}
    note = run(race, **race.start | here | {"third": "nobody", "fourth": "nobody"})["note"]
    assert "best at an end of its grid, so perhaps better beyond: heavy ball." in note
    assert race.result[0].entrants["heavy ball"].best.setting["step"] == METHODS["heavy ball"].knobs[0].grid[0]


def test_whom_the_budget_pays_no_step_stays_out_with_its_price(race):
    data = run(race, **race.start | {"dimension": 50, "fourth": "GNS Newton"})
    assert len([name for name in data["names"] if name != " "]) == 3
    assert "GNS Newton pays 103 for its first step; the budget is 40" in data["note"]
    assert any(line.startswith("pays 103 for its first step") for line in data["lines"])


def test_a_slider_that_does_nothing_is_greyed(race):
    for problem in PROBLEMS:
        values = race.start | {"problem": problem}
        known = PROBLEMS[problem].properties
        hard = {"Rosenbrock": "steepness", "network": "scales"}.get(problem, "kappa")
        for name in ("noise", "rotation", "dimension", "outliers", "formula"):
            assert race.controls[name].when(values) == (name in known), (problem, name)
        assert race.controls["kappa"].when(values) == (hard in known)
    for values, acting in (
        ({}, {"product"}),
        ({"fourth": "Adam"}, set()),
        ({"noise": 0.1}, {"product", "sample"}),
        ({"fourth": "GNS Newton"}, {"product", "value"}),
        ({"fourth": "SGD"}, {"sample"}),
        ({"fourth": "nobody", "problem": "policy"}, {"sample"}),
        ({"fourth": "HARPG", "problem": "policy"}, {"product", "value", "sample"}),
    ):
        prices = {name for name in ("product", "value", "sample") if race.controls[name].when(race.start | values)}
        assert prices == acting, values


def test_a_preset_sets_the_prices_too(race):
    for values in racing.PRESETS.values():
        assert {name: values[name] for name in racing.PRICES} == {name: race.start[name] for name in racing.PRICES}


def test_who_diverges_on_many_seeds_has_no_bar_and_the_note_says_so(race):
    run(race, **race.start)
    found, *more = race.result
    adam = found.entrants["Adam"]
    for lost in (5, 6):  # of 20
        final = np.where(np.arange(20) < lost, np.inf, adam.best.final)
        entrants = found.entrants | {"Adam": replace(adam, best=replace(adam.best, final=final))}
        data = racing.compute("cost", run=(replace(found, entrants=entrants), *more))
        bar, _ = data[f"range {data['names'].index('Adam')}"]
        assert np.isnan(bar).any() == ("a quarter of the seeds diverged, so there is no bar: Adam. " in data["note"])
        assert np.isnan(bar).any() == (lost == 6)


def test_the_axis_of_tuning_says_what_is_tuned(race):
    data = run(race, **race.start | {"dimension": 2, "fourth": "GNS Newton"})
    assert data["knob"] == "first hyper-parameter over its best value"
    assert data["tuning"] == "How hard is tuning?"


def test_a_cell_that_is_clicked_shows_its_race():
    shown = explorer.where()
    shown._point(shown.panels[0].click, 3.2, 0.1, True)
    assert (shown.values["column"], shown.values["row"]) == (3, 0)
    assert "heavy ball wins" in shown.data["headline"]
    assert np.isnan(shown.data["GNS Newton.y"]).all()
    shown.set(column=0, row=4)
    assert "no winner" in shown.data["headline"]
    assert "better beyond: heavy ball" in shown.data["note"]


def test_the_curves_of_a_cell_lie_where_its_race_was():
    shown = explorer.where(axes="dimension and budget", column=1, row=2)
    race = diagrams.PLANS["dimension and budget"].race(2, 1, 0)
    for name, one in race.entrants.items():
        curve = one.best.curves["cost"]
        np.testing.assert_allclose(shown.data[f"{name}.x"], curve.x[::3], atol=1e-6)
        np.testing.assert_allclose(np.log10(shown.data[f"{name}.y"]), np.log10(curve.median[::3]), atol=0.01)
    newton = race.entrants["GNS Newton"].best.curves["cost"]
    assert newton.median[newton.x < 1.5 + 1.5 + 8].min() == newton.median[0]  # the start, and a step with its Hessian


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
    assert "nobody wins, heavy ball ends" in shown.data["note"]
    assert "(asked: GNS Newton wins by a factor of" in shown.data["note"]
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
