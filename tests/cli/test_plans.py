"""What the catalogue says of lessons is what they are, and the plans keep it."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from optilab import catalogue, plans

ROOT = Path(__file__).parents[2]
WORDS, EXPLORER, DERIVATION, TURN = 100, 3, 0.5, 4  # a minute's words, and the minutes that the rest takes


@pytest.mark.parametrize("row", catalogue.LESSONS, ids=lambda row: row.slug)
def test_a_lesson_is_as_long_as_the_catalogue_says(row):
    notebook = nbformat.read(ROOT / "lessons" / row.lesson, as_version=4)
    words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    explorers = sum(source.startswith("explorer.") for source in code)
    derivations = sum(source.startswith("derivation.") for source in code)
    minutes = words / WORDS + EXPLORER * explorers + DERIVATION * derivations + TURN
    assert row.minutes % 5 == 0
    assert abs(row.minutes - minutes) <= 5, f"about {minutes:.0f} minutes"


@pytest.mark.parametrize("row", catalogue.LESSONS, ids=lambda row: row.slug)
def test_a_lesson_has_its_place(row):
    assert row.topic in catalogue.TOPICS
    assert row.level in catalogue.LEVELS
    assert 20 <= len(row.live) <= 130
    for slug in row.after:
        assert catalogue.lesson(slug).level <= row.level


def test_no_lesson_prepares_for_itself():
    prepared: set[str] = set()
    for _ in catalogue.LESSONS:
        prepared |= {row.slug for row in catalogue.LESSONS if prepared.issuperset(row.after)}
    assert prepared == {row.slug for row in catalogue.LESSONS}


@pytest.mark.parametrize("plan", plans.PLANS, ids=lambda plan: plan.title)
def test_a_plan_keeps_the_order_that_lessons_would_like(plan):
    seen: set[str] = set()
    for session in plan.sessions:
        for slug in (*session.lessons, *session.home):
            missing = set(catalogue.lesson(slug).after) - seen
            assert not missing, f"{slug} comes before {missing}"
            assert slug not in seen
            seen.add(slug)


def test_the_plans_fit_their_time():
    assert sum(session.minutes for session in plans.DEMONSTRATION.sessions) == 120
    assert len(plans.SEVEN.sessions) == 7
    assert len(plans.FOURTEEN.sessions) == 14
    for plan in (plans.SEVEN, plans.FOURTEEN):
        for session in plan.sessions:
            assert sum(catalogue.lesson(slug).minutes for slug in session.lessons) <= session.minutes == 90


def test_the_long_course_leaves_no_lesson_out():
    assert {slug for session in plans.FOURTEEN.sessions for slug in session.lessons} == {
        row.slug for row in catalogue.LESSONS
    }


def test_assignments_of_a_week_are_there():
    for plan in plans.PLANS:
        for session in plan.sessions:
            for slug in session.assignments:
                assert (ROOT / "lessons" / "assignments" / "source" / slug / f"{slug}.ipynb").exists()


def test_the_page_of_plans_is_what_the_catalogue_makes():
    printed = subprocess.run(
        [sys.executable, "-m", "optilab.plans"], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert (ROOT / "TEACHING.md").read_text() == printed
