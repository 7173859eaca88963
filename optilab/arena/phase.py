"""Who wins where: a race at every point of a grid over two properties of a problem."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from optilab.arena.contract import fits
from optilab.arena.costs import Costs
from optilab.arena.methods import named
from optilab.arena.problems import PROBLEMS, Value
from optilab.arena.race import Progress, Race, race
from optilab.core.check import require, whole
from optilab.core.sweep import Client, sweep

BUDGET = "budget"  # may be an axis too


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
        As in `cell`; the budget is that of cells where it isn't varied.
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
        values = self.fixed | {self.y: self.y_values[i], self.x: self.x_values[j]}
        budget = float(values.pop(BUDGET, self.budget))
        return cell_race(self.methods, self.problem, values, budget, self.seeds, self.seed, self.costs, progress)

    def as_dict(self) -> dict[str, Any]:
        """All of it as lists, numbers and texts."""
        return asdict(self)


def cell_race(
    methods: Sequence[str],
    problem: str,
    properties: Mapping[str, Value],
    budget: float,
    seeds: int,
    seed: int,
    costs: Mapping[str, float],
    progress: Progress | None = None,
) -> Race:
    """The race of those methods that fit the problem with these properties."""
    instance = PROBLEMS[problem](**properties)
    able = [name for name in methods if fits(named(name), instance) is None]
    require(len(able) > 0, "methods", list(methods), f"such that one fits {problem} with {dict(properties)}")
    rng = np.random.default_rng(seed)
    return race(able, instance, budget, rng=rng, costs=Costs(**costs), seeds=seeds, progress=progress)


def cell(
    at: tuple[int, int],
    properties: dict[str, Value],
    budget: float,
    *,
    methods: tuple[str, ...],
    problem: str,
    seeds: int,
    seed: int,
    costs: dict[str, float],
) -> dict[str, Any]:
    """What a phase diagram keeps of the race of its cell `at` (y, x): winner, leader, who is tied, medians."""
    run = cell_race(methods, problem, properties, budget, seeds, seed, costs)
    return {
        "winner": run.winner,
        "leader": run.order[0],
        "tied": run.tied,
        "medians": {name: entrant.best.quartiles[1] for name, entrant in run.entrants.items()},
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
        Names in `METHODS`. Where one doesn't fit (values of a noisy problem, say) the others race without it.
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
    (x_name, x_values), (y_name, y_values) = (_axis(problem, *axis) for axis in (x, y))
    prices, fixed = asdict(Costs() if costs is None else costs), dict(fixed or {})
    points = []
    for i, j in product(range(len(y_values)), range(len(x_values))):
        values: dict[str, Any] = fixed | {y_name: y_values[i], x_name: x_values[j]}
        spend = float(values.pop(BUDGET, budget))
        _ = PROBLEMS[problem](**values)  # what isn't allowed is refused before anything runs
        points.append({"at": (i, j), "properties": values, "budget": spend})
    one_cell = partial(cell, methods=tuple(names), problem=problem, seeds=seeds, seed=seed, costs=prices)
    outcomes = sweep(one_cell, points, executor=executor, progress=progress)
    cells = {outcome.point["at"]: outcome.value for outcome in outcomes}
    rows = [[cells.get((i, j)) for j in range(len(x_values))] for i in range(len(y_values))]
    return Phase(
        names,
        problem,
        fixed,
        x_name,
        y_name,
        x_values,
        y_values,
        float(budget),
        seeds,
        seed,
        prices,
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
