"""What the reader's hand is on: sliders, choices, switches, formulas, players."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, log10
from typing import Any

import ipywidgets as widgets

from optilab.core.check import require

Named = Mapping[str, float | Callable[[dict[str, Any]], float]]
WHOLE = {"description_width": "initial"}  # labels are never cut off


@dataclass(frozen=True)
class Control:
    """A value that the reader sets.

    Parameters
    ----------
    widget : ipywidgets widget
        Has the value.
    named : mapping of label to value
        Values that mean something, each with a button that jumps there; a function of all values where they move it.
    view : ipywidgets widget, optional
        What is shown if it is more than `widget`.
    """

    widget: Any
    named: Named = field(default_factory=dict)
    view: Any = None

    @property
    def value(self) -> Any:
        """The value now."""
        return self.widget.value

    def set(self, name: str, value: Any) -> None:
        """Set the value.

        Raises
        ------
        ValueError
            If the control can't have it.
        """
        if hasattr(self.widget, "options"):
            options = [option[1] if isinstance(option, tuple) else option for option in self.widget.options]
            require(value in options, name, value, f"one of {options}")
        elif hasattr(self.widget, "base"):
            low, high = self.widget.base**self.widget.min, self.widget.base**self.widget.max
            require(low * (1 - 1e-12) <= value <= high * (1 + 1e-12), name, value, f"between {low:g} and {high:g}")
        elif hasattr(self.widget, "min"):
            low, high = self.widget.min, self.widget.max
            require(low <= value <= high, name, value, f"between {low:g} and {high:g}")
        self.widget.value = value

    def corners(self) -> list[Any]:
        """The extreme values, or all of a choice or switch; a formula's present one."""
        if hasattr(self.widget, "options"):
            return [option[1] if isinstance(option, tuple) else option for option in self.widget.options]
        if hasattr(self.widget, "base"):
            return [self.widget.base**self.widget.min, self.widget.base**self.widget.max]
        if hasattr(self.widget, "min"):
            return [self.widget.min, self.widget.max]
        return [False, True] if isinstance(self.value, bool) else [self.value]


def slider(label: str, value: float, low: float, high: float, step: float, *, named: Named | None = None) -> Control:
    """Make a slider over numbers; over whole numbers where `value` and `step` are such."""
    whole = isinstance(value, int) and isinstance(step, int)
    make = widgets.IntSlider if whole else widgets.FloatSlider
    shape = {} if whole else {"readout_format": f".{max(0, ceil(-log10(step)))}f"}
    return Control(
        make(
            value=value,
            min=low,
            max=high,
            step=step,
            description=label,
            style=WHOLE,
            layout={"width": "330px", "max_width": "100%"},
            **shape,
        ),
        named or {},
    )


def log_slider(
    label: str, value: float, low: float, high: float, *, steps: int = 60, named: Named | None = None
) -> Control:
    """Make a slider that moves through the powers of ten from `low` to `high`, `steps` steps in all."""
    widget = widgets.FloatLogSlider(
        value=value,
        base=10,
        min=log10(low),
        max=log10(high),
        step=(log10(high) - log10(low)) / steps,
        description=label,
        readout_format=".3g",
        style=WHOLE,
        layout={"width": "330px", "max_width": "100%"},
    )
    return Control(widget, named or {})


def choice(label: str, value: Any, options: list[Any]) -> Control:
    """Make a drop-down list; options are values, or pairs (text, value)."""
    return Control(
        widgets.Dropdown(value=value, options=options, description=label, style=WHOLE, layout={"width": "max-content"})
    )


def switch(label: str, value: bool) -> Control:
    """Make a check box."""
    return Control(
        widgets.Checkbox(value=value, description=label, indent=False, style=WHOLE, layout={"width": "max-content"})
    )


def formula(label: str, value: str) -> Control:
    """Make a text field for a formula, read when the reader presses Enter or leaves it."""
    return Control(
        widgets.Text(
            value=value,
            description=label,
            continuous_update=False,
            style=WHOLE,
            layout={"width": "420px", "max_width": "100%"},
        )
    )


def player(label: str, value: int, last: int, *, interval: int = 100) -> Control:
    """Make a slider over frames 0 … `last` with a play button; `interval` is the time of a frame in ms."""
    control = slider(label, value, 0, last, 1)
    play = widgets.Play(value=value, min=0, max=last, step=1, interval=interval, show_repeat=False)
    widgets.jslink((play, "value"), (control.widget, "value"))
    return Control(control.widget, view=widgets.HBox([play, control.widget]))
