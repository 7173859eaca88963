"""The door of the package: functions and problems refuse from outside what is not as they are annotated.

`guard(__name__)` in a package's first lines does it for all modules below it, as they are imported. Inside the package
nothing is asked twice: calls from its own modules go through unchecked, and so do the steps of a running algorithm.

Two more things happen there to all alike: records get a short `__repr__`, and the modules of a package are imported
when they are named.
"""

import importlib.abc
import inspect
import sys
from collections.abc import Callable
from functools import wraps
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from optilab.core.check import as_annotated
from optilab.core.lazy import open_up
from optilab.core.short import shorten

PACKAGE = __name__.partition(".")[0] + "."
APART = {"explorer", "derivation"}  # are moved and read, not called with numbers


def has_words(function: Callable[..., Any]) -> bool:
    """Whether a function, or a class where it is made, says itself what it can't use; helpers of its module count."""
    body = inspect.unwrap(getattr(function, "__post_init__", function) if inspect.isclass(function) else function)
    code = getattr(body, "__code__", None)
    if code is None:  # a class without such words
        return False
    near = (body.__globals__.get(name) for name in code.co_names)
    helpers = [inspect.unwrap(one) for one in near if getattr(one, "__module__", None) == body.__module__]
    return any("require" in getattr(one, "__code__", code).co_names for one in [body, *helpers])


def reads_answers(module: str, name: str) -> bool:
    """Whether a function takes students' answers, in any form, and says in its own words what is wrong with them."""
    return "exercises" in module.split(".") and name.startswith("check_")


def checked(function: Callable[..., Any], asked: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, refusing at calls from outside what isn't as annotated, if `asked` hasn't words of its own."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__", "").startswith(PACKAGE):
            return function(*args, **kwargs)
        try:
            as_annotated(function, args, kwargs)
        except ValueError as strange:
            refusal = strange
        else:
            return function(*args, **kwargs)
        if has_words(asked):
            try:
                function(*args, **kwargs)
            except Exception as error:
                if isinstance(error, ValueError) and " must be " in str(error):
                    raise
        raise refusal

    call.at_door = True  # type: ignore[attr-defined]
    return call


def watch(module: ModuleType) -> None:
    """Have the public functions and classes that a module defines `checked`, in its tables of functions too."""
    tables = [table for name, table in vars(module).items() if type(table) is dict and not name.startswith("__")]
    for name, value in [*vars(module).items()]:
        if (
            name.startswith("_")
            or reads_answers(module.__name__, name)
            or getattr(value, "__module__", None) != module.__name__
        ):
            continue
        if inspect.isfunction(value) and not hasattr(value, "__wrapped__"):  # algorithms check for themselves
            setattr(module, name, checked(value, value))
            for table in tables:
                table.update({key: getattr(module, name) for key, entry in table.items() if entry is value})
        elif inspect.isclass(value):
            shorten(value)
            if "__dataclass_fields__" in vars(value):
                setattr(value, "__init__", checked(value.__init__, value))  # noqa: B010
    open_up(module)


class Watching(importlib.abc.MetaPathFinder):
    """Finds modules as usual, and has them watched once they have run."""

    def __init__(self, package: str):
        self.package = package + "."

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Where a module of the package is, as `importlib` asks."""
        ours = name.startswith(self.package) and APART.isdisjoint(name.split("."))
        spec = PathFinder.find_spec(name, path, target) if ours else None
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_watch(module: ModuleType) -> None:
            run(module)
            watch(module)

        spec.loader.exec_module = run_and_watch  # type: ignore[method-assign]
        return spec


def guard(package: str) -> None:
    """Have the modules below a package watched from now on."""
    if not any(isinstance(finder, Watching) and finder.package == package + "." for finder in sys.meta_path):
        sys.meta_path.insert(0, Watching(package))
