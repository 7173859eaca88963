"""A lecturer's day with the real nbgrader: `optilab course grade` on good, broken and newer work, and what follows."""

import html
import os
import re
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest
from broken import EDITS, FILES, HOPELESS, hand_in
from classwork import HIDDEN, Course, cells, full_marks, listed, solutions, source
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from nbgrader.apps import ZipCollectApp

from optilab import cli
from optilab.course.batch import Batch, remembered

SLUG = "last_iterate"  # the assignment that is graded the quickest
BROKEN = {f"{k:02d} {name}": name for k, name in enumerate(EDITS | FILES | HOPELESS)}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The folder of a course in which one assignment has been released."""
    folder = tmp_path_factory.mktemp("template") / "course"
    assert cli.main(["course", "init", str(folder)]) == 0
    Course(folder, SLUG).nbgrader("generate_assignment", SLUG)
    return folder


@pytest.fixture
def course(template, tmp_path, monkeypatch, capsys):
    """A copy of that course, which is the current folder."""
    shutil.copytree(template, tmp_path / "course")
    monkeypatch.chdir(tmp_path / "course")
    capsys.readouterr()
    return Course(tmp_path / "course", SLUG)


@pytest.fixture
def told(capsys):
    """Run a step of `optilab course`: the lines of its report, by student."""

    def run(step, *arguments):
        assert cli.main(["course", step, SLUG, *arguments]) == 0
        head, *rows = capsys.readouterr().out.splitlines()
        width = head.index("1-weights/3")
        return {row[:width].strip(): row[width:] for row in rows}

    return run


def answered(course, **changed):
    notebook = course.released
    for name, cell in cells(notebook, "solution").items():
        cell.source = (solutions(SLUG) | changed)[name]
    return notebook


def known(course, student):
    """The cells that nbgrader knows in what was graded of a student's."""
    path = course.folder / "autograded" / student / SLUG / f"{SLUG}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert not any("tags" in cell.metadata for cell in notebook.cells)
    marked = [cell for cell in notebook.cells if cell.metadata.get("nbgrader")]
    return [(cell.cell_type, cell.source, cell.metadata.nbgrader) for cell in marked]


def by_hand(course, student, task, points):
    """What Formgrader does when a number is typed into the field beside a check."""
    with Gradebook(f"sqlite:///{course.folder}/gradebook.db") as gradebook:
        grade = gradebook.find_grade(f"{task}-test", SLUG, SLUG, student)
        grade.manual_score = points
        gradebook.db.commit()


def submit_broken(course, students):
    for student, name in students.items():
        hand_in(name, answered(course), course.folder / "submitted" / student / SLUG / f"{SLUG}.ipynb")


def test_marks_and_texts_of_broken_notebooks_are_restored_and_nobody_is_left_out(course, told, capsys):
    submit_broken(course, BROKEN)
    course.submit("honest", solutions(SLUG))
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write("c.Execute.enabled = False\n")
    lines = told("grade")
    assert lines.keys() == {*BROKEN, "honest"}
    hopeless = {student for student, name in BROKEN.items() if name in HOPELESS}
    assert {student for student, line in lines.items() if "not graded: " in line} == hopeless
    expected = known(course, "honest")
    assert len(expected) == 9
    for student in lines.keys() - hopeless:
        assert known(course, student) == expected, student

    by_hand(course, "honest", "1-weights", 2.5)
    for options, done in {(): "as before", ("--force",): "graded again"}.items():
        assert cli.main(["course", "grade", SLUG, "--student", "honest", *options]) == 0
        assert capsys.readouterr().err.endswith(f"honest: {done}\n")
        assert course.scores()["honest"]["1-weights-test"] == 2.5


def test_a_time_that_is_taken_back_and_other_files_are_noticed(course, told):
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write("c.Execute.enabled = False\n")
    with Gradebook(f"sqlite:///{course.folder}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment(SLUG, duedate="2030-01-01 12:00 UTC")
    folder = course.folder / "submitted" / "ada" / SLUG
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2030-01-01 13:00 UTC")

    def added(name, when):
        nbformat.write(answered(course, **{"1-weights": name}), folder / name)
        os.utime(folder / name, (when, when))
        return told("grade")["ada"]

    assert added("v1.ipynb", 1).endswith(" handed in as v1.ipynb; late by 1:00:00")
    (folder / "timestamp.txt").unlink()
    assert told("grade")["ada"].endswith(" another time stamp; handed in as v1.ipynb")
    assert added("v0.ipynb", 0).endswith(" another time stamp; handed in as v1.ipynb; not looked at: v0.ipynb")
    assert added("v2.ipynb", 2).endswith(" a newer hand-in; handed in as v2.ipynb; not looked at: v0.ipynb")


@pytest.mark.full
def test_broken_notebooks_get_the_points_of_their_answers_and_so_does_whoever_comes_after(course, told):
    submit_broken(course, BROKEN)
    for student in BROKEN:
        course.submit(f"{student}, honest", solutions(SLUG))
    lines = told("grade")
    hopeless = {student for student, line in lines.items() if "not graded: " in line}
    assert course.scores() == dict.fromkeys(lines.keys() - hopeless, full_marks(SLUG))
    assert hopeless == {student for student, name in BROKEN.items() if name in HOPELESS}


@pytest.mark.full
def test_nbgrader_by_itself_goes_on_too(course):
    submit_broken(course, BROKEN)
    course.submit("honest", solutions(SLUG))
    command = [sys.executable, "-m", "nbgrader", "autograde", SLUG, "--no-execute"]
    done = subprocess.run(command, cwd=course.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "There was an error processing assignment 'last_iterate' for student" in done.stderr
    assert len(known(course, "honest")) == 9


@pytest.mark.full
def test_cells_that_sleep_or_leave_again_and_again_take_no_more_than_a_submission_may(course, told):
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write("c.Execute.timeout = 5\nc.Execute.submission_timeout = 60\n")
    right = solutions(SLUG)
    for student, text in {"1 sleeps": "import time\ntime.sleep(99)", "2 leaves": "import os\nos._exit(1)"}.items():

        def many(notebook, text=text):
            place = notebook.cells.index(cells(notebook, "grade")["1-weights-test"])
            notebook.cells[place + 1 : place + 1] = [new_code_cell(text) for _ in range(99)]

        course.submit(student, right, many)
    course.submit("3 is honest", right)
    lines = told("grade")
    for student in ("1 sleeps", "2 leaves"):
        assert re.match(r"3 +0 +0 +0 +3 .*4-large-steps: All cells and checks together ran for longer", lines[student])
        assert "another cell: " in lines[student]
    assert re.match(r"3 +3 +2 +2 +10 +\d+$", lines["3 is honest"])


def test_a_day_of_a_lecturer(course, told):
    right = solutions(SLUG)
    wrong = {task: next(iter(found.values())) for task, found in listed(SLUG)["WRONG"].items()}
    stamps = {name: course.folder / "submitted" / name / SLUG / "timestamp.txt" for name in ("ada", "cy")}
    course.submit("ada", right)
    course.submit("bob", right | {"2-steps": wrong["2-steps"]})
    stamps["cy"].parent.mkdir(parents=True)
    with Gradebook(f"sqlite:///{course.folder}/gradebook.db") as gradebook:
        gradebook.add_student("dee")
        gradebook.update_or_create_assignment(SLUG, duedate="2030-01-01 12:00 UTC")
    lines = told("grade")
    assert re.match(r"3 +3 +2 +2 +10 +\d+$", lines["ada"])
    assert re.match(r"3 +0 +2 +2 +7 +\d+ +2-steps: \w", lines["bob"])
    assert lines["cy"].split(maxsplit=5)[5] == "not graded: the folder is empty"
    assert lines["dee"].endswith("nothing handed in")

    course.nbgrader("generate_feedback", SLUG)
    page = (course.folder / "feedback" / "bob" / SLUG / f"{SLUG}.html").read_text()
    feedback = html.unescape(re.sub("<[^>]*>", "", page))
    shown = "\n".join(cell.source for cell in course.released.cells)
    hidden = "\n".join(text for cell in source(SLUG).cells for text in HIDDEN.findall(cell.source))
    secret = [line for line in map(str.strip, hidden.splitlines()) if line not in shown]
    assert len(secret) > 5
    assert [line for line in secret if line in feedback] == []
    assert lines["bob"].split("2-steps: ")[1] in feedback

    by_hand(course, "ada", "1-weights", 2.5)
    by_hand(course, "bob", "2-steps", 1)
    shutil.rmtree(course.folder / "submitted" / "bob")
    course.submit("bob", right | {"1-weights": wrong["1-weights"]})
    stamps["ada"].write_text("2030-01-03 13:00 UTC")
    stamps["cy"].write_text("yesterday")
    nbformat.write(course.released, stamps["cy"].with_name(f"{SLUG}.ipynb"))
    lines = told("grade")
    hand, late = "1-weights: 3 by the checks, 2.5 by hand", "another time stamp; late by 2 days, 1:00:00"
    assert re.match(rf"2\.5\* +3 +2 +2 +9\.5 +\d+ +{hand}; {late}$", lines["ada"])
    assert lines["cy"].endswith("not graded: timestamp.txt holds no time: 'yesterday'")
    assert re.match(
        r"0 +1\* +2 +2 +5 .*1-weights: .*2-steps: 3 by the checks, 1 by hand; a newer hand-in$", lines["bob"]
    )
    assert told("report") == lines


ZIPS = {
    "moodle": {
        "Ada Lovelace_1234567_assignsubmission_file_/last_iterate.ipynb": "Ada Lovelace/last_iterate.ipynb",
        "Bo O'Hara-Ü_1234568_assignsubmission_file/my answer.ipynb": "Bo O'Hara-Ü/my answer.ipynb",
        "Cy Ho_1234569_assignsubmission_file_/week 3/last_iterate.ipynb": "Cy Ho/last_iterate.ipynb",
        "Cy Ho_1234569_assignsubmission_file_/week 4/last_iterate.ipynb": "Cy Ho/last_iterate (2).ipynb",
        "Di Wu_1234570_assignsubmission_file_last_iterate.ipynb": "Di Wu/last_iterate.ipynb",
        "Di Wu_1234571_assignsubmission_file_last_iterate.ipynb": "Di Wu 1234571/last_iterate.ipynb",
        "Di Wu_1234570_assignsubmission_onlinetext_/onlinetext.html": None,
    },
    "canvas": {
        "lovelaceada_4321_98765_last_iterate.ipynb": "4321/last_iterate.ipynb",
        "oharabo_LATE_4322_98766_last_iterate-1.ipynb": "4322/last_iterate.ipynb",
        "oharabo_LATE_4322_98767_last_iterate-2.ipynb": "4322/last_iterate (2).ipynb",
        "hocy_4323_98768_my answer.ipynb": "4323/my answer.ipynb",
    },
    "flat": {
        "ada_last_iterate.ipynb": "ada/last_iterate.ipynb",
        "bo_o_last_iterate.ipynb": "bo_o/last_iterate.ipynb",
        "cy/last_iterate (1).ipynb": "cy/last_iterate (1).ipynb",
        "cy/.ipynb_checkpoints/last_iterate-checkpoint.ipynb": None,
        "__MACOSX/cy/._last_iterate.ipynb": None,
        "notes.ipynb": None,
    },
}


def collect(course, names, text, *arguments):
    """Put a platform's zip where nbgrader looks for it, and let it sort the files in."""
    archive = course.folder / "downloaded" / SLUG / "archive"
    archive.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive / "download.zip", "w") as file:
        for name in names:
            file.writestr(name, text)
    app = ZipCollectApp()
    app.initialize([SLUG, *arguments])
    app.start()
    submitted = course.folder / "submitted"
    files = [path for path in submitted.glob(f"*/{SLUG}/*") if path.is_file()]
    return {f"{path.parts[-3]}/{path.name}": path.read_text() for path in files}


@pytest.mark.parametrize("names", ZIPS.values(), ids=ZIPS)
def test_the_zips_of_learning_platforms_are_sorted_in_and_newer_ones_replace_them(names, course):
    due = [path for path in names.values() if path]
    assert collect(course, names, "first") == dict.fromkeys(due, "first")
    assert collect(course, names, "second", "--force") == dict.fromkeys(due, "second")


def test_an_interrupted_batch_says_so_by_its_status_and_goes_on_where_it_was(course, capsys, monkeypatch, cut_off):
    def grade(batch, student, anew):
        if student == "bob":
            raise KeyboardInterrupt
        return "graded"

    for student in ("ada", "bob"):
        (course.folder / "submitted" / student / SLUG).mkdir(parents=True)
    with monkeypatch.context() as patched:
        patched.setattr(Batch, "grade", grade)
        assert cli.main(["course", "grade", SLUG]) == 130
    printed = capsys.readouterr()
    assert printed.err == "ada: graded\ninterrupted: run it again to grade the others\n"
    assert [line.split()[0] for line in printed.out.splitlines()] == ["student", "ada", "bob"]

    kept = course.folder / "reports" / f"{SLUG}.json"
    assert cli.main(["course", "grade", SLUG, "--student", "ada"]) == 0
    before = kept.read_text()
    assert "the folder is empty" in before
    with cut_off(kept.name):
        assert cli.main(["course", "grade", SLUG]) == 130
    assert kept.read_text() == before

    def early(batch, assignment):
        raise KeyboardInterrupt

    monkeypatch.setattr(Batch, "__init__", early)
    assert cli.main(["course", "grade", SLUG]) == 130


@pytest.mark.parametrize("text", ["", '{"ada": {"digest": "3f', "[]", '{"ada": 3}', "\xff"])
def test_a_damaged_record_is_an_empty_one(text, tmp_path):
    kept = tmp_path / "made_up.json"
    assert remembered(kept) == {}
    kept.write_bytes(text.encode("latin-1"))
    assert remembered(kept) == {}
    kept.write_text('{"Bo O\'Hara-Ü": {"why": "the folder is empty"}}', encoding="utf-8")
    assert remembered(kept) == {"Bo O'Hara-Ü": {"why": "the folder is empty"}}


def test_what_cannot_be_graded_at_all_is_refused_in_a_sentence(course, capsys, monkeypatch):
    assert cli.main(["course", "grade", "nothing"]) == 1
    assert f"has released (here: {SLUG}), got 'nothing'" in capsys.readouterr().err
    assert cli.main(["course", "grade", SLUG, "--student", "nobody"]) == 1
    assert "the student must be one with a folder" in capsys.readouterr().err
    monkeypatch.chdir(course.folder / "source")
    assert cli.main(["course", "report", SLUG]) == 1
    assert "this folder must be one with an nbgrader_config.py" in capsys.readouterr().err
    monkeypatch.setattr("optilab.cli.course.find_spec", lambda name: None)
    assert cli.main(["course", "grade", SLUG]) == 1
    assert "pip install 'optilab[course]'" in capsys.readouterr().err
