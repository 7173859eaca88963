"""Recipes: the function that `compute` calls is the code that the reader is shown."""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from textwrap import dedent
from types import ModuleType
from typing import Any


def literal(value: Any) -> str:
    """The value as Python text, without the digits that a slider's arithmetic leaves behind."""
    return repr(float(f"{value:.10g}")) if isinstance(value, float) else repr(value)


def written(recipe: Callable[..., Any], values: Mapping[str, Any]) -> str:
    """The body of a function as a script that runs by itself.

    Imports stand as in the function's own module; what that module defines is imported from it, except numbers and
    texts, which are written out. Then come the parameters at `values`, and the lines of the body as they are, but for
    docstring and `return`: the last line is what the function gives.

    Parameters
    ----------
    recipe : function
        Ends in its only `return`; its parameters are among `values` or have defaults.
    values : mapping of str to value
        The parameters' values.

    Returns
    -------
    str
        The script.
    """
    heads, lines = _parts(inspect.unwrap(recipe))
    parameters = inspect.signature(recipe).parameters
    given = [f"{name} = {literal(values.get(name, parameter.default))}" for name, parameter in parameters.items()]
    return "\n".join([*heads, *[""] * bool(heads), *given, *lines])


@cache
def _parts(recipe: Any) -> tuple[list[str], list[str]]:
    """What stands before the parameters, and what after them."""
    text = dedent(inspect.getsource(recipe))
    (function,) = (node for node in ast.walk(ast.parse(text)) if getattr(node, "name", None) == recipe.__name__)
    assert isinstance(function, ast.FunctionDef)
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    lines = text.splitlines()[body[0].lineno - 1 : body[-1].end_lineno]
    if isinstance(body[-1], ast.Return):
        at = body[-1].lineno - body[0].lineno
        lines[at] = lines[at].replace("return ", "", 1)
    return list(_heads(recipe, body)), dedent("\n".join(lines)).splitlines()


def _heads(recipe: Any, body: list[ast.stmt]) -> Iterator[str]:
    """The imports and constants that the lines of a function need."""
    names = [node for line in body for node in ast.walk(line) if isinstance(node, ast.Name)]
    used = {node.id for node in names} & recipe.__globals__.keys() - set(inspect.signature(recipe).parameters)
    module = inspect.getmodule(recipe)
    assert isinstance(module, ModuleType)
    places: dict[str, list[str]] = {}
    constants = []
    imported: dict[str, tuple[ast.Import | ast.ImportFrom, ast.alias]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported |= {alias.asname or alias.name: (node, alias) for alias in node.names}
    for name in sorted(used):
        value = recipe.__globals__[name]
        if name in imported:
            node, alias = imported[name]
            if isinstance(node, ast.ImportFrom):
                places.setdefault(str(node.module), []).append(ast.unparse(alias))
            else:
                yield f"import {ast.unparse(alias)}"
        elif isinstance(value, int | float | str):
            constants.append(f"{name} = {literal(value)}")
        else:
            places.setdefault(module.__name__, []).append(name)
    for place in sorted(places):
        yield f"from {place} import {', '.join(places[place])}"
    yield from [""] * bool(constants) + constants
