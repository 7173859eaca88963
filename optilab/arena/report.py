"""A race as a table and as JSON, and a problem from the words of a command."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from optilab.arena.methods import plainly
from optilab.arena.problems import PROBLEMS, Entry, Instance
from optilab.arena.race import Entrant, Race
from optilab.core.check import require

HEAD = ("method", "median gap", "quartiles", "best setting", "default", "lost")


def setting(entry: Entry, text: str) -> tuple[str, Any]:
    """A property and its value from "name=value".

    Raises
    ------
    ValueError
        If there is no such property, or the value isn't of its kind.
    """
    name, equals, value = text.partition("=")
    known = entry.properties
    require(equals == "=" and name in known, "a property", text, f"NAME=VALUE with one of {', '.join(known)}")
    kind = type(known[name].default)
    try:
        return name, kind(value)
    except ValueError:
        require(False, name, value, f"a number, such as {known[name].default}")
        raise


def problem(name: str, settings: Sequence[str]) -> Instance:
    """The problem of a name, however its words are joined, with properties given as "name=value".

    Raises
    ------
    ValueError
        If there is no such problem or property, or a value isn't allowed.
    """
    entries = {plainly(known): entry for known, entry in PROBLEMS.items()}
    require(plainly(name) in entries, "the problem", name, f"one of {', '.join(PROBLEMS)}")
    entry = entries[plainly(name)]
    return entry(**dict(setting(entry, text) for text in settings))


def figure(value: float) -> str:
    """A number for the table."""
    return "diverged" if np.isinf(value) else f"{value:.2g}"


def row(entrant: Entrant) -> tuple[str, ...]:
    """A line of the table."""
    best = entrant.best
    said = ", ".join(f"{name} {value:.3g}" for name, value in best.setting.items())
    low, median, high = map(figure, best.quartiles)
    return entrant.method, median, f"{low} … {high}", said, figure(entrant.default.quartiles[1]), f"{best.lost:.0%}"


def rows(result: Race) -> list[tuple[str, ...]]:
    """The lines of the table, the leader first."""
    return [row(result.entrants[name]) for name in result.order]


def finite(value: Any) -> Any:
    """What JSON can hold: numbers that are not finite as texts, all the way down."""
    if isinstance(value, Mapping):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value
