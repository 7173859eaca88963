"""Claims: what a paper promises, in a form that a small experiment can confirm or refute."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from math import isclose, isfinite
from typing import Any

import numpy as np

from optilab.core.short import shorten

INFINITY = float("inf")
EXACT = 17  # digits that tell any float from any other
WRITTEN = range(4, 10)  # digits that a bound has where someone has written it down


def rounded(value: float, digits: int, rounding: str) -> str:
    """A bound as it was written, or in so many digits, rounded up or down as `decimal` calls it."""
    if digits > EXACT or not isfinite(value):
        return repr(value)
    for few in WRITTEN:
        if isclose(float(f"{value:.{few}g}"), value, rel_tol=1e-12):
            return f"{value:.{few}g}"
    shown = Context(prec=digits, rounding=rounding).create_decimal(repr(value))
    return f"{float(shown):.{digits}g}"


@shorten
@dataclass(frozen=True)
class Claim:
    """One headline claim, the figure measured for it and the bound it must keep.

    Parameters
    ----------
    statement : str
        The sentence, with its sizes and units.
    measured : float
        The figure that is held against the bound.
    at_most, at_least : float
        The bound; NaN as `measured` keeps none.
    seeds : sequence of float
        The figure of every seed where `measured` sums them up (median, worst…), for the scatter.
    """

    statement: str
    measured: float
    at_most: float = INFINITY
    at_least: float = -INFINITY
    seeds: Sequence[float] | np.ndarray = ()

    def __post_init__(self) -> None:
        for name in ("measured", "at_most", "at_least"):
            object.__setattr__(self, name, float(getattr(self, name)))
        object.__setattr__(self, "seeds", tuple(np.ravel(self.seeds).tolist()))

    @classmethod
    def over(
        cls,
        statement: str,
        figures: Any,
        reduce: Callable[[np.ndarray], Any],
        *,
        at_most: float = INFINITY,
        at_least: float = -INFINITY,
    ) -> "Claim":
        """Claim what `reduce` (`np.max`, `np.median`, …) makes of the figures of all seeds, and show their scatter."""
        figures = np.asarray(figures, dtype=float)
        return cls(statement, reduce(figures), at_most, at_least, figures)

    @property
    def holds(self) -> bool:
        """Whether the figure keeps the bound."""
        return bool(self.at_least <= self.measured <= self.at_most)

    @property
    def reported(self) -> bool:
        """Whether nothing is asked of the figure."""
        return self.at_least == -INFINITY and self.at_most == INFINITY

    @property
    def mark(self) -> str:
        """The verdict in a character: ✓, ✗, or · where nothing is asked."""
        return "✗" if not self.holds else "·" if self.reported else "✓"

    def _bounds(self, digits: int) -> tuple[str, str]:
        """The bounds in that many digits, rounded outwards: what keeps the bound keeps what is shown of it."""
        return rounded(self.at_least, digits, ROUND_FLOOR), rounded(self.at_most, digits, ROUND_CEILING)

    @property
    def digits(self) -> int:
        """How many digits of the figure, and one more of its bounds, say what the verdict says: 3 or more."""
        for digits in range(3, EXACT):
            low, high = self._bounds(digits + 1)
            if (float(low) <= float(f"{self.measured:.{digits}g}") <= float(high)) == self.holds:
                return digits
        return EXACT

    @property
    def asked(self) -> str:
        """The bound in words."""
        low, high = self._bounds(self.digits + 1)
        lower = [f"≥ {low}"] * (self.at_least > -INFINITY)
        upper = [f"≤ {high}"] * (self.at_most < INFINITY)
        return " and ".join(lower + upper) or "reported"

    @property
    def figure(self) -> str:
        """What was measured, in as many digits as tell it from the bound."""
        return f"{self.measured:.{self.digits}g}"

    @property
    def scatter(self) -> str:
        """Smallest, median and largest figure over the seeds."""
        if len(self.seeds) < 2:
            return ""
        low, middle, high = np.min(self.seeds), np.median(self.seeds), np.max(self.seeds)  # right with inf among them
        return f"{low:.3g} … {middle:.3g} … {high:.3g} ({len(self.seeds)} seeds)"

    @property
    def row(self) -> tuple[str, str, str, str]:
        """A line of a table: statement, what is asked, what was measured, its scatter."""
        return self.statement, self.asked, self.figure, self.scatter

    def __str__(self) -> str:
        verdict = "DOES NOT HOLD" if not self.holds else "reported" if self.reported else "holds"
        asked = "nothing" if self.reported else self.asked
        return f"{self.statement}: measured {self.measured:.{self.digits + 1}g}, asked {asked}: {verdict}"


def _cell(text: str) -> str:
    """A text as one cell of a table in Markdown."""
    return text.replace("|", r"\|")


class Claims(tuple[Claim, ...]):
    """The claims of one paper; a notebook shows them as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_markdown_(self) -> str:
        scattered = any(claim.scatter for claim in self)
        names = ["claim", "asked", "measured here", *["least … median … most"] * scattered, "holds"]
        rows = [names, ["---"] * len(names)]
        subject = ""
        for claim in self:
            before, colon, rest = claim.statement.partition(": ")
            shared = sum(other.statement.startswith(before + colon) for other in self) > 1
            if colon and shared and before != subject:
                rows.append([f"**{_cell(before)}**", *[""] * (len(names) - 1)])
            subject = before if colon and shared else ""
            statement = rest if colon and shared else claim.statement
            cells = claim.row[1:] if scattered else claim.row[1:3]
            rows.append([_cell(statement), *cells, claim.mark])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


Experiment = Callable[[bool], Iterable[Claim]]


def collect(experiments: Iterable[Experiment], quick: bool = False) -> Claims:
    """Run experiments one after the other and gather their claims.

    Parameters
    ----------
    experiments : iterable of functions (quick: bool) → claims
        A paper's `EXPERIMENTS`.
    quick : bool
        Ask for the smaller size that tests and lessons use.

    Returns
    -------
    Claims
        All claims, in order.
    """
    return Claims(claim for experiment in experiments for claim in experiment(quick))
