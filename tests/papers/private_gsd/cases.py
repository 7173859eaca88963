"""Runs whose batch is to be its replicates one by one, and the relaxed tables as problems."""

import numpy as np

from optilab.papers.private_gsd.algorithm import Relaxed, SoftTable, anneal, pgm
from optilab.papers.private_gsd.problems import Domain, all_rows, marginals, random_half_spaces, random_prefixes

SMALL = Domain((2, 3, 2))
ANSWERS = np.random.default_rng(3).random((3, marginals(SMALL).M))
ROWS = 5


def relaxed(queries, s):
    a_hat = np.random.default_rng(4).random(queries.M)
    return Relaxed(queries, a_hat, ROWS, s)


def inside(rng, shape):
    return rng.uniform(0.1, 0.9, shape)


def mirror(i, rng):
    return pgm(ANSWERS[i], marginals(SMALL)(all_rows(SMALL)), eta=np.array([0.3, 1.0, 3.0])[i])


def annealing(i, rng):
    problem = relaxed(random_prefixes(4, 0), 2.0**15)
    starts = np.random.default_rng(5).random((3, problem.dim))
    return anneal(problem, starts[i], lr=np.array([0.003, 0.01, 0.03])[i], steps=5, doublings=4)


CASES = {"pgm": mirror, "anneal": annealing}
ONE = ("genetic", "adaptive")

SOFT = SoftTable(marginals(SMALL), ANSWERS[0], ROWS)
PREFIXES = relaxed(random_prefixes(4, 0), 3.0)
HALF_SPACES = relaxed(random_half_spaces(4, 0), 3.0)
PROBLEMS = {
    "soft table": {"problem": SOFT, "d": SOFT.dim, "solved": False},
    "relaxed prefixes": {"problem": PREFIXES, "d": PREFIXES.dim, "points": inside, "solved": False},
    "relaxed half-spaces": {"problem": HALF_SPACES, "d": HALF_SPACES.dim, "points": inside, "solved": False},
}
