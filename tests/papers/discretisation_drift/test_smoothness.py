"""Smoothness constraints against dense linear algebra, differences and implementations by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.claim import collect
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.smoothness import (
    VARIANTS,
    GradientPenalty,
    SpectralNorm,
    WeightDecay,
    lipschitz_bound,
    normalised,
    normalised_grad,
    power_iteration,
    q_learning,
    q_values,
    steepness,
    train_normalised,
    train_penalised,
)
from optilab.papers.discretisation_drift.experiment import smoothness as experiment
from optilab.problems.mdp import coordinates, grid_world
from optilab.problems.mlp import MLP, Fit

SMALL = MLP((2, 5, 4, 3), "tanh")


def small_fit(network=SMALL, n=9):
    rng = np.random.default_rng(7)
    return Fit(network, rng.normal(size=(n, network.sizes[0])), rng.normal(size=(n, network.sizes[-1])))


def difference(value, x, e=1e-6):
    """Gradient of a scalar function at x, by central differences."""
    grad = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = e
        grad[index] = (value(x + step) - value(x - step)) / (2 * e)
    return grad


def exact(W):
    """Converged u, v, σ of a matrix."""
    return power_iteration(W, np.ones(W.shape[:-1]), 3000)


# --- spectral normalisation of one layer


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


def test_sigma_after_500_iterations_is_the_norm_of_a_square_gaussian():
    W = np.random.default_rng(0).normal(size=(10, 32, 32))
    sigma = power_iteration(W, np.random.default_rng(1).normal(size=(10, 32)), 500).sigma
    np.testing.assert_allclose(sigma, np.linalg.norm(W, 2, axis=(-2, -1)), rtol=1e-4)


def test_a_step_is_that_of_spectral_normalisation_by_hand():
    W, u = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]), np.array([1.0, 0.0, 1.0])
    v = np.array([4.0, 3.0]) / 5
    Wv = np.array([2.0, -0.6, 3.0])
    estimate = power_iteration(W, u)
    np.testing.assert_allclose(estimate.v, v)
    np.testing.assert_allclose(estimate.u, Wv / np.sqrt(13.36))
    np.testing.assert_allclose(estimate.sigma, np.sqrt(13.36))
    np.testing.assert_allclose(normalised(W, estimate.sigma, 2.0), 2 * W / np.sqrt(13.36))


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


def test_without_flow_through_the_norm_the_gradient_is_only_scaled():
    rng = np.random.default_rng(4)
    W, G = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 3))
    estimate = power_iteration(W, rng.normal(size=(2, 4)), 5)
    grad = normalised_grad(G, W, estimate, np.array([1.0, 3.0]), through_norm=False)
    np.testing.assert_allclose(grad, np.array([1.0, 3.0])[:, None, None] / estimate.sigma[:, None, None] * G)


def test_layers_below_K_are_left_alone_if_asked():
    W = np.diag([0.5, 0.1])
    np.testing.assert_array_equal(normalised(W, np.array(0.5), 2.0, leave_smaller=True), W)
    np.testing.assert_allclose(normalised(W, np.array(0.5), 2.0), np.diag([2.0, 0.4]))
    np.testing.assert_array_equal(normalised(W, np.array(0.5), np.inf), W)


# --- whole networks


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
    """Heavy ball under spectral normalisation of a network without hidden layers, in loops."""
    N, into = fit.X.shape
    out = fit.Y.shape[1]
    W, b = theta[: out * into].reshape(out, into).copy(), theta[out * into :].copy()
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for _ in range(steps):
        v = np.array([sum(W[o, i] * u[o] for o in range(out)) for i in range(into)])
        v /= np.sqrt(sum(v**2))
        u = np.array([sum(W[o, i] * v[i] for i in range(into)) for o in range(out)])
        sigma = np.sqrt(sum(u**2))
        u = u / sigma
        G, c = np.zeros_like(W), np.zeros_like(b)
        for x, y in zip(fit.X, fit.Y, strict=True):
            error = K / sigma * W @ x + b - y
            G += np.outer(error, x) / N
            c += error / N
        G = K / sigma * (G - (G * W).sum() / sigma * np.outer(u, v))
        dW, db = momentum * dW - lr * G, momentum * db - lr * c
        W, b = W + dW, b + db
    return np.concatenate([W.ravel(), b])


def test_training_is_the_implementation_by_hand():
    network = MLP((3, 2))
    fit = small_fit(network)
    theta0, u0 = np.random.default_rng(8).normal(size=8), np.array([0.6, 0.8])
    norm = SpectralNorm(network, 0.7)
    trace = run(train_normalised(fit, theta0, u0, norm, lr=0.1, momentum=0.8), 20)
    np.testing.assert_allclose(trace.theta[-1], by_hand(fit, theta0, u0, 0.7, 0.1, 0.8, 20), rtol=1e-10)


def test_a_batch_is_its_replicates_one_by_one():
    fit, rng = small_fit(), np.random.default_rng(9)
    theta0 = rng.normal(size=(3, SMALL.dim))
    K, lr, momentum = np.array([0.5, 2.0, np.inf]), np.array([0.1, 0.05, 0.2]), np.array([0.0, 0.5, 0.9])
    u0 = SpectralNorm(SMALL).start(theta0, rng)
    together = run(train_normalised(fit, theta0, u0, SpectralNorm(SMALL, K), lr=lr, momentum=momentum), 30).theta
    penalty = GradientPenalty(SMALL, fit.X, np.ones(3), rho=0.3, K=K[:2])
    penalised = run(train_penalised(fit, theta0[:2], penalty, lr=lr[:2], momentum=momentum[:2]), 30).theta
    for i in range(3):
        setting = {"lr": lr[i], "momentum": momentum[i]}
        alone = run(train_normalised(fit, theta0[i], u0[i], SpectralNorm(SMALL, K[i]), **setting), 30).theta
        np.testing.assert_allclose(together[:, i], alone, rtol=1e-10)
        if i < 2:
            penalty = GradientPenalty(SMALL, fit.X, np.ones(3), rho=0.3, K=K[i])
            alone = run(train_penalised(fit, theta0[i], penalty, **setting), 30).theta
            np.testing.assert_allclose(penalised[:, i], alone, rtol=1e-10)


def test_no_norm_and_no_penalty_are_plain_heavy_ball():
    fit, theta = small_fit(), SMALL.init(np.random.default_rng(1))
    x, d = theta, 0.0
    for _ in range(10):
        d = 0.9 * d - 0.1 * fit.grad(x)
        x = x + d
    norm = SpectralNorm(SMALL, np.inf)
    u0 = norm.start(theta, np.random.default_rng(2))
    np.testing.assert_allclose(run(train_normalised(fit, theta, u0, norm, lr=0.1, momentum=0.9), 10).theta[-1], x)
    left = SpectralNorm(SMALL, 1e6, leave_smaller=True)
    np.testing.assert_allclose(run(train_normalised(fit, theta, u0, left, lr=0.1, momentum=0.9), 10).theta[-1], x)
    none = WeightDecay(0.0)
    np.testing.assert_allclose(run(train_penalised(fit, theta, none, lr=0.1, momentum=0.9), 10).theta[-1], x)


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
@pytest.mark.parametrize("one_sided", [False, True])
def test_the_gradient_of_the_gradient_penalty_agrees_with_differences(activation, one_sided):
    network, rng = MLP((2, 4, 3, 2), activation), np.random.default_rng(11)
    X, readout = rng.normal(size=(12, 2)), np.array([1.0, -1.0])
    theta = network.init(rng, 2.0)
    K = float(np.median(steepness(network, theta, X, readout)))  # so that slopes lie on both sides
    penalty = GradientPenalty(network, X, readout, 0.7, K, one_sided)

    def by_differences(theta):
        e = 1e-5
        slopes = [
            (network.forward(theta, X + e * axis) - network.forward(theta, X - e * axis)) @ readout / (2 * e)
            for axis in np.eye(2)
        ]
        excess = np.sqrt(slopes[0] ** 2 + slopes[1] ** 2) - K
        return 0.7 * ((np.maximum(excess, 0) if one_sided else excess) ** 2).mean()

    assert penalty(theta) == pytest.approx(by_differences(theta), rel=1e-6)
    np.testing.assert_allclose(penalty.grad(theta), difference(penalty, theta), atol=1e-7)


def test_weight_decay_is_the_gradient_of_its_value_and_shrinks_what_the_data_do_not_hold():
    theta = np.random.default_rng(12).normal(size=SMALL.dim)
    np.testing.assert_allclose(WeightDecay(0.3).grad(theta), difference(WeightDecay(0.3), theta), atol=1e-8)
    still = Fit(MLP((2, 1)), np.zeros((1, 2)), np.zeros((1, 1)))
    x = run(train_penalised(still, np.array([1.0, -2.0, 0.0]), WeightDecay(0.5), lr=0.1), 7).theta[-1]
    np.testing.assert_allclose(x, np.array([1.0, -2.0, 0.0]) * 0.95**7)


def test_a_gradient_penalty_smooths():
    network = MLP((1, 16, 1), "tanh")
    X = np.linspace(-1, 1, 30)[:, None]
    fit = Fit(network, X, np.sign(X))
    theta0, readout = network.init(np.random.default_rng(0), 2.0), np.ones(1)
    free = run(train_penalised(fit, theta0, WeightDecay(0.0), lr=0.1, momentum=0.9), 500, every=500)
    penalty = GradientPenalty(network, X, readout, 1.0, 1.0, one_sided=True)
    held = run(train_penalised(fit, theta0, penalty, lr=0.1, momentum=0.9), 500, every=500)
    steep = [steepness(network, trace.theta[-1], X, readout).max() for trace in (free, held)]
    assert steep[1] < 0.5 * steep[0]


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


# --- Q-learning

GRID = grid_world(3, pit=(0, 2))
LOOK = coordinates(3)
TINY = MLP((2, 6, 5, 4), "relu")


def learner(variant, theta0, u0, rng, **setting):
    return q_learning(GRID, LOOK, TINY, theta0, u0, variant=variant, rng=rng, **setting)


def q_by_hand(variant, theta, u, rng, lr, epsilon, steps):
    """Q-learning with gradients by differences, u and v held constant."""
    second = slice(6 * 2 + 6, 6 * 2 + 6 + 5 * 6)
    m = v_adam = np.zeros_like(theta)

    def layer(theta):
        return theta[second].reshape(5, 6)

    def outputs(theta, states, u, v):
        (W1, b1), (W2, b2), (W3, b3) = TINY.layers(theta)
        sigma = u @ W2 @ v
        if variant == "SN":
            W2 = W2 / sigma
        a = np.maximum(LOOK[states] @ W1.T + b1, 0)
        a = np.maximum(a @ W2.T + b2, 0)
        return (a @ W3.T + b3) / (constant if variant == "DivOut" else 1)

    for t in range(steps):
        v = layer(theta).T @ u
        v = v / np.linalg.norm(v)
        u = layer(theta) @ v
        u = u / np.linalg.norm(u)
        constant = u @ layer(theta) @ v
        if t % 2 == 0:
            copy = theta.copy(), u.copy(), v.copy(), constant
        seen = GRID.sample(rng, (6,))
        now, constant = constant, copy[3]
        wanted = seen.r + 0.95 * np.where(seen.over, 0, outputs(copy[0], seen.s_next, copy[1], copy[2]).max(-1))
        constant = now

        def loss(theta, u=u, v=v, seen=seen, wanted=wanted):
            return ((outputs(theta, seen.s, u, v)[np.arange(6), seen.a] - wanted) ** 2).mean() / 2

        grad = difference(loss, theta)
        own = np.zeros(len(theta), bool)
        own[second] = True
        if variant == "DivGrad":
            grad = grad / constant
        if variant == "DivGrad own":
            grad[own] /= max(constant, 1)
        m = 0.9 * m + 0.1 * grad
        v_adam = 0.999 * v_adam + 0.001 * grad**2
        step = lr * (m / (1 - 0.9 ** (t + 1)))
        if variant == "DivRate":
            step[own] /= max(constant, 1)
        eps = epsilon * constant if variant == "MulEps" else epsilon
        theta = theta - step / (np.sqrt(v_adam / (1 - 0.999 ** (t + 1))) + eps)
    return theta


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_of_q_learning_is_the_implementation_by_hand(variant):
    start = np.random.default_rng(0)
    theta0, u0 = start.normal(size=TINY.dim), start.normal(size=5)
    setting = {"lr": 0.02, "epsilon": 1e-2, "batch_size": 6, "target_every": 2}
    states = learner(variant, theta0, u0, np.random.default_rng(1), **setting)
    hand = q_by_hand(variant, theta0, u0, np.random.default_rng(1), 0.02, 1e-2, 5)
    np.testing.assert_allclose(run(states, 5, keep=["theta"]).theta[-1], hand, rtol=1e-5, atol=1e-7)
    base = q_by_hand("base", theta0, u0, np.random.default_rng(1), 0.02, 1e-2, 5)
    assert (abs(base - hand).max() > 1e-4) == (variant != "base")


def test_what_a_learner_computes_with_is_normalised_or_divided():
    start = np.random.default_rng(0)
    theta0, u0 = TINY.init(start, 1.5), start.normal(size=5)
    for variant in ("base", "SN", "DivOut"):
        state = next(learner(variant, theta0, u0, np.random.default_rng(1), lr=0.01))
        W = TINY.layers(theta0)[1][0]
        sigma = power_iteration(W, u0).sigma
        plain = TINY.forward(theta0, LOOK)
        if variant == "SN":
            layers = TINY.layers(theta0)
            layers[1] = W / sigma, layers[1][1]
            plain = TINY.forward(TINY.flat(layers), LOOK)
        np.testing.assert_allclose(q_values(TINY, state, LOOK), plain / (sigma if variant == "DivOut" else 1))


def test_learners_that_share_their_transitions_are_those_run_alone():
    start = np.random.default_rng(2)
    theta0, u0, lr = TINY.init(start, 1.5), start.normal(size=5), np.array([0.01, 0.03])
    for variant in ("SN", "MulEps"):
        theta0s, u0s = np.stack([theta0, -theta0]), np.stack([u0, u0])
        shared = common(np.random.default_rng(3))
        together = run(learner(variant, theta0s, u0s, shared, lr=lr), 40, keep=["theta"]).theta
        for i in range(2):
            alone = run(learner(variant, theta0s[i], u0s[i], np.random.default_rng(3), lr=lr[i]), 40, keep=["theta"])
            np.testing.assert_allclose(together[:, i], alone.theta, rtol=1e-9)


# --- bad input


def test_bad_arguments_are_refused_at_the_call():
    fit, theta = small_fit(), SMALL.init(np.random.default_rng(0))
    for K in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="K must be positive"):
            SpectralNorm(SMALL, K)
    with pytest.raises(ValueError, match="which must be layers from -3 to 2"):
        SpectralNorm(SMALL, 1.0, [3])
    u0 = SpectralNorm(SMALL).start(theta, np.random.default_rng(1))
    with pytest.raises(ValueError, match="which must be layers"):
        SpectralNorm(SMALL, 1.0, [])
    with pytest.raises(ValueError, match="the last axis of u must be 12, the outputs of the layers, got 5"):
        train_normalised(fit, theta, np.ones(5), SpectralNorm(SMALL), lr=0.1)
    with pytest.raises(ValueError, match="singular value of a layer, must be nonzero"):
        train_normalised(fit, np.zeros(SMALL.dim), u0, SpectralNorm(SMALL), lr=0.1)
    norm = SpectralNorm(SMALL)
    with pytest.raises(ValueError, match="singular value of a layer, must be nonzero"):
        power_iteration(np.zeros((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match="singular value of a layer, must be nonzero"):
        norm.start(np.zeros(SMALL.dim), np.random.default_rng(1))
    with pytest.raises(ValueError, match="iterations"):
        power_iteration(np.eye(2), np.ones(2), 0)
    for setting in ({"lr": 0.0}, {"lr": np.inf}, {"lr": 0.1, "momentum": 1.0}, {"lr": 0.1, "momentum": -0.1}):
        with pytest.raises(ValueError, match=list(setting)[-1]):
            train_normalised(fit, theta, u0, norm, **setting)
        with pytest.raises(ValueError, match=list(setting)[-1]):
            train_penalised(fit, theta, WeightDecay(0.1), **setting)
    with pytest.raises(ValueError, match="rho must be 0 or more, got -1"):
        WeightDecay(-1)
    with pytest.raises(ValueError, match="rho"):
        GradientPenalty(SMALL, fit.X, np.ones(3), rho=-1.0)
    with pytest.raises(ValueError, match="smooth"):
        GradientPenalty(TINY, fit.X, np.ones(4))
    u = np.ones(5)
    with pytest.raises(ValueError, match="variant must be one of"):
        learner("DivAll", np.ones(TINY.dim), u, np.random.default_rng(0), lr=0.1)
    rest = np.ones(TINY.dim), u
    with pytest.raises(ValueError, match="the shape of features"):
        q_learning(GRID, LOOK[:3], TINY, *rest, variant="base", lr=0.1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="one for each action"):
        q_learning(GRID, LOOK, MLP((2, 5, 3)), *rest, variant="base", lr=0.1, rng=np.random.default_rng(0))
    for setting in ({"lr": 0.0}, {"lr": 0.1, "epsilon": 0.0}, {"lr": 0.1, "batch_size": 0}, {"lr": 0.1, "K": 0.0}):
        with pytest.raises(ValueError, match=list(setting)[-1]):
            learner("SN", np.ones(TINY.dim), u, np.random.default_rng(0), **setting)


# --- the experiment


def test_a_start_follows_its_seed_and_its_u_are_nearly_singular_vectors():
    theta, u = experiment.he_start(experiment.CLASSIFIER, [4, 5])
    rng = np.random.default_rng(5)
    first = rng.standard_normal((32, 2))  # of variance 2/in = 1
    np.testing.assert_array_equal(experiment.CLASSIFIER.layers(theta[1])[0][0], first)
    assert u.shape == (2, 98)
    np.testing.assert_allclose(first.T @ u[1, :32], np.linalg.norm(first, 2) * power_iteration(first, u[1, :32]).v)


def test_a_map_of_final_losses_is_its_cells():
    both = experiment.final_loss_map(2.0, [0.03, 0.1], [0.0, 0.9], seeds=(3,), steps=30)
    assert both.shape == (2, 2, 1)
    alone = experiment.train_moons(2.0, (3,), lr=0.1, momentum=0.9, steps=30, every=10)
    assert both[1, 1, 0] == pytest.approx(alone.loss[-1, 0])
    assert alone.step.tolist() == [0, 10, 20, 30]


def test_divergence_is_recorded():
    lost = experiment.final_loss_map(np.inf, [1e4], [0.9], steps=60)
    assert np.isnan(lost).all()
    K, lr, seeds = np.array([np.inf, 2.0])[:, None], np.array([1e4, 0.1])[:, None], (0, 1)
    trace = experiment.train_moons(K, seeds, lr=lr, steps=60, every=60)
    for figure in experiment.judge(trace.theta[-1], trace.u[-1], K, seeds):
        assert np.isnan(figure[0]).all()
        assert np.isfinite(figure[1]).all()


def test_quick_claims_hold():
    claims = collect(experiment.EXPERIMENTS, quick=True)
    assert len(claims) >= 10
    assert all(claim.holds for claim in claims), claims
