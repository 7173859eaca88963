"""A course in a temporary folder."""

import pytest
from classwork import Course

from optilab import cli


@pytest.fixture(scope="module")
def course(request, tmp_path_factory) -> Course:
    """A course in which the assignment of the parameter has been released."""
    made = Course(tmp_path_factory.mktemp("course") / "optilab", request.param)
    assert cli.main(["course", "init", str(made.folder)]) == 0
    made.nbgrader("generate_assignment", made.slug)
    return made
