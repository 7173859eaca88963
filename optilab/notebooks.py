"""What all notebooks of the library have in common: what they say of their kernel, and how they are saved."""

from pathlib import Path
from typing import Any

from optilab.core.files import replace

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def save(notebook: Any, path: Path) -> None:
    """Write a notebook, as nbformat does it; what is cut off leaves the old one.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook.
    path : Path
        Its file.
    """
    import nbformat  # of the lab, which who only begins with a paper doesn't need

    replace(path, nbformat.writes(notebook).rstrip("\n") + "\n")
