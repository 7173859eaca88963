"""The commands, on papers and lessons made up here."""

import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from optilab import catalogue, cli
from optilab.catalogue import Paper
from optilab.core.claim import Claim
from optilab.execute import METADATA


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
    monkeypatch.setattr(cli, "shipped_lessons", lambda: folder)
    return folder


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
        if path.is_file() and path.name != cli.MANIFEST
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
        printed = capsys.readouterr().out
        assert "Kept as you changed them: 01_fake.ipynb." in printed
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


def test_lab_passes_options_on(lessons, launched, tmp_path):
    cli.main(["lab", str(tmp_path / "mine"), "--lesson", "01", "--", "--no-browser", "--port", "8890"])
    assert launched[0][-3:] == ["--no-browser", "--port", "8890"]


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_lab_allows_root_to_root_alone(user, allowed, lessons, launched, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    cli.main(["lab", str(tmp_path / "mine")])
    assert ("--allow-root" in launched[0]) is allowed
    assert ("You are root" in capsys.readouterr().out) is allowed


@pytest.mark.parametrize("number", ["42", "-1", "first"])
def test_lab_lists_the_lessons_where_there_is_none_of_that_number(number, lessons, launched, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["lab", f"--lesson={number}"])
    assert stop.value.code == 2
    assert f"the lesson's number must be one of 00, 01, got '{number}'" in capsys.readouterr().err
    assert not launched


def test_only_lab_takes_options_for_jupyter(capsys):
    with pytest.raises(SystemExit):
        cli.main(["list", "--", "--no-browser"])
    assert "only `optilab lab`" in capsys.readouterr().err


def test_list_in_a_process_of_its_own():
    command = [sys.executable, "-m", "optilab.cli", "list"]
    table = subprocess.run(command, check=True, capture_output=True, text=True, env={"COLUMNS": "72"}).stdout
    assert max(map(len, table.splitlines())) <= 72
    assert all(paper.slug in table for paper in catalogue.PAPERS)
    rows = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True, text=True).stdout)
    assert rows == [asdict(paper) for paper in catalogue.PAPERS]


def test_a_table_wraps_its_widest_column_and_loses_no_word(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    words = "one two three four five six seven eight nine ten eleven twelve one-and-a-good-many-more-than-forty"
    table = cli.aligned(("n", "words"), [("1", words), ("2", "")])
    assert max(map(len, table.splitlines())) <= 40
    lines = table.splitlines()
    assert [line.split()[0] for line in (lines[0], lines[2], lines[-1])] == ["n", "1", "2"]
    assert " ".join([line[3:] for line in lines[2:-1]]).replace("- ", "-") == words


def keeps(quick: bool) -> tuple[Claim, ...]:
    return (Claim("one is at least a half", 1.0, at_least=0.5, seeds=(0.9, 1.0, 1.1)),)


def breaks(quick: bool) -> tuple[Claim, ...]:
    return (Claim("full size" if not quick else "quick size", float("inf"), at_most=2),)


@pytest.fixture
def papers(monkeypatch):
    """Two papers: what the first one claims holds, the second one's claim does not."""
    rows = []
    for number, (slug, experiment) in enumerate({"solid": keeps, "broken": breaks}.items(), 1):
        rows.append(Paper(slug, number, f"On {slug}", "A. U. Thor", 2026, "arXiv 0", f"{slug} it is"))
        module = SimpleNamespace(EXPERIMENTS=(experiment,))
        monkeypatch.setitem(sys.modules, f"optilab.papers.{slug}.experiment", module)
    monkeypatch.setattr(catalogue, "PAPERS", tuple(rows))


def test_reproduce_prints_each_claim_beside_its_figure(papers, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert cli.main(["reproduce", "solid"]) == 0
    printed = capsys.readouterr()
    row = next(line for line in printed.out.splitlines() if line.startswith("solid"))
    expected = ["solid", "one is at least a half", "≥ 0.5", "1", "0.9 … 1 … 1.1 (3 seeds)", "yes"]
    assert re.split(" {2,}", row) == expected
    assert "1 of 1 claims hold" in printed.err


def test_reproduce_fails_where_one_claim_does_not_hold(papers, capsys):
    assert cli.main(["reproduce", "--quick"]) == 1
    printed = capsys.readouterr()
    assert "quick size" in printed.out
    assert "NO" in printed.out.split()
    assert "1 of 2 claims hold" in printed.err


def test_reproduce_in_processes_gives_the_same_as_valid_json(papers, capsys):
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    printed = []
    for jobs in ("1", "2"):
        assert cli.main(["reproduce", "--json", "--jobs", jobs]) == 1
        printed.append(json.loads(capsys.readouterr().out, parse_constant=refuse))
    assert printed[0] == printed[1]
    solid, broken = printed[0]
    assert (solid["paper"], solid["measured"], solid["at_least"], solid["at_most"]) == ("solid", 1.0, 0.5, "inf")
    assert solid["seeds"] == [0.9, 1.0, 1.1]
    assert (broken["statement"], broken["measured"], broken["holds"]) == ("full size", "inf", False)


def test_reproduce_stopped_from_the_keyboard_says_so(papers, capsys, monkeypatch):
    def stopped(quick: bool) -> None:
        raise KeyboardInterrupt

    broken = SimpleNamespace(EXPERIMENTS=(stopped,))
    monkeypatch.setitem(sys.modules, "optilab.papers.broken.experiment", broken)
    assert cli.main(["reproduce"]) == 130
    printed = capsys.readouterr()
    assert "one is at least a half" in " ".join(printed.out.split())
    assert "interrupted: 1 of 2 experiments were finished" in printed.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nosuch"], "the paper must be one of solid, broken, got 'nosuch'"),
        (["--jobs", "0"], "the number of jobs must be a whole number, 1 or more, got '0'"),
    ],
)
def test_reproduce_refuses_what_it_does_not_know(words, sentence, papers, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["reproduce", *words])
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err


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
