"""The commands as a whole: what each of them keeps, and the table that `list` prints."""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict

import pytest

import optilab
from optilab import catalogue, cli
from optilab.cli.refused import RefusedError
from optilab.cli.tables import aligned

COMMANDS = {"lab", "list", "reproduce", "course", "execute"}


def command(*words: str, **options) -> subprocess.CompletedProcess[str]:
    """What `python -m optilab` answers in a process of its own."""
    line = [sys.executable, "-m", "optilab", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, **options)


def test_a_bare_command_says_what_there_is():
    bare = command()
    assert (bare.returncode, bare.stderr) == (0, "")
    assert bare.stdout == command("--help").stdout
    assert set(re.findall(r"^    (\w+)\b", bare.stdout, re.MULTILINE)) >= COMMANDS


def test_it_says_its_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"optilab {optilab.__version__}\n"


def test_a_reader_that_has_read_enough_gets_no_traceback():
    pipe = f"{sys.executable} -m optilab list | head -1"
    bash = ["bash", "-c", f"{pipe}; echo ${{PIPESTATUS[0]}}"]
    done = subprocess.run(bash, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    head, status = done.stdout.splitlines()
    assert head.split()[0] == "lesson"
    assert done.stderr == ""
    assert status in ("0", "141")  # it had written all, or was stopped as `head` stops others

    read, write = os.pipe()
    os.close(read)
    stopped = subprocess.run(
        [sys.executable, "-m", "optilab", "list"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (stopped.returncode, stopped.stderr) == (141, b"")


def test_what_a_command_cannot_do_is_one_sentence_and_its_status_1(monkeypatch, capsys):
    def refuse(arguments: object) -> int:
        raise RefusedError("it can't be done")

    monkeypatch.setattr(catalogue, "PAPERS", ())
    monkeypatch.setattr("optilab.cli.listing.list_papers", refuse)
    assert cli.main(["list"]) == 1
    assert capsys.readouterr().err == "optilab: it can't be done\n"


def test_what_is_stopped_from_the_keyboard_has_its_status(monkeypatch):
    def stopped(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("optilab.cli.listing.list_papers", stopped)
    assert cli.main(["list"]) == 130


def test_only_lab_takes_options_for_jupyter(capsys):
    with pytest.raises(SystemExit):
        cli.main(["list", "--", "--no-browser"])
    assert "only `optilab lab`" in capsys.readouterr().err


def test_list_in_a_process_of_its_own():
    table = command("list", env=os.environ | {"COLUMNS": "72"}).stdout
    assert max(map(len, table.splitlines())) <= 72
    assert all(paper.slug in table for paper in catalogue.PAPERS)
    rows = json.loads(command("list", "--json").stdout)
    assert rows == [asdict(paper) | {"after": list(paper.after)} for paper in catalogue.PAPERS]


def test_list_says_how_long_a_lesson_takes_and_what_to_show_of_it(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert cli.main(["list"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{paper.slug}: {catalogue.about(paper)}" in shown for paper in catalogue.PAPERS)
    assert cli.main(["list", "--live"]) == 0
    shown = capsys.readouterr().out
    assert all(row.live in shown for row in catalogue.LESSONS)


def test_a_table_wraps_its_widest_column_and_loses_no_word(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    words = "one two three four five six seven eight nine ten eleven twelve one-and-a-good-many-more-than-forty"
    table = aligned(("n", "words"), [("1", words), ("2", "")])
    assert max(map(len, table.splitlines())) <= 40
    lines = table.splitlines()
    assert [line.split()[0] for line in (lines[0], lines[2], lines[-1])] == ["n", "1", "2"]
    assert " ".join([line[3:] for line in lines[2:-1]]).replace("- ", "-") == words
