"""Who wins where: a race at every point of a grid over two properties of a problem."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from optilab.arena.costs import Costs
from optilab.arena.methods import named
from optilab.arena.problems import PROBLEMS, Instance, Value
from optilab.arena.race import Progress, Race, excluded, race
from optilab.core.check import require, whole
from optilab.core.sweep import Client, sweep

BUDGET = "budget"  # may be an axis too


@dataclass(frozen=True)
class Plan:
    """What is raced at every point of a grid.

    Parameters
    ----------
    problem : str
        In `PROBLEMS`.
    methods : sequence of str
        Who races, of `METHODS`. Where one doesn't fit (values of a noisy problem, say), or the budget doesn't pay for a
        step of it, the others race without it.
    x, y : pairs (name, values)
        Properties of the problem, or "budget".
    fixed : mapping
        Its other properties.
    budget : float
        Where it isn't varied.
    seeds : int
        Of each race.
    costs : Costs
        What calls cost.
    """

    problem: str
    methods: Sequence[str]
    x: tuple[str, Sequence[Any]]
    y: tuple[str, Sequence[Any]]
    fixed: Mapping[str, Value]
    budget: float
    seeds: int = 12
    costs: Costs = field(default_factory=Costs)

    def cell(self, row: int, column: int) -> tuple[Instance, float]:
        """The problem of a cell and its budget."""
        values = dict(self.fixed) | {self.y[0]: self.y[1][row], self.x[0]: self.x[1][column]}
        budget = float(values.pop(BUDGET, self.budget))
        return PROBLEMS[self.problem](**values), budget

    def race(self, row: int, column: int, seed: int, progress: Progress | None = None) -> Race:
        """The race of the cell with these values of y and x: with the same seed the same numbers."""
        instance, budget = self.cell(row, column)
        able = [name for name in self.methods if excluded(named(name), instance, budget, self.costs) is None]
        allowed = f"such that one fits {instance.name} with {instance.properties} and a budget of {budget:g}"
        require(len(able) > 0, "methods", list(self.methods), allowed)
        rng = np.random.default_rng(seed)
        return race(able, instance, budget, rng=rng, costs=self.costs, seeds=self.seeds, progress=progress)

    def races(
        self,
        keep: Callable[[Race], Any],
        seed: int,
        *,
        executor: Executor | Client | None = None,
        progress: bool | Progress = False,
    ) -> list[list[Any]]:
        """What `keep` makes of the race of every cell, rows of columns; None where it wasn't reached."""
        rows, columns = len(self.y[1]), len(self.x[1])
        points = [{"at": at} for at in product(range(rows), range(columns))]
        for point in points:
            self.cell(*point["at"])  # what isn't allowed is refused before anything runs
        outcomes = sweep(partial(_kept, plan=self, keep=keep, seed=seed), points, executor=executor, progress=progress)
        found = {outcome.point["at"]: outcome.value for outcome in outcomes}
        return [[found.get((row, column)) for column in range(columns)] for row in range(rows)]


def _kept(at: tuple[int, int], plan: Plan, keep: Callable[[Race], Any], seed: int) -> Any:
    """What is kept of the race of a cell."""
    return keep(plan.race(*at, seed))


@dataclass(frozen=True)
class Phase:
    """Who wins where.

    Parameters
    ----------
    methods : list of str
        Who raced.
    problem : str
        On which entry of `PROBLEMS`.
    fixed : dict
        The properties that were the same everywhere.
    x, y : str
        The properties that were varied, or "budget".
    x_values, y_values : list of numbers
        Their values.
    budget, seeds, seed : numbers
        Of cells where the budget isn't varied; of each race; of the generator that every race begins with.
    costs : dict
        What calls cost.
    winner : list of rows of str or None
        The winner at (y, x), None where bands overlap or the cell wasn't reached.
    leader : list of rows of str or None
        The method with the smallest median there.
    tied : list of rows of lists of str
        The leader and whose bands reach down to it.
    medians : dict of method to rows of numbers or None
        Median final gap of its best setting; None where it doesn't fit.
    """

    methods: list[str]
    problem: str
    fixed: dict[str, Value]
    x: str
    y: str
    x_values: list[Any]
    y_values: list[Any]
    budget: float
    seeds: int
    seed: int
    costs: dict[str, float]
    winner: list[list[str | None]]
    leader: list[list[str | None]]
    tied: list[list[list[str]]]
    medians: dict[str, list[list[float | None]]]

    def race_at(self, i: int, j: int, progress: Progress | None = None) -> Race:
        """The race of the cell with the i-th value of y and the j-th of x, run again: the same numbers."""
        x, y = (self.x, self.x_values), (self.y, self.y_values)
        plan = Plan(self.problem, self.methods, x, y, self.fixed, self.budget, self.seeds, Costs(**self.costs))
        return plan.race(i, j, self.seed, progress)

    def as_dict(self) -> dict[str, Any]:
        """All of it as lists, numbers and texts."""
        return asdict(self)


def outcome(race: Race) -> dict[str, Any]:
    """What a phase diagram keeps of a race: winner, leader, who is tied, medians."""
    return {
        "winner": race.winner,
        "leader": race.order[0],
        "tied": race.tied,
        "medians": {name: entrant.best.quartiles[1] for name, entrant in race.entrants.items()},
    }


def phase(
    methods: Sequence[str],
    problem: str,
    x: tuple[str, Sequence[float]],
    y: tuple[str, Sequence[float]],
    *,
    budget: float,
    fixed: Mapping[str, Value] | None = None,
    seeds: int = 12,
    seed: int = 0,
    costs: Costs | None = None,
    executor: Executor | Client | None = None,
    progress: bool | Progress = False,
) -> Phase:
    """Race at every point of a grid over two properties.

    Parameters
    ----------
    methods : sequence of str
        Names in `METHODS`. Where one doesn't fit (values of a noisy problem, say), or the budget doesn't pay for a step
        of it, the others race without it.
    problem : str
        A name in `PROBLEMS`.
    x, y : pairs (name, values)
        Properties of the problem, or "budget"; values of a whole property are rounded.
    budget : float
        Where it isn't varied.
    fixed : mapping
        Other properties.
    seeds, seed : int
        Of each race; and of the generator that every cell begins with.
    costs : Costs, optional
        What calls cost.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where to run; in this process without it.
    progress : bool or function (done, total)
        Show a progress bar, or call the function after each cell; what it raises cancels the cells that wait.

    Raises
    ------
    ValueError
        If a name or a value is not allowed.
    """
    require(problem in PROBLEMS, "the problem", problem, f"one of {', '.join(PROBLEMS)}")
    names = [named(name).name for name in methods]
    require(x[0] != y[0], "y", y[0], f"another property than x = {x[0]}")
    x, y = (_axis(problem, *axis) for axis in (x, y))
    prices, fixed = Costs() if costs is None else costs, dict(fixed or {})
    plan = Plan(problem, names, x, y, fixed, float(budget), seeds, prices)
    rows = plan.races(outcome, seed, executor=executor, progress=progress)
    return Phase(
        names,
        problem,
        fixed,
        x[0],
        y[0],
        list(x[1]),
        list(y[1]),
        plan.budget,
        seeds,
        seed,
        asdict(prices),
        [[one and one["winner"] for one in row] for row in rows],
        [[one and one["leader"] for one in row] for row in rows],
        [[one["tied"] if one else [] for one in row] for row in rows],
        {name: [[one and one["medians"].get(name) for one in row] for row in rows] for name in names},
    )


def _axis(problem: str, name: str, values: Sequence[float]) -> tuple[str, list[Any]]:
    """The name and the values of an axis, once they are known to be allowed; whole properties are rounded."""
    known = PROBLEMS[problem].properties
    require(name == BUDGET or name in known, "an axis", name, f"budget or one of {', '.join(known)}")
    numbers = [float(value) for value in values]
    require(len(numbers) > 0, f"the values of {name}", numbers, "one or more")
    if name != BUDGET and whole(known[name].default):
        return name, [round(value) for value in numbers]
    return name, numbers
