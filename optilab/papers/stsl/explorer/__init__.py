"""STSL, to be played with: particles in the plane, scores of a measurement, digits restored and digits edited."""

from optilab.papers.stsl.explorer.editing import editing
from optilab.papers.stsl.explorer.field import field
from optilab.papers.stsl.explorer.race import race
from optilab.papers.stsl.explorer.stage import stage
