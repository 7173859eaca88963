"""Who wins where: two diagrams with the race of every cell; `python -m optilab.arena.diagrams` measures them anew.

What the first picture shows is in `diagrams.npz`, measured with seed 0. Medians and quartiles are logarithms to base 10
of gaps, along the cost, to three digits; who wins is what the race itself says.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from optilab.arena.phase import Plan
from optilab.arena.race import Progress, Race
from optilab.core.check import require, whole

Array = np.ndarray
TABLE = Path(__file__).with_name("diagrams.npz")
METHODS = ("gradient descent", "heavy ball", "Adam", "ADAHESSIAN", "GNS Newton")
OPEN = len(METHODS)  # nobody wins
POINTS = 41  # of a curve along the cost
PLANS = {
    "condition and noise": Plan(
        "quadratic",
        ("gradient descent", "heavy ball", "Adam", "ADAHESSIAN"),
        ("kappa", (1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)),
        ("noise", (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)),
        {"rotation": 1.0, "dimension": 20},
        200.0,
    ),
    "dimension and budget": Plan(
        "quadratic",
        ("heavy ball", "Adam", "ADAHESSIAN", "GNS Newton"),
        ("dimension", (2, 4, 8, 16, 32, 64)),
        ("budget", (5.0, 10.0, 20.0, 40.0, 80.0, 160.0)),
        {"kappa": 1000.0, "rotation": 1.0},
        0.0,
    ),
}


class Diagram(NamedTuple):
    """What was measured: rows follow y, columns x, methods `METHODS`."""

    winner: Any  # (rows, columns) number of the method, OPEN where bands overlap
    leader: Any  # (rows, columns) number of the method with the least median
    low: Array  # (rows, columns, methods, POINTS) log₁₀ of the first quartile along the cost; NaN where not in the race
    median: Array  # or diverged
    high: Array
    end: Array  # (rows, columns) the budget
    cut_off: Array  # (rows, columns, methods) whether it is best at an end of its grid


def measured(name: str, seed: int, progress: bool | Progress = False) -> Diagram:
    """Race in every cell of a diagram.

    Parameters
    ----------
    name : str
        In `PLANS`.
    seed : int
        Of every race.
    progress : bool or function (done, total)
        Show a progress bar, or call the function after each cell; what it raises ends the sweep.
    """
    require(name in PLANS, "the diagram", name, f"one of {', '.join(PLANS)}")
    require(whole(seed), "seed", seed, "an integer of 0 or more")
    rows = PLANS[name].races(noted, seed, progress=progress)
    if any(cell is None for row in rows for cell in row):
        raise KeyboardInterrupt  # which the sweep has taken as an order to return what it has: half a diagram is none
    return Diagram(*(np.array([[getattr(cell, part) for cell in row] for row in rows]) for part in Diagram._fields))


def noted(race: Race) -> Diagram:
    """What a diagram keeps of the race of a cell, without rows and columns."""
    curves = np.full((3, len(METHODS), POINTS), np.nan, np.float16)
    for name, one in race.entrants.items():
        curve = one.best.curves["cost"]
        kept = np.linspace(0, len(curve.x) - 1, POINTS).round().astype(int)
        for part, values in zip(curves, (curve.low, curve.median, curve.high), strict=True):
            there = np.where(np.isfinite(values[kept]), values[kept], np.nan)
            part[METHODS.index(name)] = np.log10(np.maximum(there, 1e-16))
    winner = METHODS.index(race.winner) if race.winner else OPEN
    leader = METHODS.index(race.order[0])
    cut_off = np.array([name in race.cut_off for name in METHODS])
    low, median, high = curves
    return Diagram(np.int8(winner), np.int8(leader), low, median, high, np.array(race.budget), cut_off)


def stored(name: str) -> Diagram:
    """The diagram that was measured with seed 0.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    require(name in PLANS, "the diagram", name, f"one of {', '.join(PLANS)}")
    with np.load(TABLE) as table:
        return Diagram(*(table[f"{name} {part}"] for part in Diagram._fields))


def write() -> None:
    """Measure all diagrams with seed 0 and store them."""
    tables: dict[str, Any] = {}
    for name in PLANS:
        print(name)
        found = measured(name, 0, progress=True)
        tables |= {f"{name} {part}": values for part, values in found._asdict().items()}
    np.savez_compressed(TABLE, **tables)


if __name__ == "__main__":
    write()
