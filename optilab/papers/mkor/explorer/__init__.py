"""MKOR, to be played with: a race, a factor's ellipse, its growth, the bill, and when to switch back."""

from optilab.papers.mkor.explorer.bill import bill
from optilab.papers.mkor.explorer.ellipse import ellipse
from optilab.papers.mkor.explorer.growth import growth
from optilab.papers.mkor.explorer.hybrid import hybrid
from optilab.papers.mkor.explorer.race import race
