"""The ℓ1 path of a regression, exact at its kinks; two dips, most of whose front no weight finds."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.multiobjective_pde.algorithm import l1_path
from optilab.papers.multiobjective_pde.problems import Wells
from optilab.problems.pareto import non_dominated
from optilab.problems.quadratic import Quadratic

Array = np.ndarray


def regression(seed: int) -> Quadratic:
    """30 Gaussian rows of 8, observations 2x₁ − 1.5x₂ + x₃ + 0.3 N(0, 1): f = ½xᵀHx − bᵀx."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 8))
    y = X[:, :3] @ [2, -1.5, 1] + 0.3 * rng.normal(size=30)
    return Quadratic(X.T @ X / 30, X.T @ y / 30)


def coordinate_descent(f: Quadratic, lam: float, rounds: int = 2000) -> Array:
    """The minimiser of f + λ‖x‖₁, one entry after the other: (d,)."""
    x = np.zeros(len(f.b))
    for _ in range(rounds):
        before = x.copy()
        for i in range(len(x)):
            rest = f.b[i] - f.A[i] @ x + f.A[i, i] * x[i]
            x[i] = np.sign(rest) * max(abs(rest) - lam, 0) / f.A[i, i]
        if abs(x - before).max() < 1e-15:
            break
    return x


def hull_part(grid: int = 3001) -> tuple[Array, Array, Array]:
    """Points x on [0, 3], which of them are Pareto points of (f, |x|) for the two dips, and which some f + λ|x| finds.

    The latter are corners of the lower convex hull of the image, by gift wrapping from x = 0 to the least f.
    """
    x = np.linspace(0, 3, grid)
    f = Wells()(x[:, None])
    corners = [0]
    while corners[-1] != f.argmin():
        here = corners[-1]
        corners.append(here + 1 + int(((f[here + 1 :] - f[here]) / (x[here + 1 :] - x[here])).argmin()))
    found = np.zeros(grid, bool)
    found[corners] = True
    return x, non_dominated(np.stack([f, x], -1)), found


def paths(quick: bool) -> Iterator[Claim]:
    """Kinks where they are; most of a front with two dips is out of reach for weights."""
    off, count = [], []
    for seed in range(3 if quick else 20):
        f = regression(seed)
        trace = run(l1_path(f), 100)
        count.append(len(trace.step))
        middle = (trace.x[1:] + trace.x[:-1]) / 2, (trace.lam[1:] + trace.lam[:-1]) / 2
        off += [abs(x - coordinate_descent(f, lam)).max() for x, lam in zip(*middle, strict=True)]
    yield Claim.over("ℓ1 path: between kinks, off coordinate descent, the most", off, np.max, at_most=1e-10)
    yield Claim.over("ℓ1 path: its points, the fewest", count, np.min, at_least=9)
    _, best, found = hull_part(601 if quick else 3001)
    yield Claim("two dips: part of the front that weights find", (found & best).sum() / best.sum(), at_most=0.1)
    yield Claim("two dips: points found by weights that are no Pareto points", (found & ~best).sum(), at_most=0)
