"""Runs whose batch is to be its replicates one by one, and this room's problem that draws."""

import numpy as np

from optilab.papers.dynamic_reward_weighting.algorithm import (
    Gradients,
    fixed_weights,
    gradient_weights,
    hypervolume_guided,
    mgda_weights,
)
from optilab.papers.dynamic_reward_weighting.problems import FactoredBandit, Heads, Tokens, instance

BANDIT = instance(0)
START = BANDIT.start + 0.3 * np.random.default_rng(5).normal(size=(3, BANDIT.p))
HEADS = np.random.default_rng(6).normal(size=(3, 9))
W = np.array([[0.5, 0.25, 0.25], [0.334, 0.333, 0.333], [0.1, 0.2, 0.7]])
LR = np.array([1.0, 0.5, 2.0])
RATIO = np.array([0.1, 2.0, 8.0])
EXACT = Gradients(Heads((2, 3, 4)), "exact", clip=np.inf)


def hypervolumes(i, rng):
    return hypervolume_guided(Gradients(BANDIT, "RLOO"), START[i], w=W[i], lr=LR[i], hv_scale=10 * RATIO[i], rng=rng)


CASES = {
    "fixed_weights": lambda i, rng: fixed_weights(Gradients(BANDIT), START[i], w=W[i], lr=LR[i], rng=rng),
    "fixed_weights: tokens": lambda i, rng: fixed_weights(
        Gradients(Tokens(3), "exact"), HEADS[i, :1], w=W[i, :2] / W[i, :2].sum(-1, keepdims=True), lr=LR[i]
    ),
    "hypervolume_guided": hypervolumes,
    "hypervolume_guided: heads": lambda i, rng: hypervolume_guided(
        EXACT, HEADS[i], w=W[i], lr=LR[i], hv_scale=RATIO[i]
    ),
    "gradient_weights": lambda i, rng: gradient_weights(
        Gradients(BANDIT, "REINFORCE++"), START[i], w=W[i], lr=LR[i], ratio=RATIO[i], acc=3, rng=rng
    ),
    "gradient_weights: heads": lambda i, rng: gradient_weights(EXACT, HEADS[i], w=W[i], lr=LR[i], ratio=RATIO[i]),
    "mgda_weights": lambda i, rng: mgda_weights(Gradients(BANDIT, "Dr. GRPO"), START[i], w=W[i], lr=LR[i], rng=rng),
}
PROBLEMS = {
    "factored bandit": {"problem": BANDIT},
    "factored bandit of another size": {"problem": FactoredBandit(np.array([1, 5]), np.array([0, 4]))},
}
