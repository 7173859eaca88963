"""What is promised: exactness and its limits in rounding, bounds on a step and on leverage, costs."""

from typing import Any

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.mfac.algorithm.static import Static, checked

Array = np.ndarray


def dense_fisher(G: Array, lam: float) -> Array:
    """The matrix itself, λI + GᵀG/m, of gradients G (m, d): (d, d), to compare with where d is small."""
    G, lam = checked(G, lam)
    return lam * np.eye(G.shape[-1]) + G.mT @ G / G.shape[-2]


def svd_ihvp(G: Array, lam: float, x: Array) -> Array:
    """F⁻¹x through the thin SVD of G, which keeps its digits where λ is tiny: the truth for plots of rounding."""
    G, lam = checked(G, lam)
    _, s, Q = np.linalg.svd(G, full_matrices=False)
    inside = Q @ x
    return Q.T @ (inside / (lam + s**2 / len(G))) + (x - Q.T @ inside) / lam


def condition(G: Array, lam: float) -> float:
    """A bound c = 1 + ‖G‖²/(mλ) on the condition number of F: products lose digits as machine precision times c."""
    G, lam = checked(G, lam)
    return float(1 + np.linalg.norm(G, 2) ** 2 / (len(G) * lam))


def step_bound(m: int, lam: float | Array) -> Array:
    """How long u = F⁻¹g can be where g is in the window: ½√(m/λ), whatever the gradients.

    With M = F − ggᵀ/m ⪰ λI and s = gᵀM⁻¹g, ‖u‖² ≤ (1/λ) s/(1 + s/m)² ≤ m/(4λ).
    """
    require(whole(m, 1), "m", m, "a whole number, 1 or more")
    require(np.asarray(lam) > 0, "the damping lam", lam, "positive")
    return np.sqrt(m / np.asarray(lam)) / 2


def distance_bound(t: Any, m: int, lam: float, lr: float) -> Array:
    """How far t steps of the optimiser lead from the start at most: t · lr · ½√(m/λ)."""
    require(lr > 0, "lr", lr, "positive")
    return np.asarray(t) * lr * step_bound(m, lam)


def leverage(inverse: Static) -> Array:
    """1 − λ(F⁻¹)ₖₖ, in [0, 1): how much of coordinate k the window has seen."""
    return 1 - inverse.lam * inverse.diagonal()


def leverage_bound(m: int, d: int) -> float:
    """The mean leverage is at most m/d: the rank of the window over the number of coordinates."""
    return min(m / d, 1.0)


def costs(m: int, d: int, b: int) -> dict[str, tuple[float, float]]:
    """Multiply-adds, leading terms, of each way to hold the inverse: once (or per gradient), and per product.

    Parameters
    ----------
    m, d, b : int
        Gradients, coordinates, size of WoodFisher's blocks.

    Returns
    -------
    dict of (float, float)
        "dense": build F and factor it, solve; "WoodFisher"; "static"; "dynamic", per gradient, with p reused.
    """
    for name, size in (("m", m), ("d", d), ("b", b)):
        require(whole(size, 1), name, size, "a whole number, 1 or more")
    b = min(b, d)
    return {
        "dense": (d**2 * m / 2 + d**3 / 6, d**2),
        "WoodFisher": (1.5 * d * b * m, d * b),
        "static": (d * m**2, 2 * d * m),
        "dynamic": (d * m + m**3 / 3, d * m + m**2),
    }
