"""Verdicts on answers."""

from optilab.ui.attempt import attempt


def check_two(answer):
    if answer != 2:
        raise AssertionError(f"<{answer}> is not two")


def test_a_right_answer_is_right():
    verdict = attempt(check_two, 2)
    assert verdict.right
    assert repr(verdict) == "Right."
    assert "Right." in verdict._repr_html_()


def test_a_mistake_is_named_and_escaped():
    verdict = attempt(check_two, 3)
    assert not verdict.right
    assert repr(verdict) == "Not yet: <3> is not two"
    assert "&lt;3&gt; is not two" in verdict._repr_html_()


def test_an_error_in_the_answer_is_a_mistake_with_a_name():
    verdict = attempt(lambda answer: answer(), lambda: 1 / 0)
    assert repr(verdict) == "Not yet: your code stopped with ZeroDivisionError: division by zero"


def test_a_bare_assertion_says_at_least_that_it_is_wrong():
    def check(answer):
        raise AssertionError

    assert repr(attempt(check, 0)) == "Not yet: the answer is wrong"


def test_a_right_answer_hears_what_it_is_good_for():
    assert repr(attempt(lambda: "momentum cancels the lag")) == "Right: momentum cancels the lag"
    assert repr(attempt(lambda: None)) == "Right."
