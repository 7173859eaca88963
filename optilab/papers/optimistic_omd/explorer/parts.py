"""What several pictures share: the methods' colours, periods, thinned curves."""

from typing import Any

import numpy as np

from optilab.papers.optimistic_omd.experiment import OURS, RIVALS
from optilab.papers.optimistic_omd.problems import Linear, alternating, spinning
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
WORLDS = ("turning once in 100 rounds, σ = 0.1", "alternating", "i.i.d., σ = 1")
SIGMAS = np.linspace(0, 1.5, 16)


def at_sigma(sigma: float) -> int:
    """Where a noise stands in `SIGMAS`."""
    return int(abs(SIGMAS - sigma).argmin())


def span(*curves: Any, least: float = 1.0) -> list[float]:
    """The ends of an axis that holds all curves, with some room."""
    values = np.concatenate([np.ravel(curve) for curve in curves])
    low, high = min(float(np.nanmin(values)), 0.0), max(float(np.nanmax(values)), least)
    return [low - 0.05 * (high - low), high + 0.05 * (high - low)]


def arrow(tail: np.ndarray, tip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An arrow from tail to tip, as one line."""
    along = tip - tail
    size = min(0.3 * float(np.hypot(*along)), 0.07)
    unit = along / max(float(np.hypot(*along)), 1e-12)
    across = np.array([-unit[1], unit[0]])
    points = np.array([tail, tip, tip - size * (unit + 0.5 * across), tip, tip - size * (unit - 0.5 * across)])
    return points[:, 0], points[:, 1]


def world(name: str, rounds: int) -> Linear:
    """The rounds of a world, one for all hints."""
    if name == "alternating":
        return alternating(rounds)
    made = spinning(rounds, 100.0, 0.1, [0]) if name.startswith("turning") else spinning(rounds, np.inf, 1.0, [0])
    return Linear(made.m[:, 0], made.noise[:, 0])
