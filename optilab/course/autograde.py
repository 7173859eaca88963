"""A step of nbgrader's autograding that mends what students hand in; a course's nbgrader_config.py names it."""

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader import preprocessors
from nbgrader.api import Gradebook


class RestoreCells(preprocessors.NbGraderPreprocessor):
    """Put back, from the gradebook, the marks of every cell of the assignment, and the cells that were deleted.

    Goes before nbgrader's own steps, which then restore the text of locked cells.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Restore one submitted notebook."""
        names = resources["nbgrader"]
        there = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in nb.cells}
        with Gradebook(names["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(names["notebook"], names["assignment"])
            points = {cell.name: cell.max_score for cell in notebook.grade_cells}
            answers = {cell.name for cell in notebook.solution_cells}
            for original in sorted(notebook.source_cells, key=lambda cell: cell.name):  # "x" comes before "x-test"
                name = original.name
                if name not in there:
                    self.log.warning("Cell %s was deleted: it is put back", name)
                    make = new_code_cell if original.cell_type == "code" else new_markdown_cell
                    there[name] = make(original.source)
                    nb.cells.insert(len(nb.cells) if name in points or name in answers else 0, there[name])
                there[name].metadata["nbgrader"] = {
                    "grade_id": name,
                    "cell_type": original.cell_type,
                    "checksum": original.checksum,
                    "locked": original.locked,
                    "grade": name in points,
                    "solution": name in answers,
                    "task": False,
                    "schema_version": 3,
                } | ({"points": points[name]} if name in points else {})
        return nb, resources
