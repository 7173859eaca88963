"""Matrices that act on batches of vectors."""

import numpy as np


def matvec(A: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A x for A (m, n) or (*batch, m, n) and x (*batch, n) → (*batch, m)."""
    return x @ A.T if A.ndim == 2 else (A @ x[..., None])[..., 0]
