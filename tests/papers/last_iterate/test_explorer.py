from importlib import import_module

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.last_iterate import explorer
from optilab.papers.last_iterate.algorithm import SCHEDULES, csmd
from optilab.papers.last_iterate.explorer.draw import compute, knots_of, nearest_knot, rivals
from optilab.papers.last_iterate.problems import Harvey
from optilab.ui.words import number

race, fan = (import_module(f"optilab.papers.last_iterate.explorer.{name}") for name in ("race", "fan"))


def test_a_click_moves_the_nearest_knot_and_presets_draw_the_rivals():
    assert nearest_knot(0.1, 0.5) == {"w1": 0.5}
    assert nearest_knot(0.9, 0.2) == {"w5": 0.2}
    assert nearest_knot(-3.0, 0.2) == {"w1": 0.2}
    made = explorer.draw()
    made._heard(None, {"type": "point", "panel": 0, "x": 0.52, "y": 0.777}, [])
    assert made.values["w3"] == pytest.approx(0.78)
    T = made.controls["T"]
    for label in T.named:
        made._jump("T", T.named[label])
        assert not made.pictures.frame["error"], label
    heights = [made.values[f"w{k}"] for k in range(1, 6)]
    drop = np.diff(heights)
    np.testing.assert_allclose(drop, drop.mean(), atol=0.03)


def test_the_hand_drawn_line_is_nearly_the_best():
    tuned = rivals(50)["linear decay"]
    data = compute(**knots_of(tuned), T=50)
    totals = data["starts"] + data["noises"]
    assert totals[0] == pytest.approx(totals[2], rel=0.01)
    assert totals[1] <= totals.min() + 1e-12


def last(schedule, eta, same_walk=False, noise=1.0):
    return race.compute(schedule, eta, 500, same_walk, noise, False)["means"][1]


def test_the_race_is_what_the_lesson_says_of_it():
    steps = race.steps_of(0.8, 500, same_walk=True)
    np.testing.assert_allclose(steps.sum(0), steps[:, 2].sum())
    at_one_eta, at_one_walk = last("1/√t", 0.8), last("1/√t", 0.8, same_walk=True)
    np.testing.assert_allclose(at_one_eta[:3], [0.109, 0.099, 0.027], atol=6e-4)
    np.testing.assert_allclose(at_one_walk[:2] / at_one_walk[2], [1.3, 1.9], atol=0.05)
    ahead = {name: (last(name, 0.8)[:3] < last(name, 0.8)[3])[k] for k, name in enumerate(race.NAMES)}
    assert ahead == {"1/√t": False, "constant": False, "linear decay": True}
    assert last("1/√t", 0.15)[0] == pytest.approx(0.031, abs=6e-4)
    assert last("1/√t", 0.1)[2] == pytest.approx(0.127, abs=6e-4)
    assert last("1/√t", 0.8, noise=0.0)[:3].max() <= 0.0013


def test_the_fan_is_what_the_lesson_says_of_it():
    plain, power = (gap[-1] for gap in fan.two_hundred_runs("η t^(−1/p)", 1.0, 1.6, False, 200))
    np.testing.assert_allclose([np.median(plain), np.median(power)], [0.26, 0.064], rtol=0.02)
    assert np.sort(plain)[-9:].sum() > plain.sum() / 2 > np.sort(plain)[-8:].sum()
    plain, power = (gap[-1] for gap in fan.two_hundred_runs("linear decay", 1.0, 1.6, False, 200))
    assert np.median(power) / np.median(plain) == pytest.approx(23, abs=0.5)
    assert plain.mean() < power.mean() < power.max() < plain.max()
    plain, power = (gap[-1] for gap in fan.two_hundred_runs("η t^(−1/p)", 1.0, 1.6, True, 200))
    assert plain.max() / np.median(plain) == pytest.approx(2.1, abs=0.05)
    np.testing.assert_array_equal(plain, power)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_adversary_is_below_the_worst_case_and_that_below_the_bound(schedule):
    adversary = import_module("optilab.papers.last_iterate.explorer.adversary")
    for doublings, frame in ((4, 0), (6, 60), (12, 60)):
        data = adversary.compute(schedule, doublings, frame)
        T, here = data["small here"]
        np.testing.assert_array_equal(T, [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20])
        worst, promised = data["small worst"][1], data["small bound"][1]
        assert (here <= worst).all()
        assert (worst <= promised).all()
        assert (here > 0.02).all()
        assert (promised < 10**1.8).all()  # all of it is in the picture
        factors = promised[-1] / worst[-1], worst[-1] / here[-1]
        says = "{} is the theorem's looseness, {} the instance's easiness".format(*(number(f, 2) for f in factors))
        assert says in data["note"]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_adversary_s_gap_is_that_of_the_method_on_the_ball(schedule):
    adversary = import_module("optilab.papers.last_iterate.explorer.adversary")
    T, here = adversary.three(schedule)["small here"]
    for place in (0, 6, -1):
        horizon = int(T[place])
        problem = Harvey(horizon)
        path = csmd(problem, np.zeros(horizon), eta=SCHEDULES[schedule](horizon, 1.0), rng=np.random.default_rng(0))
        x = run(path, horizon).x
        assert (np.linalg.norm(x, axis=-1) < 1).all()  # so that the steps are plain subgradient steps
        assert np.sqrt(horizon) * problem(x[-1]) == pytest.approx(here[place], rel=1e-9)


def test_the_bound_of_the_adversary_is_as_loose_as_the_lesson_says():
    adversary = import_module("optilab.papers.last_iterate.explorer.adversary")
    note = adversary.compute("1/√t", 6, 60)["note"]
    assert "20 is the theorem's looseness, 12 the instance's easiness" in note


def test_the_worst_function_is_what_the_lesson_says_of_it():
    worst = import_module("optilab.papers.last_iterate.explorer.worst_function")
    constant = worst.compute("constant", 10, 1.0, 10)
    gap = constant["walk"][1]
    assert (np.diff(gap) > 0).all()  # f falls on no step
    assert (np.diff(constant["height"][1]) > 0).all()
    np.testing.assert_allclose(gap[-2:], [0.31, 0.53], atol=0.006)
    assert np.diff(gap).argmax() == 9
    fall = constant["planes"][1][:5]
    assert (np.diff(fall) < 0).all()  # and yet each subgradient promises that it will
    line = worst.compute("linear decay", 10, 1.0, 10)
    assert line["walk"][1][-1] == pytest.approx(0.305, abs=6e-4)
    assert line["average"][1][-1] == pytest.approx(0.292, abs=6e-4)
    short = worst.compute("constant", 10, 0.1, 10)
    assert "1 dimension and" in short["note"]
    assert "Too short a walk" in short["side"]
    for T in range(1, 11):  # a wall is in the title where the last step climbs in sight, and nowhere else
        for schedule in ("constant", "linear decay"):
            data = worst.compute(schedule, T, 1.0, 10)
            before, after = worst.compute(schedule, T, 1.0, T)["walk"][1][-2:]
            assert ("wall" in data["side"]) == (after > before + 0.01)
            assert ("no wall" in data["above"]) == (after <= before + 0.01)


@pytest.mark.parametrize("schedule", ["constant", "linear decay"])
def test_what_is_measured_on_it_is_the_worst_case_and_below_the_promise(schedule):
    worst = import_module("optilab.papers.last_iterate.explorer.worst_function")
    for T, eta in ((1, 0.3), (5, 1.0), (10, 0.3)):
        data = worst.compute(schedule, T, eta, 10)
        assert data["gap"][1][-1] == pytest.approx(data["worst"][1], rel=1e-4)
        assert data["worst"][1] <= data["bound"][1][0]
        np.testing.assert_allclose(data["height"][1][:: worst.PER], data["walk"][1], atol=1e-9)
        halfway = worst.compute(schedule, T, eta, T // 2)
        assert len(halfway["walk"][0]) == T // 2 + 1
        assert np.isfinite(data["last step"][0]).all()
