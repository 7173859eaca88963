"""How columns are chosen and kept: only what stands above a floor is sorted, and a plan is the list of its nonzeros."""

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
        return column_sums(self.t, self.places, self.shape)

    @property
    def row_sums(self) -> np.ndarray:
        """The sum over a plan's n columns, (*batch, n, m) → (*batch, m)."""
        *batch, n, m = self.shape
        rows = self.places % m + m * (self.places // (n * m))
        return np.bincount(rows, self.t, prod(batch) * m).reshape(*batch, m)


def column_sums(values: np.ndarray | None, places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sums of the values (N,) that stand at these places of (*batch, m), or their number: (*batch)."""
    *batch, m = shape
    return np.bincount(places // m, values, prod(batch)).reshape(batch)


def largest(s: np.ndarray, k: int | np.ndarray, floor: np.ndarray) -> np.ndarray:
    """Places of the entries of s (*batch, m) above `floor` (*batch), for each column at most the k largest: (N,)."""
    places = np.flatnonzero(s > floor[..., None])
    if (column_sums(None, places, s.shape) <= k).all():  # no column has to choose
        return places
    values, places = largest_first(s, k, floor)
    return places[values > floor[..., None]]


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
