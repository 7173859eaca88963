"""Notebooks that are broken in ways in which students break them: what lies in the folder instead of the right one.

EDITS break what the notebook holds, FILES the file; what is HOPELESS can't be graded.
"""

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
from classwork import cells
from nbformat.v4 import new_code_cell

Break = Callable[[nbformat.NotebookNode], None]


def written(notebook: nbformat.NotebookNode) -> bytes:
    """The notebook as it lies on the disk, whatever is wrong with it."""
    return json.dumps(notebook).encode()


def mark(name: str, **changed: object) -> dict[str, object]:
    """What nbgrader writes into a solution cell, with changes."""
    usual = {"grade_id": name, "grade": False, "solution": True, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": usual | changed}


def copied(kind: str) -> Break:
    """The first cell of a kind copied below itself, as Ctrl-C and Ctrl-V do: marks, identity and all."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        cell = next(iter(cells(notebook, kind).values()))
        notebook.cells.insert(notebook.cells.index(cell) + 1, nbformat.from_dict(cell))

    return edit


def extra(source: str, metadata: object) -> Break:
    """One more cell, before all others."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        cell = new_code_cell(source)
        cell["metadata"] = metadata
        notebook.cells.insert(0, cell)

    return edit


def everywhere(change: Break) -> Break:
    """The same change to every cell."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        for cell in notebook.cells:
            change(cell)

    return edit


def typed(kind: str, cell_type: str, **more: object) -> Break:
    """All cells of a kind turned into another type."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        for cell in cells(notebook, kind).values():
            cell.cell_type = cell_type
            del cell["outputs"], cell["execution_count"]
            cell.update(more)

    return edit


def old(notebook: nbformat.NotebookNode) -> None:
    """Without the identities that cells have had since version 4.5 of the format."""
    notebook.nbformat_minor = 2
    for cell in notebook.cells:
        del cell["id"]


EDITS: dict[str, Break] = {
    "skipped": everywhere(lambda cell: cell.metadata.update(tags=["skip-execution"])),
    "check copied": copied("grade"),
    "answer copied": copied("solution"),
    "set-up copied": copied("locked"),
    "older schema": extra("1 + 1", mark("mine", schema_version=1)),
    "newer schema": extra("1 + 1", mark("mine", schema_version=9)),
    "unknown cell": extra("1 + 1", mark("mine")),
    "half a mark": extra("1 + 1", {"nbgrader": {"grade": True}}),
    "odd mark": extra("1 + 1", {"nbgrader": "yes"}),
    "odd metadata": extra("1 + 1", "none"),
    "half a character": extra("print('\ud800')", {"note": "\ud800"}),
    "no marks": everywhere(lambda cell: cell.metadata.clear()),
    "no metadata": everywhere(lambda cell: cell.pop("metadata")),
    "no outputs": everywhere(lambda cell: cell.pop("outputs", None)),
    "one identity": everywhere(lambda cell: cell.update(id="same")),
    "text for code": typed("solution", "markdown", attachments={}),
    "raw checks": typed("grade", "raw", attachments={}),
    "no kernel": lambda notebook: notebook.metadata.clear(),
    "odd notebook metadata": lambda notebook: notebook.update(metadata=[]),
    "version 4.2": old,
}


FILES: dict[str, Callable[[nbformat.NotebookNode, Path], object]] = {
    "version 3": lambda notebook, path: path.write_text(nbformat.writes(notebook, version=3)),
    "byte order mark": lambda notebook, path: path.write_bytes(b"\xef\xbb\xbf" + written(notebook)),
    "UTF-16": lambda notebook, path: path.write_text(json.dumps(notebook), encoding="utf-16"),
    "another name": lambda notebook, path: path.with_name("my solution (1).ipynb").write_bytes(written(notebook)),
    "another ending": lambda notebook, path: path.with_suffix(".ipynb.txt").write_bytes(written(notebook)),
}

HOPELESS: dict[str, Callable[[nbformat.NotebookNode, Path], object]] = {
    "cut off": lambda notebook, path: path.write_bytes(written(notebook)[:-200]),
    "empty": lambda notebook, path: path.write_bytes(b""),
    "log-in page": lambda notebook, path: path.write_text("<!DOCTYPE html><html>Please log in</html>"),
    "list": lambda notebook, path: path.write_text("[]"),
    "no cells": lambda notebook, path: path.write_text('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}'),
    "odd cells": lambda notebook, path: path.write_text('{"nbformat": 4, "nbformat_minor": 5, "cells": 3}'),
    "of the future": lambda notebook, path: path.write_text('{"nbformat": 99, "nbformat_minor": 0, "cells": []}'),
    "PDF": lambda notebook, path: path.with_suffix(".pdf").write_bytes(b"%PDF-1.7"),
    "nothing": lambda notebook, path: None,
}


def hand_in(name: str, notebook: nbformat.NotebookNode, path: Path) -> None:
    """Leave a notebook, broken in the way of that name, at `path`, or what is there in its place."""
    path.parent.mkdir(parents=True)
    if name in EDITS:
        EDITS[name](notebook)
        path.write_bytes(written(notebook))
    else:
        (FILES | HOPELESS)[name](notebook, path)
