"""What an oracle call costs. The unit is one gradient of the whole function."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from optilab.core.check import require

Array = np.ndarray


@dataclass(frozen=True)
class Costs:
    """Prices of oracle calls, each 0 or more.

    A Hessian matrix costs d Hessian-vector products. Of n data, a sampled gradient costs its share m/n of a gradient,
    or m gradients where samples are noise; so do sampled products.

    Parameters
    ----------
    gradient, product, subgradient : float
        Of a gradient, a Hessian-vector product, a subgradient.
    prox, value : float
        Of a proximal map, a function value.
    sample : float
        Of drawing one sample, on top of what is asked on it.

    Raises
    ------
    ValueError
        If a price is negative or not finite, or a gradient is free.
    """

    gradient: float = 1.0
    product: float = 2.0
    subgradient: float = 1.0
    prox: float = 1.0
    value: float = 0.5
    sample: float = 0.0

    def __post_init__(self) -> None:
        for one in fields(self):
            price = getattr(self, one.name)
            require(0 <= price < np.inf, one.name, price, "0 or more and finite")
        require(self.gradient > 0, "gradient", self.gradient, "positive: a budget has to end")

    def gradients(self, calls: Mapping[str, Any], share: float) -> Any:
        """How many gradients the calls amount to, sampled ones by their `share` of a whole one."""
        whole = calls.get("gradients", 0) + calls.get("subgradients", 0)
        return whole + share * calls.get("sampled gradients", 0)

    def of(self, calls: Mapping[str, Any], *, share: float, d: int) -> Any:
        """What calls cost, counted by kind; numbers or arrays of one shape.

        Parameters
        ----------
        calls : mapping of kind to count
            As `Counted` has it, with "sampled gradients" and "sampled products" apart.
        share : float
            The size of a minibatch in whole gradients.
        d : int
            The dimension.
        """
        return (
            self.gradient * (calls.get("gradients", 0) + share * calls.get("sampled gradients", 0))
            + self.product * (calls.get("Hessian-vector products", 0) + share * calls.get("sampled products", 0))
            + self.product * d * calls.get("Hessians", 0)
            + self.subgradient * calls.get("subgradients", 0)
            + self.prox * calls.get("proximal maps", 0)
            + self.value * calls.get("values", 0)
            + self.sample * calls.get("samples", 0)
        )
