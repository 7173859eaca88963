"""The forms in which right answers come: numbers, arrays and formulas, whatever they are made of."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef

from optilab.course.grade import symbolic

REAL = 1e-6  # imaginary parts of this share of the largest size are rounding, as after the root of a double eigenvalue


def single(value: Any) -> Any:
    """What a container of one thing (0-d array, 1×1 matrix, list of one solution) holds; other values as they are."""
    while isinstance(value, np.ndarray | list | tuple | sp.MatrixBase | sp.FiniteSet | sp.Tuple):
        if (value.size if isinstance(value, np.ndarray) else len(value)) != 1:
            return value
        value = value.item() if isinstance(value, np.ndarray) else next(iter(value))
    return value


def shown(value: Any) -> str:
    """The beginning of how a value is written."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def array(value: Any, name: str = "the answer", dtype: type = float) -> np.ndarray:
    """An answer as an array: lists, iterators, matrices of SymPy (with one row or column: vectors) and its numbers too.

    Parameters
    ----------
    value
        The answer.
    name : str
        What it is called in messages.
    dtype : float or complex
        Of the array.

    Raises
    ------
    AssertionError
        If there is anything but numbers in it, or complex ones where real ones are asked for.
    """
    strange = f"{name} must be {'complex' if dtype is complex else 'real'} numbers, got {shown(value)}"
    if isinstance(value, sp.MatrixBase):
        value = list(value) if 1 in value.shape else value.tolist()
    elif isinstance(value, Iterable) and not isinstance(value, np.ndarray | str | Mapping | set | sp.Basic):
        value = list(value)
    try:
        found = np.asarray(value)
        assert found.dtype.kind in "biufcO", strange
        assert not any(part is None for part in found.ravel()), strange  # to NumPy it is NaN
        found = found.astype(complex) if found.dtype.kind in "cO" or dtype is complex else found.astype(float)
    except (TypeError, ValueError) as error:
        raise AssertionError(strange) from error
    if dtype is float and found.dtype.kind == "c":
        sizes = abs(found)
        largest = sizes[np.isfinite(sizes)].max(initial=0)
        assert not (abs(found.imag) > REAL * largest).any(), strange
        found = found.real
    return found


def number(value: Any, name: str = "the answer") -> float:
    """An answer as a number, of Python's, NumPy's or SymPy's kinds, in however many brackets.

    Raises
    ------
    AssertionError
        If it isn't one real number.
    """
    strange = f"{name} must be one real number, got {shown(value)}"
    try:
        found = array(single(value))
    except AssertionError as error:
        raise AssertionError(strange) from error
    assert found.ndim == 0, strange
    return float(found)


def formula(value: Any, name: str = "the answer", *symbols: sp.Symbol) -> sp.Expr:
    """An answer as an expression: sums, integrals and derivatives are worked out, and its symbols are ours.

    Parameters
    ----------
    value
        The answer; a 1×1 matrix or a list of one expression will do.
    name : str
        What it is called in messages.
    *symbols : sp.Symbol
        Take the place of symbols of the same names (beta_1 is beta1), whatever these assume. Any other symbol goes if
        it cancels, and stays if it doesn't.

    Raises
    ------
    AssertionError
        If it isn't an expression of SymPy with values.
    """
    expr = symbolic(single(value), name)
    assert not getattr(expr, "is_Matrix", False), f"{name} must be one expression, got {shown(value)}"
    ours = {symbol.name.replace("_", ""): symbol for symbol in symbols}
    expr = expr.xreplace({symbol: ours.get(symbol.name.replace("_", ""), symbol) for symbol in expr.free_symbols})
    expr = single(expr.doit())
    assert not expr.has(sp.nan, sp.oo, sp.zoo), f"{name} has no finite value: {expr}"
    return cancelled(expr, *symbols) if symbols else expr


def cancelled(expr: sp.Expr, *symbols: sp.Symbol) -> sp.Expr:
    """The expression without any symbol besides these that its value doesn't depend on."""
    for symbol in sorted(expr.free_symbols - set(symbols), key=str):
        one, other = (expr.xreplace({symbol: sp.Rational(*value)}) for value in ((5, 7), (13, 11)))
        if agrees(one, other):
            expr = one
    return expr


def agrees(one: sp.Expr, other: Any, seed: int = 0) -> bool:
    """Whether two expressions have the same values, however they are written.

    That is, up to 10⁻⁹, at five points drawn by `seed`: positive symbols are drawn from 0.2 to 2, real ones with either
    sign; unknown functions and their derivatives are numbers as well.
    """
    rng = np.random.default_rng(seed)
    sides = (one, sp.sympify(other))
    unknown = set().union(*(side.atoms(AppliedUndef, sp.Derivative) for side in sides))
    names = {part: sp.Dummy(str(part), real=True) for part in sorted(unknown, key=str)}
    left, right = (side.xreplace(names) for side in sides)
    symbols = [*names.values(), *sorted((left.free_symbols | right.free_symbols) - set(names.values()), key=str)]
    for _ in range(5):
        signs = [rng.choice([-1, 1]) if symbol.is_real and not symbol.is_positive else 1 for symbol in symbols]
        point = dict(zip(symbols, (sp.Float(sign * float(rng.uniform(0.2, 2)), 30) for sign in signs), strict=True))
        try:
            here, there = (complex(sp.N(side.xreplace(point), 30)) for side in (left, right))
        except TypeError:  # no number
            return False
        if not abs(here - there) <= 1e-9 * (1 + abs(there)):
            return False
    return True
