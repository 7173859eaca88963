"""Proximal maps, mirror steps and noises against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import softmax

from optilab.papers.last_iterate.problems import Distance
from optilab.problems import stable
from optilab.problems.mirror import Entropy, Euclidean, Mahalanobis, Power
from optilab.problems.noisy import Gaussian, Lomax, Noisy
from optilab.problems.projection import ball_in_metric, simplex
from optilab.problems.simple import L1, Ball, Box, Simplex, SquaredNorm, Zero

SIMPLE = [Zero(), L1(0.7), SquaredNorm(0.3), Ball(1.2), Box(-0.5, np.array([1.0, 2.0, 0.1, 3.0])), Simplex()]
seeds = st.integers(0, 2**31)


def test_indicators_are_infinite_outside():
    far = np.array([9.0, -9.0, 9.0, 9.0])
    assert all(h(far) == np.inf and h(h.prox(far, 1.0)) == 0 for h in SIMPLE[3:])


def test_the_entropy_step_is_a_softmax_and_survives_underflow():
    rng = np.random.default_rng(1)
    x, g = rng.dirichlet(np.ones(6), size=3), rng.normal(size=(3, 6))
    np.testing.assert_allclose(Entropy().step(Simplex(), x, g, 0.7), softmax(np.log(x) - 0.7 * g, axis=-1))
    extreme = Entropy().step(Simplex(), x, 1e6 * g, 10.0)
    np.testing.assert_allclose(extreme.sum(-1), 1)
    back = Entropy().step(Simplex(), extreme, -1e3 * g, 10.0)
    assert np.isfinite(back).all()


@given(seed=seeds, p=st.floats(1.2, 2))
@settings(max_examples=50, deadline=None)
def test_the_power_map_returns_through_the_mirror_and_is_uniformly_convex(seed, p):
    rng = np.random.default_rng(seed)
    power = Power(p, rng.normal(size=3))
    x, z = rng.normal(size=(2, 10, 3))
    np.testing.assert_allclose(power.inverse(power.gradient(x)), x, atol=1e-8)
    distance = np.linalg.norm(z - x, axis=-1)
    assert (power.divergence(z, x) >= distance**power.q / power.q * (1 - 1e-9) - 1e-9).all()


def test_the_power_map_of_p_2_is_the_euclidean_one():
    rng = np.random.default_rng(2)
    x, g, z = rng.normal(size=(3, 4, 5))
    power, plain = Power(2.0, rng.normal(size=5)), Euclidean()
    np.testing.assert_allclose(power.step(Zero(), x, g, 0.3), plain.step(Zero(), x, g, 0.3))
    np.testing.assert_allclose(power.divergence(z, x), plain.divergence(z, x), atol=1e-12)


def test_the_power_map_stays_at_its_centre_without_a_gradient():
    center = np.array([1.0, -2.0])
    np.testing.assert_array_equal(Power(1.5, center).step(Zero(), center, np.zeros(2), 1.0), center)


def positive_definite(rng, *shape):
    root = rng.normal(size=(*shape, shape[-1]))
    return root @ np.swapaxes(root, -1, -2) + 0.1 * np.eye(shape[-1])


def test_the_mahalanobis_step_is_that_of_a_solver():
    rng = np.random.default_rng(7)
    H, x, g = positive_definite(rng, 6, 3), 0.4 * rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    mirror, eta = Mahalanobis(H), rng.uniform(0.05, 0.3, 6)
    free = mirror.step(Zero(), x, g, eta)
    np.testing.assert_allclose(free, x - eta[:, None] * np.linalg.solve(H, g[..., None])[..., 0], atol=1e-12)
    held = mirror.step(Ball(0.8), x, g, eta)
    assert (np.linalg.norm(free, axis=-1) > 0.8).sum() in range(1, 6)
    for i in range(6):
        ball = {"type": "ineq", "fun": lambda z: 0.64 - z @ z, "jac": lambda z: -2 * z}
        found = minimize(
            lambda z, i=i: g[i] @ z + (z - x[i]) @ H[i] @ (z - x[i]) / (2 * eta[i]),
            0.1 * x[i],
            jac=lambda z, i=i: g[i] + H[i] @ (z - x[i]) / eta[i],
            constraints=[ball],
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 500},
        )
        np.testing.assert_allclose(held[i], found.x, atol=2e-6)
    plain = Mahalanobis(np.eye(3))
    np.testing.assert_allclose(plain.step(Ball(0.8), x, g, eta), Euclidean().step(Ball(0.8), x, g, eta), atol=1e-12)


@given(seed=seeds, n=st.integers(1, 5), spread=st.floats(0, 8))
@settings(max_examples=60, deadline=None)
def test_the_projection_in_a_metric_has_its_multiplier(seed, n, spread):
    rng = np.random.default_rng(seed)
    h, v = 10 ** rng.uniform(-spread, spread, (4, n)), rng.normal(size=(4, n)) * 10 ** rng.uniform(-1, 3, (4, 1))
    x = ball_in_metric(v, h, 0.7)
    inside = np.linalg.norm(v, axis=-1) <= 0.7
    np.testing.assert_array_equal(x[inside], v[inside])
    np.testing.assert_allclose(np.linalg.norm(x[~inside], axis=-1), 0.7, rtol=1e-12)
    for i in np.flatnonzero(~inside):
        pull = h[i] * (v[i] - x[i])  # is ν x with one ν > 0
        k = abs(x[i]).argmax()
        rounding = 8 * np.finfo(float).eps * h[i] * (abs(v[i]) + abs(x[i]))  # of v − x, in every pull
        error = abs(pull - pull[k] / x[i, k] * x[i])
        assert (error <= 1e-7 * abs(pull).max() + rounding + rounding[k] * abs(x[i] / x[i, k])).all()
        assert pull[k] / x[i, k] > 0


def test_dual_norms_bound_products_and_are_attained():
    rng = np.random.default_rng(8)
    g, H = rng.normal(size=(10, 4)), positive_definite(rng, 10, 4)
    for mirror, norm in (
        (Euclidean(), lambda v: np.linalg.norm(v, axis=-1)),
        (Power(1.5, np.zeros(4)), lambda v: np.linalg.norm(v, axis=-1)),
        (Entropy(), lambda v: abs(v).sum(-1)),
        (Mahalanobis(H), lambda v: np.sqrt((v[..., None, :] @ H @ v[..., None])[..., 0, 0])),
    ):
        v = rng.normal(size=(500, 10, 4))
        products = (g * v).sum(-1) / norm(v)
        assert (products <= mirror.dual_norm(g) * (1 + 1e-12)).all()
        assert (products.max(0) > 0.7 * mirror.dual_norm(g)).all()


def test_divergences_are_zero_at_home_and_positive_elsewhere():
    rng = np.random.default_rng(3)
    x, z = rng.dirichlet(np.ones(4), size=(2, 20))
    for mirror in (Entropy(), Euclidean(), Power(1.4, np.zeros(4)), Mahalanobis(positive_definite(rng, 4))):
        np.testing.assert_allclose(mirror.divergence(x, x), 0, atol=1e-12)
        assert (mirror.divergence(z, x) > 0).all()
    assert (Entropy().divergence(z, x) >= 0.5 * abs(z - x).sum(-1) ** 2).all()  # Pinsker


def test_noise_has_the_tail_and_scale_that_it_says():
    rng = np.random.default_rng(4)
    lengths = np.linalg.norm(Lomax(1.6)(rng, (100_000, 3)), axis=-1)
    for r in (0.5, 2.0, 20.0):
        assert (lengths > r).mean() == pytest.approx((1 + r) ** -1.6, rel=0.1)
    assert Gaussian(0.3)(rng, (100_000, 2)).std() == pytest.approx(0.3, rel=0.02)


def test_noise_is_added_to_the_exact_subgradient_and_all_else_is_the_problems_own():
    exact = Distance(np.array([1.0, 0.0]), slope=2.0)
    noisy = Noisy(exact, Gaussian(0.5), 2)
    x = np.random.default_rng(5).normal(size=(7, 2))
    sample = noisy.sample(np.random.default_rng(6), (7, 3))
    np.testing.assert_allclose(noisy.sample_grad(x, sample), exact.subgrad(x) + sample.mean(1))
    np.testing.assert_allclose(noisy(x), exact(x))
    assert noisy.minimum == 0
    assert exact.subgrad(exact.minimizer).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L1(-1), "weight must be"),
        (lambda: SquaredNorm(-1), "mu must be"),
        (lambda: Ball(0), "radius must be"),
        (lambda: Box(1.0, 0.0), "low must be"),
        (lambda: Power(1.0, np.zeros(2)), r"p must be in \(1, 2\]"),
        (lambda: Power(2.5, np.zeros(2)), r"p must be in \(1, 2\]"),
        (lambda: Lomax(1.0), "tail must be above 1"),
        (lambda: Lomax(1.5, 0.0), "scale must be"),
        (lambda: Gaussian(-1), "scale must be"),
        (lambda: Entropy().check(Zero(), np.ones(2) / 2), "Simplex"),
        (lambda: Entropy().check(Simplex(), np.array([0.0, 1.0])), "positive with sum 1"),
        (lambda: Entropy().check(Simplex(), np.array([0.5, 0.6])), "positive with sum 1"),
        (lambda: Power(1.5, np.zeros(2)).check(L1(1.0), np.zeros(2)), "Zero"),
        (lambda: Euclidean().check(Zero(), np.array([np.nan])), "finite"),
        (lambda: Mahalanobis(np.eye(2)).check(L1(1.0), np.zeros(2)), "Zero.* or a Ball"),
        (lambda: Mahalanobis(np.eye(2)).check(Zero(), np.array([np.nan, 0.0])), "finite"),
        (lambda: Mahalanobis(np.diag([1.0, 0.0])).check(Zero(), np.zeros(2)), "H must be symmetric and positive"),
        (lambda: Mahalanobis(np.array([[1.0, 0.5], [0.0, 1.0]])).check(Zero(), np.zeros(2)), "H must be symmetric"),
    ],
)
def test_bad_values_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_lists_of_numbers_are_taken_as_arrays():
    np.testing.assert_allclose(simplex([0.2, 0.3]), [0.45, 0.55], rtol=1e-15)
    np.testing.assert_allclose(ball_in_metric([3, 4], [1, 1], 1.0), [0.6, 0.8], rtol=1e-14)
    for z in ([0.2, 0.3], [0.2, 0.3 + 0.1j]):
        np.testing.assert_allclose(stable.softmax(z), np.exp(z) / np.exp(z).sum(), rtol=1e-14)
        np.testing.assert_allclose(stable.log_sum_exp(z), np.log(np.exp(z).sum()), rtol=1e-14)
        np.testing.assert_allclose(stable.softplus(z), np.log(1 + np.exp(z)), rtol=1e-14)
        np.testing.assert_allclose(stable.sigmoid(z), 1 / (1 + np.exp(np.negative(z))), rtol=1e-14)
