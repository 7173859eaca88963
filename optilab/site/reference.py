"""The reference: a page for every module of the shared floors, a page for every room, from their docstrings."""

import inspect
import pkgutil
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from optilab.catalogue import Paper

FLOORS = {
    "core": "Running, counting, deriving, claiming",
    "problems": "Problems and oracles",
    "classics": "Textbook methods",
    "arena": "Methods that race",
}
ROOM = ("algorithm", "problems", "derivation", "experiment", "exercises")  # in the order of reading
APART = {"explorer", "performance_estimation", "performance_functions"}  # are seen in lessons; need their extra
CODE = re.compile(r"(`[^`]+`)")
FIELD = re.compile(r"^    (\w+): .*?# (.*)$", re.MULTILINE)


def heading(title: str, line: str) -> str:
    """A title of reStructuredText."""
    return f"{title}\n{line * len(title)}\n"


def modules(name: str) -> Iterator[str]:
    """A module, and those below it if it is a package."""
    yield name
    for below in pkgutil.iter_modules(getattr(import_module(name), "__path__", [])):
        if not below.name.startswith("_") and below.name not in APART:
            yield from modules(f"{name}.{below.name}")


def documented(name: str, title: str, line: str) -> str:
    """A module's docstring and all that it defines, under a title."""
    options = "   :members:\n   :ignore-module-all:\n   :member-order: bysource\n   :show-inheritance:\n"
    return f"{heading(title, line)}\n.. automodule:: {name}\n{options}"


def room(row: Paper) -> str:
    """The page of a paper's room."""
    name = f"optilab.papers.{row.slug}"
    link = f"Lesson :doc:`/lessons/{row.lesson.removesuffix('.ipynb')}`."
    parts = [heading(row.slug, "="), f"By {row.authors}: *{row.title}*, {row.year}, {row.source}. {link}\n\n"]
    parts.append(f".. automodule:: {name}\n")
    for part in ROOM:
        if any(below.name == part for below in pkgutil.iter_modules(import_module(name).__path__)):
            for module in modules(f"{name}.{part}"):
                below = module.removeprefix(f"{name}.")
                parts.append(documented(module, below, "-" if below == part else "~"))
    return "\n".join(parts)


def pages(rows: Sequence[Paper]) -> dict[str, str]:
    """The pages of the reference, by name, in reStructuredText: shared floors, and the rooms of some papers."""
    written: dict[str, str] = {}
    contents = []
    for floor, title in FLOORS.items():
        package = f"optilab.{floor}"
        names = [name for name in modules(package) if name != package]
        written |= {name: documented(name, name.removeprefix("optilab."), "=") for name in names}
        listed = "\n   ".join(names)
        written[package] = f"{documented(package, floor, '=')}\n.. toctree::\n   :maxdepth: 1\n\n   {listed}\n"
        contents.append((package, title))
    rooms = [f"optilab.papers.{row.slug}" for row in rows]
    written |= {name: room(row) for name, row in zip(rooms, rows, strict=True)}
    listed = "\n   ".join(rooms)
    written["optilab.papers"] = (
        f"{documented('optilab.papers', 'papers', '=')}\n.. toctree::\n   :maxdepth: 1\n\n   {listed}\n"
    )
    contents.append(("optilab.papers", "One room a paper"))
    listed = "\n   ".join(f"{name.removeprefix('optilab.')}: {title} <{name}>" for name, title in contents)
    written["index"] = f"{heading('Reference', '=')}\n.. toctree::\n   :maxdepth: 2\n\n   {listed}\n"
    return written


def quoted(text: str) -> str:
    """Signs that mean something in reStructuredText and nothing in these docstrings, outside of code."""
    parts = CODE.split(text)
    plain = [re.sub(r"(?<=\w)_(?!\w)", r"\\_", re.sub(r"([*|\\])", r"\\\1", part)) for part in parts[::2]]
    return "".join(part for pair in zip(plain, [*parts[1::2], ""], strict=True) for part in pair)


def literal_blocks(lines: Sequence[str]) -> list[str]:
    """The docstring of a module; what is indented in it, a table or a formula, is kept as it is."""
    written: list[str] = []
    inside = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not inside:
            written += ["::", ""]
        inside = indented or (inside and not line.strip())
        written.append(line if indented else quoted(line))
    return written


def fields(state: type) -> list[str]:
    """What the comments beside the fields of a named tuple say."""
    said = dict(FIELD.findall(inspect.getsource(state)))
    return ["", *(f"- ``{name}``: {quoted(said[name])}" for name in getattr(state, "_fields", ()) if name in said)]


def process(_app: Any, what: str, _name: str, thing: Any, _options: Any, lines: list[str]) -> None:
    """Make a docstring of this library one of reStructuredText, before its sections are read."""
    if isinstance(thing, ModuleType):
        lines[:] = literal_blocks(lines)
    else:
        lines[:] = map(quoted, lines)
        if what == "class" and hasattr(thing, "_fields"):
            lines += fields(thing)


def reunite(_app: Any, what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Put back together what napoleon takes for an attribute's type, since it stands before a colon."""
    types = [line for line in lines if line.startswith(":type: ")]
    if what in ("attribute", "data", "property") and types:
        first, *others = [line for line in lines if line not in types]
        lines[:] = [f"{types[0].removeprefix(':type: ')}: {first}", *others]


def skip(_app: Any, _what: str, _name: str, thing: Any, left_out: bool, _options: Any) -> bool | None:
    """Leave out what a named tuple says of its fields by itself."""
    return True if str(getattr(thing, "__doc__", "")).startswith("Alias for field number") else left_out or None
