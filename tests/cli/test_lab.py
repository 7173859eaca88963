"""`optilab lab`, on lessons made up here: a copy that stays the student's and is brought up to date."""

import os
from pathlib import Path

import pytest

from optilab import cli
from optilab.cli.lab import MANIFEST


@pytest.fixture
def launched(monkeypatch):
    """The options of each JupyterLab that would have been started."""
    calls: list[list[str]] = []
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", calls.append)
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "")  # set by the command: to be restored after the test
    return calls


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_lab_copies_what_is_for_students_and_opens_the_first_lesson(lessons, launched, tmp_path):
    target = tmp_path / "mine"
    assert cli.main(["lab", str(target)]) == 0
    assert set(files(target)) == {"00_start_here.ipynb", "01_fake.ipynb", "assignments/release/fake/fake.ipynb"}
    (options,) = launched
    assert f"--ServerApp.root_dir={target}" in options
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in options


def test_lab_copies_into_the_working_directory_by_default(lessons, launched, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli.main(["lab"])
    assert (tmp_path / "optilab-lessons" / "00_start_here.ipynb").exists()


def test_lab_updates_old_copies_keeps_changed_ones_and_names_them(lessons, launched, tmp_path, capsys):
    target = tmp_path / "mine"
    cli.main(["lab", str(target)])
    (target / "01_fake.ipynb").write_text("my own work")
    (target / "notes.txt").write_text("mine alone")
    (lessons / "00_start_here.ipynb").write_text("newer")
    (lessons / "01_fake.ipynb").write_text("newer")
    capsys.readouterr()
    for _ in range(2):  # the second time nothing is new, and the changed copy is still the student's
        cli.main(["lab", str(target)])
        assert files(target)["00_start_here.ipynb"] == "newer"
        assert files(target)["01_fake.ipynb"] == "my own work"
        assert files(target)["notes.txt"] == "mine alone"
        assert "Kept as you changed them: 01_fake.ipynb." in capsys.readouterr().out
    (target / "01_fake.ipynb").unlink()
    cli.main(["lab", str(target)])
    assert files(target)["01_fake.ipynb"] == "newer"
    assert "Kept" not in capsys.readouterr().out


def test_lab_keeps_a_file_of_the_same_name_that_it_never_shipped(lessons, launched, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "01_fake.ipynb").write_text("here before")
    cli.main(["lab", str(tmp_path / "mine")])
    assert files(tmp_path / "mine")["01_fake.ipynb"] == "here before"


def test_lab_here_opens_the_shipped_lessons_and_copies_nothing(lessons, launched, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)
    cli.main(["lab", "--here", "--lesson", "1"])
    assert files(tmp_path) == before
    assert f"--ServerApp.root_dir={lessons}" in launched[0]
    assert "--LabApp.default_url=/lab/tree/01_fake.ipynb" in launched[0]


def test_kernels_of_the_lab_have_one_thread_unless_the_user_says_how_many(lessons, launched, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    assert cli.main(["lab", str(tmp_path / "copy")]) == 0
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("3", "1")


def test_lab_passes_options_on(lessons, launched, tmp_path):
    cli.main(["lab", str(tmp_path / "mine"), "--lesson", "01", "--", "--no-browser", "--port", "8890"])
    assert launched[0][-3:] == ["--no-browser", "--port", "8890"]


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_lab_allows_root_to_root_alone(user, allowed, lessons, launched, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    cli.main(["lab", str(tmp_path / "mine")])
    assert ("--allow-root" in launched[0]) is allowed
    assert ("You are root" in capsys.readouterr().out) is allowed


@pytest.mark.parametrize("name", ["1", "01", "fake", "01_fake", "01_fake.ipynb"])
def test_a_lesson_is_called_by_its_number_or_its_slug(name, lessons, launched, tmp_path):
    cli.main(["lab", str(tmp_path / "mine"), "--lesson", name])
    assert "--LabApp.default_url=/lab/tree/01_fake.ipynb" in launched[0]


@pytest.mark.parametrize("name", ["42", "-1", "first", "²"])
def test_lab_lists_the_lessons_where_there_is_none_of_that_name(name, lessons, launched, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["lab", f"--lesson={name}"])
    assert stop.value.code == 2
    assert f"the lesson must be one of 00_start_here, 01_fake, got '{name}'" in capsys.readouterr().err
    assert not launched


def refused(folder, capsys) -> str:
    """The sentence that `optilab lab` ends with where it can't use a folder."""
    assert cli.main(["lab", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("optilab: ")
    assert said.count("\n") == 1
    return said


def test_a_file_in_the_place_of_the_folder_is_named(lessons, launched, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "optilab-lessons").write_text("notes")
    assert f"{tmp_path / 'optilab-lessons'} is a file" in refused("optilab-lessons", capsys)
    assert f"{tmp_path / 'optilab-lessons' / 'below'}: Not a directory" in refused("optilab-lessons/below", capsys)
    assert (tmp_path / "optilab-lessons").read_text() == "notes"
    assert not launched


def test_a_folder_that_cannot_be_written_is_named(lessons, launched, tmp_path, capsys, monkeypatch):
    def forbidden(path: Path, text: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", forbidden)  # root may write everywhere
    said = refused(tmp_path / "mine", capsys)
    assert f"the lessons can't be copied: {tmp_path / 'mine' / '00_start_here.ipynb'}: Permission denied" in said
    assert not launched


@pytest.mark.parametrize("text", ["{", "3", '["a"]', "\xff"])
def test_a_damaged_list_of_what_was_shipped_costs_nothing(text, lessons, launched, tmp_path, capsys):
    mine = tmp_path / "mine"
    cli.main(["lab", str(mine)])
    (mine / "01_fake.ipynb").write_text("my own work")
    (mine / MANIFEST).write_bytes(text.encode("latin-1"))
    capsys.readouterr()
    assert cli.main(["lab", str(mine)]) == 0
    assert f"{MANIFEST} there is damaged" in capsys.readouterr().out
    assert files(mine)["01_fake.ipynb"] == "my own work"
    cli.main(["lab", str(mine)])
    assert "there is damaged" not in capsys.readouterr().out


def test_a_copy_that_was_cut_off_is_brought_up_to_date_later(lessons, launched, tmp_path, capsys, cut_off):
    mine = tmp_path / "mine"
    cli.main(["lab", str(mine)])
    before = files(mine)
    for name in ("00_start_here.ipynb", "01_fake.ipynb"):
        (lessons / name).write_text("newer, and not cut off")
    with cut_off("01_fake"):
        assert cli.main(["lab", str(mine)]) == 130
    assert files(mine) == before | {"00_start_here.ipynb": "newer, and not cut off"}
    with cut_off(MANIFEST):
        assert cli.main(["lab", str(mine)]) == 130
    capsys.readouterr()
    assert cli.main(["lab", str(mine)]) == 0
    assert not {"Kept", "damaged"} & set(capsys.readouterr().out.split())
    assert files(mine)["01_fake.ipynb"] == "newer, and not cut off"


def test_what_is_new_and_what_was_updated_is_named(lessons, launched, tmp_path, capsys):
    mine = tmp_path / "mine"
    cli.main(["lab", str(mine)])
    assert not {"New", "Updated", "Kept"} & set(capsys.readouterr().out.replace(":", " ").split())
    (lessons / "00_start_here.ipynb").write_text("newer")
    (lessons / "02_more.ipynb").write_text("more")
    cli.main(["lab", str(mine)])
    printed = capsys.readouterr().out
    assert "New: 02_more.ipynb.\n" in printed
    assert "Updated: 00_start_here.ipynb.\n" in printed


def test_a_newer_version_of_a_changed_lesson_is_put_beside_it_once(lessons, launched, tmp_path, capsys):
    def open_it() -> str:
        cli.main(["lab", str(mine)])
        return capsys.readouterr().out

    mine = tmp_path / "mine"
    open_it()
    (mine / "01_fake.ipynb").write_text("my own work")
    assert "Newer" not in open_it()  # it is what the work began with
    (lessons / "01_fake.ipynb").write_text("newer")
    printed = open_it()
    assert "Kept as you changed them: 01_fake.ipynb." in printed
    assert "Newer versions of them are beside them: 01_fake.new.ipynb." in printed
    assert not {"New:", "Updated:"} & set(printed.split())
    assert files(mine)["01_fake.new.ipynb"] == "newer"
    (mine / "01_fake.new.ipynb").unlink()  # not wanted
    assert "Newer" not in open_it()
    assert "01_fake.new.ipynb" not in files(mine)
    (lessons / "01_fake.ipynb").write_text("newer still")
    open_it()
    assert files(mine)["01_fake.new.ipynb"] == "newer still"
    (lessons / "01_fake.ipynb").write_text("the newest")
    open_it()
    assert files(mine)["01_fake.new.ipynb"] == "the newest"
    (mine / "01_fake.new.ipynb").write_text("work in this one, too")
    (lessons / "01_fake.ipynb").write_text("one more")
    assert "Newer" not in open_it()
    assert files(mine)["01_fake.new.ipynb"] == "work in this one, too"
    assert files(mine)["01_fake.ipynb"] == "my own work"


def test_without_jupyter_it_says_what_to_install(lessons, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("optilab.cli.lab.find_spec", lambda name: None)
    assert "pip install 'optilab[lab]'" in refused(tmp_path / "mine", capsys)
    assert not (tmp_path / "mine").exists()
