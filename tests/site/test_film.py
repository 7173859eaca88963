"""Films: the frames of an explorer in one script."""

import gzip
import json

import numpy as np
import pytest
from frozen import long_one, one_line, two_modes

from optilab.site import film as film_module
from optilab.site.film import SIZES, film, script, single
from optilab.start_here import explorer as start_here
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, heat, panel

GRID = np.linspace(0, 1, 50)


def unrolled(packed):
    """The table of a film and its arrays, as the browser takes it apart."""
    whole = gzip.decompress(packed)
    length = int.from_bytes(whole[:4], "little")
    table, rest = json.loads(whole[4 : 4 + length]), np.frombuffer(whole[4 + length :], np.uint8)
    entries = table["arrays"]
    contents = {}
    for size in SIZES:
        numbers = [at for at, entry in enumerate(entries) if int(entry["dtype"][1:]) == size]
        counts = [int(np.prod(entries[at]["shape"])) for at in numbers]
        planes, rest = np.split(rest, [size * sum(counts)])
        parts = np.split(planes.reshape(size, -1).T, np.cumsum(counts)[:-1]) if numbers else []
        for at, part in zip(numbers, parts, strict=True):
            contents[at] = part.ravel()
            if size == 4:
                folded = part.ravel().view(np.uint32)
                codes = (folded >> 1) ^ (0 - (folded & 1))
                if entries[at]["along"]:
                    codes = np.cumsum(codes, dtype=np.uint32)
                if entries[at]["like"] is not None:
                    codes = codes + contents[entries[at]["like"]].view(np.uint32)
                contents[at] = codes.view(np.uint8)
    assert not rest.size
    arrays = [np.frombuffer(contents[at].tobytes(), e["dtype"]).reshape(e["shape"]) for at, e in enumerate(entries)]
    return table, arrays


def shown(table, arrays, place):
    """What the page draws at a place, by name, and the frame."""
    first = table["frames"][0]
    (frame,) = (frame for frame in table["frames"] if frame["at"] == list(place))
    known = {name: arrays[at] for name, at in (first["arrays"] | frame["arrays"]).items()}
    gone = frame["values"].keys() - frame["arrays"].keys()
    return {name: array for name, array in known.items() if name not in gone} | first["values"] | frame["values"], frame


def check_frames(explorer):
    """Every frame of the film is what the explorer shows there."""
    known, packed = film(explorer)
    table, arrays = unrolled(packed)
    assert [tuple(frame["at"]) for frame in table["frames"]] == known.places
    for place in known.places:
        explorer.set(**known.values(place))
        if explorer.pictures.frame["stale"]:
            explorer.run().join()
        given, frame = shown(table, arrays, place)
        assert frame["note"] == explorer.data["note"]
        assert frame["code"] == explorer.shown_code(explorer.values)
        for name in set().union(*(drawn.names() for drawn in explorer.panels)):
            wanted = explorer.data[name]
            if isinstance(wanted, np.ndarray):
                finite = wanted[np.isfinite(wanted)]
                least = min(np.ptp(finite), abs(finite).max()) if finite.size > 1 else 0
                np.testing.assert_allclose(given[name], wanted, rtol=2**-13, atol=2**-14 * least, err_msg=name)
            elif isinstance(wanted, float):
                np.testing.assert_equal(np.nan if given[name] is None else given[name], wanted)
            else:
                assert given[name] == wanted


@pytest.mark.parametrize("factory", [start_here.valley, long_one, two_modes])
def test_frames_are_what_compute_gives_to_the_precision_of_a_picture(factory):
    check_frames(factory())


def test_an_offset_costs_no_precision():
    noise = np.random.default_rng(0).normal(size=100)
    for offset in (0.0, 1e3):
        assert abs(single(offset + noise) - (offset + noise)).max() < 2**-13 * np.ptp(noise)
    alone = single(np.array([1 / 3]))
    assert alone.dtype == np.float32
    assert alone == np.float32(1 / 3)


def test_what_single_precision_cannot_hold_stays_double():
    for number in (1e-60, 1e60):
        np.testing.assert_equal(single(np.array([number, 1.0])), [number, 1.0])
    np.testing.assert_equal(single(np.array([np.nan, np.inf, -np.inf, 0.0])), [np.nan, np.inf, -np.inf, 0.0])
    assert single(np.arange(3)).dtype == np.int64


def test_an_error_is_shown_over_the_first_picture():
    def compute(x):
        if x > 1:
            raise ValueError("x is too large")
        return {"line": ([0.0, 1.0], [3.0, x]), "note": "fine"}

    known, packed = film(one_line(compute, x=slider("x", 0.0, 0.0, 2.0, 1.0)))
    table, arrays = unrolled(packed)
    given, frame = shown(table, arrays, known.places[-1])
    assert frame["error"] == "x is too large"
    assert given["line.y"].tolist() == [3, 0]


def test_what_stays_is_kept_once():
    noise = np.random.default_rng(0).normal(size=(50, 50))

    def compute(x):
        return {"hill": (GRID, GRID, noise), "line": (GRID, x * GRID), "note": ""}

    controls = {"x": slider("x", 0.0, 0.0, 1.0, 0.01)}
    _, packed = film(Explorer(compute, controls, [panel("", heat("hill"), curve("line"))], call="a.b.c"))
    table, arrays = unrolled(packed)
    assert [array.shape for array in arrays].count((50, 50)) == 1
    assert all(set(frame["arrays"]) == {"line.y"} for frame in table["frames"][1:])


def test_where_room_is_short_controls_move_more_coarsely():
    def compute(x, y):
        return {"line": (GRID, np.random.default_rng([int(100 * x), int(100 * y)]).normal(size=50)), "note": ""}

    controls = {name: slider(name, 0.0, 0.0, 1.0, 0.01) for name in "xy"}
    explorer = one_line(compute, **controls)
    whole, packed = film(explorer)
    size = len(script("a", packed))
    coarse, smaller = film(explorer, size / 2)
    assert len(script("a", smaller)) < size / 2
    assert len(coarse.places) < len(whole.places)
    least, _ = film(explorer, 1)
    assert len(least.stops["x"]) == film_module.DETAILS[-1].most


def test_the_same_bytes_twice():
    assert film(two_modes()) == film(two_modes())
