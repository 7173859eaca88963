"""What the pictures share: colours of those who race, and arrays that can be drawn."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from optilab.arena.methods import METHODS
from optilab.ui import theme

Array = np.ndarray
SPARE = ("BLUE", "ORANGE", "GREEN", "PURPLE", "PINK", "TEAL", "BROWN", "INK")
FLOOR = 1e-16  # of gaps drawn


def shades(names: Sequence[str]) -> list[str]:
    """A colour for each of at most eight methods: its own, or one that is free where two have the same."""
    given: dict[str, str] = {}
    for name in names:
        own = METHODS[name].shade
        given[name] = own if own not in given.values() else next(one for one in SPARE if one not in given.values())
    return [getattr(theme, shade) for shade in given.values()]


def drawn(gap: Any) -> Array:
    """Gaps on a log axis: what is infinite is left out, what is 0 to rounding lies at the bottom."""
    gap = np.asarray(gap, dtype=float)
    return np.where(np.isfinite(gap), np.maximum(gap, FLOOR), np.nan)


def outline(x: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The outline of a band, as far as both of its edges are finite."""
    low, high = drawn(low), drawn(high)
    there = np.isfinite(low) & np.isfinite(high)
    return np.concatenate([x[there], x[there][::-1]]), np.concatenate([low[there], high[there][::-1]])
