"""The checks of the assignment and of the lesson: what they accept, what they say of a mistake."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.adahessian import exercises
from optilab.papers.adahessian.algorithm import adahessian
from optilab.papers.adahessian.exercises import ALPHA, A, B


def rng(seed):
    return np.random.default_rng(seed)


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_turned_bowl_is_recognised_in_any_form():
    c, s = sp.cos(ALPHA), sp.sin(ALPHA)
    for right in (sp.sqrt(A**2 * c**2 + B**2 * s**2), sp.sqrt(A**2 + (B**2 - A**2) * s**2)):
        assert "looks steep" in exercises.check_turned(right)
    refused(exercises.check_turned, "mean of D̂", A * (1 - s**2) + B * s**2)
    refused(exercises.check_turned, "its root", A**2 + (B**2 - A**2) * s**2)
    refused(exercises.check_turned, "isn't the norm", A + B)
    refused(exercises.check_turned, "is positive", -sp.sqrt(A**2 * c**2 + B**2 * s**2))


class All:
    """Minibatches as a problem whose every step draws anew."""

    def __init__(self, problem):
        self.problem = problem

    def grad(self, x):
        self.batch = self.problem.sample()
        return self.problem.grad(x, self.batch)

    def hvp(self, x, v):
        return self.problem.hvp(x, v, self.batch)


def test_the_package_itself_passes_as_the_method():
    def method(problem, theta, steps, *, seed, freq, **setting):
        states = adahessian(All(problem), theta, probe_rng=rng(seed), freq=freq, **setting)
        return [next(states).theta for _ in range(steps + 1)][-1]

    for seed in range(3):
        assert "one minibatch" in exercises.check_method(method, seed)
    refused(exercises.check_method, "steps take 1 gradients", lambda problem, theta, steps, **_: theta)
    refused(exercises.check_method, "shape of the first", lambda problem, theta, steps, **_: theta[:2])


def test_the_changes_of_the_path():
    def farthest(seed, k):
        plain = exercises.path_of("plain", seed, k)
        return {
            name: np.linalg.norm(exercises.path_of(name, seed, k) - plain, axis=-1).max() for name in exercises.CHANGES
        }

    unchanged = {1.0: {"stretch", "add", "multiply"}, 0.5: {"add"}}
    assert "no k forgets a turn" in exercises.check_experiment(farthest, unchanged, seed=5)
    refused(exercises.check_experiment, "leaves the path", farthest, {1.0: {"add"}, 0.5: {"add"}})
    refused(exercises.check_experiment, "needs an entry", farthest, {1.0: {"stretch", "add", "multiply"}})
    refused(exercises.check_experiment, "no distance for", lambda seed, k: {"turn": 1.0}, unchanged)
    value, x0, back = exercises.changed("add", 5)
    assert value(x0) == pytest.approx(exercises.changed("plain", 5)[0](x0) + 7)
    np.testing.assert_array_equal(back(x0), x0)


def test_the_spread_of_a_row():
    uneven = [exercises.spread(seed, 100.0) for seed in range(4)]
    even = [exercises.spread(seed, 1.0) for seed in range(4)]
    assert all(1e4 <= value <= 4.5e4 for value in uneven)
    assert all(15 <= value <= 80 for value in even)
    assert "too short" in exercises.check_spread(uneven[0], "flat inputs")
    refused(exercises.check_spread, "equal scales", even[0], "flat inputs")
    refused(exercises.check_spread, "who gets", uneven[0], "steep inputs")
    refused(exercises.check_spread, "you say", 1e7, "flat inputs")
    refused(exercises.check_spread, "one of", uneven[0], "all of them")
