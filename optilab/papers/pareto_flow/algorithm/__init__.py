"""ParetoFlow and what it is compared with. All objectives are minimised; f itself is never asked.

A flow learns to turn noise into designs like those of the data, predictors learn the objectives. Then n samples, one
for each weight of a lattice, are carried from noise to designs; predictors push each along its weight, and from a time
t_min on every step keeps the best of what a sample and its neighbours try.

    the paper                                                here
    data in z-scores                                         learning.offline
    flow matching: regress v(x_t, t) on x₁ − x₀              learning.flow_matching, Flow.loss_and_grad
    predictors                                               learning.regression, Predictors
    weights ωᵢ; cones φᵢ/2; neighbourhoods N(i)              guidance.lattice; half_apertures; neighbourhoods
    predicted end point  x̂₁ = x + (1 − t) v                  guidance.end_point
    guided field  ṽ = v + γ (1 − t)/t ∇s_ω(x̂₁)               guidance.guided
    Algorithm 1: guided sampling, filter, evolution          sampling.pareto_flow, repair, choose
    its first elites, its last selection                     sampling.first_elites, finish
    ablations: γ = 0, K = 1, no filter, equal weights        gamma, K, local_filter, aim of sampling.pareto_flow
    D(best); flow only; NSGA-II on the predictors            sampling.data_best; sampling.euler; evolution.nsga2
    how far guidance pushes, and selection                   theory.guidance_budget, push; selection_drift
    exact velocity of Gaussian data; the least loss          theory.GaussianFlow; theory.loss_floor

Source: Y. Yuan, C. Chen, C. Pal, X. Liu, "ParetoFlow: Guided Flows in Multi-Objective Optimization", ICLR 2025
(arXiv 2412.03718), and the authors' code, from which the sampler's details are.
"""

from optilab.papers.pareto_flow.algorithm import evolution, guidance, learning, sampling, theory
