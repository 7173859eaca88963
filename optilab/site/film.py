"""The film of an explorer: all its frames in a script, as a page that is opened from a folder may load nothing else.

The script holds, in base 64, gzipped: the length of a table (four bytes, little-endian), the table (JSON), and the
arrays. An array that several frames share is there once. Numbers of four bytes are taken for whole ones, and what is
kept of them are differences: to the array before it of the same name, type and shape ("like"), from one number to the
next ("along"), both or none, whichever are smallest; with their sign in the lowest bit. Arrays of eight bytes a number
come first, then those of four and of one; of each kind first the lowest bytes of all numbers, then the next ones. So
gzip finds together what is alike.
"""

import base64
import gzip
import json
from math import ceil, log2
from typing import Any, NamedTuple

import numpy as np

from optilab.site.plan import DETAILS, Place, Plan, Values, interval, plan
from optilab.ui import bundle
from optilab.ui.controls import Control
from optilab.ui.explorer import Explorer
from optilab.ui.recipe import literal
from optilab.ui.words import number

BITS = 13  # of a number's mantissa, and of what an array spans: 1/16,000 of a picture is far below a pixel
SIZES = (8, 4, 1)  # bytes of a number


class Frame(NamedTuple):
    """What an explorer shows at some values."""

    arrays: dict[str, np.ndarray]
    values: Values  # what is no array
    words: dict[str, Any]  # the note, an error, the code, the controls that do nothing


def single(array: np.ndarray) -> np.ndarray:
    """The same in single precision, rounded to as many bits as a picture needs.

    Whole numbers and booleans stay, and doubles of a size that single precision doesn't have.
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
    finer = max(ceil(log2(sizes.max() / span)), 0) if span > 0 else limits.nmant
    dropped = max(limits.nmant - BITS - finer, 0)
    bits = array.astype(np.float32).view(np.uint32)
    rounded = (bits + ((1 << dropped) >> 1)) >> dropped << dropped
    return np.where(np.isfinite(array), rounded, bits).astype(np.uint32).view(np.float32)


class Camera:
    """Takes the frames of an explorer, each once.

    Parameters
    ----------
    explorer : Explorer
        Moves.
    """

    def __init__(self, explorer: Explorer):
        self.explorer = explorer
        self.names = set().union(*(panel.names() for panel in explorer.panels))  # of what is drawn
        self.taken: dict[tuple[str, ...], Frame] = {}

    def take(self, values: Values) -> Frame:
        """The frame at some values of the controls, after the long part where there is one."""
        key = tuple(map(literal, values.values()))
        if key not in self.taken:
            self.explorer.set(**values)
            if self.explorer.pictures.frame["stale"]:
                self.explorer.run().join()
            self.taken[key] = self.shown()
        return self.taken[key]

    def shown(self) -> Frame:
        """The frame now."""
        frame, controls = self.explorer.pictures.frame, self.explorer.controls
        off = [name for name, control in controls.items() if control.when and not control.when(self.explorer.values)]
        arrays = {
            name: single(np.ndarray(entry["shape"], entry["dtype"], entry["buffer"]))
            for name, entry in sorted(frame["arrays"].items())
            if name in self.names
        }
        values = {name: value for name, value in frame["values"].items() if name in self.names}
        return Frame(arrays, values, {name: frame[name] for name in ("note", "error", "code")} | {"off": off})


def folded(differences: np.ndarray) -> np.ndarray:
    """Whole numbers of four bytes with their sign in the lowest bit: those near zero are small."""
    return (differences << 1) ^ (differences.view(np.int32) >> 31).view(np.uint32)


class Reel:
    """Arrays, each kept once."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str, tuple[int, ...], bytes], int] = {}
        self.arrays: list[np.ndarray] = []

    def add(self, name: str, array: np.ndarray) -> int:
        """The number of an array that is drawn under a name."""
        at = self.known.setdefault((name, array.dtype.str, array.shape, array.tobytes()), len(self.arrays))
        if at == len(self.arrays):
            self.arrays.append(array)
        return at

    def packed(self) -> tuple[list[dict[str, Any]], bytes]:
        """How to unpack every array, and the bytes of all of them."""
        table: list[dict[str, Any]] = []
        before: dict[tuple[str, str, tuple[int, ...]], int] = {}
        contents: dict[int, list[np.ndarray]] = {size: [] for size in SIZES}
        for at, (name, dtype, shape, _) in enumerate(self.known):
            array = np.ascontiguousarray(self.arrays[at]).ravel()
            entry: dict[str, Any] = {"dtype": f"{array.dtype.kind}{array.itemsize}", "shape": shape}
            if array.itemsize == 4:
                like = before.get((name, dtype, shape))
                before[name, dtype, shape] = at
                way, array = differences(array.view(np.uint32), None if like is None else self.arrays[like])
                entry |= {"like": like if way["like"] else None, "along": way["along"]}
            table.append(entry)
            contents[array.itemsize].append(array.view(np.uint8).reshape(-1, array.itemsize))
        return table, b"".join(np.concatenate(contents[size]).T.tobytes() for size in SIZES if contents[size])


def differences(numbers: np.ndarray, before: np.ndarray | None) -> tuple[dict[str, bool], np.ndarray]:
    """The way to write numbers that leaves the smallest ones, and those.

    Parameters
    ----------
    numbers : array of np.uint32, (n,)
        What four bytes hold.
    before : array, n entries of four bytes, optional
        The array before it.
    """
    starts = {False: numbers} if before is None else {False: numbers, True: numbers - before.ravel().view(np.uint32)}
    ways = [
        ({"like": like, "along": along}, folded(np.diff(start, prepend=start.dtype.type(0)) if along else start))
        for like, start in starts.items()
        for along in (False, True)
    ]
    return min(ways, key=lambda way: np.log2(1.0 + way[1]).sum())


def readout(control: Control, value: Any) -> str:
    """A control's value as the reader sees it."""
    if isinstance(value, float) and hasattr(control.widget, "readout_format"):
        return number(value) if hasattr(control.widget, "base") else format(value, control.widget.readout_format)
    return str(value)


def developed(explorer: Explorer, known: Plan, frames: dict[Place, Frame]) -> bytes:
    """Frames as a film."""
    first = frames[known.places[0]]
    reel = Reel()
    shots: list[dict[str, Any]] = []
    for place, frame in frames.items():
        arrays, values, words = (*first[:2], frame.words) if frame.words["error"] else frame  # the first picture stays
        numbers = {name: reel.add(name, array) for name, array in arrays.items()}
        before = shots[0] if shots else {"arrays": {}, "values": {}}
        changed = {
            "arrays": {name: at for name, at in numbers.items() if before["arrays"].get(name) != at},
            "values": {name: value for name, value in values.items() if before["values"].get(name, reel) != value},
        }
        shots.append({"at": place} | changed | words)
    table, contents = reel.packed()
    controls = [
        {"name": name, "shown": [readout(control, stop) for stop in known.stops[name]], "interval": interval(control)}
        for name, control in explorer.controls.items()
    ]
    whole = {
        "spec": json.loads(explorer.pictures.spec) | {"id": ""},
        "version": bundle.VERSION,
        "controls": controls,
        "named": [place for *_, place in known.named],
        "frames": shots,
        "arrays": table,
    }
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return gzip.compress(len(text).to_bytes(4, "little") + text + contents, mtime=0)


def film(explorer: Explorer, largest: float = float("inf")) -> tuple[Plan, bytes]:
    """Compute the frames of an explorer, as finely as there is room for.

    Parameters
    ----------
    explorer : Explorer
        Moves about.
    largest : float
        Bytes that the script may have; where no detail is coarse enough it has more.

    Returns
    -------
    plan : Plan
        Where the explorer can be.
    film : bytes
        Its frames, as the head of this module describes, without base 64.
    """
    camera = Camera(explorer)
    for detail in DETAILS:
        known = plan(explorer, detail)
        packed = developed(explorer, known, {place: camera.take(known.values(place)) for place in known.places})
        if len(packed) * 4 / 3 < largest:
            break
    return known, packed


def script(name: str, film: bytes) -> str:
    """A film as the page loads it."""
    return f'(globalThis.optilabFilms ??= {{}})["{name}"] = "{base64.b64encode(film).decode()}";\n'
