"""A course in a temporary folder."""

from pathlib import Path

import pytest
from classwork import Course

from optilab import cli


@pytest.fixture(scope="session")
def released(tmp_path_factory) -> Path:
    """The folder of a course in which every assignment has been released."""
    folder = tmp_path_factory.mktemp("course") / "optilab"
    assert cli.main(["course", "init", str(folder)]) == 0
    Course(folder, "*").nbgrader("generate_assignment", "*")
    return folder


@pytest.fixture
def course(request, released) -> Course:
    """The course, with the assignment of the parameter."""
    return Course(released, request.param)
