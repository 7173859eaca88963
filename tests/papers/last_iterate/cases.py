"""Runs whose batch is to be its replicates one by one."""

from functools import partial

import numpy as np

from optilab.papers.last_iterate.algorithm import csmd, poly
from optilab.papers.last_iterate.problems import Distance, Harvey, outliers, scenarios
from optilab.problems.mirror import Entropy, Euclidean, Power
from optilab.problems.noisy import Gaussian, Lomax, Noisy
from optilab.problems.simple import L1

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
