"""Grading what is new of an assignment, student by student: nbgrader grades, and its gradebook holds the points."""

import json
import logging
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import parse_utc

from optilab.core.check import require
from optilab.core.files import replace
from optilab.course.handin import settle

CHANGES = {"digest": "a newer hand-in", "stamp": "another time stamp"}  # what is said if either isn't as it was


class Listener(logging.Handler):
    """Keeps the errors that are logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.heard.append(record.getMessage().strip())


def remembered(path: Path) -> dict[str, dict[str, Any]]:
    """What a file says of each student; nothing where it isn't there or is damaged, and all are graded anew."""
    try:
        record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError:
        return {}
    whole = isinstance(record, dict) and all(isinstance(known, dict) for known in record.values())
    return record if whole else {}


class Batch:
    """What was handed in for one assignment of the course in the current folder.

    Parameters
    ----------
    assignment : str
        Its name.

    Raises
    ------
    ValueError
        If this folder is no course, or the assignment isn't in its gradebook, or has more than one notebook.
    """

    def __init__(self, assignment: str) -> None:
        here = Path.cwd()
        require((here / "nbgrader_config.py").exists(), "this folder", str(here), "one with an nbgrader_config.py")
        self.app = AutogradeApp()
        self.app.initialize([])
        self.course = self.app.coursedir
        self.course.assignment_id = self.assignment = assignment
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            known = ", ".join(sorted(found.name for found in gradebook.assignments)) or "none yet"
            try:
                names = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
            except MissingEntry:
                names = []
        asked = f"one that `nbgrader generate_assignment` has released (here: {known})"
        require(names, "the assignment", assignment, asked)
        require(len(names) == 1, "the assignment", assignment, "one of a single notebook; others are nbgrader's alone")
        self.notebook = names[0]

        reports = here / "reports"
        reports.mkdir(exist_ok=True)
        self.kept = reports / f"{assignment}.json"
        self.record = remembered(self.kept)
        for handler in self.app.log.handlers:
            handler.setLevel(logging.CRITICAL)
        log = logging.FileHandler(reports / f"{assignment}.log", encoding="utf-8")
        log.setLevel(logging.WARNING)
        log.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self.app.log.addHandler(log)

    def folder(self, step: str, student: str) -> Path:
        """Where nbgrader keeps a student's work after one of its steps."""
        return Path(self.course.format_path(step, student, self.assignment))

    def graded(self, student: str) -> Path:
        """Where nbgrader keeps a student's notebook once it is graded."""
        return self.folder(self.course.autograded_directory, student) / f"{self.notebook}.ipynb"

    def students(self) -> list[str]:
        """Who has a folder for what they hand in."""
        found = Path(self.course.root, self.course.submitted_directory).glob(f"*/{self.assignment}")
        return sorted(path.parent.name for path in found if path.is_dir())

    def grade(self, student: str, anew: bool = False) -> str:
        """Grade what a student handed in, if it is new, or all the same.

        Returns
        -------
        str
            What was done: "graded", "graded again: …" and why, "as before", or "not graded: …" and why.

        Raises
        ------
        ValueError
            If the student has no folder.
        """
        students = self.students()
        require(student in students, "the student", student, f"one with a folder for {self.assignment}: {students}")
        before = self.record.get(student, {})
        try:
            found = settle(self.folder(self.course.submitted_directory, student), self.notebook)
            now: dict[str, Any] = {"digest": found.digest, "stamp": found.stamp}
            notes = [*found.notes]
            changes = [what for key, what in CHANGES.items() if before.get(key, now[key]) != now[key]]
            if "digest" in before and not changes and self.graded(student).exists() and not anew:
                if before.get("notes") != notes:
                    self.remember(student, before | {"notes": notes})
                return "as before"
            began = time.monotonic()
            self.autograde(student, found.stamp)
            now["seconds"] = time.monotonic() - began
            now["notes"] = notes
            now["change"] = changes[:1]
            done = ": ".join(["graded again", *changes[:1]]) if "digest" in before else "graded"
        except (ValueError, OSError) as error:
            now = {"why": str(error)}
            done = f"not graded: {error}"
        self.remember(student, now)
        return done

    def remember(self, student: str, known: dict[str, Any]) -> None:
        """Keep what is known of a student."""
        self.record[student] = known
        replace(self.kept, json.dumps(self.record, indent=1, ensure_ascii=False))

    def forget_time(self, student: str) -> None:
        """Take back when a student handed in, which nbgrader keeps also when the file that said so is gone."""
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook, suppress(MissingEntry):
            gradebook.find_submission(self.assignment, student).timestamp = None
            gradebook.db.commit()

    def autograde(self, student: str, stamp: str) -> None:
        """Let nbgrader grade one student.

        Raises
        ------
        ValueError
            If it can't; the message says why.
        """
        try:
            parse_utc(stamp or None)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"timestamp.txt holds no time: {stamp[:40]!r}") from error
        if not stamp:
            self.forget_time(student)
        self.course.student_id = student
        listener = Listener()
        self.app.log.addHandler(listener)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                Autograde(coursedir=self.course, parent=self.app, force=True).start()
        except NbGraderException as error:
            told = [text for text in listener.heard if text.startswith("Traceback")] or [str(error)]
            raise ValueError(told[0].splitlines()[-1]) from error
        finally:
            self.app.log.removeHandler(listener)
