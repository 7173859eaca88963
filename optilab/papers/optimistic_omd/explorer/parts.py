"""What several pictures share: the methods' colours, periods, thinned curves."""

from typing import Any

import numpy as np

from optilab.papers.optimistic_omd.experiment import OURS, RIVALS
from optilab.ui.theme import TEAL, methods

color = methods(
    ours=[OURS, "ensemble"],
    rivals=["optimistic FTRL", "AdaGrad"],
    reference=["OGD"],
    others={"learned metric": TEAL},
)
FOUR = ("OGD", "AdaGrad", "optimistic FTRL", OURS)  # from back to front
assert set(FOUR) == {OURS, *RIVALS}
PERIODS = {"∞": np.inf, **{str(P): float(P) for P in (2000, 1000, 400, 200, 100, 60, 40, 20)}}
SIGMAS = np.linspace(0, 1.5, 16)


def at_sigma(sigma: float) -> int:
    """Where a noise stands in `SIGMAS`."""
    return int(abs(SIGMAS - sigma).argmin())


def span(*curves: Any, least: float = 1.0) -> list[float]:
    """The ends of an axis that holds all curves, with some room."""
    values = np.concatenate([np.ravel(curve) for curve in curves])
    low, high = min(float(np.nanmin(values)), 0.0), max(float(np.nanmax(values)), least)
    return [low - 0.05 * (high - low), high + 0.05 * (high - low)]
