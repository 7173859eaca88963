"""Running what students hand in: nbgrader's step that executes a notebook; a course's nbgrader_config.py names it."""

from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import preprocessors

LOUD = 1_000_000  # characters of a notebook's printed text that are kept


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
