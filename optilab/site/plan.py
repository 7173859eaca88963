"""Where an explorer can be without a kernel: the stops of its controls, and which of them are computed together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.ui.controls import Control
from optilab.ui.explorer import Explorer
from optilab.ui.recipe import literal

RUNS = 3  # stops of a slider that the long part takes, beside its start and its named values

Values = dict[str, Any]
Place = tuple[int, ...]  # the stop of every control


@dataclass(frozen=True)
class Detail:
    """How finely controls move.

    Parameters
    ----------
    most : int
        Stops of a slider, beside its start and its named values.
    crossed : int
        Stops of every control where another one stands at a choice or a run that isn't the start's, or several are set
        by a preset; and of the two controls that come first, together. None where 0.
    """

    most: int
    crossed: int


FINEST = Detail(41, 13)
DETAILS = (FINEST, Detail(41, 9), Detail(41, 5), Detail(41, 0), Detail(25, 0), Detail(13, 0), Detail(7, 0))


@dataclass(frozen=True)
class Plan:
    """Where a frozen explorer can be.

    Parameters
    ----------
    stops : dict of str to list
        The values that each control can have, in order.
    named : list of (control, label, place)
        Where the named values lead from the start.
    places : list of tuple of int
        What is computed: the start first, what one run of the long part gives side by side.
    """

    stops: dict[str, list[Any]]
    named: list[tuple[str, str, Place]]
    places: list[Place]

    def values(self, place: Place) -> Values:
        """The controls' values at a place."""
        return {name: stops[at] for (name, stops), at in zip(self.stops.items(), place, strict=True)}


def interval(control: Control) -> int | None:
    """The time of a player's frame in ms; None for every other control."""
    return control.view.children[0].interval if control.view else None


def spread(length: int, most: int) -> list[int]:
    """At most so many of the numbers 0 … length − 1, evenly, the ends among them."""
    return np.linspace(0, length - 1, min(length, most)).round().astype(int).tolist()


def stops(control: Control, wanted: Iterable[Any], most: int) -> list[Any]:
    """The values that a frozen control can have, in order: all of a choice, all frames of a player.

    Parameters
    ----------
    control : Control
        The control.
    wanted : iterable
        Values that must be among them.
    most : int
        How many others a slider has at most.
    """
    widget = control.widget
    if hasattr(widget, "options"):
        return control.options
    if isinstance(control.value, bool):
        return [False, True]
    if not hasattr(widget, "min"):  # a formula
        return list(dict.fromkeys(wanted))
    steps = round((widget.max - widget.min) / widget.step)
    chosen = spread(steps + 1, steps + 1 if interval(control) else most)
    grid = [min(widget.min + step * widget.step, widget.max) for step in chosen]
    if hasattr(widget, "base"):
        grid = [widget.base**power for power in grid]
    kind = type(control.value)
    return sorted({literal(value): value for value in map(kind, [*grid, *wanted])}.values())


def position(stops: Sequence[Any], value: Any) -> int:
    """Which of the stops a value is; a slider's arithmetic may have left it a hair off."""
    if value in stops:
        return stops.index(value)
    return [literal(stop) for stop in stops].index(literal(float(value)))


def plan(explorer: Explorer, detail: Detail) -> Plan:
    """Where an explorer can be: along each control from the start, at what is named, and here and there between.

    Parameters
    ----------
    explorer : Explorer
        Goes to its start.
    detail : Detail
        How finely.
    """
    explorer.set(**explorer.start)
    start, controls = explorer.values, explorer.controls
    named = [
        (name, label, start | explorer.meant(name, target))
        for name, control in controls.items()
        for label, target in control.named.items()
    ]
    every = {
        name: stops(
            control,
            [start[name], *(values[name] for *_, values in named)],
            RUNS if name in explorer.long else detail.most,
        )
        for name, control in controls.items()
    }
    names = list(controls)

    def place(values: Values) -> Place:
        return tuple(position(every[name], value) for name, value in values.items())

    def line(base: Place, name: str, most: int) -> list[Place]:
        at = names.index(name)
        return [(*base[:at], stop, *base[at + 1 :]) for stop in spread(len(every[name]), most)]

    home = place(start)
    alone = {name: line(home, name, len(every[name])) for name in names}
    presets = [place(values) for *_, values in named]
    discrete = [name for name, control in controls.items() if not hasattr(control.widget, "min")]
    bases = [there for name in names if name in discrete or name in explorer.long for there in alone[name]]
    bases += [there for there in presets if sum(map(int.__ne__, there, home)) > 1]
    free = [name for name in names if name not in explorer.long]
    crosses = [(base, name) for base in bases for name in free]
    if len(first := [name for name in free if name not in discrete][:2]) == 2:  # the most used come first
        crosses += [(base, first[1]) for base in line(home, first[0], detail.crossed)]
    crossed = [there for base, name in crosses if detail.crossed for there in line(base, name, detail.crossed)]

    def run(place: Place) -> tuple[bool, list[int]]:
        settings, first = ([there[names.index(name)] for name in explorer.long] for there in (place, home))
        return settings != first, settings

    places = dict.fromkeys([home, *(there for line in alone.values() for there in line), *presets, *crossed])
    known = [(name, label, there) for (name, label, _), there in zip(named, presets, strict=True)]
    return Plan(every, known, sorted(places, key=run))
