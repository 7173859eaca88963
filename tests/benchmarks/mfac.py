"""How M-FAC's time grows with d and m, beside a dense solve: `python tests/benchmarks/mfac.py`.

Processor time, the least of several runs, at sizes whose arrays don't fit into the cache, so that all are read from
memory at one speed. A power is the slope of log time over log size; promised are 1 in d and in m for a dynamic product
(the gradient's own, so that p is known), 1 in d and 2 in m for the static setup. The dense way builds F and factors it.
One BLAS thread: set OPENBLAS_NUM_THREADS=1.
"""

from collections.abc import Callable
from time import process_time

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from optilab.core.numerics import log_slope
from optilab.papers.mfac import algorithm as alg

Run = Callable[[], object]
LAM = 0.1
ROUNDS = 11
ALLOWED = 0.15  # between a measured power and the promised one


def window(m: int, d: int) -> alg.Window:
    """A full window of random gradients."""
    G = np.random.default_rng(0).normal(size=(m, d))
    S = G @ G.T
    return alg.Window(G, S, *alg.cholesky_setup(S, np.array(LAM)), S[0].copy(), 0, np.array(LAM))


def dynamic(m: int, d: int) -> Run:
    """A product with the gradient inserted last."""
    full = window(m, d)
    x = full.G[0].copy()
    return lambda: alg.ihvp(full, x, full.p)


def inserted(m: int, d: int) -> Run:
    """Taking a gradient in."""
    full = window(m, d)
    g = full.G[0].copy()
    return lambda: alg.update(full, g)


def static(m: int, d: int) -> Run:
    """Computing V and δ."""
    G = np.random.default_rng(0).normal(size=(m, d))
    return lambda: alg.static_precompute(G, LAM)


def dense(m: int, d: int) -> Run:
    """Building F, factoring it and solving."""
    G, x = np.random.default_rng(0).normal(size=(m, d)), np.ones(d)
    return lambda: cho_solve(cho_factor(alg.dense_fisher(G, LAM)), x)


def least(runs: list[Run]) -> np.ndarray:
    """Least processor time of each, in seconds, of rounds in which all of them take turns."""
    times = np.full(len(runs), np.inf)
    for _ in range(ROUNDS):
        for k, once in enumerate(runs):
            began = process_time()
            once()
            times[k] = min(times[k], process_time() - began)
    return times


ROWS = [  # what, how, sizes (m, d) of which one grows, promised power
    ("dynamic product, d", dynamic, [(16, d) for d in (400_000, 800_000, 1_600_000, 3_200_000)], 1),
    ("dynamic product, m", dynamic, [(m, 400_000) for m in (8, 16, 32, 64, 128)], 1),
    ("static setup, d", static, [(16, d) for d in (400_000, 800_000, 1_600_000)], 1),
    ("static setup, m", static, [(m, 200_000) for m in (16, 32, 64, 128)], 2),
    ("dynamic, taking a gradient in, d", inserted, [(16, d) for d in (400_000, 800_000, 1_600_000)], 1),
    ("dense solve, d", dense, [(16, d) for d in (500, 1000, 2000)], None),
]


def main() -> None:
    """Print a row for each law: times, the power measured, the power promised."""
    np.ones(4_000_000)  # once freed, glibc keeps memory for vectors of this size: no page faults in some rows alone
    for what, how, sizes, promised in ROWS:
        times = least([how(*size) for size in sizes])
        grown = np.array([d if what.endswith("d") else m for m, d in sizes], dtype=float)
        power = log_slope(grown, times)
        said = "up to 3" if promised is None else f"{promised}"
        verdict = "" if promised is None else "holds" if abs(power - promised) <= ALLOWED else "DOES NOT HOLD"
        shown = ", ".join(f"(m {m}, d {d:,}) {1000 * t:.1f} ms" for (m, d), t in zip(sizes, times, strict=True))
        print(f"{what:34} power {power:.2f}, promised {said} {verdict:5}  {shown}", flush=True)


if __name__ == "__main__":
    main()
