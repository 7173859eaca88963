"""A limit for a whole submission, whatever its cells do one by one."""

import time

from optilab.core.check import require


class Budget:
    """Seconds on the clock, counted from now, that all of a submission's cells and checks may take together.

    Parameters
    ----------
    seconds : float
        How many, > 0.
    """

    def __init__(self, seconds: float) -> None:
        require(seconds > 0, "the seconds of a submission", seconds, "> 0")
        self.seconds = seconds
        self.end = time.monotonic() + seconds

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return time.monotonic() >= self.end

    @property
    def refusal(self) -> str:
        """What is said of a cell that isn't run any more, or not to its end."""
        return f"All cells and checks together ran for longer than {self.seconds:g} s."

    def capped(self, seconds: float) -> float:
        """A limit for one cell or check: `seconds`, or what is left if that is less, but 1 at least."""
        return max(1.0, min(seconds, self.end - time.monotonic()))
