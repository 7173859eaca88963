"""Where an explorer can be without a kernel."""

from itertools import pairwise

import pytest
from frozen import long_one, two_modes

from optilab.site.plan import DETAILS, RUNS, Detail, plan, spread, stops
from optilab.start_here import explorer as start_here
from optilab.ui.controls import choice, formula, log_slider, player, slider, switch


@pytest.mark.parametrize(
    ("control", "count", "last"),
    [
        (player("k", 3, 120), 121, 120),
        (slider("n", 3, 0, 10, 1), 11, 10),
        (slider("n", 300, 0, 1000, 1), 41, 1000),
        (slider("n", 301, 0, 1000, 1), 42, 1000),
        (slider("x", 0.0, -1.0, 1.0, 0.01), 41, 1.0),
        (log_slider("x", 1.0, 0.01, 100.0), 41, 100.0),
        (choice("c", "b", ["a", "b"]), 2, "b"),
        (switch("s", True), 2, True),
        (formula("f", "x**2"), 1, "x**2"),
    ],
)
def test_stops(control, count, last):
    found = stops(control, [control.value], 41)
    assert len(found) == count
    assert found[-1] == (last if isinstance(last, str) else pytest.approx(last))
    assert control.value in found


def test_spread_has_both_ends():
    assert spread(5, 41) == [0, 1, 2, 3, 4]
    assert spread(101, 3) == [0, 50, 100]


@pytest.mark.parametrize("detail", DETAILS, ids=str)
def test_every_stop_of_every_control_is_computed_with_the_others_at_the_start(detail):
    for explorer in (start_here.valley(beta=0.333), two_modes(), long_one()):
        known = plan(explorer, detail)
        home = known.places[0]
        assert known.values(home) == explorer.start
        assert len(set(known.places)) == len(known.places)
        assert {there for *_, there in known.named} <= set(known.places)
        for at, found in enumerate(known.stops.values()):
            assert {(*home[:at], stop, *home[at + 1 :]) for stop in range(len(found))} <= set(known.places)


def test_a_named_value_that_others_move_is_the_start_s():
    known = plan(start_here.valley(beta=0.333), DETAILS[0])
    ((name, _, there),) = known.named
    assert name == "alpha"
    assert known.values(there)["alpha"] == pytest.approx(2 * 1.333 / 20)


def test_choices_presets_and_the_first_two_controls_are_crossed():
    known = plan(two_modes(), Detail(41, 13))
    home = known.places[0]
    ((_, _, preset),) = known.named
    for there in ((1, *home[1:]), preset):
        for at in (1, 2):
            line = {
                place[at]
                for place in known.places
                if (*place[:at], *place[at + 1 :]) == (*there[:at], *there[at + 1 :])
            }
            assert 13 <= len(line) <= 15
    together = {place for place in known.places if place[0] == home[0]}
    assert (
        13 <= len({place[1] for place in together if place[2] == len(known.stops["y"]) - 1}) <= 14
    )  # the preset's, too
    assert sum(place[0] == 1 for place in plan(two_modes(), Detail(41, 0)).places) == 1


def test_the_long_part_runs_few_times_and_one_run_is_side_by_side():
    known = plan(long_one(), DETAILS[0])
    assert set(known.stops["n"]) >= {2, 7, 50, 100}
    assert len(known.stops["n"]) <= RUNS + 2
    runs = [place[0] for place in known.places]
    assert sum(one != other for one, other in pairwise(runs)) == len(known.stops["n"]) - 1
