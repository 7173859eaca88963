"""Spectral normalisation and penalties against dense linear algebra, differences and implementations by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.classics.heavy_ball import heavy_ball
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.penalties import (
    GradientPenalty,
    PenalisedLoss,
    WeightDecay,
    lipschitz_bound,
    steepness,
)
from optilab.papers.discretisation_drift.algorithm.spectral_norm import (
    SpectralNorm,
    normalised,
    normalised_grad,
    power_iteration,
    train_normalised,
)
from optilab.problems.mlp import MLP, Fit

SMALL = MLP((2, 5, 4, 3), "tanh")


def small_fit(network=SMALL, n=9):
    rng = np.random.default_rng(7)
    return Fit(network, rng.normal(size=(n, network.sizes[0])), rng.normal(size=(n, network.sizes[-1])))


def difference(value, x, e=1e-6):
    """Gradient of a scalar function at x, by central differences."""
    steps = e * np.eye(x.size).reshape(-1, *x.shape)
    return np.reshape([(value(x + step) - value(x - step)) / (2 * e) for step in steps], x.shape)


def exact(W):
    """Converged u, v, σ of a matrix."""
    return power_iteration(W, np.ones(W.shape[:-1]), 3000)


def test_a_layer_that_is_named_twice_is_normalised_once():
    theta = SMALL.init(np.random.default_rng(0), 1.5)
    once, twice = (SpectralNorm(SMALL, 2.0, which) for which in ([1], [1, -2]))
    u = once.start(theta, np.random.default_rng(1))
    np.testing.assert_array_equal(
        twice.forward(theta, twice.estimate(theta, u)), once.forward(theta, once.estimate(theta, u))
    )


# Spectral normalisation of one layer


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12))
def test_power_iteration_finds_the_spectral_norm_from_below(seed, out, into):
    W = np.random.default_rng(seed).normal(size=(3, out, into))
    exact = np.linalg.norm(W, 2, axis=(-2, -1))
    u = np.random.default_rng(seed + 1).normal(size=(3, out))
    for iterations in (1, 20, 2000):
        sigma = power_iteration(W, u, iterations).sigma
        assert (sigma <= exact * (1 + 1e-12)).all()
    np.testing.assert_allclose(sigma, exact, rtol=1e-3)


@pytest.mark.parametrize("leave_smaller", [False, True])
@pytest.mark.parametrize("K", [0.5, 100.0])
def test_the_gradient_through_the_norm_agrees_with_differences(leave_smaller, K):
    rng = np.random.default_rng(3)
    W, C, target = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))

    def loss(W):
        sigma = np.linalg.norm(W, 2)
        W_bar = W / max(sigma / K, 1) if leave_smaller else K * W / sigma
        return (C * W_bar).sum() + ((W_bar - target) ** 2).sum() / 2

    estimate = exact(W)
    grad_bar = C + normalised(W, estimate.sigma, K, leave_smaller) - target
    grad = normalised_grad(grad_bar, W, estimate, K, leave_smaller)
    np.testing.assert_allclose(grad, difference(loss, W), atol=1e-6 * K)
    if not leave_smaller:
        assert abs((grad * W).sum()) < 1e-10 * K  # the loss doesn't depend on the length of W
        scaled = normalised_grad(grad_bar, W, estimate, K, through_norm=False)
        np.testing.assert_allclose(scaled, K / estimate.sigma * grad_bar)


# Whole networks


@pytest.mark.parametrize("which", [None, [-2], [0, 2]])
def test_the_gradient_of_a_normalised_network_agrees_with_differences(which):
    norm, fit = SpectralNorm(SMALL, 1.5, which), small_fit()
    theta = SMALL.init(np.random.default_rng(5), 1.0)
    chosen = {None: [0, 1, 2], (-2,): [1], (0, 2): [0, 2]}[tuple(which) if which else None]

    def loss(theta):
        layers = SMALL.layers(theta)
        return fit(
            SMALL.flat([(1.5 * W / np.linalg.norm(W, 2) if l in chosen else W, b) for l, (W, b) in enumerate(layers)])
        )

    estimates = norm.estimate(theta, norm.start(theta, np.random.default_rng(6)), 3000)
    theta_bar = norm.forward(theta, estimates)
    assert fit(theta_bar) == pytest.approx(loss(theta))
    grad = norm.backward(theta, estimates, fit.grad(theta_bar))
    np.testing.assert_allclose(grad, difference(loss, theta), atol=1e-7)


def by_hand(fit, theta, u, K, lr, momentum, steps):
    """Heavy ball under spectral normalisation of a network without hidden layers."""
    out, into = fit.Y.shape[1], fit.X.shape[1]
    *columns, b = theta.reshape(out, into + 1).T
    W = np.transpose(columns)
    dW, db = 0, 0
    for _ in range(steps):
        v = W.T @ u / np.linalg.norm(W.T @ u)
        sigma = np.linalg.norm(W @ v)
        u = W @ v / sigma
        error = (fit.X @ (K / sigma * W).T + b - fit.Y) / len(fit.X)
        G, c = error.T @ fit.X, error.sum(0)
        G = K / sigma * (G - (G * W).sum() / sigma * np.outer(u, v))
        dW, db = momentum * dW - lr * G, momentum * db - lr * c
        W, b = W + dW, b + db
    return np.column_stack([W, b]).ravel()


def test_training_is_the_implementation_by_hand():
    network = MLP((3, 2))
    fit = small_fit(network)
    theta0, u0 = np.random.default_rng(8).normal(size=8), np.array([0.6, 0.8])
    norm = SpectralNorm(network, 0.7)
    trace = run(train_normalised(fit, theta0, u0, norm, lr=0.1, momentum=0.8), 20)
    np.testing.assert_allclose(trace.theta[-1], by_hand(fit, theta0, u0, 0.7, 0.1, 0.8, 20), rtol=1e-10)


def test_no_norm_and_no_penalty_are_plain_heavy_ball():
    fit, theta = small_fit(), SMALL.init(np.random.default_rng(1))
    ball = run(heavy_ball(fit, theta, alpha=0.1, beta=0.9), 10).x
    u0 = SpectralNorm(SMALL).start(theta, np.random.default_rng(2))
    for norm in (SpectralNorm(SMALL, np.inf), SpectralNorm(SMALL, 1e6, leave_smaller=True)):
        np.testing.assert_allclose(run(train_normalised(fit, theta, u0, norm, lr=0.1, momentum=0.9), 10).theta, ball)
    free = PenalisedLoss(fit, WeightDecay(0.0))
    np.testing.assert_allclose(run(heavy_ball(free, theta, alpha=0.1, beta=0.9), 10).x, ball)


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
@pytest.mark.parametrize("one_sided", [False, True])
def test_the_penalty_is_that_of_slopes_by_differences(activation, one_sided):
    network, rng = MLP((2, 4, 3, 2), activation), np.random.default_rng(11)
    X, readout = rng.normal(size=(12, 2)), np.array([1.0, -1.0])
    theta = network.init(rng, 2.0)
    K = float(np.median(steepness(network, theta, X, readout)))  # so that slopes lie on both sides
    slopes = [difference(lambda x: (network.forward(theta, x[None]) @ readout)[0], point, 1e-5) for point in X]
    excess = np.linalg.norm(slopes, axis=-1) - K
    expected = 0.7 * ((np.maximum(excess, 0) if one_sided else excess) ** 2).mean()
    assert GradientPenalty(network, X, readout, 0.7, K, one_sided)(theta) == pytest.approx(expected, rel=1e-6)


def test_weight_decay_shrinks_what_the_data_do_not_hold():
    still = Fit(MLP((2, 1)), np.zeros((1, 2)), np.zeros((1, 1)))
    start = np.array([1.0, -2.0, 0.0])
    shrunk = run(heavy_ball(PenalisedLoss(still, WeightDecay(0.5)), start, alpha=0.1, beta=0.0), 7).x[-1]
    np.testing.assert_allclose(shrunk, start * 0.95**7)


def test_a_gradient_penalty_smooths():
    network = MLP((1, 16, 1), "tanh")
    X = np.linspace(-1, 1, 30)[:, None]
    fit = Fit(network, X, np.sign(X))
    theta0, readout = network.init(np.random.default_rng(0), 2.0), np.ones(1)
    held = PenalisedLoss(fit, GradientPenalty(network, X, readout, 1.0, 1.0, one_sided=True))
    ends = (run(heavy_ball(loss, theta0, alpha=0.1, beta=0.9), 500, every=500).x[-1] for loss in (fit, held))
    free, smooth = (steepness(network, theta, X, readout).max() for theta in ends)
    assert smooth < 0.5 * free


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["tanh", "relu", "softplus"]), st.floats(0.2, 4))
def test_no_slope_exceeds_the_product_bound(seed, activation, K):
    network, rng = MLP((2, 6, 5, 3), activation), np.random.default_rng(seed)
    theta, readout = network.init(rng, 1.5), rng.normal(size=3)
    grid = np.stack(np.meshgrid(np.linspace(-3, 3, 15), np.linspace(-3, 3, 15)), -1).reshape(-1, 2)
    norm = SpectralNorm(network, K)
    theta_bar = norm.forward(theta, norm.estimate(theta, norm.start(theta, rng), 300))
    assert steepness(network, theta, grid, readout).max() <= lipschitz_bound(network, theta, readout) * (1 + 1e-12)
    assert lipschitz_bound(network, theta_bar, readout) == pytest.approx(K**3 * np.linalg.norm(readout), rel=1e-2)


# Bad input


THETA, U = SMALL.init(np.random.default_rng(0)), np.ones(12)


def train(theta=THETA, u=U, **setting):
    return train_normalised(small_fit(), theta, u, SpectralNorm(SMALL), **{"lr": 0.1} | setting)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SpectralNorm(SMALL, 0.0), "K must be positive"),
        (lambda: SpectralNorm(SMALL, -1.0), "K must be positive"),
        (lambda: SpectralNorm(SMALL, np.nan), "K must be positive"),
        (lambda: SpectralNorm(SMALL, 1.0, [3]), "which must be layers from -3 to 2"),
        (lambda: SpectralNorm(SMALL, 1.0, []), "which must be layers"),
        (lambda: train(u=np.ones(5)), "the last axis of u must be 12, the outputs of the layers, got 5"),
        (lambda: train(np.zeros(SMALL.dim)), "singular value of a layer, must be nonzero"),
        (lambda: power_iteration(np.zeros((2, 3)), np.ones(2)), "singular value of a layer, must be nonzero"),
        (
            lambda: SpectralNorm(SMALL).start(np.zeros(SMALL.dim), np.random.default_rng(1)),
            "singular value of a layer, must be nonzero",
        ),
        (lambda: power_iteration(np.eye(2), np.ones(2), 0), "iterations"),
        (lambda: train(lr=0.0), "lr"),
        (lambda: train(momentum=1.0), "momentum"),
        (lambda: train(momentum=-0.1), "momentum"),
        (lambda: WeightDecay(-1), "rho must be 0 or more, got -1"),
        (lambda: GradientPenalty(SMALL, np.ones((1, 2)), np.ones(3), rho=-1.0), "rho"),
        (lambda: GradientPenalty(MLP((2, 6, 4), "relu"), np.ones((1, 2)), np.ones(4)), "smooth"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(call, message):
    with pytest.raises(ValueError, match=message):
        call()
