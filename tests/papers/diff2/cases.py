"""Runs whose batch is to be its replicates one by one, and how to ask this room's problems."""

import numpy as np

from optilab.papers.diff2.algorithm import BVR, GD, diff2, dp_sgd
from optilab.papers.diff2.problems import federated, prototypes, teacher

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3, 4)) / 2
FEW = federated(1, 60, d=4, P=3, heterogeneity=0.5, sizes=[10, 20, 30])
EVEN = federated(1, 60, d=4, P=3, heterogeneity=0.5)
ETA, SIGMA = np.array([0.5, 1.0, 2.0]), np.array([0.02, 0.05, 0.1])


def bvr(i, rng):
    noise, local = rng.spawn(2)
    routine = BVR(FEW, ETA[i], K=3, b=5, C3=np.array([0.1, 0.3, 1.0])[i], sigma3=SIGMA[i], rng=local)
    return diff2(FEW, X[i], routine=routine, T=4, C1=0.5, C2=0.2, sigma1=0.01, sigma2=0.02, rng=noise)


CASES = {
    "diff2": lambda i, rng: diff2(
        FEW,
        X[i],
        routine=GD(ETA[i]),
        T=np.array([1, 3, 50])[i],
        C1=np.array([0.3, 0.6, 2.0])[i],
        C2=np.array([0.05, 0.2, 1.0])[i],
        sigma1=SIGMA[i],
        sigma2=SIGMA[i] / 2,
        rng=rng,
    ),
    "diff2: diverging": lambda i, rng: diff2(
        FEW,
        X[i],
        routine=GD(np.array([1.0, 30.0, 60.0])[i]),
        T=50,
        C1=2.0,
        C2=1.0,
        sigma1=0.1,
        sigma2=0.5,
        rng=rng,
        limit=np.array([5.0, 20.0, 50.0])[i],
    ),
    "diff2: BVR": bvr,
    "dp_sgd": lambda i, rng: dp_sgd(
        EVEN,
        X[i],
        eta=ETA[i],
        b=8,
        C=np.array([0.3, 0.6, 2.0])[i],
        nu=ETA[i],
        beta=np.array([0.0, 0.5, 0.9])[i],
        rng=rng,
    ),
}

PROBLEMS = {
    "prototypes": {"problem": prototypes(0, 500, d=4, M=12, P=5), "d": 4, "solved": False},
    "federated": {"problem": FEW, "d": 4, "solved": False},
    "teacher": {"problem": teacher(40, P=4), "d": 101, "solved": False},
}
