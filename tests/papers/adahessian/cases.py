"""Runs whose batch is to be its replicates one by one, and the room's own problems."""

import numpy as np

from optilab.papers.adahessian.algorithm import adahessian
from optilab.papers.adahessian.problems import Beale, Changed, Rastrigin, rotation
from optilab.problems.mlp import MLP, Fit
from optilab.problems.quadratic import Quadratic

RNG = np.random.default_rng(3)
ROOT = RNG.normal(size=(6, 6))
COUPLED = Quadratic(ROOT @ ROOT.T + np.eye(6), np.arange(6.0))
NETWORK = MLP((2, 3, 2))
FIT = Fit(NETWORK, RNG.normal(size=(9, 2)), np.arange(9) % 2, "cross_entropy")
THETA0 = np.stack([NETWORK.init(np.random.default_rng(seed)) for seed in range(3)])
LR, POWERS, DECAYS = np.array([0.05, 0.15, 0.4]), np.array([0.3, 0.5, 1.0]), np.array([0.0, 0.1, 0.3])


def full(i, rng):
    setting = {"lr": LR[i], "k": POWERS[i], "weight_decay": DECAYS[i], "beta1": np.array([0.0, 0.5, 0.9])[i]}
    return adahessian(COUPLED, np.ones((3, 6))[i], probe_rng=rng, probes=2, block=3, mode="signed", **setting)


def exact(i, rng):
    return adahessian(COUPLED, np.ones((3, 6))[i], exact=True, lr=LR[i], eps=np.array([0.0, 0.1, 1.0])[i])


def minibatches(i, rng):
    return adahessian(
        FIT, THETA0[i], lr=LR[i], probe_rng=rng, rng=rng, size=4, block="row", freq=3, shapes=NETWORK.shapes
    )


CASES = {
    "adahessian": full,
    "adahessian: exact diagonal": exact,
    "adahessian: minibatches": minibatches,
}

STRETCHES = np.array([[1.0], [3.0]]) * rotation(30)

PROBLEMS = {
    "Beale": {"problem": Beale(), "d": 2},
    "Rastrigin": {"problem": Rastrigin(), "d": 2, "solved": False},
    "Beale in other units": {"problem": Changed(Beale(), STRETCHES), "d": 2},
    "quadratic in other units": {"problem": Changed(COUPLED, ROOT), "d": 6},
}
