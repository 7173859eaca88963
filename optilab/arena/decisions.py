"""The map of decisions: which method for which problem, where every arrow is a race that can be run again.

What the first picture shows is in `decisions.json`, measured with seed 0; `python -m optilab.arena.decisions` measures
it anew.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from optilab.arena import race as racing
from optilab.arena.problems import PROBLEMS, Value
from optilab.arena.race import Race
from optilab.core.check import require
from optilab.core.claim import Claim, Claims

SEEDS = 20  # of a race
TABLE = Path(__file__).with_name("decisions.json")


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
        By which factor the median gap of `over` is larger, at least.
    tie : bool
        Whether nobody is to win, so that the one with less to tune is the one to take, and medians are to lie within a
        factor `times`.
    slow : bool
        Whether its race takes seconds.
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
    slow: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """All who race."""
        return (self.take, self.over, *self.others)

    @property
    def least(self) -> float:
        """The least factor by which the median gap of `over` may be larger."""
        return 1 / self.times if self.tie else self.times


class Outcome(NamedTuple):
    """What a race says of its arrow."""

    winner: str | None
    ratio: float  # median gap of `over` over that of `take`
    quartiles: dict[str, tuple[float, float, float]]  # of the final gaps, by method
    stands: bool  # whether the arrow points where the race does
    cut_off: list[str]  # who is best at an end of its grid


VALLEY: dict[str, Value] = {"kappa": 1000.0, "dimension": 20}
TURNED: dict[str, Value] = VALLEY | {"rotation": 1.0}
NOISY: dict[str, Value] = {"kappa": 100.0, "dimension": 20, "rotation": 1.0, "noise": 0.1}
DATA: dict[str, Value] = {"kappa": 100.0, "dimension": 10}
EXACT, NOISE, MEAN = "exact gradients", "noisy gradients", "a mean over data"
ARROWS = {
    "momentum": Arrow(
        EXACT, "curvatures differ", "heavy ball", "gradient descent", "quadratic", TURNED, 200.0, times=1000
    ),
    "turned": Arrow(
        EXACT, "a valley across the axes", "heavy ball", "Adam", "quadratic", TURNED | {"dimension": 40},
        200.0, ("ADAHESSIAN",), 5,
    ),
    "along the axes": Arrow(
        EXACT, "a valley along the axes", "ADAHESSIAN", "heavy ball", "quadratic", VALLEY, 200.0, ("Adam",), 500
    ),
    "few unknowns": Arrow(
        EXACT, "few unknowns, a budget for Hessians", "GNS Newton", "heavy ball", "quadratic",
        TURNED | {"dimension": 4}, 60.0, ("Adam",), 1_000_000,
    ),
    "many unknowns": Arrow(
        EXACT, "many unknowns, a budget for two Hessians", "heavy ball", "GNS Newton", "logistic",
        {"kappa": 1000.0, "dimension": 50}, 250.0, times=1_000_000,
    ),
    "known budget": Arrow(
        NOISE, "the last step is known", "SGD, linear decay", "minibatch Adam", "quadratic", NOISY, 200.0, times=2
    ),
    "constant steps": Arrow(
        NOISE, "constant steps", "SGD", "SGD with momentum", "quadratic", NOISY, 200.0, times=1.5, tie=True
    ),
    "few passes": Arrow(
        MEAN, "few passes over them", "SGD, linear decay", "heavy ball", "least squares", DATA, 10.0, times=3
    ),
    "many passes": Arrow(
        MEAN, "many passes over them", "heavy ball", "SGD, linear decay", "least squares", DATA, 60.0, times=50
    ),
    "network": Arrow(
        MEAN, "a small network", "minibatch Adam", "SGD with momentum", "network", {"scales": 100.0},
        20.0, times=3, slow=True,
    ),
}  # fmt: skip


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
    """Whether an arrow stands: whether its claim holds in the race."""
    claim = claimed(name, race)
    quartiles = {method: race.entrants[method].best.quartiles for method in ARROWS[name].methods}
    return Outcome(race.winner, _ratio(ARROWS[name], race), quartiles, claim.holds, race.cut_off)


def _ratio(arrow: Arrow, race: Race) -> float:
    """The median gap of `over` over that of `take`."""
    over, take = (race.entrants[method].best.quartiles[1] for method in (arrow.over, arrow.take))
    return float(over / take)


def claimed(name: str, race: Race) -> Claim:
    """The claim of an arrow: that its method wins, or nobody, and how much higher the other one ends.

    What is measured is NaN, which keeps no bound, where another method wins than the arrow says.
    """
    arrow = ARROWS[name]
    expected = None if arrow.tie else arrow.take
    wins = "nobody wins" if arrow.tie else f"{arrow.take} wins"
    said = f"{arrow.given}: {arrow.where}, {wins}; {arrow.over} ends higher by a factor of"
    measured = _ratio(arrow, race) if race.winner == expected else np.nan
    seeds = np.asarray(race.entrants[arrow.over].best.final) / race.entrants[arrow.take].best.quartiles[1]
    return Claim(said, measured, arrow.times if arrow.tie else np.inf, arrow.least, seeds)


def outcomes(seed: int, progress: Callable[[float, float], Any] = lambda done, total: None) -> dict[str, Outcome]:
    """All arrows, run again."""
    found = {}
    for number, name in enumerate(ARROWS):
        progress(number, len(ARROWS))
        found[name] = judged(name, rerun(name, seed))
    return found


def claims(quick: bool = True, seed: int = 0) -> Claims:
    """What the map says, measured with another seed: by how much each arrow's method is ahead.

    Parameters
    ----------
    quick : bool
        Leave out the arrows whose race takes seconds.
    seed : int
        Of every race.
    """
    names = [name for name, arrow in ARROWS.items() if not (quick and arrow.slow)]
    return Claims(claimed(name, rerun(name, seed)) for name in names)


def stored() -> dict[str, Outcome]:
    """What came out with seed 0."""
    table = json.loads(TABLE.read_text())
    return {name: Outcome(**table[name]) for name in ARROWS}


if __name__ == "__main__":
    TABLE.write_text(json.dumps({name: found._asdict() for name, found in outcomes(0).items()}, indent=1) + "\n")
