"""Every lesson in a real JupyterLab: its explorers are drawn, legible and whole, and answer the reader's hand.

A lesson is opened with the cells that its explorers need: the others are run where it is compared with itself. With
`-m ''` all of it is run here too, every control is moved, in the dark, and themes and widths change.
"""

import re
from pathlib import Path

import nbformat
import pytest
from hands import KINDS, changes, controls, move_everything, named, press_run

LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("*.ipynb"))
EXPLORERS = re.compile(r"^(from optilab\.(papers\.\w+|classics|arena) import |Predict\(|explorer\.)", re.MULTILINE)
SCREEN = 800  # px from the head of a lesson to its first pictures
MEASURES = re.compile(r"\b(claims|collect)\(")  # tables that take long, tested where the lesson is compared with itself


def opened(notebook, folder, lesson, wanted):
    """A lesson with the cells of code that are wanted, opened and run in the light, in a wide window."""
    content = nbformat.read(lesson, as_version=4)
    content.cells = [cell for cell in content.cells if cell.cell_type == "markdown" or wanted(cell.source)]
    nbformat.write(content, folder / lesson.name)
    notebook.turn_to(lesson.name)
    notebook.theme("Light")
    notebook.page.set_viewport_size({"width": 1400, "height": 1000})
    left = notebook.errors.copy()
    notebook.errors.clear()
    assert left == []
    notebook.run_all()
    return notebook


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request, notebook, folder):
    """A lesson with its prose and its explorers."""
    return opened(notebook, folder, request.param, EXPLORERS.search)


def test_it_draws_every_explorer_legibly_and_whole(lesson, request, screenshots):
    assert lesson.failures() == []
    assert lesson.errors == []
    assert lesson.explorers, "the lesson shows no explorer"
    assert lesson.page.get_by_text("Error displaying widget").count() == 0
    for number, explorer in enumerate(lesson.explorers, 1):
        explorer.settle()
        assert explorer.error == ""
        assert not explorer.stale
        assert explorer.root.evaluate("root => measures.blank(root)") == []
        assert explorer.box.evaluate("box => measures.illegible(box, 4.5)") == []
        assert explorer.box.evaluate("box => measures.misfits(box)") == []
        screenshots(explorer, f"{request.node.callspec.id}-{number}")


def test_the_first_picture_is_within_the_first_screen(lesson):
    assert lesson.explorers, "the lesson shows no explorer"
    lesson.explorers[0].settle()
    below = """root => root.getBoundingClientRect().top
      - root.closest(".jp-Notebook").querySelector(".jp-Cell").getBoundingClientRect().top"""
    assert lesson.explorers[0].root.evaluate(below) <= SCREEN


@pytest.mark.full
def test_its_text_is_legible_in_the_dark(lesson):
    lesson.theme("Dark")
    for explorer in lesson.explorers:
        assert explorer.box.evaluate("box => measures.illegible(box, 4.5)") == []


@pytest.mark.full
@pytest.mark.parametrize("width", [700, 1600])
def test_nothing_is_cut_off_or_covered(width, lesson):
    lesson.page.set_viewport_size({"width": width, "height": 1000})
    for explorer in lesson.explorers:
        explorer.settle()
        assert explorer.box.evaluate("box => measures.misfits(box)") == []


def answers(explorer, control, *moves):
    """Whether one of several moves of a control changes what is shown, or makes it wait for the button that runs it."""
    answered = any(changes(explorer, control.label, move) for move in moves)
    if control.away and not answered:
        explorer.act(control.away)
        answered = changes(explorer, control.label, control.move)
    waits = explorer.stale
    if waits:
        explorer.act(explorer.button("Reset").click)
    assert not explorer.stale
    return answered or waits


def unanswered(explorer, kinds, *moves):
    """Those kinds of controls of which the explorer has some, but none that answers to its moves of these names."""
    return [
        kind
        for kind in kinds
        if (here := [one for one in kind(explorer.box) if one.enabled])
        and not any(answers(explorer, one, *(getattr(one, move) for move in moves)) for one in here)
    ]


def test_a_control_of_every_kind_moves_a_picture(lesson):
    for explorer in lesson.explorers:
        explorer.settle()
        explorer.unfold()
        still = unanswered(explorer, KINDS, "move")  # the first that answers stands for its kind
        still = unanswered(explorer, still, "move", "other")  # some do only once others have moved
        for button in named(explorer.box) if still else []:
            if button.enabled:
                explorer.act(button.move)
            still = unanswered(explorer, still, "move")
        assert [kind.__name__ for kind in still] == []
        if explorer.root.locator(".optilab-run").count():
            explorer.act(explorer.button("Reset").click)
            before = explorer.fingerprint()
            for control in controls(explorer.box):
                if control.enabled and not explorer.stale:
                    explorer.act(control.move)
            press_run(explorer)
            assert explorer.error == ""
            assert explorer.fingerprint() != before
        assert explorer.root.evaluate("root => measures.blank(root)") == []
    assert lesson.errors == []


@pytest.mark.full
def test_every_control_moves_a_picture(lesson, request, screenshots):
    for number, explorer in enumerate(lesson.explorers, 1):
        explorer.settle()
        explorer.unfold()
        explorer.act(explorer.button("Reset").click)
        if explorer.stale:
            press_run(explorer)
        move_everything(explorer)
        screenshots(explorer, f"{request.node.callspec.id}-{number}-moved")
    assert lesson.errors == []


@pytest.mark.full
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_all_of_its_cells_run(path, notebook, folder):
    whole = opened(notebook, folder, path, lambda source: not MEASURES.search(source))
    assert whole.failures() == []
    assert whole.errors == []
    assert all(explorer.error == "" for explorer in whole.explorers)
