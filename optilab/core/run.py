"""Run an algorithm and keep what it yields.

An algorithm is a generator of states: named tuples whose fields carry the symbols of its paper.
The first state is the starting point; every later one is the result of one update.
Leading axes of every array are independent replicates (seeds, step sizes, starting points),
so one run sweeps a whole grid.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from itertools import chain, islice
from math import prod
from operator import attrgetter
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np

from optilab.core.check import as_annotated, require, whole

Progress = bool | Callable[[float, float], Any]
Arguments = ParamSpec("Arguments")
State = TypeVar("State")


def algorithm(generator: Callable[Arguments, Iterator[State]]) -> Callable[Arguments, Iterator[State]]:
    """Make a generator of states refuse bad arguments at the call, not at its first `next`.

    What isn't what its annotation says is refused by name as well, after what the generator itself refuses.
    """

    @wraps(generator)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[State]:
        states = generator(*args, **kwargs)
        try:
            first = next(states)
        except Exception as error:
            if not (isinstance(error, ValueError) and " must be " in str(error)):
                as_annotated(generator, args, kwargs)
            raise
        as_annotated(generator, args, kwargs)
        return chain([first], states)

    return call


def replicates(x0: np.ndarray, *parameters: float | np.ndarray) -> list[np.ndarray]:
    """Bring a start and its hyper-parameters to a common batch.

    Parameters
    ----------
    x0 : array (*batch, d)
        Where to start; integers become floats.
    *parameters : number or array (*batch)
        Hyper-parameters, one for all replicates or one for each.

    Returns
    -------
    list of arrays
        A fresh start (*batch, d), then the parameters with a last axis of 1, ready to multiply it.

    Raises
    ------
    ValueError
        If `x0` has no axis, or the batches don't fit together.
    """
    x0 = np.asarray(x0) + 0.0
    require(x0.ndim >= 1, "the starting point", x0, "an array (*batch, d)")
    lifted = [np.asarray(parameter)[..., None] for parameter in parameters]
    batch = np.broadcast_shapes(x0.shape[:-1], *(parameter.shape[:-1] for parameter in lifted))
    return [np.broadcast_to(x0, (*batch, x0.shape[-1])).copy(), *lifted]


def advance(going: np.ndarray | bool, new: Any, old: Any) -> Any:
    """The new values where a replicate is still going, the old ones where it is done.

    Parameters
    ----------
    going : array (*batch) of bool, or True
        Which replicates take part; True while all do, which costs nothing.
    new, old : arrays (*batch, …), or a tuple or named tuple of such
        What they move to, and what they keep otherwise; of the same kind, which is also that of the result.
    """
    if going is True:
        return new
    going = np.asarray(going)
    if going.all():
        return new
    if isinstance(new, tuple):
        parts = [advance(going, after, before) for after, before in zip(new, old, strict=True)]
        return type(new)(*parts) if hasattr(new, "_fields") else tuple(parts)
    new = np.asarray(new)
    return np.where(going.reshape(going.shape + (1,) * (new.ndim - going.ndim)), new, old)


def within(x: np.ndarray, limit: float) -> np.ndarray:
    """Which points (..., d) are finite and of Euclidean norm at most `limit`: (...)."""
    if limit == np.inf:
        return np.isfinite(x).all(-1)
    return np.linalg.norm(x, axis=-1) <= limit  # false for NaN


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays have one shape and the same entries, NaN where the other has NaN."""
    if one.shape != other.shape:
        return False
    equal = one == other
    return bool(np.all(equal | ((one != one) & (other != other))))  # only NaN differs from itself


@dataclass(frozen=True, repr=False, eq=False)
class Trace:
    """States of one run, stacked along a first axis of kept steps; fields and measures are attributes.

    Parameters
    ----------
    step : array (kept,)
        Step number of each kept state.
    fields : dict of arrays (kept, *batch, ...)
        One entry per state field and measure. From the step of `diverged` on, a replicate's entries are NaN.
    calls : dict of arrays (kept,)
        Oracle calls so far, by kind.
    diverged : array (*batch)
        First kept step at which a replicate had left the finite numbers or the limit, inf if it never did.
    """

    step: np.ndarray
    fields: dict[str, np.ndarray]
    calls: dict[str, np.ndarray] = field(default_factory=dict)
    diverged: np.ndarray = field(default_factory=lambda: np.array(np.inf))

    def __getattr__(self, name: str) -> np.ndarray:
        fields = self.__dict__.get("fields", {})
        if name not in fields:
            raise AttributeError(f"no field {name!r}; this trace has {', '.join(fields)}")
        return fields[name]

    def first(self, holds: np.ndarray) -> np.ndarray:
        """First kept step at which `holds` (kept, *batch) is true, replicate by replicate; inf where it never is."""
        return np.where(holds.any(0), self.step[holds.argmax(0)], np.inf)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.fields]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        mine, yours = self._arrays(), other._arrays()
        return list(mine) == list(yours) and all(same(values, yours[name]) for name, values in mine.items())

    def _arrays(self) -> dict[str, np.ndarray]:
        """All arrays under one name each: `step`, `diverged`, `fields/…` and `calls/…`."""
        parts = {"fields": self.fields, "calls": self.calls}
        named = {f"{part}/{name}": values for part, entries in parts.items() for name, values in entries.items()}
        return {"step": self.step, "diverged": self.diverged} | named

    def to_dict(self) -> dict[str, Any]:
        """The arrays by name: `step`, every field and measure, `diverged`, and `calls`, a dictionary itself."""
        return {"step": self.step, **self.fields, "diverged": self.diverged, "calls": dict(self.calls)}

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for every kept step and replicate, and a column for every number.

        The index is `step`, and `replicate` where there is a batch (`replicate 0`, `replicate 1`, … where it has more
        axes). A point (kept, *batch, d) makes the columns `x[0]`, …, `x[d - 1]`; calls are `calls[gradients]`, ….
        What all replicates share is repeated for each.

        Raises
        ------
        ModuleNotFoundError
            If pandas isn't installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError("to_frame needs pandas, which isn't installed: pip install pandas") from error

        rows = (len(self.step), *self.diverged.shape)
        columns = {}
        for name, values in [*self.fields.items(), *((f"calls[{kind}]", made) for kind, made in self.calls.items())]:
            if values.shape[: len(rows)] != rows:
                lifted = values.reshape(len(values), *[1] * (len(rows) - 1), *values.shape[1:])
                values = np.broadcast_to(lifted, (*rows, *values.shape[1:]))
            entries = values.shape[len(rows) :]
            table = values.reshape(prod(rows), prod(entries))
            for place, column in zip(np.ndindex(entries), table.T, strict=True):
                columns[name + (f"[{', '.join(map(str, place))}]" if place else "")] = column
        axes = ["replicate"] if len(rows) == 2 else [f"replicate {axis}" for axis in range(len(rows) - 1)]
        index = pd.Index(self.step, name="step")
        if axes:
            index = pd.MultiIndex.from_product([index, *map(range, rows[1:])], names=["step", *axes])
        return pd.DataFrame(columns, index=index)

    def save(self, path: str | Path) -> None:
        """Write the trace to a file in NumPy's format npz, without pickle: `Trace.load` reads it on any machine.

        Raises
        ------
        ValueError
            If a field holds Python objects, which only pickle could write.
        """
        arrays: dict[str, Any] = self._arrays()
        for name, values in arrays.items():
            require(not values.dtype.hasobject, name, values.dtype, "numbers or texts of one length to be saved")
        with Path(path).open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Read a trace that `save` has written.

        Raises
        ------
        ValueError
            If the file is another one.
        """
        from zipfile import is_zipfile  # imported late: few runs are read from a file

        with Path(path).open("rb") as file:
            require(is_zipfile(file), "path", str(path), "a file that Trace.save has written")
            file.seek(0)
            with np.load(file, allow_pickle=False) as found:
                arrays = dict(found)
        require({"step", "diverged"} <= arrays.keys(), "path", str(path), "a file that Trace.save has written")
        fields, calls = (
            {name.removeprefix(part): values for name, values in arrays.items() if name.startswith(part)}
            for part in ("fields/", "calls/")
        )
        return cls(arrays["step"], fields, calls, arrays["diverged"])

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in self.fields.items())
        text = f"Trace of {len(self.step)} states, steps {self.step[0]} to {self.step[-1]}: {shapes}"
        if self.calls:
            text += "; " + ", ".join(f"{count[-1]} {kind}" for kind, count in self.calls.items())
        lost = np.isfinite(self.diverged)
        if lost.any():
            text += f"; {lost.sum()} of {lost.size} replicates diverged, the first at step {self.diverged.min():.0f}"
        return text


def reported(
    stream: Iterable[tuple[int, Any]], progress: Callable[[float, float], Any], steps: int
) -> Iterator[tuple[int, Any]]:
    """The numbered states of `stream`, calling progress(k, steps) about a hundred times on the way."""
    stride = max(1, steps // 100)
    for k, state in stream:
        if k % stride == 0:
            progress(k, steps)
        yield k, state


RESERVED = frozenset(name for name in (*Trace.__dataclass_fields__, *vars(Trace)) if not name.startswith("_"))


def run(
    states: Iterator[Any],
    steps: int,
    *,
    every: int = 1,
    keep: Iterable[str] | None = None,
    oracle: Any = None,
    limit: float = np.inf,
    progress: Progress = False,
    **measures: Callable[[Any], np.ndarray],
) -> Trace:
    """Advance `states` by at most `steps` updates and stack every `every`-th state and the last.

    Parameters
    ----------
    states : iterator of named tuples
        What an algorithm yields; the first field is the point (*batch, d) that decides about divergence.
    steps : int
        Updates to make; fewer if the states end, or once every replicate has diverged.
    every : int
        Keep each state whose step number is a multiple of this.
    keep : iterable of str, optional
        The fields to keep where a whole state is too big to be stacked; all by default.
    oracle : Counted, optional
        A counted problem whose calls are kept beside each state.
    limit : float
        A replicate whose point is longer than this (Euclidean norm) counts as diverged.
    progress : bool or function (done, total)
        Show a progress bar, or call the function now and then.
    **measures : functions of the state
        Each is kept as a field of its own, under its keyword.

    Returns
    -------
    Trace
        The kept states; from a replicate's divergence on its entries are NaN.

    Raises
    ------
    ValueError
        If `steps`, `every` or `limit` is not allowed, a field to keep isn't there, or a field or measure has a name
        that `Trace` uses itself.
    """
    require(whole(steps), "steps", steps, "an integer, 0 or more")
    require(whole(every, 1), "every", every, "an integer, 1 or more")
    require(limit > 0, "limit", limit, "positive")
    require(not isinstance(keep, str), "keep", keep, f"a sequence of names, like [{keep!r}]")
    first = next(states)
    names = list(first._fields if keep is None else keep)
    for name in names:
        require(name in first._fields, "a field to keep", name, f"one of {', '.join(first._fields)}")
    for name in (*names, *measures):
        require(name not in RESERVED, "the name of a field or measure", name, f"none of {sorted(RESERVED)}")
    point = first._fields[0]
    functions: list[Callable[[Any], Any]] = [*(attrgetter(name) for name in names), *measures.values()]
    if point not in names:
        functions.append(lambda state: within(state[0], limit))

    kept: list[Iterable[Any]] = []
    step: list[int] = []
    calls: list[dict[str, int]] = []

    def record() -> None:
        kept.append(state if keep is None and not measures else [function(state) for function in functions])
        step.append(k)
        if oracle is not None:
            calls.append(dict(oracle.calls))

    stream: Iterable[tuple[int, Any]] = enumerate(chain([first], islice(states, steps)))
    if callable(progress):
        stream = reported(stream, progress, steps)
    elif progress:
        from tqdm.auto import tqdm  # imported late: it is slower to import than NumPy

        stream = tqdm(stream, total=steps + 1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for k, state in stream:
            if k % every == 0:
                record()
            if k % 32 == 0 and not within(state[0], limit).any():
                break
        if step[-1] != k:
            record()

        columns = [np.array(column) for column in zip(*kept, strict=True)]
        inside = within(columns[names.index(point)], limit) if point in names else columns.pop()
    fields = dict(zip([*names, *measures], columns, strict=True))
    outside = np.logical_or.accumulate(~inside, 0)
    if outside.any():
        for values in fields.values():
            if values.shape[: outside.ndim] == outside.shape and np.issubdtype(values.dtype, np.inexact):
                values[outside] = np.nan
    steps_kept = np.array(step)
    return Trace(
        steps_kept,
        fields,
        {name: np.array([row.get(name, 0) for row in calls]) for name in (calls[-1] if calls else ())},
        np.where(outside.any(0), steps_kept[outside.argmax(0)], np.inf),
    )
