"""Functions of one variable."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.problems.stable import sigmoid, softplus

Array = np.ndarray


@dataclass(frozen=True)
class Curve:
    """A function of one variable: entrywise with its first two derivatives, and as a problem on points (*batch, 1)."""

    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    bend: Callable[[Any], Any]

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, 1) → (*batch)."""
        return self.value(x[..., 0])

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, 1) → (*batch, 1)."""
        return self.slope(x)

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, 1) → (*batch, 1, 1)."""
        return self.bend(x)[..., None]

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, 1) → (*batch, 1)."""
        return self.bend(x) * v


def _log_cosh(x: Array) -> Array:
    return abs(x) + np.log1p(np.exp(-2 * abs(x))) - np.log(2)


def _sech_squared(x: Array) -> Array:
    return 4 * sigmoid(2 * x) * sigmoid(-2 * x)


CURVES = {
    "x⁴/4": Curve(lambda x: x**4 / 4, lambda x: x**3, lambda x: 3 * x**2),
    "softplus": Curve(softplus, sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "log-cosh": Curve(_log_cosh, np.tanh, _sech_squared),
    "Rosenbrock slice": Curve(
        lambda x: ((1 - x) ** 2 + 100 * (1 - x**2) ** 2) / 2,
        lambda x: -(1 - x) - 200 * x * (1 - x**2),
        lambda x: 1 - 200 + 600 * x**2,
    ),
}
