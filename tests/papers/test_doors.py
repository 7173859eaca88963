"""What nothing can use is refused by name at every door: the same bad values for every argument of every room."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from optilab.core import door

ROOTS = ("optilab.papers", "optilab.classics", "optilab.problems", "optilab.arena")
ROOMS = sorted(
    f"optilab.papers.{module.name}" for module in pkgutil.iter_modules(importlib.import_module(ROOTS[0]).__path__)
)
WITHOUT = (".explorer", ".derivation")  # they are read and moved, not called with numbers

NUMBERS = [np.nan, np.inf, -np.inf, "fast", None, [[1.0], [1.0, 2.0]], {}, 1j]
THINGS = [np.nan, "fast", None, {}, 3]
GOOD_AND_BAD: dict[Any, tuple[Any, list[Any]]] = {
    int: (3, [2.5, np.nan, np.inf, "3", None, True, [1, 2], {}, 1j]),
    float: (0.5, NUMBERS),
    np.ndarray: (np.ones(2), [bad for bad in NUMBERS if bad != 1j] + [[np.nan, 1.0], np.array(["a"])]),
    bool: (False, ["yes", 2, None, 0.0]),
    str: ("x", [3, None, ["x"], np.nan]),
    np.random.Generator: (np.random.default_rng(0), [None, 0, "seed"]),
    Callable: (abs, [3, "fast", None, {}]),
}
MANY = {int: (1, 2), float: (0.5, 1.0), str: ("a", "b")}


def kinds(hint: Any) -> list[Any]:
    """What an annotation allows: itself, or the parts of a union."""
    return list(get_args(hint)) if get_origin(hint) in (Union, UnionType) else [hint]


def good_and_bad(kind: Any) -> tuple[Any, list[Any]] | None:
    """A value for one kind of argument, and those that are none; nothing where a kind says nothing."""
    origin, parts = get_origin(kind) or kind, [part for part in get_args(kind) if part is not ...]
    if origin in GOOD_AND_BAD:
        return GOOD_AND_BAD[origin]
    if kind is type(None):
        return None, [np.nan, "fast", 3, {}]
    several = isinstance(origin, type) and issubclass(origin, Iterable) and not issubclass(origin, Mapping)
    if several and parts and parts[0] in MANY and parts.count(parts[0]) == len(parts):
        bad = [[value] for value in GOOD_AND_BAD[parts[0]][1] if not isinstance(value, list)]
        return MANY[parts[0]], [2.5, None, "ab", *bad]
    if isinstance(kind, type) and kind.__module__.startswith("optilab."):
        return object(), THINGS
    return None


def bad_values(hint: Any) -> list[Any]:
    """The values that are bad for every part of an annotation."""
    found = [good_and_bad(kind) for kind in kinds(hint)]
    if not all(found):
        return []
    (_, first), *others = found
    return [bad for bad in first if all(any(bad is other for other in more) for _, more in others)]


def good_value(hint: Any) -> Any:
    """A value for an annotation."""
    return next((found[0] for kind in kinds(hint) if (found := good_and_bad(kind))), object())


@cache
def doors(root: str) -> list[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """The name, the callable and what holds its annotations, of all that the modules below a package define."""
    package = importlib.import_module(root)
    found = []
    for module in [root, *(module.name for module in pkgutil.walk_packages(package.__path__, root + "."))]:
        if any(part in module for part in WITHOUT):
            continue
        for name, value in vars(importlib.import_module(module)).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module or door.reads_answers(module, name):
                continue
            made = inspect.isclass(value) and "__dataclass_fields__" in vars(value) and not inspect.isabstract(value)
            if made or (inspect.isfunction(value) and (hasattr(value, "at_door") or not hasattr(value, "__wrapped__"))):
                found.append((f"{module}.{name}", value, value.__init__ if made else value))
    return found


def tried(root: str) -> tuple[int, list[str]]:
    """How many bad values the functions and classes below a package were given, and which weren't refused by name."""
    tries, unnamed = 0, []
    for name, function, annotated in doors(root):
        hints = get_type_hints(annotated, include_extras=True)
        several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        asked = [one for one in inspect.signature(function).parameters.values() if one.kind not in several]
        good = {one.name: good_value(hints.get(one.name)) for one in asked}
        for argument in good:
            for bad in bad_values(hints.get(argument)):
                tries += 1
                given = good | {argument: bad}
                first = [given.pop(one.name) for one in asked if one.kind is inspect.Parameter.POSITIONAL_ONLY]
                try:
                    if hasattr(annotated, "at_door"):  # otherwise it would begin to work
                        function(*first, **given)
                    said = "accepted"
                except ValueError as error:
                    said = str(error)
                    if said.startswith(f"{argument} must be ") and ", got " in said:
                        continue
                except Exception as error:
                    said = repr(error)
                unnamed.append(f"{name}({argument}={bad!r}): {said}")
    return tries, unnamed


@pytest.mark.parametrize("root", [*ROOMS, *ROOTS[1:]])
def test_bad_values_are_refused_by_name(root, monkeypatch):
    monkeypatch.setattr(door, "has_words", lambda function: False)  # what functions say themselves is tested with them
    tries, unnamed = tried(root)
    assert tries >= 10, f"{root} has hardly a public function to knock at"
    assert unnamed == []
