"""A paper is the same word everywhere."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from optilab import catalogue

ROOT = Path(__file__).parents[2]
SLUGS = {paper.slug for paper in catalogue.PAPERS}


def test_lessons_are_numbered_in_order_and_have_names_of_their_own():
    assert [row.number for row in catalogue.LESSONS] == list(range(len(catalogue.LESSONS)))
    assert len({row.slug for row in catalogue.LESSONS}) == len(catalogue.LESSONS)


@pytest.mark.parametrize("paper", catalogue.PAPERS, ids=lambda paper: paper.slug)
def test_a_row_of_the_catalogue_says_everything(paper):
    lacking = [name for name, value in asdict(paper).items() if value in ("", 0)]
    assert not lacking, f"the catalogue lacks of {paper.slug}: {', '.join(lacking)}"


def test_every_paper_has_a_room_and_every_room_with_pictures_a_paper():
    rooms = {path.parent.name for path in (ROOT / "optilab" / "papers").glob("*/__init__.py")}
    shown = {path.relative_to(ROOT / "optilab" / "papers").parts[0] for path in pictures()}
    assert shown == SLUGS  # a room may stand before its lesson, for those who need the algorithm alone
    assert shown <= rooms


def pictures():
    """The explorers of all rooms."""
    papers = ROOT / "optilab" / "papers"
    return [*papers.glob("*/explorer.py"), *papers.glob("*/explorer/__init__.py")]


def test_every_lesson_has_a_row_and_every_row_a_lesson():
    lessons = {path.name for path in (ROOT / "lessons").glob("*.ipynb")}
    assert lessons == {row.lesson for row in catalogue.LESSONS}


def test_readme_has_the_table_that_the_catalogue_prints():
    command = [sys.executable, "-m", "optilab.catalogue"]
    table = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert table.count("\n") == len(catalogue.PAPERS) + 2
    assert table in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    ("find", "rows", "noun"),
    [(catalogue.paper, catalogue.PAPERS, "paper"), (catalogue.lesson, catalogue.LESSONS, "lesson")],
)
def test_a_row_is_found_by_its_slug_and_the_others_are_listed_where_there_is_none(find, rows, noun):
    assert find(rows[0].slug) is rows[0]
    with pytest.raises(ValueError, match=f"the {noun} must be one of {rows[0].slug}.*, got 'nosuch'"):
        find("nosuch")
