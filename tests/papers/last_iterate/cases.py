"""Runs whose batch is to be its replicates one by one."""

from functools import partial

import numpy as np

from optilab.papers.last_iterate.algorithm import csmd, poly
from optilab.papers.last_iterate.problems import AbsoluteRegression, Distance, Harvey, MaxAffine, outliers, scenarios
from optilab.problems.mirror import Entropy, Euclidean, Power
from optilab.problems.noisy import Gaussian, Lomax, Noisy
from optilab.problems.simple import L1, SquaredNorm

ETAS = np.array([0.1, 0.5, 1.0])


def case(problem, x1, mirror, i, rng):
    starts = np.broadcast_to(x1, (3, len(x1)))
    return csmd(problem, starts[i], eta=poly(30, ETAS[i]), rng=rng, mirror=mirror)


SCENARIOS = Noisy(scenarios(0, 20), Gaussian(0.5), 20)

CASES = {
    "csmd: regression": partial(case, outliers(0, L1(0.1)), np.zeros(10), None),
    "csmd: ball": partial(case, Harvey(30), np.zeros(30), None),
    "csmd: entropy": partial(case, SCENARIOS, np.full(20, 0.05), Entropy()),
    "csmd: simplex": partial(case, SCENARIOS, np.full(20, 0.05), Euclidean()),
    "csmd: power": partial(case, Noisy(Distance(np.ones(3)), Lomax(1.6), 3), np.zeros(3), Power(1.5, np.zeros(3))),
}


def pieces():
    rng = np.random.default_rng(0)
    return MaxAffine(rng.normal(size=(4, 6)), rng.normal(size=6))


def noisier(noise):
    quiet = outliers(0, m=15, d=4)
    return AbsoluteRegression(quiet.A, quiet.b, noise=noise)


def portfolios(rng, shape):
    return rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])


PROBLEMS = {
    "distance": {"problem": Distance(np.array([1.0, -2.0, 0.5]), slope=2.0), "d": 3},
    "noisy distance": {"problem": Noisy(Distance(np.ones(3)), Gaussian(0.5), 3), "d": 3},
    "largest of pieces": {"problem": pieces(), "d": 4, "solved": False},
    "portfolio of scenarios": {"problem": scenarios(1, 30), "d": 30, "points": portfolios},
    "absolute regression": {"problem": outliers(0, m=15, d=4), "d": 4},
    "sparse absolute regression": {"problem": outliers(3, L1(0.1)), "d": 10, "rest": lambda x: 0.1 * np.sign(x)},
    "absolute regression with a ridge": {"problem": outliers(3, SquaredNorm(0.1)), "d": 10, "rest": lambda x: 0.1 * x},
    "absolute regression, noisier": {"problem": noisier(3.0), "d": 4},
    "Harvey": {"problem": Harvey(7), "d": 7, "points": lambda rng, shape: 0.1 * rng.normal(size=shape)},
}
