"""Gradient sliding and accelerated sliding, their schedules and their bounds.

From the pseudo-code to its functions; x̲ is `xu`, and a letter with a tilde ends in t:

    GS, SGS (A): for k = 1 … N                                gradient_sliding, in `sliding`
      x̲ = (1 − γ_k)x̄ + γ_k x,  g = ∇f(x̲)
      (x, x̃) = PS(g, x, β_k, T_k)                             prox_sliding: for t = 1 … T
        s = h′(u), or H(u, ξ_t)                                 problem.subgrad, problem.sample_subgrad
        u = argmin ⟨g + s, v⟩ + βV(x, v) + βp_t V(u, v) + χ(v)  problem.prox
        ũ = (1 − θ_t)ũ + θ_t u
      x̄ = (1 − γ_k)x̄ + γ_k x̃
      γ_k, β_k, T_k for merely convex problems                gs_convex, gs_anytime, in `schedules`
      restarted, M-SGS (B)                                    m_sgs
      restart-free, RF-SGS (C): γ, β = Lγ, T_k ∝ ρ⁻ᵏ          rf_sgs, restart_free_gamma
    AGS (D): the same with λ for γ, and                       accelerated_sliding, in `accelerated`
      (x, x̃) = ProxAG(g, x̄, x, T_k, q_k)                      prox_ag
      restart-free, RF-AGS (D): λ, β = Lλ, T_k, q_k           rf_ags, restart_free_lambda, inner_length
      restart-free and smoothed, RF-ASGS (E): η_k = η₀ρᵏ, m_k rf_asgs
      λ_k, β_k, T_k for merely convex problems, restarted (F) ags_convex, restarted_ags
"""

from optilab.papers.gradient_sliding.algorithm.accelerated import (
    AcceleratedOuter,
    AcceleratedSchedule,
    accelerated_sliding,
    ags_convex,
    ags_convex_bound,
    inner_length,
    prox_ag,
    restart_free_lambda,
    restarted_ags,
    restarted_ags_bound,
    rf_ags,
    rf_ags_start,
    rf_asgs,
    rf_asgs_bound,
    rf_asgs_operators,
)
from optilab.papers.gradient_sliding.algorithm.schedules import (
    Schedule,
    e,
    gs_anytime,
    gs_convex,
    gs_convex_bound,
    m_sgs,
    m_sgs_bound,
    phase_length,
    restart_free_gamma,
    rf_sgs,
    rf_sgs_bound,
    rf_sgs_recursion,
    rf_sgs_start,
    rf_sgs_steps,
    rf_sgs_subgradients,
    subgradient_noise,
)
from optilab.papers.gradient_sliding.algorithm.sliding import (
    Inner,
    Outer,
    draw,
    gradient_sliding,
    one_each,
    prox_sliding,
)
