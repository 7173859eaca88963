"""DIFF2: gradient descent on privatised gradient differences, with restarts; its calibration, its routines, its rivals.

A mean over P clients of means over their records is minimised, and all that leaves the clients is (ε, δ)-private for
the replacement of one record of one client. The server is trusted: noise is added to the mean over clients.

    the paper                                                        here
    clip(g, C), record by record; a mean over clients                problems.clip_factor, Gradients.clipped_mean
    rounds; full gradient + noise at r mod T = 0, else
        v_r = v_{r−1} + clipped difference + noise that scales
        with ‖x_r − x_{r−1}‖                                         diff2, release
    routine GD: x_{r+1} = x_r − η v_r                                GD
    routine BVR-L-SGD: K local steps of one client, each on a
        privatised difference over a batch                           BVR
    order α; noise multipliers σ₁, σ₂ for ε, δ, R, T                 renyi_order; sigmas, by multipliers
    σ₁, σ₂, σ₃, with subsampling without replacement                 bvr_sigmas
    ν of DP-SGD                                                      dp_sgd_noise
    s² = d log(1/δ)/(N²ε²); utility of DIFF2-GD, of DP-GD            noise_level; diff2_utility, dp_gd_utility
    τ = T/R ≈ (2G²s/(LΔ))^{2/3}; steps and rounds of theory          best_tau, restart_bound, theory_step, theory_rounds
    a step that stays stable; the paper's rule to give one up        stability, survives
    output x_out uniform among x_0 … x_{R−1}                         uniform_output
    baselines: DP-GD; DP-SGD, with momentum or without               dp_gd, dp_sgd
    error of the estimate: the sum of the noises since the restart   predicted_error

Source: T. Murata, T. Suzuki, "DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex
Distributed Learning", ICML 2023 (arXiv 2302.03884); BVR-L-SGD: the same, ICML 2021 (arXiv 2102.03198). The calibration
of the local steps and the constants of the bounds are ours.
"""

from optilab.papers.diff2.algorithm.noise import (
    SHARES,
    bvr_sigmas,
    dp_sgd_noise,
    multipliers,
    renyi_order,
    sigmas,
)
from optilab.papers.diff2.algorithm.rounds import BVR, GD, Round, diff2, dp_gd, dp_sgd, release
from optilab.papers.diff2.algorithm.theory import (
    best_tau,
    diff2_utility,
    dp_gd_utility,
    noise_level,
    predicted_error,
    restart_bound,
    stability,
    survives,
    theory_rounds,
    theory_step,
    uniform_output,
)
