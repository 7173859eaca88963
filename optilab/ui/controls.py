"""What the reader's hand is on: sliders, choices, switches, formulas, players."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isclose, log, log10
from numbers import Real
from typing import Any

import ipywidgets as widgets
import numpy as np

from optilab.core.check import require

Named = Mapping[str, Any]  # label → value, or dict of values by control, or function of all values → either
When = Callable[[dict[str, Any]], bool] | None
WHOLE = {"description_width": "initial"}  # labels are never cut off
WIDE = {"width": "auto", "flex": "1 1 260px"}  # as much as its place in the deck has


@dataclass(frozen=True)
class Control:
    """A value that the reader sets.

    Parameters
    ----------
    widget : ipywidgets widget
        Has the value.
    named : mapping of label to value
        Values that mean something, each with a button that jumps there; a function of all values where they move it.
        A dict (or a function that gives one) sets several controls at once.
    view : ipywidgets widget, optional
        What is shown if it is more than `widget`.
    when : function of all values, optional
        Whether the control does anything at these values; where it doesn't it is greyed out.
    """

    widget: Any
    named: Named = field(default_factory=dict)
    view: Any = None
    when: When = None

    @property
    def value(self) -> Any:
        """The value now."""
        return self.widget.value

    @property
    def options(self) -> list[Any]:
        """The values of a choice."""
        return [option[1] if isinstance(option, tuple) else option for option in self.widget.options]

    @property
    def range(self) -> tuple[Any, Any]:
        """The least and the largest value of a slider."""
        low, high = self.widget.min, self.widget.max
        return (self.widget.base**low, self.widget.base**high) if hasattr(self.widget, "base") else (low, high)

    def check(self, name: str, value: Any) -> None:
        """Refuse a value that the control can't have.

        Raises
        ------
        ValueError
            If it is none of the options, not a number in the range, or not what such a control holds.
        """
        if hasattr(self.widget, "options"):
            require(value in self.options, name, value, f"one of {self.options}")
        elif hasattr(self.widget, "min"):
            low, high = self.range
            whole = isinstance(self.value, int)
            allowed = f"a {'whole ' if whole else ''}number between {low:g} and {high:g}"
            require(isinstance(value, Real) and not isinstance(value, bool), name, value, allowed)
            slack = 1e-9 * (high - low)  # a slider's arithmetic ends a hair off
            require(low - slack <= value <= high + slack and (not whole or value == round(value)), name, value, allowed)
        elif isinstance(self.value, bool):
            require(isinstance(value, bool | np.bool), name, value, "True or False")
        else:
            require(isinstance(value, str), name, value, "a text")

    def set(self, name: str, value: Any) -> None:
        """Set the value.

        Raises
        ------
        ValueError
            If the control can't have it.
        """
        self.check(name, value)
        self.widget.value = value if hasattr(self.widget, "options") else type(self.value)(value)

    def nearest(self, value: float) -> Any:
        """The value on a slider's grid that is nearest to a number."""
        widget = self.widget
        if hasattr(widget, "base"):
            value = log(max(value, self.range[0]), widget.base)
        steps = round((min(max(value, widget.min), widget.max) - widget.min) / widget.step)
        at = min(widget.min + steps * widget.step, widget.max)
        return widget.base**at if hasattr(widget, "base") else at

    def corners(self) -> list[Any]:
        """The extreme values, or all of a choice or switch; a formula's present one."""
        if hasattr(self.widget, "options"):
            return self.options
        if hasattr(self.widget, "min"):
            return list(self.range)
        return [False, True] if isinstance(self.value, bool) else [self.value]


def digits(*numbers: float) -> int:
    """How many digits behind the point the numbers have; six at most."""
    return next((n for n in range(6) if all(isclose(round(x, n), x, abs_tol=1e-9) for x in numbers)), 6)


def slider(
    label: str, value: float, low: float, high: float, step: float, *, named: Named | None = None, when: When = None
) -> Control:
    """Make a slider over numbers; over whole numbers where `value` and `step` are such."""
    whole = isinstance(value, int) and isinstance(step, int)
    make = widgets.IntSlider if whole else widgets.FloatSlider
    shape = {} if whole else {"readout_format": f".{digits(low, step)}f"}
    return Control(
        make(
            value=value,
            min=low,
            max=high,
            step=step,
            description=label,
            style=WHOLE,
            layout=WIDE,
            **shape,
        ),
        named or {},
        when=when,
    )


def log_slider(
    label: str,
    value: float,
    low: float,
    high: float,
    *,
    steps: int = 60,
    named: Named | None = None,
    readout: str = ".3g",
    when: When = None,
) -> Control:
    """Make a slider that moves through the powers of ten from `low` to `high`, `steps` steps in all."""
    widget = widgets.FloatLogSlider(
        value=value,
        base=10,
        min=log10(low),
        max=log10(high),
        step=(log10(high) - log10(low)) / steps,
        description=label,
        readout_format=readout,
        style=WHOLE,
        layout=WIDE,
    )
    return Control(widget, named or {}, when=when)


def choice(label: str, value: Any, options: list[Any], *, when: When = None) -> Control:
    """Make a drop-down list; options are values, or pairs (text, value)."""
    return Control(
        widgets.Dropdown(value=value, options=options, description=label, style=WHOLE, layout={"width": "max-content"}),
        when=when,
    )


def switch(label: str, value: bool, *, when: When = None) -> Control:
    """Make a check box."""
    return Control(
        widgets.Checkbox(value=value, description=label, indent=False, style=WHOLE, layout={"width": "max-content"}),
        when=when,
    )


def formula(label: str, value: str, *, named: Named | None = None) -> Control:
    """Make a text field for a formula, read when the reader presses Enter or leaves it."""
    return Control(
        widgets.Text(
            value=value,
            description=label,
            continuous_update=False,
            style=WHOLE,
            layout=WIDE,
        ),
        named or {},
    )


def player(label: str, value: int, last: int, *, interval: int = 100) -> Control:
    """Make a slider over frames 0 … `last` with a play button; `interval` is the time of a frame in ms."""
    control = slider(label, value, 0, last, 1)
    play = widgets.Play(value=value, min=0, max=last, step=1, interval=interval, show_repeat=False)
    widgets.jslink((play, "value"), (control.widget, "value"))
    return Control(control.widget, view=widgets.HBox([play, control.widget], layout=WIDE))
