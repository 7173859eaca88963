"""A lesson as a page: its notebook with what a page needs and without what only a kernel could use."""

import re
from collections.abc import Container, Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from optilab.catalogue import Lesson, Paper
from optilab.site.repository import binder, colab, on_the_web

ARXIV = re.compile(r"(?<!\[)arXiv (\d{4}\.\d{4,5})")
LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)\s#]+)")


HERE = (
    "On this page pictures move one control at a time. To drag points in them, to type or to run anew takes a kernel; "
    "how to get one is told under each of them."
)


def reference(row: Lesson) -> str:
    """Where the reference has what a lesson is made of, in Markdown; nothing for a lesson without a paper's room."""
    if not isinstance(row, Paper):
        return ""
    return f"\n\n[The paper's room](../api/optilab.papers.{row.slug}.rst): algorithm, derivations, experiments."


def kernel(row: Lesson) -> str:
    """How to get a kernel for a lesson, as HTML."""
    path = f"lessons/{row.lesson}"
    return (
        f"Everything moves with a kernel: <code>optilab lab --lesson {row.number}</code> on your own machine, or in a "
        f'browser on <a href="{binder(path)}">Binder</a> or <a href="{colab(path)}">Colab</a>.'
    )


def linked(text: str, built: Container[str], folder: str) -> str:
    """The same text; links to what is no page of this site lead to the repository.

    Parameters
    ----------
    text : str
        In Markdown.
    built : container of str
        Paths of the lessons that are pages, as the text names them.
    folder : str
        Of the repository, that the text's links start from.
    """
    return LINK.sub(lambda match: match[1] if match[1] in built else on_the_web(folder + match[1]), text)


def page(notebook: NotebookNode, row: Lesson, snippets: Mapping[int, str], built: Container[str]) -> NotebookNode:
    """Turn a lesson's notebook into a page's.

    Parameters
    ----------
    notebook : notebook
        As it is saved.
    row : Lesson
        Which lesson it is.
    snippets : mapping of int to str
        By the number of the cell, the HTML that takes the place of its output.
    built : container of str
        File names of the lessons that are pages.
    """
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            text = ARXIV.sub(r"[arXiv \1](https://arxiv.org/abs/\1)", cell.source)
            cell.source = linked(text, built, "lessons/")
        elif index in snippets:
            cell.outputs = [new_output("display_data", {"text/html": snippets[index]})]
            cell.metadata.tags = ["remove-input"]
        elif cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata.tags = ["hide-input" if cell.outputs else "remove-cell"]
    notebook.cells[0].source += f'\n\n<p class="kernel">{HERE}</p>'
    note = f'<p class="kernel">{kernel(row)} <a href="{on_the_web(f"lessons/{row.lesson}")}">The notebook</a>.</p>'
    notebook.cells.append(new_markdown_cell(note + reference(row)))
    return notebook
