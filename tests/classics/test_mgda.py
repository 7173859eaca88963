"""The least-norm point against the faces of the hull one by one, a general solver, and its certificate."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from optilab.classics.mgda import common_descent, least_norm

seeds = st.integers(0, 2**31)


def of_faces(G):
    """The shortest point of the hull: on each face where the point of its plane is inside."""
    shortest = np.full(G.shape[1], np.inf)
    for size in range(1, len(G) + 1):
        for face in combinations(G, size):
            P = np.array(face)
            edges = (P[1:] - P[0]).T
            steps = np.linalg.lstsq(edges, -P[0], rcond=None)[0] if size > 1 else np.zeros(0)
            inside = (steps >= -1e-12).all() and steps.sum() <= 1 + 1e-12
            point = P[0] + edges @ steps if size > 1 else P[0]
            if inside and np.linalg.norm(point) < np.linalg.norm(shortest):
                shortest = point
    return shortest


@given(seed=seeds, k=st.integers(1, 6), d=st.integers(1, 5))
@settings(max_examples=80, deadline=None)
def test_it_is_the_shortest_point_of_all_faces(seed, k, d):
    rng = np.random.default_rng(seed)
    G = rng.normal(rng.normal(), 1, (k, d)) * 10 ** rng.uniform(-3, 3)
    scale = abs(G).max()
    np.testing.assert_allclose(least_norm(G).point, of_faces(G), atol=1e-9 * scale)


@given(seed=seeds, k=st.integers(1, 40), d=st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_it_keeps_its_certificate_and_all_objectives_fall(seed, k, d):
    rng = np.random.default_rng(seed)
    G = rng.normal(rng.normal(), 1, (k, d))
    point, w = least_norm(G)
    assert (w >= 0).all()
    assert abs(w.sum() - 1) < 1e-12
    np.testing.assert_allclose(w @ G, point, atol=1e-12)
    assert (G @ point >= point @ point - 1e-9).all()
    v = common_descent(G)
    assert (G @ v <= -(v @ v) + 1e-9).all()


def test_it_is_what_a_general_solver_finds():
    rng = np.random.default_rng(4)
    for _ in range(5):
        G = rng.normal(0.5, 1, (8, 5))
        simplex = {"type": "eq", "fun": lambda w: w.sum() - 1}
        start = np.full(8, 1 / 8)
        found = minimize(
            lambda w, G=G: ((w @ G) ** 2).sum(), start, bounds=[(0, 1)] * 8, constraints=[simplex], tol=1e-14
        )
        np.testing.assert_allclose(((least_norm(G).point) ** 2).sum(), found.fun, atol=1e-7)


def test_two_gradients_alone_and_doubled_agree():
    rng = np.random.default_rng(5)
    G = rng.normal(size=(20, 2, 3)) + 0.8
    once, twice = least_norm(G), least_norm(np.concatenate([G, G], -2))
    np.testing.assert_allclose(once.point, twice.point, atol=1e-12)
    cut = (once.weights == 0).any(-1)
    assert cut.any()
    assert not cut.all()


def test_gradients_that_oppose_leave_nothing():
    opposed = np.array([[1.0, -2.0], [-3.0, 6.0]])
    np.testing.assert_allclose(least_norm(opposed).weights, [0.75, 0.25])
    np.testing.assert_allclose(common_descent(opposed), 0, atol=1e-15)
    surround = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    np.testing.assert_allclose(least_norm(surround).weights, 1 / 3)


def test_equal_gradients_are_gradient_descent():
    g = np.array([0.3, -4.0, 1e-3])
    for k in (1, 2, 3):
        np.testing.assert_allclose(common_descent(np.tile(g, (k, 1))), -g, rtol=1e-12)
    np.testing.assert_array_equal(least_norm(np.tile(g, (2, 1))).weights, [0.5, 0.5])
    np.testing.assert_array_equal(common_descent(np.zeros((3, 2))), 0)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_a_batch_gives_its_hulls_one_by_one_at_any_scale(k):
    G = np.random.default_rng(6).normal(size=(2, 3, k, 4))
    together = least_norm(G)
    for place in np.ndindex(2, 3):
        alone = least_norm(G[place])
        np.testing.assert_allclose(together.point[place], alone.point, atol=1e-14)
        np.testing.assert_allclose(least_norm(1e150 * G[place]).weights, alone.weights, atol=1e-12)
        np.testing.assert_allclose(least_norm(1e-150 * G[place]).weights, alone.weights, atol=1e-12)


def test_what_is_not_allowed_is_refused_by_name():
    with pytest.raises(ValueError, match="the shape of G must be"):
        least_norm(np.zeros(3))
    with pytest.raises(ValueError, match="the shape of G must be"):
        common_descent(np.zeros((0, 3)))
    with pytest.raises(ValueError, match="G must be"):
        least_norm(np.array([[np.nan, 1.0]]))
