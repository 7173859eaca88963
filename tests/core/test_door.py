"""The door: from outside what isn't as annotated is refused, inside nothing is asked."""

import pickle
import sys

import numpy as np
import pytest

from optilab.core.check import require
from optilab.core.door import checked, guard, has_words


def plain(x: np.ndarray, n: int, h: float | np.ndarray = 0.1) -> float:
    """Sum."""
    return float(np.sum(x) * n * np.mean(h))


def with_words(n: int) -> int:
    """At least one."""
    return at_least_one(n)


def at_least_one(n):
    """Says what it needs."""
    require(n >= 1, "n", n, "1 or more")
    return n


def test_from_outside_what_is_not_as_annotated_is_refused():
    asked = checked(plain, plain)
    assert asked([1, 2], 2) == pytest.approx(0.6)
    assert asked.__doc__ == "Sum."
    for given, sentence in [
        (((1.0, np.nan), 2), "x must be an array of finite numbers"),
        ((np.ones(2), 2.0), "n must be a whole number, got 2.0"),
        ((np.ones(2), 2, "fast"), "h must be a finite number or an array of finite numbers, got 'fast'"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            asked(*given)
    with pytest.raises(TypeError, match="missing a required argument: 'n'"):
        asked(np.ones(2))


def test_from_inside_nothing_is_asked():
    asked = checked(plain, plain)
    inside = eval("lambda asked: asked([float('nan')], 1)", {"__name__": "optilab.somewhere"})
    assert np.isnan(inside(asked))


def test_the_own_words_of_a_function_come_first():
    assert not has_words(plain)
    assert has_words(with_words)
    asked = checked(with_words, with_words)
    with pytest.raises(ValueError, match=r"n must be a whole number, got 1\.5"):  # its own words don't mind
        asked(1.5)
    with pytest.raises(ValueError, match="n must be 1 or more, got nan"):
        asked(np.nan)
    assert asked(2) == 2


def test_modules_below_a_guarded_package_are_watched_once(tmp_path, monkeypatch):
    package = tmp_path / "lodge"
    (package / "explorer").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    room = """
from dataclasses import dataclass


def double(n: int) -> int:
    return 2 * n


def _half(n: int) -> float:
    return n / 2


@dataclass(frozen=True)
class Bed:
    length: float


TABLE = {"double": double}
"""
    (package / "cellar").mkdir()
    (package / "cellar" / "__init__.py").write_text("")
    for name in ("room.py", "explorer/__init__.py", "cellar/wine.py"):
        (package / name).write_text(room)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    before = len(sys.meta_path)
    guard("lodge")
    guard("lodge")
    assert len(sys.meta_path) == before + 1
    try:
        import lodge.cellar
        import lodge.explorer
        import lodge.room

        with pytest.raises(ValueError, match=r"n must be a whole number, got 2\.5"):
            lodge.room.double(2.5)
        with pytest.raises(ValueError, match="length must be a finite number, got 'long'"):
            lodge.room.Bed("long")
        assert lodge.room.Bed(2.0).length == 2
        assert lodge.room._half(2.5) == 1.25
        assert repr(lodge.room.Bed(1 / 3)) == "Bed(length=0.333333)"
        assert (
            lodge.__dict__.get("__getattr__") is None
        )  # the package that is guarded sees to itself, what is below is opened
        assert lodge.cellar.wine.double(4) == 8
        assert lodge.explorer.double(2.5) == 5
        assert lodge.room.TABLE["double"] is lodge.room.double
        assert pickle.loads(pickle.dumps(lodge.room.double)) is lodge.room.double
        assert pickle.loads(pickle.dumps(lodge.room.Bed(2.0))) == lodge.room.Bed(2.0)
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "lodge"]:
            del sys.modules[name]
