"""Optimistic online mirror descent, its step sizes, an ensemble that tracks, its rivals, and what each is promised.

    x_t      = argmin_{x ∈ X} ⟨M_t, x⟩ + D_{ψ_t}(x, x̂_t)        the play, led by a hint
    x̂_{t+1} = argmin_{x ∈ X} ⟨g_t, x⟩ + D_{ψ_t}(x, x̂_t)        the correction, from the same x̂_t with the same ψ_t

with g_t = ∇f_t(x_t), one gradient a round, and the hint M_t = g_{t−1}: the next gradient will look like the last one.
V̄_t = Σ_{s≤t} ‖g_s − M_s‖² says how wrong that was. X has the diameter D, ‖g_t‖ ≤ G, F_t = E f_t is L-smooth.

    the paper                                                   here
    x_t, x̂_{t+1} with ψ_t = ψ/η_t                              optimistic; argmin: `step` of `problems.mirror`
    M_t = g_{t−1}                                               last_gradient
    convex: η_t = D/√(δ + 4G² + V̄_{t−1}); without G            Convex; Practical
            δ = 10 D²L²                                         best_delta
    strongly convex: η_t = 2/(λt)                               StronglyConvex
    exp-concave: ψ_t = ½‖x‖²_{H_t}                              exp_concave, exp_concave_beta
                 projection in the norm of H_t                  Mahalanobis, in `problems.mirror`
    two layers for dynamic regret: pool, bases, meta level      pool, ensemble
    optimistic FTRL and FTL of Sachs et al.                     optimistic_ftrl, optimistic_ftl
               what they are promised                           ftrl_bound, ftrl_worst, ftl_bound
    the regret on any path; its mean                            path_bound; convex_bound
    rates without constants: strongly convex, exp-concave,      strongly_convex_shape, exp_concave_shape,
                             dynamic; the lower bound           dynamic_shape; lower_shape
    σ²_{1:T}, Σ²_{1:T}; static and dynamic regret               noise_total, drift_total; …_regret, in `problems`

Online gradient descent and AdaGrad, which don't guess, are in `classics`.

Sources: S. Chen, Y.-J. Zhang, W.-W. Tu, P. Zhao, L. Zhang, "Optimistic Online Mirror Descent for Bridging Stochastic
and Adversarial Online Convex Optimization", JMLR 25(178), 2024 (arXiv 2302.04552). The ensemble follows the form that
the same group published as code (PyNOL, Sword++). The rivals: S. Sachs, H. Hadiji, T. van Erven, C. Guzmán, "Between
stochastic and adversarial online convex optimization", NeurIPS 2022.
"""

from optilab.papers.optimistic_omd.algorithm.bounds import (
    convex_bound,
    dynamic_shape,
    exp_concave_shape,
    ftl_bound,
    ftrl_bound,
    ftrl_worst,
    lower_shape,
    path_bound,
    strongly_convex_shape,
)
from optilab.papers.optimistic_omd.algorithm.descent import exp_concave, exp_concave_beta, last_gradient, optimistic
from optilab.papers.optimistic_omd.algorithm.layers import ensemble, pool
from optilab.papers.optimistic_omd.algorithm.rivals import optimistic_ftl, optimistic_ftrl
from optilab.papers.optimistic_omd.algorithm.steps import Constant, Convex, Practical, StronglyConvex, best_delta
