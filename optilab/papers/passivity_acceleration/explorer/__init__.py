"""Design the feedback, find the best damping, follow the iteration, fall into traps, race."""

from optilab.papers.passivity_acceleration.explorer.damping import damping
from optilab.papers.passivity_acceleration.explorer.design_board import design_board
from optilab.papers.passivity_acceleration.explorer.race import race
from optilab.papers.passivity_acceleration.explorer.shadow import shadow
from optilab.papers.passivity_acceleration.explorer.trap import trap
from optilab.papers.passivity_acceleration.explorer.worst_function import worst_function
