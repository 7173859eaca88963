"""Every explorer of every paper: computed at the corners of its controls, and rebuilt from the code that it shows."""

import ast
import inspect
from importlib import import_module
from inspect import signature
from itertools import product

import numpy as np
import pytest

from optilab.catalogue import PAPERS
from optilab.core.run import Trace
from optilab.start_here import explorer as start_here
from optilab.ui.explorer import Explorer
from optilab.ui.marks import flat

ENOUGH = 32  # corners; where there are more, that many are drawn
LONG = 3  # of an explorer with a long simulation


def factories():
    modules = [start_here, *(import_module(f"optilab.papers.{paper.slug}.explorer") for paper in PAPERS)]
    for module in modules:
        public = getattr(module, "__all__", dir(module))
        for name in public:
            factory = getattr(module, name)
            if inspect.isfunction(factory) and inspect.signature(factory).return_annotation in (Explorer, "Explorer"):
                yield pytest.param(factory, id=f"{module.__name__.removeprefix('optilab.')}.{name}")


@pytest.fixture(scope="module", params=list(factories()))
def explorer(request):
    return request.param()


def some_corners(explorer):
    """All corners of the controls if there are few, otherwise the two opposite ones and a random choice."""
    names = list(explorer.controls)
    corners = [explorer.controls[name].corners() for name in names]
    enough = LONG if explorer.simulate else ENOUGH
    if np.prod([len(values) for values in corners]) <= enough:
        chosen = product(*corners)
    else:
        rng = np.random.default_rng(0)
        low, high = (tuple(values[end] for values in corners) for end in (0, -1))
        chosen = [
            low,
            high,
            *(tuple(values[rng.integers(len(values))] for values in corners) for _ in range(enough - 2)),
        ]
    return [dict(zip(names, values, strict=True)) for values in chosen]


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
    if explorer.recipe:
        given_by_controls = signature(explorer.recipe).parameters.keys() & explorer.values.keys()
        wanted = explorer.recipe(**{name: explorer.values[name] for name in given_by_controls})
        np.testing.assert_equal(plain(given), plain(wanted))
