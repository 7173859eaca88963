"""`optilab execute`: notebooks made up here are run and saved, or one sentence says why not."""

import sys

import nbformat
import pytest

from optilab import cli
from optilab.notebooks import METADATA


def test_execute_saves_outputs_and_nothing_that_the_machine_decides(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "")
    path = tmp_path / "made.ipynb"
    cells = ["import ipywidgets\n\nprint(6 * 7)", "ipywidgets.IntSlider(3)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c, id=f"c{i}") for i, c in enumerate(cells)])
    nbformat.write(notebook, path)
    texts = []
    for _ in range(2):
        cli.main(["execute", str(path)])
        texts.append(path.read_text())
    assert texts[0] == texts[1]
    saved = nbformat.reads(texts[0], as_version=4)
    assert saved.metadata == METADATA
    assert [cell.execution_count for cell in saved.cells] == [1, 2]
    assert saved.cells[0].outputs[0].text == "42\n"
    assert saved.cells[1].outputs[0].data == {"text/plain": "IntSlider(value=3)"}
    assert all(cell.metadata == {} for cell in saved.cells)


@pytest.fixture
def refused(monkeypatch, capsys):
    """The sentence that `optilab execute` ends with where it can't run a notebook."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "")

    def said(path) -> str:
        assert cli.main(["execute", str(path)]) == 1
        error = capsys.readouterr().err
        assert "Traceback (most recent call last)" not in error.partition("optilab: ")[0]
        return error.partition("optilab: ")[2]

    return said


def test_a_notebook_that_is_not_there_is_named(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["execute", "nope.ipynb"])
    assert stop.value.code == 2
    assert "the notebook must be a file that is there, got 'nope.ipynb'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["notes", "\xff", "{}", "3", '{"nbformat": 9, "cells": []}', '{"nbformat": 4, "cells": 3}']
)
def test_a_file_that_is_no_notebook_is_named(text, tmp_path, refused):
    (tmp_path / "notes.ipynb").write_bytes(text.encode("latin-1"))
    assert refused(tmp_path / "notes.ipynb") == f"{tmp_path / 'notes.ipynb'} isn't a notebook\n"


def test_a_notebook_whose_cell_fails_stays_as_it_was(tmp_path, refused):
    path = tmp_path / "failing.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0", id="c")]), path)
    before = path.read_text()
    said = refused(path)
    assert said.startswith(f"{path} stays as it was, since one of its cells fails:\n")
    assert "ZeroDivisionError" in said
    assert path.read_text() == before


def test_without_jupyter_it_says_what_to_install(tmp_path, refused, monkeypatch):
    path = tmp_path / "made.ipynb"
    path.write_text("{}")
    monkeypatch.setitem(sys.modules, "nbclient.exceptions", None)
    assert refused(path) == "nbclient isn't installed: pip install 'optilab[lab,write]'\n"
