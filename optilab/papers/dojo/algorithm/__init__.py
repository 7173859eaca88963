"""Contact dynamics as a complementarity problem, its interior-point solution and the gradients of that.

Where the paper's lines are (A1 to A7: step, solver, gradients, smoothing, planning, identification, policies):

    x⁺ = x + h v,  q⁺ = q ⊗ (h/2)(√(4/h² − ‖ω‖²), ω)        `TimeStep.next` (residual), `increment` (quaternion)
    r_T and r_R of every body                            A1  `TimeStep.equalities` (residual), `momentum` (quaternion)
    gap φ, lever ρ, tangential velocity v_t              A1  `Touching` (contact)
    φ − s, μγ − β₁, v_t − (η_x, η_y); pyramid; neither   A1  `cone`, `pyramid`, `frictionless` (contact)
    d and δ of a joint, and what of them vanishes        A1  `relative`, `Joint.rows` (joint)
    the impulses Gᵀλ of joints                           A1  `TimeStep.impulse_map` (residual), `Relative` (joint)
    slacks s_u, s_l of limits; springs, dampers          A1  `Joint.slacks` (joint), `TimeStep.pull` (residual)
    β ∘ η, Arw(η), step lengths in cones, shifted start  A2  `jordan`, `arrow`, `soc_step_length`, `Cones` (cones)
    affine, σ, μ_t, corrected, line search               A2  `interior_point` (interior_point)
    A = ∂r/∂w                                            A2  `newton_matrix` (interior_point), `TimeStep.jacobian`
    ∂w/∂θ = −(∂r/∂w)⁻¹ ∂r/∂θ, then the next state        A3  `implicit` (gradient)
    means over noise, first and zeroth order             A4  `first_order`, `zeroth_order` (smoothing)
    J; backward pass from Q_uu + ρI, forward pass, α, ρ  A5  `cost_of`, `backward`, `forward`, `ilqr` (ilqr)
    g = Σ SᵀWe, H = Σ SᵀWS, p = −(H + ρI)⁻¹ g            A6  `Windows.normal_equations`, `gauss_newton` (identification)
    Θ += α/(n σ_R) Σ (R⁺ − R⁻) δ, or by gradients        A7  `ars`, `Steering.sample_grad` (policy)
    a point mass in closed form: s and b(V)                  `smoothed_gap`, `friction` (point_mass)
    m(V − ‖v_f‖) + ‖b(V)‖ = 0, and the whole step            `braked_speed`, `PointMass.step` (point_mass)
    hard friction v⁺ = v − Π_K(m v)/m                        `sliding` (sliding)
    a body that spins freely, by three integrators           `variational`, … (free_body)

`system` says what moves, `shapes` has common bodies, `simulation` takes steps, `driven` has bodies under a few forces.

Source: T. A. Howell et al., "Dojo: A Differentiable Physics Engine for Robotics", 2022 (arXiv 2203.00806).
"""

from optilab.papers.dojo.algorithm.cones import Cones, arrow, jordan, orthant_step_length, soc_step_length
from optilab.papers.dojo.algorithm.driven import Driven, DrivenBodies
from optilab.papers.dojo.algorithm.free_body import INTEGRATORS, Spin, explicit_euler, implicit_euler, variational
from optilab.papers.dojo.algorithm.gradient import Derivatives, derivatives
from optilab.papers.dojo.algorithm.identification import (
    Identified,
    ThrownBall,
    ThrownBody,
    Windows,
    gauss_newton,
    windows_of,
)
from optilab.papers.dojo.algorithm.ilqr import Plan, backward, control_gradient, cost_of, forward, ilqr
from optilab.papers.dojo.algorithm.interior_point import CentralPoint, interior_point, solve
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
    Skid,
    cone_path,
    heading,
    onto_cone,
    onto_pyramid,
    pyramid_path,
    sliding,
)
from optilab.papers.dojo.algorithm.smoothing import draws, first_order, zeroth_order
from optilab.papers.dojo.algorithm.system import Body, Contact, State, System, apart, joined, moved, state_of
