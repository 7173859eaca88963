"""Sweeps that outgrow one array: the same function at every point of a grid, on any executor."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, as_completed
from itertools import product
from typing import Any, NamedTuple, Protocol

from tqdm.auto import tqdm

from optilab.core.check import require
from optilab.core.run import Progress
from optilab.core.short import shorten


@shorten
class Outcome(NamedTuple):
    """What the function gave at one point of the grid."""

    point: dict[str, Any]
    value: Any


class Client(Protocol):
    """What a client of a Dask cluster offers."""

    def get_executor(self) -> Executor:
        """The cluster as an executor."""


def points_of(grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The points of a grid: every combination of a mapping's values, or the given points themselves."""
    if isinstance(grid, Mapping):
        return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    return [dict(point) for point in grid]


def sweep(
    function: Callable[..., Any],
    grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]],
    *,
    executor: Executor | Client | None = None,
    progress: Progress = True,
) -> list[Outcome]:
    """Call `function(**point)` at every point of `grid`.

    Parameters
    ----------
    function : callable
        Takes the grid's names as keywords; must be importable by the workers where `executor` has processes.
    grid : mapping of name to values, or iterable of points
        A mapping stands for all combinations of its values.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where to run; in this process without it.
    progress : bool or function (done, total)
        Show a progress bar, or call the function after each point; what it raises cancels the points still waiting.

    Returns
    -------
    list of Outcome
        In the order of the grid. A sweep interrupted from the keyboard returns the outcomes that it has.

    Raises
    ------
    ValueError
        If the executor is none.
    Exception
        Whatever `function` raises at a point, or `progress`; the points still waiting are cancelled.
    """
    if executor is not None and hasattr(executor, "get_executor"):
        executor = executor.get_executor()
    allowed = "a concurrent.futures.Executor, a dask.distributed.Client or None"
    require(executor is None or isinstance(executor, Executor), "executor", executor, allowed)
    points = points_of(grid)
    values: dict[int, Any] = {}
    futures = {executor.submit(function, **point): index for index, point in enumerate(points)} if executor else {}
    try:
        with tqdm(total=len(points), disable=callable(progress) or not progress) as bar:

            def keep(index: int, value: Any) -> None:
                values[index] = value
                bar.update()
                if callable(progress):
                    progress(len(values), len(points))

            if executor is None:
                for index, point in enumerate(points):
                    keep(index, function(**point))
            for future in as_completed(futures):
                keep(futures[future], future.result())
    except KeyboardInterrupt:
        pass
    finally:
        for future in futures:
            future.cancel()
    return [Outcome(points[index], values[index]) for index in sorted(values)]
