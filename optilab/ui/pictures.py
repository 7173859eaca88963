"""All pictures of an explorer as one widget: described by plotly's graph objects, fed by one binary message a move.

The browser holds each panel's traces and layout as they were described and, at every move, puts the new arrays
into a fresh copy: what doesn't move can't be lost.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from uuid import uuid4

import anywidget
import numpy as np
import plotly.graph_objects as go
import traitlets

from optilab.core.check import require
from optilab.ui import bundle
from optilab.ui.theme import TEMPLATE

DTYPES = {"b": "u1", "i": "i4", "u": "i4", "f": "f8"}  # of numpy's kinds, by the names that plotly has for them
PARTS = ("dom", "deck", "arrays", "paint", "legend", "csv", "drag", "transport", "frame", "drawing", "pictures")
LARGEST = np.iinfo("i4").max


@dataclass(frozen=True)
class Panel:
    """One picture: plotly traces and a layout whose properties are bound to what `compute` returns, by name.

    A path reaches any property: "x", "marker.color", "visible"; "shapes[0].x0", "xaxis.range", "title". Traces in
    space (`Mesh3d`, `Scatter3d`, `Surface`) are drawn by WebGL in the layout's `scene`; the mouse turns it.

    Parameters
    ----------
    title : str
        What to see, above the picture; HTML. Bind "title" in `moving` where it changes.
    traces : list of (trace, {path: name})
        Plotly traces and what of them follows the controls. Their number is fixed.
    layout : dict
        What of the layout stays.
    moving : dict of path to name
        What of the layout follows the controls.
    click : pair of control names, or function (x, y) → dict, optional
        Controls that a click or drag in the picture sets to its x and y, or to the values that the function names.
    height : int
        Height in pixels, without the title.
    wide : bool
        Whether it takes a row of its own.
    """

    title: str
    traces: list[tuple[Any, dict[str, str]]]
    layout: dict[str, Any] = field(default_factory=dict)
    moving: dict[str, str] = field(default_factory=dict)
    click: tuple[str, str] | Callable[[float, float], dict[str, float]] | None = None
    height: int = 340
    wide: bool = False

    def names(self) -> set[str]:
        """Every name of `compute`'s results that the panel draws."""
        return {name for _, binding in self.traces for name in binding.values()} | set(self.moving.values())

    def spec(self) -> dict[str, Any]:
        """What the browser needs to know of the panel, ready for JSON."""
        figure = go.Figure([trace for trace, _ in self.traces], {"template": TEMPLATE} | self.layout)
        return json.loads(figure.to_json()) | {
            "title": self.title,
            "bindings": [binding for _, binding in self.traces],
            "moving": self.moving,
            "click": True if callable(self.click) else self.click,
            "height": self.height,
            "wide": self.wide,
        }


def packed(array: np.ndarray) -> dict[str, Any]:
    """Describe an array as a dtype that JavaScript has, its shape and its bytes.

    Raises
    ------
    ValueError
        If the array holds neither real numbers nor booleans.
    """
    require(array.dtype.kind in DTYPES, "an array to be drawn", array.dtype, "of real numbers")
    dtype = DTYPES[array.dtype.kind]
    if dtype == "i4" and array.size and max(int(array.max()), -int(array.min())) > LARGEST:
        dtype = "f8"
    return {"dtype": dtype, "shape": list(array.shape), "buffer": array.astype(dtype).tobytes()}


def plain(value: Any) -> Any:
    """What is no array, as JSON has it: numpy's numbers as Python's, a number that isn't finite as None."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value


class Pictures(anywidget.AnyWidget):
    """The panels of an explorer with the sentences and buttons around them.

    Parameters
    ----------
    panels : list of Panel
        From left to right.
    name : str
        Names the file of the pictures' data.
    run : str
        The label of the button that starts the long work; none without it.
    """

    _esm = bundle.script(*PARTS)
    _css = bundle.HERE / "js" / "pictures.css"
    version = traitlets.Unicode(bundle.VERSION).tag(sync=True)
    spec = traitlets.Unicode().tag(sync=True)
    frame = traitlets.Dict().tag(sync=True)

    def __init__(self, panels: list[Panel], *, name: str, run: str = ""):
        bundle.deliver()
        identity = uuid4().hex
        spec = {"panels": [panel.spec() for panel in panels], "name": name, "run": run, "id": identity}
        self.empty = {"number": 0, "drawn": False, "stale": False, "arrays": {}, "values": {}}
        self.empty |= dict.fromkeys(("note", "error", "code"), "")
        super().__init__(model_id=identity, spec=json.dumps(spec), frame=self.empty)
        self.on_msg(self._asked)

    def _asked(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("type") == "plotly":
            self.send({"type": "plotly"}, buffers=[bundle.packed()])
        if content.get("type") == "frame" and content.get("number") != self.frame["number"]:
            self.send_state("frame")

    def draw(self, data: Mapping[str, Any], *, note: str, code: str) -> None:
        """Send what `compute` returned: arrays as memory, numbers, texts and lists as they are."""
        arrays = {name: packed(value) for name, value in data.items() if isinstance(value, np.ndarray) and value.ndim}
        values = {name: plain(value) for name, value in data.items() if name not in arrays}
        self.frame = self.empty | {
            "number": self.frame["number"] + 1,
            "drawn": True,
            "arrays": arrays,
            "values": values,
            "note": note,
            "code": code,
        }

    def fail(self, sentence: str) -> None:
        """Say what is wrong; the old pictures stay, visibly stale."""
        self.frame = self.frame | {"number": self.frame["number"] + 1, "error": sentence}

    def wait(self, note: str, code: str) -> None:
        """Leave the old pictures, visibly stale, until the long work is done again."""
        self.frame = self.frame | {
            "number": self.frame["number"] + 1,
            "note": note,
            "code": code,
            "error": "",
            "stale": True,
        }
