"""Who wins where: two diagrams with the race of every cell; `python -m optilab.arena.diagrams` measures them anew.

What the first picture shows is in `diagrams.npz`, measured with seed 0. Medians and quartiles are logarithms to base 10
of gaps, along the cost, to three digits; who wins is what the race itself says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from optilab.arena.costs import Costs
from optilab.arena.phase import BUDGET, cell_race
from optilab.arena.race import Race
from optilab.core.check import require, whole

Array = np.ndarray
TABLE = Path(__file__).with_name("diagrams.npz")
METHODS = ("gradient descent", "heavy ball", "Adam", "ADAHESSIAN", "GNS Newton")
OPEN = len(METHODS)  # nobody wins
POINTS = 41  # of a curve along the cost
SEEDS = 12  # of a race


@dataclass(frozen=True)
class Plan:
    """What a diagram varies and what it leaves as it is.

    Parameters
    ----------
    problem : str
        In `PROBLEMS`.
    methods : tuple of str
        Who races, of `METHODS`.
    x, y : pairs (name, values)
        Properties of the problem, or "budget".
    fixed : dict
        Its other properties.
    budget : float
        Where it isn't varied.
    """

    problem: str
    methods: tuple[str, ...]
    x: tuple[str, tuple[float, ...]]
    y: tuple[str, tuple[float, ...]]
    fixed: dict[str, float]
    budget: float

    def race(self, row: int, column: int, seed: int) -> Race:
        """The race of a cell."""
        values: dict[str, Any] = self.fixed | {self.y[0]: self.y[1][row], self.x[0]: self.x[1][column]}
        budget = float(values.pop(BUDGET, self.budget))
        return cell_race(self.methods, self.problem, values, budget, SEEDS, seed, vars(Costs()))


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

    winner: Array  # (rows, columns) number of the method, OPEN where bands overlap
    leader: Array  # (rows, columns) number of the method with the least median
    low: Array  # (rows, columns, methods, POINTS) log₁₀ of the first quartile along the cost; NaN where not in the race
    median: Array  # or diverged
    high: Array
    end: Array  # (rows, columns) the budget


def measured(name: str, seed: int, progress: Callable[[float, float], Any] = lambda done, total: None) -> Diagram:
    """Race in every cell of a diagram.

    Parameters
    ----------
    name : str
        In `PLANS`.
    seed : int
        Of every race.
    progress : function (done, total)
        Called after each cell; what it raises ends the sweep.
    """
    require(name in PLANS, "the diagram", name, f"one of {', '.join(PLANS)}")
    require(whole(seed), "seed", seed, "an integer of 0 or more")
    plan = PLANS[name]
    rows, columns = len(plan.y[1]), len(plan.x[1])
    winner, leader = np.full((2, rows, columns), OPEN, np.int8)
    low, median, high = np.full((3, rows, columns, len(METHODS), POINTS), np.nan, np.float16)
    found = Diagram(winner, leader, low, median, high, np.zeros((rows, columns)))
    for number in range(rows * columns):
        at = divmod(number, columns)
        noted(found, at, plan.race(*at, seed))
        progress(number + 1, rows * columns)
    return found


def noted(diagram: Diagram, at: tuple[int, int], race: Race) -> None:
    """Write a race into its cell."""
    diagram.winner[at] = METHODS.index(race.winner) if race.winner else OPEN
    diagram.leader[at] = METHODS.index(race.order[0])
    diagram.end[at] = race.budget
    for name, one in race.entrants.items():
        curve = one.best.curves["cost"]
        kept = np.linspace(0, len(curve.x) - 1, POINTS).round().astype(int)
        for part, values in zip(diagram[2:5], (curve.low, curve.median, curve.high), strict=True):
            there = np.where(np.isfinite(values[kept]), values[kept], np.nan)
            part[(*at, METHODS.index(name))] = np.log10(np.maximum(there, 1e-16))


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
    from tqdm.auto import tqdm  # imported late: it is slower to import than NumPy

    tables: dict[str, Any] = {}
    for name in PLANS:
        with tqdm(desc=name) as bar:
            found = measured(name, 0, lambda _done, _total, bar=bar: bar.update())  # type: ignore[misc]
        tables |= {f"{name} {part}": values for part, values in found._asdict().items()}
    np.savez_compressed(TABLE, **tables)


if __name__ == "__main__":
    write()
