"""The checks of every assignment on right and wrong answers, without nbgrader.

The last task is an experiment, of which every answer takes seconds: that other forms of its solution are right and
cheats are noticed is tried with `-m ''`, and so are most forms of the others (all of one assignment are always).
"""

from time import process_time

import nbformat
import pytest
from classwork import HIDDEN, SLUGS, SOURCE, cells, forms, listed, source

from optilab.catalogue import PAPERS
from optilab.course.processes import judge

QUICKEST = "last_iterate"
ENOUGH = 6  # seconds of draws for a task
WORST_CASES = {"last_iterate", "passivity_acceleration"}  # have a task more, on worst cases


def thorough(slug: str, task: str, *more: str | int, rest: bool = False):
    """A case that is for full runs where the task is an experiment, or it is one of the rest."""
    *_, experiment = listed(slug)["WRONG"]
    return pytest.param(slug, task, *more, marks=[pytest.mark.full] if rest or task == experiment else [])


WRONG = [
    (slug, task, message) for slug in SLUGS for task, answers in listed(slug)["WRONG"].items() for message in answers
]
CHEATS = [
    thorough(slug, task, message)
    for slug in SLUGS
    for task, answers in listed(slug)["CHEATS"].items()
    for message in answers
]
EQUIVALENT = [
    thorough(slug, task, index, rest=index > 0 and slug != QUICKEST)
    for slug in SLUGS
    for task in listed(slug)["EQUIVALENT"]
    for index in range(len(forms(slug, task)))
]
REFERENCE = [(slug, task) for slug in SLUGS for task in cells(source(slug), "solution")]


def graded(notebook: nbformat.NotebookNode, task: str, answer: str) -> None:
    """Run the set-up and an answer in one process and the check, hidden tests included, in another, as in grading."""
    check, setup = cells(notebook, "grade")[f"{task}-test"].source, cells(notebook, "locked")["setup"].source
    verdict = judge([setup, answer], [setup], check)
    assert verdict.passed, verdict.text


def checked(notebook: nbformat.NotebookNode, task: str, answer: str) -> None:
    """Run the set-up, an answer and its visible check one after the other, as students do."""
    check = HIDDEN.sub("", cells(notebook, "grade")[f"{task}-test"].source)
    names: dict[str, object] = {"__name__": "__main__"}
    for text in (cells(notebook, "locked")["setup"].source, answer, check):
        exec(compile(text, "<cell>", "exec"), names)


def test_every_paper_and_the_arena_have_an_assignment_and_answers_to_it():
    assert {path.parent.name for path in SOURCE.glob("*/*.ipynb")} == {"arena", *(paper.slug for paper in PAPERS)}


@pytest.mark.parametrize("slug", SLUGS)
def test_an_assignment_has_its_tasks_and_three_wrong_answers_to_each(slug):
    notebook, answers = source(slug), listed(slug)
    tasks = list(cells(notebook, "solution"))
    assert len(tasks) == 3 + (slug in WORST_CASES)
    assert list(cells(notebook, "grade")) == [f"{task}-test" for task in tasks]
    assert sum(cell.metadata.nbgrader.points for cell in cells(notebook, "grade").values()) == 10
    for cell in cells(notebook, "grade").values():
        (hidden,) = HIDDEN.findall(cell.source)
        assert "exam(seconds=" in hidden
    assert list(answers["WRONG"]) == list(answers["EQUIVALENT"]) == tasks
    few = [task for task, wrong in answers["WRONG"].items() if len(wrong) < 3]
    assert not few, f"tests/course/answers/{slug}.py has fewer than three wrong answers to {', '.join(few)}"
    alone = [task for task in tasks if not forms(slug, task)]
    assert not alone, f"tests/course/answers/{slug}.py has no right answer of another form to {', '.join(alone)}"
    assert set(answers["CHEATS"]) <= set(tasks)


@pytest.mark.parametrize(("slug", "task"), REFERENCE)
def test_the_solution_is_right(slug, task):
    notebook = source(slug)
    graded(notebook, task, cells(notebook, "solution")[task].source)


DRAWN = [(slug, task) for slug, task in REFERENCE if "seed=1)" in cells(source(slug), "grade")[f"{task}-test"].source]


@pytest.mark.full
@pytest.mark.parametrize(("slug", "task"), [case for case in DRAWN if not case[1].startswith("3")])
def test_the_solution_is_right_whatever_is_drawn(slug, task):
    notebook, names = source(slug), {"__name__": "__main__"}
    check = HIDDEN.sub("", cells(notebook, "grade")[f"{task}-test"].source)
    for text in (cells(notebook, "locked")["setup"].source, cells(notebook, "solution")[task].source):
        exec(compile(text, "<cell>", "exec"), names)
    began = process_time()
    for seed in range(1000, 1100):
        exec(compile(check.replace("seed=1)", f"seed={seed})"), "<cell>", "exec"), names)
        if process_time() - began > ENOUGH:
            break


@pytest.mark.parametrize(("slug", "task", "index"), EQUIVALENT)
def test_another_form_of_the_solution_is_right(slug, task, index):
    notebook = source(slug)
    check = cells(notebook, "grade")[f"{task}-test"]
    (check.source,) = HIDDEN.findall(check.source)  # by the same functions as those before, which cost as much again
    graded(notebook, task, forms(slug, task)[index])


@pytest.mark.parametrize(("slug", "task", "message"), WRONG)
def test_a_wrong_answer_is_told_what_is_wrong_before_it_is_graded(slug, task, message):
    with pytest.raises(AssertionError, match=message):
        checked(source(slug), task, listed(slug)["WRONG"][task][message])


@pytest.mark.parametrize(("slug", "task", "message"), CHEATS)
def test_a_cheat_is_noticed(slug, task, message):
    with pytest.raises(AssertionError, match=message):
        graded(source(slug), task, listed(slug)["CHEATS"][task][message])
