import numpy as np
import pytest
import sympy as sp

from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate import exercises, experiment
from optilab.papers.last_iterate.algorithm import bound
from optilab.problems.mirror import Entropy, Euclidean
from optilab.problems.simple import L1, Simplex


def test_the_weights_check():
    e1, e2, e3 = exercises.ETA
    exercises.check_weights(1 / (e1 + e2 + e3), 1 / (e2 + e3), 1 / e3)
    exercises.check_weights(e3 / (e1 + e2 + e3), e3 / (e2 + e3), 1)
    with pytest.raises(AssertionError, match="equal weights"):
        exercises.check_weights(1, 1, 1)
    with pytest.raises(AssertionError, match="still holds"):
        exercises.check_weights(1 / e1, 1 / (e1 + e2), 1 / (e1 + e2 + e3))
    with pytest.raises(AssertionError, match="positive"):
        exercises.check_weights(-1 / (e1 + e2 + e3), -1 / (e2 + e3), -1 / e3)
    with pytest.raises(AssertionError, match="alone"):
        exercises.check_weights(sp.Symbol("q"), 1, 1)


def test_the_step_checks():
    def entropy(x, g, eta):
        weights = x * np.exp(-eta * g)
        return weights / weights.sum()

    def soft(x, g, eta, lam):
        there = x - eta * g
        return np.sign(there) * np.maximum(abs(there) - eta * lam, 0)

    exercises.check_entropy_step(entropy)
    exercises.check_entropy_step(lambda x, g, eta: Entropy().step(Simplex(), x, g, eta))
    exercises.check_soft_step(soft)
    exercises.check_soft_step(lambda x, g, eta, lam: Euclidean().step(L1(lam), x, g, eta))
    wrong = [
        (lambda x, g, eta: x / x.sum() * np.exp(-eta * g), "normalise last"),
        (lambda x, g, eta: entropy(x, g, 1.0), "η = 1"),
        (lambda x, g, eta: entropy(x, -g, eta), "sign"),
    ]
    for step, message in wrong:
        with pytest.raises(AssertionError, match=message):
            exercises.check_entropy_step(step)
    with pytest.raises(AssertionError, match="threshold is ηλ"):
        exercises.check_soft_step(lambda x, g, eta, lam: soft(x, g, eta, lam / eta))
    with pytest.raises(AssertionError, match="h = 0"):
        exercises.check_soft_step(lambda x, g, eta, lam: x - eta * g)


def test_the_bound_check():
    exercises.check_bound(bound)
    wrong = [
        (lambda e, D, s2: D / e.sum() + 2 * s2 * (e**2 / np.cumsum(e)).sum(), "still to come"),
        (lambda e, D, s2: D / e.sum() + s2 * (e**2 / alg.remaining(e)).sum(), "factor 2"),
        (lambda e, D, s2: D / e.sum(), "linear decay"),
    ]
    for answer, message in wrong:
        with pytest.raises(AssertionError, match=message):
            exercises.check_bound(answer)


def test_the_experiment_check():
    found = experiment.regression(0, [0.4, 0.8, 1.6], runs=20)
    last = {name: row["last"] for name, row in found.items()}
    exercises.check_experiment(last, "noise")
    with pytest.raises(AssertionError, match="averages"):
        exercises.check_experiment({name: row["average"] for name, row in found.items()}, "noise")
    with pytest.raises(AssertionError, match="too few"):
        exercises.check_experiment({name: row[:, :10] for name, row in last.items()}, "noise")
    with pytest.raises(AssertionError, match="D/S_1"):
        exercises.check_experiment(last, "start")
    with pytest.raises(AssertionError, match="no gaps for"):
        exercises.check_experiment({"constant": last["constant"]}, "noise")
