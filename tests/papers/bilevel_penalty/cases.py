"""Runs whose batch is to be its replicates one by one, and the levels of this room's problems."""

import numpy as np

from optilab.papers.bilevel_penalty.algorithm import double_loop, f2sa, falling, implicit, single_loop
from optilab.papers.bilevel_penalty.problems import compatible, draw, jump, noisy, ring, selecting, stacked

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 8))
ANGLES = np.array([0.0, 1.5, 3.0])
CIRCLE = 1.3 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], -1)
SIGMA = np.array([0.1, 0.2, 0.05])


def instance(i):
    return stacked(range(3)) if i == slice(None) else draw(i)


def single_case(i, rng):
    problem = noisy(compatible(instance(i)), 0.05)
    return single_loop(problem, X[i], Y[i], sigma=SIGMA[i], eta=np.array([0.01, 0.1, 1.0])[i], rng=rng)


def f2sa_case(i, rng):
    problem = noisy(selecting(instance(i)), 0.05)
    steps = {"alpha": falling(0.05, -5 / 7), "gamma": falling(0.4, -4 / 7), "delta": falling(0.5, -6 / 7)}
    return f2sa(problem, X[i], Y[i], **steps, xi=np.array([0.3, 0.2, 0.1])[i], lam0=1 / SIGMA[i], T=2, rng=rng)


CASES = {
    "double_loop: C": lambda i, rng: double_loop(
        noisy(compatible(instance(i)), 0.05), X[i], Y[i], sigma=SIGMA[i], gamma=0.1, M=4, rng=rng
    ),
    "double_loop: ring": lambda i, rng: double_loop(
        ring(), np.full(1, 1.2), CIRCLE[i], sigma=0.1, gamma=0.1, rho=np.array([0.5, 1.0, np.inf])[i], beta=0.7
    ),
    "single_loop": single_case,
    "f2sa": f2sa_case,
    "implicit": lambda i, rng: implicit(selecting(instance(i)), X[i], alpha=SIGMA[i], pinv=True),
}

C, S = compatible(draw(0)), selecting(draw(1))
LEVELS = {
    "compatible": (C.upper, 3, 8),
    "selecting": (S.upper, 3, 8),
    "ring": (ring().lower, 1, 2),
    "jump, upper": (jump().upper, 1, 1),
    "product": (jump().lower, 1, 1),
}
