"""One way to refuse a bad argument."""

import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

PACKAGE = __name__.partition(".")[0] + "."


def require(condition: Any, name: str, value: Any, allowed: str) -> None:
    """Raise a `ValueError` that names the argument, what is allowed and its value, unless `condition` is true.

    `condition` may be an array: every entry must be true. Written so that NaN fails (`h > 0`, not `not h <= 0`).

    Parameters
    ----------
    condition : bool or array of bool
        What must hold.
    name, allowed : str
        Read as "`name` must be `allowed`".
    value
        The offending value, shown in the message.

    Raises
    ------
    ValueError
        If `condition` is false, or false anywhere.
    """
    holds = condition.all() if hasattr(condition, "all") else condition
    if not holds:
        shown = repr(value) if isinstance(value, str) else value
        raise ValueError(f"{name} must be {allowed}, got {shown}")


def whole(value: Any, least: int = 0) -> bool:
    """Whether a value is an integer, and `least` or more; 2.0 and True are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def numbers(name: str, value: Any) -> np.ndarray:
    """The value as an array of floats; refused by name if it is a text, None, ragged or empty."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array = np.zeros(0)
    require(value is not None and array.size > 0, name, value, "a number or an array of numbers")
    return array


def _numeric(value: Any, kinds: str) -> bool:
    """Whether a value is a number or an array of numbers of these kinds, all finite."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return False
    return array.dtype.kind in kinds and bool(np.isfinite(array).all())


def _draws(value: Any) -> bool:
    return hasattr(value, "spawn") and hasattr(value, "normal")


AnyArray = Annotated[np.ndarray, "NaN and infinity too, where a replicate is lost"]
AnyNumber = Annotated[float | np.ndarray, "infinity too"]
Meaning = tuple[Callable[[Any], bool], str]
MEANINGS: Mapping[Any, Meaning] = {
    bool: (lambda value: isinstance(value, bool | np.bool), "True or False"),
    int: (lambda value: whole(value, -np.iinfo(int).max), "a whole number"),
    float: (lambda value: _numeric(value, "iuf") and np.ndim(value) == 0, "a finite number"),
    np.ndarray: (lambda value: _numeric(value, "iufcb"), "an array of finite numbers"),
    str: (lambda value: isinstance(value, str), "a text"),
    np.random.Generator: (_draws, "a numpy.random.Generator"),
    type(None): (lambda value: value is None, "None"),
}
MANY = {int: "whole numbers", float: "finite numbers", str: "texts"}
PLAIN = (str, bytes, int, float, complex, np.number, list, dict, set, type(None))


def _many(kind: Any) -> Meaning:
    """What a sequence of such things means; an iterator is left to be read by whom it is for."""
    fit, _ = MEANINGS[kind]

    def fits(value: Any) -> bool:
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            return False
        return isinstance(value, Iterator) or all(fit(part) for part in value)

    return fits, f"a sequence of {MANY[kind]}"


def _meaning(kind: Any) -> Meaning | None:
    """What one annotation means, if it says enough."""
    if kind in MEANINGS:
        return MEANINGS[kind]
    origin, parts = get_origin(kind) or kind, [part for part in get_args(kind) if part is not ...]
    if origin is Callable:
        return callable, "a function"
    several = isinstance(origin, type) and issubclass(origin, Iterable) and not issubclass(origin, Mapping)
    if several and parts and parts[0] in MANY and parts.count(parts[0]) == len(parts):
        return _many(parts[0])
    if isinstance(kind, type) and kind.__module__.startswith(PACKAGE) and not issubclass(kind, PLAIN):
        return (lambda value: not isinstance(value, PLAIN)), f"of the kind {kind.__name__}"  # by protocol, not by class
    return None


@cache
def _meanings(function: Any) -> dict[str, list[Meaning]]:
    """What the annotations of a function's parameters mean, for those of which all is known."""
    found = {}
    for name, hint in get_type_hints(function, include_extras=True).items():
        kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        meanings = [meaning for kind in kinds if (meaning := _meaning(kind)) is not None]
        if name != "return" and len(meanings) == len(kinds):
            found[name] = meanings
    return found


def as_annotated(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Refuse arguments that are not what the annotations of a function say.

    An `int` is whole, a `float` and an array hold finite numbers, a generator draws, a sequence holds such things, and
    a problem is no plain value; of a union one has to fit. What else an argument must be (positive, of a shape) the
    function itself says by `require`. What is `Annotated` is left alone: `AnyArray`, say.

    Raises
    ------
    ValueError
        Names the first argument that doesn't fit, and what is allowed.
    """
    given = inspect.signature(function).bind(*args, **kwargs).arguments
    for name, meanings in _meanings(function).items():
        if name in given:
            fits = any(fit(given[name]) for fit, _ in meanings)
            require(fits, name, given[name], " or ".join(dict.fromkeys(said for _, said in meanings)))
