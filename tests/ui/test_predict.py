"""A prediction keeps its answer to itself until the reader commits."""

import json

import ipywidgets as widgets
import pytest

from optilab.ui.predict import Predict

REPLIES = {"It diverges": "That is the edge.", "It <converges>": "Slowly, yet it does.", "Neither": "It must do one."}


@pytest.fixture
def predict():
    return Predict("What happens at 2/L & beyond?", REPLIES, answer="It <converges>", because="The factor is 0.9.")


def sent(predict):
    """All that the browser has been told, as one text."""
    return "".join(json.dumps(child.get_state(), default=str) for child in [predict, *predict.children])


def choose(predict, option):
    predict.children[1].value = option
    predict.children[2].click()


def test_the_answer_stays_in_the_kernel_until_the_reader_commits(predict):
    predict.children[1].value = "Neither"
    assert "The factor is 0.9." not in sent(predict)
    assert not any(reply in sent(predict) for reply in REPLIES.values())
    predict.children[2].click()
    assert "The factor is 0.9." in sent(predict)


def test_nothing_is_chosen_at_first_and_there_is_nothing_to_commit(predict):
    _, options, commit, reply = predict.children
    assert options.value is None
    assert commit.disabled
    assert reply.value == ""
    options.value = "Neither"
    assert not commit.disabled


def test_every_option_has_its_own_reply_before_the_reason(predict):
    choose(predict, "It diverges")
    reply = predict.children[3].value
    assert "It is <b>It &lt;converges&gt;</b>. That is the edge. The factor is 0.9." in reply
    assert REPLIES["Neither"] not in reply


def test_the_right_answer_is_acknowledged(predict):
    choose(predict, "It <converges>")
    assert "You saw it coming. Slowly, yet it does. The factor is 0.9." in predict.children[3].value


def test_a_commitment_is_final(predict):
    choose(predict, "Neither")
    assert predict.children[1].disabled
    assert predict.children[2].disabled


def test_options_may_be_a_list():
    predict = Predict("Which?", ["one", "two"], answer="two", because="It is even.")
    choose(predict, "one")
    assert "It is <b>two</b>." in predict.children[3].value
    assert "It is even." in predict.children[3].value


def test_an_answer_that_is_no_option_is_refused():
    with pytest.raises(ValueError, match=r"answer must be one of the options \['one', 'two'\], got 'three'"):
        Predict("Which?", ["one", "two"], answer="three", because="")


def test_the_question_is_shown_as_text(predict):
    question = predict.children[0]
    assert isinstance(question, widgets.HTML)
    assert "2/L &amp; beyond?" in question.value


def test_its_text_is_the_same_every_time(predict):
    again = Predict("What happens at 2/L & beyond?", REPLIES, answer="Neither", because="")
    assert repr(predict) == repr(again) == "Predict('What happens at 2/L & beyond?')"
