"""A PDE with a kink and two wishes, to be played with: its solver, its front, a reduced model, kinks, paths."""

from optilab.papers.multiobjective_pde.explorer.crescent import crescent
from optilab.papers.multiobjective_pde.explorer.front import front
from optilab.papers.multiobjective_pde.explorer.modes import modes
from optilab.papers.multiobjective_pde.explorer.path import path
from optilab.papers.multiobjective_pde.explorer.solver import solver
