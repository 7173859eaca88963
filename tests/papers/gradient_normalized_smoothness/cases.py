"""Runs whose batch is to be its replicates one by one, and the room's problems."""

from functools import partial

import numpy as np

from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.problems import (
    CURVES,
    Chain,
    Power,
    SoftmaxRegression,
    Valley,
    labelled,
    soft_maximum,
    underdetermined,
)
from optilab.problems.metric import Metric

STARTS = np.array([[-2.0, 2.0], [0.5, -1.0], [1.5, 1.0]])
WEIGHTS = np.array([1.0, 1e-3, 1e2])
RADII = np.array([0.02, 0.05, 0.1])
SKEW = Metric(np.diag([1.0, 100.0]))
QUARTIC, SQUARE = Power(Valley(), 4.0), Power(Valley(), 2.0)
SOFT = soft_maximum(0, 0.3, 5, 10)
NEAR = alg.Goal(0.0, 1e-6)


def chain(i, rng):
    f, starts = Power(Chain(), 4.0), np.random.default_rng(1).uniform(0, 1, (3, 12))
    return alg.gns(f, starts[i], hessian=f.hess, gamma0=WEIGHTS[i], goal=NEAR)


def rank_one(i, rng):
    f = Power(underdetermined(0, 4, 8), 4.0)
    starts = np.random.default_rng(2).normal(size=(3, 8))
    return alg.gns(f, starts[i], hessian=f.fisher, goal=alg.Goal(0.0, 1e-10))


def soft(method, i, rng, **options):
    starts = np.array([1.0, -0.5, 2.0])[:, None] * np.ones(5)
    return method(SOFT, starts[i], metric=SOFT.metric, goal=alg.Goal(SOFT.minimum, 1e-6), **options)


CASES = {
    "gns": lambda i, rng: alg.gns(QUARTIC, STARTS[i], hessian=QUARTIC.gauss_newton, gamma0=WEIGHTS[i], goal=NEAR),
    "gns: metric": lambda i, rng: alg.gns(SQUARE, STARTS[i], hessian=SQUARE.hess, metric=SKEW, goal=NEAR),
    "gns: stalls": lambda i, rng: alg.gns(SQUARE, STARTS[i], hessian=alg.zero, max_inner=3, gamma0=WEIGHTS[i] / 1e3),
    "gns: indefinite": chain,
    "gns: rank one": rank_one,
    "regularized_newton": lambda i, rng: alg.regularized_newton(
        SQUARE, STARTS[i], hessian=SQUARE.gauss_newton, gamma=RADII[i]
    ),
    "regularized_newton: function": lambda i, rng: alg.regularized_newton(
        SQUARE, STARTS[i], hessian=alg.zero, gamma=lambda x, norm: norm / 5000
    ),
    "gm": partial(soft, alg.gm),
    "gm_const": partial(soft, alg.gm_const, L=3.0),
    "fgm": partial(soft, alg.fgm),
    "super_universal": lambda i, rng: alg.super_universal(
        QUARTIC, STARTS[i], hessian=QUARTIC.hess, M0=WEIGHTS[i], goal=NEAR
    ),
    "cubic_newton": lambda i, rng: alg.cubic_newton(QUARTIC, STARTS[i], M0=WEIGHTS[i], goal=NEAR),
}


def cloud():
    rng = np.random.default_rng(3)
    return SoftmaxRegression(rng.normal(size=(9, 2)), np.arange(9) % 3, 3)


PROBLEMS = {
    "soft maximum": {"problem": soft_maximum(1, 0.4, 4, 9), "d": 4},
    **{f"valley, p = {p}": {"problem": Power(Valley(), p), "d": 2} for p in (2, 3, 4.5)},
    "chain, p = 4": {"problem": Power(Chain(), 4.0), "d": 5},
    "flat, p = 3": {"problem": Power(underdetermined(0, 3, 5), 3.0), "d": 5},
    "separable points": {"problem": labelled(0, 30, 4), "d": 4, "solved": False},
    "softmax regression": {"problem": cloud(), "d": 6, "solved": False},
    **{name: {"problem": curve, "d": 1, "solved": False, "analytic": False} for name, curve in CURVES.items()},
}
