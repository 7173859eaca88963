"""Contact to play with: laws and their gradients, cone and pyramid, the solver, planning, boxes and spinning bodies."""

from optilab.papers.dojo.explorer.laws import laws
from optilab.papers.dojo.explorer.puck import push
from optilab.papers.dojo.explorer.sliding import cone_against_pyramid

__all__ = ["cone_against_pyramid", "laws", "push"]
