"""What this paper minimises: tracking of a state with max(0, y), a nonsmooth pair in the plane, two dips, two times."""

from optilab.papers.multiobjective_pde.problems.crescent import Crescent
from optilab.papers.multiobjective_pde.problems.heat import Heat
from optilab.papers.multiobjective_pde.problems.pde import MaxPDE, cells, loads, sine
from optilab.papers.multiobjective_pde.problems.tracking import Tracking, random_targets, standard
from optilab.papers.multiobjective_pde.problems.wells import Wells
