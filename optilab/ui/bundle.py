"""plotly.js in the browser, once per kernel.

`plotly.graph_objects.FigureWidget` ships its 5 MB of JavaScript inside every figure. Here one hidden widget carries
plotly.js, compressed to 1.5 MB, when the first picture is made. The page keeps it; later pictures, also those
of other notebooks in the same tab, find it there. Once it has arrived the widget forgets it, so that it is never
saved with a notebook; a page that comes later (a reload, a second tab) asks for it.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from plotly.offline import get_plotlyjs, get_plotlyjs_version

HERE = Path(__file__).parent
VERSION = get_plotlyjs_version()


@cache
def packed() -> bytes:
    """plotly.js, gzipped."""
    return gzip.compress(get_plotlyjs().encode(), compresslevel=6)


def script(*names: str) -> str:
    """The JavaScript of a widget, from several files to one module; all know how to get hold of plotly.js."""
    return "\n".join((HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in ("plotly", *names))


class Bundle(anywidget.AnyWidget):
    """The hidden widget that brings plotly.js along with the first picture of a kernel."""

    _esm = script("bundle")
    version = traitlets.Unicode(VERSION).tag(sync=True)
    source = traitlets.Bytes().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(source=packed())
        self.on_msg(self._received)

    def _received(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("type") == "received":
            self.source = b""


@cache
def deliver() -> Bundle:
    """Send plotly.js to the browser, the first time that this is called."""
    return Bundle()
