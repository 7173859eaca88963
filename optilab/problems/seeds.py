"""Random instances of a problem: one, or a batch."""

from collections.abc import Callable, Sequence

import numpy as np

from optilab.core.check import require


def instances(make: Callable[[int], tuple[np.ndarray, ...]], seeds: int | Sequence[int]) -> tuple[np.ndarray, ...]:
    """The arrays that `make` gives for a seed; for a sequence of seeds, stacked along a first axis.

    Raises
    ------
    ValueError
        If a seed is no integer or negative, or there is none.
    """
    given = np.asarray(seeds)
    whole = given.dtype.kind in "iu" and given.ndim <= 1 and (given >= 0).all()
    require(whole, "seeds", seeds, "an integer of 0 or more, or a sequence of such")
    if isinstance(seeds, int | np.integer):
        return make(int(seeds))
    return tuple(map(np.array, zip(*map(make, seeds), strict=True)))
