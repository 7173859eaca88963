"""What every paper stands on: running, counting, deriving, claiming. NumPy and SymPy only, no plotting."""

from types import ModuleType

from optilab.core.lazy import named, submodule


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name)


def __dir__() -> list[str]:
    return named(__name__)
