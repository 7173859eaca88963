"""What crosses from the process of the answers to that of the checks: plain values, written as JSON.

Numbers, text, arrays, formulas, generators of random numbers and containers of them are copied; functions stay where
they are and cross by number.
"""

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Rational
from typing import Any

import numpy as np
import sympy as sp

from optilab.course import formula

ENTRIES = "biufcU"  # kinds of arrays whose bytes are copied: boolean, whole, real, complex, text
KINDS = (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)
LARGEST = 1 << 25  # bytes of an array
CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "set": set}


def described(value: Any, refer: Callable[[Any], list[Any]]) -> Any:
    """A value as JSON holds it.

    Parameters
    ----------
    value
        What an answer is, or returns.
    refer : callable
        Gives the `[kind, number]` under which a function is known.

    Raises
    ------
    TypeError
        If it is of a kind that doesn't cross.
    """
    if isinstance(value, np.ndarray | np.generic):
        if value.nbytes > LARGEST:
            raise TypeError(f"an array of {value.nbytes >> 20} MB, where {LARGEST >> 20} MB are allowed")
        if value.dtype.kind in ENTRIES:
            kind = "array" if isinstance(value, np.ndarray) else "number"
            return [kind, value.dtype.str, list(value.shape), base64.b64encode(value.tobytes()).decode()]
        if value.dtype.kind == "O":
            return ["objects", list(value.shape), [described(part, refer) for part in value.ravel().tolist()]]
        raise TypeError(f"an array of {value.dtype}, which is none of numbers, text or formulas")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.random.Generator):
        return ["generator", described(value.bit_generator.state, refer)]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, sp.Basic | sp.MatrixBase):
        return ["formula", sp.srepr(value)]
    if isinstance(value, Rational):
        return ["formula", f"Rational({int(value.numerator)}, {int(value.denominator)})"]
    if isinstance(value, Mapping):
        return ["dict", [[described(part, refer) for part in pair] for pair in value.items()]]
    if callable(value):
        return refer(value)
    if hasattr(value, "__array__"):
        return described(np.asarray(value), refer)
    if isinstance(value, Iterable):
        kind = next((kind for kind in CONTAINERS if isinstance(value, CONTAINERS[kind])), "list")  # type: ignore[arg-type]
        return [kind, [described(part, refer) for part in value]]
    if hasattr(value, "__float__"):
        return float(value)
    raise TypeError(
        f"a {type(value).__name__}, which is no number, array, text, formula, function or container of them"
    )


def restored(data: Any, refer: Callable[[str, int], Any]) -> Any:
    """The value that `described` has written.

    Parameters
    ----------
    data
        What JSON gave; it may be anything.
    refer : callable
        Gives what is known by a kind and a number.

    Raises
    ------
    ValueError
        If `described` would not have written it.
    """

    def parts(items: list[Any]) -> list[Any]:
        return [restored(item, refer) for item in items]

    match data:
        case None | bool() | int() | float() | str():
            return data
        case ["complex", float() | int() as real, float() | int() as imaginary]:
            return complex(real, imaginary)
        case ["array" | "number" as kind, str() as dtype, list() as shape, str() as text]:
            entries = array(dtype, shape, text)
            return entries if kind == "array" else entries[()]
        case ["generator", state]:
            return generator(restored(state, refer))
        case ["objects", list() as shape, list() as items]:
            found = np.empty(len(items), object)
            found[:] = parts(items)
            return found.reshape(sizes(shape))
        case ["formula", str() as text]:
            return formula.read(text)
        case ["dict", list() as pairs] if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            return {restored(key, refer): restored(value, refer) for key, value in pairs}
        case [str() as kind, list() as items] if kind in CONTAINERS:
            return CONTAINERS[kind](parts(items))
        case [str() as kind, int() as number]:
            return refer(kind, number)
    raise ValueError(f"nothing that an answer may be: {str(data)[:60]}")


def generator(state: Any) -> np.random.Generator:
    """A generator of random numbers, of whichever kind its state is."""
    kinds = {kind.__name__: kind for kind in KINDS}
    name = state.get("bit_generator") if isinstance(state, dict) else None
    if name not in kinds:
        raise ValueError(f"no generator of random numbers: {str(state)[:60]}")
    bits = kinds[name](0)
    try:
        bits.state = state
    except KeyError as error:
        raise ValueError(f"no state of {name}: {str(state)[:60]}") from error
    return np.random.Generator(bits)


def array(dtype: str, shape: list[Any], text: str) -> np.ndarray:
    """An array from its bytes."""
    kind = np.dtype(dtype)
    if kind.kind not in ENTRIES or kind.itemsize == 0:
        raise ValueError(f"no kind of array that crosses: {dtype[:20]}")
    return np.frombuffer(base64.b64decode(text), kind).reshape(sizes(shape)).copy()


def sizes(shape: list[Any]) -> tuple[int, ...]:
    """A shape, once it is one."""
    if not all(isinstance(size, int) and size >= 0 for size in shape) or math.prod(shape) > 1 << 28:
        raise ValueError(f"no shape: {str(shape)[:60]}")
    return tuple(shape)


def states(args: Iterable[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """How far the generators of random numbers among the arguments of a call have come."""
    given = (*args, *kwargs.values())
    return [value.bit_generator.state for value in given if isinstance(value, np.random.Generator)]
