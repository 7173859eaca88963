"""The last iterate, to be played with: schedules, an adversary, a bound to draw, tails, a portfolio, a worst case."""

from optilab.papers.last_iterate.explorer.adversary import adversary
from optilab.papers.last_iterate.explorer.draw import draw
from optilab.papers.last_iterate.explorer.fan import fan
from optilab.papers.last_iterate.explorer.portfolio import portfolio
from optilab.papers.last_iterate.explorer.race import race
from optilab.papers.last_iterate.explorer.worst_function import worst_function
