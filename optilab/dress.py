"""Dress a lesson: under its title a line from the catalogue, and in its cells the marks that make slides of it.

`python -m optilab.dress` does it for all lessons, or those that are named; `optilab execute` does it, too. The talk is
the lesson up to where its code is read: the question, the pictures to play with and what is derived. Prose that has no
heading and leads to no picture or derivation is said, not shown.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from optilab import catalogue
from optilab.notebooks import save

HEAD = re.compile(r"\A(# [^\n]*\n\n)(?:\*[^*\n]* minutes[^*\n]*\*\n\n)?")
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
SLIDE, BELOW, NEXT, SPOKEN, LEFT_OUT = "slide", "subslide", "fragment", "notes", "skip"


def titled(text: str, line: str) -> str:
    """The first cell of a lesson with a line under its title, in place of the one that was there."""
    return HEAD.sub(lambda match: f"{match[1]}{line}\n\n", text)


def slides(notebook: NotebookNode) -> list[str]:
    """What each cell is in a talk, in nbconvert's words.

    A prediction goes to the speaker's notes: the options are there, and the answer.
    """
    marks, shown = [], True
    for index, cell in enumerate(notebook.cells):
        headings = HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        shown = shown and not any(heading.startswith("Read") for heading in headings)
        leads = any(after.cell_type == "code" for after in notebook.cells[index + 1 : index + 2])
        if not shown or cell.source.startswith(("from ", "import ")):
            marks.append(LEFT_OUT)
        elif cell.cell_type == "markdown":
            marks.append(SLIDE if headings or index == 0 else BELOW if leads else SPOKEN)
        elif cell.source.startswith("Predict("):
            marks.append(SPOKEN)
        else:
            marks.append(BELOW if cell.source.startswith("explorer.") else NEXT)
    return marks


def dress(notebook: NotebookNode, name: str) -> None:
    """Give a notebook what it bears as the lesson of that file name; one that is no lesson stays as it is."""
    rows = [row for row in catalogue.LESSONS if row.lesson == name]
    for row in rows:
        first = notebook.cells[0]
        first.source = titled(first.source, catalogue.head(row))
        for cell, mark in zip(notebook.cells, slides(notebook), strict=True):
            cell.metadata.slideshow = {"slide_type": mark}


if __name__ == "__main__":
    folder = Path(__file__).parents[1] / "lessons"
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        dress(notebook, path.name)
        save(notebook, path)
