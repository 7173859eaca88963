"""Trade-off curves of a PDE with a kink: solve it, differentiate it, walk along its front, and do so cheaply.

    −Δy + κ max(0, y) = Bq,        J_i(q) = ½‖y(q) − y_d^i‖² + ½σ_i‖Bq‖²

    the methods                                            here
    A1  semismooth Newton for the state; fixed point       semismooth_newton, solve_state; fixed_point (state)
    A2  adjoint gradients; Newton in q                     FullModel.gradients, .piece (models); newton,
          and its reference, L-BFGS-B                        quasi_newton (scalar)
    A3  weighted sum, the baseline                         weighted_sum (fronts)
    A4  reference-point walk                               reference_walk (fronts)
    A5  Pascoletti–Serafini, augmented Lagrangian          pascoletti_serafini (fronts)
    A6  POD; reduced model; Δ(q); certified J              pod, ReducedModel, error_bound, .certified (reduced)
          adaptive walk; trust region                        reference_walk with Certified; trust_region
    A7  common descent with gradients, the baseline        mgda (descent)
    A8  Direction; NewSubgradient; descent across kinks    direction; new_subgradient; gebken_peitz (descent)
    A9  continuation along the Pareto set                  continuation
    A10 continuation along (f, ‖·‖₁): exact; by arc length l1_path; l1_continuation (l1)
    A11 state constraint by Moreau–Yosida                  moreau_yosida (constraints)
    A12 switching times                                    switching_gradients, switching_front (constraints)
        promises                                           contraction, effectivity_bound, steps_bound

All of them take one instance, but the fixed point and `mgda`: sets of active nodes, bases and bundles of subgradients
differ from replicate to replicate.

Source: M. Bernreuther, M. Dellnitz, B. Gebken, G. Müller, S. Peitz, K. Sonntag, S. Volkwein, "Multiobjective
Optimization of Non-Smooth PDE-Constrained Problems", 2023 (arXiv 2308.01113), an overview; and the articles that it
stands on, named where they are used.
"""

from optilab.papers.multiobjective_pde.algorithm.constraints import (
    GAMMAS,
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
