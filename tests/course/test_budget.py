"""A limit for a whole submission."""

import pytest

from optilab.course import budget
from optilab.course.budget import Budget


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still, and a function that sets it."""
    now = [100.0]
    monkeypatch.setattr(budget.time, "monotonic", lambda: now[0])
    return lambda time: now.__setitem__(0, time)


def test_it_is_spent_when_its_seconds_are_over(clock):
    limit = Budget(30)
    clock(129.9)
    assert not limit.spent
    clock(130)
    assert limit.spent
    assert limit.refusal == "All cells and checks together ran for longer than 30 s."


def test_a_cell_gets_its_own_limit_or_what_is_left(clock):
    limit = Budget(90)
    assert limit.capped(60) == 60
    clock(150)
    assert limit.capped(60) == 40
    clock(500)
    assert limit.capped(60) == 1


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_there_must_be_something_to_spend(seconds):
    with pytest.raises(ValueError, match="> 0"):
        Budget(seconds)
