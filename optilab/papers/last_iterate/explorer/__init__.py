"""The last iterate, to be played with: schedules, an adversary, a bound to draw on, heavy tails, a portfolio."""

from optilab.papers.last_iterate.explorer.drawing import draw
from optilab.papers.last_iterate.explorer.geometry import portfolio
from optilab.papers.last_iterate.explorer.instance import adversary
from optilab.papers.last_iterate.explorer.schedules import race
from optilab.papers.last_iterate.explorer.spread import fan

__all__ = ["adversary", "draw", "fan", "portfolio", "race"]
