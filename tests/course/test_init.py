"""`optilab course init`: a course to start from, which is never overwritten."""

import re

import pytest
from classwork import SOURCE

from optilab import cli, shipped
from optilab.cli import course


def relative(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_sets_up_config_guide_and_assignments_and_says_what_to_do_next(tmp_path, capsys):
    assert cli.main(["course", "init", str(tmp_path / "mine")]) == 0
    notebooks = {f"source/{path.name}/{path.name}.ipynb" for path in SOURCE.iterdir()}
    assert relative(tmp_path / "mine") == notebooks | {"README.md", "nbgrader_config.py"}
    printed = capsys.readouterr().out
    assert f"cd {tmp_path / 'mine'}" in printed
    assert "nbgrader generate_assignment" in printed
    assert "pip install" not in printed


def test_it_overwrites_nothing_and_names_what_it_kept(tmp_path, capsys):
    mine = tmp_path / "a course"
    cli.main(["course", "init", str(mine)])
    (mine / "nbgrader_config.py").write_text("my own")
    (mine / "gradebook.db").write_text("grades")
    slug = sorted(path.name for path in SOURCE.iterdir())[0]
    (mine / "source" / slug / f"{slug}.ipynb").unlink()
    capsys.readouterr()
    cli.main(["course", "init", str(mine)])
    assert (mine / "nbgrader_config.py").read_text() == "my own"
    assert (mine / "gradebook.db").read_text() == "grades"
    assert (mine / "source" / slug / f"{slug}.ipynb").exists()
    printed = capsys.readouterr().out
    assert "Kept as they were there: nbgrader_config.py." in printed
    assert f"cd '{mine}'" in printed


def test_what_was_cut_off_is_set_up_later(tmp_path, capsys, cut_off):
    with cut_off("nbgrader_config"):
        assert cli.main(["course", "init", str(tmp_path)]) == 130
    assert not (tmp_path / "nbgrader_config.py").exists()
    assert cli.main(["course", "init", str(tmp_path)]) == 0
    assert "Kept" not in capsys.readouterr().out
    assert (tmp_path / "nbgrader_config.py").read_bytes() == (SOURCE.parent / "nbgrader_config.py").read_bytes()


def test_what_a_lecturer_made_inside_the_clone_is_not_copied(tmp_path, monkeypatch):
    folder = tmp_path / "lessons"
    for name in ("source/a/a.ipynb", "submitted/x/a/a.ipynb", "gradebook.db", "source/a/.ipynb_checkpoints/a.ipynb"):
        (folder / "assignments" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "assignments" / name).write_text("{}")
    monkeypatch.setattr(shipped, "lessons", lambda: folder)
    cli.main(["course", "init", str(tmp_path / "mine")])
    assert relative(tmp_path / "mine") == {"source/a/a.ipynb"}


def test_it_says_what_to_install_where_nbgrader_is_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("optilab.cli.course.find_spec", lambda name: None)
    cli.main(["course", "init", str(tmp_path / "mine")])
    assert "pip install 'optilab[course]'" in capsys.readouterr().out


def test_it_wants_a_folder(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["course", "init"])
    assert stop.value.code == 2
    assert "DIR" in capsys.readouterr().err


def test_the_bare_command_says_what_there_is(capsys):
    assert cli.main(["course"]) == 0
    printed = capsys.readouterr().out
    assert all(step in printed for step in ("init", "grade", "report"))


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path, capsys):
    (tmp_path / "mine").write_text("a file")
    assert cli.main(["course", "init", str(tmp_path / "mine")]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"optilab: the course can't be set up: {tmp_path / 'mine'}")
    assert error.count("\n") == 1


def test_the_commands_of_the_guide_are_there():
    guide = " ".join((SOURCE.parent / "README.md").read_text().split())
    found = re.findall(r"optilab (course [\w-]+ [\w-]+(?: --\w+)*)", guide)
    assert {command.split()[1] for command in found} == {"init", "grade", "report"}
    for command in found:
        assert cli.parser().parse_args(command.split()).run in (course.start, course.grade)
