"""What one column of the plan looks like: the most that prices s can earn with k nonzeros.

    Ω*₊(s) = max ⟨s, t⟩ − (γ/2)‖t‖²  over t ≥ 0 with at most k nonzeros                   (for the dual)
    Ω*_b(s) = the same, over those t that sum to b besides                                  (for the semi-dual)

Both look at the k largest entries of s alone, and of these at the ones that stand above a level: Ω*₊ is told the level
(0, or what a unit of mass costs), Ω*_b finds the one at which the sum is b.

Source: T. Liu, J. Puigcerver, M. Blondel, "Sparsity-constrained optimal transport", ICLR 2023. The projection inside
Ω*_b: A. Kyrillidis, S. Becker, V. Cevher, C. Koch, "Sparse projections onto the simplex", ICML 2013.
"""

import numpy as np

from optilab.papers.sparse_optimal_transport.algorithm.columns import Columns, column_sums, largest, largest_first


def conj_plus(
    s: np.ndarray, k: int | np.ndarray, gamma: float | np.ndarray, level: float | np.ndarray = 0.0
) -> Columns:
    """Ω*₊ of s − level, and its maximiser: the k largest entries of s, as far as they stand above a given level.

    Parameters
    ----------
    s : array (*batch, m)
        What a unit of mass earns in each place.
    k : int or array (*batch)
        Nonzeros allowed, 1 or more; not checked here but in `Concave`, once for all calls.
    gamma : number or array (*batch)
        Weight γ > 0 of the square.
    level : number or array (*batch)
        What a unit of mass costs in every place, −βⱼ in the dual.
    """
    *batch, m = s.shape
    level, gamma = level + np.zeros(batch), gamma + np.zeros(batch)
    I = largest(s, k, level)  # counted through all columns; I // m is the column
    t = (s.take(I) - level.take(I // m)) / gamma.take(I // m)
    value = gamma / 2 * column_sums(t**2, I, s.shape)
    return Columns(value, level, t, I, s.shape)


def conj_b(s: np.ndarray, b: float | np.ndarray, k: int | np.ndarray, gamma: float | np.ndarray) -> Columns:
    """Ω*_b and its maximiser: the k largest entries of s, as far as they stand above the level θ that leaves γb.

    Filling up the r largest entries alone brings the level to (s₁ + … + s_r − γb)/r. It rises while the next entry
    still stands out, so θ is the highest of these levels.

    Parameters
    ----------
    s : array (*batch, m)
        What a unit of mass earns in each place.
    b : number or array (*batch)
        Mass to be placed.
    k : int or array (*batch)
        Nonzeros allowed, 1 or more; not checked here but in `Concave`, once for all calls.
    gamma : number or array (*batch)
        Weight γ > 0 of the square.
    """
    room = gamma * np.asarray(b)
    s_top, I = largest_first(s, k, floor=s.max(-1) - room)  # the level of the largest entry alone
    r = np.arange(1, s_top.shape[-1] + 1)
    levels = (s_top.cumsum(-1) - room[..., None]) / r
    theta = levels.max(-1)
    t = np.maximum(s_top - theta[..., None], 0) / np.asarray(gamma)[..., None]
    value = theta * b + gamma / 2 * np.vecdot(t, t)
    return Columns(value, theta, t[t > 0], I[t > 0], s.shape)
