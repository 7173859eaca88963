"""What a rank-one Hessian saves: `python tests/benchmarks/rank_one.py`.

‖Ax − b‖⁴/4 with n/2 equations in n unknowns, in B = AᵀA + 1e-8 I, to f < 1e-8 by the search with the exact Hessian and
with its Fisher term, which Sherman and Morrison's formula solves. Processor time of the run alone, the least of a few;
that of the metric's factors, the same for both, is beside it. Exponents are fitted over the sizes. One BLAS thread: set
OPENBLAS_NUM_THREADS=1.
"""

from time import process_time

import numpy as np

from optilab.core.numerics import log_slope
from optilab.core.run import run
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.problems import Power, underdetermined
from optilab.problems.metric import Metric

SIZES = (200, 400, 800)
REPEATS = 3


def seconds(n: int) -> dict[str, tuple[float, int]]:
    """Seconds a step and steps with both matrices, and the seconds of the metric's factors."""
    u, goal = underdetermined(0, n // 2, n), alg.Goal(0.0, 1e-8)
    f, began = Power(u, 4.0), process_time()
    B = Metric(u.A.T @ u.A + 1e-8 * np.eye(n))
    _ = B.W
    found = {"factors": (process_time() - began, 1)}
    for name, H in (("exact", f.hess), ("rank one", f.fisher)):
        times = []
        for _ in range(REPEATS):
            began = process_time()
            trace = run(alg.gns(f, np.ones(n), hessian=H, metric=B, goal=goal), 100, keep=["x"])
            times.append(process_time() - began)
        steps = len(trace.step) - 1
        found[name] = (min(times) / steps, steps)
    return found


if __name__ == "__main__":
    rows = {n: seconds(n) for n in SIZES}
    for n, row in rows.items():
        said = (f"{name} {1e3 * each:8.3f} ms × {steps:2d}" for name, (each, steps) in row.items())
        print(f"n = {n:4d}: {'; '.join(said)}; a step is {row['exact'][0] / row['rank one'][0]:.0f} times cheaper")
    for name in ("exact", "rank one"):
        print(
            f"{name}: time of a step ∝ n^{log_slope(np.array(SIZES), np.array([rows[n][name][0] for n in SIZES])):.2f}"
        )
