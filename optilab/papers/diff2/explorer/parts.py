"""What several pictures share: colours, and sums over seeds."""

import numpy as np

from optilab.ui.theme import methods

Array = np.ndarray
color = methods(ours=["DIFF2", "BVR-L-SGD"], rivals=["DP-GD"])


def outline(x: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The outline of a band between two curves."""
    return np.append(x, x[::-1]), np.append(low, high[::-1])


def spread(values: Array) -> tuple[Array, Array, Array]:
    """Least, median and largest over the last axis."""
    return values.min(-1), np.median(values, -1), values.max(-1)
