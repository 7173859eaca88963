"""Euclidean projections onto simple sets."""

import numpy as np


def simplex(v: np.ndarray) -> np.ndarray:
    """Nearest point to v (*batch, n) with nonnegative entries of sum 1 (Held, Wolfe and Crowder, 1974).

    It subtracts what makes the positive part sum to 1.
    """
    falling = -np.sort(-v, axis=-1)
    excess = (falling.cumsum(-1) - 1) / np.arange(1, v.shape[-1] + 1)
    return np.maximum(v - excess.max(-1, keepdims=True), 0)
