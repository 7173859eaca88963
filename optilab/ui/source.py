"""Show a piece of the package's own source in a lesson, so that text and code can't drift apart."""

import ast
import inspect
from textwrap import dedent
from typing import Any

from IPython.display import Markdown


def shortened(text: str) -> str:
    """The source of functions or classes with the first line of each docstring alone."""
    lines = text.splitlines()
    documented = (ast.AsyncFunctionDef, ast.FunctionDef, ast.ClassDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    for node in sorted(nodes, key=lambda node: node.lineno, reverse=True):
        said = ast.get_docstring(node)
        if said and "\n" in said:
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [f'{" " * first.col_offset}"""{said.splitlines()[0]}"""']
    return "\n".join(lines)


def source(*objects: Any, docstrings: bool = False) -> Markdown:
    """Show the source of functions, classes or modules as one highlighted block that follows the notebook's theme.

    Parameters
    ----------
    *objects
        What to show.
    docstrings : bool
        Whether to show their docstrings whole, which may be longer than what they describe, or their first lines.
    """
    pieces = [dedent(inspect.getsource(thing)).rstrip() for thing in objects]
    text = "\n\n\n".join(pieces if docstrings else map(shortened, pieces))
    return Markdown(f"```python\n{text}\n```")
