"""Contact to play with: laws and their gradients, cone and pyramid, the solver, planning, boxes and spinning bodies."""

from optilab.papers.dojo.explorer.central_path import central_path
from optilab.papers.dojo.explorer.cone_against_pyramid import cone_against_pyramid
from optilab.papers.dojo.explorer.free_body import free_body
from optilab.papers.dojo.explorer.laws import laws
from optilab.papers.dojo.explorer.push import push
from optilab.papers.dojo.explorer.thrown_box import thrown_box
