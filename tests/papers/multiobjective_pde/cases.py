"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.papers.multiobjective_pde.algorithm import fixed_point, mgda
from optilab.papers.multiobjective_pde.problems import Crescent, MaxPDE, Wells, loads

SQUARE = MaxPDE(7, 2, 10.0)
RIGHT = loads(SQUARE, np.random.default_rng(0), 3)
STARTS = np.array([[-1.2, 0.9], [0.3, 1.4], [1.1, -0.7]])

CASES = {
    "fixed_point": lambda i, rng: fixed_point(SQUARE, RIGHT[i]),
    "mgda": lambda i, rng: mgda(Crescent(), STARTS[i], c=0.3),
}

ONE = {  # sets of active nodes, bases and bundles of subgradients differ from replicate to replicate
    "semismooth_newton",
    "weighted_sum",
    "reference_walk",
    "pascoletti_serafini",
    "trust_region",
    "gebken_peitz",
    "continuation",
    "l1_path",
    "l1_continuation",
    "moreau_yosida",
}

PROBLEMS = {
    "wells": {"problem": Wells(), "d": 1, "points": lambda rng, shape: rng.uniform(0, 3.5, shape), "solved": False},
}
