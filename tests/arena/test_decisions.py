import numpy as np
import pytest

from optilab.arena import decisions
from optilab.arena.contract import fits
from optilab.arena.decisions import ARROWS
from optilab.arena.methods import METHODS
from optilab.arena.problems import PROBLEMS

FRESH = 7  # a seed that no picture and no table was measured with
CASES = [pytest.param(name, marks=[pytest.mark.full] if arrow.slow else []) for name, arrow in ARROWS.items()]


@pytest.mark.parametrize("name", CASES)
def test_an_arrow_points_where_its_race_does_on_fresh_seeds(name):
    found = decisions.judged(name, decisions.rerun(name, FRESH))
    assert found.stands, found


@pytest.mark.parametrize("name", ARROWS)
def test_who_races_for_an_arrow_can_race_there(name):
    arrow = ARROWS[name]
    problem = PROBLEMS[arrow.problem](**arrow.properties)
    assert [fits(METHODS[method], problem) for method in arrow.methods] == [None] * len(arrow.methods)
    assert 2 <= len(set(arrow.methods)) == len(arrow.methods) <= 4
    assert arrow.times > 1


def test_the_first_map_is_what_seed_0_gives():
    stored = decisions.stored()
    assert list(stored) == list(ARROWS)
    assert all(found.stands for found in stored.values())
    for name in ("turned", "known budget"):
        again = decisions.judged(name, decisions.rerun(name, 0))
        assert (again.winner, again.stands) == (stored[name].winner, stored[name].stands)
        assert np.isclose(again.ratio, stored[name].ratio, rtol=1e-6)
        for method, quartiles in again.quartiles.items():
            np.testing.assert_allclose(quartiles, stored[name].quartiles[method], rtol=1e-6)


def test_an_arrow_that_points_elsewhere_does_not_stand(monkeypatch):
    race = decisions.rerun("turned", 0)
    arrow = ARROWS["turned"]
    for wrong in ({"take": "Adam", "over": "heavy ball"}, {"times": 1e6}, {"tie": True}):
        changed = decisions.Arrow(**vars(arrow) | wrong)
        monkeypatch.setitem(ARROWS, "turned", changed)
        assert not decisions.judged("turned", race).stands


def test_a_claim_fails_where_the_race_says_otherwise(monkeypatch):
    race = decisions.rerun("turned", 0)
    assert decisions.claimed("turned", race).holds
    monkeypatch.setitem(ARROWS, "turned", decisions.Arrow(**vars(ARROWS["turned"]) | {"times": 1e6}))
    assert not decisions.claimed("turned", race).holds


def test_where_somebody_wins_a_claim_that_nobody_does_fails_however_close_the_medians_are(monkeypatch):
    race = decisions.rerun("turned", 0)
    ratio = decisions.judged("turned", race).ratio
    for tie, holds in ((True, False), (False, True)):
        changed = decisions.Arrow(
            **vars(ARROWS["turned"]) | {"tie": tie, "times": 0.9 * ratio if not tie else 2 * ratio}
        )
        monkeypatch.setitem(ARROWS, "turned", changed)
        claim = decisions.claimed("turned", race)
        assert claim.holds == decisions.judged("turned", race).stands == holds


def test_an_arrow_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"the arrow must be one of momentum, turned.*got 'sideways'"):
        decisions.rerun("sideways")
