"""Runs whose batch is to be its replicates one by one; this room's problems offer no oracles of optimisation."""

import numpy as np

from optilab.papers.stsl.algorithm import edit, ldps, p2l, psld, second_order, stsl
from optilab.papers.stsl.problems import Inverse, Mixture, images, operator

RNG = np.random.default_rng(5)
ROOTS = 0.4 * RNG.normal(size=(4, 3, 3))
PRIOR = Mixture(
    [0.4, 0.3, 0.2, 0.1], RNG.normal(size=(4, 3)), ROOTS @ ROOTS.swapaxes(1, 2) + 0.1 * np.eye(3), (0, 0, 1, 2)
)
W, B, A = RNG.normal(size=(5, 3)) / 2, RNG.normal(size=5), np.linalg.qr(RNG.normal(size=(5, 2)))[0].T
Y = RNG.normal(size=(3, 2))
NOISE = RNG.normal(size=(3, 3))
VALUE = np.array([0.1, 0.2, 0.05])
DIGITS = images(0)
SR2 = operator("sr2")


def problem(i):
    return Inverse(PRIOR, W, B, A, Y[i], 0.1)


def digit(i):
    return Inverse(DIGITS.prior, DIGITS.W, DIGITS.b, SR2, DIGITS.test[:3][i] @ SR2.T, 0.05)


def latents(i):
    return digit(i).encode(DIGITS.test[:3])[i]


CASES = {
    "stsl": lambda i, rng: stsl(problem(i), NOISE[i], rng=rng, S=6, K=3, lam=VALUE[i], eta=VALUE[i]),
    "stsl: noisy": lambda i, rng: stsl(
        problem(i), NOISE[i], rng=rng, S=4, K=2, lam=0.1, eta=VALUE[i], delta=0.3, init="q_sample"
    ),
    "ldps": lambda i, rng: ldps(problem(i), NOISE[i], rng=rng, S=12, zeta=VALUE[i]),
    "psld": lambda i, rng: psld(problem(i), NOISE[i], S=12, omega=VALUE[i], gamma=3 * VALUE[i]),
    "psld: GML": lambda i, rng: psld(problem(i), NOISE[i], S=12, omega=VALUE[i], glue=False, init="ddim"),
    "p2l": lambda i, rng: p2l(problem(i), NOISE[i], S=9, lr=0.2, rho=VALUE[i], every=2, lam_p=0.5),
    "second_order": lambda i, rng: second_order(problem(i), NOISE[i], S=5),
    "edit": lambda i, rng: edit(
        digit(i), latents(i), rng=rng, target=8, w=15 * VALUE[i], steps=8, lam=VALUE[i], nu=1.0
    ),
}
