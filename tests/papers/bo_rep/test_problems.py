import numpy as np
import pytest

from optilab.papers.bo_rep import problems as pr


def rng(seed=0):
    return np.random.default_rng(seed)


def test_a_batch_of_instances_is_each_of_them():
    for stacked, draw in ((pr.stacked, pr.draw), (pr.stacked_data, pr.draw_data)):
        together = stacked(range(2, 5))
        for i, seed in enumerate(range(2, 5)):
            for many, one in zip(together, draw(seed), strict=True):
                np.testing.assert_array_equal(many[i], one)


def test_the_numbers_of_w():
    A, H = pr.draw(3)
    np.testing.assert_allclose(A.T @ A, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(np.linalg.eigvalsh(H), [0.5, 0.7, 0.9, 1.1, 1.3, 1.5])
    P = pr.world(pr.draw(3))
    np.testing.assert_allclose(P.upper.b, A @ np.full(3, 14.0))
    np.testing.assert_array_equal(pr.start(6), [-6, -4, -2])
    assert pr.start(np.array([[1.0], [2.0]])).shape == (2, 1, 3)
    assert P.mu == np.linalg.eigvalsh(H)[0] == pytest.approx(pr.CONSTANTS["mu"])
    for block in (H, A.T @ H):
        assert np.linalg.norm(block, 2) <= pr.CONSTANTS["l_g1"] * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_hypergradient_is_the_slope_of_the_value(seed):
    P = pr.world(pr.draw(seed))
    for x in rng(seed).uniform(-6, 26, (5, 3)):
        slope = [(P(x + e) - P(x - e)) / 2e-6 for e in 1e-6 * np.eye(3)]
        np.testing.assert_allclose(P.hypergrad(x), slope, rtol=1e-6, atol=1e-6)
        assert P.slope(x) == pytest.approx(np.linalg.norm(P.hypergrad(x)), rel=1e-10)
        assert np.linalg.norm(P.upper.grad_y(x, P.y_star(x))) <= pr.CONSTANTS["M"]


def test_products_are_symmetric_and_adjoint():
    P, r = pr.cleaning(pr.draw_data(0), 4), rng(1)
    x, y, u, v = r.normal(size=200), *r.normal(size=(3, 20))
    g = P.lower
    assert np.vecdot(u, g.hvp_yy(x, y, v)) == pytest.approx(np.vecdot(v, g.hvp_yy(x, y, u)))
    w = r.normal(size=200)
    tilt = (g.grad_y(x + 1e-6 * w, y) - g.grad_y(x - 1e-6 * w, y)) / 2e-6
    assert np.vecdot(w, g.hvp_xy(x, y, v)) == pytest.approx(np.vecdot(tilt, v), rel=1e-7)


def test_noise_has_the_size_that_is_said():
    P, n = pr.world(pr.draw(0), 0.3, 0.2), 4000
    x, y, v = np.tile(pr.start(1), (n, 1)), np.ones((n, 6)), np.full((n, 6), 2.0)
    sample = P.lower.sample(rng(), (n, 1))
    for found, exact, scale in (
        (P.lower.sample_grad_y(x, y, sample), P.lower.grad_y(x, y), 0.3),
        (P.upper.sample_grad_x(x, y, sample), P.upper.grad_x(x, y), 0.3),
        (P.lower.sample_hvp_yy(x, y, v, sample), P.lower.hvp_yy(x, y, v), 0.2 * np.sqrt(24)),
        (P.lower.sample_hvp_xy(x, y, v, sample), P.lower.hvp_xy(x, y, v), 0.2 * np.sqrt(24)),
    ):
        assert (found - exact).std() == pytest.approx(scale, rel=0.03)
        assert abs((found - exact).mean(0)).max() < 5 * scale / np.sqrt(n)
    many = P.lower.sample(rng(), (n, 16))
    assert (P.lower.sample_grad_y(x, y, many) - P.lower.grad_y(x, y)).std() == pytest.approx(0.3 / 4, rel=0.03)


def test_the_labels_of_h():
    data = pr.draw_data(4)
    assert data.flipped.sum() == 80
    assert [part.shape for part in data] == [(200, 20), (200,), (200,), (100, 20), (100,), (1000, 20), (1000,)]
    fit = np.linalg.lstsq(data.test, data.t_test)[0]
    right = data.train @ fit * data.t > 0
    assert right[~data.flipped].mean() > 0.85
    assert right[data.flipped].mean() < 0.15
    assert pr.accuracy(data, fit) > 0.9


def test_a_minibatch_is_a_mean_over_its_terms_repeated_ones_too():
    P, r = pr.cleaning(pr.draw_data(0), 4), rng(2)
    x, y, v = r.normal(size=200), *r.normal(size=(2, 20))
    sample = pr.Picks(np.array([3, 7, 7, 150]))
    for level in (P.lower, P.upper):
        for name, given in (("grad_x", ()), ("grad_y", ()), ("hvp_yy", (v,)), ("hvp_xy", (v,))):
            if not hasattr(level, name):
                continue
            oracle = getattr(level, f"sample_{name}")
            each = [oracle(x, y, *given, level.component(np.array(i))) for i in range(level.components)]
            np.testing.assert_allclose(np.mean(each, 0), getattr(level, name)(x, y, *given), atol=1e-14)
            if level is P.lower:
                picked = np.mean([each[i] for i in sample.i], 0)
                np.testing.assert_allclose(oracle(x, y, *given, sample), picked, atol=1e-14)


def test_the_auc_by_counting():
    data, x = pr.draw_data(1), rng(3).normal(size=200).round(1)
    won = [(a > b) + (a == b) / 2 for a in x[~data.flipped] for b in x[data.flipped]]
    assert pr.separation(data, x) == pytest.approx(np.mean(won))
    assert pr.separation(data, np.where(data.flipped, -1.0, 1.0)) == 1


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match=r"^seed must be"):
        pr.draw(-1)
    with pytest.raises(ValueError, match=r"^seed must be"):
        pr.draw_data(1.5)
    for name, given in (("scale", (-0.1, 0.0)), ("products", (0.1, -1.0))):
        with pytest.raises(ValueError, match=f"^{name} must be 0 or more"):
            pr.world(pr.draw(0), *given)
