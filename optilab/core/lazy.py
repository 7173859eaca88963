"""Modules that are imported when they are first named, so that `import optilab` is enough and costs nothing."""

import sys
from importlib import import_module
from types import ModuleType


def submodule(package: str, name: str) -> ModuleType:
    """The module `name` of a package, imported now: what a package's `__getattr__` gives.

    Raises
    ------
    AttributeError
        If there is none.
    """
    full = f"{package}.{name}"
    if not name.startswith("_"):
        try:
            return import_module(full)
        except ModuleNotFoundError as error:
            if error.name != full:  # it is there, and misses another one
                raise
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


def named(package: str) -> list[str]:
    """The names of a package and of its modules, imported or not: what a package's `__dir__` gives."""
    from pkgutil import iter_modules  # imported late: only who completes names needs it

    module = sys.modules[package]
    return sorted({*vars(module), *(found.name for found in iter_modules(module.__path__))})


def open_up(module: ModuleType) -> None:
    """Have the modules of a package imported when they are named, unless it sees to its names itself."""
    if hasattr(module, "__path__") and "__getattr__" not in vars(module):
        vars(module)["__getattr__"] = lambda name: submodule(module.__name__, name)
        vars(module)["__dir__"] = lambda: named(module.__name__)
