"""Runs whose batch is to be its replicates one by one, and the levels of this room's problems."""

import numpy as np

from optilab.papers.lv_hba.algorithm import e_aipod, gam, lv_hba
from optilab.papers.lv_hba.problems.svm import draw, stacked, svm
from optilab.papers.lv_hba.problems.toys import flat, ridge, ripple

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 8))
POINTS = np.array([[0.3], [1.2], [2.5]])
ALPHA = np.array([0.1, 0.05, 0.02])


def flat_case(i, rng):
    return lv_hba(flat(4), X[i], Y[i], alpha=ALPHA[i], p=np.array([0.0, 0.2, 0.4])[i])


def ripple_case(i, rng):
    return lv_hba(ripple(), POINTS[i], POINTS[i] - 0.5, alpha=0.01, eta=ALPHA[i], lam0=[1.0], z0=[1.0])


def svm_case(i, rng):
    data = stacked(range(3)) if i == slice(None) else draw(i)
    y, lam = np.ones((*data.C0.shape[:-1], 66)), np.ones_like(data.C0)
    steps = {"alpha": 0.01, "alpha_x": 5.0, "eta": 0.01, "gamma1": 10.0, "gamma2": 10.0}
    return lv_hba(svm(data), data.C0, y, **steps, lam0=lam, z0=lam)


CASES = {
    "lv_hba: flat": flat_case,
    "lv_hba: ripple": ripple_case,
    "lv_hba: svm": svm_case,
    "e_aipod": lambda i, rng: e_aipod(flat(4), X[i], Y[i], prob=0.5, rng=rng),
    "gam": lambda i, rng: gam(ripple(), POINTS[i], step=ALPHA[i], radius=0.1, samples=2, rng=rng),
}

FLAT, RIPPLE, RIDGE = flat(3), ripple(), ridge(3, 4, np.random.default_rng(0))
SVM = svm(draw(0))
LEVELS = {
    "flat, upper": (FLAT.upper, 3, 6),
    "flat, lower": (FLAT.lower, 3, 6),
    "ripple, upper": (RIPPLE.upper, 1, 1),
    "quadratic": (RIDGE.lower, 3, 4),
    "validation": (SVM.upper, 60, 66),
    "hinge": (SVM.lower, 60, 66),
}
