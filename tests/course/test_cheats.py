"""No points without work: every cheat alone, in the two processes of a check; with nbgrader in test_grading.py."""

import pytest
from cheats import cheats
from classwork import HIDDEN, SLUGS, cells, source

from optilab.course.processes import judge

QUICKEST = "last_iterate"
EVERY = 4  # what cheats attack is the same in all assignments: one meets all of them, each of the others every fourth
CASES = [
    pytest.param(slug, name, marks=[] if slug == QUICKEST else [pytest.mark.full])
    for room, slug in enumerate(SLUGS)
    for number, (name, cheat) in enumerate(cheats(slug).items())
    if cheat.edit is None and (slug == QUICKEST or (room + number) % EVERY == 0)
]


@pytest.mark.parametrize(("slug", "name"), CASES)
def test_it_gives_no_points(slug, name):
    notebook, cheat = source(slug), cheats(slug)[name]
    setup = cells(notebook, "locked")["setup"].source
    (task, answer), *more = cheat.answers.items()
    assert not more
    verdict = judge([setup, answer], [setup], cells(notebook, "grade")[f"{task}-test"].source, cheat.seconds)
    assert not verdict.passed
    assert verdict.name != "SyntaxError"


@pytest.mark.parametrize(
    "name",
    [
        "the watch taken off and put back",
        "a pool of threads started before",
        "a bare thread",
        "a lazy object",
        "another process",
        "a changed module",
        "code under another file's name",
        "errors that are caught",
        "its text run",
        "its file under another name",
        "its file through a link",
        "its file in an open folder",
        "its text, by a path that isn't told",
        "its text, read in C",
        pytest.param("a process that starts anew", marks=pytest.mark.full),
        "a program",
        "the checks' own search",
    ],
)
def test_borrowed_work_is_right_where_nothing_is_withheld(name):
    notebook, cheat = source(QUICKEST), cheats(QUICKEST)[f"borrowed: {name}"]
    ((task, answer),) = cheat.answers.items()
    setup = cells(notebook, "locked")["setup"].source
    visible = HIDDEN.sub("", cells(notebook, "grade")[f"{task}-test"].source).replace("own_work", "kept")
    assert judge([setup, answer], [f"{setup}\n\n\ndef kept(function, *_):\n    return function"], visible).passed
