"""Runs whose batch is to be its replicates one by one."""

from functools import partial

import numpy as np

from optilab.papers.policy_gradient_harpg.algorithm import METHODS, npg, srvr_pg
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.papers.policy_gradient_harpg.problems.pendulum import Pendulum
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import SoftmaxMDP
from optilab.problems.mdp import random_mdp

STEPS, WEIGHTS = np.array([0.01, 0.02, 0.05]), np.array([0.2, 0.6, 1.0])


def case(method, problem, i, rng, **settings):
    starts = 0.1 * np.random.default_rng(1).normal(size=(3, problem.p))
    return method(problem, starts[i], rng=rng, **{name: value[..., i] for name, value in settings.items()})


def cases():
    for place, problem in ("plant", LinearGaussian(H=8)), ("table", SoftmaxMDP(random_mdp(0), np.ones(3) / 3, 5)):
        for name, method in {
            "n_pg_igt: of": METHODS["N-PG-IGT"],
            "harpg: of": METHODS["HARPG"],
            "harpg: normalised, of": METHODS["N-HARPG"],
            "momentum_pg: of": METHODS["momentum PG"],
            "momentum_pg: normalised, of": METHODS["N-MPG"],
            "storm_pg: of": METHODS["STORM-PG"],
            "storm_pg: normalised, of": METHODS["N-STORM"],
        }.items():
            yield f"{name} {place}", partial(case, partial(method, T=15, N=2), problem, gamma0=STEPS)
            yield f"{name} {place}, weights", partial(case, partial(method, T=15), problem, gamma0=STEPS, eta0=WEIGHTS)
        yield (
            f"srvr_pg: of {place}",
            partial(case, partial(srvr_pg, N=6, m=3, b=2), problem, alpha=np.tile(STEPS, (15, 1))),
        )
        yield f"npg: of {place}", partial(case, partial(npg, N=6), problem, alpha=np.tile(STEPS, (15, 1)))


CASES = dict(cases())

PROBLEMS = {
    "linear plant": {"problem": LinearGaussian(H=6), "d": 2},
    "pendulum": {"problem": Pendulum(H=6, drawn=30), "d": 2},
    "table of logits": {"problem": SoftmaxMDP(random_mdp(0), np.ones(3) / 3, 5), "d": 3},
}
