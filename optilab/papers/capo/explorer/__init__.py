"""CAPO, to be played with: a race, its tokens, what a step is foretold to do, one token's step, the theorem."""

from optilab.papers.capo.explorer.cliff import cliff
from optilab.papers.capo.explorer.prediction import prediction
from optilab.papers.capo.explorer.race import race
from optilab.papers.capo.explorer.theorem import theorem
from optilab.papers.capo.explorer.tokens import tokens
