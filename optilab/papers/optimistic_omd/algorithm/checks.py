"""What the methods refuse: numbers out of range, starts outside of the set, games without rounds."""

from typing import Any

import numpy as np

from optilab.core.check import numbers, require, whole
from optilab.core.run import replicates
from optilab.problems.oracles import Number, Online, Simple

Array = np.ndarray


def positive(**values: Any) -> None:
    """Refuse what isn't a positive finite number, or an array of such."""
    for name, value in values.items():
        number = numbers(name, value)
        require((number > 0) & (number < np.inf), name, value, "positive and finite")


def not_negative(**values: Any) -> None:
    """Refuse what isn't a finite number, 0 or more, or an array of such."""
    for name, value in values.items():
        number = numbers(name, value)
        require((number >= 0) & (number < np.inf), name, value, "0 or more and finite")


def rounds(T: Any) -> None:
    """Refuse what isn't a number of rounds, or an array of such."""
    number = numbers("T", T)
    require((number >= 1) & (number == np.floor(number)) & (number < np.inf), "T", T, "whole, 1 or more")


def started(losses: Online, x1: Array, domain: Simple, *parameters: Number) -> tuple[Array, Array]:
    """The start, of the batch of the parameters, once it is known to be in the domain; and zeros (*batch)."""
    require(whole(losses.T, 1), "the number of rounds T", losses.T, "a whole number, 1 or more")
    x = replicates(x1, *parameters)[0]
    require(np.isfinite(x), "the start", x, "finite")
    require(np.isfinite(domain(x)), "the start", x, f"in the domain {domain}")
    return x, np.zeros(x.shape[:-1])
