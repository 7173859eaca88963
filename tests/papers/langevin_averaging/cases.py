"""Runs whose batch is to be its replicates one by one, and how to ask this room's problems."""

import numpy as np

from optilab.papers.langevin_averaging.algorithm import (
    averaged_sgd,
    gradient_ascent,
    langevin,
    online_sgd,
    smoothed_sgd,
)
from optilab.papers.langevin_averaging.problems import SingleIndex, SpikedTensor, single_index, spiked_tensor

START = np.random.default_rng(5).normal(size=(3, 5))
VALUE = np.array([0.5, 1.0, 2.0])


def tensors(k, i):
    made = spiked_tensor(np.random.default_rng(k), 5, k, 10.0, (3,))
    return SpikedTensor(made.T[i], made.star[i])


def neurons(k, i):
    made = single_index(np.random.default_rng(k), 5, k, 50, (3,), noise=0.1)
    return SingleIndex(made.X[i], made.y[i], made.star[i], k)


CASES = {
    "langevin: k = 3": lambda i, rng: langevin(tensors(3, i), START[i], epsilon=VALUE[i], horizon=2.0, rng=rng),
    "langevin: k = 4": lambda i, rng: langevin(tensors(4, i), START[i], epsilon=1.5, horizon=2.0, h=0.3, rng=rng),
    "langevin: one tensor": lambda i, rng: langevin(tensors(2, 0), START[i], epsilon=VALUE[i], horizon=2.0, rng=rng),
    "langevin: neuron": lambda i, rng: langevin(neurons(3, i), START[i], epsilon=VALUE[i], horizon=2.0, rng=rng),
    "averaged_sgd: k = 3": lambda i, rng: averaged_sgd(neurons(3, i), START[i], eta=VALUE[i] / 9, steps=40, rng=rng),
    "averaged_sgd: k = 4": lambda i, rng: averaged_sgd(neurons(4, 0), START[i], eta=0.1, steps=40, rng=rng),
    "online_sgd": lambda i, rng: online_sgd(neurons(3, i), START[i], eta=VALUE[i] / 9),
    "smoothed_sgd: k = 3": lambda i, rng: smoothed_sgd(neurons(3, i), START[i], eta=VALUE[i] / 9),
    "smoothed_sgd: k = 4": lambda i, rng: smoothed_sgd(neurons(4, 1), START[i], eta=VALUE[i] / 9, lam=0.7, steps=30),
    "gradient_ascent": lambda i, rng: gradient_ascent(tensors(3, i), START[i]),
}

PROBLEMS = {
    **{f"tensor, k = {k}": {"problem": tensors(k, 1), "d": 5} for k in (2, 3, 4, 5)},
    **{f"neuron, k = {k}": {"problem": neurons(k, 1), "d": 5} for k in (2, 3, 4)},
}
