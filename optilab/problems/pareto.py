"""What many objectives are compared by: dominance, ranks, crowding, hypervolume, weights on the simplex.

All objectives are minimised: pass −Y (and −reference) where they are to be large. A set of N points is an array
(*batch, N, m), m objectives last; y dominates z if y ≤ z in every objective and y < z in one.
"""

import numpy as np

from optilab.core.check import require, whole

Array = np.ndarray


def _points(Y: Array) -> Array:
    """A set of points as an array (*batch, N, m) of floats; refused if it has not these axes, or isn't finite."""
    Y = np.asarray(Y, float)
    require(Y.ndim >= 2 and Y.shape[-1] >= 1, "the shape of Y", Y.shape, "(*batch, N, m) with m ≥ 1 objectives")
    require(np.isfinite(Y), "Y", Y, "finite")
    return Y


def dominates(y: Array, z: Array) -> Array:
    """Whether y dominates z, both (..., m), as arrays that fit together: (...)."""
    y, z = np.asarray(y), np.asarray(z)
    return np.all(y <= z, -1) & np.any(y < z, -1)


def _dominance(Y: Array) -> Array:
    """Whether point i of Y (*batch, N, m) dominates point j: (*batch, N, N), objective by objective to spare memory."""
    least = np.ones((*Y.shape[:-1], Y.shape[-2]), bool)
    less = ~least
    for y in np.moveaxis(Y, -1, 0):
        least &= y[..., :, None] <= y[..., None, :]
        less |= y[..., :, None] < y[..., None, :]
    return least & less


def non_dominated(Y: Array) -> Array:
    """Which points of Y (*batch, N, m) no other point dominates: (*batch, N); equal points keep each other."""
    return ~np.any(_dominance(_points(Y)), -2)


def ranks(Y: Array) -> Array:
    """Non-domination ranks of Y (*batch, N, m): 0 for the front, 1 for the front of what is left, …: (*batch, N).

    Source: K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002, section III-A.
    """
    Y = _points(Y)
    rank = np.empty(Y.shape[:-1], int)
    for place in np.ndindex(Y.shape[:-2]):
        worse = _dominance(Y[place])
        above = worse.sum(0)  # how many of those left dominate each point
        left, level = np.ones(len(above), bool), 0
        while left.any():
            front = left & (above == 0)
            rank[place][front] = level
            above -= worse[front].sum(0)
            left, level = left & ~front, level + 1
    return rank


def crowding(Y: Array, rank: Array | None = None) -> Array:
    """Crowding distance of each point of Y (*batch, N, m) within its front: (*batch, N).

    Σ over the objectives of the distance between the two neighbours on the front over the front's extent; infinite at
    the ends. Points that are equal in an objective stand in the order given.

    Parameters
    ----------
    Y : array (*batch, N, m)
        Points.
    rank : array of int (*batch, N), optional
        The front of each; by default all are of one.

    Source: Deb et al. (2002), section III-B.
    """
    Y = _points(Y)
    *batch, N, m = Y.shape
    front = np.zeros((*batch, N), int) if rank is None else np.asarray(rank)
    require(front.shape == (*batch, N), "the shape of rank", front.shape, f"{(*batch, N)}, that of the points")
    if Y.size == 0:
        return np.zeros((*batch, N))
    group = (front + (1 + front.max()) * np.arange(front.size // N).reshape(*batch, 1)).ravel()
    distance = np.zeros(group.size)
    for y in Y.reshape(-1, m).T:
        order = np.lexsort((y, group))
        y, fronts = y[order], group[order]
        first = np.r_[True, fronts[1:] != fronts[:-1]]
        last = np.r_[first[1:], True]
        extent = np.repeat(y[last] - y[first], np.diff(np.r_[np.flatnonzero(first), len(y)]))
        gap = np.r_[y[1:], np.inf] - np.r_[-np.inf, y[:-1]]
        share = np.divide(gap, extent, out=np.zeros_like(gap), where=extent > 0)
        distance[order] += np.where(first | last, np.inf, share)
    return distance.reshape(*batch, N)


def best(Y: Array, count: int) -> Array:
    """Places of the `count` best of Y (*batch, N, m), best first, by rank and then by crowding: (*batch, count).

    Ties go to the smaller place. This is the truncation of NSGA-II.

    Raises
    ------
    ValueError
        If there are fewer than `count` points.
    """
    Y = _points(Y)
    require(whole(count, 1) and count <= Y.shape[-2], "count", count, f"whole, from 1 to N = {Y.shape[-2]}")
    rank = ranks(Y)
    return np.lexsort((-crowding(Y, rank), rank), axis=-1)[..., :count]


def hypervolume(Y: Array, reference: Array) -> Array:
    """Volume of what Y (*batch, N, m) dominates below a reference point, exact for one, two and three objectives.

    Points that are not below the reference in every objective add nothing, so that sets of different sizes become a
    batch when they are filled up with it.

    Parameters
    ----------
    Y : array (*batch, N, m)
        Points, m ≤ 3; of N = 0 the volume is 0.
    reference : array (m,) or (*batch, m)
        A point that is worse than those that count.

    Returns
    -------
    array (*batch)
        The volume: a sweep along the first objective, for m = 3 in every slice between neighbours in the last one.

    Raises
    ------
    ValueError
        If the shapes don't fit together, or there are more than three objectives.
    """
    Y, reference = _points(Y), np.asarray(reference, float)
    m = Y.shape[-1]
    require(m <= 3, "the number of objectives", m, "at most 3")
    require(reference.shape[-1:] == (m,), "the shape of reference", reference.shape, f"(*batch, {m})")
    r = reference[..., None, :]
    Y = np.where((r > Y).all(-1, keepdims=True), Y, r)  # what doesn't count is moved to where it adds nothing
    if Y.shape[-2] == 0:
        return np.zeros(Y.shape[:-2])
    r = np.broadcast_to(reference, (*Y.shape[:-2], m))
    if m == 1:
        return r[..., 0] - Y[..., 0].min(-1)
    order = np.argsort(Y[..., 0], -1, kind="stable")
    x, y, *last = (np.take_along_axis(part, order, -1) for part in np.moveaxis(Y, -1, 0))
    if m == 2:
        return _area(x, y, r)
    z = np.sort(last[0], -1)
    seen = last[0][..., None, :] <= z[..., :, None]  # (*batch, slice, point)
    x, r_slice = np.broadcast_to(x[..., None, :], seen.shape), np.broadcast_to(r[..., None, :], (*seen.shape[:-1], m))
    areas = _area(x, np.where(seen, y[..., None, :], r_slice[..., 1:2]), r_slice)
    return (areas * np.diff(z, axis=-1, append=r[..., 2:])).sum(-1)


def _area(x: Array, y: Array, r: Array) -> Array:
    """Area below r (..., ≥ 2) that points (x, y), each (..., N), dominate; x ascending, no point beyond r: (...)."""
    lowest = np.minimum.accumulate(y, -1)
    return ((r[..., 1:2] - lowest) * np.diff(x, axis=-1, append=r[..., :1])).sum(-1)


def simplex_weights(m: int, H: int) -> Array:
    """All weights (k₁, …, k_m)/H with whole kᵢ ≥ 0 of sum H, lexicographic in k: (C(H + m − 1, m − 1), m).

    Source: I. Das, J. E. Dennis, "Normal-boundary intersection", 1998.

    Raises
    ------
    ValueError
        If m or H is no whole number of 1 or more.
    """
    require(whole(m, 1), "m", m, "a whole number, 1 or more")
    require(whole(H, 1), "H", H, "a whole number, 1 or more")
    counts = np.indices((H + 1,) * (m - 1)).reshape(m - 1, -1).T if m > 1 else np.zeros((1, 0), int)
    counts = counts[counts.sum(-1) <= H]
    return np.c_[counts, H - counts.sum(-1)] / H


def check_weights(name: str, weights: Array, m: int | None = None) -> Array:
    """The weights (*batch, m) as floats, once they are known to be nonnegative with sum 1 to 10⁻⁶.

    Raises
    ------
    ValueError
        If they are not, or not of m objectives.
    """
    w = np.asarray(weights, float)
    require(w.ndim >= 1 and m in (None, w.shape[-1]), f"the shape of {name}", w.shape, f"(*batch, {m or 'm'})")
    require((w >= 0) & (abs(w.sum(-1, keepdims=True) - 1) <= 1e-6), name, weights, "nonnegative with sum 1")
    return w
