"""M-FAC, to be played with: a ring of gradients, matrices, networks pruned and trained, costs, digits, long steps."""

from optilab.papers.mfac.explorer.costs import costs
from optilab.papers.mfac.explorer.digits import digits
from optilab.papers.mfac.explorer.matrices import matrices
from optilab.papers.mfac.explorer.race import race
from optilab.papers.mfac.explorer.surgery import surgery
from optilab.papers.mfac.explorer.throw import throw
from optilab.papers.mfac.explorer.window import window
