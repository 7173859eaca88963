"""Controls: their ranges, corners, grids and views."""

import ipywidgets as widgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.ui.controls import choice, formula, log_slider, player, slider, switch


def test_a_slider_is_over_whole_numbers_where_value_and_step_are():
    assert isinstance(slider("n", 3, 0, 9, 1).widget, widgets.IntSlider)
    assert isinstance(slider("x", 3.0, 0, 9, 1).widget, widgets.FloatSlider)
    assert isinstance(slider("x", 3, 0, 9, 0.5).widget, widgets.FloatSlider)


@pytest.mark.parametrize(
    ("low", "step", "shown"),
    [
        (0.0, 0.005, ".3f"),
        (0.0, 0.1, ".1f"),
        (0.0, 0.25, ".2f"),
        (0.0, 2.0, ".0f"),
        (0.05, 0.1, ".2f"),
        (0, 1 / 3, ".6f"),
    ],
)
def test_a_slider_shows_the_digits_of_its_grid(low, step, shown):
    assert slider("x", low, low, 10.0, step).widget.readout_format == shown


@pytest.mark.parametrize(
    ("control", "corners"),
    [
        (slider("x", 0.5, -1.0, 2.0, 0.5), [-1.0, 2.0]),
        (slider("n", 3, 0, 9, 1), [0, 9]),
        (log_slider("ε", 0.1, 1e-3, 10.0), [pytest.approx(1e-3), pytest.approx(10)]),
        (choice("m", "a", ["a", "b"]), ["a", "b"]),
        (choice("m", 1, [("one", 1), ("two", 2)]), [1, 2]),
        (switch("on", True), [False, True]),
        (formula("f =", "x**2"), ["x**2"]),
        (player("k", 0, 40), [0, 40]),
    ],
)
def test_corners_are_values_that_the_control_can_have(control, corners):
    assert control.corners() == corners
    for value in control.corners():
        control.set("it", value)
        assert control.value == value


@pytest.mark.parametrize("value", [1e-3, 0.02, 1.0, 10.0])
def test_a_log_slider_has_the_values_that_it_is_given(value):
    assert log_slider("ε", value, 1e-3, 10.0).value == pytest.approx(value, rel=1e-12)


@given(st.floats(-1e6, 1e6))
def test_the_nearest_value_of_a_slider_lies_on_its_grid(at):
    control = slider("x", 0.1, 0.1, 2.1, 0.25)
    value = control.nearest(at)
    assert 0.1 <= value <= 2.1
    steps = (value - 0.1) / 0.25
    assert steps == pytest.approx(round(steps), abs=1e-9)
    assert abs(value - min(max(at, 0.1), 2.1)) <= 0.125 + 1e-9


def test_a_log_slider_shows_its_value_as_it_is_told():
    assert log_slider("κ", 1000.0, 10.0, 10000.0).widget.readout_format == ".3g"
    assert log_slider("κ", 1000.0, 10.0, 10000.0, readout=".0f").widget.readout_format == ".0f"


@given(st.floats(-10, 1e6))
def test_the_nearest_value_of_a_log_slider_is_a_step_away_at_most(at):
    control = log_slider("ε", 1.0, 0.01, 100.0, steps=40)
    value = control.nearest(at)
    control.set("ε", value)
    inside = min(max(at, 0.01), 100.0)
    assert 10**-0.0501 <= value / inside <= 10**0.0501


def test_the_nearest_value_of_a_whole_number_slider_is_whole():
    assert slider("n", 3, 0, 9, 2).nearest(4.9) == 4
    assert isinstance(slider("n", 3, 0, 9, 2).nearest(4.9), int)


def test_a_player_is_a_play_button_beside_its_slider():
    control = player("frame", 3, 40, interval=50)
    play, handle = control.view.children
    assert isinstance(play, widgets.Play)
    assert (play.min, play.max, play.interval) == (0, 40, 50)
    assert handle is control.widget
    assert (handle.min, handle.max, handle.value) == (0, 40, 3)


@pytest.mark.parametrize(
    "control",
    [
        slider("a label of many words", 1.0, 0.0, 2.0, 0.1),
        log_slider("a label of many words", 1.0, 0.1, 2.0),
        choice("a label of many words", 1, [1, 2]),
        switch("a label of many words", True),
        formula("a label of many words", "x"),
    ],
)
def test_labels_take_the_room_that_they_need(control):
    assert control.widget.description == "a label of many words"
    assert control.widget.style.description_width == "initial"


def test_a_formula_is_read_when_it_is_complete():
    assert formula("f =", "x").widget.continuous_update is False
