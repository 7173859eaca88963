"""Contact dynamics as a complementarity problem, its interior-point solution and the gradients of that.

`system` says what moves, `residual` what a step solves (A1), `interior_point` how (A2), `gradient` how the solution
moves with its data (A3), `simulation` steps on; `point_mass` is one step in closed form, `free_body` has no contact.
"""

from optilab.papers.dojo.algorithm.cones import Cones, arrow, jordan, orthant_step_length, soc_step_length
from optilab.papers.dojo.algorithm.free_body import INTEGRATORS, Spin, explicit_euler, implicit_euler, variational
from optilab.papers.dojo.algorithm.gradient import Derivatives, derivatives
from optilab.papers.dojo.algorithm.interior_point import Iterate, interior_point, solve
from optilab.papers.dojo.algorithm.joint import Joint
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.shapes import box, sphere
from optilab.papers.dojo.algorithm.simulation import Motion, NotConvergedError, rollout, step
from optilab.papers.dojo.algorithm.system import Body, Contact, State, System, state_of

__all__ = [
    "INTEGRATORS",
    "Body",
    "Cones",
    "Contact",
    "Derivatives",
    "Iterate",
    "Joint",
    "Motion",
    "NotConvergedError",
    "Spin",
    "State",
    "System",
    "TimeStep",
    "arrow",
    "box",
    "derivatives",
    "explicit_euler",
    "implicit_euler",
    "interior_point",
    "jordan",
    "orthant_step_length",
    "rollout",
    "soc_step_length",
    "solve",
    "sphere",
    "state_of",
    "step",
    "variational",
]
