"""On discretisation drift and smoothness regularisation in neural network training, Mihaela C. Rosca, PhD thesis, 2023.

Gradient descent θ ← θ − h g(θ) follows its own flow, not the gradient flow θ̇ = −g. In the eigenvectors uᵢ of the
Hessian, with eigenvalues λᵢ, that is the principal flow

    θ̇ = Σᵢ α(hλᵢ) (uᵢᵀg) uᵢ,    α(z) = log(1 − z)/z,

complex where hλ > 1 and unstable at a minimum where hλ > 2. The distance of one step from the gradient flow, its
drift (h²/2)‖H g‖, chooses a learning rate

    h = 2 ‖g‖/‖H g‖.

The same reading of finite steps explains momentum, the order of batches, the instability of two-player games and
what smoothness constraints do to the optimiser.

Gradient descent itself is `classics.gradient_descent`, with momentum `classics.heavy_ball`. Where to find what:

    coefficients    α of each flow                            `alpha_ngf`, `alpha_igr`, `alpha_third`, `alpha_pf`
                    log with its cut turned away              `log_rot`
    derivatives     H; H v; T[v, v] = ∇(vᵀHv), v fixed        `hessian`; `hessian_product`; `third_derivative`
    flows           −g                                        `gradient_flow_field`
                    −g − (h/2) H g                            `igr_flow_field`
                    … − h² (⅓ H²g + (1/12) T[g, g])           `third_order_flow_field`
                    Σᵢ α(hλᵢ)(uᵢᵀg)uᵢ                         `principal_flow_field`, in `along_modes`
                    … − (h²/12) T[g, g]                       `nonprincipal_flow_field`
                    Σᵢ exp(t/h log(1 − hλᵢ))(uᵢᵀθ₀)uᵢ         `quadratic_solution`
                    (h²/2)‖H g‖ and its bound                 `leading_drift`, `drift_bound`
    integration     θ(T), θ(nh), restarted at each iterate    `integrate_flow`, `follow`, `restarts`
    stability       Re α(hλ), 2(1 + β)/h, λ₀                  `stability_coefficient`, `edge`, `sharpness`
                    λ < 0, 0 < hλ < 1, 1 < hλ < 2, …          `regime`
                    h Σᵢ Re α(hλᵢ)(uᵢᵀg)²                     `predicted_change`, against `taylor_change`
    drift_adjusted  h = min(2/vᵖ, lr_max), v = ‖H g‖/‖g‖      `dal`
    passes          θ ← θ − h g_μ, batch after batch          `sgd_passes`
                    its flow, and the mean over orders        `pass_field`, `mean_over_orders_field`
                    the losses that these descend on          `pass_loss`, `mean_over_orders_loss`
                    −g/(1 − β) − …, the flow of momentum      `momentum_field`
    games           φ⁺ = φ + a f, θ⁺ = θ + b g                `simultaneous`, `alternating`, `simultaneous_sgd`
                    f − a/2 (f_φ f + f_θ g), …                `ModifiedFlow`
                    c · (self or interaction drift)           `Drift`
                    f_φ f = Im f(φ + iεf, θ)/ε                `ComplexStep`, in `problems.games`
                    hardly any drift                          `runge_kutta`
    baselines       gradient norms as penalties               `PenalisedGame`: `consensus`, `other_norms`, `ode_gan`
    rotation        the rotation game in closed form          `rotation_update_matrix`, `rotation_flow_matrix`
                    2ε/(1 + ε²), 2ε/(1 − ε²)                  `longest_stable_step`, `predicted_longest_step`
    spectral_norm   v = Wᵀu/‖·‖, u = Wv/‖·‖, σ = uᵀWv         `power_iteration`
                    K W/σ, and ∂L/∂W from ∂L/∂W̄               `normalised`, `normalised_grad`
                    heavy ball on normalised layers           `train_normalised`
    penalties       ρ E (‖∇ₓF‖ − K)², (ρ/2)‖θ‖²               `GradientPenalty`, `WeightDecay`
                    Π K, and max ‖∇ₓF‖                        `lipschitz_bound`, `steepness`
    q_learning      SN, DivOut, DivGrad, MulEps               `q_learning`, `VARIANTS`
"""

from optilab.papers.discretisation_drift.algorithm import (
    baselines,
    coefficients,
    derivatives,
    drift_adjusted,
    flows,
    games,
    integration,
    passes,
    penalties,
    q_learning,
    rotation,
    spectral_norm,
    stability,
)
