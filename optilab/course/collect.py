"""Whose file is whose in a learning platform's zip; a course's nbgrader_config.py says how such files are called."""

from collections import Counter
from typing import Any

from nbgrader.plugins import FileNameCollectorPlugin


class Collector(FileNameCollectorPlugin):
    """nbgrader's collector, for zips in which a name comes twice, which would end the collection for everybody.

    A second file of one name from one student is numbered. A second student of one name gets the platform's number,
    which the regular expression gives as the group `number`, behind the name.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.files: Counter[tuple[str, str]] = Counter()
        self.numbers: dict[str, str] = {}

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose file this is, and under which name it is sorted in; None for files of no student."""
        found = super().collect(submitted_file)
        if found is None:
            return None
        student, number = found["student_id"], found.pop("number", None) or ""
        if self.numbers.setdefault(student, number) != number:
            student = f"{student} {number}"
            self.log.warning("Two students are called %s: one is collected as %s", found["student_id"], student)
        self.files[student, found["file_id"]] += 1
        times = self.files[student, found["file_id"]]
        return found | {"student_id": student, "file_id": found["file_id"] + f" ({times})" * (times > 1)}
