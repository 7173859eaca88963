"""The notebook in a student's folder is found and mended, whatever it is called and whatever else lies there."""

import os
from dataclasses import replace

import nbformat
import pytest
from broken import EDITS, FILES, HOPELESS, hand_in, written
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from optilab.course.handin import KEPT, settle

pytestmark = pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
WHY = {
    "cut off": "cut off",
    "empty": "begins with b''",
    "log-in page": "begins with b'<!DOCTYPE html>",
    "list": "no notebook of a version up to 4",
    "no cells": "a notebook without cells",
    "odd cells": "a notebook without cells",
    "of the future": "no notebook of a version up to 4",
    "PDF": r"no notebook, only work\.pdf",
    "nothing": "the folder is empty",
}


@pytest.fixture
def work():
    marks = {"grade_id": "1", "grade": True, "points": 1, "solution": False, "locked": False, "schema_version": 3}
    answer = {"nbgrader": marks | {"grade_id": "2", "grade": False, "solution": True}}
    locked = {"nbgrader": marks | {"grade_id": "0", "grade": False, "locked": True}}
    check = new_code_cell("y", metadata={"nbgrader": marks})
    cells = [
        new_code_cell("0", metadata=locked),
        new_markdown_cell("# Ä"),
        new_code_cell("x\nx", metadata=answer),
        check,
    ]
    return new_notebook(cells=cells)


def texts(notebook):
    return [(cell.cell_type, cell.source, cell.metadata.get("nbgrader")) for cell in notebook.cells]


@pytest.mark.parametrize("name", [*EDITS, *FILES])
def test_what_can_be_read_ends_up_under_the_right_name_for_nbgrader_to_read(name, work, tmp_path):
    path = tmp_path / "ada" / "work.ipynb"
    whole = texts(work)
    hand_in(name, work, path)
    first = settle(path.parent, "work")
    nbformat.validate(read := nbformat.read(path, as_version=4))
    if name in FILES:
        assert texts(read) == whole
        assert (path.parent / KEPT).is_dir()
        assert first.notes
    assert settle(path.parent, "work") == first


@pytest.mark.parametrize("name", HOPELESS)
def test_what_cannot_be_read_is_left_as_it_is_and_said_in_a_sentence(name, work, tmp_path):
    path = tmp_path / "ada" / "work.ipynb"
    hand_in(name, work, path)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(ValueError, match=WHY[name]):
        settle(path.parent, "work")
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_what_was_handed_in_is_kept(work, tmp_path):
    damaged = tmp_path / "sub" / "mine.ipynb"
    damaged.parent.mkdir()
    damaged.write_text(text := nbformat.writes(work, version=3))
    assert settle(tmp_path, "work").notes[0] == "handed in as sub/mine.ipynb"
    assert not damaged.exists()
    assert (tmp_path / KEPT / "sub" / "mine.ipynb").read_text() == text


def test_of_several_the_right_name_counts_or_else_the_latest_and_the_others_are_named(work, tmp_path):
    for when, name in enumerate(["b (1).ipynb", "c.ipynb", "a.ipynb", ".ipynb_checkpoints/d.ipynb", "._a.ipynb"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        work.cells[1].source = name
        (tmp_path / name).write_bytes(written(work))
        os.utime(tmp_path / name, (when, when))
    assert settle(tmp_path, "c").notes == ("not looked at: a.ipynb, b (1).ipynb",)
    assert settle(tmp_path, "work").notes == ("handed in as a.ipynb", "not looked at: b (1).ipynb, c.ipynb")
    assert nbformat.read(tmp_path / "work.ipynb", as_version=4).cells[1].source == "a.ipynb"


def test_what_is_handed_in_later_under_another_name_takes_the_place_of_what_was_renamed(work, tmp_path):
    def hand_in_as(name, when):
        work.cells[1].source = f"{name} {when}"
        (tmp_path / name).write_bytes(written(work))
        os.utime(tmp_path / name, (when, when))

    def counts():
        notes = settle(tmp_path, "work").notes
        assert settle(tmp_path, "work").notes == notes
        return nbformat.read(tmp_path / "work.ipynb", as_version=4).cells[1].source, *notes

    hand_in_as("a.ipynb", 1)
    hand_in_as("b.ipynb", 2)
    assert counts() == ("b.ipynb 2", "handed in as b.ipynb", "not looked at: a.ipynb")
    hand_in_as("c.ipynb", 3)
    assert counts() == ("c.ipynb 3", "handed in as c.ipynb", "not looked at: a.ipynb")
    hand_in_as("c.ipynb", 4)
    hand_in_as("d.ipynb", 1)
    assert counts() == ("c.ipynb 4", "handed in as c.ipynb", "not looked at: a.ipynb, d.ipynb")
    hand_in_as("work.ipynb", 2)
    assert counts() == ("work.ipynb 2", "not looked at: a.ipynb, d.ipynb")
    hand_in_as("e.ipynb", 5)
    (tmp_path / "work.ipynb").write_bytes(b"\xef\xbb\xbf" + written(work))
    first, *notes = counts()
    assert (first, notes[1]) == ("e.ipynb 5", "not looked at: a.ipynb, d.ipynb, e.ipynb")
    (tmp_path / KEPT / "made.json").write_text('{"digest": 3}')
    assert counts() == (first, notes[1])


def test_another_answer_and_another_time_are_noticed(work, tmp_path):
    path = tmp_path / "work.ipynb"
    path.write_bytes(written(work))
    first = settle(tmp_path, "work")
    work.cells[2].source += "\n"
    path.write_bytes(written(work))
    second = settle(tmp_path, "work")
    assert second.digest != first.digest
    assert second.stamp == ""
    (tmp_path / "timestamp.txt").write_text("2030-01-01 12:00:00 UTC\n")
    assert settle(tmp_path, "work") == replace(second, stamp="2030-01-01 12:00:00 UTC")


def test_folders_that_nbgrader_takes_for_patterns_are_refused(work, tmp_path):
    hand_in("check copied", work, tmp_path / "ada [2]" / "work.ipynb")
    with pytest.raises(ValueError, match="rename it"):
        settle(tmp_path / "ada [2]", "work")


def test_mending_that_was_cut_off_is_done_again(work, tmp_path, cut_off):
    path = tmp_path / "ada" / "my answer.ipynb"
    path.parent.mkdir()
    path.write_bytes(written(work))
    for name in ("my answer", "work"):
        with cut_off(name), pytest.raises(KeyboardInterrupt):
            settle(path.parent, "work")
    assert settle(path.parent, "work").notes == ("handed in as my answer.ipynb",)
    assert texts(nbformat.read(path.with_name("work.ipynb"), as_version=4)) == texts(work)
    assert (path.parent / KEPT / path.name).read_bytes() == written(work)
    assert not path.exists()
