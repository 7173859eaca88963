"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.papers.mfac.algorithm import Masked, mfac
from optilab.problems.least_squares import LeastSquares
from optilab.problems.noisy import Gaussian, Noisy
from optilab.problems.quadratic import Quadratic

STARTS = np.array([[1.0, -2.0, 0.0], [0.5, 0.0, 3.0], [-4.0, 1.0, 1.0]])
BOWL = Noisy(Quadratic(np.diag([1.0, 0.3, 0.1]), np.ones(3)), Gaussian(0.3), 3)


def equations():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(30, 3))
    return LeastSquares(A, A @ np.ones(3) + rng.normal(size=30))


def bowl(i, rng):
    lr, lam = np.array([0.05, 0.1, 0.2]), np.array([0.1, 0.3, 1.0])
    return mfac(BOWL, STARTS[i], rng=rng, m=5, lam=lam[i], lr=lr[i], beta=0.5, weight_decay=0.01, size=2)


def sparse(i, rng):
    return mfac(equations(), STARTS[i], rng=rng, m=4, lam=0.1, lr=0.1, sparse=True)


CASES = {"mfac": bowl, "mfac: sparse": sparse}
ONE = ("prune_to", "gradual")

PROBLEMS = {
    "masked": {"problem": Masked(equations(), np.array([True, False, True])), "d": 3},
}
