"""MKOR's factor update beside KFAC's, and how both grow with d: `python tests/benchmarks/kronecker.py`.

Processor time of one process, the least of many repeats that go through all sizes in turn, so that what else the
machine does counts as little as possible. One BLAS thread: set OPENBLAS_NUM_THREADS=1. Exponents are slopes over the
sizes where one thing decides: for the update those whose matrices fit into a cache of 2 MB, for the inversion those at
which LAPACK has come near its full speed; asked are 2 and 3, within 0.15. Beside them stands what `costs` counts.
"""

from collections.abc import Callable, Sequence
from time import process_time

import numpy as np

from optilab.core.numerics import log_slope
from optilab.papers.mkor.algorithm import costs, exact

BESIDE = (64, 128, 256, 512, 1024, 2048)
FITTED = {"MKOR": (128, 192, 256, 320, 384, 448, 512), "KFAC": (768, 1024, 1448, 2048)}
REPEATS = {"MKOR": 40, "KFAC": 4}
WANTED = {"MKOR": 2, "KFAC": 3}
GAMMA, MU = 0.95, 0.01
Given = tuple[np.ndarray, np.ndarray]


def given(d: int) -> Given:
    """A symmetric positive definite matrix and a vector."""
    rng = np.random.default_rng(d)
    V = rng.standard_normal((d, d))
    return V.T @ V / d + 0.1 * np.eye(d), rng.standard_normal(d)


def mkor(F: np.ndarray, v: np.ndarray) -> np.ndarray:
    """One Sherman–Morrison update."""
    return exact(F, v, GAMMA)


def kfac(F: np.ndarray, v: np.ndarray) -> np.ndarray:
    """One damped inversion."""
    return np.linalg.inv(F + np.sqrt(MU) * np.eye(len(F)))


UPDATES = {"MKOR": mkor, "KFAC": kfac}


def milliseconds(update: Callable[..., np.ndarray], sizes: Sequence[int], repeats: int) -> dict[int, float]:
    """Least time of a call at each size, small ones called so often that the clock can tell."""
    arguments, least = {d: given(d) for d in sizes}, dict.fromkeys(sizes, np.inf)
    for _ in range(repeats):
        for d in sizes:
            calls = max(1, round((768 / d) ** 2))
            began = process_time()
            for _ in range(calls):
                update(*arguments[d])
            least[d] = min(least[d], 1000 * (process_time() - began) / calls)
    return least


def main() -> None:
    """Print the table and the exponents."""
    print(f"{'d':>5} {'MKOR ms':>9} {'KFAC ms':>9} {'ratio':>7} {'counted':>8}   (counted: multiplications, b = 1)")
    table = {name: milliseconds(update, BESIDE, 4) for name, update in UPDATES.items()}
    for d in BESIDE:
        ours, theirs = table["MKOR"][d], table["KFAC"][d]
        counted = costs.compute("KFAC", d, 1) / costs.compute("MKOR", d, 1)
        print(f"{d:5} {ours:9.3f} {theirs:9.3f} {theirs / ours:7.1f} {counted:8.0f}")
    for name, sizes in FITTED.items():
        d, spent = np.array(sizes), milliseconds(UPDATES[name], sizes, REPEATS[name])
        found = log_slope(d, np.array([spent[size] for size in sizes]))
        count = log_slope(d, np.array([float(costs.compute(name, size, 1)) for size in sizes]))
        verdict = "within" if abs(found - WANTED[name]) <= 0.15 else "not within"
        span = f"d = {sizes[0]} … {sizes[-1]}"
        print(f"{name}: time like d^{found:.2f} for {span}, {verdict} 0.15 of {WANTED[name]}; counted d^{count:.2f}")


if __name__ == "__main__":
    main()
