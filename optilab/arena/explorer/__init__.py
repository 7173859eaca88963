"""The arena, to be played with: a race, who wins where, and the map of decisions."""

from optilab.arena.explorer.decisions import decisions
from optilab.arena.explorer.race import race
from optilab.arena.explorer.where import where
