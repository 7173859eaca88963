import re

import numpy as np
import pytest
import sympy as sp

from optilab.papers.diff2 import derivation, exercises
from optilab.papers.diff2.algorithm import renyi_order

SEEDS = range(3)


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_the_width():
    refused(exercises.check_width, "u: restarts", 0.1)
    refused(exercises.check_width, "not 0.5", 0.5)


def test_the_bound_without_its_split_is_the_lesson_s():
    q, G, s, L, Delta = exercises.q, exercises.G, exercises.s, exercises.L, exercises.Delta
    lesson = derivation.four_thirds().lines[-2].expr.rhs
    refused(exercises.check_bound, "the lesson's", lesson, 1, 1, 1)
    B = exercises.u * G**2 * s**2 / q + sp.sqrt(exercises.u / (exercises.u - 1)) * L * Delta * s * sp.sqrt(q)
    root = sp.symbols("root", positive=True)
    best = sp.solve(sp.diff(B.subs(q, root**2), root), root)[0] ** 2
    plain = 2 * G * sp.sqrt(L * Delta * exercises.d * exercises.ell) / (exercises.N * exercises.epsilon)
    assert "the split u" in exercises.check_bound(best, B.subs(q, best), -4 / 3, plain)


def test_the_mistakes_that_are_recognised_differ_from_what_is_right():
    for mistake, message in exercises.MISTAKES.items():

        def step(grads, x, last, v, r, T, C1, C2, sigma1, sigma2, eta, xi, mistake=mistake):
            setting = {"T": T, "C1": C1, "C2": C2, "sigma1": sigma1, "sigma2": sigma2, "eta": eta}
            return exercises._round(grads, x, last, v, r, setting, xi, mistake)

        for seed in SEEDS:
            refused(exercises.check_round, re.escape(message), step, seed=seed)


def test_a_round_written_otherwise_is_right():
    def step(grads, x, last, v, r, T, C1, C2, sigma1, sigma2, eta, xi):
        def clipped(g, C):
            return np.array([one * min(1.0, C / np.linalg.norm(one)) for one in g])

        if r % T == 0:
            v, C, sigma = 0, C1, sigma1
            sent = grads(x)
        else:
            C, sigma = C2 * np.linalg.norm(x - last), sigma2
            sent = [now - before for now, before in zip(grads(x), grads(last), strict=True)]
        v = v + sum(clipped(one, C).mean(0) for one in sent) / len(sent)
        v = v + C * sigma * xi if sigma else v
        return [x - eta * v, v]

    assert "the radius is public" in exercises.check_round(step, seed=0)


def multipliers(n_min, P, R, T, eps, delta, kappa, w):
    alpha, M = 1 + np.ceil(np.log(1 / delta) / (kappa * eps)), np.ceil(R / T)
    one = np.sqrt(2 * alpha / ((1 - kappa) * eps)) / (n_min * P)  # a single release for all of the budget
    return (one * np.sqrt(M), 0) if M == R else (one * np.sqrt(M / w), one * np.sqrt((R - M) / (1 - w)))


def test_the_check_on_the_multipliers():
    assert "no radius" in exercises.check_sigmas(multipliers, seed=0)
    assert renyi_order(2.0, 1e-5) == 1 + np.ceil(np.log(1e5) / 1.0)  # the lesson's order has κ = ½


@pytest.mark.parametrize("T", [400, 800])
def test_a_few_restarts_are_right(T):
    assert "a handful" in exercises.check_experiment(T, *exercises.REASONS[:2])


def test_what_is_no_interval_and_no_reason_is_refused():
    refused(exercises.check_experiment, "T must be whole", 400.5, *exercises.REASONS[:2])
    refused(exercises.check_experiment, "one of", 400, "luck", "clipping")
