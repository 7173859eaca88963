"""Stochastic classics: SGD and Adam, step by step and in the mean."""

import numpy as np
import pytest

from optilab.classics.adagrad import adagrad
from optilab.classics.adam import adam, step_bound
from optilab.classics.gradient_descent import gradient_descent
from optilab.classics.heavy_ball import heavy_ball
from optilab.classics.sgd import distance_bound, sgd
from optilab.core.counted import Counted
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.problems.data import two_moons
from optilab.problems.least_squares import LeastSquares
from optilab.problems.mlp import MLP, Fit

rng = np.random.default_rng(0)
PROBLEM = LeastSquares(rng.normal(size=(30, 3)), rng.normal(size=30))
METHODS = {
    "sgd": (sgd, {"alpha": np.array([0.01, 0.02, 0.05]), "beta": np.array([0.0, 0.5, 0.9])}),
    "adam": (adam, {"alpha": np.array([0.01, 0.02, 0.05]), "beta1": np.array([0.0, 0.5, 0.9])}),
}


class Everything:
    """A problem whose every sample is the whole."""

    def sample(self, rng, size):
        return np.zeros(size, dtype=int)

    def sample_grad(self, x, sample):
        return PROBLEM.grad(x)


@pytest.mark.parametrize("name", METHODS)
def test_a_batch_is_its_replicates_one_by_one(name):
    method, parameters = METHODS[name]
    starts = np.random.default_rng(1).normal(size=(3, 3))
    together = run(method(PROBLEM, starts, rng=common(np.random.default_rng(2)), size=4, **parameters), 40)
    for i, start in enumerate(starts):
        own = {key: values[i] for key, values in parameters.items()}
        alone = run(method(PROBLEM, start, rng=np.random.default_rng(2), size=4, **own), 40)
        for field, values in alone.fields.items():
            np.testing.assert_allclose(together.fields[field][:, i], values, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", METHODS)
def test_samples_are_counted(name):
    counted = Counted(PROBLEM)
    states = METHODS[name][0](counted, np.zeros((5, 3)), alpha=0.01, rng=np.random.default_rng(0), size=4)
    trace = run(states, 7, oracle=counted)
    np.testing.assert_array_equal(trace.calls["samples"], 4 * np.arange(8))
    np.testing.assert_array_equal(trace.calls["gradients"], np.arange(8))


def test_without_noise_sgd_is_descent_and_heavy_ball():
    start, quiet = np.ones(3), np.random.default_rng(0)
    plain = run(sgd(Everything(), start, rng=quiet, alpha=0.1), 20).x
    np.testing.assert_array_equal(plain, run(gradient_descent(PROBLEM, start, alpha=0.1), 20).x)
    heavy = run(sgd(Everything(), start, rng=quiet, alpha=0.1, beta=0.8), 20)
    expected = run(heavy_ball(PROBLEM, start, alpha=0.1, beta=0.8), 20)
    np.testing.assert_array_equal(heavy.x, expected.x)
    np.testing.assert_array_equal(heavy.v, expected.v)


def test_a_schedule_is_asked_at_every_step():
    asked = []

    def schedule(k):
        asked.append(k)
        return np.array([0.1, 0.2]) / (k + 1)

    trace = run(sgd(Everything(), np.ones((2, 3)), rng=np.random.default_rng(0), alpha=schedule), 5)
    for k in range(5):
        step = np.array([[0.1], [0.2]]) / (k + 1)
        np.testing.assert_allclose(trace.x[k + 1], trace.x[k] - step * PROBLEM.grad(trace.x[k]), rtol=1e-12)
    assert sorted(set(asked)) == list(range(6))


def test_the_mean_distance_stays_below_its_bound_and_levels_off():
    start = np.full(3, 3.0)
    residuals = PROBLEM.A @ PROBLEM.minimizer - PROBLEM.b
    noise = float(((residuals**2) * (PROBLEM.A**2).sum(1)).mean())
    k = np.arange(601)
    for alpha in (0.005, 0.02):
        states = sgd(PROBLEM, np.tile(start, (400, 1)), rng=np.random.default_rng(3), alpha=alpha)
        distance = run(states, 600, squared=lambda s: ((s.x - PROBLEM.minimizer) ** 2).sum(-1)).squared.mean(1)
        start_distance = float(np.linalg.norm(start - PROBLEM.minimizer))
        bound = distance_bound(k, alpha, PROBLEM.mu, PROBLEM.L_sample, noise, start_distance)
        assert (distance <= bound * (1 + 1e-9)).all()
        assert distance[-200:].mean() > 0.02 * bound[-1]  # constant steps don't converge: the noise floor is real


def test_minibatches_average_the_noise():
    def floor(size):
        states = sgd(PROBLEM, np.zeros((300, 3)), rng=np.random.default_rng(4), alpha=0.05, size=size)
        return run(states, 200, squared=lambda s: ((s.x - PROBLEM.minimizer) ** 2).sum(-1)).squared[100:].mean()

    assert floor(1) / floor(8) == pytest.approx(8, rel=0.3)


def test_adam_is_the_papers_loop():
    alpha, beta1, beta2, eps = 0.05, 0.8, 0.95, 1e-3
    x = np.array([1.0, -2.0, 0.5])
    trace = run(adam(PROBLEM, x, alpha=alpha, beta1=beta1, beta2=beta2, eps=eps), 25)
    m, v = [0.0] * 3, [0.0] * 3
    for t in range(1, 26):
        g = PROBLEM.grad(x)
        for i in range(3):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        corrected = [(m[i] / (1 - beta1**t), v[i] / (1 - beta2**t)) for i in range(3)]
        x = np.array([x[i] - alpha * a / (b**0.5 + eps) for i, (a, b) in enumerate(corrected)])
        np.testing.assert_allclose(trace.x[t], x, rtol=1e-12)
        np.testing.assert_allclose(trace.m[t], m, rtol=1e-12)
        np.testing.assert_allclose(trace.v[t], v, rtol=1e-12)


def test_adams_first_step_is_alpha_in_every_coordinate_whatever_the_scale():
    x = np.array([1.0, -2.0, 0.5])
    step = np.diff(run(adam(PROBLEM, x, alpha=0.1, eps=1e-12), 1).x, axis=0)[0]
    np.testing.assert_allclose(step, -0.1 * np.sign(PROBLEM.grad(x)), rtol=1e-6)


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.5, 0.9), (0.9, 0.82), (0.0, 0.9)])
def test_adams_steps_stay_below_their_bound_which_the_worst_gradients_reach(beta1, beta2):
    class Gradients:
        """Gradients given beforehand."""

        def __init__(self, gradients):
            self.gradients = iter(gradients)

        def grad(self, x):
            return next(self.gradients)

    steps = 30
    k = np.arange(1, steps + 1)
    heavy_tails = np.random.default_rng(5).standard_cauchy(size=(steps, 50, 1)) ** 3
    states = adam(Gradients(heavy_tails), np.zeros((50, 1)), beta1=beta1, beta2=beta2, alpha=1.0, eps=1e-300)
    moves = abs(np.diff(run(states, steps).x[..., 0], axis=0))
    bound = step_bound(k, 1.0, beta1, beta2)
    assert (moves <= bound[:, None] * (1 + 1e-9)).all()
    worst = ((beta1 / beta2) ** (steps - k))[:, None]  # where Cauchy–Schwarz is an equality
    states = adam(Gradients(worst), np.zeros(1), beta1=beta1, beta2=beta2, alpha=1.0, eps=1e-300)
    last = abs(np.diff(run(states, steps).x[:, 0]))[-1]
    assert last == pytest.approx(bound[-1], rel=1e-6)


def test_adam_and_sgd_train_a_network():
    X, labels = two_moons(60, 0.1, seed=0)
    problem = Fit(MLP((2, 12, 2)), X, labels, "cross_entropy")
    starts = np.stack([problem.network.init(np.random.default_rng(seed)) for seed in range(3)])
    generator = np.random.default_rng(1)
    for states in (
        adam(problem, starts, alpha=0.02, rng=generator, size=10),
        sgd(problem, starts, alpha=0.3, beta=0.9, rng=generator, size=10),
    ):
        trained = run(states, 600, every=600).x[-1]
        assert (problem.accuracy(trained) >= 0.95).all()


def test_bad_parameters_are_refused_at_the_call():
    generator = np.random.default_rng(0)
    for alpha in (0, -1, np.inf, np.nan, lambda k: -1.0):
        with pytest.raises(ValueError, match="alpha must be positive"):
            sgd(PROBLEM, np.zeros(3), rng=generator, alpha=alpha)
    for size in (0, 2.5):
        with pytest.raises(ValueError, match="size must be a positive integer"):
            sgd(PROBLEM, np.zeros(3), rng=generator, alpha=0.1, size=size)
        with pytest.raises(ValueError, match="size must be a positive integer"):
            adam(PROBLEM, np.zeros(3), rng=generator, size=size)
    with pytest.raises(ValueError, match="beta must be in"):
        sgd(PROBLEM, np.zeros(3), rng=generator, alpha=0.1, beta=1)
    with pytest.raises(ValueError, match="alpha must be positive"):
        adam(PROBLEM, np.zeros(3), alpha=0)
    for name in ("beta1", "beta2"):
        with pytest.raises(ValueError, match=f"{name} must be in"):
            adam(PROBLEM, np.zeros(3), **{name: 1.0})
    with pytest.raises(ValueError, match="eps must be positive"):
        adam(PROBLEM, np.zeros(3), eps=0)
    with pytest.raises(ValueError, match="beta1² < beta2"):
        step_bound(1, 1.0, 0.99, 0.9)
    with pytest.raises(ValueError, match="0 <= beta1"):
        step_bound(1, 1.0, -0.5, 0.9)
    with pytest.raises(ValueError, match="k must be 1 or more"):
        step_bound(0, 1.0, 0.9, 0.999)
    with pytest.raises(ValueError, match="alpha must be positive"):
        step_bound(1, -1.0, 0.9, 0.999)
    with pytest.raises(ValueError, match="alpha must be in"):
        distance_bound(1, 1.0, 1.0, 1.0, 1.0, 1.0)
    good = {"k": 1, "alpha": 0.5, "mu": 1.0, "L_sample": 1.0, "noise": 1.0, "distance": 1.0}
    for name, bad in {"k": -1, "mu": 3.0, "L_sample": -1.0, "noise": -1.0, "distance": -1.0}.items():
        with pytest.raises(ValueError, match=f"{name} must be"):
            distance_bound(**good | {name: bad})
    states = sgd(PROBLEM, np.zeros(3), rng=generator, alpha=lambda k: 0.1 - 0.1 * k)
    next(states)
    with pytest.raises(ValueError, match="alpha must be positive"):
        next(states)


@pytest.mark.parametrize("decoupled", [False, True])
def test_weight_decay_enters_the_gradient_or_the_step(decoupled):
    decay, x, m, v = np.array([0.1, 0.3]), np.ones((2, 3)), 0.0, 0.0
    states = run(adam(PROBLEM, x, alpha=0.05, weight_decay=decay, decoupled=decoupled), 20).x
    for k in range(1, 21):
        pull = decay[:, None] * x
        g = PROBLEM.grad(x) + (0 if decoupled else pull)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - 0.05 * (m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8) + (pull if decoupled else 0))
    np.testing.assert_allclose(states[-1], x, rtol=1e-12)
    with pytest.raises(ValueError, match="weight_decay must be"):
        adam(PROBLEM, x, weight_decay=-0.1)


def test_adagrad_divides_by_the_root_of_all_squares():
    x, squares = np.array([1.0, -2.0, 0.5]), []
    trace = run(adagrad(PROBLEM, np.stack([x, 2 * x]), alpha=np.array([0.5, 0.1])), 15)
    for state in trace.x[:, 0]:
        np.testing.assert_allclose(state, x, rtol=1e-12)
        g = PROBLEM.grad(x)
        squares.append(g**2)
        x = x - 0.5 * g / (np.sqrt(sum(squares)) + 1e-10)
    np.testing.assert_allclose(trace.x[1] - trace.x[0], -np.array([[0.5], [0.1]]) * np.sign(PROBLEM.grad(trace.x[0])))
    for bad in ({"alpha": 0.0}, {"alpha": 0.1, "eps": -1.0}):
        with pytest.raises(ValueError, match="must be positive"):
            adagrad(PROBLEM, np.ones(3), **bad)
