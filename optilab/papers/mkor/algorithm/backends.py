"""Backends: first-order optimisers that treat a direction, preconditioned or not, as if it were the gradient.

All parameters are one vector x (*batch, D), and so is a direction; LAMB looks at the layers in it. A memory is a tuple
of arrays (*batch, D), zeros at the start. Step k = 1, 2, … has a learning rate lr (*batch, 1); `layers` says where each
layer's matrix is in x.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optilab.classics import adam
from optilab.core.check import require

Array = np.ndarray
Memory = tuple[Array, ...]


@dataclass(frozen=True)
class SGD:
    """b ← 0.9b + dW, W ← W − lr·b."""

    momentum: float = 0.9
    kept: int = 1  # arrays of memory

    def step(
        self, x: Array, direction: Array, memory: Memory, k: int, lr: Array, layers: Sequence[slice]
    ) -> tuple[Array, Memory]:
        """One step; k and the layers don't matter."""
        b = self.momentum * memory[0] + direction
        return x - lr * b, (b,)


@dataclass(frozen=True)
class Adam:
    """Adam of the textbooks, with both bias corrections."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    kept: int = 2

    def step(
        self, x: Array, direction: Array, memory: Memory, k: int, lr: Array, layers: Sequence[slice]
    ) -> tuple[Array, Memory]:
        """One step; the layers don't matter."""
        new = adam.step(
            adam.Moments(x, *memory), direction, k, alpha=lr, beta1=self.beta1, beta2=self.beta2, eps=self.eps
        )
        return new.x, (new.m, new.v)


@dataclass(frozen=True)
class LAMB:
    """Adam without bias corrections, then every layer's step r scaled by min(‖W‖, 10)/‖r‖, by 1 where either is 0."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-6
    decay: float = 0.0
    longest: float = 10.0
    kept: int = 2

    def step(
        self, x: Array, direction: Array, memory: Memory, k: int, lr: Array, layers: Sequence[slice]
    ) -> tuple[Array, Memory]:
        """One step; k doesn't matter."""
        m = self.beta1 * memory[0] + (1 - self.beta1) * direction
        v = self.beta2 * memory[1] + (1 - self.beta2) * direction**2
        r = m / (np.sqrt(v) + self.eps) + self.decay * x
        for layer in layers:
            W, step = (np.linalg.norm(part[..., layer], axis=-1, keepdims=True) for part in (x, r))
            ratio = np.divide(np.minimum(W, self.longest), step, out=np.ones_like(W), where=(W > 0) & (step > 0))
            r[..., layer] *= ratio
        return x - lr * r, (m, v)


Backend = SGD | Adam | LAMB
BACKENDS: dict[str, Backend] = {"SGD": SGD(), "Adam": Adam(), "LAMB": LAMB()}


def backend(name: str) -> Backend:
    """The backend of that name.

    Raises
    ------
    ValueError
        If there is none; lists those that there are.
    """
    require(name in BACKENDS, "backend", name, f"one of {', '.join(BACKENDS)}")
    return BACKENDS[name]
