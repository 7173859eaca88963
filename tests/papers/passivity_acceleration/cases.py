"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import (
    Design,
    controlled_flow,
    lifted_flow,
    momentum_method,
    split_nesterov,
    split_nesterov_convex,
)
from optilab.papers.passivity_acceleration.experiment import races
from optilab.papers.passivity_acceleration.experiment.flows import CURVED
from optilab.papers.passivity_acceleration.problems import LogCosh, ThreeSlopes

STARTS = np.random.default_rng(1).normal(size=(3, 2))
GAMMA, KAPPA, C = np.random.default_rng(2).uniform(0.5, 2, size=(3, 3))
STEPS = np.array([0.01, 0.03, 0.005])


def method(*names):
    methods = races.together([races.tuned(name, 1.0, CURVED.L) for name in names])

    def case(i, rng):
        return momentum_method(CURVED, STARTS[i], type(methods)(*(field[i] for field in methods)))

    return case


CASES = {
    "controlled_flow": lambda i, rng: controlled_flow(CURVED, STARTS[i], Design(GAMMA[i], KAPPA[i] / 10, C[i]), h=0.05),
    "lifted_flow": lambda i, rng: lifted_flow(CURVED, STARTS[i], Design(GAMMA[i], KAPPA[i] / 10, C[i]), h=0.05),
    "momentum_method": method(*list(races.METHODS)[:3]),
    "momentum_method: others": method(*list(races.METHODS)[-3:]),
    "split_nesterov": lambda i, rng: split_nesterov(CURVED, STARTS[i], mu=1.0, s=STEPS[i]),
    "split_nesterov_convex": lambda i, rng: split_nesterov_convex(CURVED, STARTS[i], s=STEPS[i]),
}

PROBLEMS = {
    "log cosh": {"problem": LogCosh(np.random.default_rng(0).normal(size=(4, 3)), mu=0.3), "d": 3},
    "three slopes": {"problem": ThreeSlopes(), "d": 1, "points": lambda rng, shape: 3 * rng.normal(size=shape)},
}
