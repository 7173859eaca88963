"""Where solvers ask S: in the plane of centred potentials of a small instance, and on two hills."""

from functools import cache
from typing import Any

import numpy as np

from optilab.classics.adam import adam
from optilab.core.run import run
from optilab.papers.sparse_optimal_transport.algorithm import SemiDual, certified, lbfgs, supergradient_ascent
from optilab.papers.sparse_optimal_transport.experiment import DIAL, optimum, reference_lines
from optilab.problems.transport import Transport, bumps

BOTH = "Adam, then L-BFGS"
METHODS = ["L-BFGS", "Adam", BOTH, "supergradient, fixed steps", "supergradient, steps 1/√t"]
EVALUATIONS, SHOWN = 300, 60  # on two hills, and on the small ground
SIDE = np.linspace(-1, 1, 81)
PLANE = np.array([[1, -1, 0], [1, 1, -2]]) / np.sqrt([[2], [6]])  # where the potentials sum to 0


@cache
def small() -> Transport:
    """Three sources, three targets."""
    rng = np.random.default_rng(15)
    return Transport(rng.dirichlet([4, 4, 4]), rng.dirichlet([4, 4, 4]), rng.uniform(size=(3, 3)))


@cache
def surface(k: int) -> np.ndarray:
    """S on the plane of centred potentials: (81, 81)."""
    return SemiDual(small(), k)(np.stack(np.meshgrid(SIDE, SIDE), -1) @ PLANE)


@cache
def small_top(k: int) -> float:
    """The certified maximum on that plane."""
    return certified(SemiDual(small(), k), tolerance=1e-7).value


def asked(method: str, k: int | np.ndarray, u: float, v: float, hills: bool = False) -> np.ndarray:
    """Where a method asks S, in order: on the small ground from (u, v), or on two hills from 0 (calls, *batch, m)."""
    if hills:
        S, most, alpha = SemiDual(bumps(), k), EVALUATIONS, 0.01
        x0 = np.zeros((*np.shape(k), 24))
    else:
        S, most, alpha = SemiDual(small(), min(k, 3)), SHOWN, 0.03
        x0 = np.array([u, v]) @ PLANE
    if method == "L-BFGS":
        points = lbfgs(S, x0, maxiter=2000, maxfun=most).points[:most]
    elif method == BOTH:
        first = run(adam(S.loss, x0, alpha=alpha), 2 * most // 3).x
        points = np.concatenate([first, lbfgs(S, first[-1], maxiter=2000, maxfun=most - len(first)).points])[:most]
    elif method == "Adam":
        points = run(adam(S.loss, x0, alpha=alpha), most - 1).x
    elif method == "supergradient, fixed steps":
        points = run(supergradient_ascent(S, x0, eta=1 / S.smoothness), most - 1).x
    else:
        points = run(supergradient_ascent(S, x0, eta=10 / S.smoothness, decay=0.5), most - 1).x
    return points


@cache
def curves(method: str) -> np.ndarray:
    """Best value after 1, 2, … evaluations on two hills, for every k of the dial: (evaluations, ks)."""
    if "L-BFGS" not in method:
        every = np.array(DIAL)
        return np.maximum.accumulate(SemiDual(bumps(), every)(asked(method, every, 0, 0, hills=True)))
    runs = [np.maximum.accumulate(SemiDual(bumps(), k)(asked(method, k, 0, 0, hills=True))) for k in DIAL]
    return np.column_stack([np.pad(each, (0, EVALUATIONS - len(each)), mode="edge") for each in runs])


@cache
def tops() -> tuple[np.ndarray, Any]:
    """The certified maxima on two hills, (ks,), and the lines that they lie between."""
    found, line = np.array([optimum(k).value for k in DIAL]), reference_lines(bumps())
    best = np.max([curves(method)[-1] for method in METHODS], 0)  # a certificate is within 1e-6, a run may be closer
    found = np.maximum(found, best)
    found[0] = line.ceiling
    return found, line
