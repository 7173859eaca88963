import numpy as np
import pytest
import sympy as sp
from scipy.special import softmax

from optilab.core.run import run
from optilab.papers.optimistic_omd import exercises
from optilab.papers.optimistic_omd.algorithm import Convex, optimistic
from optilab.papers.optimistic_omd.exercises import D, L
from optilab.papers.optimistic_omd.problems import spinning
from optilab.problems.mirror import Mahalanobis
from optilab.problems.simple import Ball


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_checks_on_constants():
    assert "whatever T is" in exercises.check_delta(10 * D**2 * L**2)
    refused(exercises.check_delta, "factor ½", 5 * D**2 * L**2)
    refused(exercises.check_delta, "√δ", sp.sqrt(10) * D * L)
    refused(exercises.check_delta, "both terms", D**2 * L**2)
    refused(exercises.check_delta, "not in", sp.Symbol("x") * D)
    right = (5 * D**2 * L**2, 5 * sp.sqrt(5) * D**2 * L, 5 * D / sp.sqrt(2))
    assert "√2 less" in exercises.check_noiseless(*right)
    r, s = sp.symbols("r s", positive=True)  # the same, found by SymPy
    gain = sp.Rational(5, 2) * D * sp.sqrt(2 * L**2 * r**2) - s * r**2 / (4 * D)
    total = sp.Rational(5, 2) * D * s + gain.subs(r, sp.solve(sp.diff(gain, r), r)[0])
    (best,) = sp.solve(sp.diff(total, s), s)
    assert exercises.check_noiseless(best**2, total.subs(s, best), right[2])


def into_ball(point):
    return point / max(1.0, np.linalg.norm(point))


def one_round(xhat, M, V, g, G, delta):
    eta = 2 / np.sqrt(delta + 4 * G**2 + V)
    return into_ball(xhat - eta * M), into_ball(xhat - eta * g), V + ((g - M) ** 2).sum()


def from_the_play(xhat, M, V, g, G, delta):
    x, _, later = one_round(xhat, M, V, g, G, delta)
    return x, into_ball(x - 2 / np.sqrt(delta + 4 * G**2 + V) * g), later


def next_step(xhat, M, V, g, G, delta):
    x, _, later = one_round(xhat, M, V, g, G, delta)
    return x, into_ball(xhat - 2 / np.sqrt(delta + 4 * G**2 + later) * g), later


def peeking(xhat, M, V, g, G, delta):
    later = V + ((g - M) ** 2).sum()
    return (*one_round(xhat, M, later, g, G, delta)[:2], later)


def lengths(xhat, M, V, g, G, delta):
    return (*one_round(xhat, M, V, g, G, delta)[:2], V + (g**2).sum())


def test_the_check_on_a_round():
    for seed in range(20):
        assert "bold" in exercises.check_round(one_round, seed=seed)
        refused(exercises.check_round, "not at the play", from_the_play, seed=seed)
        refused(exercises.check_round, "not that of the next one", next_step, seed=seed)
        refused(exercises.check_round, "before g is", peeking, seed=seed)
        refused(exercises.check_round, "the surprises", lengths, seed=seed)
    refused(exercises.check_round, "x is to be", lambda *a: (a[0], *one_round(*a)[1:]), seed=0)
    refused(exercises.check_round, "not 2 things", lambda *a: one_round(*a)[:2], seed=0)


def curved(xhat, M, H, g, beta, *, last=0.0, factor=0.5, play=False, project=None):
    metric, ball = Mahalanobis(H), Ball(1.0)
    new = H + factor * beta * np.outer(g, g)
    if project:
        x, after = (project(xhat - np.linalg.solve(H, v)) for v in (M, g))
        return x, after, new
    x = metric.step(ball, xhat, M, 1.0)
    return x, Mahalanobis(H + last * (new - H)).step(ball, x if play else xhat, g, 1.0), new


def test_the_check_on_a_round_in_a_metric():
    for seed in range(10):
        assert "stiff" in exercises.check_curved_round(curved, seed=seed)
    wrong = [
        (lambda *a: curved(*a, project=into_ball), "not in the Euclidean one"),
        (lambda *a: curved(*a, play=True), "not at the play"),
        (lambda *a: curved(*a, last=1.0), "enters H afterwards"),
        (lambda *a: curved(*a, factor=1.0), "factor β/2"),
        (
            lambda x, M, H, g, beta: (*curved(x, M, np.eye(3), g, beta)[:2], curved(x, M, H, g, beta)[2]),
            "H⁻¹",
        ),
        (lambda *a: (a[0], *curved(*a)[1:]), "x is to be"),
    ]
    for answer, message in wrong:
        refused(exercises.check_curved_round, message, answer, seed=3)


def hedge(phat, eps, before, g, x_i, x_prev, L, *, factor=2.0, hint=1.0, power=1.0, from_p=False):
    s = factor * L * ((x_i - x_prev) ** 2).sum(-1) ** power
    p = softmax(np.log(phat) - eps * hint * (x_i @ before + s))
    return p, softmax(np.log(p if from_p else phat) - eps * (x_i @ g + s))


def test_the_check_on_the_upper_layer():
    for seed in range(10):
        assert "calm" in exercises.check_hedge(hedge, seed=seed)
    for options, message in (
        ({"factor": 0.0}, "has to pay"),
        ({"factor": -2.0}, "not paid for"),
        ({"factor": 1.0}, "is 2L"),
        ({"power": 0.5}, "squared length"),
        ({"hint": 0.0}, "by the guess m"),
        ({"from_p": True}, "not from p"),
    ):
        refused(exercises.check_hedge, message, lambda *a, options=options: hedge(*a, **options), seed=2)
    refused(exercises.check_hedge, "sum 1", lambda *a: [2 * part for part in hedge(*a)], seed=0)
    anchored = lambda phat, eps, b, g, x, y, L: hedge(phat, eps, b, g, x - x[0] * 0.5, y, L)  # noqa: E731
    refused(exercises.check_hedge, "p is to be", anchored, seed=0)


def test_the_check_on_the_experiment():
    P, T, sigmas, seeds = 50.0, 600, (0.0, 0.1, 0.5), range(3)
    losses = spinning(T, P, np.array(sigmas)[:, None], seeds)
    trace = run(optimistic(losses, np.zeros((3, 3, 2)), steps=Convex(2.0, losses.G, 1.0)), T)
    x, V = trace.x[:T], trace.V[-1].mean(-1)
    regret, at = losses.dynamic_regret(x)[-1].mean(-1), np.sqrt(2) * np.pi / P
    setting = (P, T, sigmas, seeds)
    assert "pays for both" in exercises.check_experiment(regret, V, at, *setting)
    refused(exercises.check_experiment, "that is static", losses.static_regret(x)[-1].mean(-1), V, at, *setting)
    refused(exercises.check_experiment, "the surprises", regret, (losses.g**2).sum((0, -1)).mean(-1), at, *setting)
    refused(exercises.check_experiment, "met twice", regret, V, 2 * np.pi / P, *setting)
    refused(exercises.check_experiment, "measured here", 1.1 * regret, V, at, *setting)
    refused(exercises.check_experiment, "one number for each", regret[:2], V, at, *setting)
