"""What every notebook keeps: small, clean, executed in order, in the shape of a lesson."""

import re
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import get_sanitize_patterns

from optilab.catalogue import PAPERS
from optilab.cli.new.notebooks import assignment
from optilab.core.claim import Claim, Claims
from optilab.dress import HEAD
from optilab.notebooks import METADATA

FOLDER = Path(__file__).parents[2] / "lessons"
NOTEBOOKS = sorted(path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
LESSONS = [path for path in NOTEBOOKS if path.parent == FOLDER]
PARTS = ["predict", "play", "derive", "read", "measure", "break", "your turn", "sources"]
MACHINE = re.compile(r"""(?<![\w.:/~-])/(home|root|usr|tmp|opt|work|Users)/|\bC:\\""")


def named(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@pytest.fixture
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def cells(notebook: nbformat.NotebookNode, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def words(prose: list[nbformat.NotebookNode]) -> int:
    """How many words of prose there are, without the catalogue's line under a lesson's title and without sources."""
    return sum(len(HEAD.sub("", cell.source).partition("## Sources")[0].split()) for cell in prose)


def sanitized(text: str) -> str:
    for pattern, replacement in get_sanitize_patterns((Path(__file__).parent / "sanitize.cfg").read_text()):
        text = re.sub(pattern, replacement, text)
    return text


@pytest.mark.parametrize("shown", [Claims.__repr__, Claims._repr_markdown_])
def test_a_lesson_may_measure_other_digits_but_no_other_verdict(shown):
    def claims(drift: float, factor: float) -> str:
        drifts = Claim("drift of 10 starts, most", drift, at_most=0.05, seeds=[drift / 2, drift])
        factors = Claim("‖d‖ over ‖g‖, a factor of", factor, at_most=3, at_least=1)
        return sanitized(shown(Claims([drifts, factors, Claim("reported only", factor)])))

    assert claims(0.00794, 2.0) == claims(5.53e-10, 1.1)
    assert claims(0.00794, 2.0) != claims(0.06, 2.0)
    assert claims(0.00794, 2.0) != claims(0.00794, 3.5)
    assert claims(0.00794, 2.0) != sanitized(shown(Claims([Claim("drift of 10 starts, most", 0.007, at_most=0.04)])))


def test_there_are_lessons():
    assert FOLDER / "00_start_here.ipynb" in LESSONS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_it_is_small_and_says_nothing_of_the_machine_that_ran_it(path):
    assert path.stat().st_size < 300_000
    text = path.read_text()
    assert not MACHINE.search(text), MACHINE.search(text)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=named, indirect=True)
def test_it_saves_neither_widget_state_nor_timings(notebook):
    assert "widgets" not in notebook.metadata
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    outputs = [output for cell in cells(notebook, "code") for output in cell.outputs]
    assert not any(
        name.startswith("application/vnd.jupyter.widget") for output in outputs for name in output.get("data", {})
    )


@pytest.mark.parametrize("notebook", LESSONS, ids=named, indirect=True)
def test_it_was_executed_in_order_without_an_error(notebook):
    assert notebook.metadata == METADATA
    code = cells(notebook, "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "`optilab execute` runs it"
    outputs = [output for cell in code for output in cell.outputs]
    assert outputs, "no cell shows anything"
    assert all(output.output_type != "error" for output in outputs)
    assert all(output.get("name") != "stderr" for output in outputs)


@pytest.mark.parametrize("notebook", LESSONS, ids=named, indirect=True)
def test_a_cell_of_code_is_short_and_so_is_the_prose(notebook):
    assert all(len(cell.source.splitlines()) <= 15 for cell in cells(notebook, "code"))
    assert words(cells(notebook, "markdown")) <= 1_800


@pytest.mark.parametrize("notebook", LESSONS[1:], ids=named, indirect=True)
def test_its_parts_come_in_the_order_of_all_lessons(notebook):
    lines = "\n".join(cell.source for cell in cells(notebook, "markdown")).lower().splitlines()
    headings = iter([line for line in lines if line.startswith("#")])
    missing = [part for part in PARTS if not any(part in heading for heading in headings)]
    assert not missing, f"missing, or not in this order: {missing}"


def sections(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """The headings of a notebook, and the text and code below each, up to the next or to an answer."""
    found = [("", "")]
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            found.append(("", ""))
            continue
        text = cell.cell_type == "markdown"
        for line in cell.source.splitlines():
            if text and re.match("#+ ", line):
                found.append((line, ""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + line.strip())
    return [(heading, below) for heading, below in found if heading]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=named, indirect=True)
def test_none_of_its_parts_is_empty(notebook):
    empty = [heading for heading, below in sections(notebook) if not below]
    assert not empty, f"nothing stands below {', '.join(empty)}"


def test_of_an_assignment_that_has_only_begun_all_three_tasks_are_empty():
    made = nbformat.reads(assignment(PAPERS[0]), as_version=4)
    assert [heading[:5] for heading, below in sections(made) if not below] == ["## 1.", "## 2.", "## 3."]


@pytest.mark.parametrize("notebook", LESSONS, ids=named, indirect=True)
def test_it_opens_with_its_question(notebook):
    first, *_ = notebook.cells
    words = len(first.source.split()) if first.cell_type == "markdown" else 0
    assert words >= 40, f"{words} words before the first picture: what is the question of this lesson?"


@pytest.mark.parametrize("notebook", LESSONS[1:], ids=named, indirect=True)
def test_it_measures_claims_and_all_of_them_hold(notebook):
    shown = "\n".join(
        output.data.get("text/markdown", "")
        for cell in cells(notebook, "code")
        for output in cell.outputs
        if output.output_type in ("execute_result", "display_data")
    )
    assert "| ✓ |" in shown, "no cell shows a table of claims"
    assert "| ✗ |" not in shown
    assert not re.search(r"^\| …", shown, re.MULTILINE)  # each claim stands alone


@pytest.mark.parametrize("notebook", LESSONS[1:], ids=named, indirect=True)
def test_it_leads_on_to_its_assignment(notebook):
    assert any("assignment" in cell.source for cell in cells(notebook, "markdown")), "nothing leads to the assignment"


EXPLORER = re.compile(r"^explorer\.\w+\(.*\)$", re.MULTILINE)


@pytest.mark.parametrize("notebook", LESSONS, ids=named, indirect=True)
def test_every_explorer_leaves_a_still_picture_and_the_first_comes_soon(notebook):
    shown = [cell for cell in cells(notebook, "code") if EXPLORER.search(cell.source)]
    assert shown, "no cell shows an explorer"
    for cell in shown:
        assert sum("image/png" in output.get("data", {}) for output in cell.outputs) == 1, cell.source
    before = notebook.cells[: notebook.cells.index(shown[0])]
    assert words([cell for cell in before if cell.cell_type == "markdown"]) <= 300
    assert all(cell.metadata.get("jupyter", {}).get("source_hidden") for cell in before if cell.cell_type == "code")


@pytest.mark.parametrize("notebook", LESSONS, ids=named, indirect=True)
def test_what_gives_an_answer_away_is_folded(notebook):
    for cell in cells(notebook, "code"):
        assert "BEGIN SOLUTION" not in cell.source
        solved = any(output.get("data", {}).get("text/plain", "").startswith("Right") for output in cell.outputs)
        if solved or "Predict(" in cell.source:
            assert cell.metadata.get("jupyter", {}).get("source_hidden"), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_its_links_lead_somewhere(path):
    text = "\n".join(cell.source for cell in cells(nbformat.read(path, as_version=4), "markdown"))
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)\s]+)\)", text)
    assert [link for link in links if not (path.parent / link.partition("#")[0]).exists()] == []
