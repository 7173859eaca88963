from functools import cache
from math import sqrt

import numpy as np
import pytest

from optilab.classics import heavy_ball
from optilab.core.run import run as follow
from optilab.problems.quadratic import Quadratic
from optilab.ui.recipe import literal, written

RUNS, KIND = 3, "steep"
SCALES = {"steep": 20.0}


@cache
def scale(kind: str) -> float:
    return SCALES[kind]


def steps(alpha: float, beta: float = 0.5, kind: str = KIND):
    """Follow a valley; this line isn't shown."""
    valley = Quadratic(np.diag([1.0, scale(kind)]), np.zeros(2))

    # a comment stays
    trace = follow(
        heavy_ball.heavy_ball(valley, np.ones((RUNS, 2)), alpha=alpha, beta=beta),
        10,
    )
    return sqrt(2) * trace.x[-1]


def test_the_lines_are_the_functions_own():
    text = written(steps, {"alpha": 0.1 + 0.2, "gamma": 1})
    assert "isn't shown" not in text
    assert "return" not in text
    assert "\n# a comment stays\n" in text
    assert text.startswith("from functools import") is False
    assert "import numpy as np\n" in text
    assert "from math import sqrt\n" in text
    assert "from optilab.core.run import run as follow\n" in text
    assert "\nRUNS = 3\n\nalpha = 0.3\nbeta = 0.5\nkind = 'steep'\nvalley = " in text
    assert f"from {__name__} import scale\n" in text


def test_the_script_gives_what_the_function_gives():
    text = written(steps, {"alpha": 0.05, "beta": 0.9})
    *lines, last = text.splitlines()
    names = {"scale": scale}
    exec("\n".join(line for line in lines if __name__ not in line), names)
    np.testing.assert_array_equal(eval(last, names), steps(0.05, 0.9))


def test_a_slider_s_arithmetic_is_not_shown():
    assert literal(0.1 + 0.2) == "0.3"
    assert literal(2) == "2"
    assert literal("η") == "'η'"


def no_docstring(a):
    return a * RUNS


@pytest.mark.parametrize("recipe", [no_docstring, cache(no_docstring)])
def test_docstrings_and_decorators_don_t_matter(recipe):
    assert written(recipe, {"a": 1}).strip() == "RUNS = 3\n\na = 1\na * RUNS"
