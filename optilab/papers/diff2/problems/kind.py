"""What a private problem is asked: the gradients of its records, or their changes, clipped one by one."""

from typing import Any, Protocol

import numpy as np

from optilab.core.check import AnyArray, AnyNumber

Array = np.ndarray
TINY = 1e-10  # added to a norm that is divided by


def clip_factor(norm: AnyArray, C: AnyNumber) -> Array:
    """What clip(g, C) multiplies g by: min(1, C/‖g‖); infinite C clips nothing."""
    return np.minimum(1, C / (norm + TINY))


class Gradients(Protocol):
    """The gradients of all records at a point, or their changes between two points."""

    def __sub__(self, other: Any) -> "Gradients":
        """Their changes since another point, record by record."""

    @property
    def norms(self) -> Any:
        """The norm of each record's: (*batch, …)."""

    def clipped_mean(self, C: AnyNumber) -> Array:
        """The mean over clients of the mean over their records of clip(·, C), C a number or (*batch): (*batch, d)."""


class Private(Protocol):
    """A mean of losses over clients and their records."""

    @property
    def P(self) -> int:
        """Clients."""

    @property
    def n(self) -> Any:
        """Records."""

    @property
    def n_min(self) -> Any:
        """Records of the smallest client."""

    def __call__(self, x: Array, /) -> Array:
        """Loss at x (*batch, d): (*batch)."""

    def grad(self, x: Array, /) -> Array:
        """Gradient of the loss, nothing clipped: (*batch, d)."""

    def records(self, x: Array, /) -> Gradients:
        """The gradients of all records at x (*batch, d)."""
