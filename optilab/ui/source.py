"""Show a piece of the package's own source in a lesson, so that text and code can't drift apart."""

import ast
import inspect
from textwrap import dedent
from typing import Any

from IPython.display import Markdown


def undocumented(text: str) -> str:
    """The source of functions or classes without their docstrings."""
    lines = text.splitlines()
    documented = (ast.AsyncFunctionDef, ast.FunctionDef, ast.ClassDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    for node in sorted(nodes, key=lambda node: node.lineno, reverse=True):
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            first = node.body[0]
            del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines)


def source(*objects: Any, docstrings: bool = True) -> Markdown:
    """Show the source of functions, classes or modules as one highlighted block that follows the notebook's theme.

    Parameters
    ----------
    *objects
        What to show.
    docstrings : bool
        Whether to show their docstrings, which may be longer than what they describe.
    """
    pieces = [dedent(inspect.getsource(thing)).rstrip() for thing in objects]
    text = "\n\n\n".join(pieces if docstrings else map(undocumented, pieces))
    return Markdown(f"```python\n{text}\n```")
