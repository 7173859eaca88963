"""The notebooks of a new paper: a lesson with its parts, an assignment with its tasks, and nothing in them yet."""

import json
from typing import Any

from optilab.catalogue import Paper
from optilab.notebooks import METADATA

PARTS = ("Predict", "Play", "Derive", "Read", "Measure", "Break it", "Your turn", "Sources")
IMPORTS = """from importlib.util import find_spec

if find_spec("optilab") is None:  # as in Colab
    get_ipython().run_line_magic("pip", "install -q 'optilab[colab] @ git+https://github.com/{repository}'")

from optilab.papers.{slug} import algorithm, derivation, exercises, experiment, explorer
from optilab.ui.attempt import attempt
from optilab.ui.predict import Predict
from optilab.ui.source import source"""

TASKS = (("1-formula", "check_formula", 3), ("2-step", "check_step", 4), ("3-experiment", "check_experiment", 3))
BEFORE = """# Assignment: {title}

To lesson {number:02d}. Three tasks, 10 points. Write where it says *Your answer*; the cell below it checks what you
wrote and says what is wrong. When your work is graded the same cells ask more: other seeds, other points, other
problems. So an answer that fits only the case you see doesn't count.

NumPy, SciPy and SymPy are yours to use everywhere. Where a task asks you to *write* something, the check notices if
your code runs the package's own version of it."""
SETUP = """import numpy as np
import sympy as sp

from optilab.course.grade import exam, fresh, own_work
from optilab.papers.{slug} import algorithm, exercises, experiment"""
SOLUTION = """### BEGIN SOLUTION
answer = None
### END SOLUTION"""
CHECK = """with exam(seconds=20):
    said = exercises.{check}(answer)
print("Right:", said)
### BEGIN HIDDEN TESTS
import sys

sys.modules.pop("optilab.course.grade", None)
from optilab.course.grade import exam, fresh

with exam(seconds=20):
    fresh("optilab.papers.{slug}.exercises").{check}(answer)
### END HIDDEN TESTS"""
AFTER = """Before you hand it in: *Kernel → Restart Kernel and Run All Cells*. What runs from top to bottom here runs
when it is graded."""


def markdown(name: str, text: str) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}


def code(name: str, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """A cell of code that hasn't run."""
    cell = markdown(name, text) | {"cell_type": "code", "metadata": metadata}
    return cell | {"execution_count": None, "outputs": []}


def marked(name: str, text: str, **marks: Any) -> dict[str, Any]:
    """A cell of code that nbgrader knows."""
    none = {"grade": False, "locked": False, "solution": False, "task": False}
    return code(name, text, {"nbgrader": {**none, "grade_id": name, "schema_version": 3, **marks}})


def notebook(cells: list[dict[str, Any]]) -> str:
    """The text of a notebook."""
    content = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def lesson(paper: Paper, repository: str) -> str:
    """A lesson whose parts are empty."""
    first = code(
        "cell-01", IMPORTS.format(slug=paper.slug, repository=repository), {"jupyter": {"source_hidden": True}}
    )
    parts = [markdown(f"cell-{number:02d}", f"## {part}") for number, part in enumerate(PARTS, 2)]
    return notebook([markdown("cell-00", f"# {paper.title or paper.slug}"), first, *parts])


def assignment(paper: Paper) -> str:
    """An assignment whose three tasks ask nothing."""
    cells = [
        markdown("text-00", BEFORE.format(title=paper.title or paper.slug, number=paper.number)),
        marked("setup", SETUP.format(slug=paper.slug), locked=True),
    ]
    for number, (task, check, points) in enumerate(TASKS, 1):
        cells += [
            markdown(f"text-{3 * number - 1:02d}", f"## {number}. ({points} points)"),
            marked(task, SOLUTION, solution=True),
            marked(f"{task}-test", CHECK.format(check=check, slug=paper.slug), grade=True, locked=True, points=points),
        ]
    return notebook([*cells, markdown("text-11", AFTER)])
