"""The multiple-gradient descent algorithm's direction: the shortest vector that k gradients can be mixed to.

    w = argmin ‖Σᵢ wᵢ gᵢ‖ over the simplex,     v = −Σᵢ wᵢ gᵢ,     ⟨gᵢ, v⟩ ≤ −‖v‖² for every i

so that a small step along v lowers all objectives, and v = 0 exactly at a Pareto-critical point.

Source: J. Fliege, B. F. Svaiter, "Steepest descent methods for multicriteria optimization", 2000;
J.-A. Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", 2012.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from optilab.core.check import require

Array = np.ndarray


class LeastNorm(NamedTuple):
    """The shortest vector of a convex hull, and the weights that mix it."""

    point: Array  # (*batch, d)
    weights: Array  # (*batch, k), on the simplex; where several mix the point, one of them


def least_norm(G: Array) -> LeastNorm:
    """The point of least norm in the convex hull of k gradients G (*batch, k, d), exact.

    Closed form for k = 2; for more by the active sets of nonnegative least squares (Lawson and Hanson): the u ≥ 0 that
    minimises ‖Gᵀu‖² + (1 − Σu)² is a multiple of w, since at a given w = u/Σu the best sum leaves p/(1 + p), which
    grows with p = ‖Gᵀw‖².

    Parameters
    ----------
    G : array (*batch, k, d)
        Rows are gradients, or any vectors.

    Returns
    -------
    LeastNorm
        With ⟨point, gᵢ⟩ ≥ ‖point‖² for every row, up to rounding.

    Raises
    ------
    ValueError
        If G has not these axes, or no row.
    """
    G = np.asarray(G, float)
    require(G.ndim >= 2 and G.shape[-2] >= 1, "the shape of G", G.shape, "(*batch, k, d) with k ≥ 1")
    size = abs(G).max((-2, -1), keepdims=True, initial=0)
    unit = np.divide(G, size, out=np.zeros_like(G), where=size > 0)
    weights = _two(unit) if G.shape[-2] == 2 else _many(unit)
    return LeastNorm((weights[..., None, :] @ G)[..., 0, :], weights)


def _two(G: Array) -> Array:
    """Weights (α, 1 − α) with α = ⟨g₂ − g₁, g₂⟩/‖g₁ − g₂‖², cut to [0, 1]; ½ where the two gradients are one."""
    g1, g2 = G[..., 0, :], G[..., 1, :]
    square = ((g1 - g2) ** 2).sum(-1)
    inner = ((g2 - g1) * g2).sum(-1)
    alpha = np.clip(np.divide(inner, square, out=np.full_like(square, 0.5), where=square > 0), 0, 1)
    return np.stack([alpha, 1 - alpha], -1)


def _many(G: Array) -> Array:
    """Weights of k gradients, one least-squares problem for each of the batch."""
    *batch, k, d = G.shape
    rows = np.concatenate([G.mT, np.ones((*batch, 1, k))], -2)
    target = np.r_[np.zeros(d), 1.0]
    u = np.array([nnls(A, target)[0] for A in rows.reshape(-1, d + 1, k)]).reshape(*batch, k)
    return u / u.sum(-1, keepdims=True)


def common_descent(G: Array) -> Array:
    """The direction v (*batch, d) in which all k objectives with gradients G (*batch, k, d) fall at least as ‖v‖²."""
    return -least_norm(G).point
