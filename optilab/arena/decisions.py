"""The map of decisions: which method for which problem, where every arrow is a race that can be run again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from optilab.arena import race as racing
from optilab.arena.problems import PROBLEMS, Value
from optilab.arena.race import Race
from optilab.core.check import require
from optilab.core.claim import Claim, Claims

SEEDS = 20  # of a race


@dataclass(frozen=True)
class Arrow:
    """One step of the map: where this is so, take that.

    Parameters
    ----------
    given : str
        What the gradients are like.
    where : str
        What else has to be so.
    take : str
        The method that it points to.
    over : str
        The method that it is preferred to; another one of the race.
    problem : str
        Of the race, in `PROBLEMS`.
    properties : dict
        Of the problem.
    budget : float
        In gradients.
    others : tuple of str
        Who races too.
    times : float
        By how much the median gap of `over` is larger, at least; 1 where it is an arrow to nobody.
    tie : bool
        Whether nobody wins, so that the cheaper method is the one to take.
    """

    given: str
    where: str
    take: str
    over: str
    problem: str
    properties: dict[str, Value]
    budget: float
    others: tuple[str, ...] = ()
    times: float = 1.0
    tie: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """All who race."""
        return (self.take, self.over, *self.others)


class Outcome(NamedTuple):
    """What a race says of its arrow."""

    winner: str | None
    ratio: float  # median gap of `over` over that of `take`
    quartiles: dict[str, tuple[float, float, float]]  # of the final gaps, by method
    stands: bool  # whether the arrow points where the race does


ARROWS: dict[str, Arrow] = {}


def rerun(name: str, seed: int = 0, progress: Callable[[float, float], Any] | None = None) -> Race:
    """Run the race of an arrow: other starts, other samples for every seed.

    Raises
    ------
    ValueError
        If there is no such arrow; the message lists those that there are.
    """
    require(name in ARROWS, "the arrow", name, f"one of {', '.join(ARROWS)}")
    arrow = ARROWS[name]
    instance, rng = PROBLEMS[arrow.problem](**arrow.properties), np.random.default_rng(seed)
    return racing.race(arrow.methods, instance, arrow.budget, rng=rng, seeds=SEEDS, progress=progress)


def judged(name: str, race: Race) -> Outcome:
    """Whether an arrow stands: its method wins by its margin, or nobody does where it says so."""
    arrow = ARROWS[name]
    quartiles = {method: race.entrants[method].best.quartiles for method in arrow.methods}
    ratio = quartiles[arrow.over][1] / quartiles[arrow.take][1]
    stands = race.winner is None if arrow.tie else race.winner == arrow.take and ratio >= arrow.times
    return Outcome(race.winner, float(ratio), quartiles, bool(stands))


def outcomes(seed: int, progress: Callable[[float, float], Any] = lambda done, total: None) -> dict[str, Outcome]:
    """All arrows, run again."""
    found = {}
    for number, name in enumerate(ARROWS):
        progress(number, len(ARROWS))
        found[name] = judged(name, rerun(name, seed))
    return found
