"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.papers.optimistic_omd.algorithm import (
    Convex,
    ensemble,
    exp_concave,
    optimistic,
    optimistic_ftl,
    optimistic_ftrl,
)
from optilab.papers.optimistic_omd.problems import Linear, Regression, regression, spinning
from optilab.problems.mirror import Entropy
from optilab.problems.simple import Simplex

T, STARTS = 30, 0.3 * np.random.default_rng(2).normal(size=(3, 2))
DISC, LINE = spinning(T, 9.0, 0.7, range(3)), regression(T, range(3))
FIRST = 0.15 * np.random.default_rng(3).normal(size=(3, 5))
SIZES = np.array([1.0, 2.0, 3.0])


def disc(i):
    return Linear(DISC.m[:, i], DISC.noise[:, i], 0.7)


def line(i):
    return Regression(LINE.A[:, i], LINE.y[:, i])


def weights(i):
    return np.random.default_rng(4).dirichlet(np.ones(2), size=3)[i]


CASES = {
    "optimistic": lambda i, rng: optimistic(disc(i), STARTS[i], steps=Convex(2.0, 4.0 * SIZES[i], SIZES[i])),
    "optimistic: entropy": lambda i, rng: optimistic(
        disc(i), weights(i), steps=Convex(SIZES[i], 4.0, 1.0), mirror=Entropy(), domain=Simplex()
    ),
    "exp_concave": lambda i, rng: exp_concave(line(i), FIRST[i], beta=SIZES[i], G=2.0 * SIZES[i]),
    "ensemble": lambda i, rng: ensemble(disc(i), STARTS[i], D=2.0, G=4.0, L=0.5),
    "optimistic_ftrl": lambda i, rng: optimistic_ftrl(disc(i), STARTS[i], D=2.0, nu=SIZES[i]),
    "optimistic_ftl": lambda i, rng: optimistic_ftl(line(i), FIRST[i], mu=SIZES[i]),
}
