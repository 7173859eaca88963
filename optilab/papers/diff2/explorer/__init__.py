"""DIFF2, to be played with: two noise clouds, a race, restart intervals, the gain in n, rounds against work."""

from optilab.papers.diff2.explorer.clouds import clouds
from optilab.papers.diff2.explorer.growth import growth
from optilab.papers.diff2.explorer.race import race
from optilab.papers.diff2.explorer.restarts import restarts
from optilab.papers.diff2.explorer.talks import talks
