"""Every lesson bears its line of the catalogue and the marks of its slides, and the slides make a talk."""

import copy
import re
from pathlib import Path

import driver
import nbformat
import pytest
from nbconvert import SlidesExporter

from optilab import catalogue
from optilab.dress import dress, slides, titled
from optilab.notebooks import save

FOLDER = Path(__file__).parents[2] / "lessons"
TALK = "04_last_iterate.ipynb"
WIDTH, HEIGHT = 1200, 1000  # px of a slide, as the page of plans has it


def read(row):
    return nbformat.read(FOLDER / row.lesson, as_version=4)


def test_a_lesson_is_saved_as_it_was_and_whole_or_not_at_all(tmp_path, cut_off):
    name = catalogue.START.lesson
    save(read(catalogue.START), tmp_path / name)
    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()
    with cut_off(), pytest.raises(KeyboardInterrupt):
        save(nbformat.v4.new_notebook(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("row", catalogue.LESSONS, ids=lambda row: row.slug)
def test_a_lesson_is_dressed_as_the_catalogue_says(row):
    notebook = read(row)
    dressed = copy.deepcopy(notebook)
    dress(dressed, row.lesson)
    assert notebook == dressed, "python -m optilab.dress"
    assert notebook.cells[0].source.splitlines()[2] == catalogue.head(row)


def test_a_line_under_a_title_takes_the_place_of_the_one_before():
    once = titled("# Title\n\nThe story.", "*Noise · level 1 of 3 · 40 minutes*")
    assert once == "# Title\n\n*Noise · level 1 of 3 · 40 minutes*\n\nThe story."
    again = titled(once, "*Noise · level 2 of 3 · 35 minutes · better after [00](00_start_here.ipynb)*")
    assert (
        again == "# Title\n\n*Noise · level 2 of 3 · 35 minutes · better after [00](00_start_here.ipynb)*\n\nThe story."
    )
    assert titled(again, "*Noise · level 1 of 3 · 40 minutes*") == once


@pytest.mark.parametrize("row", catalogue.LESSONS, ids=lambda row: row.slug)
def test_a_talk_plays_and_derives_and_gives_no_answer_away(row):
    notebook = read(row)
    marks = slides(notebook)
    shown = [cell.source for cell, mark in zip(notebook.cells, marks, strict=True) if mark not in ("skip", "notes")]
    assert marks[0] == "slide"
    assert any("## Play" in source for source in shown)
    assert any(source.startswith("explorer.") for source in shown), "the talk shows no explorer"
    assert any(source.startswith("derivation.") for source in shown), "the talk shows no derivation"
    assert not any(source.startswith(("Predict(", "attempt(", "# A solution", "from ")) for source in shown)


def test_a_notebook_that_is_no_lesson_stays_as_it_is():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Mine\n\nText.", id="a")])
    before = copy.deepcopy(notebook)
    dress(notebook, "mine.ipynb")
    assert notebook == before


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """A lesson's slides as nbconvert makes them, with nothing fetched."""
    exporter = SlidesExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
    page, _ = exporter.from_filename(str(FOLDER / TALK))
    path = tmp_path_factory.mktemp("talk") / "talk.html"
    path.write_text(page)
    return path


def test_every_slide_fits(talk):
    with driver.browser() as browser:
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, java_script_enabled=True)
        page = context.new_page()
        page.route(re.compile("^https?:"), lambda route: route.abort())
        page.goto(talk.as_uri())
        heights = page.evaluate(
            """() => [...document.querySelectorAll("section section")].map(section => section.scrollHeight)"""
        )
        pictures = page.locator("section section img").count()
        notes = page.locator("aside.notes").count()
        context.close()
    assert len(heights) >= 12
    assert pictures >= 3
    assert notes >= 1
    assert max(heights) <= HEIGHT
