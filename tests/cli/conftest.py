"""A copy of the project as a fresh clone has it, to build and install from; and lessons made up here."""

import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from optilab import shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path):
    listed = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            copy = tmp_path / "clone" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy)
    return tmp_path / "clone"


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """A folder of shipped lessons: two, and an assignment's source and release."""
    folder = tmp_path / "shipped"
    for name in ("00_start_here.ipynb", "01_fake.ipynb"):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1", id="sum")])
        folder.mkdir(exist_ok=True)
        nbformat.write(notebook, folder / name)
    for stage in ("source", "release"):
        (folder / "assignments" / stage / "fake").mkdir(parents=True)
        (folder / "assignments" / stage / "fake" / "fake.ipynb").write_text(stage)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "01_fake.ipynb").write_text("left by an editor")
    monkeypatch.setattr(shipped, "lessons", lambda: folder)
    return folder
