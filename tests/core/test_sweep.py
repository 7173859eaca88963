"""Sweeps: in this process, in a pool of threads or processes, on a Dask cluster."""

import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from distributed import Client, LocalCluster

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.run import run
from optilab.core.sweep import Outcome, points_of, sweep
from optilab.problems.quadratic import Quadratic

GRID = {"alpha": [0.1, 0.5], "seed": [1, 2, 3]}


def final_point(alpha, seed):
    start = np.random.default_rng(seed).normal(size=2)
    return run(gradient_descent(Quadratic(np.eye(2), np.ones(2)), start, alpha=alpha), 5).x[-1]


def check(outcomes):
    expected = [{"alpha": alpha, "seed": seed} for alpha in GRID["alpha"] for seed in GRID["seed"]]
    assert [outcome.point for outcome in outcomes] == expected
    for point, value in outcomes:
        np.testing.assert_array_equal(value, final_point(**point))


def test_in_this_process():
    check(sweep(final_point, GRID, progress=False))
    check(sweep(final_point, GRID))


def test_in_processes():
    with ProcessPoolExecutor(2) as executor:
        check(sweep(final_point, GRID, executor=executor, progress=False))


def test_on_a_dask_cluster():
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        check(sweep(final_point, GRID, executor=client.get_executor(), progress=False))
        check(sweep(final_point, GRID, executor=client, progress=False))


def test_an_executor_that_is_none_is_refused():
    allowed = "a concurrent.futures.Executor, a dask.distributed.Client or None"
    for executor in (4, "tcp://127.0.0.1:8786", lambda function: function):
        with pytest.raises(ValueError, match=f"executor must be {allowed}, got"):
            sweep(final_point, GRID, executor=executor, progress=False)


def test_points_may_be_given_one_by_one():
    points = [{"alpha": 0.1, "seed": 1}, {"alpha": 0.3, "seed": 9}]
    assert points_of(iter(points)) == points
    assert [outcome.point for outcome in sweep(final_point, points, progress=False)] == points
    assert points_of({}) == [{}]
    assert sweep(final_point, [], progress=False) == []


def test_outcomes_come_in_the_order_of_the_grid_whoever_finishes_first():
    gates = [threading.Event() for _ in range(3)]
    gates[2].set()

    def wait(i):
        assert gates[i].wait(10)
        if i > 0:
            gates[i - 1].set()
        return i * i

    with ThreadPoolExecutor(3) as executor:
        outcomes = sweep(wait, {"i": range(3)}, executor=executor, progress=False)
    assert outcomes == [Outcome({"i": i}, i * i) for i in range(3)]


def interrupted(i):
    if i == 2:
        raise KeyboardInterrupt
    return i


def test_an_interrupted_sweep_returns_what_it_has():
    assert [value for _, value in sweep(interrupted, {"i": range(5)}, progress=False)] == [0, 1]


def test_an_interrupted_sweep_in_a_pool_returns_what_it_has():
    with ThreadPoolExecutor(1) as executor:
        outcomes = sweep(interrupted, {"i": range(5)}, executor=executor, progress=False)
    assert all(value == point["i"] for point, value in outcomes)
    assert 2 not in [value for _, value in outcomes]


def test_an_exception_is_raised_and_cancels_what_waits():
    release, called = threading.Event(), []

    def fails(i):
        called.append(i)
        if i == 0:
            raise ZeroDivisionError("at the first point")
        release.wait(10)

    with ThreadPoolExecutor(2) as executor:
        try:
            with pytest.raises(ZeroDivisionError, match="at the first point"):
                sweep(fails, {"i": range(50)}, executor=executor, progress=False)
        finally:
            release.set()
    assert len(called) < 50
    with pytest.raises(ZeroDivisionError):
        sweep(fails, {"i": range(50)}, progress=False)


def test_a_function_hears_of_the_progress_and_what_it_raises_ends_the_sweep():
    heard, called = [], []

    def progress(done, total):
        heard.append((done, total))
        if done == 2:
            raise InterruptedError

    def count(i):
        called.append(i)

    with pytest.raises(InterruptedError):
        sweep(count, {"i": range(5)}, progress=progress)
    assert heard == [(1, 5), (2, 5)]
    assert called == [0, 1]
    heard.clear()
    with ThreadPoolExecutor(1) as executor, pytest.raises(InterruptedError):
        sweep(count, {"i": range(5)}, executor=executor, progress=progress)
    assert heard == [(1, 5), (2, 5)]
