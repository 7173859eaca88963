"""Composite problems: a smooth part and a simple one, each asked by its own oracles."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.core.check import require
from optilab.problems.oracles import Simple


@dataclass(frozen=True)
class Sum:
    """f + χ: the gradients are those of the smooth f, sampled ones too if it has them; the proximal map is χ's.

    Parameters
    ----------
    smooth
        f, which has a value and `grad`.
    simple : Simple
        χ, which has a value and `prox`.

    Raises
    ------
    ValueError
        If a part lacks what it needs.
    """

    smooth: Any
    simple: Simple

    def __post_init__(self) -> None:
        require(
            callable(self.smooth) and hasattr(self.smooth, "grad"), "smooth", self.smooth, "one with value and grad"
        )
        require(
            callable(self.simple) and hasattr(self.simple, "prox"), "simple", self.simple, "one with value and prox"
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value of the sum at x (*batch, d) → (*batch)."""
        return self.smooth(x) + self.simple(x)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient of the smooth part at x (*batch, d) → (*batch, d)."""
        return self.smooth.grad(x)

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """Proximal map of the simple part at x (*batch, d) with a step, a number or (*batch): (*batch, d)."""
        return self.simple.prox(x, step)

    def __getattr__(self, name: str) -> Any:
        if name not in ("sample", "sample_grad"):
            raise AttributeError(name)
        return getattr(self.__dict__["smooth"], name)
