"""Our L-BFGS for sparse transport beside POT's, and how its time grows: `python tests/benchmarks/transport.py`.

Both maximise the same function by the same SciPy routine with the same tolerances from the same start, in one process,
in alternating order, in processor time, lest a busy machine take sides. "To equal" counts up to the call at which a run
first comes within 1e-6 of the better of the two final values, relative to what there was to gain, so that neither is
paid for ending early nor charged for going on. One BLAS thread: set OPENBLAS_NUM_THREADS=1.

The last line of each size and kind has no cap. In the dual nothing is sorted there: SciPy's own work in L-BFGS, the
same for both, and a pass over the prices are most of the time, and they bound how much faster either can be.
"""

import contextlib
import io
from time import process_time

import numpy as np
import ot.smooth

from optilab.papers.sparse_optimal_transport.algorithm import Dual, SemiDual, lbfgs
from optilab.problems.transport import Transport, colour_costs

REPEATS = 7
TOLERANCE = 1e-9
MOST = 500
SIZES = (200, 500)


def clouds(m: int, n: int, seed: int = 0) -> Transport:
    """Two clouds of points in three dimensions with random weights."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(m, 3)), rng.normal(size=(n, 3)) + 0.5
    return Transport(rng.dirichlet(np.ones(m)), rng.dirichlet(np.ones(n)), colour_costs(X, Y))


def ours(problem: Transport, kind: str, k: int, gamma: float) -> np.ndarray:
    """Values of all calls."""
    concave = {"dual": Dual, "semi-dual": SemiDual}[kind](problem, k, gamma)
    found = lbfgs(concave, maxiter=MOST, gtol=TOLERANCE, ftol=TOLERANCE)
    concave.plan(found.x)
    return found.values


def peers(problem: Transport, kind: str, k: int, gamma: float) -> np.ndarray:
    """Values of all calls of POT's solver."""
    solve = {"dual": ot.smooth.smooth_ot_dual, "semi-dual": ot.smooth.smooth_ot_semi_dual}[kind]
    oracle = {"dual": "dual_obj_grad", "semi-dual": "semi_dual_obj_grad"}[kind]
    sparse = {"reg_type": "sparsity_constrained", "max_nz": k} if k < problem.m else {"reg_type": "l2"}
    original, values = getattr(ot.smooth, oracle), []

    def recording(*arguments):
        found = original(*arguments)
        values.append(found[0])
        return found

    setattr(ot.smooth, oracle, recording)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a shape at every call
            solve(problem.a, problem.b, problem.C, gamma, stopThr=TOLERANCE, numItermax=MOST, **sparse)
    finally:
        setattr(ot.smooth, oracle, original)
    return np.array(values)


def timed(solve, *arguments) -> tuple[float, np.ndarray]:
    """Milliseconds and values of a run."""
    began = process_time()
    values = solve(*arguments)
    return 1000 * (process_time() - began), values


def race(problem: Transport, kind: str, k: int, gamma: float) -> None:
    """Print a row."""
    times: dict = {ours: [], peers: []}
    values = {}
    for repeat in range(REPEATS):
        for solve in (ours, peers) if repeat % 2 == 0 else (peers, ours):
            spent, values[solve] = timed(solve, problem, kind, k, gamma)
            times[solve].append(spent)
    best = max(value.max() for value in values.values())
    goal = max(best - 1e-6 * (best - values[ours][0]), min(value.max() for value in values.values()))
    row = []
    for solve in (ours, peers):
        calls = int((np.maximum.accumulate(values[solve]) >= min(goal, values[solve].max())).argmax()) + 1
        total = float(np.median(times[solve]))
        row.append((total, len(values[solve]), total * calls / len(values[solve]), best - values[solve].max()))
    (mine, n_mine, to_mine, gap_mine), (other, n_other, to_other, gap_other) = row
    print(
        f"{problem.m:5} {kind:10} {k:5} {gamma:6g} | {mine:8.1f} {n_mine:6} {gap_mine:8.1e} | {other:8.1f} {n_other:6} "
        f"{gap_other:8.1e} | {other / mine:6.1f} {(other / n_other) / (mine / n_mine):8.1f} {to_other / to_mine:8.1f}",
        flush=True,
    )


def slope(x: list[int], seconds: list[float]) -> float:
    """Of the line through log time over log size."""
    return float(np.polyfit(np.log(x), np.log(seconds), 1)[0])


def growth() -> None:
    """Print how the time of a call grows with the size and with k."""
    rng = np.random.default_rng(1)
    for kind, make in (("dual", Dual), ("semi-dual", SemiDual)):

        def call(n: int, k: int, make=make) -> float:
            problem = clouds(n, n)
            concave = make(problem, k)
            x = lbfgs(concave, maxiter=20).x
            points = x + 1e-3 * rng.normal(size=(30, *x.shape))
            return float(np.median([timed(concave.oracle, point)[0] for point in points]))

        sizes, ks = [100, 200, 400, 800, 1600], [1, 2, 4, 8, 16, 32, 64]
        by_n, by_k = [call(n, 4) for n in sizes], [call(400, k) for k in ks]
        print(f"{kind}: ms a call for n = m = {sizes}, k = 4: {np.round(by_n, 2)}: like n^{slope(sizes, by_n):.2f}")
        print(f"{kind}: ms a call for k = {ks}, n = m = 400: {np.round(by_k, 2)}: like k^{slope(ks, by_k):.2f}")


def main() -> None:
    """Print the table and the slopes."""
    print(f"medians of {REPEATS} runs in alternating order; tolerances {TOLERANCE:g}, at most {MOST} iterations")
    print(f"{'':30}|{'ours':^25}|{'POT':^25}| POT's time / ours")
    head = f"{'m=n':>5} {'kind':10} {'k':>5} {'gamma':>6}"
    print(f"{head} | {'ms':>8} {'calls':>6} {'short':>8} | {'ms':>8} {'calls':>6} {'short':>8} | whole a call to equal")
    for size in SIZES:
        problem = clouds(size, size)
        for kind in ("dual", "semi-dual"):
            for k in (2, 8, 32, size):
                race(problem, kind, k, 1.0)
    growth()


if __name__ == "__main__":
    main()
