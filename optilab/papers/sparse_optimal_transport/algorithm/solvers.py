"""First-order methods for the dual and the semi-dual: L-BFGS, Adam before it, supergradient ascent, alternation.

Adam itself is the textbook's: `classics.adam` on `SemiDual.loss`.
"""

from collections.abc import Iterator
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from optilab.classics.adam import adam
from optilab.core.check import require, whole
from optilab.core.run import algorithm, replicates
from optilab.papers.sparse_optimal_transport.algorithm.dual import Concave, SemiDual


class Solution(NamedTuple):
    """Where L-BFGS stopped."""

    x: np.ndarray  # (d,) potentials
    value: float
    values: np.ndarray  # (evaluations,) of each call, line searches included; the first is the start's
    points: np.ndarray  # (evaluations, d) where it called
    success: bool  # what SciPy says; at a kink it is no promise
    message: str


def lbfgs(concave: Concave, x0: np.ndarray | None = None, *, maxiter: int = 500, maxfun: int = 15_000) -> Solution:
    """Maximise by SciPy's L-BFGS-B, one instance.

    It stops where no entry of the gradient is above 1e-8, or where the value rises by less than 1e-15 of itself.

    Parameters
    ----------
    concave : Concave
        A `SemiDual` or `Dual`.
    x0 : array (d,), optional
        Where to start; at 0 without it.
    maxiter, maxfun : int
        Iterations and evaluations at most; an iteration takes 1 to 4 evaluations where k is small.

    Raises
    ------
    ValueError
        If the start isn't one point.
    """
    x0 = concave.start if x0 is None else np.asarray(x0, float)
    d = concave.start.shape
    require(len(d) == 1 and x0.shape == d, "the shape of the start", x0.shape, f"(d,) with d = {d[-1]}: one instance")
    points, values = [], []

    def descend(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, grad, _ = concave.oracle(x)
        points.append(x.copy())
        values.append(float(value))
        return -values[-1], -grad

    options = {"maxiter": maxiter, "maxfun": maxfun, "gtol": 1e-8, "ftol": 1e-15}  # SciPy's own stop too early
    found = minimize(descend, x0, jac=True, method="L-BFGS-B", options=options)
    return Solution(found.x, -found.fun, np.array(values), np.array(points), bool(found.success), str(found.message))


def after_adam(concave: Concave, x0: np.ndarray | None = None, *, steps: int = 200, alpha: float = 0.01) -> np.ndarray:
    """Potentials (*batch, d) after a fixed number of Adam's steps, which kinks don't stop; all replicates together.

    Parameters
    ----------
    concave : Concave
        A `SemiDual` or `Dual`.
    x0 : array (*batch, d), optional
        Where to start; at 0 without it.
    steps : int
        How many, one evaluation each.
    alpha : float
        Their size, for costs up to about 1.

    Raises
    ------
    ValueError
        If steps is negative or alpha isn't positive and finite.
    """
    require(whole(steps), "steps", steps, "an integer, 0 or more")
    states = adam(concave.loss, concave.start if x0 is None else x0, alpha=alpha)
    return next(islice(states, steps, None)).x


def adam_then_lbfgs(
    concave: Concave, x0: np.ndarray | None = None, *, steps: int = 200, alpha: float = 0.01, **options: Any
) -> Solution:
    """Adam's steps, then L-BFGS from there: the best all-round; one instance.

    Parameters
    ----------
    concave, x0
        As for `lbfgs`.
    steps, alpha
        As for `after_adam`.
    **options
        Of `lbfgs`. Its `values` don't contain Adam's.
    """
    return lbfgs(concave, after_adam(concave, x0, steps=steps, alpha=alpha), **options)


class Ascent(NamedTuple):
    """A point and what the oracle says there."""

    x: np.ndarray  # (*batch, d)
    value: np.ndarray  # (*batch)
    grad: np.ndarray  # (*batch, d)


@algorithm
def supergradient_ascent(
    concave: Concave, x0: np.ndarray, *, eta: float | np.ndarray, decay: float = 0.0
) -> Iterator[Ascent]:
    """Iterate x⁺ = x + η t^(−decay) ∇S(x), t = 1, 2, …: no line search.

    Parameters
    ----------
    concave : Concave
        A `SemiDual` or `Dual`.
    x0 : array (*batch, d)
        Where to start.
    eta : number or array (*batch)
        Step size; 1/smoothness makes the value rise in every step where k = m.
    decay : float
        0 for constant steps, ½ for steps that shrink like 1/√t, as kinks need it.

    Raises
    ------
    ValueError
        If eta isn't positive and finite or decay negative.
    """
    x, eta = _checked(x0, eta, decay)
    for t in count(1):
        value, grad, _ = concave.oracle(x)
        yield Ascent(x, value, grad)
        x = x + eta * t**-decay * grad


class Alternation(NamedTuple):
    """Potentials of the sources, and the targets' best answer to them."""

    alpha: np.ndarray  # (*batch, m)
    beta: np.ndarray  # (*batch, n)


@algorithm
def alternating(semi_dual: SemiDual, alpha0: np.ndarray, *, eta: float | np.ndarray) -> Iterator[Alternation]:
    """Maximise D over β exactly, then step in α along its gradient: this is gradient ascent on S.

    Parameters
    ----------
    semi_dual : SemiDual
        Its oracle knows the best β.
    alpha0 : array (*batch, m)
        Where to start.
    eta : number or array (*batch)
        Step size.

    Raises
    ------
    ValueError
        If eta isn't positive and finite.
    """
    dual, m = semi_dual.dual, semi_dual.problem.m
    alpha, eta = _checked(alpha0, eta)
    while True:
        beta = semi_dual.beta(alpha)
        yield Alternation(alpha, beta)
        alpha = alpha + eta * dual.grad(np.concatenate([alpha, beta], -1))[..., :m]


def _checked(x0: np.ndarray, eta: float | np.ndarray, decay: float = 0.0) -> list[np.ndarray]:
    """The start (*batch, d) and the step sizes (*batch, 1), once they are known to be allowed."""
    require(np.greater(eta, 0) & np.less(eta, np.inf), "the step size eta", eta, "positive and finite")
    require(decay >= 0, "decay", decay, "0 or more")
    return replicates(x0, eta)


def centred(concave: Concave, x: np.ndarray) -> np.ndarray:
    """The same potentials with a mean of 0 in α, the β of a dual moved against it: nothing changes but the picture."""
    m = concave.problem.m
    mean = x[..., :m].mean(-1, keepdims=True)
    return np.concatenate([x[..., :m] - mean, x[..., m:] + mean], -1)
