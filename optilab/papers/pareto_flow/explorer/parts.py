"""What several pictures share: colours, and the true front of a task."""

from typing import Any

import numpy as np

from optilab.papers.pareto_flow.problems import ZDT, Surface
from optilab.ui.theme import BLUE, ORANGE, PINK, methods

Array = np.ndarray
color = methods(ours=["ParetoFlow"], rivals=["NSGA-II", "flow only"], reference=["D(best)"])
BY_WEIGHT = [[0.0, BLUE], [0.5, PINK], [1.0, ORANGE]]  # from weight on f₂ alone to weight on f₁ alone
SURFACES = ["ZDT2 surface", "ZDT1 surface"]


def weighed(n: int, **more: Any) -> dict[str, Any]:
    """The marker of n samples, coloured by their weight."""
    return {"color": list(range(n)), "colorscale": BY_WEIGHT, "cmin": 0, "cmax": n - 1} | more


def front(task: Surface) -> tuple[Array, Array]:
    """The true front of a task with two objectives, f₂ over f₁."""
    f1 = np.linspace(0, 1, 101)
    assert isinstance(task.base, ZDT)
    return f1, task.base.shape(f1, f1)


def threads(start: Array, end: Array) -> tuple[Array, Array]:
    """Lines from points (N, 2) to others, with gaps between them."""
    gap = np.full(len(start), np.nan)
    x, y = (np.stack([start[:, k], end[:, k], gap], -1).ravel() for k in (0, 1))
    return x, y


def inside(points: Array, low: tuple[float, float], high: tuple[float, float]) -> tuple[Array, Array]:
    """Points (N, 2), those beyond a frame moved to its edge."""
    x, y = np.clip(points, low, high).T
    return x, y
