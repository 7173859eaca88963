"""Runs whose batch is to be its replicates one by one: the replicates' inner lengths differ."""

from functools import partial

import numpy as np

from optilab.papers.gradient_sliding import algorithm as room
from optilab.papers.gradient_sliding.experiment import constants, generators, initial
from optilab.papers.gradient_sliding.problems.deblurring import deblurring
from optilab.papers.gradient_sliding.problems.portfolio import portfolio
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression
from optilab.papers.gradient_sliding.problems.saddle import Saddle, balls, box, simplex
from optilab.problems.simple import Simplex, SquaredNorm

SEEDS, MUS = [1, 5, 8], np.array([0.5, 2.0, 1.0])  # with other μ restarted methods have other phases
STARTS = np.random.default_rng(0).normal(size=(3, 6))
G, LENGTHS, WEIGHTS = np.random.default_rng(1).normal(size=(3, 6)), np.array([3, 9, 5]), np.array([5.0, 12.0, 8.0])


def small(i):
    return robust_regression(SEEDS[i], n=6, m=20, L=10.0, mu=MUS[i])


def drawn(stochastic, i):
    return generators(SEEDS[i]) if stochastic else None


def sliding(plan, stochastic, i, rng):
    problem = small(i)
    known = constants(problem, STARTS[i], stochastic)
    return room.gradient_sliding(problem, STARTS[i], plan(known), rng=drawn(stochastic, i))


def accelerated(stochastic, i, rng):
    problem = small(i)
    known = {"L": problem.L, "mu": problem.mu, "K": problem.norm, "D": 1e-3 * initial(problem, STARTS[i])[0]}
    plan = room.rf_asgs(**known, Omega=0.5, N=20, sigma2=problem.sigma2 if stochastic else 0.0)
    return room.accelerated_sliding(problem, STARTS[i], plan, rng=drawn(stochastic, i))


def restarted(i, rng):
    problem = small(i)
    known = {"L": problem.L, "mu": problem.mu, "K": problem.norm, "D": 0.1 * initial(problem, STARTS[i])[0]}
    return room.accelerated_sliding(problem, STARTS[i], room.restarted_ags(**known, Omega=0.5, phases=2))


def without_mu(known):
    return {name: value for name, value in known.items() if name != "mu"}


def step(i):
    return room.AcceleratedSchedule(0.5, WEIGHTS[i], 2.0, LENGTHS[i], q=3.0, eta=0.1, m=1, restart=False)


PLANS = {
    "gs_convex": lambda known: room.gs_convex(**without_mu(known), N=8),
    "gs_anytime": lambda known: room.gs_anytime(**without_mu(known), N=8),
    "m_sgs": lambda known: room.m_sgs(**known, phases=2),
    "m_sgs within a budget": lambda known: room.m_sgs(**known, phases=3).within(600),
    "rf_sgs": lambda known: room.rf_sgs(**known, N=25),
}
CASES = {
    **{f"gradient_sliding: {name}": partial(sliding, plan, False) for name, plan in PLANS.items()},
    **{f"gradient_sliding: stochastic {name}": partial(sliding, plan, True) for name, plan in PLANS.items()},
    "accelerated_sliding": partial(accelerated, False),
    "accelerated_sliding: stochastic": partial(accelerated, True),
    "accelerated_sliding: restarted_ags": restarted,
    "prox_sliding": lambda i, rng: room.prox_sliding(small(i), G[i], STARTS[i], beta=WEIGHTS[i], B=2.0, T=LENGTHS[i]),
    "prox_ag": lambda i, rng: room.prox_ag(small(i), G[i], STARTS[i] / 2, STARTS[i], step(i)),
}


class RidgeOnSimplex(SquaredNorm):
    def __call__(self, x):
        return super().__call__(x) + Simplex()(x)


def portfolios(rng, shape):
    return rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])


def composite(problem, d, **more):
    return {"problem": problem, "d": d, "rest": lambda x: problem.mu * x, "simple": SquaredNorm(problem.mu)} | more


def saddle(dual, n=4):
    rng, m = np.random.default_rng(3), len(dual.centre)
    factor, K = rng.normal(size=(6, n)), rng.normal(size=(m, n))
    return Saddle(factor.T @ factor / 6, rng.normal(size=n), K, rng.normal(size=m), 0.3, dual)


PROBLEMS = {
    **{
        f"saddle over {name}": composite(saddle(dual), 4)
        for name, dual in {"box": box(3), "simplex": simplex(3), "balls": balls(2)}.items()
    },
    "robust regression": composite(robust_regression(0, n=6, m=15), 6),
    "robust regression, noisier": composite(robust_regression(1, n=6, m=15, noise=2.0), 6),
    "deblurring": composite(deblurring(0, n=20), 20),
    "portfolio": composite(portfolio(0, n=6, m=15), 6, points=portfolios, simple=RidgeOnSimplex(0.5)),
}
