"""Random instances of a problem: one, or a batch."""

from collections.abc import Callable, Sequence

import numpy as np


def instances(make: Callable[[int], tuple[np.ndarray, ...]], seeds: int | Sequence[int]) -> tuple[np.ndarray, ...]:
    """The arrays that `make` gives for a seed; for a sequence of seeds, stacked along a first axis."""
    if isinstance(seeds, int | np.integer):
        return make(int(seeds))
    return tuple(map(np.array, zip(*map(make, seeds), strict=True)))
