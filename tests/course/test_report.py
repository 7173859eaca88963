"""What the report says of a cell."""

import pytest
from nbformat.v4 import new_code_cell, new_output

from optilab.course.report import LONGEST, sentence


def error(name, text):
    return new_output("error", ename=name, evalue=text, traceback=[])


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ([], ""),
        ([new_output("stream", name="stdout", text="fine")], ""),
        ([error("AssertionError", "two\nlines")], "two lines"),
        ([error("AssertionError", "")], "AssertionError:"),
        ([error("NameError", "no x"), error("ValueError", "later")], "NameError: no x"),
        (
            [error("CellTimeoutError", ""), error("KernelLost", "It ran for longer than 60 s.")],
            "It ran for longer than 60 s.",
        ),
        ([new_output("stream", name="stderr", text="10%|##")], "it wrote to stderr: 10%|##"),
        ([error("RuntimeError", "x" * 999)], "x" * LONGEST),
    ],
)
def test_a_cell_s_error_is_one_short_line(outputs, said):
    assert sentence(new_code_cell("1", outputs=outputs)) == said
