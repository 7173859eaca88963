"""An assignment from hand-in to export, by the real nbgrader, on every kind of answer that students hand in.

The assignment whose checks are the quickest is always graded so; with `-m ''` all of them.
"""

import csv

import pytest
from cheats import packed
from cheats import wrong as wrong_answers
from classwork import SLUGS, cells, full_marks, listed, solutions

QUICKEST = "last_iterate"
THOROUGH = [pytest.param(slug, marks=[] if slug == QUICKEST else [pytest.mark.full]) for slug in SLUGS]

FLOOD = """
import time

while True:
    try:
        print("x" * 1_000_000)
        time.sleep(1)
    except BaseException:
        pass
"""
UNHEARD = "\nget_ipython().set_custom_exc((Exception,), lambda *arguments, **options: None)"
PATCH = """
import optilab.course.grade

optilab.course.grade.fresh = lambda name: exercises
for name in dir(exercises):
    if name.startswith("check_"):
        setattr(exercises, name, lambda *given, **options: None)
"""
LEAVE = "\nimport os\n\nos._exit(1)"
GREEDY = "hoard = bytearray(1 << 36)"


def known(notebook, *names):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") in names]


def rewritten(notebook):
    """Checks that ask nothing and give much."""
    for cell in cells(notebook, "locked").values():
        cell.source = "pass"
        cell.metadata.nbgrader.points = 100


def damaged(one, two, three):
    """The set-up and the first check deleted, the second unmarked, the last task deleted altogether."""

    def edit(notebook):
        for cell in known(notebook, "setup", f"{one}-test", three, f"{three}-test"):
            notebook.cells.remove(cell)
        for cell in known(notebook, f"{two}-test"):
            cell.metadata = {}
            cell.source = "pass"

    return edit


@pytest.mark.parametrize("course", THOROUGH, indirect=True)
def test_every_submission_gets_the_points_of_its_right_answers(course):
    slug, answers = course.slug, listed(course.slug)
    right = solutions(slug)
    one, two, *_, three = right
    wrong = {task: list(found.values()) for task, found in answers["WRONG"].items()}
    due = {}

    def hand_in(student, changed, lost=(), edit=None):
        course.submit(student, right | changed, edit)
        due[student] = full_marks(slug, *lost)

    hand_in("right", {})
    course.submit("untouched", {})
    due["untouched"] = full_marks(slug, *right)
    hand_in("wrong", {task: found[0] for task, found in wrong.items()}, lost=right)

    cheats = {task: list(found.values()) for task, found in answers["CHEATS"].items()}
    for k in range(max(map(len, cheats.values()))):
        tried = {task: found[min(k, len(found) - 1)] for task, found in cheats.items()}
        hand_in(f"cheats {k}", {one: wrong[one][0] + PATCH} | tried, lost=[one, *cheats])
    seconds = {task: found[1] for task, found in wrong.items()}
    hand_in("rewrites", seconds | {one: wrong[one][1] + UNHEARD, three: GREEDY}, right, rewritten)
    hand_in("damages", {two: wrong[two][0]}, [two, three], damaged(one, two, three))
    hand_in("hangs", {one: right[one] + FLOOD, three: "exit()"}, lost=[one, three])
    hand_in("ends", {two: "this is no Python", three: LEAVE}, lost=[two, three])

    for name, cheat in packed(slug).items():
        hand_in(name, wrong_answers(slug) | cheat.answers, right, cheat.edit)
    hand_in("who comes last", {})

    logged = course.nbgrader("autograde", slug, "--Execute.timeout=20")
    scores = course.scores()
    assert scores == due
    assert "was deleted: it is put back" in logged
    assert "It ran for longer than 20 s." in logged
    assert "It asked the kernel to exit." in logged
    for path in course.folder.glob(f"autograded/*/{slug}/*.ipynb"):
        assert path.stat().st_size < 3_000_000

    course.nbgrader("generate_feedback", slug)
    assert {path.parts[-3] for path in course.folder.glob(f"feedback/*/{slug}/*.html")} == set(due)
    course.nbgrader("export")
    with (course.folder / "grades.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["assignment"] == slug]
    exported = {row["student_id"]: float(row["score"]) for row in rows}
    nothing = dict.fromkeys(exported, 0.0)  # of those who handed in another assignment
    assert exported == nothing | {student: sum(points.values()) for student, points in due.items()}
