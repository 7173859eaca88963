"""Matrices that the problems share."""

import numpy as np

from optilab.core.check import require

Array = np.ndarray


def matrix(name: str, value: Array) -> Array:
    """The value as a matrix of finite numbers, refused by name if it is none."""
    array = np.asarray(value, dtype=float)
    require(array.ndim == 2 and array.size > 0 and np.isfinite(array).all(), name, value, "a matrix of finite numbers")
    return array


def outer(rows: Array, weights: Array) -> Array:
    """Σᵢ wᵢ aᵢaᵢᵀ for rows aᵢ (n, d) and weights (*batch, n) → (*batch, d, d)."""
    return rows.T @ (weights[..., None] * rows)
