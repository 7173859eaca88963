"""Sparse transport: the pictures keep what their titles and notes say."""

import warnings

import numpy as np
import pytest

from optilab.papers.sparse_optimal_transport import algorithm, experiment, explorer
from optilab.papers.sparse_optimal_transport.explorer import routers, walks
from optilab.papers.sparse_optimal_transport.explorer.plans import CALLS, ENTROPIC, EXACT, QUADRATIC, SPARSE
from optilab.papers.sparse_optimal_transport.explorer.posts import posts
from optilab.papers.sparse_optimal_transport.explorer.recolour import NOON
from optilab.problems.transport import affinities, bumps


def test_the_dial_of_the_first_picture_keeps_its_promises():
    compute = explorer.plans().compute

    def fullest(data):
        return np.nanmax(data["count"][1])

    quadratic = compute(QUADRATIC, 4, 1.0, 0.03)
    assert "<b>" not in quadratic["note"]  # rows right to 1e-3
    assert fullest(quadratic) > 4
    sparse = compute(SPARSE, 4, 1.0, 0.03)
    assert fullest(sparse) == 4
    one = compute(SPARSE, 1, 1.0, 0.03)
    assert "No plan with k = 1" in one["note"]
    reached = algorithm.adam_then_lbfgs(algorithm.SemiDual(bumps(), 1), maxfun=CALLS).value
    assert 0 <= experiment.reference_lines(bumps()).ceiling - reached < 1e-3
    assert fullest(compute(ENTROPIC, 4, 1.0, 0.003)) > 4
    assert (compute(EXACT, 4, 1.0, 0.03)["mass"] <= 0).sum() <= 47


def test_a_column_doesnt_change_beyond_what_the_water_leaves():
    compute = explorer.one_column().compute
    three, all_of_them = (compute(k, 1.5, 2.0, 0, True) for k in (3, 12))
    enough = int(np.isfinite(three["t_free"][1]).sum())
    assert enough > 3
    np.testing.assert_array_equal(compute(enough, 1.5, 2.0, 0, True)["t"], all_of_them["t"])
    assert np.nansum(three["t"][1]) == pytest.approx(1.5)
    free = compute(3, 1.5, 2.0, 0, False)
    assert free["level"][1] == [0, 0]


def test_lbfgs_stops_on_the_ground_of_facets_and_not_in_the_bowl():
    for k, short in ((1, True), (3, False)):
        path = walks.asked("L-BFGS", k, -0.6, -0.6)
        reached = algorithm.SemiDual(walks.small(), k)(path).max()
        assert (walks.small_top(k) - reached > 1e-4) == short


def test_gaps_on_two_hills_end_as_the_titles_say():
    gaps = {method: walks.tops()[0] - walks.curves(method)[-1] for method in walks.METHODS}
    assert (np.diff(gaps["L-BFGS"]) < 1e-9).all()
    assert (gaps[walks.BOTH] <= gaps["Adam"] + 1e-9).all()
    assert (gaps[walks.BOTH][:4] < gaps["L-BFGS"][:4] / 3).all()
    assert (gaps["Adam"][:3] < gaps["L-BFGS"][:3] / 3).all()
    assert gaps["Adam"][0] > 1e-4 > gaps["Adam"][-1]
    for method in ("supergradient, fixed steps", "supergradient, steps 1/√t"):
        assert (gaps[method] > 1e-3).all()
        assert gaps[method].max() < 3 * gaps[method].min()


def test_experts_are_seated_as_the_bars_say():
    compute = explorer.experts().compute
    lost = {}
    for router in routers.ROUTERS:
        lost[router] = compute(router, 8, 2.0, 41, 0)["here"][1] * 64 / 100
        pairs, bars = routers.ROUTERS[router](8, 2.0, 0)
        cleared = affinities(0, 64, 8, 2.0) >= bars
        if router == "token choice":  # it asks one expert alone
            assert (pairs <= cleared).all()
        else:
            assert (pairs != cleared).mean() < 0.01  # on the level it is a matter of rounding
    assert list(lost.values()) == [26, 11, 5, 0, 0]
    assert "8 experts are overfull" in compute("quadratic OT", 8, 2.0, 41, 0)["title"]
    assert compute("token choice", 8, 2.0, 41, 0)["ask"] == "Token 41 asks expert 1 alone, which is full"
    assert compute("sparse OT", 8, 2.0, 41, 0)["ask"] == "Token 41 clears the bar of expert 5"


@pytest.mark.parametrize("skew", [0.0, 2.0, 4.0])
def test_sparse_transport_needs_no_seats_to_spare(skew):
    for seed in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of k = 6
            seats, missing = routers.law(skew, seed)["ours"]
        np.testing.assert_allclose(missing, np.maximum(100 * (1 - np.array(seats) / 8), 0), atol=3)
        assert (routers.law(skew, seed)["token choice"][1] >= 100 * (1 - routers.KS / 8)).all()


def test_experts_without_room_are_announced():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        few = explorer.experts(k=4, router="sparse OT")
    assert "k n = 32 tokens only" in few.data["note"]


def test_without_mass_a_colour_stays():
    compute = explorer.recolour().compute
    found = compute(NOON, 1, 1.0)
    assert "stay as they were" in found["note"]
    changed = (found["recoloured"] != found["source"]).any(-1)
    assert 0.5 < changed.mean() < 0.97
    assert "Every colour is moved" in compute(NOON, 24, 1.0)["note"]


def test_posts_stand_where_they_have_a_height():
    x, y = posts(np.arange(3), 1, np.array([2.0, np.nan, 1.0]))
    np.testing.assert_array_equal(x, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(y, [1, 2, np.nan, *[np.nan] * 6])
