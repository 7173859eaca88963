"""The answers that are handed in to a course, and the real nbgrader that grades them."""

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from rooms import WHOLE

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "lessons" / "assignments" / "source"
SLUGS = [*(paper.slug for paper in WHOLE), "arena"]
SOLUTION = re.compile(r"^ *### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.DOTALL | re.MULTILINE)
HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS\n.*?^### END HIDDEN TESTS$", re.DOTALL | re.MULTILINE)
Edit = Callable[[nbformat.NotebookNode], None]


def source(slug: str) -> nbformat.NotebookNode:
    """The assignment with its solutions and hidden tests."""
    return nbformat.read(SOURCE / slug / f"{slug}.ipynb", as_version=4)


def cells(notebook: nbformat.NotebookNode, kind: str) -> dict[str, nbformat.NotebookNode]:
    """The cells that nbgrader knows, of kind "solution", "grade" or "locked", by name."""
    marked = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get(kind)]
    return {cell.metadata.nbgrader.grade_id: cell for cell in marked}


@cache
def listed(slug: str) -> dict[str, dict]:
    """The answers of `answers/<slug>.py`: WRONG, EQUIVALENT and CHEATS, by task."""
    return runpy.run_path(str(HERE / "answers" / f"{slug}.py"))


def forms(slug: str, task: str) -> list[str]:
    """The right answers of another form to a task: one, or a list."""
    listed_forms = listed(slug)["EQUIVALENT"][task]
    return [listed_forms] if isinstance(listed_forms, str) else listed_forms


def solutions(slug: str) -> dict[str, str]:
    """The solution of every task."""
    return {name: cell.source for name, cell in cells(source(slug), "solution").items()}


def full_marks(slug: str, *lost: str) -> dict[str, float]:
    """The points of every check, none for the tasks that are lost."""
    checks = cells(source(slug), "grade")
    return {
        name: 0 if name.removesuffix("-test") in lost else cell.metadata.nbgrader.points
        for name, cell in checks.items()
    }


@dataclass(frozen=True)
class Course:
    """A course folder and what a lecturer does in it."""

    folder: Path
    slug: str

    def nbgrader(self, *arguments: str) -> str:
        """Run nbgrader here; what it logs."""
        scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it calls alembic by name
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | {"PATH": scripts}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stderr

    @property
    def released(self) -> nbformat.NotebookNode:
        """What students get."""
        return nbformat.read(self.folder / "release" / self.slug / f"{self.slug}.ipynb", as_version=4)

    def submit(self, student: str, answers: dict[str, str], edit: Edit | None = None) -> None:
        """Hand in the released notebook with answers in their cells, after other changes to it."""
        notebook = self.released
        for name, cell in cells(notebook, "solution").items():
            cell.source = answers.get(name, cell.source)
        if edit is not None:
            edit(notebook)
        folder = self.folder / "submitted" / student / self.slug
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{self.slug}.ipynb")

    def scores(self) -> dict[str, dict[str, float]]:
        """Student, then name of the check: the points in the gradebook."""
        with Gradebook(f"sqlite:///{self.folder}/gradebook.db") as gradebook:
            return {
                submission.student.id: {
                    grade.name: grade.score for notebook in submission.notebooks for grade in notebook.grades
                }
                for submission in gradebook.assignment_submissions(self.slug)
            }
