"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.papers.pareto_flow.algorithm.evolution import nsga2
from optilab.papers.pareto_flow.algorithm.learning import Predictors, flow_matching, regression
from optilab.papers.pareto_flow.algorithm.sampling import euler, pareto_flow
from optilab.papers.pareto_flow.algorithm.theory import GaussianFlow
from optilab.papers.pareto_flow.problems import ZDT
from optilab.problems.pareto import simplex_weights

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3, 20, 2)), RNG.normal(size=(3, 20, 2))
X0 = RNG.uniform(size=(3, 12, 4))
FLOW = GaussianFlow(0.5, 0.7)
PREDICTORS = Predictors(RNG.normal(size=(2, 2 * 3 + 3 + 4)), 2, (3,))
GAMMA, G = np.array([0.0, 2.0, 30.0]), np.array([0.1, 0.2, 0.5])
BOX = {"low": np.full(2, -2.0), "high": np.full(2, 2.0)}
SMALL = {"hidden": (3,), "batch": 8}


def sampled(i, rng):
    settings = {"T": 30, "t_min": 0.4, "O": 2, "K": 2}
    return pareto_flow(FLOW, PREDICTORS, simplex_weights(2, 5), rng=rng, gamma=GAMMA[i], g=G[i], **BOX, **settings)


CASES = {
    "flow_matching": lambda i, rng: flow_matching(X[i], rng=rng, **SMALL),
    "regression": lambda i, rng: regression(X[i], Y[i], rng=rng, **SMALL),
    "pareto_flow": sampled,
    "euler": lambda i, rng: euler(FLOW, X[i], T=30),
    "nsga2": lambda i, rng: nsga2(ZDT(2), X0[i], low=np.zeros(4), high=np.ones(4), rng=rng),
}
