import numpy as np
import pytest
import sympy as sp

from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate import exercises, experiment
from optilab.papers.last_iterate.algorithm import bound


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_weights_check():
    e1, e2, e3, _ = exercises.ETA
    assert "walk still to come" in exercises.check_weights(1 / (e1 + e2 + e3), 1 / (e2 + e3), 1 / e3)
    exercises.check_weights(e3 / (e1 + e2 + e3), e3 / (e2 + e3), 1)
    refused(exercises.check_weights, "equal weights", 1, 1, 1)
    refused(exercises.check_weights, "still holds", 1 / e1, 1 / (e1 + e2), 1 / (e1 + e2 + e3))
    refused(exercises.check_weights, "positive", -1 / (e1 + e2 + e3), -1 / (e2 + e3), -1 / e3)
    refused(exercises.check_weights, "alone", sp.Symbol("q"), 1, 1)


def test_the_check_on_the_last_two():
    e1, e2, e3, e4 = exercises.ETA
    S = [e1 + e2 + e3 + e4, e2 + e3 + e4, e3 + e4]
    first = [1 / part for part in S]
    assert "between last and average" in exercises.check_last_two(*first, 1 / (2 * e4))
    exercises.check_last_two(*(2 * e4 * weight for weight in first), 1)
    refused(exercises.check_last_two, "as in the lesson", *first, 1 / e4)
    refused(exercises.check_last_two, "they are to stay alike", *first, 1 / (3 * e4))
    refused(exercises.check_last_two, "equal weights", 1, 1, 1, 1)
    refused(exercises.check_last_two, "these must go", 1 / e1, 1 / e2, 1 / e3, 1 / e4)


def test_the_checks_on_steps():
    def positive(x, g, eta, lam):
        return x * np.exp(-eta * (g + lam))

    def soft(point, by):
        return np.sign(point) * np.maximum(abs(point) - by, 0)

    def elastic(x, g, eta, lam, mu):
        return soft(x - eta * g, eta * lam) / (1 + eta * mu)

    for seed in (*range(20), 21167):  # the last begins with a draw at which all steps to zero look alike
        assert exercises.check_positive_step(positive, seed=seed)
        assert exercises.check_elastic_step(elastic, seed=seed)
    wrong = [
        (lambda x, g, eta, lam: positive(x, g, eta, lam) / positive(x, g, eta, lam).sum(), "sum to 1"),
        (lambda x, g, eta, lam: positive(x, g, eta, 0), "h = 0"),
        (lambda x, g, eta, lam: positive(x, g, eta, lam / eta), "ηλ"),
        (lambda x, g, eta, lam: positive(x, g, 1, lam), "η = 1"),
        (lambda x, g, eta, lam: positive(x, -g, eta, lam), "derivative"),
    ]
    for step, message in wrong:
        refused(exercises.check_positive_step, message, step, seed=1)
    wrong = [
        (lambda x, g, eta, lam, mu: elastic(x, g, eta, lam / eta, mu), "threshold is ηλ"),
        (lambda x, g, eta, lam, mu: elastic(x, g, eta, 0, mu), "without the norm"),
        (lambda x, g, eta, lam, mu: elastic(x, g, eta, lam, 0), "without the square"),
        (lambda x, g, eta, lam, mu: elastic(x, g, eta, lam, mu / eta), r"1 \+ ημ"),
        (lambda x, g, eta, lam, mu: soft((x - eta * g) / (1 + eta * mu), eta * lam), "threshold first"),
        (lambda x, g, eta, lam, mu: elastic(x, -g, eta, lam, mu), "the minimiser is"),
    ]
    for step, message in wrong:
        refused(exercises.check_elastic_step, message, step, seed=1)


def test_the_bound_check():
    assert "any positive schedule" in exercises.check_bound(bound)
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
