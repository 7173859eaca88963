"""No points without work: every cheat alone, in the two processes of a check; with nbgrader in test_grading.py."""

import pytest
from cheats import cheats
from classwork import cells, source

from optilab.catalogue import PAPERS
from optilab.course.processes import judge

QUICKEST = "last_iterate"
CASES = [
    pytest.param(paper.slug, name, marks=[] if paper.slug == QUICKEST else [pytest.mark.full])
    for paper in PAPERS
    for name, cheat in cheats(paper.slug).items()
    if cheat.edit is None
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
