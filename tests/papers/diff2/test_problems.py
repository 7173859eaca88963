import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import check_grad

from optilab.papers.diff2.problems import Logistic, Network, clip_factor, federated, prototypes, teacher
from optilab.problems.mlp import MLP, Fit

listed = runpy.run_path(str(Path(__file__).parent / "listed.py"))
record_gradients, clipped = listed["record_gradients"], listed["clipped"]


def rng(seed=0):
    return np.random.default_rng(seed)


FEW = federated(1, 60, d=4, P=3, heterogeneity=0.5, sizes=[10, 20, 30])


def test_the_clip_factor_shortens_what_is_too_long_and_leaves_the_rest():
    np.testing.assert_allclose(clip_factor(np.array([0.5, 1.0, 4.0]), 1.0), [1, 1, 0.25], rtol=1e-9)
    np.testing.assert_array_equal(clip_factor(np.array([0.0, 7.0]), np.inf), 1)
    np.testing.assert_array_equal(clip_factor(np.array([0.0]), 0.1), 1)


def test_norms_are_those_of_the_records():
    w, other = rng(4).normal(size=(2, 4))
    one, two = FEW.records(w).norms
    g, h = record_gradients(FEW, w), record_gradients(FEW, other)
    np.testing.assert_allclose(np.where(FEW.plus > 0, one, two), np.linalg.norm(g, axis=1), rtol=1e-10)
    (change,) = (FEW.records(w) - FEW.records(other)).norms
    np.testing.assert_allclose(change, np.linalg.norm(g - h, axis=1), rtol=1e-7)


def test_no_gradient_is_longer_than_g_and_no_change_than_l_times_the_way():
    problem = federated(5, 300, d=6)
    points = 3 * rng(6).normal(size=(50, 6))
    assert all((norm <= problem.G).all() for norm in problem.records(points).norms)
    near = points + 0.1 * rng(7).normal(size=points.shape)
    (norm,) = (problem.records(points) - problem.records(near)).norms
    assert (norm <= problem.L * np.linalg.norm(points - near, axis=1)[:, None]).all()
    assert max(norm.max(1) / np.linalg.norm(points - near, axis=1)) > 0.3 * problem.L


def test_the_shortcut_without_clipping_is_the_clipped_mean_with_radii_that_never_bite():
    problem = prototypes(2, 1000, M=40)
    w, other = rng(8).normal(size=(2, 3, 10))
    far = problem.G * (1 - 1e-9)  # below the bound on all, above all that are there
    assert all((norm < far).all() for norm in problem.records(w).norms)
    np.testing.assert_allclose(problem.records(w).clipped_mean(problem.G), problem.records(w).clipped_mean(far))
    change = problem.records(w) - problem.records(other)
    c = problem.L * np.linalg.norm(w - other, axis=-1)
    np.testing.assert_allclose(change.clipped_mean(c), change.clipped_mean(c * (1 - 1e-9)))
    np.testing.assert_allclose(change.clipped_mean(c), problem.grad(w) - problem.grad(other), atol=1e-14)


def test_prototypes_are_their_records_listed():
    problem = prototypes(3, 200, d=4, M=12, P=5)
    counts = np.round(200 * np.stack([problem.plus, problem.minus])).astype(int)
    assert counts.sum() == 200
    X = np.concatenate([np.repeat(problem.X, count, axis=0) for count in counts])
    plus = np.repeat([1.0, 0.0], counts.sum(1)) / 200
    listed = Logistic(X, plus, 1 / 200 - plus, 200, 200, 1)
    w = rng(9).normal(size=(2, 4))
    for C in (0.3, 5.0):
        np.testing.assert_allclose(problem.records(w).clipped_mean(C), listed.records(w).clipped_mean(C), rtol=1e-10)
    np.testing.assert_allclose(problem(w), listed(w), rtol=1e-12)


def test_prototypes_of_several_sizes_are_each_as_if_alone():
    sizes = np.array([100, 2000])[:, None]
    together = prototypes(4, sizes, M=20)
    w = rng(10).normal(size=(2, 3, 10))
    for i, n in enumerate((100, 2000)):
        alone = prototypes(4, n, M=20)
        np.testing.assert_allclose(together.grad(w)[i], alone.grad(w[i]), rtol=1e-12)
        np.testing.assert_allclose(together(w)[i], alone(w[i]), rtol=1e-12)


def test_labels_are_those_of_a_direction_but_for_a_tenth():
    problem = prototypes(5, 400_000)
    majority = np.maximum(problem.plus, problem.minus).sum()
    assert majority == pytest.approx(0.9, abs=0.005)
    many = federated(6, 20_000)
    positive = many.plus > 0
    direction = np.linalg.lstsq(many.X, np.where(positive, 1.0, -1.0))[0]
    assert ((many.X @ direction > 0) == positive).mean() == pytest.approx(0.89, abs=0.02)


def test_clients_share_all_records_and_are_alike_or_sorted():
    def spread(heterogeneity):
        problem = federated(7, 2000, heterogeneity=heterogeneity)
        assert sorted(np.concatenate(problem.clients)) == list(range(2000))
        return np.std([problem.X[rows, 0].mean() for rows in problem.clients])

    mixed, between, ordered = (spread(h) for h in (0.0, 0.5, 1.0))
    assert mixed < 0.1 < between < ordered
    assert ordered > 0.5


def test_a_batch_has_records_of_one_client_each_once():
    rows = FEW.batch(rng(11), 1, 15, (200,))
    assert rows.shape == (200, 15)
    assert np.isin(rows, FEW.clients[1]).all()
    assert all(len(set(one)) == 15 for one in rows)
    share = np.bincount(rows.ravel(), minlength=60)[FEW.clients[1]] / 200
    assert abs(share - 0.75).max() < 0.15  # five standard deviations
    whole = FEW.batch(rng(12), 0, 10, ())
    assert sorted(whole) == sorted(FEW.clients[0])


def test_the_gradients_of_a_batch_are_those_of_its_records():
    w, other = rng(13).normal(size=(2, 3, 4))
    rows = FEW.batch(rng(14), 2, 6, (3,))
    for i in range(3):
        g, h = (record_gradients(FEW, at[i], rows[i]) for at in (w, other))
        for C in (0.1, 9.0):
            np.testing.assert_allclose(FEW.batch_records(w, rows).clipped_mean(C)[i], clipped(g, C).mean(0), rtol=1e-8)
        change = FEW.batch_records(w, rows) - FEW.batch_records(other, rows)
        np.testing.assert_allclose(change.clipped_mean(0.05)[i], clipped(g - h, 0.05).mean(0), rtol=1e-7)


# The network

NETWORK = teacher(40, P=4)


@pytest.mark.parametrize("C", [0.3, 1.5, np.inf])
def test_gradients_of_the_network_are_those_of_the_shared_one_clipped_one_by_one(C):
    x, other = 0.5 * rng(15).normal(size=(2, 3, 101))
    g, h = NETWORK.fit.grads(x), NETWORK.fit.grads(other)
    for found, listed in ((NETWORK.records(x), g), (NETWORK.records(x) - NETWORK.records(other), g - h)):
        norm = np.linalg.norm(listed, axis=-1, keepdims=True)
        np.testing.assert_allclose(found.norms, norm[..., 0], rtol=1e-9)
        np.testing.assert_allclose(
            found.clipped_mean(C), (listed * np.minimum(1, C / norm)).mean(-2), rtol=1e-8, atol=1e-12
        )


def test_the_target_of_the_network_is_standard():
    y = teacher(5000).fit.Y
    assert y.mean() == pytest.approx(0, abs=1e-12)
    assert y.std() == pytest.approx(1)
    assert check_grad(NETWORK, NETWORK.grad, 0.3 * np.ones(101)) < 1e-5


# Bad input

HALF = np.array([0.5, 0.5])
ROWS = np.array([[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda: Logistic(2 * ROWS, HALF, 0 * HALF, 2, 2, 1), "the longest row"),
        (lambda: Logistic(ROWS, HALF, HALF, 2, 2, 1), "the sum of plus and minus"),
        (lambda: Logistic(ROWS, HALF, 0 * HALF, 2, 2, 1, lam=-1.0), "lam"),
        (lambda: Logistic(ROWS, HALF, 0 * HALF, 2, 0, 1), "n_min"),
        (lambda: Logistic(ROWS, HALF, 0 * HALF, 2, 2, 0), "P"),
        (lambda: prototypes(0, 5, P=10), "n"),
        (lambda: prototypes(0, 105, P=10), "n"),
        (lambda: prototypes(0, 20.0), "n"),
        (lambda: federated(0, 30, P=3, sizes=[10, 20, 0]), "sizes"),
        (lambda: federated(0, 30, P=3, sizes=[10, 10, 11]), "sizes"),
        (lambda: federated(0, 30, P=3, heterogeneity=1.5), "heterogeneity"),
        (lambda: FEW.batch(rng(), 0, 11, ()), "b"),
        (lambda: prototypes(0, 100, M=8).batch(rng(), 0, 3, ()), "clients"),
        (lambda: teacher(42, P=4), "n"),
        (lambda: teacher(3, P=4), "n"),
        (lambda: Network(Fit(MLP((2, 3, 3, 1)), np.ones((4, 2)), np.ones((4, 1))), 2), "the sizes"),
        (lambda: Network(Fit(MLP((2, 3, 1), "relu"), np.ones((4, 2)), np.ones((4, 1))), 2), "loss and activation"),
    ],
)
def test_what_is_no_problem_is_refused_by_name(ask, named):
    with pytest.raises(ValueError, match=rf"^{named}.* must be"):
        ask()


def test_a_record_that_is_no_number_is_named_by_its_place():
    X = np.array([[1.0, 0.0], [0.0, np.nan], [0.0, 1.0]])
    with pytest.raises(ValueError, match=r"^X must be finite, row 1 is not"):
        Logistic(X, np.full(3, 1 / 3), np.zeros(3), 3, 3, 1)
