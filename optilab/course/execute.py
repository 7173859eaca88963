"""Running what students hand in: nbgrader's step that executes a notebook; a course's nbgrader_config.py names it."""

import os
import time
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import preprocessors
from nbgrader.api import Gradebook
from nbgrader.utils import is_grade, is_solution
from traitlets import Integer

from optilab.course.budget import Budget
from optilab.course.grade import allowed
from optilab.course.processes import judge, started

LOUD = 1_000_000  # characters of a notebook's printed text that are kept


class Execute(preprocessors.Execute):
    """nbgrader's execution, in which checks run where no answer has been.

    The answers run in the notebook's kernel, for their output. A check runs in a process of its own, on the values that
    another process sends which has run the answers again; it has failed unless that process says that it is passed.
    An answer that ends, hangs or floods its kernel has failed; the others go on in a new kernel, in which the answers
    before it that did no such thing have been run again. What comes after the submission's time is over isn't run.
    """

    submission_timeout = Integer(600, help="Seconds that all cells and checks may take together.").tag(config=True)
    memory = Integer(4 << 30, help="Bytes that a process of a check may take, where the system limits it.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> tuple[NotebookNode, Any]:
        """Run one notebook."""
        self.lost: set[int] = set()
        self.printed = 0
        self.spent = 0.0
        self.budget = Budget(self.submission_timeout)
        self.timeout_func = lambda _cell: self.budget.capped(self.timeout)
        self.remember(resources["nbgrader"])
        started()  # before any answer runs
        for cell in filter(is_check, nb.cells):
            cell.outputs = [failed("NotGraded", "This check was not run.")]
        return super().preprocess(nb, resources, km)

    def remember(self, names: dict[str, str]) -> None:
        """Look up in the gradebook what the assignment's own cells are: the set-up's and the checks', by name."""
        with Gradebook(names["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(names["notebook"], names["assignment"])
            checks = {cell.name for cell in notebook.grade_cells}
            own = {cell.name: cell.source for cell in notebook.source_cells if cell.locked and cell.cell_type == "code"}
        self.checks = {name: source for name, source in own.items() if name in checks}
        self.setup = {name: source for name, source in own.items() if name not in checks}

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Run one cell, and see to it that there is a kernel for the next."""
        if self.budget.spent:
            if cell.cell_type == "code":
                cell.outputs = [failed("NotRun", self.budget.refusal)]
            return cell, resources
        if is_check(cell):
            self.check(cell, resources, index)
            return cell, resources
        begun = time.monotonic()
        if not self.survives(cell, index):
            self.lost.add(index)
            self.renew(index)
        else:
            self.spent += time.monotonic() - begun
        return cell, resources

    def check(self, cell: NotebookNode, resources: Any, index: int) -> None:
        """Have a check run, and put down what came of it as nbgrader reads it."""
        name = cell.metadata.nbgrader.grade_id
        if name not in self.checks:
            return
        there = [other.metadata.get("nbgrader", {}).get("grade_id") for other in self.nb.cells]
        verdict = judge(
            cells=[
                other.source
                for place, other in enumerate(self.nb.cells[:index])
                if other.cell_type == "code" and not is_check(other) and place not in self.lost
            ],
            locked=[self.setup[other] for other in dict.fromkeys(there) if other in self.setup],
            check=self.checks[name],
            seconds=self.budget.capped(self.longest(self.checks[name])),
            memory=self.memory,
            folder=resources.get("metadata", {}).get("path") or os.sep,
        )
        said = [new_output("stream", name="stdout", text=verdict.printed)] if verdict.printed else []
        cell.outputs = said if verdict.passed else [*said, failed(verdict.name, verdict.text)]

    def longest(self, check: str) -> float:
        """Seconds that a check may take: what students see of it allows them as much, and the answers run again."""
        return max(self.timeout, allowed(check)) + 2 * self.spent

    def renew(self, index: int) -> None:
        """Start a new kernel and run in it what comes before cell `index`, but for the checks and what is lost."""
        self._cleanup_kernel()
        self.km = self.create_kernel_manager()
        self.start_new_kernel()
        self.start_new_kernel_client()
        for place, cell in enumerate(self.nb.cells[:index]):
            if self.budget.spent:
                return
            if place in self.lost or is_check(cell):
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
            cell.outputs.append(failed("KernelLost", self.ended))
        return not self.ended

    def on_cell_executed(self, **kwargs: Any) -> None:
        """Note whether the cell ran out of time or asked its kernel to leave."""
        super().on_cell_executed(**kwargs)
        reply = kwargs["execute_reply"]["content"]
        if reply.get("ename") == "CellTimeoutError":
            self.ended = self.budget.refusal if self.budget.spent else f"It ran for longer than {self.timeout} s."
        elif any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
            self.ended = "It asked the kernel to exit."

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str, cell_index: int) -> Any:
        """Keep an output unless the notebook has printed too much already."""
        if msg["msg_type"] == "stream":
            self.printed += len(msg["content"]["text"])
            if self.printed > LOUD:
                return None
        return super().output(outs, msg, display_id, cell_index)


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is one that gives points by itself."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def failed(name: str, text: str) -> NotebookNode:
    """The output of a check that is not passed."""
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
