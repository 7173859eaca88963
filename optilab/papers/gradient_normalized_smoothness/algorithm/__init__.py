"""Newton steps regularised by the gradient, with one radius γ that is searched for.

    x_{k+1} = x_k − (H(x_k) + λ_k B)⁻¹ ∇f(x_k),        λ_k = ‖∇f(x_k)‖_*/γ_k

‖h‖² = ⟨Bh, h⟩ measures steps, ‖s‖_*² = ⟨s, B⁻¹s⟩ gradients; H ⪰ 0 is whatever stands in for the Hessian. γ(x) is the
largest radius within which ∇f(x) + H(x)h errs by at most ‖∇f(x)‖_*‖h‖/γ.

    the paper                                                    here
    γ(x), in one dimension                                       radius.radius
    γ(x) from below: gradient L-Lipschitz; Hessian Hölder        radius.first_order_radius; hoelder_radius
      Hessian Lipschitz; quasi-self-concordant                   radius.lipschitz_radius; self_concordant_radius
      (L₀, L₁)-smooth; a sum of classes                          radius.l0l1_radius; structural_radius
      another H: γ₂ from γ₁ and γ₁₂; C₁, C₂ and β                radius.inexact_radius; approximation_terms
    Algorithm 1: γ_k known                                       search.regularized_newton
    Algorithm 3: γ_k halved until f falls, then doubled          search.gns
    (H + λB)⁻¹ for all λ by one eigendecomposition               hessians.Spectral
    (αqqᵀ + λB)⁻¹ by Sherman and Morrison                        hessians.ShermanMorrison
    H: exact                                                     hess of a problem
    H: Gauss–Newton, weighted; with the Fisher term              problems.LogSumExp.gauss_newton; Power.gauss_newton
    H: Fisher term alone, αqqᵀ; Fisher matrices                  problems.Power.fisher; fisher, SoftmaxRegression.fisher
    H: zero, diagonal, low rank                                  hessians.zero, diagonal, low_rank
    gradient methods: searched L; fixed L; accelerated           baselines.gm; gm_const; fgm
    Super-Universal Newton; cubic Newton                         baselines.super_universal; cubic_newton, cubic_radius
    Lemma 1; bounds along a run                                  theory.progress; convex_bound, product_bound
    steps that a class needs; probes of a run                    theory.nonconvex_steps, convex_steps; probes_of

Source: A. Semenov, M. Jaggi, N. Doikov, "Gradient-Normalized Smoothness for Optimization with Approximate Hessians",
2025 (arXiv 2506.13710).
"""

from optilab.papers.gradient_normalized_smoothness.algorithm.baselines import (
    Searched,
    cubic_newton,
    cubic_radius,
    fgm,
    gm,
    gm_const,
    super_universal,
)
from optilab.papers.gradient_normalized_smoothness.algorithm.hessians import (
    Hessian,
    ShermanMorrison,
    Spectral,
    diagonal,
    low_rank,
    shifted,
    zero,
)
from optilab.papers.gradient_normalized_smoothness.algorithm.radius import (
    TAU,
    approximation_terms,
    first_order_radius,
    hoelder_radius,
    inexact_radius,
    l0l1_radius,
    lipschitz_radius,
    radius,
    self_concordant_radius,
    structural_radius,
)
from optilab.papers.gradient_normalized_smoothness.algorithm.search import (
    CONVERGED,
    GOING,
    STALLED,
    STATUS,
    Goal,
    Newton,
    Regularized,
    gns,
    regularized_newton,
)
from optilab.papers.gradient_normalized_smoothness.algorithm.theory import (
    convex_bound,
    convex_steps,
    nonconvex_steps,
    probes_of,
    product_bound,
    progress,
)
