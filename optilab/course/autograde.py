"""Steps of nbgrader that survive what students hand in; a course's nbgrader_config.py names them."""

import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader import preprocessors
from nbgrader.api import Gradebook, Notebook

HIDDEN = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.DOTALL | re.MULTILINE)
SEEDS = re.compile(r"\b(seeds?) \d+(?: to \d+)?")  # in what checks say


def visible(source: str) -> str:
    """What students see of a check."""
    return HIDDEN.sub("", source).strip()


def name_of(cell: NotebookNode) -> str:
    """The name that a cell's mark gives it; nothing where it has no mark that could be read."""
    mark = cell.metadata.get("nbgrader")
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name if isinstance(name, str) else ""


class RestoreCells(preprocessors.NbGraderPreprocessor):
    """Put back, from the gradebook, the marks of every cell of the assignment, and the cells that were deleted.

    Of copies of a cell the last one keeps the mark, as in nbgrader. Where marks are missing, the set-up and the checks
    are known by their text, an answer by its place before its check. All other marks are taken off, and all tags. What
    was done is said in the log, and in the notebook's metadata under "optilab".

    Goes before nbgrader's own steps, which then restore the text of locked cells.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Restore one submitted notebook."""
        names = resources["nbgrader"]
        self.notes: list[str] = []
        with Gradebook(names["db_url"]) as gradebook:
            self.restore(nb, gradebook.find_notebook(names["notebook"], names["assignment"]))
        for note in self.notes:
            self.log.warning(note)
        nb.metadata["optilab"] = {"notes": self.notes}
        nb.nbformat_minor = 5  # the version of the cells that are put in
        for place, cell in enumerate(nb.cells):
            cell.id = f"cell-{place}"
        return nb, resources

    def restore(self, nb: NotebookNode, notebook: Notebook) -> None:
        """Make the cells of the assignment anew, of what they were in the gradebook and the texts that are there."""
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        answers = {cell.name for cell in notebook.solution_cells}
        originals = {cell.name: cell for cell in sorted(notebook.source_cells, key=lambda cell: cell.name)}
        there = self.recognise(nb, {name: visible(cell.source) for name, cell in originals.items()}, answers)
        for cell in nb.cells:
            cell.metadata.pop("nbgrader", None)
            cell.metadata.pop("tags", None)
        for name, original in originals.items():  # "x" comes before "x-test"
            make = new_code_cell if original.cell_type == "code" else new_markdown_cell
            if name in there:
                cell, text = there[name], there[name].source
                cell.clear()
                cell.update(make(text))
            else:
                self.notes.append(f"{name} was deleted: it is put back")
                cell = make(original.source)
                nb.cells.insert(len(nb.cells) if name in points or name in answers else 0, cell)
            cell.metadata["nbgrader"] = {
                "grade_id": name,
                "cell_type": original.cell_type,
                "checksum": original.checksum,
                "locked": original.locked,
                "grade": name in points,
                "solution": name in answers,
                "task": False,
                "schema_version": 3,
            } | ({"points": points[name]} if name in points else {})

    def recognise(self, nb: NotebookNode, texts: dict[str, str], answers: set[str]) -> dict[str, NotebookNode]:
        """The cells of the assignment that are there, by name."""
        places = {}
        for place, cell in enumerate(nb.cells):
            name = name_of(cell)
            if name in places:
                self.notes.append(f"{name} was there twice: the last counts")
            if name in texts:
                places[name] = place
        marked = set(places)
        code = {place: cell.source.strip() for place, cell in enumerate(nb.cells) if cell.cell_type == "code"}
        for name in texts.keys() - answers - marked:
            same = [place for place, text in code.items() if text == texts[name] and place not in places.values()]
            if same:
                places[name] = same[-1]
        for name in answers - marked:
            check = places.get(f"{name}-test", 0)
            before = max((place for place in code if place < check), default=None)
            if before is not None and before not in places.values():
                places[name] = before
        if len(places) > len(marked):
            self.notes.append(f"{len(places) - len(marked)} cells had no mark: known by text and place")
        return {name: nb.cells[place] for name, place in places.items()}


class HideTests(preprocessors.NbGraderPreprocessor):
    """Leave hidden tests out of the feedback: what students see of checks stays, and what errors say, without seeds."""

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Shorten one check."""
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = visible(cell.source)
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.evalue = SEEDS.sub(r"\1 …", output.evalue)
                    output.traceback = [f"{output.ename}: {output.evalue}"]
                elif output.output_type == "stream":
                    output.text = SEEDS.sub(r"\1 …", output.text)
        return cell, resources
