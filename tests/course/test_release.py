"""What students get, and that a solution handed in gets full marks and an untouched copy none, by the real nbgrader."""

import pytest
from classwork import HIDDEN, SOLUTION, cells, full_marks, solutions, source
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from optilab.catalogue import PAPERS

SLUGS = [paper.slug for paper in PAPERS]


@pytest.mark.parametrize("course", SLUGS, indirect=True)
def test_it_holds_no_answer_and_no_hidden_test(course):
    text = "\n".join(cell.source for cell in source(course.slug).cells)
    secret = "\n".join(SOLUTION.findall(text) + HIDDEN.findall(text)).splitlines()
    visible = HIDDEN.sub("", SOLUTION.sub("", text))
    secret = [line for line in map(str.strip, secret) if len(line) > 8 and line not in visible]
    assert len(secret) > 10
    released = "\n".join(cell.source for cell in course.released.cells)
    assert [line for line in secret if line in released] == []
    assert not any(cell.get("outputs") for cell in course.released.cells)


@pytest.mark.parametrize("course", SLUGS, indirect=True)
def test_it_runs_up_to_the_first_task(course):
    notebook = course.released
    with pytest.raises(CellExecutionError, match=r"This task has no answer yet\."):
        NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    (stopped,) = [cell for cell in notebook.cells if any(o.output_type == "error" for o in cell.get("outputs", []))]
    assert stopped == next(iter(cells(notebook, "solution").values()))


@pytest.mark.full
@pytest.mark.parametrize("course", SLUGS[1:], indirect=True)  # the first is graded more thoroughly by test_grading
def test_the_solution_gets_full_marks_and_an_untouched_copy_none(course):
    course.submit("reference", solutions(course.slug))
    course.submit("untouched", {})
    course.nbgrader("autograde", course.slug)
    assert course.scores() == {
        "reference": full_marks(course.slug),
        "untouched": full_marks(course.slug, *solutions(course.slug)),
    }
