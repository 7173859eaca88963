"""Pareto quality against the definitions, against moocore, and in its properties."""

from math import comb

import moocore
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.problems.pareto import (
    best,
    check_weights,
    crowding,
    dominates,
    hypervolume,
    non_dominated,
    ranks,
    simplex_weights,
)

seeds = st.integers(0, 2**31)
objectives = st.integers(1, 3)


def cloud(seed, m, N=30, levels=6):
    """Points on a coarse lattice, so that ties and equal points are many."""
    return np.random.default_rng(seed).integers(0, levels, (N, m)) / levels


@given(seed=seeds, m=objectives)
@settings(max_examples=40, deadline=None)
def test_the_mask_and_the_ranks_are_those_of_the_definition_and_of_moocore(seed, m):
    Y = cloud(seed, m)
    beaten = np.array([any(dominates(z, y) for z in Y) for y in Y])
    np.testing.assert_array_equal(non_dominated(Y), ~beaten)
    np.testing.assert_array_equal(ranks(Y) == 0, ~beaten)
    np.testing.assert_array_equal(ranks(Y), moocore.pareto_rank(Y))
    np.testing.assert_array_equal(non_dominated(Y), moocore.is_nondominated(Y, keep_weakly=True))


def test_a_dominated_point_is_behind_one_of_the_front_before():
    Y, order = cloud(3, 2, 60), np.arange(60)
    rank = ranks(Y)
    for place in order[rank > 0]:
        assert any(dominates(Y[other], Y[place]) for other in order[rank == rank[place] - 1])
    assert rank.max() > 3


@given(seed=seeds, m=objectives)
@settings(max_examples=60, deadline=None)
def test_hypervolume_is_moocores(seed, m):
    rng = np.random.default_rng(seed)
    for Y in (cloud(seed, m), rng.normal(size=(25, m))):
        reference = rng.uniform(0.3, 1, m)  # some points lie beyond it
        expected = moocore.hypervolume(Y, ref=reference) if m > 1 else max(reference[0] - Y.min(), 0)
        np.testing.assert_allclose(hypervolume(Y, reference), expected, rtol=1e-13, atol=1e-13)


def test_hypervolume_counts_the_cells_that_are_dominated():
    Y, cells = cloud(5, 3, N=12, levels=5), (np.indices((5, 5, 5)).reshape(3, -1).T + 0.5) / 5
    covered = (Y[:, None, :] < cells).all(-1).any(0)
    np.testing.assert_allclose(hypervolume(Y, np.ones(3)), covered.mean(), rtol=1e-13)


@given(seed=seeds, m=objectives)
@settings(max_examples=40, deadline=None)
def test_hypervolume_grows_with_points_and_knows_neither_order_nor_copies(seed, m):
    rng = np.random.default_rng(seed)
    Y, reference = rng.random((20, m)), np.full(m, 0.9)
    volumes = [hypervolume(Y[:k], reference) for k in range(21)]
    assert volumes[0] == 0
    assert (np.diff(volumes) >= -1e-15).all()
    again = np.concatenate([rng.permutation(Y), Y[:5]])
    np.testing.assert_allclose(hypervolume(again, reference), volumes[-1], rtol=1e-13)
    np.testing.assert_allclose(hypervolume(Y[non_dominated(Y)], reference), volumes[-1], rtol=1e-13)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_a_batch_gives_its_sets_one_by_one(m):
    rng = np.random.default_rng(m)
    Y, reference = rng.integers(0, 9, (2, 4, 15, m)) / 9, rng.uniform(0.5, 1, (4, m))
    rank, kept = ranks(Y), best(Y, 7)
    for place in np.ndindex(2, 4):
        np.testing.assert_array_equal(rank[place], ranks(Y[place]))
        np.testing.assert_array_equal(non_dominated(Y)[place], non_dominated(Y[place]))
        np.testing.assert_array_equal(crowding(Y, rank)[place], crowding(Y[place], rank[place]))
        np.testing.assert_array_equal(kept[place], best(Y[place], 7))
        np.testing.assert_allclose(
            hypervolume(Y, reference)[place], hypervolume(Y[place], reference[place[1]]), rtol=1e-14
        )


def test_sets_of_different_sizes_are_filled_up_with_the_reference():
    Y, reference = np.random.default_rng(1).random((9, 2)), np.array([1.0, 0.8])
    padded = np.concatenate([Y, np.broadcast_to(reference, (4, 2))])
    assert hypervolume(padded, reference) == hypervolume(Y, reference)


def test_crowding_on_a_front_by_hand():
    Y = np.array([[0.0, 4.0], [1.0, 2.0], [3.0, 1.0], [4.0, 0.0], [9.0, 9.0], [8.0, 10.0], [9.0, 9.0]])
    rank = np.array([0, 0, 0, 0, 1, 1, 2])
    np.testing.assert_allclose(crowding(Y, rank), [np.inf, 3 / 4 + 3 / 4, 3 / 4 + 2 / 4, *[np.inf] * 4])
    np.testing.assert_array_equal(best(Y[:4], 3), [0, 3, 1])
    flat = crowding(np.array([[0.0, 1.0], [1.0, 1.0], [3.0, 1.0]]))
    np.testing.assert_allclose(flat, [np.inf, 1.0, np.inf])  # an objective in which all are equal tells nothing


def test_the_best_are_those_that_nsga_ii_keeps():
    Y = np.random.default_rng(7).random((50, 2))
    rank, kept = ranks(Y), best(Y, 23)
    last = np.sort(rank)[22]
    assert rank[kept].max() == last
    assert len(set(kept)) == 23
    assert set(np.flatnonzero(rank < last)) <= set(kept)
    here = crowding(Y, rank)
    left_out = np.setdiff1d(np.flatnonzero(rank == last), kept)
    assert here[kept][rank[kept] == last].min() >= here[left_out].max()


@pytest.mark.parametrize(("m", "H"), [(1, 4), (2, 49), (3, 9), (4, 3)])
def test_the_weights_are_all_fractions_once_in_order(m, H):
    w = simplex_weights(m, H)
    assert w.shape == (comb(H + m - 1, m - 1), m)
    assert sorted(map(tuple, w)) == list(map(tuple, w))
    assert len(set(map(tuple, w))) == len(w)
    np.testing.assert_allclose(w * H, np.round(w * H), atol=1e-12)
    np.testing.assert_array_equal(check_weights("w", w, m), w)


REFUSED = [
    (lambda: non_dominated(np.zeros(3)), "the shape of Y"),
    (lambda: ranks(np.array([[0.0, np.nan]])), "Y"),
    (lambda: crowding(np.zeros((3, 2)), np.zeros(2, int)), "the shape of rank"),
    (lambda: best(np.zeros((3, 2)), 4), "count"),
    (lambda: best(np.zeros((3, 2)), 1.5), "count"),
    (lambda: hypervolume(np.zeros((3, 4)), np.ones(4)), "the number of objectives"),
    (lambda: hypervolume(np.zeros((3, 2)), np.ones(3)), "the shape of reference"),
    (lambda: simplex_weights(0, 3), "m"),
    (lambda: simplex_weights(2, 0), "H"),
    (lambda: check_weights("weights", np.array([0.5, 0.6])), "weights"),
    (lambda: check_weights("weights", np.array([-0.5, 1.5])), "weights"),
    (lambda: check_weights("weights", np.zeros((2, 2))), "weights"),
    (lambda: check_weights("weights", np.array([0.5, 0.5]), 3), "the shape of weights"),
]


@pytest.mark.parametrize(("ask", "named"), REFUSED)
def test_what_is_not_allowed_is_refused_by_name(ask, named):
    with pytest.raises(ValueError, match=f"^{named} must be"):
        ask()
