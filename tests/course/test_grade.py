"""What checks stand on: limits of time, borrowed work, genuine expressions."""

import io
import logging
import sys
import threading
import warnings

import numpy as np
import pytest
import sympy as sp
from classwork import SLUGS, cells, source

from optilab.classics import heavy_ball
from optilab.core.run import run
from optilab.course.execute import Execute
from optilab.course.grade import allowed, exam, own_work, symbolic, time_limit
from optilab.papers.discretisation_drift.algorithm import coefficients
from optilab.problems.quadratic import Quadratic

BALL = "optilab.classics.heavy_ball"
VALLEY = Quadratic(np.eye(2), np.zeros(2))


def borrowed(problem, x):
    return run(heavy_ball.heavy_ball(problem, x, alpha=0.1, beta=0.5), 1).x[-1]


def stubborn():
    """Catches the first error that stops it."""
    try:
        while True:
            pass
    except AssertionError:
        while True:
            pass


def test_what_computes_too_long_is_stopped_even_if_it_catches_errors():
    with pytest.raises(AssertionError, match=r"longer than 0\.2 s: is there a loop"), time_limit(0.2):
        stubborn()


def test_what_is_quick_leaves_no_alarm():
    with time_limit(0.05):
        pass
    x = np.ones(2)
    for _ in range(100_000):
        x = x * 1.0
    assert x.sum() == 2


def test_an_exam_is_quiet(capsys):
    with exam(), warnings.catch_warnings(record=True) as said:
        print("half done", file=sys.stderr)
        assert np.isnan(np.zeros(1) / np.zeros(1))
    assert capsys.readouterr().err == ""
    assert not said


def test_logs_are_left_unsaid_whatever_stderr_their_handler_keeps():
    said, logger = io.StringIO(), logging.getLogger("an answer")
    handler = logging.StreamHandler(said)
    logger.addHandler(handler)
    try:
        with exam():
            logger.critical("half done")
        assert said.getvalue() == ""
        logger.critical("done")
        assert said.getvalue() == "done\n"
    finally:
        logger.removeHandler(handler)


def test_own_work_passes_and_may_use_what_it_is_given_and_numpy():
    step = own_work(lambda problem, x: np.linalg.solve(np.eye(2), x - 0.1 * problem.grad(x)), BALL)
    np.testing.assert_allclose(step(VALLEY, np.ones(2)), 0.9)


def in_a_thread(problem, x):
    found = []
    thread = threading.Thread(target=lambda: found.append(borrowed(problem, x)))
    thread.start()
    thread.join()
    return found[0]


def caught(problem, x):
    try:
        return borrowed(problem, x)
    except BaseException:
        return x


@pytest.mark.parametrize("answer", [borrowed, in_a_thread, caught, lambda *given: borrowed(*given)])
def test_borrowed_work_is_noticed_however_it_is_reached(answer):
    with pytest.raises(AssertionError, match=r"heavy_ball of optilab\.classics\.heavy_ball"):
        own_work(answer, BALL)(VALLEY, np.ones(2))


def test_a_function_that_is_returned_is_watched_too():
    make = own_work(lambda: coefficients.alpha_pf, "optilab.papers.discretisation_drift.algorithm")
    with pytest.raises(AssertionError, match="alpha_pf of"):
        make()(0.5)


def test_turning_the_watch_off_is_noticed():
    def sly(problem, x):
        sys.setprofile(None)
        return borrowed(problem, x)

    with pytest.raises(AssertionError, match="profile"):
        own_work(sly, BALL)(VALLEY, np.ones(2))
    assert sys.getprofile() is None


def test_only_functions_are_watched_and_only_modules_named():
    with pytest.raises(AssertionError, match="a function is asked for"):
        own_work(3, BALL)
    with pytest.raises(ValueError, match="one that can be imported"):
        own_work(borrowed, "optilab.nothing")


def test_expressions_are_read_in_any_form():
    x = sp.Symbol("x")
    E = sp.Function("E")(x)
    assert symbolic(3) == 3
    assert symbolic(E.diff(x) / 2) == E.diff(x) / 2


def test_what_a_check_allows_is_read_off_its_text():
    assert allowed("with exam(30):\n    with exam(seconds=0.5):\n        pass") == 30.5
    assert allowed("with exam(), exam(seconds=n):\n    pass") == 40
    assert allowed("'exam(30)'") == 0


def test_a_check_may_take_what_it_allows_and_the_cells_before_it_besides():
    step = Execute(timeout=60)
    step.spent = 1.5
    assert step.longest("with exam(seconds=20):\n    pass") == 63
    assert step.longest("with exam(seconds=90):\n    pass") == 93


@pytest.mark.parametrize("slug", SLUGS)
def test_all_checks_of_an_assignment_may_take_what_they_allow(slug):
    checks = cells(source(slug), "grade").values()
    assert 40 * len(checks) <= sum(allowed(cell.source) for cell in checks) <= Execute().submission_timeout * 0.7


class Anything(sp.Expr):
    def __sub__(self, other):
        return sp.Integer(0)


@pytest.mark.parametrize("answer", [None, "1 +", [1, 2], Anything(), 1 + Anything(), {}, sp.oo, sp.nan, 1 + sp.zoo])
def test_what_is_no_expression_of_sympy_is_refused(answer):
    with pytest.raises(AssertionError, match=r"the answer (must be|holds)"):
        symbolic(answer)
