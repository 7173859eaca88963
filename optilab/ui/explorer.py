"""Explorers: sliders on one side of an arrow, pictures on the other.

An explorer is a pure function `compute(**values) → dict of arrays and texts`, the controls that feed it and panels
whose traces name the arrays they draw. The explorer owns everything else: redraws, errors, reset, code, progress.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, RLock, Thread
from typing import Any

import ipywidgets as widgets
import numpy as np

from optilab.core.check import require
from optilab.ui.controls import Control
from optilab.ui.marks import flat
from optilab.ui.pictures import Panel, Pictures
from optilab.ui.recipe import literal, written

SLOW = 0.15  # seconds after which a computation is announced
SIGHT = 5  # controls that are seen at once
UNFINISHED = 0.999  # the most that a long part says is done of it: at 1 its button is free again


def spelled(values: dict[str, Any]) -> dict[str, str]:
    """Values as they are written: a slider's arithmetic ends a hair off."""
    return {name: literal(value) for name, value in values.items()}


class Explorer(widgets.VBox):
    """Controls above panels; every change of a control recomputes and redraws.

    `compute` returns a dict of arrays (drawn where panels name them), texts and numbers; its "note" is the sentence
    under the pictures. Where `simulate` is given it is the long part: it runs when the reader presses the button, with
    the values that its parameters name and a function `progress(done, total)`, and `compute` gets its result as `run`.
    A change of a value that `simulate` takes makes the pictures stale until it has run again. Meanwhile the rest of the
    lesson answers; the same button stops it, the next time that it calls `progress`.

    Parameters
    ----------
    compute : callable
        From the controls' values, by keyword (and `run`), to a dict.
    controls : dict of str to Control
        In the order of display; the keys are `compute`'s keywords.
    panels : list of Panel
        Their bindings name entries of `compute`'s dict.
    call : str
        The full name of the factory that makes this explorer, for the code that is shown.
    start : dict, optional
        Values to start from where they differ from the controls' own.
    recipe : callable, or mapping of a control's value to callable, optional
        A function that `compute` or `simulate` calls and whose parameters are controls: its source is the code that is
        shown below the call of the factory.
    simulate : callable, optional
        The long part.
    run : str
        The label of its button.

    Raises
    ------
    ValueError
        If `start` or a named value is none that its control can have, or a panel draws what `compute` doesn't return
        or sets by a click what is no control.
    """

    def __init__(
        self,
        compute: Callable[..., dict[str, Any]],
        controls: dict[str, Control],
        panels: list[Panel],
        *,
        call: str,
        start: dict[str, Any] | None = None,
        recipe: Callable[..., Any] | Mapping[Any, Callable[..., Any]] | None = None,
        simulate: Callable[..., Any] | None = None,
        run: str = "Run",
    ):
        self.compute, self.controls, self.panels = compute, controls, panels
        # A slider that is set from here answers with its value; one that is set at every move of a drag would answer
        # with old ones. So it is set at the end.
        self._dragged: dict[str, Any] = {}
        self.call, self.recipe, self.simulate = call, recipe, simulate
        self._exact: dict[str, Any] = {}  # values between two steps of their slider
        self._held = False
        for name in start or {}:
            require(name in controls, "a starting value's name", name, f"one of {list(controls)}")
        for name, value in (self.values | (start or {})).items():
            controls[name].check(name, value)
            self._place(name, value)
        self.start = self.values
        for panel in panels:
            unknown = set(() if callable(panel.click) else panel.click or ()) - set(controls)
            require(not unknown, "what a click sets", sorted(unknown), f"among the controls {list(controls)}")
        self.pictures = Pictures(panels, name=call.rpartition(".")[2], run=run if simulate else "")
        self.pictures.on_msg(self._heard)
        self.long = [name for name in inspect.signature(simulate).parameters if name in controls] if simulate else []
        self.data: dict[str, Any] = {}  # what `compute` returned last
        self.result: Any = None
        self._worker: Thread | None = None  # in which the long part was begun last
        self._running: dict[str, str] | None = None  # the settings that it is under way with
        self._stopped = Event()  # what the reader wants of it
        self._drawing = RLock()  # a move and the end of the long part may want to draw at once
        self.result_of: dict[str, str] | None = None  # the settings that it belongs to
        self._slow = False
        self._buttons: dict[str, list[widgets.Button]] = {}
        rows = [self._row(name, control) for name, control in controls.items()]
        if simulate:
            with self._explained():
                self._simulate(self._taken())
        if simulate is None or self.result_of is not None:
            self.redraw()
        if self.data:
            self._check_bindings()
        super().__init__([*self._deck(rows), self.pictures])

    @property
    def values(self) -> dict[str, Any]:
        """The controls' values, by name, or where the reader is dragging them to."""
        return {name: control.value for name, control in self.controls.items()} | self._exact | self._dragged

    def _place(self, name: str, value: Any) -> None:
        """Set a control; a slider, which the browser would move to its next step, is set there and the value kept."""
        control = self.controls[name]
        if hasattr(control.widget, "min"):
            value = type(control.value)(value)
        at = control.nearest(value) if hasattr(control.widget, "step") else value
        self._exact.pop(name, None)
        if literal(at) == literal(value):
            control.set(name, value)
        else:
            control.set(name, at)
            self._exact[name] = value

    def _deck(self, rows: list[widgets.Widget]) -> list[widgets.Widget]:
        """The controls; those that are too many at once come to sight by a button."""
        if len(rows) <= SIGHT + 1:
            boxes = [widgets.Box(rows)] if rows else []
        else:
            more = widgets.ToggleButton(description=f"{len(rows) - SIGHT} more", layout={"width": "max-content"})
            boxes = [widgets.Box([*rows[:SIGHT], more]), widgets.Box(rows[SIGHT:], layout={"display": "none"})]

            def turn(change: Any) -> None:
                more.description = "fewer" if change["new"] else f"{len(rows) - SIGHT} more"
                boxes[1].layout.display = None if change["new"] else "none"

            more.observe(turn, "value")
        for box in boxes:
            box.add_class("optilab-controls")
        return boxes

    def _grey(self) -> None:
        """Grey out what does nothing at the values now."""
        for name, control in self.controls.items():
            if control.when:
                for widget in (control.widget, *self._buttons.get(name, [])):
                    widget.disabled = not control.when(self.values)

    def _row(self, name: str, control: Control) -> widgets.Widget:
        control.widget.observe(lambda change: self._changed(name, change), "value")
        buttons = []
        for label, target in control.named.items():
            if not callable(target):
                for other, value in (target if isinstance(target, dict) else {name: target}).items():
                    self.controls[other].check(f"{other} at {label!r}", value)
            button = widgets.Button(description=label, layout={"width": "max-content"}, tooltip=f"{name} = {label}")
            button.on_click(lambda _button, target=target: self._jump(name, target))
            buttons.append(button)
        self._buttons[name] = buttons
        row = widgets.HBox([control.view or control.widget, *buttons])
        row.add_class("optilab-control")
        return row

    def _changed(self, name: str, change: Any) -> None:
        if self._held or literal(change["new"]) == literal(change["old"]):
            return  # a slider's answer may be a hair off what it was set to
        self._exact.pop(name, None)
        self._dragged = {}
        self.redraw()

    def meant(self, name: str, target: Any) -> dict[str, Any]:
        """What a named value of a control sets, at the values now: values by control."""
        value = target(self.values) if callable(target) else target
        if isinstance(value, dict):
            return value
        return {name: round(value) if isinstance(self.values[name], int) else value}

    def _jump(self, name: str, target: Any) -> None:
        with self._explained():
            self.set(**self.meant(name, target))

    def _heard(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content["type"] == "reset":
            self.set(**self.start)
        elif content["type"] == "frame" and self._dragged:  # a page that has just come doesn't drag
            self._dragged = {}
            self.redraw()
        elif content["type"] == "point":
            with self._explained():
                self._point(self.panels[content["panel"]].click, content["x"], content["y"], content.get("final", True))
        elif content["type"] == "run":
            self.run()
        elif content["type"] == "stop":
            self._stopped.set()

    def run(self) -> Thread:
        """Begin the long part beside everything else, unless it is under way; what it is done in can be waited for."""
        with self._drawing:
            if self._worker is None or self._running is None:
                values = self._taken()
                self._running = spelled(values)
                self._stopped.clear()
                self._worker = Thread(target=self._work, args=(values,), daemon=True)
                self._worker.start()
            return self._worker

    def _work(self, values: dict[str, Any]) -> None:
        with self._explained():
            try:
                self._simulate(values)
            finally:  # the button is free, and what the pictures say of the run is over, before its error is said
                self._running = None
                self.pictures.send({"type": "progress", "done": 1.0})
                self.redraw()

    def _point(self, click: Any, x: float, y: float, final: bool) -> None:
        if click is None:
            return
        point = click(x, y) if callable(click) else dict(zip(click, (x, y), strict=True))
        point = {name: self.controls[name].nearest(value) for name, value in point.items()}
        if final:
            self.set(**point)
        else:
            self._dragged = point
            self.redraw()

    def set(self, **values: Any) -> None:
        """Set several controls and redraw once.

        Raises
        ------
        ValueError
            If there is no such control, or it can't have the value; then nothing is set.
        """
        for name, value in values.items():
            require(name in self.controls, "a control's name", name, f"one of {list(self.controls)}")
            self.controls[name].check(name, value)
        self._dragged = {}  # of a drag whose end never came, too
        self._held = True
        try:
            for name, value in values.items():
                self._place(name, value)
        finally:
            self._held = False
        self.redraw()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong inside becomes a sentence above the pictures, which stay, visibly stale."""
        try:
            with np.errstate(all="ignore"):  # divergence is data
                yield
        except ValueError as error:
            self.pictures.fail(str(error) or "These values can't be used.")
        except KeyboardInterrupt:
            self.pictures.fail("Stopped before the pictures were finished.")
        except Exception as error:
            self.pictures.fail(f"Something unexpected went wrong ({type(error).__name__}: {error}).")

    def _simulate(self, values: dict[str, Any]) -> None:
        """Do the long part with these values and keep its result."""
        last = 0.0

        def progress(done: float, total: float = 1.0) -> None:
            nonlocal last
            if self._stopped.is_set():
                raise KeyboardInterrupt
            now = time.perf_counter()
            if now - last > 0.08 or done >= total:
                last = now
                self.pictures.send({"type": "progress", "done": min(done / total, UNFINISHED)})

        progress(0.0)
        result = self.simulate(**values, progress=progress)  # type: ignore[misc]
        with self._drawing:
            self.result, self.result_of = result, spelled(values)

    def _taken(self) -> dict[str, Any]:
        """The values that the long part takes, as they are now."""
        return {name: self.values[name] for name in self.long}

    def redraw(self) -> None:
        """Compute and draw, or say above the pictures what is wrong."""
        if not self._held:
            with self._drawing:
                self._redraw()

    def _redraw(self) -> None:
        values = self.values
        self._grey()
        extra = {}
        if self.simulate:
            now = spelled(self._taken())
            if self.result_of != now:
                if self._running is None:
                    next_one = "press the button to run with the new values"
                elif self._running == now:
                    next_one = "the new one is under way"
                else:
                    next_one = "one with other values than these is under way"
                with self._explained():
                    self.pictures.wait(f"These pictures show the run before: {next_one}.", self.shown_code(values))
                return
            extra["run"] = self.result
        if self._slow:
            self.pictures.send({"type": "busy", "busy": True})
        began = time.perf_counter()
        with self._explained():
            self.data = flat(self.compute(**values, **extra))
            self._check_bindings()
            drawn = {name: value for name, value in self.data.items() if name != "note"}
            self.pictures.draw(drawn, note=self.data.get("note", ""), code=self.shown_code(values))
        if self._slow:
            self.pictures.send({"type": "busy", "busy": False})
        self._slow = time.perf_counter() - began > SLOW

    def _check_bindings(self) -> None:
        missing = set().union(*(panel.names() for panel in self.panels)) - set(self.data)
        require(not missing, "what panels draw", sorted(missing), f"among what compute returns ({sorted(self.data)})")

    def shown_code(self, values: dict[str, Any]) -> str:
        """The code that reproduces the picture at `values`: the factory's call, then the algorithm's."""
        module, _, factory = self.call.rpartition(".")
        package, _, room = module.rpartition(".")
        settings = ", ".join(f"{name}={literal(value)}" for name, value in values.items())
        text = f"from {package} import {room}\n\n{room}.{factory}({settings})"
        recipe = self.recipe_at(values)
        return f"{text}\n\n# the algorithm alone\n{written(recipe, values)}" if recipe else text

    def recipe_at(self, values: dict[str, Any]) -> Callable[..., Any] | None:
        """The function whose code is shown at `values`."""
        if not isinstance(self.recipe, Mapping):
            return self.recipe
        return next(self.recipe[value] for value in values.values() if value in self.recipe)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={literal(value)}" for name, value in self.values.items())
        return f"{self.call.rpartition('.')[2]}({settings})"

    def _repr_keys(self) -> list[str]:
        return []
