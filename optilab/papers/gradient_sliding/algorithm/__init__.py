"""Gradient sliding and accelerated sliding, their schedules and their bounds.

From the pseudo-code to its functions; x̲ is `xu`, and a letter with a tilde ends in t:

    GS, SGS: for k = 1 … N                                    gradient_sliding, in `sliding`
      x̲ = (1 − γ_k)x̄ + γ_k x,  g = ∇f(x̲)
      (x, x̃) = PS(g, x, β_k, T_k)                             prox_sliding: for t = 1 … T
        s = h′(u), or H(u, ξ_t)                                 problem.subgrad, problem.sample_subgrad
        u = argmin ⟨g + s, v⟩ + βV(x, v) + βp_t V(u, v) + χ(v)  problem.prox
        ũ = (1 − θ_t)ũ + θ_t u
      x̄ = (1 − γ_k)x̄ + γ_k x̃
      γ_k, β_k, T_k for merely convex problems; p_t = t/2     gs_convex, gs_anytime, in `schedules`
      restarted, M-SGS                                        m_sgs, phase_length
      restart-free, RF-SGS: γ, β = Lγ, T_k ∝ ρ⁻ᵏ;             rf_sgs, restart_free_gamma
        p_t = (1 + μ/β) t/2, so βp_t = B t/2 with B = β + μ     the column B of `Schedule`
      what is promised                                        gs_convex_bound, m_sgs_bound, rf_sgs_bound
      E_k ≤ (1 − γ)E_{k−1} + 4γS₂/(B(T_k + 3)), with e_T, S₂  rf_sgs_recursion, e, subgradient_noise
      gradients and subgradients that this needs              rf_sgs_steps, rf_sgs_subgradients
    AGS: the same with λ for γ, and                           accelerated_sliding, in `accelerated`
      (x, x̃) = ProxAG(g, x̄, x, T_k, q_k)                      prox_ag
      restart-free, RF-AGS: λ, β = Lλ, T_k, q_k               rf_ags, restart_free_lambda, inner_length
      restart-free and smoothed, RF-ASGS: η_k = η₀ρᵏ, m_k     rf_asgs
      λ_k, β_k, T_k for merely convex problems; restarted     ags_convex, restarted_ags
      what is promised                                        rf_ags_start, rf_asgs_bound, ags_convex_bound, …
    without sliding: proximal SGD; smoothing, accelerated     classics.proximal_sgd, classics.smoothed_gradient
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
    prox_sliding,
)
