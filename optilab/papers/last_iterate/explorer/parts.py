"""What several pictures share: times on a log axis, bands, prefix bounds, strips of dots."""

import numpy as np
import plotly.graph_objects as go

from optilab.core.check import require
from optilab.papers.last_iterate import algorithm as alg
from optilab.ui.theme import color

NAMES = list(alg.SCHEDULES)  # "1/√t", "constant", "linear decay"
COLORS = {name: color({"constant": "constant steps"}.get(name, name)) for name in NAMES}
FLOOR = 1e-6  # gaps below this are rounding of F*
QUIET = {"hoverinfo": "skip", "showlegend": False}


def times(T: int, count: int = 50) -> np.ndarray:
    """Whole numbers from 1 to T, evenly on a log axis: at most `count`."""
    require(T >= 1, "T", T, "at least 1")
    return np.unique(np.round(np.geomspace(1, T, count)).astype(int))


def prefix_bounds(eta: np.ndarray, D: float, s2: float, t: np.ndarray) -> np.ndarray:
    """The bound for the last of the first t steps, for every t: (t,)."""
    return np.array([alg.bound(eta[:k], D, s2) for k in t])


def band(t: np.ndarray, gap: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """The outline between two quantiles over runs of gap (t, runs), to be filled."""
    lower, upper = np.nanquantile(gap, [low, high], axis=-1)
    return np.append(t, t[::-1]).astype(float), np.append(lower, upper[::-1])


def filled(colour: str, opacity: float = 0.22) -> go.Scatter:
    """A band without an outline."""
    return go.Scatter(fill="toself", fillcolor=colour, line={"width": 0}, mode="lines", opacity=opacity, **QUIET)


def spread(columns: np.ndarray) -> np.ndarray:
    """Where the dots of a strip stand: column k + a little, evenly over its runs: (columns, runs)."""
    runs = columns.shape[-1]
    shift = (np.arange(runs) * 0.618034) % 1 - 0.5  # golden steps: neighbours in order stand apart
    return np.arange(len(columns))[:, None] + 0.6 * shift
