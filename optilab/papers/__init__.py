"""One room a paper; every room has the same files."""

from types import ModuleType

from optilab.core.door import guard
from optilab.core.lazy import named, submodule

guard(__name__)


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name)


def __dir__() -> list[str]:
    return named(__name__)
