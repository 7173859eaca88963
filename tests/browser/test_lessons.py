"""Every lesson in a real JupyterLab: it runs, is legible in both themes and at all widths, and every control moves.

The tests follow each other in one page; so controls are moved in the dark.
"""

import re
from functools import partial
from pathlib import Path

import nbformat
import pytest

MEASURES = re.compile(r"\b(claims|collect)\(")  # tables that take long, tested where the lesson is compared with itself
LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("*.ipynb"))


@pytest.fixture(scope="module", params=[*LESSONS, Path("example.ipynb")], ids=lambda path: path.stem)
def lesson(request, notebook, folder):
    """A lesson, opened and run."""
    if request.param.is_absolute():
        content = nbformat.read(request.param, as_version=4)
        content.cells = [cell for cell in content.cells if not MEASURES.search(cell.source)]
        nbformat.write(content, folder / request.param.name)
    notebook.turn_to(request.param.name)
    notebook.theme("Light")
    notebook.page.set_viewport_size({"width": 1400, "height": 1000})
    left = notebook.errors.copy()
    notebook.errors.clear()
    assert left == []
    notebook.run_all()
    return notebook


def test_it_runs_and_draws_every_explorer(lesson, request, screenshots):
    assert lesson.failures() == []
    assert lesson.errors == []
    assert lesson.explorers
    assert lesson.page.get_by_text("Error displaying widget").count() == 0
    for number, explorer in enumerate(lesson.explorers, 1):
        assert explorer.error == ""
        assert not explorer.stale
        screenshots(explorer, f"{request.node.callspec.id}-{number}")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_its_text_is_legible(theme, lesson):
    lesson.theme(theme)
    for explorer in lesson.explorers:
        assert explorer.box.evaluate("box => measures.illegible(box, 4.5)") == []


@pytest.mark.parametrize("width", [1400, 700, 1600])
def test_nothing_is_cut_off_or_covered(width, lesson):
    lesson.page.set_viewport_size({"width": width, "height": 1000})
    for explorer in lesson.explorers:
        explorer.settle()
        assert explorer.box.evaluate("box => measures.misfits(box)") == []


def moves(explorer):
    """What a reader does by keyboard to each live control of an explorer: label, a move, another one, the way back."""
    box = explorer.box
    for more in box.get_by_role("button", name=re.compile(r"^\d+ more$")).all():
        more.click()
    for handle in box.locator(".noUi-target:not([disabled]) .noUi-handle").all():
        at, low, high = (float(handle.get_attribute(f"aria-value{end}")) for end in ("now", "min", "max"))
        keys = ["ArrowRight", "PageUp", "ArrowLeft"]
        if at > low + 0.7 * (high - low):
            keys = ["ArrowLeft", "PageDown", "ArrowRight"]
        label = handle.locator("xpath=ancestor::*[contains(@class, 'widget-inline-hbox')][1]").inner_text()
        yield label, *(partial(handle.press, key) for key in keys)
    for check in box.locator("input[type=checkbox]:enabled").all():
        yield check.locator("xpath=..").inner_text(), *3 * [partial(check.press, "Space")]
    for select in box.locator("select:enabled").all():
        down, up = (partial(select.press, key) for key in ("ArrowDown", "ArrowUp"))
        label = select.locator("xpath=..").inner_text()
        yield label, *((down, up, up) if select.evaluate("node => node.selectedIndex === 0") else (up, down, down))
    for field in box.locator("input[type=text]").all():
        old = field.input_value()
        new = {"1": "2"}.get(old, f"1.5*({old})")

        def enter(text, field=field):
            field.press("ControlOrMeta+a")
            field.press_sequentially(text)
            field.press("Enter")

        yield field.locator("xpath=..").inner_text(), *(partial(enter, text) for text in (new, old, old))


def press_run(explorer):
    assert "press the button" in explorer.note
    explorer.act(explorer.root.locator(".optilab-run").click)
    explorer.wait("root => !root.classList.contains('optilab-stale')")


def try_move(explorer, label, move):
    """Make a move by keyboard; whether it changed what is shown."""
    before = explorer.fingerprint()
    try:
        explorer.act(move)
    except RuntimeError as error:
        pytest.fail(f"{label!r} does not redraw: {error}")
    assert (label, explorer.error) == (label, "")
    return explorer.fingerprint() != before


def test_every_control_moves_a_picture(lesson, request, screenshots):
    for number, explorer in enumerate(lesson.explorers, 1):
        explorer.settle()
        still, long = [], []
        for control in moves(explorer):
            label, move, _, back = control
            changed = try_move(explorer, label, move)
            if explorer.stale:
                long.append(control)
                explorer.act(back)
                if explorer.stale:
                    press_run(explorer)
            elif not changed:
                still.append(control)
        # some controls matter only once others have moved: to where the first pass has led, or to named values
        still = [control for control in still if not try_move(explorer, control[0], control[2])]
        for button in explorer.box.locator(".optilab-control .widget-button:enabled").all() if still else []:
            explorer.act(button.click)
            still = [
                control
                for control in still
                if not any(try_move(explorer, control[0], key) for key in (control[1], control[3]))
            ]
        assert [label for label, *_ in still] == []
        if long:
            before = explorer.fingerprint()
            for _, move, *_ in long:
                explorer.act(move)
            press_run(explorer)
            assert explorer.error == ""
            assert explorer.fingerprint() != before
        screenshots(explorer, f"{request.node.callspec.id}-{number}-moved")
    assert lesson.errors == []
