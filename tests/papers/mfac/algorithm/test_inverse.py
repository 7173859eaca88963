"""Static, blocked, paged and dynamic algorithm against dense inverses."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.papers.mfac import algorithm as alg

sizes = st.tuples(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 12), st.floats(-3, 1))
quiet = settings(max_examples=60, deadline=None)


def drawn(seed, m, d, power):
    """Gradients, and a damping of 10^power times their largest eigenvalue."""
    G = np.random.default_rng(seed).normal(size=(m, d))
    return G, 10**power * max(np.linalg.norm(G, 2) ** 2 / m, 1e-3)


def filled(G, lam, setup=alg.cholesky_setup):
    window = alg.empty_window(*G.shape, lam)
    for g in G:
        window = alg.update(window, g, setup)
    return window


@given(sizes)
@quiet
def test_all_ways_to_the_inverse_are_the_dense_one(drawing):
    G, lam = drawn(*drawing)
    F = lam * np.eye(G.shape[1]) + sum(np.outer(g, g) for g in G) / len(G)
    x = np.random.default_rng(1).normal(size=G.shape[1])
    inverse, wanted = np.linalg.inv(F), np.linalg.solve(F, x)
    static = alg.static_precompute(G, lam)
    windows = [filled(G, lam), filled(G, lam, alg.recursive_setup)]
    found = [static.ihvp(x), alg.woodfisher(G, lam).ihvp(x), alg.svd_ihvp(G, lam, x)]
    found += [alg.paged_precompute(G, lam, pages).ihvp(x) for pages in {1, (len(G) + 1) // 2, len(G)}]
    found += [alg.ihvp(window, x) for window in windows]
    for product in found:
        np.testing.assert_allclose(product, wanted, rtol=1e-8, atol=1e-8 * abs(wanted).max())
    np.testing.assert_allclose(static.diagonal(), inverse.diagonal(), rtol=1e-8)
    k, l = np.random.default_rng(2).integers(G.shape[1], size=2)
    assert static.entry(int(k), int(l)) == pytest.approx(inverse[k, l], rel=1e-8, abs=1e-8 / lam)
    assert (static.delta >= len(G)).all()
    assert x @ x / np.linalg.norm(F, 2) * (1 - 1e-9) <= x @ static.ihvp(x) <= x @ x / lam * (1 + 1e-9)
    y = np.random.default_rng(3).normal(size=G.shape[1])
    assert x @ static.ihvp(y) == pytest.approx(y @ static.ihvp(x), abs=1e-9 / lam * len(x))
    np.testing.assert_allclose(alg.dense_fisher(G, lam), F)


@given(sizes, st.integers(1, 14))
@quiet
def test_blocks_are_the_dense_inverse_of_a_block_diagonal_fisher(drawing, b):
    G, lam = drawn(*drawing)
    d = G.shape[1]
    same = np.arange(d)[:, None] // b == np.arange(d) // b
    inverse = np.linalg.inv(np.where(same, alg.dense_fisher(G, lam), 0))
    x = np.random.default_rng(1).normal(size=d)
    for found in (alg.fisher_inverse(G, lam, b), alg.woodfisher(G, lam, b)):
        np.testing.assert_allclose(found.ihvp(x), inverse @ x, rtol=1e-8, atol=1e-9 / lam)
        np.testing.assert_allclose(found.diagonal(), inverse.diagonal(), rtol=1e-8)
    if b <= d:
        np.testing.assert_allclose(alg.blocked(G, lam, b).ihvp(x), inverse @ x, rtol=1e-8, atol=1e-9 / lam)


def test_the_order_of_gradients_and_empty_rows_make_no_difference():
    rng = np.random.default_rng(0)
    G, x = rng.normal(size=(6, 9)), rng.normal(size=9)
    G[4] = G[1]
    G[2] = 0
    wanted = np.linalg.solve(0.3 * np.eye(9) + G.T @ G / 6, x)
    for order in (rng.permutation(6) for _ in range(5)):
        np.testing.assert_allclose(alg.static_precompute(G[order], 0.3).ihvp(x), wanted, rtol=1e-10)
        np.testing.assert_allclose(alg.ihvp(filled(G[order], 0.3), x), wanted, rtol=1e-10)


@pytest.mark.parametrize("setup", [alg.cholesky_setup, alg.recursive_setup])
def test_the_window_forgets_the_oldest_gradient_and_divides_by_its_size(setup):
    rng = np.random.default_rng(0)
    m, d, lam = 4, 6, 0.3
    g, x = rng.normal(size=(3 * m + 2, d)), rng.normal(size=d)
    window = alg.empty_window(m, d, lam)
    np.testing.assert_allclose(alg.ihvp(window, x), x / lam)
    for t in range(1, len(g) + 1):
        before = [part.copy() for part in window[:4]]
        after = alg.update(window, g[t - 1], setup)
        for kept, part in zip(before, window[:4], strict=True):
            np.testing.assert_array_equal(kept, part)  # nothing is changed in place
        window = after
        held = g[max(0, t - m) : t]
        F = lam * np.eye(d) + held.T @ held / m
        np.testing.assert_allclose(alg.ihvp(window, x), np.linalg.solve(F, x), rtol=1e-9)
        newest = alg.ihvp(window, g[t - 1], window.p)
        np.testing.assert_allclose(newest, np.linalg.solve(F, g[t - 1]), rtol=1e-9)
    removed = alg.update(window, np.zeros(d), setup)
    held = g[-m + 1 :]
    np.testing.assert_allclose(alg.ihvp(removed, x), np.linalg.solve(lam * np.eye(d) + held.T @ held / m, x))


def test_the_triangles_are_what_they_stand_for():
    rng = np.random.default_rng(0)
    G, lam = rng.normal(size=(5, 7)), 0.4
    window = filled(G, lam)
    for i in range(5):
        before = np.linalg.inv(lam * np.eye(7) + G[:i].T @ G[:i] / 5)
        np.testing.assert_allclose(window.D[i, i:], G[i] @ before @ G[i:].T, rtol=1e-10)
        np.testing.assert_allclose(window.B[i] @ G, before @ G[i], rtol=1e-9, atol=1e-12)
    assert (np.tril(window.D, -1) == 0).all()
    assert (np.triu(window.B, 1) == 0).all()
    np.testing.assert_allclose(window.B.diagonal(), 1 / lam)
    L = window.D.T / (5 + window.D.diagonal())
    np.fill_diagonal(L, 1)
    pivots = np.diag(5 + window.D.diagonal())
    np.testing.assert_allclose(L @ pivots @ L.T, 5 * np.eye(5) + G @ G.T / lam)
    np.testing.assert_allclose(window.B, np.linalg.inv(L) / lam, atol=1e-12)
    for found, wanted in zip(alg.recursive_setup(window.S, lam), (window.D, window.B), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


def test_the_product_is_substitution_in_the_triangle():
    rng = np.random.default_rng(0)
    G, lam, x, m = rng.normal(size=(5, 7)), 0.4, rng.normal(size=7), 5
    window = filled(G, lam)
    D, q = window.D, G @ x / lam
    for i in range(1, m):
        q[i:] -= D[i - 1, i:] * q[i - 1] / (m + D[i - 1, i - 1])
    np.testing.assert_allclose(q, window.B @ G @ x, rtol=1e-10)
    np.testing.assert_allclose(alg.ihvp(window, x), x / lam - (q / (m + D.diagonal())) @ window.B @ G, rtol=1e-10)


@pytest.mark.parametrize("last", range(5))
def test_of_the_triangle_only_what_a_new_row_changes_is_made_anew(last):
    rng = np.random.default_rng(last)
    G, lam = rng.normal(size=(5, 7)), 0.4
    old = alg.recursion(G @ G.T, lam)
    G[last] = rng.normal(size=7)
    new = alg.recursion(G @ G.T, lam)
    poisoned = np.where(np.arange(5)[:, None] < last, old, np.nan)  # what is made anew isn't read
    poisoned[:, last] = np.nan
    again = alg.recursion(G @ G.T, lam, np.tril(np.zeros((5, 5))) + poisoned, last)
    np.testing.assert_allclose(np.triu(again), np.triu(new), rtol=1e-12)
    np.testing.assert_allclose(alg.rows_of_B(new, lam)[: last + (last < 1)], alg.rows_of_B(old, lam)[: max(last, 1)])


def test_windows_side_by_side_are_windows_one_by_one():
    rng = np.random.default_rng(0)
    g, lam = rng.normal(size=(9, 3, 5)), np.array([0.1, 1.0, 10.0])
    for setup in (alg.cholesky_setup, alg.recursive_setup):
        together = alg.empty_window(4, 5, lam, (3,))
        alone = [alg.empty_window(4, 5, value) for value in lam]
        for step in g:
            together = alg.update(together, step, setup)
            alone = [alg.update(window, one, setup) for window, one in zip(alone, step, strict=True)]
        product = alg.ihvp(together, g[0])
        np.testing.assert_allclose(product, [alg.ihvp(w, x) for w, x in zip(alone, g[0], strict=True)], rtol=1e-10)


def test_pages_may_lie_on_disk(tmp_path):
    rng = np.random.default_rng(0)
    m, d, pages = 32, 5_000, 8
    V = np.memmap(tmp_path / "V", dtype=float, mode="w+", shape=(m, d))
    G = np.memmap(tmp_path / "G", dtype=float, mode="w+", shape=(m, d))
    G[:] = rng.normal(size=(m, d))
    tracemalloc.start()
    inverse = alg.paged_precompute(G, 0.3, pages, V)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * d * m / pages * 8  # bytes: some pages, not the whole
    assert inverse.V is V
    np.testing.assert_allclose(V, alg.static_precompute(np.array(G), 0.3).V, rtol=1e-9, atol=1e-12)


def test_no_d_times_d_array_is_made():
    rng = np.random.default_rng(0)
    d, m = 20_000, 8
    G, x = rng.normal(size=(m, d)), rng.normal(size=d)
    tracemalloc.start()
    static = alg.static_precompute(G, 0.3)
    static.ihvp(x), static.diagonal(), static.entry(0, 1)
    window = filled(G, 0.3)
    alg.ihvp(window, x)
    alg.blocked(G, 0.3, 64).ihvp(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6  # bytes; a d × d array has 3.2e9


def test_in_rounding_a_row_loses_digits_as_the_condition_says_and_a_generic_vector_none():
    rng = np.random.default_rng(0)
    G = rng.normal(size=(6, 40))
    generic = rng.normal(size=40)

    def error(u, truth):
        return np.linalg.norm(u - truth) / np.linalg.norm(truth)

    for lam in (1e-4, 1e-8, 1e-12):
        lost = np.finfo(float).eps * alg.condition(G, lam)
        static, window = alg.static_precompute(G, lam), filled(G, lam)
        truth = alg.svd_ihvp(G, lam, G[2])
        for product in (static.ihvp(G[2]), alg.ihvp(window, G[2])):
            assert lost / 300 < error(product, truth) < 10 * lost
        truth = alg.svd_ihvp(G, lam, generic)
        assert error(static.ihvp(generic), truth) < 1e-13
        assert error(alg.ihvp(window, generic), truth) < 1e-13


GOOD = np.ones((3, 4))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: alg.static_precompute(GOOD, 0.0), "the damping lam must be one positive finite number: the Fisher"),
        (lambda: alg.static_precompute(GOOD, -1.0), "the damping lam must be"),
        (lambda: alg.static_precompute(GOOD, np.nan), "the damping lam must be"),
        (lambda: alg.static_precompute(np.ones(4), 1.0), r"the shape of G must be \(m, d\)"),
        (lambda: alg.static_precompute(np.ones((0, 4)), 1.0), "G must be a number or an array"),
        (lambda: alg.static_precompute(GOOD * np.nan, 1.0), "G must be finite"),
        (lambda: alg.static_precompute(GOOD, 1.0).ihvp(np.ones(5)), r"the shape of x must be \(\*batch, 4\)"),
        (lambda: alg.static_precompute(GOOD, 1.0).entry(4, 0), "k must be a whole number from 0 to 3, got 4"),
        (lambda: alg.static_precompute(GOOD, 1.0).entry(0, -1), "l must be a whole number from 0 to 3, got -1"),
        (lambda: alg.paged_precompute(GOOD, 1.0, 4), "pages must be a whole number from 1 to m = 3, got 4"),
        (lambda: alg.paged_precompute(GOOD, 1.0, 0), "pages must be"),
        (lambda: alg.paged_precompute(GOOD, 1.0, 1, np.ones((2, 4))), "the shape of V must be that of G"),
        (lambda: alg.paged_precompute(GOOD[0], 1.0, 1), "the shape of G must be"),
        (lambda: alg.paged_precompute(GOOD * np.inf, 1.0, 1), "G must be finite"),
        (lambda: alg.blocked(GOOD, 1.0, 0), "the block size b must be"),
        (lambda: alg.blocked(GOOD, 1.0, 5), "the block size b must be a whole number from 1 to d = 4, got 5"),
        (lambda: alg.fisher_inverse(GOOD, 1.0, 0), "block must be a whole number, 1 or more, or None, got 0"),
        (lambda: alg.fisher_inverse(GOOD[0], 1.0), "the shape of G must be"),
        (lambda: alg.blocked(GOOD, 1.0, 3).ihvp(np.ones(3)), r"the shape of x must be \(4,\)"),
        (lambda: alg.woodfisher(GOOD, 1.0, 0), "the block size b must be"),
        (lambda: alg.woodfisher(GOOD, 1.0, 3).ihvp(np.ones(3)), r"the shape of x must be \(4,\)"),
        (lambda: alg.empty_window(0, 4, 1.0), "m must be a whole number, 1 or more, got 0"),
        (lambda: alg.empty_window(3, 4, 0.0), "the damping lam must be positive and finite: the Fisher alone"),
        (lambda: alg.update(alg.empty_window(3, 4, 1.0), np.ones(5)), "the shape of g must be"),
        (lambda: alg.update(alg.empty_window(3, 4, 1.0), [1, 2, np.nan, 3]), "g must be finite before it enters"),
        (lambda: alg.ihvp(alg.empty_window(3, 4, 1.0), np.ones(3)), r"the shape of x must be \(\*batch, 4\)"),
        (lambda: alg.step_bound(0, 1.0), "m must be"),
        (lambda: alg.step_bound(3, 0.0), "the damping lam must be"),
        (lambda: alg.distance_bound(3, 3, 1.0, 0.0), "lr must be positive"),
        (lambda: alg.costs(0, 3, 3), "m must be"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_setup_that_rounding_has_spoilt_says_so():
    S = np.full((3, 3), 1.0) + np.diag([0.0, 0.0, -1e-9])
    with pytest.raises(ValueError, match="the damping lam must be larger"):
        alg.cholesky_setup(S, np.array(1e-12))
