"""Explorers without a browser: what a change of a control does to what the browser is sent."""

import dataclasses
import sys
import threading
from types import ModuleType

import numpy as np
import plotly.graph_objects as go
import pytest

from optilab.ui.controls import choice, formula, log_slider, player, slider, switch
from optilab.ui.explorer import Explorer, literal
from optilab.ui.pictures import Panel


def compute(alpha, x0, y0, k, method, squared, f):
    """Powers of a factor, with everything that a `compute` may return."""
    if f not in ("x", "y"):
        raise ValueError(f"f must be x or y, got {f!r}")
    factor = x0 * (1 - alpha)
    curve = factor ** np.arange(5.0)
    return {
        "k": np.arange(5),
        "curve": curve**2 if squared else curve,
        "level": np.array([y0, y0]),
        "title": f"{method} at {alpha:.2f}",
        "at": k,
        "note": f"factor {factor:.3f}",
    }


def panels():
    return [
        Panel(
            "",
            [
                (go.Scatter(name="power"), {"x": "k", "y": "curve"}),
                (go.Scatter(name="level", x=[0, 4]), {"y": "level"}),
            ],
            moving={"title": "title", "shapes[0].x0": "at"},
            click=("x0", "y0"),
        )
    ]


def power(x0):
    return 2 * x0


def powers(**start):
    controls = {
        "alpha": slider("step α", 0.1, 0.0, 1.0, 0.05, named={"half": 0.5, "one less x₀": lambda v: 1 - v["x0"]}),
        "x0": slider("x₀", 1.0, -2.0, 2.0, 0.1),
        "y0": log_slider("y₀", 1.0, 0.01, 100.0, steps=40),
        "k": player("step k", 0, 4),
        "method": choice("method", "a", [("first", "a"), ("second", "b")]),
        "squared": switch("squared", False),
        "f": formula("f =", "x"),
    }
    return Explorer(compute, controls, panels(), call="powers_room.explorer.powers", start=start, recipe=power)


@pytest.fixture
def explorer():
    return powers()


@pytest.fixture
def frames(explorer):
    """Every frame that is sent from here on."""
    seen = []
    explorer.pictures.observe(lambda change: seen.append(change["new"]), "frame")
    return seen


def curve(explorer):
    return np.frombuffer(explorer.pictures.frame["arrays"]["curve"]["buffer"])


def press(explorer, label):
    """Click the button of a named value."""
    buttons = [w for row in explorer.children[0].children for w in getattr(row, "children", ()) if hasattr(w, "click")]
    next(button for button in buttons if button.description == label).click()


def test_the_first_pictures_are_those_of_the_start_values(explorer):
    assert explorer.values == {
        "alpha": 0.1,
        "x0": 1.0,
        "y0": 1.0,
        "k": 0,
        "method": "a",
        "squared": False,
        "f": "x",
    }
    frame = explorer.pictures.frame
    np.testing.assert_allclose(curve(explorer), 0.9 ** np.arange(5))
    assert (frame["note"], frame["error"], frame["stale"]) == ("factor 0.900", "", False)
    assert frame["values"] == {"title": "a at 0.10", "at": 0}
    assert powers(x0=0.5).values["x0"] == 0.5


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("beta", 1.0, "a starting value's name must be one of"),
        ("alpha", 1.5, "alpha must be a number between 0 and 1, got 1.5"),
        ("alpha", float("nan"), "alpha must be a number between 0 and 1, got nan"),
        ("alpha", "0.5", "alpha must be a number between 0 and 1, got '0.5'"),
        ("y0", 0.0, "y0 must be a number between 0.01 and 100, got 0"),
        ("k", 1.5, "k must be a whole number between 0 and 4, got 1.5"),
        ("k", 5, "k must be a whole number between 0 and 4, got 5"),
        ("method", "first", r"method must be one of \['a', 'b'\], got 'first'"),
        ("squared", 2, "squared must be True or False, got 2"),
        ("f", 1.0, "f must be a text, got 1.0"),
    ],
)
def test_values_that_a_control_cannot_have_are_refused(name, value, sentence, explorer, frames):
    with pytest.raises(ValueError, match=sentence):
        powers(**{name: value})
    before = explorer.values
    with pytest.raises(ValueError, match=sentence.replace("a starting value's", "a control's")):
        explorer.set(x0=0.5, **{name: value})
    assert explorer.values == before
    assert frames == []


def test_a_control_redraws_once(explorer, frames):
    explorer.controls["alpha"].widget.value = 0.3
    assert len(frames) == 1
    np.testing.assert_allclose(curve(explorer), 0.7 ** np.arange(5))


def test_set_redraws_once_for_all_controls(explorer, frames):
    explorer.set(alpha=0.5, x0=2.0, k=3, squared=True, method="b")
    assert len(frames) == 1
    np.testing.assert_allclose(curve(explorer), 1)
    assert frames[0]["values"] == {"title": "b at 0.50", "at": 3}


def test_a_click_sets_both_controls_to_their_grid_and_redraws_once(explorer, frames):
    explorer._heard(None, {"type": "point", "panel": 0, "x": 1.234, "y": 9.7}, [])
    assert len(frames) == 1
    assert explorer.values["x0"] == pytest.approx(1.2)
    assert explorer.values["y0"] == pytest.approx(10.0)
    explorer._heard(None, {"type": "point", "panel": 0, "x": -77.0, "y": -1.0}, [])
    assert explorer.values["x0"] == -2.0
    assert explorer.values["y0"] == pytest.approx(0.01)


def test_a_drag_moves_the_pictures_and_sets_the_controls_at_its_end(explorer, frames):
    slider = explorer.controls["x0"].widget
    before = slider.value
    for x in (0.5, 1.0):
        explorer._heard(None, {"type": "point", "panel": 0, "x": x, "y": 1.0, "final": False}, [])
        assert explorer.values["x0"] == pytest.approx(x)
        assert slider.value == before
    assert len(frames) == 2
    explorer._heard(None, {"type": "point", "panel": 0, "x": 1.5, "y": 1.0, "final": True}, [])
    assert slider.value == pytest.approx(1.5)
    assert explorer.values["x0"] == pytest.approx(1.5)
    assert len(frames) == 3


@pytest.mark.parametrize(
    "turn",
    [
        lambda explorer: explorer._heard(None, {"type": "reset"}, []),
        lambda explorer: explorer.set(alpha=0.5),
        lambda explorer: setattr(explorer.controls["alpha"].widget, "value", 0.5),
        lambda explorer: explorer._heard(None, {"type": "frame", "number": 0}, []),
    ],
    ids=["reset", "set", "slider", "reload"],
)
def test_a_drag_whose_end_never_comes_is_over_at_the_next_turn(turn, explorer, frames):
    explorer._heard(None, {"type": "point", "panel": 0, "x": -1.0, "y": 1.0, "final": False}, [])
    assert explorer.values["x0"] == pytest.approx(-1)
    turn(explorer)
    assert explorer.values["x0"] == explorer.start["x0"]
    assert len(frames) == 2


def test_what_goes_wrong_in_a_click_is_explained(explorer, frames):
    explorer.panels[0] = dataclasses.replace(explorer.panels[0], click=lambda x, y: {"x0": 1 / (x - 1)})
    explorer._heard(None, {"type": "point", "panel": 0, "x": 1.0, "y": 1.0}, [])
    assert "ZeroDivisionError" in frames[-1]["error"]


@pytest.mark.parametrize("number", [3, 3.0, np.int64(3), np.float32(3)])
def test_a_whole_number_may_come_as_any_kind_of_number(number):
    made = powers(k=number)
    made.set(k=number)
    assert type(made.values["k"]) is int
    assert "k=3," in made.pictures.frame["code"]


def test_a_number_of_numpy_is_shown_as_plain(explorer):
    explorer.set(alpha=np.float32(0.3333))
    assert type(explorer.values["alpha"]) is float
    assert "alpha=0.33329999" in explorer.pictures.frame["code"]


def test_a_value_between_two_steps_is_kept_until_the_reader_moves_the_slider(explorer, frames):
    slider = explorer.controls["alpha"].widget
    explorer.set(alpha=0.3333)
    assert explorer.values["alpha"] == 0.3333
    assert slider.value == pytest.approx(explorer.controls["alpha"].nearest(0.3333))
    assert "alpha=0.3333" in explorer.pictures.frame["code"]
    slider.value = 0.5
    assert explorer.values["alpha"] == 0.5
    assert len(frames) == 2
    assert powers(alpha=0.3333).values["alpha"] == 0.3333


def test_a_slider_that_answers_a_hair_off_redraws_nothing(explorer, frames):
    explorer.set(alpha=0.3)
    explorer.controls["alpha"].widget.value = 0.30000000000000004
    assert len(frames) == 1


def test_reset_returns_to_the_start_in_one_redraw():
    explorer = powers(alpha=0.4, f="y")
    explorer.set(alpha=0.9, x0=-1.0, method="b", f="x")
    seen = []
    explorer.pictures.observe(lambda change: seen.append(change["new"]), "frame")
    explorer._heard(None, {"type": "reset"}, [])
    assert explorer.values == powers(alpha=0.4, f="y").values
    assert len(seen) == 1


def test_named_values_jump_and_may_follow_other_controls(explorer):
    press(explorer, "half")
    assert explorer.values["alpha"] == 0.5
    explorer.set(x0=0.2)
    press(explorer, "one less x₀")
    assert explorer.values["alpha"] == pytest.approx(0.8)


def test_a_named_value_and_a_click_may_set_several_controls_at_once():
    both = {"n": 2, "m": 0.5}
    controls = {
        "n": slider("n", 3, 0, 9, 1, named={"both": both, "swap": lambda values: {"n": 9, "m": values["n"] / 10}}),
        "m": slider("m", 0.1, 0.0, 1.0, 0.1),
    }
    panel = Panel("", [], click=lambda x, y: {"m": y} if x > 0 else {"n": y})
    made = Explorer(lambda n, m: {}, controls, [panel], call="a.b.c")
    press(made, "both")
    assert made.values == both
    press(made, "swap")
    assert made.values == {"n": 9, "m": 0.2}
    for x, y in ((1.0, 0.42), (-1.0, 4.4)):
        made._heard(None, {"type": "point", "panel": 0, "x": x, "y": y}, [])
    assert made.values == {"n": 4, "m": pytest.approx(0.4)}
    with pytest.raises(ValueError, match="m at 'too far'"):
        Explorer(
            lambda n, m: {}, controls | {"n": slider("n", 3, 0, 9, 1, named={"too far": {"m": 7}})}, [], call="a.b.c"
        )


def test_a_named_value_out_of_the_slider_s_range_is_explained(explorer):
    explorer.set(x0=-1.0)
    press(explorer, "one less x₀")
    assert explorer.pictures.frame["error"] == "alpha must be a number between 0 and 1, got 2.0"
    explorer.set(x0=1.0)
    assert explorer.pictures.frame["error"] == ""


def test_a_named_value_of_a_whole_number_slider_is_rounded():
    explorer = Explorer(
        lambda n: {},
        {"n": slider("n", 3, 0, 9, 1, named={"third": lambda values: 20 / 3})},
        [],
        call="a.b.c",
    )
    press(explorer, "third")
    assert explorer.values == {"n": 7}
    with pytest.raises(ValueError, match="n at 'too far' must be a whole number between 0 and 9, got 11"):
        Explorer(lambda n: {}, {"n": slider("n", 3, 0, 9, 1, named={"too far": 11})}, [], call="a.b.c")


def test_a_value_error_is_a_sentence_above_pictures_that_stay(explorer):
    before = explorer.pictures.frame
    explorer.set(f="z")
    frame = explorer.pictures.frame
    assert frame["error"] == "f must be x or y, got 'z'"
    assert frame["arrays"] == before["arrays"]
    assert frame["number"] == before["number"] + 1
    explorer.set(f="y")
    assert explorer.pictures.frame["error"] == ""


def test_an_explorer_may_start_with_an_error_and_recover():
    explorer = powers(f="z")
    assert explorer.pictures.frame["error"] == "f must be x or y, got 'z'"
    assert not explorer.pictures.frame["drawn"]
    explorer.set(f="x")
    assert explorer.pictures.frame["drawn"]
    assert explorer.pictures.frame["error"] == ""
    np.testing.assert_allclose(curve(explorer), 0.9 ** np.arange(5))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ZeroDivisionError("division by zero"),
            "Something unexpected went wrong (ZeroDivisionError: division by zero).",
        ),
        (KeyboardInterrupt(), "Stopped before the pictures were finished."),
        (ValueError(), "These values can't be used."),
    ],
)
def test_whatever_goes_wrong_is_named(error, sentence):
    def fragile(n):
        if n > 1:
            raise error
        return {"y": np.zeros(3)}

    panel = Panel("", [(go.Scatter(), {"y": "y"})])
    explorer = Explorer(fragile, {"n": slider("n", 1, 0, 3, 1)}, [panel], call="a.b.c")
    explorer.set(n=2)
    assert explorer.pictures.frame["error"] == sentence


def test_a_recipe_may_go_by_the_value_of_a_control():
    recipes = {"a": power, "b": literal}
    controls = {"x0": slider("x", 1, 0, 3, 1), "value": choice("v", "a", ["a", "b"])}
    made = Explorer(lambda x0, value: {}, controls, [], call="a.b.c", recipe=recipes)
    assert made.pictures.frame["code"].endswith("x0 = 1\n2 * x0")
    made.set(value="b")
    assert "\nvalue = 'b'\n" in made.pictures.frame["code"]


def test_a_panel_that_draws_what_compute_does_not_return_is_refused():
    panel = Panel("", [(go.Scatter(), {"x": "steps", "y": "y"})], moving={"title": "headline"})
    with pytest.raises(
        ValueError, match=r"what panels draw must be among what compute returns \(\['y'\]\), got \['headline'"
    ):
        Explorer(lambda n: {"y": np.zeros(3)}, {"n": slider("n", 1, 0, 3, 1)}, [panel], call="a.b.c")


def test_a_click_on_what_is_no_control_is_refused():
    panel = Panel("", [], click=("n", "m"))
    with pytest.raises(ValueError, match=r"what a click sets must be among the controls \['n'\], got \['m'\]"):
        Explorer(lambda n: {}, {"n": slider("n", 1, 0, 3, 1)}, [panel], call="a.b.c")


def test_divergence_is_no_warning():
    panel = Panel("", [(go.Scatter(), {"y": "y"})])
    overflowing = lambda n: {"y": np.full(3, 1e300) ** n}  # noqa: E731
    explorer = Explorer(overflowing, {"n": slider("n", 2, 0, 3, 1)}, [panel], call="a.b.c")
    assert explorer.pictures.frame["error"] == ""


def test_the_shown_code_rebuilds_the_explorer_as_it_stands(explorer, monkeypatch):
    explorer.set(alpha=0.1 + 0.2, x0=-1.3, k=2, method="b", squared=True, f="y")
    room = ModuleType("powers_room")
    room.explorer = ModuleType("powers_room.explorer")
    room.explorer.powers = powers
    monkeypatch.setitem(sys.modules, "powers_room", room)
    shown = explorer.pictures.frame["code"]
    call, alone = shown.split("\n\n# the algorithm alone\n")
    lines = call.split("\n\n")
    scope = {}
    exec(lines[0], scope)
    again = eval(lines[1], scope)
    assert {name: pytest.approx(value) for name, value in again.values.items() if name in ("alpha", "x0", "y0")} == {
        name: explorer.values[name] for name in ("alpha", "x0", "y0")
    }
    assert again.pictures.frame["code"] == shown
    assert "alpha=0.3," in call
    assert alone == "x0 = -1.3\n2 * x0"


def test_literals_are_python_without_stray_digits():
    assert [literal(value) for value in (0.1 + 0.2, np.float64(1e-7), 3, True, "it's")] == [
        "0.3",
        "1e-07",
        "3",
        "True",
        '"it\'s"',
    ]


def test_the_text_of_an_explorer_is_the_same_every_time():
    assert repr(powers()) == "powers(alpha=0.1, x0=1.0, y0=1.0, k=0, method='a', squared=False, f='x')"
    assert repr(powers()) == repr(powers())


class Simulated:
    """An explorer with a long part that records its calls."""

    def __init__(self):
        self.calls = []
        self.error = None
        self.sent = []
        panel = Panel("", [(go.Scatter(), {"x": "x", "y": "y"})])
        self.explorer = Explorer(
            lambda seed, size, zoom, run: {"x": run, "y": zoom * run, "note": f"seed {seed}"},
            {
                "seed": slider("seed", 1, 0, 9, 1),
                "size": slider("size", 4, 1, 9, 1),
                "zoom": slider("zoom", 1, 1, 9, 1),
            },
            [panel],
            call="a.b.simulated",
            simulate=self.simulate,
            run="Train",
        )
        self.explorer.pictures.send = lambda content, buffers=None: self.sent.append(content)

    def simulate(self, seed, size, progress):
        self.calls.append((seed, size))
        if self.error:
            raise self.error
        for k in range(size):
            progress(k + 1, size)
        return np.arange(size) + float(seed)

    def press(self, button="run"):
        self.explorer._heard(None, {"type": button}, [])

    def finish(self):
        self.explorer._worker.join()

    @property
    def frame(self):
        return self.explorer.pictures.frame


@pytest.fixture
def simulated():
    return Simulated()


def drawn(frame, name="y"):
    return np.frombuffer(frame["arrays"][name]["buffer"])


def test_the_long_part_runs_once_at_the_start_and_its_result_is_drawn(simulated):
    assert simulated.calls == [(1, 4)]
    np.testing.assert_array_equal(drawn(simulated.frame), [1, 2, 3, 4])
    assert '"run": "Train"' in simulated.explorer.pictures.spec


def test_a_value_of_the_long_part_makes_the_pictures_stale_until_it_runs_again(simulated):
    before = simulated.frame
    simulated.explorer.set(seed=3)
    assert simulated.calls == [(1, 4)]
    assert simulated.frame["stale"]
    assert "press the button" in simulated.frame["note"]
    assert simulated.frame["arrays"] == before["arrays"]
    assert "seed=3" in simulated.frame["code"]
    simulated.press()
    simulated.finish()
    assert simulated.calls == [(1, 4), (3, 4)]
    assert not simulated.frame["stale"]
    assert simulated.frame["note"] == "seed 3"
    np.testing.assert_array_equal(drawn(simulated.frame), [3, 4, 5, 6])


def test_the_way_back_to_the_values_of_the_run_needs_no_new_run(simulated):
    simulated.explorer.set(seed=3)
    simulated.explorer.set(seed=1)
    assert not simulated.frame["stale"]
    assert simulated.calls == [(1, 4)]


def test_other_values_redraw_at_once_from_the_same_run(simulated):
    simulated.explorer.set(zoom=2)
    assert simulated.calls == [(1, 4)]
    np.testing.assert_array_equal(drawn(simulated.frame), [2, 4, 6, 8])


def test_progress_is_told_from_start_to_end(simulated):
    simulated.press()
    simulated.finish()
    done = [message["done"] for message in simulated.sent if message["type"] == "progress"]
    assert done[0] == 0
    assert done[-1] == 1
    assert done == sorted(done)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("size must be even, got 5"), "size must be even, got 5"),
        (RuntimeError("no luck"), "Something unexpected went wrong (RuntimeError: no luck)."),
        (KeyboardInterrupt(), "Stopped before the pictures were finished."),
    ],
)
def test_a_long_part_that_fails_says_why_and_lets_go_of_the_button(simulated, error, sentence):
    simulated.explorer.set(size=5)
    simulated.error = error
    simulated.press()
    simulated.finish()
    assert simulated.frame["error"] == sentence
    assert simulated.sent[-1] == {"type": "progress", "done": 1.0}
    simulated.error = None
    simulated.press()
    simulated.finish()
    assert simulated.frame["error"] == ""
    np.testing.assert_array_equal(drawn(simulated.frame), [1, 2, 3, 4, 5])


def held(explorer):
    """Make the long part of an explorer wait: events that it has begun, and that it may go on."""
    begun, go_on = threading.Event(), threading.Event()
    quick = explorer.simulate

    def slow(seed, size, progress):
        begun.set()
        go_on.wait()
        return quick(seed, size, progress)

    explorer.simulate = slow
    return begun, go_on


def test_while_the_long_part_is_under_way_other_values_are_drawn_and_a_second_press_starts_nothing(simulated):
    begun, go_on = held(simulated.explorer)
    simulated.explorer.set(seed=3)
    simulated.press()
    begun.wait()
    simulated.press()
    simulated.explorer.set(seed=2)
    assert "one with other values than these is under way" in simulated.frame["note"]
    simulated.explorer.set(seed=1, zoom=2)  # of the run before
    assert not simulated.frame["stale"]
    simulated.explorer.set(seed=3)
    assert "the new one is under way" in simulated.frame["note"]
    go_on.set()
    simulated.finish()
    assert simulated.calls == [(1, 4), (3, 4)]
    assert not simulated.frame["stale"]
    np.testing.assert_array_equal(drawn(simulated.frame), [6, 8, 10, 12])


@pytest.mark.parametrize("error", [None, ValueError("no luck")])
def test_values_moved_during_a_run_ask_for_another_when_it_has_ended(simulated, error):
    begun, go_on = held(simulated.explorer)
    simulated.error = error
    simulated.press()
    begun.wait()
    simulated.explorer.set(seed=2)
    go_on.set()
    simulated.finish()
    assert simulated.calls[1:] == [(1, 4)]
    assert simulated.frame["stale"]
    assert simulated.frame["error"] == str(error or "")
    assert "press the button" in simulated.frame["note"]
    simulated.error = None
    simulated.press()
    simulated.finish()
    assert simulated.calls[2:] == [(2, 4)]
    assert (simulated.frame["stale"], simulated.frame["note"]) == (False, "seed 2")


def test_a_press_during_the_last_drawing_of_a_run_begins_the_next(simulated):
    drawing, go_on = threading.Event(), threading.Event()
    compute = simulated.explorer.compute

    def slow(**values):
        drawing.set()
        go_on.wait()
        return compute(**values)

    simulated.press()
    simulated.finish()
    simulated.explorer.compute = slow
    simulated.press()
    first = simulated.explorer._worker
    drawing.wait()
    assert simulated.sent[-1] == {"type": "progress", "done": 1.0}  # the button is free
    click = threading.Thread(target=simulated.press)
    click.start()
    go_on.set()
    click.join()
    assert simulated.explorer._worker is not first
    simulated.finish()
    assert simulated.calls == [(1, 4)] * 4


def test_the_button_is_free_only_when_the_long_part_has_ended(simulated):
    def simulate(seed, size, progress):
        progress(1, 1)
        told.append(simulated.sent[-1]["done"])
        return np.arange(size) + float(seed)

    told = []
    simulated.explorer.simulate = simulate
    simulated.press()
    simulated.finish()
    assert told[0] < 1
    assert simulated.sent[-1]["done"] == 1


def test_the_long_part_can_be_stopped_and_its_last_result_stays(simulated):
    begun, go_on = threading.Event(), threading.Event()

    def endless(seed, size, progress):
        begun.set()
        go_on.wait()
        while True:
            progress(1, 2)

    quick, simulated.explorer.simulate = simulated.explorer.simulate, endless
    simulated.explorer.set(seed=3)
    simulated.press()
    begun.wait()
    simulated.press("stop")
    go_on.set()
    simulated.finish()
    assert simulated.frame["error"] == "Stopped before the pictures were finished."
    assert simulated.sent[-1] == {"type": "progress", "done": 1.0}
    simulated.explorer.set(seed=1)
    assert (simulated.frame["stale"], simulated.frame["error"]) == (False, "")
    simulated.explorer.simulate = quick
    simulated.explorer.set(seed=3)
    simulated.press()
    simulated.finish()
    assert simulated.frame["note"] == "seed 3"


def test_reset_of_a_long_part_leads_back_to_the_start(simulated):
    simulated.explorer.set(seed=5, zoom=3)
    simulated.press()
    simulated.finish()
    simulated.explorer._heard(None, {"type": "reset"}, [])
    assert simulated.explorer.values == {"seed": 1, "size": 4, "zoom": 1}
    assert simulated.frame["stale"]
    simulated.press()
    simulated.finish()
    np.testing.assert_array_equal(drawn(simulated.frame), [1, 2, 3, 4])


def test_a_slow_compute_is_announced_the_next_time(monkeypatch):
    clock = iter(np.arange(0.0, 100.0, 0.2))
    monkeypatch.setattr("optilab.ui.explorer.time.perf_counter", lambda: next(clock))
    explorer = Explorer(lambda n: {}, {"n": slider("n", 1, 0, 3, 1)}, [], call="a.b.c")
    sent = []
    explorer.pictures.send = lambda content, buffers=None: sent.append(content)
    explorer.set(n=2)
    assert sent == [{"type": "busy", "busy": True}, {"type": "busy", "busy": False}]
