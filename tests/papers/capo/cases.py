"""Runs whose batch is to be its replicates one by one."""

import numpy as np

from optilab.papers.capo.algorithm import capo, policy_gradient, random_mask
from optilab.papers.capo.problems import Language, arithmetic

WORLD = arithmetic(3)
MANY = arithmetic([3, 4, 5])
START = 0.3 * np.random.default_rng(5).normal(size=(3, WORLD.p))
LR = np.array([1.0, 5.0, 20.0])
TAU = np.array([np.inf, 10.0, 0.5])


def of(i):
    return Language(MANY.phi[i], MANY.answer)


CASES = {
    "capo": lambda i, rng: capo(WORLD, START[i], lr=LR[i], tauH=2 * TAU[i], tauF=TAU[i], rng=rng),
    "capo: a world each": lambda i, rng: capo(
        of(i), START[i], lr=LR[i], tauH=9.0, tauF=TAU[i], lowH=-TAU[i], base="Dr. GRPO", prompts=3, G=4, rng=rng
    ),
    "capo: Adam": lambda i, rng: capo(
        WORLD, START[i], lr=LR[i] / 50, tauF=TAU[i], optimizer="Adam", model="Adam", beta1=0.8, beta2=0.99, rng=rng
    ),
    "capo: responses": lambda i, rng: capo(WORLD, START[i], lr=LR[i], subset="response", tauF=TAU[i], rng=rng),
    "policy_gradient": lambda i, rng: policy_gradient(WORLD, START[i], lr=LR[i], rng=rng),
    "policy_gradient: epochs": lambda i, rng: policy_gradient(
        of(i), START[i], lr=LR[i], base="REINFORCE", epochs=3, clip=LR[i] / 10, beta=0.01 * LR[i], rng=rng
    ),
    "random_mask": lambda i, rng: random_mask(
        WORLD, START[i], lr=LR[i], rate=np.array([0.0, 0.2, 0.5])[i], mask_rng=rng.spawn(1)[0], rng=rng
    ),
}
