"""One way to refuse a bad argument."""

from typing import Any

import numpy as np


def require(condition: Any, name: str, value: Any, allowed: str) -> None:
    """Raise a `ValueError` that names the argument, what is allowed and its value, unless `condition` is true.

    `condition` may be an array: every entry must be true. Written so that NaN fails (`h > 0`, not `not h <= 0`).

    Parameters
    ----------
    condition : bool or array of bool
        What must hold.
    name, allowed : str
        Read as "`name` must be `allowed`".
    value
        The offending value, shown in the message.

    Raises
    ------
    ValueError
        If `condition` is false, or false anywhere.
    """
    holds = condition.all() if hasattr(condition, "all") else condition
    if not holds:
        shown = repr(value) if isinstance(value, str) else value
        raise ValueError(f"{name} must be {allowed}, got {shown}")


def whole(value: Any, least: int = 0) -> bool:
    """Whether a value is an integer, and `least` or more; 2.0 and True are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)
