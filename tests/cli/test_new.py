"""`optilab new`: a paper that has only begun, and tests that say in sentences what is missing in it."""

import ast
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from optilab import catalogue, cli
from optilab.cli import new

TITLE = 'On "toys" whose $\\nu$ or $|\\xi|$ isn\'t known, and a \\'  # as TeX has it
ROOM = [f"optilab/papers/toy/{name}.py" for name in ("algorithm", "derivation", "experiment", "explorer", "exercises")]
MADE = [
    "optilab/papers/toy/__init__.py",
    *ROOM,
    "tests/papers/toy/cases.py",
    "tests/papers/toy/test_algorithm.py",
    "lessons/assignments/source/toy/toy.ipynb",
    "tests/course/answers/toy.py",
]
TESTS = ["tests/papers", "tests/lessons", "tests/course/test_checks.py", "tests/cli/test_catalogue.py"]
MISSING = [
    "the catalogue lacks of toy: topic, level, minutes, live, message, authors, year, source",
    "optilab/papers/toy/algorithm marks no function with @algorithm",
    "optilab/papers/toy/derivation has no function without arguments that gives a Derivation",
    "optilab/papers/toy/experiment lists nothing in EXPERIMENTS",
    "optilab/papers/toy/explorer has no function that gives an Explorer",
    "tests/papers/toy has no function test_… of its own",
    "tests/papers/toy/cases.py has no case whose arguments could be tried",
    "what is the question of this lesson?",
    "nothing stands below ## Predict, ## Play, ## Derive, ## Read, ## Measure, ## Break it, ## Your turn, ## Sources",
    "no cell shows a table of claims",
    "no cell shows an explorer",
    "nothing leads to the assignment",
    "nothing stands below ## 1. (3 points), ## 2. (4 points), ## 3. (3 points)",
    "answers/toy.py has fewer than three wrong answers to 1-formula, 2-step, 3-experiment",
    "exercises.check_formula checks nothing yet",
    "exercises.check_step checks nothing yet",
    "exercises.check_experiment checks nothing yet",
]


def run(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What a Python module answers in a clone."""
    env = os.environ | {"PYTHONPATH": str(clone), "COLUMNS": "2000"}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, check=False)


def failing(clone: Path, *tests: str) -> str:
    """What the tests of a new paper say, all of which are collected, and none of which breaks."""
    done = run(clone, "pytest", "-n", "0", "-p", "no:cacheprovider", "-q", "--tb=short", "-k", "toy", *tests)
    assert done.returncode == 1, done.stdout[-4000:]
    outcome = done.stdout.splitlines()[-1]
    assert re.search(r"\d+ failed", outcome)
    assert "error" not in outcome
    return done.stdout


@pytest.fixture
def begun(clone):
    """A clone with a paper that has only begun."""
    done = run(clone, "optilab", "new", "toy", "--title", f" {TITLE}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m pytest -k toy" in done.stdout
    return clone


def test_it_makes_all_files_of_a_paper_and_its_rows(begun):
    (lesson,) = (begun / "lessons").glob("*_toy.ipynb")
    assert all((begun / name).exists() for name in MADE)
    *_, row = json.loads(run(begun, "optilab", "list", "--json").stdout)
    assert (f"{row['number']:02d}", row["slug"], row["title"]) == (lesson.name[:2], "toy", TITLE)
    table = run(begun, "optilab.catalogue").stdout
    assert f"| [{lesson.name[:2]} toy](lessons/{lesson.name}) |" in table
    assert table in (begun / "README.md").read_text()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()} == {5}
    said = runpy.run_path(str(begun / "optilab" / "papers" / "toy" / "__init__.py"))["__doc__"]
    assert said == TITLE.replace('"', "'") + "."
    assert f"# {TITLE}\n" in f"{json.loads(lesson.read_text())['cells'][0]['source'][0]}\n"
    python = [name for name in MADE if name.endswith(".py")] + ["optilab/catalogue.py"]
    for check in (["format", "--check"], ["check"]):
        done = run(begun, "ruff", *check, *python)
        assert done.returncode == 0, done.stdout

    again = run(begun, "optilab", "new", "toy")
    assert again.returncode == 2
    assert "the slug must be one that no paper has, got 'toy'" in again.stderr


@pytest.mark.full
def test_its_tests_fail_and_say_what_is_missing(begun):
    said = failing(begun, *TESTS)
    assert [sentence for sentence in MISSING if sentence not in said] == []


@pytest.mark.full
def test_of_a_row_alone_the_tests_say_which_files_are_missing(begun):
    for name in ("optilab/papers/toy/explorer.py", "tests/course/answers/toy.py"):
        (begun / name).unlink()
    said = failing(begun, "tests/papers", "tests/course")
    assert (
        "`optilab new toy` makes what is missing: optilab/papers/toy/explorer.py, tests/course/answers/toy.py" in said
    )


@pytest.mark.parametrize("slug", ["Toy", "my-toy", "2toys", "toy_", "", "../toy", catalogue.PAPERS[0].slug])
def test_a_slug_that_cannot_be_is_refused(slug, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["new", slug])
    assert stop.value.code == 2
    assert "the slug must be " in capsys.readouterr().err


def test_nothing_is_made_outside_a_clone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(new, "ROOT", tmp_path)
    assert cli.main(["new", "toy"]) == 1
    assert "in a clone of the repository" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "title", ["nu", "\\nu", "it's", '"', "'", "\"'", "\\'", 'a\\"', "é\u00a0\x07", "\\N{DASH}", "{x}$y"]
)
def test_a_text_is_itself_in_the_catalogue_and_in_a_docstring(title):
    assert ast.literal_eval(new.literal(title)) == title
    assert ast.literal_eval(new.docstring(title)) == title.replace('"', "'") + "."


def test_what_would_spoil_the_catalogue_is_refused_before_anything_is_written(clone, monkeypatch, capsys):
    monkeypatch.setattr(new, "ROOT", clone)
    monkeypatch.setattr(new, "repository", lambda: "someone/notes")
    before = (clone / "optilab" / "catalogue.py").read_text()
    assert cli.main(["new", "toy", "--title", "half a character: \udcff"]) == 1
    assert "wouldn't be Python any more" in capsys.readouterr().err
    (clone / "README.md").write_text("no table")
    assert cli.main(["new", "toy"]) == 1
    assert f"{clone / 'README.md'} has no table of papers" in capsys.readouterr().err
    assert (clone / "optilab" / "catalogue.py").read_text() == before
    assert not (clone / "optilab" / "papers" / "toy").exists()


def test_nothing_is_overwritten(clone, monkeypatch, capsys):
    there = clone / "tests" / "course" / "answers" / "toy.py"
    there.write_text("mine")
    before = (clone / "optilab" / "catalogue.py").read_text()
    monkeypatch.setattr(new, "ROOT", clone)
    monkeypatch.setattr(new, "repository", lambda: "someone/notes")
    assert cli.main(["new", "toy"]) == 1
    assert "there already, and left as they are: tests/course/answers/toy.py" in capsys.readouterr().err
    assert there.read_text() == "mine"
    assert not (clone / "optilab" / "papers" / "toy").exists()
    assert (clone / "optilab" / "catalogue.py").read_text() == before
