"""What the code under the simulated pictures gives, and what the pictures say where something special happens."""

from importlib import import_module

import numpy as np

from optilab.papers.dojo.explorer.central_path import compute as central_path
from optilab.papers.dojo.explorer.cone_against_pyramid import compute as slides
from optilab.papers.dojo.explorer.free_body import compute as free_body
from optilab.ui import recipe


def shown_and_run(name, function, values):
    """What the code shown at these values gives, and what the button of the picture runs."""
    function = getattr(import_module(f"optilab.papers.dojo.explorer.{name}"), function)
    lines, _, expression = recipe.written(function, values).rpartition("\n")
    scope = {}
    exec(lines, scope)
    return eval(expression, scope), function(**values, progress=lambda *_: None)


def test_the_code_shown_gives_what_the_button_runs(monkeypatch):
    monkeypatch.setattr(recipe, "_parts", recipe._parts.__wrapped__)  # which remembers the number of steps
    monkeypatch.setattr(import_module("optilab.papers.dojo.explorer.thrown_box"), "STEPS", 6)
    throw = {"mu": 0.333, "kappa": 1e-5, "model": "cone", "speed": 2.345, "spin": 3.21}
    (_, shown), (_, ran) = shown_and_run("thrown_box", "throw", throw)
    np.testing.assert_equal(shown.fields, ran.fields)
    plan = {"kappa": 0.1, "mu": 0.4, "x": 0.5, "y": -0.3, "first": "a push that slides"}
    shown, ran = shown_and_run("push", "planned", plan)
    np.testing.assert_equal(shown.fields, ran.fields)


def test_what_stalls_bends_or_is_too_large_is_said():
    assert "Stalled after 30" in central_path(0.1, "sliding", True, True)["note"].replace("</b>", "").replace("<b>", "")
    assert "Converged" in central_path(0.1, "sliding", True, False)["note"]
    assert "0.0° off" in slides(40, 45.0, 4.0, 0.25)["note"]
    assert "Step too large: rotation per step ≥ 90°" in free_body(0, 0.24, 6.0)["note"]
    assert "half a turn a step" in free_body(0, 0.3, 8.0)["note"]
    assert "one integrator keeps it" in free_body(0, 0.2, 6.75)["title"]
    assert "nobody" in free_body(0, 0.2, 7.0)["title"]  # 89° a step at the start, more in a flip
    assert "No flip" in free_body(0, 0.1, 1.0)["flip"]
    assert "once" in free_body(0, 0.1, 2.0)["flip"]
