import numpy as np
import pytest

from optilab.arena import diagrams
from optilab.arena.diagrams import METHODS, OPEN, PLANS

CELLS = [("condition and noise", (0, 4)), ("condition and noise", (4, 0)), ("dimension and budget", (2, 0))]


@pytest.mark.parametrize(("name", "at"), CELLS)
def test_a_cell_of_the_first_picture_is_its_race(name, at):
    stored = diagrams.stored(name)
    race = PLANS[name].race(*at, seed=0)
    again = diagrams.noted(race)
    for part, other in zip(stored, again, strict=True):
        np.testing.assert_allclose(part[at].astype(float), np.asarray(other, float), atol=0.01)
    assert METHODS[stored.leader[at]] == race.order[0]
    assert (race.winner is None) == (stored.winner[at] == OPEN)
    assert [METHODS[k] for k in np.flatnonzero(stored.cut_off[at])] == race.cut_off
    for which, name in enumerate(METHODS):
        assert np.isnan(stored.median[at][which]).all() == (name not in race.entrants)


@pytest.mark.parametrize("name", PLANS)
def test_the_diagrams_have_room_for_winners_and_for_nobody(name):
    stored, plan = diagrams.stored(name), PLANS[name]
    assert stored.winner.shape == (len(plan.y[1]), len(plan.x[1]))
    named = stored.winner != OPEN
    assert named.any()
    assert not named.all()
    assert (stored.winner[named] == stored.leader[named]).all()
    assert {METHODS[k] for k in np.unique(stored.leader)} <= set(plan.methods)
    assert stored.cut_off.mean() < 0.01


def test_a_sweep_that_is_stopped_stops():
    done = []

    def progress(so_far, total):
        done.append(so_far / total)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        diagrams.measured("condition and noise", 1, progress)
    assert done == [1 / 36]


@pytest.mark.parametrize("ask", [diagrams.stored, lambda name: diagrams.measured(name, 0)])
def test_a_diagram_that_is_not_there_is_refused(ask):
    with pytest.raises(ValueError, match=r"the diagram must be one of condition and noise, .*got 'nowhere'"):
        ask("nowhere")
