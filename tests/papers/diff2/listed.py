"""The same written out: one array of gradients, clipped one by one; for tests."""

import numpy as np
from scipy.special import expit


def record_gradients(problem, w, rows=None):
    """Gradients of single records of a `federated` problem at w (d,): (n, d)."""
    rows = np.arange(len(problem.X)) if rows is None else rows
    y = np.where(problem.plus[rows] > 0, 1.0, -1.0)
    x = problem.X[rows]
    pull = -y * expit(-y * (x @ w))
    return pull[:, None] * x + problem.lam * 2 * w / (1 + w**2) ** 2


def clipped(g, C):
    return np.array([one * min(1.0, C / (np.linalg.norm(one) + 1e-10)) for one in g])


def mean_over_clients(problem, g):
    """Of one vector a record: mean over clients of the mean over a client's records."""
    return np.mean([g[rows].mean(0) for rows in problem.clients], 0)


def rounds(problem, x, eta, T, C1, C2, sigma1, sigma2, noise):
    """x_0 … of DIFF2-GD with noise (R, d)."""
    path, last, v = [x], x, 0
    for r, z in enumerate(noise):
        if r % T == 0:
            v = mean_over_clients(problem, clipped(record_gradients(problem, x), C1)) + C1 * sigma1 * z
        else:
            c = C2 * np.linalg.norm(x - last)
            change = record_gradients(problem, x) - record_gradients(problem, last)
            v = v + mean_over_clients(problem, clipped(change, c)) + c * sigma2 * z
        last, x = x, x - eta * v
        path.append(x)
    return np.array(path)


class Tape:
    """A generator that gives the normal numbers that it was given."""

    def __init__(self, numbers):
        self.numbers = iter(numbers)

    def spawn(self, children):
        return [self] * children

    def normal(self, size):
        return np.broadcast_to(next(self.numbers), size)
