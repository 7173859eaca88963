"""Private tables, to be played with: evolution, privacy against error, a budget, rounds, a sigmoid, limits."""

from optilab.papers.private_gsd.explorer.budget import budget
from optilab.papers.private_gsd.explorer.evolution import evolution
from optilab.papers.private_gsd.explorer.limits import limits
from optilab.papers.private_gsd.explorer.rounds import rounds
from optilab.papers.private_gsd.explorer.surrogate import surrogate
from optilab.papers.private_gsd.explorer.tradeoff import tradeoff
