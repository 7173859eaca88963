"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.papers.sparse_optimal_transport.algorithm import SemiDual, alternating, supergradient_ascent
from optilab.problems.transport import Transport, random_bumps

ALL = random_bumps(range(3))
K, GAMMA, STEPS = np.array([1, 3, 24]), np.array([0.1, 1.0, 5.0]), np.array([0.1, 0.2, 0.3])
STARTS = np.random.default_rng(0).normal(size=(3, 48)) / 10


def semi_dual(i):
    return SemiDual(Transport(ALL.a[i], ALL.b[i], ALL.C[i]), K[i], GAMMA[i])


CASES = {
    "supergradient_ascent": lambda i, rng: supergradient_ascent(semi_dual(i), STARTS[i, :24], eta=STEPS[i]),
    "supergradient_ascent: dual": lambda i, rng: supergradient_ascent(semi_dual(i).dual, STARTS[i], eta=STEPS[i] / 10),
    "alternating": lambda i, rng: alternating(semi_dual(i), STARTS[i, :24], eta=STEPS[i]),
}
ONE = ["cutting_plane"]
