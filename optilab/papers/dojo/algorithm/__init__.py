"""Contact dynamics as a complementarity problem, its interior-point solution and the gradients of that.

`system` says what moves, `residual` what a step solves, `interior_point` how, `gradient` how the solution
moves with its data, `simulation` steps on; `point_mass` is one step in closed form, `free_body` has no contact.
"""

from optilab.papers.dojo.algorithm.cones import Cones, arrow, jordan, orthant_step_length, soc_step_length
from optilab.papers.dojo.algorithm.driven import Driven, DrivenBodies
from optilab.papers.dojo.algorithm.free_body import INTEGRATORS, Spin, explicit_euler, implicit_euler, variational
from optilab.papers.dojo.algorithm.gradient import Derivatives, derivatives
from optilab.papers.dojo.algorithm.identification import (
    Estimate,
    ThrownBall,
    ThrownBody,
    Windows,
    gauss_newton,
    windows_of,
)
from optilab.papers.dojo.algorithm.ilqr import Plan, backward, control_gradient, cost_of, forward, ilqr
from optilab.papers.dojo.algorithm.interior_point import Iterate, interior_point, solve
from optilab.papers.dojo.algorithm.joint import Joint
from optilab.papers.dojo.algorithm.point_mass import (
    Linear,
    PointMass,
    Step,
    braked_speed,
    friction,
    friction_slope,
    gap_slope,
    smoothed_gap,
)
from optilab.papers.dojo.algorithm.policy import Search, Steering, ars
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.shapes import box, sphere
from optilab.papers.dojo.algorithm.simulation import Motion, NotConvergedError, rollout, step
from optilab.papers.dojo.algorithm.sliding import (
    MODELS,
    Slide,
    cone_path,
    heading,
    onto_cone,
    onto_pyramid,
    pyramid_path,
    sliding,
)
from optilab.papers.dojo.algorithm.smoothing import draws, first_order, zeroth_order
from optilab.papers.dojo.algorithm.system import Body, Contact, State, System, state_of
