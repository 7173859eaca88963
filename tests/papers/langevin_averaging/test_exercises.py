import re

import numpy as np
import pytest
import sympy as sp

from optilab.papers.langevin_averaging import exercises
from optilab.papers.langevin_averaging.algorithm import information_exponent, langevin
from optilab.papers.langevin_averaging.derivation import mean, tensor
from optilab.papers.langevin_averaging.problems import SpikedTensor

SEEDS = range(3)


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_the_horizon():
    assert "longer average" in exercises.check_horizon(30 * 32 * 1000 / (3 * 100 * 29))
    refused(exercises.check_horizon, "d \\+ 2 ≈ d", 100.0)
    refused(exercises.check_horizon, "the chain's term 1", (30 * 32) ** 2 / (9 * 100 * 29))
    refused(exercises.check_horizon, "set both terms", 1.0)


def test_the_response_is_that_of_the_moments():
    T, z, f = tensor(3, 5)
    exact = mean(2 * f * z[0], tuple(z))
    traced = sum(T[tuple(sorted((0, j, j, i, i)))] for i in range(3) for j in range(3))
    assert sp.expand(exact - exercises.RESPONSE.subs(exercises.d, 3) * traced) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mistakes_that_are_recognised_differ_from_what_is_right(seed):
    for mistake, message in exercises.MISTAKES.items():
        refused(
            exercises.check_walk,
            re.escape(message),
            lambda *given, mistake=mistake: exercises._walked(*given, mistake),
            seed=seed,
        )
    refused(exercises.check_walk, "return theta, m1, M2", lambda *given: given[:2], seed=seed)
    refused(exercises.check_walk, "theta is to be", lambda *given: [0 * part for part in exercises._walked(*given)])


def test_every_mistake_is_seen_by_a_thousandth():
    rng = np.random.default_rng(1)
    problem, theta = exercises.spiked_tensor(rng, 6, 4, 20.0), exercises.uniform(rng, (6,))
    given = (theta, problem.grad, rng.normal(size=(3, 6)), 2.0, 0.04)
    right = exercises._walked(*given)
    for mistake in exercises.MISTAKES:
        wrong = exercises._walked(*given, mistake)
        assert max(abs(p - q).max() for p, q in zip(right, wrong, strict=True)) > 1e-3, mistake


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chain_of_the_algorithm_is_right(seed):
    class Told:
        def __init__(self, noise):
            self.noise = iter(noise)

        def spawn(self, n):
            return [self] * n

        def normal(self, size):
            return next(self.noise)

    class Told4(SpikedTensor):
        def __init__(self, grad, d):
            object.__setattr__(self, "T", np.zeros([d] * 4))
            object.__setattr__(self, "star", np.eye(d)[0])
            object.__setattr__(self, "grad", grad)

    def walk(theta, grad, noise, epsilon, dt):
        d = len(theta)
        horizon = (len(noise) - 0.5) * dt
        states = langevin(Told4(grad, d), theta, epsilon=epsilon, horizon=horizon, h=dt * (d - 1), rng=Told(noise))
        *_, last = states
        return last.theta, last.m1, last.M2

    assert "the sphere does the rest" in exercises.check_walk(walk, seed=seed)


def test_the_check_on_exponents():
    assert "how flat" in exercises.check_exponent(information_exponent)
    refused(exercises.check_exponent, "begin with j = 1", lambda sigma: 0)
    refused(exercises.check_exponent, "aren't Hermite", lambda sigma: 1)
    known = dict(exercises.LINKS.values())
    refused(exercises.check_exponent, "a constant has no exponent", lambda sigma: known.get(sigma, 10))


def test_the_window_of_temperatures():
    assert "lean" in exercises.check_temperature(8.5, "symmetry")
    refused(exercises.check_temperature, "too cold", 14.0, "symmetry")
    refused(exercises.check_temperature, "too hot", 4.0, "symmetry")
    refused(exercises.check_temperature, "what do f", 8.5, "temperature")
    refused(exercises.check_temperature, "one of", 8.5, "luck")
    refused(exercises.check_temperature, "positive", -1.0, "symmetry")
