import inspect

import numpy as np
import plotly.graph_objects as go
import pytest

from optilab.ui import marks, theme
from optilab.ui.marks import (
    axis,
    bars,
    contour,
    curve,
    dots,
    entry,
    flat,
    goal,
    heat,
    log,
    mark,
    panel,
    promise,
    region,
    rule,
    texts,
    words,
    worst,
)

ROLES = [f for f in vars(marks).values() if inspect.isfunction(f) and f.__name__ in theme.LOOKS and f is not rule]


def test_a_text_names_an_entry_and_what_else_is_given_stays():
    named, fixed, mixed = curve("gap").bound, curve(([0, 1], [2, 3])), curve(([0, 1], "gap"))
    assert named == {"x": "gap.x", "y": "gap.y"}
    assert (fixed.bound, list(fixed.look.x), list(fixed.look.y)) == ({}, [0, 1], [2, 3])
    assert (mixed.bound, list(mixed.look.x), mixed.look.y) == ({"y": "gap"}, [0, 1], None)


def test_an_entry_moves_any_property():
    moved = dots("at", "iterates", entry("shade"), symbol=["circle", "star"])
    assert moved.bound == {"x": "at.x", "y": "at.y", "marker.color": "shade"}
    assert list(moved.look.marker.symbol) == ["circle", "star"]
    assert bars("b", shade=entry("shade")).bound == {"x": "b.x", "y": "b.y", "marker.color": "shade"}
    assert texts("at", entry("what")).bound == {"x": "at.x", "y": "at.y", "text": "what"}
    assert texts("at", ["one", "two"]).bound == {"x": "at.x", "y": "at.y"}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.__name__)
def test_every_role_has_its_look_and_may_be_given_another(role):
    trace = role("z" if role in (heat, contour) else "a").look
    assert isinstance(trace, go.Contour | go.Heatmap | go.Scatter)
    assert role("a", opacity=0.5).look.opacity == 0.5
    if isinstance(trace, go.Scatter):
        assert role("a", "name").look.showlegend
        assert role("a", "").look.showlegend is False
        assert trace.mode  # plotly adds dots to short lines that don't say it


def test_theory_is_dashed_and_a_solution_is_a_star():
    assert promise("bound").look.line.dash == "dash"
    assert goal("best").look.marker.symbol == "star"
    assert curve("a", dash="dot", width=1, line={"simplify": False}).look.line.to_plotly_json() == {
        "color": theme.INK,
        "dash": "dot",
        "simplify": False,
        "width": 1,
    }


def test_a_worst_case_is_told_from_what_was_measured_and_what_is_promised_by_its_shape():
    look = worst("left", shade="#123456").look
    assert (look.mode, look.line.dash, look.name) == ("lines+markers", None, "worst case")
    assert (look.marker.symbol, look.line.color, look.marker.color) == ("diamond-open", "#123456", "#123456")
    shapes = {(made.line.dash, made.marker.symbol) for made in (curve("a").look, promise("a").look, look)}
    assert len(shapes) == 3
    assert look.line.width < curve("a").look.line.width


def test_a_heat_map_has_a_bar_only_where_it_is_named():
    assert heat("z").look.showscale is False
    assert heat(([0, 1], [0, 1], "field"), bar="loss").look.colorbar.title.text == "loss"
    assert heat(([0, 1], [0, 1], "field")).bound == {"z": "field"}


def test_a_panel_puts_rules_regions_and_words_into_its_layout():
    made = panel(
        entry("headline"),
        curve("gap"),
        rule("now"),
        rule(y=2.0),
        region(0, "edge"),
        words("beyond", "edge", 0.5, yref="paper"),
        x=axis("growth s", [0, 1], ticks={0: "none", 1: "all"}),
        y=log("gap", "ends"),
        height=200,
        barmode="overlay",
    )
    assert made.title == ""
    assert made.moving == {
        "title": "headline",
        "yaxis.range": "ends",
        "shapes[0].x0": "now",
        "shapes[0].x1": "now",
        "shapes[2].x1": "edge",
        "annotations[0].x": "edge",
    }
    assert made.names() == {"gap.x", "gap.y", "headline", "ends", "now", "edge"}
    assert made.layout["xaxis"] == {
        "title": {"text": "growth s"},
        "range": [0, 1],
        "tickvals": [0, 1],
        "ticktext": ["none", "all"],
    }
    assert made.layout["yaxis"] == {"title": {"text": "gap"}, "type": "log"}
    assert (made.layout["shapes"][1]["y0"], made.layout["shapes"][2]["x0"]) == (2.0, 0)
    assert (made.layout["barmode"], made.height) == ("overlay", 200)
    made.spec()  # plotly knows all of it


def test_an_axis_title_alone_may_be_a_text():
    made = panel("title", curve("a"), x="steps", y="gap")
    assert made.layout == {"xaxis": {"title": {"text": "steps"}}, "yaxis": {"title": {"text": "gap"}}}


def test_any_trace_of_plotly_can_be_a_mark():
    trace = go.Mesh3d(i=[0], j=[1], k=[2])
    made = panel("", mark(trace, {"x": "body", "vertexcolor": "shade"}))
    assert made.traces == [(trace, {"x": "body", "vertexcolor": "shade"})]


def test_what_plotly_does_not_know_is_refused():
    with pytest.raises(ValueError, match="colour"):
        curve("a", colour="red")


def test_pairs_are_taken_apart():
    apart = flat({"gap": ([1, 2], np.ones(2)), "field": (np.arange(2), np.arange(3), np.ones((3, 2))), "note": "n"})
    assert apart.keys() == {"gap.x", "gap.y", "field.x", "field.y", "field.z", "note"}
    assert flat({"now": (3, np.float64(2))})["now.y"].tolist() == [2.0]
