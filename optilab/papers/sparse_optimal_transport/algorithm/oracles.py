"""What one column of the plan looks like: the most that prices s can earn with k nonzeros.

    Ω*₊(s) = max ⟨s, t⟩ − (γ/2)‖t‖²  over t ≥ 0 with at most k nonzeros                   (for the dual)
    Ω*_b(s) = the same, over those t that sum to b besides                                  (for the semi-dual)

Both look at the k largest entries of s alone, and of these at the ones that stand above a level. Entries that can't
are never touched: a plan's column is kept as a short table of the entries that might be in it.

Source: T. Liu, J. Puigcerver, M. Blondel, "Sparsity-constrained optimal transport", ICLR 2023. The projection inside
Ω*_b: A. Kyrillidis, S. Becker, V. Cevher, C. Koch, "Sparse projections onto the simplex", ICML 2013.
"""

from typing import NamedTuple

import numpy as np


class Columns(NamedTuple):
    """Columns t* of plans, each as a table of r entries, and what they earn; entries beyond a column's own are 0."""

    value: np.ndarray  # (*batch) Ω*
    t: np.ndarray  # (*batch, r) entries of t*, in the order of decreasing s
    i: np.ndarray  # (*batch, r) where they stand, m where the table has room left
    theta: np.ndarray  # (*batch) the water level θ; 0 for Ω*₊

    def dense(self, m: int) -> np.ndarray:
        """The columns as they are, (*batch, m)."""
        columns = np.zeros((*self.t.shape[:-1], m + 1))
        np.put_along_axis(columns, self.i, self.t, -1)
        return columns[..., :m]


def contenders(s: np.ndarray, k: int | np.ndarray, floor: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The entries of s (*batch, m) that are at least `floor` (*batch), at most k of them, largest first.

    Ties are broken by the lowest index, so that a plan never depends on how a machine sorts.

    Returns
    -------
    values, indices : arrays (*batch, r)
        r is what the fullest column needs; elsewhere the table is filled up with −∞ and the index m. Where k differs
        from column to column, r goes up to the largest.
    """
    m, widest = s.shape[-1], int(np.max(k))
    flat = s.reshape(-1, m)
    above = ~(flat < np.reshape(floor, (-1, 1)))  # NaN passes: divergence shall be seen
    if np.count_nonzero(above) > 2 * widest * len(flat):  # first leave out what is below the k-th largest
        above &= ~(flat < np.partition(flat, m - widest, -1)[:, m - widest, None])
    places = np.flatnonzero(above)
    column = places // m
    count = np.bincount(column, minlength=len(flat))
    rank = np.arange(len(places)) - (count.cumsum() - count)[column]
    values = np.full((len(flat), count.max()), -np.inf)
    indices = np.full(values.shape, m)
    values[column, rank], indices[column, rank] = flat.ravel()[places], places - m * column
    order = np.argsort(-values, -1, kind="stable")[:, :widest]
    rows, shape = np.arange(len(flat))[:, None], (*s.shape[:-1], order.shape[-1])
    return values[rows, order].reshape(shape), indices[rows, order].reshape(shape)


def conj_plus(s: np.ndarray, k: int | np.ndarray, gamma: float | np.ndarray) -> Columns:
    """Ω*₊ and its maximiser: the k largest entries of s, divided by γ where they are positive.

    Parameters
    ----------
    s : array (*batch, m)
        What a unit of mass earns in each place.
    k : int or array (*batch)
        Nonzeros allowed.
    gamma : number or array (*batch)
        Weight γ > 0 of the square.
    """
    s_top, i = contenders(s, k, 0.0)
    r = np.arange(1, s_top.shape[-1] + 1)
    t = np.where(r <= np.asarray(k)[..., None], np.maximum(s_top, 0), 0) / np.asarray(gamma)[..., None]
    return Columns(gamma / 2 * (t**2).sum(-1), t, i, np.zeros(s.shape[:-1]))


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
        Nonzeros allowed.
    gamma : number or array (*batch)
        Weight γ > 0 of the square.
    """
    room = gamma * np.asarray(b)
    s_top, i = contenders(s, k, s.max(-1) - room)  # the level of the largest entry alone
    r = np.arange(1, s_top.shape[-1] + 1)
    allowed = r <= np.asarray(k)[..., None]
    levels = (s_top.cumsum(-1) - room[..., None]) / r
    theta = np.where(allowed, levels, -np.inf).max(-1)
    t = np.where(allowed, np.maximum(s_top - theta[..., None], 0), 0) / np.asarray(gamma)[..., None]
    return Columns(theta * b + gamma / 2 * (t**2).sum(-1), t, i, theta)
