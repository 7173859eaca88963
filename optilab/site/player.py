"""Explorers that play without a kernel: their frames are computed beforehand and drawn by the same page.

Every control of a frozen explorer has some stops: all values of a choice, all frames of a player, at most `MOST` of a
slider, its named values among them. Computed are the start, every stop of every control with the others at the start,
and what every named value sets. The page says in one sentence what takes more than that, and how to get a kernel.

The frames of an explorer are its film: a script, for a page that is opened from a folder may load nothing else. It
holds, in base 64, gzipped: the length of a table (four bytes, little-endian), the table (JSON), and the arrays. An
array that several frames share is there once, as what differs (exclusive or) from the one before it of the same name,
type and shape. Arrays of eight bytes a number come first, then those of four and of one; of each kind first the lowest
bytes of all numbers, then the next ones. So gzip finds together what is alike.
"""

import ast
import base64
import gzip
import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, log2
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from plotly.offline import get_plotlyjs

from optilab.ui import bundle
from optilab.ui.controls import Control
from optilab.ui.explorer import SIGHT, Explorer
from optilab.ui.pictures import PARTS, Pictures
from optilab.ui.predict import Predict
from optilab.ui.recipe import literal
from optilab.ui.words import number

MOST = 41  # stops of a slider, its named values apart
BITS = 13  # of a number's mantissa, and of what an array spans: 1/16,000 of a picture is far below a pixel
STATIC = Path(__file__).parent / "static"
SIZES = (8, 4, 1)  # bytes a number
QUIET = "Here one control moves at a time."

Values = dict[str, Any]
Place = tuple[int, ...]  # the stop of every control


@dataclass(frozen=True)
class Plan:
    """Where a frozen explorer can be.

    Parameters
    ----------
    stops : dict of str to list
        The values that each control can have, in order.
    named : list of (control, label, place)
        Where a named value leads from the start; None where that would take the long part anew.
    places : list of tuple of int
        What is computed, the start first.
    """

    stops: dict[str, list[Any]]
    named: list[tuple[str, str, Place | None]]
    places: list[Place]

    def values(self, place: Place) -> Values:
        """The controls' values at a place."""
        return {name: stops[at] for (name, stops), at in zip(self.stops.items(), place, strict=True)}


def interval(control: Control) -> int | None:
    """The time of a player's frame in ms; None for every other control."""
    return control.view.children[0].interval if control.view else None


def stops(control: Control, wanted: Iterable[Any]) -> list[Any]:
    """The values that a frozen control can have, in order.

    Parameters
    ----------
    control : Control
        The control.
    wanted : iterable
        Values that must be among them.
    """
    widget = control.widget
    if hasattr(widget, "options"):
        return control.options
    if isinstance(control.value, bool):
        return [False, True]
    if not hasattr(widget, "min"):  # a formula
        return list(dict.fromkeys(wanted))
    steps = round((widget.max - widget.min) / widget.step)
    most = steps + 1 if interval(control) else min(steps + 1, MOST)
    chosen = np.linspace(0, steps, most).round().astype(int).tolist()
    grid = [min(widget.min + step * widget.step, widget.max) for step in chosen]
    if hasattr(widget, "base"):
        grid = [widget.base**power for power in grid]
    kind = type(control.value)
    return sorted({literal(value): value for value in map(kind, [*grid, *wanted])}.values())


def position(stops: list[Any], value: Any) -> int:
    """Which of the stops a value is; a slider's arithmetic may have left it a hair off."""
    if isinstance(stops[0], float):
        return [literal(stop) for stop in stops].index(literal(float(value)))
    return stops.index(value)


def plan(explorer: Explorer) -> Plan:
    """Where a frozen explorer can be; it is left at its start."""
    explorer.set(**explorer.start)
    start = explorer.values
    targets = [
        (name, label, start | explorer.meant(name, target))
        for name, control in explorer.controls.items()
        for label, target in control.named.items()
    ]
    free = [name for name in start if name not in explorer.long]
    reached = [values for *_, values in targets if all(values[name] == start[name] for name in explorer.long)]
    every = {
        name: stops(control, [start[name], *(values[name] for values in reached)]) if name in free else [start[name]]
        for name, control in explorer.controls.items()
    }

    def place(values: Values) -> Place:
        return tuple(position(every[name], value) for name, value in values.items())

    alone = [start | {name: stop} for name in free for stop in every[name]]
    named = [(name, label, place(values) if values in reached else None) for name, label, values in targets]
    return Plan(every, named, list(dict.fromkeys(map(place, [start, *alone, *reached]))))


def single(array: np.ndarray) -> np.ndarray:
    """The same in single precision, rounded to as many bits as a picture needs.

    Whole numbers and booleans stay, and doubles whose order of magnitude single precision doesn't have.
    """
    if array.dtype != np.float64:
        return array
    finite = array[np.isfinite(array)]
    sizes = abs(finite[finite != 0])
    limits = np.finfo(np.float32)
    if not sizes.size:
        return array.astype(np.float32)
    if sizes.min() < limits.tiny or sizes.max() > limits.max / 2:
        return array
    span = np.ptp(finite)
    finer = ceil(log2(sizes.max() / span)) if span > 0 else limits.nmant
    dropped = limits.nmant - min(max(BITS, BITS + finer), limits.nmant)
    bits = array.astype(np.float32).view(np.uint32)
    rounded = (bits + ((1 << dropped) >> 1)) >> dropped << dropped
    return np.where(np.isfinite(array), rounded, bits).astype(np.uint32).view(np.float32)


def drawn(explorer: Explorer) -> tuple[dict[str, np.ndarray], Values, dict[str, Any]]:
    """What the pictures show now: arrays and other values by name, and the words around them."""
    frame = explorer.pictures.frame
    names = set().union(*(panel.names() for panel in explorer.panels))
    arrays = {
        name: single(np.frombuffer(entry["buffer"], entry["dtype"]).reshape(entry["shape"]))
        for name, entry in frame["arrays"].items()
        if name in names
    }
    values = {name: value for name, value in frame["values"].items() if name in names}
    off = [name for name, control in explorer.controls.items() if control.when and not control.when(explorer.values)]
    return arrays, values, {"note": frame["note"], "error": frame["error"], "code": frame["code"], "off": off}


class Reel:
    """Arrays, each kept once."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str, tuple[int, ...], bytes], int] = {}

    def add(self, name: str, array: np.ndarray) -> int:
        """The number of an array, which is drawn under a name."""
        key = (name, f"{array.dtype.kind}{array.dtype.itemsize}", array.shape, array.tobytes())
        return self.known.setdefault(key, len(self.known))

    def packed(self) -> tuple[list[dict[str, Any]], bytes]:
        """The type, the shape and the forerunner of every array, and the bytes of all of them."""
        table: list[dict[str, Any]] = []
        before: dict[tuple[str, str, tuple[int, ...]], int] = {}
        planes: dict[int, list[np.ndarray]] = {size: [] for size in SIZES}
        contents = [np.frombuffer(key[-1], np.uint8) for key in self.known]
        for at, (name, dtype, shape, _) in enumerate(self.known):
            like = before.get((name, dtype, shape))
            before[name, dtype, shape] = at
            table.append({"dtype": dtype, "shape": shape, "like": like})
            content = contents[at] if like is None else contents[at] ^ contents[like]
            planes[int(dtype[1:])].append(content.reshape(-1, int(dtype[1:])))
        parts = [np.concatenate(planes[size]).T.tobytes() for size in SIZES if planes[size]]
        return table, b"".join(parts)


def film(explorer: Explorer) -> tuple[Plan, bytes]:
    """Compute all frames of an explorer; it is left at its start.

    Returns
    -------
    plan : Plan
        Where it can be.
    film : bytes
        The frames, as the head of this module describes.
    """
    known = plan(explorer)
    reel = Reel()
    frames: list[dict[str, Any]] = []
    first_arrays: dict[str, int] = {}
    first_values: Values = {}
    for place in known.places:
        explorer.set(**known.values(place))
        arrays, values, words = drawn(explorer)
        if words["error"]:  # the pictures before it stay
            numbers, values = first_arrays, first_values
        else:
            numbers = {name: reel.add(name, array) for name, array in sorted(arrays.items())}
        if not frames:
            first_arrays, first_values = numbers, values
            changed: dict[str, Any] = {"arrays": numbers, "values": values}
        else:
            changed = {
                "arrays": {name: at for name, at in numbers.items() if first_arrays.get(name) != at},
                "values": {name: value for name, value in values.items() if first_values.get(name, reel) != value},
            }
        frames.append({"at": place} | changed | words)
    explorer.set(**explorer.start)
    table, contents = reel.packed()
    controls = [
        {
            "name": name,
            "shown": [readout(control, stop) for stop in known.stops[name]],
            "interval": interval(control),
        }
        for name, control in explorer.controls.items()
    ]
    whole = {
        "spec": json.loads(explorer.pictures.spec) | {"id": ""},
        "version": bundle.VERSION,
        "controls": controls,
        "named": [place for *_, place in known.named],
        "frames": frames,
        "arrays": table,
    }
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return known, gzip.compress(len(text).to_bytes(4, "little") + text + contents, mtime=0)


def readout(control: Control, value: Any) -> str:
    """A control's value as the reader sees it."""
    if isinstance(value, float) and hasattr(control.widget, "readout_format"):
        return number(value) if hasattr(control.widget, "base") else format(value, control.widget.readout_format)
    return str(value)


def options(control: Control) -> list[str]:
    """The texts of a choice."""
    return [str(option[0] if isinstance(option, tuple) else option) for option in control.widget.options]


def row(identity: str, name: str, control: Control, known: Plan) -> str:
    """A control with its named values, as HTML."""
    start = known.places[0][list(known.stops).index(name)]
    label = html.escape(control.widget.description).replace("&lt;sub&gt;", "<sub>").replace("&lt;/sub&gt;", "</sub>")
    label = f'<label class="widget-label" for="{identity}">{label}</label>'
    fixed = " data-fixed" if len(known.stops[name]) == 1 else ""
    value = html.escape(readout(control, known.stops[name][start]))
    if hasattr(control.widget, "options"):
        texts = options(control) if not fixed else [options(control)[control.options.index(known.stops[name][0])]]
        inside = "".join(
            f"<option value={at}{' selected' if at == start else ''}>{html.escape(text)}</option>"
            for at, text in enumerate(texts)
        )
        field = f'{label}<select id="{identity}" disabled>{inside}</select>'
    elif isinstance(control.value, bool):
        checked = " checked" if known.stops[name][start] else ""
        field = f'<input type="checkbox" id="{identity}" disabled{checked}>{label}'
    elif hasattr(control.widget, "min"):
        play = '<button type="button" class="optilab-play" disabled>▶</button>' if interval(control) else ""
        last = len(known.stops[name]) - 1
        field = f"""{label}{play}<input type="range" id="{identity}" min="0" max="{last}" value="{start}" disabled
 aria-valuetext="{value}"><output class="widget-readout" for="{identity}">{value}</output>"""
    else:
        field = f'{label}<input type="text" id="{identity}" value="{value}" readonly>'
    kind = "widget-slider" if hasattr(control.widget, "min") else "optilab-field"
    buttons = "".join(
        f'<button type="button" data-named="{at}" disabled>{html.escape(text)}</button>'
        for at, (of, text, _) in enumerate(known.named)
        if of == name
    )
    return f'<div class="optilab-control" data-control="{name}"{fixed}><div class="{kind}">{field}</div>{buttons}</div>'


def freeze(explorer: Explorer, folder: Path, name: str, *, how: str, still: str = "") -> str:
    """Write the film of an explorer, and give the HTML that mounts it where `assets` are loaded.

    Parameters
    ----------
    explorer : Explorer
        At its start afterwards.
    folder : Path
        Where the assets are; the film goes to `frames/NAME.js` there.
    name : str
        Unique in the site: letters, digits, `_` and `-`.
    how : str
        HTML: a sentence that says how to get a kernel.
    still : str
        A PNG of it in base 64, for who has no JavaScript.

    Returns
    -------
    str
        HTML, the same whenever the explorer is.
    """
    known, frames = film(explorer)
    path = folder / "frames" / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'(globalThis.optilabFilms ??= {{}})["{name}"] = "{base64.b64encode(frames).decode()}";\n')
    rows = [row(f"{name}-{of}", of, control, known) for of, control in explorer.controls.items()]
    if len(rows) > SIGHT + 1:
        more = f"<details><summary>{len(rows) - SIGHT} more</summary>"
        more += f'<div class="optilab-controls">{"".join(rows[SIGHT:])}</div></details>'
        rows = rows[:SIGHT]
    else:
        more = ""
    deck = f'<div class="optilab-controls">{"".join(rows)}</div>' if rows else ""
    picture = f'<noscript><img alt="" src="data:image/png;base64,{still.strip()}"></noscript>' if still else ""
    return f"""<div class="optilab-player widget-vbox" data-film="{name}" data-digest="{sha256(frames).hexdigest()[:8]}">
{deck}{more}<p class="optilab-beyond" role="status"><span>{QUIET}</span> <span>{how}</span></p>
<div class="optilab-stage">{picture}</div></div>"""


def predict(question: Predict) -> str:
    """A question that answers in the page, as HTML."""
    name = f"predict-{sha256(question.question.encode()).hexdigest()[:8]}"
    verdicts = {True: "You saw it coming.", False: f"It is <b>{html.escape(question.answer)}</b>."}
    choices = "".join(
        f'<label><input type="radio" name="{name}" value="{at}"> {html.escape(option)}</label>'
        for at, option in enumerate(question.choice.options)
    )
    replies = "".join(
        f"<div hidden>{verdicts[option == question.answer]} {question.replies.get(option, '')} {question.because}</div>"
        for option in question.choice.options
    )
    return f"""<form class="optilab-predict"><fieldset><legend>{html.escape(question.question)}</legend>{choices}
<button type="submit" disabled>That's my answer</button></fieldset><div role="status">{replies}</div></form>"""


def shows(cell: Mapping[str, Any]) -> bool:
    """Whether a cell of a saved lesson shows an explorer or a question."""
    return any(
        "still" in output.get("metadata", {}) or output.get("data", {}).get("text/plain", "").startswith("Predict(")
        for output in cell.get("outputs", [])
    )


def lesson(path: Path, folder: Path, how: str = "") -> dict[int, str]:
    """Freeze all explorers and questions of a lesson.

    Parameters
    ----------
    path : Path
        The notebook, saved with its stills.
    folder : Path
        Where the assets are.
    how : str
        HTML: a sentence that says how to get a kernel; the lesson's own command without it.

    Returns
    -------
    dict of int to str
        By the number of the cell, the HTML that takes the place of its output.
    """
    how = how or f"Everything moves with a kernel: <code>optilab lab --lesson {int(path.name[:2])}</code>."
    snippets = {}
    scope: Values = {}
    for index, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type != "code":
            continue
        lines = ast.parse(cell.source).body
        imports: list[ast.stmt] = [line for line in lines if isinstance(line, ast.Import | ast.ImportFrom)]
        exec(compile(ast.Module(imports, []), path.name, "exec"), scope)
        if not shows(cell):
            continue
        exec(compile(ast.Module(lines[:-1], []), path.name, "exec"), scope)
        shown = eval(compile(ast.Expression(lines[-1].value), path.name, "eval"), scope)  # type: ignore[attr-defined]
        if isinstance(shown, Predict):
            snippets[index] = predict(shown)
        else:
            still = next(output.data["image/png"] for output in cell.outputs if "still" in output.metadata)
            snippets[index] = freeze(shown, folder, f"{path.stem}-{index}", how=how, still=still)
    return snippets


def assets(folder: Path) -> None:
    """Write what every page with frozen explorers loads: `player.css` and `player.js`, which loads `plotly.js` itself."""
    folder.mkdir(parents=True, exist_ok=True)
    page = bundle.script(*PARTS).replace("export default", "const page =")
    player = (STATIC / "player.js").read_text(encoding="utf-8")
    (folder / "player.js").write_text(f"(() => {{\n{page}\n{player}\n}})();\n", encoding="utf-8")
    look = str(Pictures._css) + (STATIC / "player.css").read_text(encoding="utf-8")
    (folder / "player.css").write_text(look, encoding="utf-8")
    (folder / "plotly.js").write_text(get_plotlyjs(), encoding="utf-8")
