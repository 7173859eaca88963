"""Show a piece of the package's own source in a lesson, so that text and code can't drift apart."""

import inspect
from textwrap import dedent
from typing import Any

from IPython.display import Markdown


def source(*objects: Any) -> Markdown:
    """Show the source of functions, classes or modules as one highlighted block that follows the notebook's theme."""
    text = "\n\n\n".join(dedent(inspect.getsource(thing)).rstrip() for thing in objects)
    return Markdown(f"```python\n{text}\n```")
