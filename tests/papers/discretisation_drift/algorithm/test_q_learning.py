"""Every variant of Q-learning against an implementation by hand."""

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.q_learning import VARIANTS, q_learning, q_values
from optilab.papers.discretisation_drift.algorithm.spectral_norm import power_iteration
from optilab.problems.mdp import coordinates, grid_world
from optilab.problems.mlp import MLP

GRID = grid_world(3, pit=(0, 2))
LOOK = coordinates(3)
TINY = MLP((2, 6, 5, 4), "relu")


def learner(variant, theta0, u0, rng, **setting):
    return q_learning(GRID, LOOK, TINY, theta0, u0, variant=variant, rng=rng, **setting)


def difference(value, x, e=1e-6):
    """Gradient of a scalar function at x, by central differences."""
    return np.array([(value(x + step) - value(x - step)) / (2 * e) for step in e * np.eye(len(x))])


def q_by_hand(variant, theta, u, rng, lr, epsilon, steps):
    """Q-learning with gradients by differences, u and v held constant."""
    second = 6 * 3 + np.arange(5 * 7).reshape(5, 7)[:, :6]  # weights of the second layer, whose rows end with a bias
    m = v_adam = np.zeros_like(theta)

    def layer(theta):
        return theta[second]

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
        if variant == "DivGrad own, always":
            grad[own] /= constant
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


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"variant": "DivAll"}, "variant must be one of"),
        ({"features": LOOK[:3]}, "the shape of features"),
        ({"network": MLP((2, 5, 3))}, "one for each action"),
        ({"lr": 0.0}, "lr"),
        ({"epsilon": 0.0}, "epsilon"),
        ({"batch_size": 0}, "batch_size"),
        ({"K": 0.0}, "K"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(setting, message):
    right = {"features": LOOK, "network": TINY, "variant": "SN", "lr": 0.1, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=message):
        q_learning(GRID, theta0=np.ones(TINY.dim), u0=np.ones(5), **right | setting)
