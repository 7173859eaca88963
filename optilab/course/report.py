"""What came of grading an assignment: one line a student."""

from datetime import timedelta

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook

from optilab.course.batch import Batch

LONGEST = 300  # characters of an error that are repeated
PLAIN = (
    "AssertionError",
    "RuntimeError",
    "KernelLost",
    "NotGraded",
    "NotRun",
)  # errors of which the sentence alone is told


def sentence(cell: nbformat.NotebookNode) -> str:
    """What the first error of a cell says, or why its kernel was lost, on one line; nothing where all was well."""
    outputs = sorted(cell.get("outputs", []), key=lambda output: output.get("ename") != "KernelLost")
    for output in outputs:
        if output.output_type == "error":
            said = output.evalue if output.ename in PLAIN and output.evalue else f"{output.ename}: {output.evalue}"
        elif output.get("name") == "stderr":
            said = f"it wrote to stderr: {output.text}"
        else:
            continue
        return " ".join(said.split())[:LONGEST]
    return ""


def points(notebook: SubmittedNotebook, checks: dict[str, float]) -> list[str]:
    """The points of every check, with a star where they were given by hand, and all points."""
    grades = {grade.name: grade for grade in notebook.grades}
    each = [f"{grades[name].score:g}" + "*" * (grades[name].manual_score is not None) for name in checks]
    return [*each, f"{notebook.score - (notebook.late_submission_penalty or 0):g}"]


def remarks(batch: Batch, student: str, notebook: SubmittedNotebook, checks: dict[str, float]) -> list[str]:
    """Why points are missing, what was done to the notebook, and what isn't as usual."""
    said = []
    graded = batch.graded(student)
    done = nbformat.read(graded, as_version=4) if graded.exists() else nbformat.v4.new_notebook()
    errors: dict[str, str] = {}
    ended: dict[str, None] = {}
    for cell in done.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name:
            errors[name] = sentence(cell)
        elif any(output.get("ename") == "KernelLost" for output in cell.get("outputs", [])):
            ended[f"another cell: {sentence(cell)}"] = None
    for grade in sorted(notebook.grades, key=lambda grade: grade.name):
        task = grade.name.removesuffix("-test")
        if grade.auto_score is not None and grade.auto_score < checks[grade.name]:
            said.append(f"{task}: {errors.get(task) or errors.get(grade.name) or 'no error was kept'}")
        if grade.manual_score is not None:
            said.append(f"{task}: {grade.auto_score or 0:g} by the checks, {grade.manual_score:g} by hand")
    known = batch.record.get(student, {})
    said += [*ended, *known.get("change", []), *known.get("notes", [])]
    said += done.metadata.get("optilab", {}).get("notes", [])
    late = notebook.assignment.total_seconds_late
    if late:
        taken = notebook.late_submission_penalty
        said.append(f"late by {timedelta(seconds=round(late))}" + (f", {taken:g} points taken off" if taken else ""))
    return said


def report(batch: Batch) -> list[str]:
    """A table: for every student of the course the points of each task, the seconds it took, and what is to be said.

    Parameters
    ----------
    batch : Batch
        The assignment.

    Returns
    -------
    list of str
        Its lines, the first with the names of the tasks and their points.
    """
    with Gradebook(batch.course.db_url, batch.course.course_id) as gradebook:
        cells = gradebook.find_notebook(batch.notebook, batch.assignment).grade_cells
        checks = {cell.name: cell.max_score for cell in sorted(cells, key=lambda cell: cell.name)}
        tasks = [f"{name.removesuffix('-test')}/{most:g}" for name, most in checks.items()]
        table = [["student", *tasks, f"all/{sum(checks.values()):g}", "s", ""]]
        for student in sorted({student.id for student in gradebook.students} | {*batch.students()}):
            known = batch.record.get(student, {})
            said = [f"not graded: {known['why']}"] if "why" in known else []
            try:
                notebook = gradebook.find_submission_notebook(batch.notebook, batch.assignment, student)
                scored = any(
                    grade.auto_score is not None or grade.manual_score is not None for grade in notebook.grades
                )
            except MissingEntry:
                scored = False
            if scored:
                said += ["the points are those of an earlier hand-in"] * bool(said)
                said += remarks(batch, student, notebook, checks)
                row = points(notebook, checks)
            else:
                said = said or ["not graded yet" if student in batch.students() else "nothing handed in"]
                row = ["–"] * (len(checks) + 1)
            table.append([student, *row, f"{known['seconds']:.0f}" if "seconds" in known else "", "; ".join(said)])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
