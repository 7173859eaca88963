import numpy as np
import pytest

from optilab.problems.metric import Metric, euclidean


def rng(seed=0):
    return np.random.default_rng(seed)


def some_metric(d=4):
    root = rng(1).normal(size=(d + 2, d))
    return Metric(root.T @ root)


def test_lengths_are_those_of_the_matrix():
    metric, h, s = some_metric(), rng(2).normal(size=(3, 4)), rng(3).normal(size=(3, 4))
    np.testing.assert_allclose(metric.norm(h) ** 2, [v @ metric.B @ v for v in h])
    np.testing.assert_allclose(metric.dual(s) ** 2, [v @ np.linalg.inv(metric.B) @ v for v in s])
    np.testing.assert_allclose(metric.solve(s), np.linalg.solve(metric.B, s.T).T)
    np.testing.assert_allclose(metric.dual(s), metric.norm(metric.solve(s)))


def test_the_dual_norm_is_the_largest_product_with_a_step_of_length_one():
    metric, s = some_metric(), rng(4).normal(size=4)
    h = rng(5).normal(size=(2000, 4))
    best = metric.solve(s) / metric.dual(s)
    assert metric.norm(best) == pytest.approx(1)
    assert best @ s == pytest.approx(metric.dual(s))
    assert (h @ s / metric.norm(h)).max() <= metric.dual(s)


def test_eigenvalues_of_the_pencil():
    metric, root = some_metric(), rng(6).normal(size=(2, 4, 4))
    H = root @ root.mT
    w, Q = np.linalg.eigh(metric.pencil(H))
    V = metric.W.T @ Q
    np.testing.assert_allclose(H @ V, w[..., None, :] * (metric.B @ V), atol=1e-10)
    np.testing.assert_allclose(euclidean(4).pencil(H), H)


@pytest.mark.parametrize(
    "B", [[[1.0, 0.0]], [[1.0, 2.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]], np.diag([1.0, 0.0]), [[np.nan]], "no", 3.0]
)
def test_what_is_no_metric_is_refused(B):
    with pytest.raises(ValueError, match="metric B must be symmetric positive definite"):
        Metric(B)
