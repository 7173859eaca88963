"""Posts: bars drawn as thick curves, which move without the rest of their picture."""

import numpy as np


def posts(x: np.ndarray, low: float | np.ndarray, high: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve with gaps that goes from `low` to `high` at every x; none where one of them is NaN or they are equal."""
    low, high = (np.broadcast_to(np.asarray(end, float), np.shape(x)) for end in (low, high))
    gone = ~(low != high) | np.isnan(low + high)
    ends = np.where(gone, np.nan, [low, high])
    return np.repeat(x, 3), np.column_stack([*ends, np.full(len(x), np.nan)]).ravel()
