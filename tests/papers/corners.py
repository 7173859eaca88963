"""The explorers of all lessons, and the corners of their controls."""

import inspect
from importlib import import_module
from itertools import product

import numpy as np
import pytest
from rooms import WHOLE

from optilab.arena import explorer as arena
from optilab.start_here import explorer as start_here
from optilab.ui.explorer import Explorer

ENOUGH = 32  # corners; where there are more, that many are drawn
LONG = 3  # of an explorer with a long simulation


def explorers(module):
    """The functions of a module that give an explorer, by name."""
    public = {name: getattr(module, name) for name in getattr(module, "__all__", dir(module))}
    return {
        name: factory
        for name, factory in public.items()
        if inspect.isfunction(factory) and inspect.signature(factory).return_annotation in (Explorer, "Explorer")
    }


def factories():
    for module in [start_here, arena, *(import_module(f"optilab.papers.{paper.slug}.explorer") for paper in WHOLE)]:
        for name, factory in explorers(module).items():
            yield pytest.param(factory, id=f"{module.__name__.removeprefix('optilab.')}.{name}")


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
