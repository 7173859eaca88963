"""Optimal transport: two histograms, a cost of moving mass between them, and four instances of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import softmax

from optilab.core.check import require, whole
from optilab.problems.seeds import instances


@dataclass(frozen=True, eq=False)
class Transport:
    """Move the mass a of m sources to the demand b of n targets: min ⟨T, C⟩ over T ≥ 0 with T1 = a, Tᵀ1 = b.

    Parameters
    ----------
    a : array (*batch, m)
        Mass of each source, nonnegative.
    b : array (*batch, n)
        Demand of each target, positive; its total is that of `a`.
    C : array (*batch, m, n)
        Cost of moving a unit of mass from i to j, finite.

    Raises
    ------
    ValueError
        If shapes don't fit, an entry isn't allowed, or the totals differ by more than 1e-8.
    """

    a: np.ndarray
    b: np.ndarray
    C: np.ndarray

    def __post_init__(self) -> None:
        for name in ("a", "b", "C"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), float))
        a, b, C = self.a, self.b, self.C
        require(a.ndim >= 1 and a.size > 0, "the shape of a", a.shape, "(*batch, m) with m of 1 or more")
        require(b.ndim >= 1 and b.size > 0, "the shape of b", b.shape, "(*batch, n) with n of 1 or more")
        fits = C.shape == (*a.shape, b.shape[-1]) and a.shape[:-1] == b.shape[:-1]
        require(
            fits, "the shapes of a, b and C", (a.shape, b.shape, C.shape), "(*batch, m), (*batch, n), (*batch, m, n)"
        )
        require((a >= 0) & (a < np.inf), "a", a, "finite and nonnegative")
        require((b >= 0) & (b < np.inf), "b", b, "finite and positive")
        require(b > 0, "b", b, f"positive: remove empty target {np.argwhere(b == 0)[:1].ravel()}")
        require(np.isfinite(C), "C", C, "finite")
        totals = a.sum(-1), b.sum(-1)
        require(abs(totals[0] - totals[1]) <= 1e-8, "the totals of a and b", totals, "equal to within 1e-8")

    @property
    def m(self) -> int:
        """Sources."""
        return self.a.shape[-1]

    @property
    def n(self) -> int:
        """Targets."""
        return self.b.shape[-1]

    @cached_property
    def columns(self) -> np.ndarray:
        """The costs target by target, (*batch, n, m): what one target pays each source lies together in memory."""
        return np.ascontiguousarray(self.C.mT)

    def __call__(self, T: np.ndarray) -> np.ndarray:
        """Cost ⟨T, C⟩ of a plan (*batch, m, n): (*batch)."""
        return (T * self.C).sum((-2, -1))

    def row_error(self, T: np.ndarray) -> np.ndarray:
        """‖T1 − a‖₁, the mass that a plan (*batch, m, n) takes from the wrong sources: (*batch)."""
        return abs(T.sum(-1) - self.a).sum(-1)

    def column_error(self, T: np.ndarray) -> np.ndarray:
        """‖Tᵀ1 − b‖₁, the mass that a plan (*batch, m, n) brings to the wrong targets: (*batch)."""
        return abs(T.sum(-2) - self.b).sum(-1)


CENTRES = (0.25, 0.55, 0.85)


def bumps(centres: Sequence[float] | np.ndarray = CENTRES, size: int = 24) -> Transport:
    """One hill to two hills on a line: squared distances between `size` points of [0, 1], the largest 1.

    Parameters
    ----------
    centres : array (*batch, 3)
        Of the hill (width 0.1) and of the two that it becomes (widths 0.06 and 0.05, weights 0.6 and 0.4).
    size : int
        Points on each side, 2 or more.

    Returns
    -------
    Transport
        Histograms (*batch, size), none of whose entries is zero.

    Raises
    ------
    ValueError
        If there are not three finite centres, or `size` is no integer of 2 or more.
    """
    require(whole(size, 2), "size", size, "an integer, 2 or more")
    centres = np.asarray(centres, float)
    require(centres.shape[-1:] == (3,), "the shape of centres", centres.shape, "(*batch, 3)")
    require(np.isfinite(centres), "centres", centres, "finite")
    x = np.linspace(0, 1, size)
    source, left, right = (
        np.exp(-((x - centres[..., i, None]) ** 2) / (2 * width**2)) for i, width in enumerate((0.1, 0.06, 0.05))
    )
    a, b = source + 0.01, 0.6 * left + 0.4 * right + 0.01
    C = np.broadcast_to((x[:, None] - x) ** 2, (*centres.shape[:-1], size, size))
    return Transport(a / a.sum(-1, keepdims=True), b / b.sum(-1, keepdims=True), C)


def random_bumps(seeds: int | Sequence[int], size: int = 24) -> Transport:
    """`bumps` whose centres are drawn from [0.1, 0.5], [0.4, 0.7] and [0.7, 0.95], an instance for each seed.

    Raises
    ------
    ValueError
        If a seed is no integer of 0 or more, or `size` none of 2 or more.
    """

    def draw(seed: int) -> tuple[np.ndarray]:
        return (np.random.default_rng(seed).uniform((0.1, 0.4, 0.7), (0.5, 0.7, 0.95)),)

    return bumps(instances(draw, seeds)[0], size)


def palettes(seeds: int | Sequence[int], size: int = 40) -> Transport:
    """Two random palettes of `size` colours each with random weights; squared distances in RGB, the largest 1.

    Returns
    -------
    Transport
        One for each seed; shapes (*seeds, size) and (*seeds, size, size).

    Raises
    ------
    ValueError
        If a seed is no integer of 0 or more, or `size` none of 2 or more.
    """
    require(whole(size, 2), "size", size, "an integer, 2 or more")

    def draw(seed: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng(seed)
        X, Y = rng.uniform(size=(size, 3)), rng.uniform(size=(size, 3))
        return rng.dirichlet(3 * np.ones(size)), rng.dirichlet(3 * np.ones(size)), colour_costs(X, Y)

    return Transport(*instances(draw, seeds))


def colour_costs(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Squared distances of colours (*batch, m, 3) and (*batch, n, 3), divided by the largest: (*batch, m, n).

    Raises
    ------
    ValueError
        If a colour isn't three finite numbers, or none of X differs from one of Y.
    """
    X, Y = np.asarray(X, float), np.asarray(Y, float)
    for name, colours in (("X", X), ("Y", Y)):
        fits = colours.ndim >= 2 and colours.shape[-1] == 3
        require(fits, f"the shape of the colours {name}", colours.shape, "(*batch, size, 3)")
        require(np.isfinite(colours), f"the colours {name}", colours, "finite")
    C = ((X[..., :, None, :] - Y[..., None, :, :]) ** 2).sum(-1)
    largest = C.max((-2, -1), keepdims=True)
    require(largest > 0, "the colours X and Y", (X, Y), "more than one colour")
    return C / largest


def affinities(seeds: int | Sequence[int], tokens: int = 64, experts: int = 8, skew: float = 2.0) -> np.ndarray:
    """How well each token suits each expert: softmax of normal logits plus a popularity that falls from `skew` to 0.

    Returns
    -------
    array (*seeds, tokens, experts)
        Every token's row sums to 1.

    Raises
    ------
    ValueError
        If a seed is no integer of 0 or more, `tokens` or `experts` none of 1 or more, or `skew` isn't finite.
    """
    require(whole(tokens, 1), "tokens", tokens, "an integer, 1 or more")
    require(whole(experts, 1), "experts", experts, "an integer, 1 or more")
    require(np.isfinite(skew), "skew", skew, "finite")
    popularity = np.linspace(skew, 0, experts)

    def draw(seed: int) -> tuple[np.ndarray]:
        logits = np.random.default_rng(seed).normal(size=(tokens, experts)) + popularity
        return (softmax(logits, -1),)

    return instances(draw, seeds)[0]


def routing(affinity: np.ndarray) -> Transport:
    """Tokens of weight 1/m to experts of weight 1/n, the cost is minus the affinity (*batch, m, n).

    Raises
    ------
    ValueError
        If the affinity has fewer than two axes, an empty one, or an entry that isn't finite.
    """
    shape = np.shape(affinity)
    require(len(shape) >= 2 and min(shape) > 0, "the shape of the affinity", shape, "(*batch, m, n), none of them 0")
    *batch, m, n = shape
    return Transport(np.full((*batch, m), 1 / m), np.full((*batch, n), 1 / n), -np.asarray(affinity))
