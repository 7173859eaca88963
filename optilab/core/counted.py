"""Problems that count their oracle calls, so that axes can be calls."""

from collections import Counter
from functools import wraps
from typing import Any

import numpy as np

from optilab.core.check import require

KINDS = {
    "__call__": "values",
    "grad": "gradients",
    "subgrad": "subgradients",
    "sample_grad": "gradients",
    "sample_subgrad": "subgradients",
    "hvp": "Hessian-vector products",
    "sample_hvp": "Hessian-vector products",
    "hess": "Hessians",
    "third": "third derivatives",
    "prox": "proximal maps",
    "grad_x": "gradients",
    "grad_y": "gradients",
    "sample_grad_x": "gradients",
    "sample_grad_y": "gradients",
    "hvp_yy": "Hessian-vector products",
    "hvp_xy": "Hessian-vector products",
    "sample_hvp_yy": "Hessian-vector products",
    "sample_hvp_xy": "Hessian-vector products",
    "sample": "samples",
}


class Counted:
    """A problem that counts its oracle calls by kind; all else is the problem's own.

    `calls[kind]` is the number that one replicate has made: a batched call adds one, `sample(rng, (*batch, m))` adds m.
    An algorithm whose replicates differ in calls carries their counts in its state.

    Parameters
    ----------
    problem
        Any problem; its oracles named in `KINDS` are counted.
    kinds : dict of str to str, optional
        More oracle names and the kind that each counts as.
    """

    grad: Any  # the problem's, like all that follows: said here for those who check types
    subgrad: Any
    hess: Any
    hvp: Any
    third: Any
    prox: Any
    sample: Any
    sample_grad: Any
    sample_subgrad: Any
    sample_hvp: Any
    minimizer: Any
    minimum: Any

    def __init__(self, problem: Any, kinds: dict[str, str] | None = None):
        self.problem = problem
        self.kinds = KINDS | (kinds or {})
        self.calls: Counter[str] = Counter()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Value of the problem, counted."""
        self.calls[self.kinds["__call__"]] += 1
        return self.problem(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if "problem" not in self.__dict__:  # unpickling asks before it is there
            raise AttributeError(name)
        attribute = getattr(self.problem, name)
        if name not in self.kinds:
            return attribute

        @wraps(attribute)
        def counted(*args: Any, **kwargs: Any) -> Any:
            amount = 1
            if name == "sample":
                size = kwargs.get("size", args[1] if len(args) > 1 else 1)
                require(np.size(size) > 0, "size", size, "(*batch, m), m samples for each replicate")
                amount = int(np.ravel(size)[-1])
            self.calls[self.kinds[name]] += amount
            return attribute(*args, **kwargs)

        return counted

    def __repr__(self) -> str:
        made = ", ".join(f"{count} {kind}" for kind, count in self.calls.items()) or "no calls yet"
        return f"Counted({self.problem!r}: {made})"
