"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.core.run import run
from optilab.papers.mkor.algorithm import Switch, eva, first_order, kfac, mkor, norm_inf
from optilab.problems.mlp import MLP, Fit

NETWORK = MLP((4, 5, 3))
RATES = np.array([0.02, 0.1, 0.3])
STEPS = 25


def data():
    rng = np.random.default_rng(0)
    return Fit(NETWORK, rng.normal(size=(50, 4)) + 1.0, rng.integers(3, size=50), "cross_entropy")


PROBLEM = data()
STARTS = np.array([NETWORK.init(np.random.default_rng(seed)) for seed in range(3)])


def norms(state):
    return np.stack([norm_inf(F) for F in (*state.Linv, *state.Rinv)], -1)


def case(algorithm, **options):
    def begin(i, rng):
        picked = {name: value[i] if np.ndim(value) == 1 else value for name, value in options.items()}
        states = algorithm(PROBLEM, STARTS[i], lr=RATES[i], rng=rng, size=8, **picked)
        more = {"norms": norms} if algorithm in (mkor, kfac) else {}
        return run(states, STEPS, keep=["x"], **more)

    return begin


CASES = {
    "mkor": case(
        mkor, gamma=np.array([0.8, 0.9, 0.95]), zeta=np.array([0.5, 0.7, 0.9]), eps=np.array([2.0, 5.0, 50.0])
    ),
    "mkor: printed, Adam": case(mkor, rule="printed", method="Adam"),
    "mkor: package, LAMB, workers": case(mkor, rule="package", method="LAMB", workers=4),
    "mkor: principal vectors": case(mkor, components="principal", rank=2, eps=None),
    "mkor: samples": case(mkor, components="samples", rank=3, f=2),
    "mkor: not rescaled, hybrid": case(mkor, rescale=False, switch=Switch(window=5, tau=0.9)),
    "first_order": case(first_order),
    "kfac": case(kfac, f=3, mu=np.array([0.01, 0.1, 1.0])),
    "kfac: clipped": case(kfac, rescale=False, kappa=np.array([1e-3, 1e-2, 1.0])),
    "eva": case(eva, mu=np.array([0.03, 0.1, 1.0])),
}
PROBLEMS = {"classification with a mean": {"problem": PROBLEM, "d": NETWORK.dim, "solved": False}}
