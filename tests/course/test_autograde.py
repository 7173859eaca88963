"""What feedback leaves out."""

from copy import deepcopy

import pytest
from nbformat.v4 import new_code_cell, new_output

from optilab.course.autograde import HideTests

CHECK = """check(x, seed=1)
### BEGIN HIDDEN TESTS
check(x, seed=20231)
### END HIDDEN TESTS"""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("h is too large for seed 20231: look again", "h is too large for seed …: look again"),
        ("at seeds 309 to 311 it is 2", "at seeds … it is 2"),
        ("12 steps are too few", "12 steps are too few"),
    ],
)
def test_of_a_check_the_visible_part_and_what_it_says_stay_without_seeds(said, shown):
    error = new_output("error", ename="AssertionError", evalue=said, traceback=[CHECK])
    printed = new_output("stream", name="stdout", text=said)
    cell = new_code_cell(CHECK, outputs=[error, printed], metadata={"nbgrader": {"grade": True}})
    HideTests().preprocess_cell(cell, {}, 0)
    assert cell.source == "check(x, seed=1)"
    assert cell.outputs[0].traceback == [f"AssertionError: {shown}"]
    assert cell.outputs[1].text == shown


def test_an_answer_stays_as_it_is():
    error = new_output("error", ename="NameError", evalue="seed 1", traceback=["line 1"])
    cell = new_code_cell("x = y", outputs=[error], metadata={"nbgrader": {"grade": False, "solution": True}})
    before = deepcopy(cell)
    HideTests().preprocess_cell(cell, {}, 0)
    assert cell == before
