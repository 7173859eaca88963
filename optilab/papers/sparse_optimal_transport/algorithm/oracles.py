"""What one column of the plan looks like: the most that prices s can earn with k nonzeros.

    Ω*₊(s) = max ⟨s, t⟩ − (γ/2)‖t‖²  over t ≥ 0 with at most k nonzeros                   (for the dual)
    Ω*_b(s) = the same, over those t that sum to b besides                                  (for the semi-dual)

Both look at the k largest entries of s alone, and of these at the ones that stand above a level: Ω*₊ is told the level
(0, or what a unit of mass costs), Ω*_b finds the one at which the sum is b. What can't stand above it is never sorted,
and a plan is kept as the list of its nonzeros.

Source: T. Liu, J. Puigcerver, M. Blondel, "Sparsity-constrained optimal transport", ICLR 2023. The projection inside
Ω*_b: A. Kyrillidis, S. Becker, V. Cevher, C. Koch, "Sparse projections onto the simplex", ICML 2013.
"""

from math import prod
from typing import NamedTuple

import numpy as np


class Columns(NamedTuple):
    """Best columns t* (*batch, m) for prices s, and what they earn."""

    value: np.ndarray  # (*batch) Ω*
    theta: np.ndarray  # (*batch) the level θ
    t: np.ndarray  # (N,) the nonzeros of all columns together
    places: np.ndarray  # (N,) where they stand, counted through (*batch, m)
    shape: tuple[int, ...]  # (*batch, m)

    @property
    def dense(self) -> np.ndarray:
        """The columns with their zeros, (*batch, m)."""
        columns = np.zeros(self.shape)
        columns.ravel()[self.places] = self.t
        return columns

    @property
    def sums(self) -> np.ndarray:
        """The sum of every column, (*batch)."""
        *batch, m = self.shape
        return np.bincount(self.places // m, self.t, prod(batch)).reshape(batch)

    @property
    def row_sums(self) -> np.ndarray:
        """The sum over a plan's n columns, (*batch, n, m) → (*batch, m)."""
        *batch, n, m = self.shape
        rows = self.places % m if not batch else self.places % m + m * (self.places // (n * m))
        return np.bincount(rows, self.t, prod(batch) * m).reshape(*batch, m)


def largest_first(s: np.ndarray, k: int | np.ndarray, floor: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The entries of s (*batch, m) that are at least `floor` (*batch), in decreasing order, at most k for each column.

    Ties go to the lowest index, so that a plan doesn't depend on how a machine sorts.

    Returns
    -------
    values, places : arrays (*batch, r)
        Places are counted through all of s. r is what the fullest column needs, up to the largest k; where a column has
        fewer, or its own k is smaller, −∞ fills it up.
    """
    m, most = s.shape[-1], int(np.max(k))
    flat = s.reshape(-1, m)
    above = ~(flat < np.reshape(floor, (-1, 1)))  # NaN is kept: divergence shall be seen
    if np.count_nonzero(above) > max(2 * most, m // 8) * len(flat):  # first leave out what is below the k-th largest
        above &= ~(flat < np.partition(flat, m - most, -1)[:, m - most, None])
    places = np.flatnonzero(above)
    column = places // m
    count = np.bincount(column, minlength=len(flat))
    width = int(count.max())
    slots = np.arange(len(places)) + (width * np.arange(len(flat)) - count.cumsum() + count)[column]
    values, table = np.full(len(flat) * width, -np.inf), np.zeros(len(flat) * width, int)
    values[slots], table[slots] = flat.take(places), places
    order = np.argsort(-values.reshape(-1, width), -1, kind="stable")[:, :most]
    order += width * np.arange(len(flat))[:, None]
    shape = (*s.shape[:-1], order.shape[-1])
    allowed = np.arange(shape[-1]) < np.asarray(k)[..., None]
    return np.where(allowed, values[order].reshape(shape), -np.inf), table[order].reshape(shape)


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
    places = np.flatnonzero(s > level[..., None])
    column = places // m
    if (np.bincount(column, minlength=prod(batch)).reshape(batch) > k).any():  # some column has to choose
        s_top, places = largest_first(s, k, level)
        places = places[s_top > level[..., None]]
        column = places // m
    t = (s.take(places) - level.take(column)) / gamma.take(column)
    square = np.bincount(column, t**2, prod(batch)).reshape(batch)
    return Columns(gamma / 2 * square, level, t, places, s.shape)


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
    s_top, places = largest_first(s, k, s.max(-1) - room)  # the level of the largest entry alone
    r = np.arange(1, s_top.shape[-1] + 1)
    theta = ((s_top.cumsum(-1) - room[..., None]) / r).max(-1)
    t = np.maximum(s_top - theta[..., None], 0) / np.asarray(gamma)[..., None]
    value = theta * b + gamma / 2 * np.vecdot(t, t)
    used = t > 0
    return Columns(value, theta, t[used], places[used], s.shape)
