"""What `run` costs beside a loop written by hand, and what a batch saves: `python tests/benchmarks/running.py`."""

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from optilab.classics.heavy_ball import heavy_ball
from optilab.classics.sgd import sgd
from optilab.core.run import run
from optilab.problems.least_squares import LeastSquares

REPEATS = 9


def seconds(*functions: Callable[[], Any]) -> list[float]:
    """Shortest processor time of each function, measured in turns."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(REPEATS):
        for function, measured in zip(functions, times, strict=True):
            start = process_time()
            function()
            measured.append(process_time() - start)
    return [min(measured) for measured in times]


def least_squares(rows: int, d: int) -> LeastSquares:
    """A random problem."""
    rng = np.random.default_rng(0)
    return LeastSquares(rng.normal(size=(rows, d)), rng.normal(size=rows))


def by_hand(problem: LeastSquares, x0: np.ndarray, alpha: float, beta: float, steps: int) -> list[np.ndarray]:
    """Heavy ball in a plain loop that keeps every position and displacement."""
    x, v = x0, np.zeros_like(x0)
    xs, vs = [x], [v]
    for _ in range(steps):
        v = beta * v - alpha * problem.grad(x)
        x = x + v
        xs.append(x)
        vs.append(v)
    return [np.array(xs), np.array(vs)]


def overhead(rows: int, d: int = 50, steps: int = 2000) -> None:
    """Print what a kept state costs in `run` over the loop."""
    problem = least_squares(rows, d)
    x0, alpha = np.ones(d), 0.5 / problem.L
    kept = run(heavy_ball(problem, x0, alpha=alpha, beta=0.5), steps)
    np.testing.assert_array_equal([kept.x, kept.v], by_hand(problem, x0, alpha, 0.5, steps))
    library, hand = seconds(
        lambda: run(heavy_ball(problem, x0, alpha=alpha, beta=0.5), steps),
        lambda: by_hand(problem, x0, alpha, 0.5, steps),
    )
    step, more = 1e6 * hand / steps, 1e6 * (library - hand) / steps
    print(
        f"heavy ball, d = {d}, {rows:5} rows: {step:7.2f} µs a step by hand; run adds {more:5.2f} µs, {more / step:.1%}"
    )


def batch(seeds: int = 256, d: int = 20, steps: int = 1000) -> None:
    """Print how much faster all seeds are in one run than one by one."""
    problem = least_squares(200, d)
    alpha = 0.1 / problem.L_sample
    start = process_time()
    run(sgd(problem, np.ones((seeds, d)), rng=np.random.default_rng(0), alpha=alpha), steps)
    together = process_time() - start
    start = process_time()
    for rng in np.random.default_rng(0).spawn(seeds):
        run(sgd(problem, np.ones(d), rng=rng, alpha=alpha), steps)
    alone = process_time() - start
    print(
        f"SGD, d = {d}, {steps} steps, {seeds} seeds: {together:.2f} s in one run, "
        f"{alone:.2f} s one by one ({alone / together:.0f} times)"
    )


if __name__ == "__main__":
    overhead(rows=20)
    overhead(rows=4000)
    batch()
