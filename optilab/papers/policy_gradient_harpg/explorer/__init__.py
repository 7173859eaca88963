"""Corrected policy gradients, to be played with: a climb, its errors, one step, what one trajectory tells, a pole."""

from optilab.papers.policy_gradient_harpg.explorer.climb import climb
from optilab.papers.policy_gradient_harpg.explorer.errors import errors
from optilab.papers.policy_gradient_harpg.explorer.microscope import microscope
from optilab.papers.policy_gradient_harpg.explorer.pole import pole
from optilab.papers.policy_gradient_harpg.explorer.score import score
