"""MKOR-H: second-order steps as long as they pay, then the bare backend for good."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.mkor.algorithm.common import check_positive
from optilab.problems.oracles import Number

Array = np.ndarray


class Watch(NamedTuple):
    """What MKOR-H knows of the loss."""

    e: Array  # (*batch) running mean of the minibatch losses
    ref: Array  # (*batch) e at the end of the last window, NaN before
    best: Array  # (*batch) the largest relative decrease in a window so far
    on: Array  # (*batch) whether to precondition


@dataclass(frozen=True)
class Switch:
    """When MKOR-H goes back to the bare backend: in a window the loss falls by less than τ times its best rate.

    Parameters
    ----------
    window : int
        Steps of a window, 2 or more.
    tau : number or array (*batch)
        τ > 0.
    beta : float
        Momentum of the running mean of the minibatch losses, in [0, 1).

    Raises
    ------
    ValueError
        If one is not allowed.
    """

    window: int = 50
    tau: Number = 0.5
    beta: float = 0.9

    def __post_init__(self) -> None:
        require(whole(self.window, 2), "window", self.window, "a whole number, 2 or more")
        check_positive("tau", self.tau)
        require(0 <= self.beta < 1, "beta", self.beta, "in [0, 1)")

    def watch(self, seen: Watch | None, loss: Array, t: int) -> Watch:
        """What is known once step t's loss has been seen; switching off is for good."""
        if seen is None:
            nothing = np.full(np.shape(loss), np.nan)
            seen = Watch(loss, nothing, np.zeros(np.shape(loss)), np.ones(np.shape(loss), bool))
        e = self.beta * seen.e + (1 - self.beta) * loss
        if t % self.window != 0:
            return seen._replace(e=e)
        rate = (seen.ref - e) / abs(seen.ref)  # NaN at the first window's start: then nothing is below it
        best = np.fmax(seen.best, rate)
        return Watch(e, e, best, seen.on & ~(rate < self.tau * best))


def switch_step(losses: Array, window: int = 50, tau: Number = 0.5, beta: float = 0.9) -> Array:
    """The first bare step of MKOR-H, from MKOR's own minibatch losses (T, *batch): (*batch), T if there is none.

    Up to there both are the same method.
    """
    switch, seen = Switch(window, tau, beta), None
    off = np.full(np.shape(losses)[1:], len(losses))
    for t, loss in enumerate(losses):
        seen = switch.watch(seen, np.asarray(loss), t)
        off = np.where(seen.on, off, np.minimum(off, t))
    return off
