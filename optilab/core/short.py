"""Short forms: an array by its shape and range, and a record of arrays in three lines at most.

The door gives them to the records (dataclasses and named tuples) of all packages that it guards, since Python's own
form of a record writes every array out.
"""

import reprlib
from dataclasses import fields
from inspect import unwrap
from sys import modules
from typing import Any, TypeVar

import numpy as np

Kind = TypeVar("Kind", bound=type)
FEW = 4  # numbers, and entries of a collection, that are written out
LONGEST = 300  # characters that the fields of a record may take


def of_array(values: np.ndarray) -> str:
    """An array: its numbers where they are few, otherwise its shape and between which numbers they lie."""
    if values.dtype.kind not in "biufc":
        return f"{values.shape} of {values.dtype}"
    if values.ndim == 0 and values.dtype.kind == "f":
        return f"{values:.4g}"
    if 0 < values.size <= FEW:
        return " ".join(np.array2string(values, precision=4, separator=", ").split())
    if values.dtype.kind == "b":
        return f"{values.shape}, {values.sum()} true"
    known = values[~np.isnan(values)]
    if not known.size:
        return f"{values.shape}{' of NaN' if values.size else ''}"
    size, what = (abs(known), "complex, |·|") if values.dtype.kind == "c" else (known, "")
    text = f"{values.shape} {what} in [{size.min():.4g}, {size.max():.4g}]"
    return " ".join(text.split()) + " or NaN" * (known.size < values.size)


class Short(reprlib.Repr):
    """The standard library's short forms, and those of arrays and records."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxtuple, self.maxlist, self.maxdict = 3, FEW, FEW, FEW
        self.maxstring, self.maxother, self.fillvalue = 60, 60, "…"

    def repr_instance(self, x: Any, level: int) -> str:
        """What is no text, whole number or collection."""
        if isinstance(x, np.ndarray):
            return of_array(x)
        if isinstance(x, float | np.floating):
            return f"{x:.6g}"
        if isinstance(x, np.generic):
            return str(x)
        if type(x).__repr__ is short:
            return self.record(x, level)
        return getattr(x, "__qualname__", None) or " ".join(super().repr_instance(x, level).split())

    def record(self, x: Any, level: int) -> str:
        """The fields of a record, as many as there is room for; in a record of records there is less for each."""
        names = getattr(type(x), "_fields", None) or [field.name for field in fields(x) if field.repr]
        room, parts = LONGEST * level // self.maxlevel, []
        for name in names:
            forms = [f"{name}={self.repr1(getattr(x, name), depth)}" for depth in (level - 1, 0)]
            part = next((form for form in forms if len(form) <= room), "")
            if not part:
                break
            parts.append(part)
            room -= len(part) + 2
        left = len(names) - len(parts)
        rest = [f"… {left} more" if parts else "…"] * (left > 0)
        return f"{type(x).__name__}({', '.join(parts + rest)})"


FORMS = Short()


def short(record: Any) -> str:
    """The short form of a dataclass's or named tuple's instance: the `__repr__` of a record."""
    return FORMS.record(record, FORMS.maxlevel)


def shorten(kind: Kind) -> Kind:
    """Give a dataclass or a named tuple the short form, unless it has a `__repr__` that somebody has written."""
    own = vars(kind).get("__repr__")
    written = getattr(unwrap(own), "__code__", None) if own else None
    if (
        written is not None
        and {"__dataclass_fields__", "_fields"} & vars(kind).keys()
        and written.co_filename != getattr(modules[kind.__module__], "__file__", None)
    ):
        setattr(kind, "__repr__", short)  # noqa: B010
    return kind
