"""Acceleration designed: a plant with a passive output, a target manifold, feedback; then its discretisation.

Where each line is. The flow, in `design`:

    ẋ = v, v̇ = u;  u = −κ ∇²f(x) v − γ ψ + w;  w = −c ∇f(x)          plant; followed by lifted_flow
    ẋ = ψ − κ ∇f(x), ψ̇ = −γ ψ − c ∇f(x)                              closed_loop; followed by controlled_flow
    y = ψ = v + κ ∇f(x)                                              passive_output
    V = ½‖ψ‖² + c (f(x) − f*), V̇ = −γ ‖ψ‖² − c κ ‖∇f(x)‖²            storage, dissipation
    the table of (γ, κ, c), and Γ, K, F of any (α, β, η)             gradient_flow, heavy_ball_flow …; design_of
    ψ = −c̃ ∇f − ε c̃ (c̃ + κ) ∇²f ∇f                                  slow_manifold
    Ẋ(0) = (x₁ − x₀)/√s − ½ √s Ẍ(0), or −2√s ∇f(x₀)/(1 + √(μs))     consistent_velocity; shi_velocity

The iterations, in `methods`:

    β = (1 − √(μs))/(1 + √(μs)), or k/(k + 3)                        cayley; split_nesterov_convex
    dissipation, drift, kick                                         split_flow
    ξ⁺ = (1 + β) ξ − β ξ⁻ − α ∇f((1 + η) ξ − η ξ⁻)                    momentum_method
    the table of (α, β, η, δ)                                        gradient_descent_tuning, heavy_ball_tuning …

What is promised, in `theory`:

    r² + (γ + κλ) r + (c + γκ) λ = 0; γ* = 2√(cμ) + κμ               mode_roots, decay_rate; best_damping
    z² − (1 + β − αλ(1 + η)) z + β − αλη = 0                         multipliers, spectral_radius
    a mode from step to step, of the flow and of a method            mode_path; mode_response
    (√κ − 1)/(√κ + 1) of heavy ball; 1 − 1/√κ of triple momentum     heavy_ball_rate; triple_momentum_rate
    f(X(t)) − f* ≤ 2 ‖x₀ − x*‖²/t²; the gaps of Nesterov's methods   flow_gap_bound; classics.nesterov
    𝓔 = (1 + q)(f − f*) + ¼‖ẋ‖² + ¼‖ẋ + 2√μ e + √s ∇f‖²              certificate
    G(z) = −α ((1 + η) z − η)/((z − 1)(z − β))                       transfer
    min Re (1 − L G)/(1 − μ G) > 0 on |z| = 1                        circle_curve, circle_margin
"""

from optilab.papers.passivity_acceleration.algorithm.design import (
    Controlled,
    Design,
    Lifted,
    closed_loop,
    consistent_velocity,
    controlled_flow,
    design_of,
    dissipation,
    gradient_flow,
    heavy_ball_flow,
    heavy_ball_high_resolution,
    lifted_flow,
    nesterov_convex_flow,
    nesterov_convex_high_resolution,
    nesterov_high_resolution,
    passive_output,
    plant,
    shi_velocity,
    slow_manifold,
    storage,
)
from optilab.papers.passivity_acceleration.algorithm.methods import (
    Inertial,
    Split,
    Tuning,
    cayley,
    gradient_descent_tuning,
    heavy_ball_tuning,
    momentum_method,
    nesterov_convex_tuning,
    nesterov_tuning,
    split_flow,
    split_nesterov,
    split_nesterov_convex,
    triple_momentum_tuning,
)
from optilab.papers.passivity_acceleration.algorithm.theory import (
    best_damping,
    certificate,
    circle_curve,
    circle_margin,
    decay_rate,
    flow_gap_bound,
    heavy_ball_rate,
    mode_path,
    mode_response,
    mode_roots,
    multipliers,
    spectral_radius,
    transfer,
    triple_momentum_rate,
)
