"""Trade-off curves of a PDE with a kink: solve it, differentiate it, walk along its front, and do so cheaply.

    −Δy + κ max(0, y) = Bq,        J_i(q) = ½‖y(q) − y_d^i‖² + ½σ_i‖Bq‖²

    the methods                                            here
    the equation; the objectives J_i                       MaxPDE, Tracking (problems)
    semismooth Newton for the state; fixed point           semismooth_newton, solve_state; fixed_point (state)
    adjoints p_i, gradients; Hessians H_i on a piece       FullModel.adjoints, .gradients; .piece (models)
    Newton in q; its reference, L-BFGS-B                   newton; quasi_newton (scalar)
    weighted sum, the baseline                             weighted_sum (fronts)
    reference-point walk                                   reference_walk (fronts)
    Pascoletti–Serafini; its augmented Lagrangian          pascoletti_serafini; Augmented (fronts)
    POD; reduced model                                     pod; ReducedModel (reduced)
    error bound Δ; certified error of J                    error_bound; ReducedModel.certified (reduced)
    adaptive walk; trust region                            reference_walk with Certified; trust_region (reduced)
    common descent with gradients, the baseline            mgda (descent)
    descent across kinks; its direction and subgradients   gebken_peitz; direction, new_subgradient (descent)
    shortest mix of gradients                              optilab.classics.mgda
    continuation along the Pareto set                      continuation (continuation)
    continuation along (f, ‖·‖₁): exact; by arc length     l1_path; l1_continuation (l1)
    state constraint by Moreau–Yosida                      moreau_yosida (constraints)
    switching times                                        switching_gradients, switching_front (constraints)
    promises                                               contraction (state), effectivity_bound (reduced),
                                                             steps_bound (descent)

All of them take one instance, but the fixed point and `mgda`: sets of active nodes, bases and bundles of subgradients
differ from replicate to replicate.

Source: M. Bernreuther, M. Dellnitz, B. Gebken, G. Müller, S. Peitz, K. Sonntag, S. Volkwein, "Multiobjective
Optimization of Non-Smooth PDE-Constrained Problems", 2023 (arXiv 2308.01113), an overview; and the articles that it
stands on, named where they are used.
"""

from optilab.papers.multiobjective_pde.algorithm.constraints import (
    Penalised,
    moreau_yosida,
    switching_front,
    switching_gradients,
    switching_values,
)
from optilab.papers.multiobjective_pde.algorithm.continuation import Continued, continuation
from optilab.papers.multiobjective_pde.algorithm.descent import (
    Descent,
    Direction,
    GoldsteinStep,
    Objectives,
    OfControl,
    direction,
    gebken_peitz,
    mgda,
    new_subgradient,
    steps_bound,
)
from optilab.papers.multiobjective_pde.algorithm.fronts import (
    Augmented,
    Multiplied,
    Walked,
    gap_ratio,
    pascoletti_serafini,
    reference_walk,
    weighted_sum,
)
from optilab.papers.multiobjective_pde.algorithm.l1 import PathPoint, l1_continuation, l1_path
from optilab.papers.multiobjective_pde.algorithm.models import FullModel, Model, Piece
from optilab.papers.multiobjective_pde.algorithm.reduced import (
    Certified,
    ReducedModel,
    Trusted,
    effectivity_bound,
    error_bound,
    orthonormal,
    pod,
    reduced_ends,
    started,
    trust_region,
)
from optilab.papers.multiobjective_pde.algorithm.scalar import (
    Minimiser,
    Point,
    Reference,
    Scalarisation,
    Weighted,
    ends,
    newton,
    quasi_newton,
)
from optilab.papers.multiobjective_pde.algorithm.state import (
    NotConvergedError,
    StateIterate,
    contraction,
    fixed_point,
    semismooth_newton,
    solve_state,
)
