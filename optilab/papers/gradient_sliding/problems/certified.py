"""Optima that prove themselves: a point, its value and a lower bound from the dual."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import Bounds, minimize

from optilab.core.check import require


class Optimum(NamedTuple):
    """A minimizer x (*batch, d), its value (*batch) and a lower bound (*batch) on every value of the problem."""

    x: np.ndarray
    value: np.ndarray
    lower: np.ndarray


class SolvedByDual(ABC):
    """A problem whose optimum is computed once, when it is first asked for, with a certificate."""

    @abstractmethod
    def solved(self) -> Optimum:
        """Solve the problem and its dual."""

    @cached_property
    def _optimum(self) -> Optimum:
        return self.solved()

    @property
    def minimizer(self) -> np.ndarray:
        """Where the problem is smallest: (*batch, d)."""
        return self._optimum.x

    @property
    def minimum(self) -> np.ndarray:
        """Its value there: (*batch)."""
        return self._optimum.value

    @property
    def lower(self) -> np.ndarray:
        """The value of the dual, below every value of the problem: (*batch)."""
        return self._optimum.lower


def stacked(optima: list[Optimum], batch: tuple[int, ...]) -> Optimum:
    """One `Optimum` of batch shape `batch` out of those of its replicates, in order."""
    return Optimum(*(np.reshape(column, (*batch, *np.shape(column[0]))) for column in zip(*optima, strict=True)))


def quadratic_dual(
    Q: np.ndarray, w0: np.ndarray, W: np.ndarray, d: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Maximise d·y − ½ wᵀQ⁻¹w, w = w0 + W y, over the box low ≤ y ≤ high.

    This is the dual of min ½ xᵀQx − w0·x + max_y (d − Wᵀx)·y, whose minimiser is Q⁻¹w; every y of the box gives a
    lower bound.

    Parameters
    ----------
    Q : array (n, n)
        Symmetric positive definite.
    w0, W, d : arrays (n,), (n, p), (p,)
        The affine map and the linear term.
    low, high : arrays (p,)
        The box; infinite where there is no bound.

    Returns
    -------
    y : array (p,)
        The best multipliers found, inside the box.
    x : array (n,)
        Q⁻¹w, the primal point that goes with them.
    bound : float
        The dual value at y.

    Raises
    ------
    ValueError
        If a lower bound exceeds its upper bound.
    """
    require(np.asarray(low) <= np.asarray(high), "the box", (low, high), "low ≤ high")
    factor = cho_factor(Q)
    inverse_W = cho_solve(factor, W)
    inverse_w0 = cho_solve(factor, w0)

    def negative_dual(y: np.ndarray) -> tuple[float, np.ndarray]:
        w, x = w0 + W @ y, inverse_w0 + inverse_W @ y
        return 0.5 * w @ x - d @ y, W.T @ x - d

    start = np.clip(np.zeros(len(d)), low, high)
    options: Any = {"maxiter": 20000, "maxfun": 40000, "maxcor": 30, "ftol": 1e-16, "gtol": 1e-11}
    found = minimize(negative_dual, start, jac=True, method="L-BFGS-B", bounds=Bounds(low, high), options=options)
    y = np.clip(found.x, low, high)

    def residual(y: np.ndarray) -> float:  # the value can't tell points this close apart, the conditions can
        return float(np.linalg.norm(y - np.clip(y - negative_dual(y)[1], low, high)))

    for _ in range(30):  # projected Newton: exact, once the multipliers at their bounds are the right ones
        slope = negative_dual(y)[1]
        free = ~((y == low) & (slope > 0) | (y == high) & (slope < 0))
        step = np.zeros(len(y))
        step[free] = np.linalg.lstsq(W[:, free].T @ inverse_W[:, free], slope[free])[0]
        best = min((np.clip(y - step / 2**halvings, low, high) for halvings in range(8)), key=residual)
        if residual(best) >= residual(y):
            break
        y = best
    return y, inverse_w0 + inverse_W @ y, -negative_dual(y)[0]
