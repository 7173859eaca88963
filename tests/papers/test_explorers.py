"""Every explorer of every paper: computed at the corners of its controls, and rebuilt from the code that it shows."""

import ast
from inspect import signature

import numpy as np
import pytest
from corners import factories, some_corners

from optilab.core.run import Trace
from optilab.ui.marks import flat


@pytest.fixture(scope="module", params=list(factories()))
def explorer(request):
    return request.param()


def check_drawable(data, panels):
    """All that panels name is there and is text, a number, or an array without infinities."""
    for name in set().union(*(panel.names() for panel in panels)):
        value = data[name]
        if isinstance(value, str):
            assert value
        else:
            array = np.asarray(value)
            assert array.dtype.kind in "biufU", name
            assert array.dtype.kind != "f" or not np.isinf(array).any(), f"{name} is infinite"


def test_every_corner_can_be_drawn(explorer):
    assert explorer.pictures.frame["error"] == ""
    for values in some_corners(explorer):
        extra = {}
        if explorer.simulate:
            chosen = {name: values[name] for name in explorer.long}
            with np.errstate(all="ignore"):
                extra["run"] = explorer.simulate(**chosen, progress=lambda done, total=1.0: None)
        with np.errstate(all="ignore"):
            data = flat(explorer.compute(**values, **extra))
        check_drawable(data, explorer.panels)
        assert data["note"], values
        explorer.pictures.draw(
            {name: value for name, value in data.items() if name != "note"}, note=data["note"], code=""
        )


def test_named_values_are_in_reach_at_the_start(explorer):
    for name, control in explorer.controls.items():
        for target in control.named.values():
            value = target(explorer.values) if callable(target) else target
            for other, there in (value if isinstance(value, dict) else {name: value}).items():
                explorer.controls[other].check(other, there)


def test_labels_of_controls_are_plain_text(explorer):
    assert not [
        control.widget.description for control in explorer.controls.values() if "<" in control.widget.description
    ]


def plain(value):
    """The same with the fields of a trace in its place, which NumPy can compare."""
    if isinstance(value, Trace):
        return value.fields
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def test_the_code_shown_runs_as_pasted_and_gives_what_the_picture_is_made_of(explorer):
    call, _, alone = explorer.shown_code(explorer.values).partition("\n\n# the algorithm alone\n")
    if explorer.simulate:
        compile(alone, "shown", "exec")
        return
    scope = {}
    imports, _, expression = call.strip().rpartition("\n")
    exec(imports, scope)
    again = eval(expression, scope)
    assert again.values == explorer.values
    scope = {}
    *lines, last = ast.parse(alone).body
    exec(compile(ast.Module(lines, []), "shown", "exec"), scope)
    given = eval(compile(ast.Expression(last.value), "shown", "eval"), scope)
    recipe = explorer.recipe_at(explorer.values)
    if recipe:
        given_by_controls = signature(recipe).parameters.keys() & explorer.values.keys()
        wanted = recipe(**{name: explorer.values[name] for name in given_by_controls})
        np.testing.assert_equal(plain(given), plain(wanted))
