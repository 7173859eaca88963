"""The repository's address: one owner and one name, in badges, links and the cells that install the package."""

import builtins
import importlib.util
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest

from optilab import address
from optilab.address import ROOT, move, repository

OWNER, NAME = repository().split("/")
LESSONS = sorted((ROOT / "lessons").glob("*.ipynb"))


def written(folder) -> dict[str, set[str]]:
    """The addresses at which the files of a clone say that it is."""
    places = rf"(?:github\.com|/github|/gh)/([\w-]+/{NAME})\b|//([\w-]+)\.github\.io/{NAME}\b"
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in (".md", ".toml", ".cff", ".ipynb", ".yml", ".py", ".txt", ".html"):
            name = path.relative_to(folder).as_posix()
            matches = re.finditer(places, path.read_text())
            found[name] = {match[1] or f"{match[2]}/{NAME}" for match in matches}
    return {name: places for name, places in found.items() if places}


def test_all_places_say_the_same_address(clone):
    places = written(clone)
    assert {"README.md", "pyproject.toml", "CITATION.cff", f"lessons/{LESSONS[0].name}"} <= places.keys()
    assert {name: said for name, said in places.items() if said != {f"{OWNER}/{NAME}"}} == {}


def test_another_address_is_written_everywhere(clone):
    before = written(clone)
    changed = move("someone/notes", clone)
    assert {path.relative_to(clone).as_posix() for path in changed} == before.keys()
    assert written(clone) == {}
    assert repository(clone) == "someone/notes"
    assert "(https://mybinder.org/v2/gh/someone/notes/main?" in (clone / "README.md").read_text()
    assert move("someone/notes", clone) == []
    move(f"{OWNER}/{NAME}", clone)
    assert written(clone) == before


@pytest.mark.parametrize("new", ["", "optilab", "a/b/c", "https://github.com/a/b", "a b/c"])
def test_what_is_no_address_is_refused(new):
    with pytest.raises(ValueError, match="the repository must be OWNER/NAME"):
        address.move(new)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_first_cell_of_a_lesson_installs_the_package_where_it_is_not(path, monkeypatch):
    first = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    guard, _, imports = first.source.partition("\n\nfrom optilab.")
    assert imports
    asked = []
    shell = SimpleNamespace(run_line_magic=lambda magic, line: asked.append((magic, line)))
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    exec(guard, {})
    assert asked == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    exec(guard, {})
    assert asked == [("pip", f"install -q 'optilab[colab] @ git+https://github.com/{OWNER}/{NAME}'")]


ALL_CELLS = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        shell.run_cell("".join(cell["source"]).replace(sys.argv[2], sys.argv[3])).raise_error()
"""


@pytest.mark.full
def test_a_lesson_runs_where_nothing_but_ipython_was_there(clone, tmp_path):
    python = tmp_path / "environment" / "bin" / "python"
    here = (f"git+https://github.com/{OWNER}/{NAME}", clone.as_uri())  # as in Colab, but for where it comes from
    for command in (
        [sys.executable, "-m", "venv", tmp_path / "environment"],
        [python, "-m", "pip", "install", "-q", "--no-compile", "ipython"],
        [python, "-c", ALL_CELLS, LESSONS[0], *here],
    ):
        subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ""}, check=True)
