"""What students get."""

import pytest
from classwork import HIDDEN, SLUGS, SOLUTION, cells, source


@pytest.mark.parametrize("course", SLUGS, indirect=True)
def test_it_holds_no_answer_and_no_hidden_test(course):
    text = "\n".join(cell.source for cell in source(course.slug).cells)
    secret = "\n".join(SOLUTION.findall(text) + HIDDEN.findall(text)).splitlines()
    visible = HIDDEN.sub("", SOLUTION.sub("", text))
    secret = [line for line in map(str.strip, secret) if len(line) > 8 and line not in visible]
    assert len(secret) > 10, "the assignment has hardly a solution or a hidden test"
    released = "\n".join(cell.source for cell in course.released.cells)
    assert [line for line in secret if line in released] == []
    assert not any(cell.get("outputs") for cell in course.released.cells)


@pytest.mark.parametrize("course", SLUGS, indirect=True)
def test_it_runs_up_to_the_first_task(course):
    code = [cell for cell in course.released.cells if cell.cell_type == "code"]
    task = code.index(next(iter(cells(course.released, "solution").values())))
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in code[:task]:
        exec(compile(cell.source, "<cell>", "exec"), names)
    with pytest.raises(RuntimeError, match=r"This task has no answer yet\."):
        exec(compile(code[task].source, "<cell>", "exec"), names)
