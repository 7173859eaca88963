"""Marks: what a picture is made of. Each names the entry of `compute` that it draws and has the theme's look.

An entry of `compute` is a pair (x, y), or a triple (x, y, z), of numbers or arrays; or a text, a number, an array, a
list. Where a mark wants data, a text names such an entry; so does each text in a pair or triple,
one array each; all else stays as it is. Anywhere else (a colour, a title, an end of an axis) `entry("name")` follows
`compute`. Looks are roles whose pixels are in the theme; further keywords go to plotly's trace, or to its line
(`dash`, `width`, `shape`) and marker (`size`, `symbol`). A curve has the words `end` written at its end.

In all lessons what was measured is solid, what theory promises is dashed, what the worst function of a class takes is a
thin line with open diamonds, all three in the colour of their method; what is dotted is there to compare with.

    panel("The gap (solid) under its bound (dashed)",
          promise("bound"), curve("gap", "measured", color("SGD")), here("now"),
          x="steps", y=log("gap f − f*"))
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, LOOKS, ink

Data = str | tuple[Any, ...]


class Entry(str):
    """The name of an entry of `compute`, in a place where a text would otherwise stand for itself."""

    __slots__ = ()


entry = Entry


class Mark(NamedTuple):
    """A trace with the names that its properties follow, a shape, or an annotation."""

    kind: str  # "trace", "shape" or "annotation"
    look: Any
    bound: Mapping[str, str] = {}


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """What `compute` returned with the pairs and triples taken apart: "gap" becomes "gap.x" and "gap.y"."""
    apart: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, tuple):
            apart |= {f"{name}.{axis}": np.atleast_1d(part) for axis, part in zip("xyz", value, strict=False)}
        else:
            apart[name] = value
    return apart


def _placed(data: Data, axes: str) -> dict[str, Any]:
    """The properties `axes` of a trace that draws `data`."""
    if isinstance(data, str):
        return {axis: Entry(f"{data}.{axis}") for axis in axes}
    named = (Entry(part) if isinstance(part, str) else part for part in data)
    return {axis: part for axis, part in zip(axes, named, strict=True) if part is not None}


def _entries(look: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Where in nested dicts and lists an `Entry` stands, and its name."""
    if isinstance(look, Entry):
        yield path, str(look)
    elif isinstance(look, Mapping):
        for key, value in look.items():
            yield from _entries(value, f"{path}.{key}" if path else key)
    elif isinstance(look, list):
        for number, value in enumerate(look):
            yield from _entries(value, f"{path}[{number}]")


def _fixed(look: Any) -> Any:
    """The same without what follows an entry."""
    if isinstance(look, Mapping):
        return {key: _fixed(value) for key, value in look.items() if not isinstance(value, Entry)}
    if isinstance(look, list):
        return [_fixed(value) for value in look]
    return look


def _trace(make: Any, look: dict[str, Any]) -> Mark:
    return Mark("trace", make(**_fixed(look)), dict(_entries(look)))


def mark(trace: Any, bound: Mapping[str, str]) -> Mark:
    """Any plotly trace; `bound` gives the path of each property that follows `compute` and the name of its entry."""
    return Mark("trace", trace, bound)


def _scatter(role: str, data: Data, label: str, shade: str, mode: str, style: dict[str, Any]) -> Mark:
    line = {"color": shade} | LOOKS[role].get("line", {})
    marker = {"color": shade} | LOOKS[role].get("marker", {})
    line |= {key: style.pop(key) for key in ("dash", "width", "shape") if key in style}
    marker |= {key: style.pop(key) for key in ("size", "symbol") if key in style}
    end = {"meta": {"end": style.pop("end")}} if "end" in style else {}
    look = {"mode": mode, "name": label or None, "showlegend": bool(label)} | end | LOOKS[role].get("trace", {})
    parts = ({"line": line} if "lines" in mode else {}) | ({"marker": marker} if "markers" in mode else {})
    for name, part in parts.items():  # what is given whole goes on top
        parts[name] = part | style.pop(name, {})
    return _trace(go.Scatter, look | _placed(data, "xy") | parts | style)


def curve(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """A curve: what was measured or computed."""
    return _scatter("curve", data, label, shade, style.pop("mode", "lines"), style)


def thin(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """A curve beside the point: the truth, another run, a thread between dots."""
    return _scatter("thin", data, label, shade, "lines", style)


def halo(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """A broad pale curve that another one may cover."""
    return _scatter("halo", data, label, shade, "lines", style)


def promise(data: Data, label: str = "bound", shade: str = INK, **style: Any) -> Mark:
    """What theory promises or predicts: dashed and thin."""
    return _scatter("promise", data, label, shade, "lines", style)


def worst(data: Data, label: str = "worst case", shade: str = INK, **style: Any) -> Mark:
    """What a method can leave on the worst function of a class, where it is tabulated: open diamonds on a thin line."""
    return _scatter("worst", data, label, shade, "lines+markers", style)


def guide(data: Data, label: str = "", shade: str = ink(0.5), **style: Any) -> Mark:
    """A line for the eye, a slope or a level to compare with: dotted."""
    return _scatter("guide", data, label, shade, "lines", style)


def walk(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """The iterates of a method: dots with a line through them."""
    return _scatter("walk", data, label, shade, "lines+markers", style)


def dots(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """Some points."""
    return _scatter("dots", data, label, shade, "markers", style)


def cloud(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """Many small points."""
    return _scatter("cloud", data, label, shade, "markers", style)


def here(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """The large dot of the present value."""
    return _scatter("here", data, label, shade, "markers", style)


def level(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """A short bar at a height, over a column of dots: their mean."""
    look = {"marker": {"line": LOOKS["level"]["edge"] | {"color": shade}}, "hovertemplate": "%{y:.3g}"}
    return _scatter("level", data, label, shade, "markers", look | style)


def goal(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """The star of a solution."""
    return _scatter("goal", data, label, shade, "markers", style)


def band(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """A filled outline: between two quantiles, say."""
    return _scatter("band", data, label, INK, "lines", {"fillcolor": shade} | style)


def area(data: Data, label: str = "", shade: str = INK, **style: Any) -> Mark:
    """A curve filled down to zero."""
    return _scatter("area", data, label, shade, "lines", style)


def texts(data: Data, text: Any, shade: str = INK, **style: Any) -> Mark:
    """Words at points: `text` is a list of them, or an `entry`."""
    look = {"mode": "text", "text": text, "textfont": {"color": shade}, "showlegend": False, "hoverinfo": "skip"}
    return _trace(go.Scatter, look | _placed(data, "xy") | style)


def bars(data: Data, label: str = "", shade: Any = INK, *, across: bool = False, **style: Any) -> Mark:
    """Bars; `across` lays them down."""
    look: dict[str, Any] = {"name": label or None, "showlegend": bool(label)}
    look |= {"marker": {"color": shade, "line": {"width": 0}}} | ({"orientation": "h"} if across else {})
    return _trace(go.Bar, look | _placed(data, "xy") | style)


def heat(data: Data, *, bar: str | None = None, **style: Any) -> Mark:
    """A heat map of z (rows follow y); `bar` is the title of its colour bar, none without it."""
    look: dict[str, Any] = {"showscale": bar is not None}
    if bar is not None:
        look["colorbar"] = (
            LOOKS["heat"]["colorbar"] | {"title": {"text": bar, "side": "right"}} | style.pop("colorbar", {})
        )
    return _trace(go.Heatmap, look | _placed(data, "xyz") | style)


def contour(data: Data, **style: Any) -> Mark:
    """Contour lines of z that lie quietly under curves."""
    return _trace(go.Contour, LOOKS["contour"] | _placed(data, "xyz") | style)


def rule(x: Any = None, *, y: Any = None, **style: Any) -> Mark:
    """A straight line through the panel at x, or at y: a number or the name of an entry."""
    along, across = ("y", "x") if y is None else ("x", "y")
    at = x if y is None else y
    at = Entry(at) if isinstance(at, str) else at
    ends = {f"{across}0": at, f"{across}1": at, f"{along}0": 0, f"{along}1": 1, f"{along}ref": "paper"}
    line = LOOKS["rule"]["line"] | {key: style.pop(key) for key in ("dash", "width", "color") if key in style}
    return Mark("shape", {"type": "line", "line": line} | ends | style)


def region(low: Any, high: Any, alpha: float = 0.12, *, y: bool = False, shade: str = "", **style: Any) -> Mark:
    """A shaded strip between two values of x, or of `y`: numbers or names of entries."""
    low, high = (Entry(end) if isinstance(end, str) else end for end in (low, high))
    across, along = ("y", "x") if y else ("x", "y")
    ends = {f"{across}0": low, f"{across}1": high, f"{along}0": 0, f"{along}1": 1, f"{along}ref": "paper"}
    look = {"type": "rect", "line": {"width": 0}, "fillcolor": shade or ink(alpha), "layer": "below"}
    return Mark("shape", look | ends | style)


def words(text: str, x: Any, y: Any, **style: Any) -> Mark:
    """Words at a place of the panel: numbers or names of entries; `yref="paper"` counts y from 0 to 1."""
    at = {key: Entry(value) if isinstance(value, str) else value for key, value in (("x", x), ("y", y))}
    return Mark("annotation", {"text": text} | at | style)


Axis = dict[str, Any]


def axis(
    title: str = "", span: Any = None, *, ticks: Any = None, equal: bool = False, log: bool = False, **other: Any
) -> Axis:
    """Describe an axis.

    Parameters
    ----------
    title : str
        What it counts, with its unit.
    span : list of two numbers, or str
        Its ends, powers of ten on a log axis; or the name of the entry that they follow.
    ticks : sequence of numbers, or mapping of number to text
        Where it has ticks, and what they say.
    equal : bool
        Whether its units are as long as those of x.
    log : bool
        Whether it is logarithmic.
    **other
        Further properties of plotly's axis.
    """
    look: Axis = {"title": {"text": title}} if title else {}
    if span is not None:
        look["range"] = Entry(span) if isinstance(span, str) else list(span)
    if ticks is not None:
        look["tickvals"] = list(ticks)
    if isinstance(ticks, Mapping):
        look["ticktext"] = list(ticks.values())
    look |= {"scaleanchor": "x", "constrain": "domain"} if equal else {}
    look |= {"type": "log"} if log else {}
    return look | other


def log(title: str = "", span: Any = None, **other: Any) -> Axis:
    """Describe a logarithmic axis; see `axis`."""
    return axis(title, span, log=True, **other)


def panel(title: str, *marks: Mark, x: str | Axis = "", y: str | Axis = "", **other: Any) -> Panel:
    """Put marks into one picture.

    Parameters
    ----------
    title : str or entry
        What to see.
    *marks : Mark
        From back to front; their number is fixed (many curves: one mark with NaN between them).
    x, y : str or axis
        The axes, or their titles.
    **other
        `click`, `height`, `wide` of a `Panel`; whatever else is a property of plotly's layout (`barmode`, `scene`…).

    Raises
    ------
    ValueError
        If there is no mark that draws, or plotly doesn't know a property.
    """
    settings = {name: other.pop(name) for name in ("click", "height", "wide") if name in other}
    axes = {name: axis(given) if isinstance(given, str) else given for name, given in (("xaxis", x), ("yaxis", y))}
    layout: dict[str, Any] = {name: look for name, look in axes.items() if look} | other
    kinds: dict[str, Sequence[Any]] = {
        kind: [look for of, look, _ in marks if of == kind] for kind in ("shape", "annotation")
    }
    layout |= {f"{kind}s": looks for kind, looks in kinds.items() if looks}
    moving = dict(_entries(layout)) | ({"title": str(title)} if isinstance(title, Entry) else {})
    traces = [(look, dict(bound)) for kind, look, bound in marks if kind == "trace"]
    return Panel("" if isinstance(title, Entry) else title, traces, _fixed(layout), moving, **settings)
