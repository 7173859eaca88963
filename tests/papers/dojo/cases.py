"""Runs whose batch is to be its replicates one by one."""

from dataclasses import replace

import numpy as np

from optilab.papers.dojo import algorithm as dojo
from optilab.papers.dojo.experiment import identification, puck, rigid

SPINS = np.array([[0.01, 2.0, 0.01], [0.3, 1.3, 0.3], [1.0, 0, 1.0]])
V0, MU = np.array([[1.0, 0.2], [0.3, -2.0], [0.0, 0.0]]), np.array([0.2, 0.4, 0.3])
GOALS = np.array([[1.0, 0.5], [-0.4, 0.9], [0.2, 0.8]])


def impacts(i):
    system, state, kappa = rigid.random_impacts(3, np.random.default_rng(0))
    body, contact = system.bodies[0], system.contacts[0]
    system = replace(system, bodies=[dojo.Body(body.m[i], body.J[i])], contacts=[replace(contact, mu=contact.mu[i])])
    return system, dojo.State(*(part[i] for part in state)), kappa[i]


def interior_point(i, rng):
    system, state, kappa = impacts(i)
    return dojo.interior_point(dojo.TimeStep(system, state, np.zeros((1, 6))), kappa=kappa)


def rollout(i, rng):
    system, state, kappa = impacts(i)
    return dojo.rollout(system, state, kappa=kappa)


def gauss_newton(i, rng):
    paths = identification.tosses(range(3))
    windows = dojo.windows_of(paths[:, :, i], 1, identification.BALL, 1e-4)
    return dojo.gauss_newton(windows, identification.GUESS, tolerance=1e-5)  # above what rounding leaves


def softened(i):
    return replace(puck.steering(), T=3, kappa_r=np.array([1e-6, 1e-2, 0.1])[i])


CASES = {
    "interior_point": interior_point,
    "rollout": rollout,
    "variational": lambda i, rng: dojo.variational(rigid.RACKET, SPINS[i], h=0.1),
    "explicit_euler": lambda i, rng: dojo.explicit_euler(rigid.RACKET, SPINS[i], h=0.1),
    "implicit_euler": lambda i, rng: dojo.implicit_euler(rigid.RACKET, SPINS[i], h=0.1),
    "sliding: cone": lambda i, rng: dojo.sliding(V0[i], mu=MU[i], h=0.02),
    "sliding: pyramid": lambda i, rng: dojo.sliding(V0[i], mu=MU[i], h=0.02, model="pyramid"),
    "ilqr": lambda i, rng: puck.plans(kappa_g=0.1, goal=GOALS[i]),
    "gauss_newton": gauss_newton,
    "ars": lambda i, rng: dojo.ars(puck.steering(), np.zeros((3, 8))[i], nu=np.array([3.0, 2.0, 1.0])[i], rng=rng),
    "ars: a problem each": lambda i, rng: dojo.ars(softened(i), np.zeros(8), nu=2.0, directions=3, rng=rng),
}

PROBLEMS = {
    "steering": {
        "problem": replace(puck.steering(), T=3),
        "d": 8,
        "points": lambda rng, shape: 0.3 * rng.normal(size=shape),
    }
}
