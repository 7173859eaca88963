"""Short forms: whatever a record of the library holds, it is shown in a few lines."""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import pytest

from optilab.core.claim import Claim
from optilab.core.derive import Line
from optilab.core.door import APART
from optilab.core.short import of_array, short, shorten
from optilab.core.sweep import Outcome
from optilab.problems.noisy import Gaussian, Noisy
from optilab.problems.quadratic import Quadratic

ENOUGH = 400  # characters


class State(NamedTuple):
    x: Any
    k: Any = 3


@dataclass(frozen=True)
class Own:
    x: Any

    def __repr__(self) -> str:
        return "mine"


@dataclass(frozen=True)
class Plain:
    x: Any
    said: str = ""


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([1.0, 20.5]), "[ 1. , 20.5]"),
        (np.eye(2), "[[1., 0.], [0., 1.]]"),
        (np.array(0.123456), "0.1235"),
        (np.linspace(-1, 2.00004, 9).reshape(3, 3), "(3, 3) in [-1, 2]"),
        (np.arange(5), "(5,) in [0, 4]"),
        (np.array([0, np.nan, 3, 4, np.inf]), "(5,) in [0, inf] or NaN"),
        (np.full((5, 2), np.nan), "(5, 2) of NaN"),
        (np.zeros((0, 3)), "(0, 3)"),
        (np.arange(6) > 3, "(6,), 2 true"),
        (np.full(5, 3 + 4j), "(5,) complex, |·| in [5, 5]"),
        (np.array(["a", "bc"]), "(2,) of <U2"),
    ],
)
def test_an_array_is_its_shape_and_its_range_or_its_few_numbers(values, said):
    assert of_array(values) == said


def test_records_are_short_unless_somebody_has_written_how():
    for kind in (Own, Plain, State):
        shorten(kind)
    assert repr(Own(1)) == "mine"
    assert repr(Plain(np.zeros((50, 2)), "so")) == "Plain(x=(50, 2) in [0, 0], said='so')"
    assert repr(State(1 / 3)) == "State(x=0.333333, k=3)"
    nested = State((np.zeros(9), [State(Plain(np.zeros(9)))], {"a": np.zeros(9)}), np.sin)
    assert len(repr(nested)) < ENOUGH
    assert repr(nested).startswith("State(x=((9,) in [0, 0], [State(")
    assert repr(State(list(range(500)))) == "State(x=[0, 1, 2, 3, …], k=3)"


def test_a_problem_says_what_it_is():
    valley = Quadratic(np.diag([1.0, 20.0]), np.zeros(2))
    assert repr(valley) == "Quadratic(A=[[ 1., 0.], [ 0., 20.]], b=[0., 0.])"
    assert repr(Noisy(valley, Gaussian(0.1), 2)) == f"Noisy(problem={valley!r}, noise=Gaussian(scale=0.1), dim=2)"


def records():
    """All public dataclasses and named tuples of the packages that are guarded, and those of core."""
    yield from (Claim, Line, Outcome)
    for root in ("arena", "classics", "problems", "papers"):
        package = importlib.import_module(f"optilab.{root}")
        for found in pkgutil.walk_packages(package.__path__, f"optilab.{root}."):
            if not APART.isdisjoint(found.name.split(".")):
                continue
            for name, kind in vars(importlib.import_module(found.name)).items():
                own = inspect.isclass(kind) and kind.__module__ == found.name and not name.startswith("_")
                if own and {"__dataclass_fields__", "_fields"} & vars(kind).keys():
                    yield kind


def filled(kind, value):
    """A record all of whose fields hold this value, whatever it asks for."""
    if issubclass(kind, tuple):
        return kind._make(value for _ in kind._fields)
    record = object.__new__(kind)
    for field in fields(kind):
        object.__setattr__(record, field.name, value)
    return record


def test_every_record_of_the_library_is_short_whatever_it_holds():
    kinds = set(records())
    assert len(kinds) > 250
    many = tuple(np.linspace(0, 1, 500) for _ in range(30))
    concrete = [kind for kind in kinds if not inspect.isabstract(kind)]
    for value in (np.random.default_rng(0).normal(size=(500, 3)), 1 / 3, "word " * 99, many, {k: k for k in many[0]}):
        for kind in concrete:
            text = repr(filled(kind, value))
            assert text.startswith(f"{kind.__name__}("), text
            assert len(text) <= ENOUGH, text
            assert "\n" not in text, text
    assert {kind.__name__ for kind in kinds if kind.__repr__ is not short} == set()
