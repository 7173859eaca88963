"""Two steps of nbgrader's autograding that survive what students hand in; a course's nbgrader_config.py names them."""

from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import preprocessors
from nbgrader.api import Gradebook

LOUD = 1_000_000  # characters of a notebook's printed text that are kept


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


class Execute(preprocessors.Execute):
    """nbgrader's execution, for code that ends, hangs or floods its kernel.

    The cell that did it has failed. The others go on in a new kernel, in which the answers before it that did no such
    thing have been run again.
    """

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> tuple[NotebookNode, Any]:
        """Run one notebook."""
        self.lost: set[int] = set()
        self.printed = 0
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Run one cell, and see to it that there is a kernel for the next."""
        if not self.survives(cell, index):
            self.lost.add(index)
            self.renew(index)
        return cell, resources

    def renew(self, index: int) -> None:
        """Start a new kernel and run in it what comes before cell `index`, but for the checks and what is lost."""
        self._cleanup_kernel()
        self.km = self.create_kernel_manager()
        self.start_new_kernel()
        self.start_new_kernel_client()
        for place, cell in enumerate(self.nb.cells[:index]):
            if place in self.lost or cell.metadata.get("nbgrader", {}).get("grade"):
                continue
            if not self.survives(cell, place):
                self.lost.add(place)
                self.renew(index)
                return

    def survives(self, cell: NotebookNode, index: int) -> bool:
        """Run a cell; whether its kernel can be used after it."""
        self.ended = ""
        try:
            self.execute_cell(cell, index, store_history=True)
        except (DeadKernelError, CellTimeoutError) as error:
            self.ended = str(error).strip() or type(error).__name__
        if self.ended:
            self.log.warning("The kernel is lost in cell %s: %s", index, self.ended)
            cell.outputs.append(new_output("error", ename="KernelLost", evalue=self.ended, traceback=[self.ended]))
        return not self.ended

    def on_cell_executed(self, **kwargs: Any) -> None:
        """Note whether the cell ran out of time or asked its kernel to leave."""
        super().on_cell_executed(**kwargs)
        reply = kwargs["execute_reply"]["content"]
        if reply.get("ename") == "CellTimeoutError":
            self.ended = f"It ran for longer than {self.timeout} s."
        elif any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
            self.ended = "It asked the kernel to exit."

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str, cell_index: int) -> Any:
        """Keep an output unless the notebook has printed too much already."""
        if msg["msg_type"] == "stream":
            self.printed += len(msg["content"]["text"])
            if self.printed > LOUD:
                return None
        return super().output(outs, msg, display_id, cell_index)
