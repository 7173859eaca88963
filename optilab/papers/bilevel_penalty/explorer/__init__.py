"""Penalty methods, to be played with: the bias in σ, two followers on a ring, convergence with noise, C against S."""

from optilab.papers.bilevel_penalty.explorer.choosing import choosing
from optilab.papers.bilevel_penalty.explorer.convergence import convergence
from optilab.papers.bilevel_penalty.explorer.dial import dial
from optilab.papers.bilevel_penalty.explorer.followers import followers
