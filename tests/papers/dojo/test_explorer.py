"""What the code under the simulated pictures gives, and what the pictures say where something special happens."""

from importlib import import_module

import numpy as np
import pytest

from optilab.papers.dojo.explorer.central_path import compute as central_path
from optilab.papers.dojo.explorer.cone_against_pyramid import compute as slides
from optilab.papers.dojo.explorer.free_body import compute as free_body
from optilab.ui.recipe import written


@pytest.mark.parametrize(
    ("name", "recipe", "values", "shorter"),
    [
        (
            "thrown_box",
            "throw",
            {"mu": 0.333, "kappa": 1e-5, "model": "cone", "speed": 2.345, "spin": 3.21},
            ("STEPS = 100", "STEPS = 6"),
        ),
        (
            "push",
            "planned",
            {"kappa": 0.1, "mu": 0.4, "x": 0.5, "y": -0.3, "first": "a push that slides"},
            ("", ""),
        ),
    ],
)
def test_the_code_shown_gives_what_the_button_runs(name, recipe, values, shorter, monkeypatch):
    module = import_module(f"optilab.papers.dojo.explorer.{name}")
    lines, _, expression = written(getattr(module, recipe), values).replace(*shorter).rpartition("\n")
    scope = {}
    exec(lines, scope)
    shown = eval(expression, scope)
    monkeypatch.setattr(module, "STEPS", 6, raising=False)
    ran = getattr(module, recipe)(**values, progress=lambda *_: None)
    for field in ran.fields:
        np.testing.assert_array_equal(shown.fields[field], ran.fields[field])


def test_what_stalls_bends_or_is_too_large_is_said():
    assert "Stalled after 30" in central_path(0.1, "sliding", True, True)["note"].replace("</b>", "").replace("<b>", "")
    assert "Converged" in central_path(0.1, "sliding", True, False)["note"]
    assert "0.0° off" in slides(40, 45.0, 4.0, 0.25)["note"]
    assert "Step too large: rotation per step ≥ 90°" in free_body(0.24, 6.0)["note"]
    assert "half a turn a step" in free_body(0.3, 8.0)["note"]
