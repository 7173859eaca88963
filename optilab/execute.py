"""Run lessons from top to bottom and save them with nothing in them that the machine decides."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from optilab.dress import dress
from optilab.notebooks import METADATA, save

VIEW = "application/vnd.jupyter.widget-view+json"


def pictures(client: NotebookClient, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The panels and the frame of every explorer in a widget that a notebook has shown."""
    state = client.widget_state.get(model, {})
    if "spec" in state and "frame" in state:
        frame = state["frame"]
        for path, buffer in client.widget_buffers.get(model, {}).items():
            if path[:2] == ("frame", "arrays") and path[2] in frame["arrays"]:
                frame["arrays"][path[2]]["buffer"] = base64.b64decode(buffer["data"])
        yield state["spec"], frame
    for child in state.get("children", []):
        yield from pictures(client, child.removeprefix("IPY_MODEL_"))


def kept(output: Any) -> dict[str, str]:
    """The still of an output, by what it depends on."""
    known = output.get("metadata", {}).get("still")
    return {known: output.data["image/png"]} if known and "image/png" in output.get("data", {}) else {}


def execute(path: Path) -> None:
    """Run a notebook and save it in place: neither widgets nor times, a still picture for every explorer.

    A still is drawn anew only where its picture, or the page that draws it, has changed. A lesson gets its line of the
    catalogue and the marks of its slides.

    Parameters
    ----------
    path : Path
        The notebook.

    Raises
    ------
    RuntimeError
        If a still is to be drawn and Chromium isn't there.
    """
    from optilab.stills import digest, studio

    notebook = nbformat.read(path, as_version=4)
    dress(notebook, path.name)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    stills = {known: still for output in outputs for known, still in kept(output).items()}
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": path.resolve().parent}},
        record_timing=False,
        coalesce_streams=True,
    )
    client.execute()
    notebook.metadata = METADATA
    with ExitStack() as later:
        page = None
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
            for output in cell.get("outputs", []):
                view = output.get("data", {}).pop(VIEW, None)
                for spec, frame in pictures(client, view["model_id"]) if view else ():
                    if not frame["drawn"]:
                        continue
                    known = digest(spec, frame)
                    if known not in stills:
                        page = page or later.enter_context(studio())
                        page.show(spec, frame)
                        stills[known] = base64.b64encode(page.png()).decode()
                    output.data["image/png"] = stills[known]
                    output.metadata["still"] = known
    save(notebook, path)
