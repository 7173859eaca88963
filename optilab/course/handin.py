"""What lies in a student's folder: the notebook in it is found, and made one that nbgrader can read."""

import json
import os
import re
import warnings
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from optilab.core.files import replace

KEPT = "original"  # the folder beside a mended notebook in which the one that was handed in is kept
MADE = "made.json"  # in it: what the notebook that is graded was made from


@dataclass(frozen=True)
class HandIn:
    """What one student handed in for one assignment."""

    digest: str  # of the notebook
    stamp: str  # when it was handed in, if anybody wrote it down
    notes: tuple[str, ...]  # what had to be done to it


def in_order(raw: bytes) -> bool:
    """Whether nbgrader can read a notebook and write it again."""
    try:
        content = json.loads(raw.decode())
        json.dumps(content, ensure_ascii=False).encode()  # fails where a cell holds half a character
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbformat.validate(content)
        return bool(content["nbformat"] == 4)
    except Exception:  # whatever there is in the file, the validator stumbles over it in ways of its own
        return False


def text_of(cell: dict[str, Any]) -> str:
    """The text of a cell, which files hold as a string or as a list of lines."""
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def rebuilt(raw: bytes) -> nbformat.NotebookNode:
    """A notebook of the texts and marks of the cells in a file that is not in order.

    Raises
    ------
    ValueError
        If no cells can be read from it.
    """
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"it is no notebook, or one that was cut off ({error}); it begins with {raw[:20]!r}"
        ) from error
    version = content.get("nbformat") if isinstance(content, dict) else None
    if version in (1, 2, 3):
        try:
            content = nbformat.reads(json.dumps(content), as_version=4)
        except Exception as error:  # whatever the converter stumbles over
            raise ValueError(f"a notebook of version {version} that can't be converted: {error!r}") from error
    elif version != 4:
        raise ValueError(f"it is no notebook of a version up to 4; it begins with {raw[:20]!r}")
    if not isinstance(content.get("cells"), list):
        raise ValueError("a notebook without cells")
    makes = {"code": new_code_cell, "raw": new_raw_cell}
    cells = []
    for place, cell in enumerate(content["cells"]):
        if isinstance(cell, dict):
            make, marks = makes.get(str(cell.get("cell_type")), new_markdown_cell), cell.get("metadata")
            marks = marks if isinstance(marks, dict) else {}
            cells.append(make(text_of(cell), id=f"cell-{place}", metadata=marks))
    return new_notebook(cells=cells)


@dataclass(frozen=True)
class Made:
    """How the notebook that is graded was made, if it is no longer the file that was handed in."""

    digest: str = ""  # of the notebook that is graded
    renamed: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path, raw: bytes) -> "Made":
        """What a file says, if it says it of the notebook `raw`."""
        try:
            told = json.loads(path.read_bytes())
            made = cls(str(told["digest"]), bool(told["renamed"]), tuple(map(str, told["notes"])))
        except (OSError, ValueError, TypeError, KeyError):
            return cls()
        return made if made.digest == sha256(raw).hexdigest() else cls()


def settle(folder: Path, name: str) -> HandIn:
    """See to it that `folder` holds the notebook `name`.ipynb and that nbgrader can read it.

    A notebook of another name is taken if none was handed in under the right one; of several the one changed last. A
    file that is mended or renamed is kept as it was in a folder beside it.

    Parameters
    ----------
    folder : Path
        The student's: submitted/STUDENT/ASSIGNMENT.
    name : str
        Of the assignment's notebook, without its ending.

    Returns
    -------
    HandIn
        What is graded.

    Raises
    ------
    ValueError
        If nothing in the folder can be graded; the message says why.
    """
    if set(str(folder)) & set("[]*?"):
        raise ValueError("nbgrader can't read folders with [, ], * or ? in their names: rename it")
    right = folder / f"{name}.ipynb"
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    shown = [folder / name for name in names if name.parts[0] != KEPT and not re.search(r"(^|/)\.", name.as_posix())]
    found = [path for path in shown if ".ipynb" in path.name]
    if not found:
        there = ", ".join(path.name for path in shown)
        raise ValueError(f"there is no notebook, only {there}" if there else "the folder is empty")
    made = Made.read(folder / KEPT / MADE, right.read_bytes()) if right in found else Made(renamed=True)
    chosen = max(found, key=lambda path: (path.stat().st_mtime_ns, path == right)) if made.renamed else right
    done = []
    if chosen != right:
        done.append(f"handed in as {chosen.relative_to(folder).as_posix()}")
    raw = chosen.read_bytes()
    sound = in_order(raw)
    if not sound:
        try:
            mended = nbformat.writes(rebuilt(raw)).encode("utf-8", "replace")  # halves of characters become "?"
        except ValueError as error:
            raise ValueError(f"{chosen.name}: {error}") from error
        done.append("the file was damaged: rebuilt from the texts of its cells")
    if not sound or chosen != right:
        kept = folder / KEPT / chosen.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace(kept, raw)
        whole, changed = raw if sound else mended, chosen.stat().st_mtime_ns
        made = Made(sha256(whole).hexdigest(), made.renamed, tuple(done))
        replace(folder / KEPT / MADE, json.dumps(asdict(made)))
        replace(right, whole)
        os.utime(right, ns=(changed, changed))  # what is handed in later is newer than what this was made from
        if chosen != right:
            chosen.unlink()
    others = ", ".join(path.relative_to(folder).as_posix() for path in found if path not in (chosen, right))
    notes = (*made.notes, *([f"not looked at: {others}"] if others else []))
    stamp = folder / "timestamp.txt"
    when = stamp.read_text(errors="replace").strip() if stamp.exists() else ""
    return HandIn(sha256(right.read_bytes()).hexdigest(), when, notes)
