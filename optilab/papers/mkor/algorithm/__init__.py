"""MKOR: Kronecker factors kept as inverses, one Sherman–Morrison update a step; its rules, baselines, costs, promises.

A layer's weights W, the biases their last column (out × in + 1), have the gradient G = (1/b)ΔᵀA: the rows of A are the
layer's inputs a, those of Δ the derivatives g of each sample's loss. KFAC models the layer's curvature by R⊗L with
running means L of E[ggᵀ] and R of E[aaᵀ], and steps along L⁻¹GR⁻¹. MKOR replaces each expectation by a mean vector and
keeps L⁻¹ and R⁻¹ up to date without ever inverting.

    the paper (Algorithm 1)                                   here
    state L⁻¹, R⁻¹ = I; for t = 0, 1, …                       methods.mkor
    every f steps: a, g = batch means, AllReduce              methods.all_reduce_mean
    if ‖F⁻¹‖∞ > ε: F⁻¹ = ζF⁻¹ + (1 − ζ)I                      factors.stabilise, norm_inf
    F⁻¹ = inverse of γF + (1 − γ)vvᵀ                          factors.exact
      as the paper prints it; as the authors' package has it  factors.printed; package
    several vectors instead of one                            factors.rank_r, principal, some_samples
    how far E[vvᵀ] is from v̄v̄ᵀ                                factors.rank_one_error
    ΔW = L⁻¹GR⁻¹, brought to the length of G                  factors.precondition, rescaled
    W = backend.step(ΔW)                                      backends: step of SGD, Adam, LAMB
    one layer's step, all of the above                        methods.mkor_direction
    MKOR-H: back to the bare backend for good                 switch.Switch.watch, switch_step
    KFAC; its damped inverses, its clip                       rivals.kfac; damped_inverses, clipped
    Eva-like; bare backend                                    rivals.eva (one_sided); first_order
    multiplications; memory; communication                    costs.compute, preconditioning; memory; communication
    growth of the factors: unseen directions; bounds          theory.unseen, unseen_stabilised; fixed_point, largest
      the printed rule; rounding in low precision             theory.printed_growth; rounding_bound

The paper derives its update from the running mean "by the Sherman–Morrison identity"; the formula printed there is not
that inverse, and the released code has a third rule. All three are here, `exact` is the default.

Source: M. Mozaffari, S. Li, Z. Zhang, M. Mehri Dehnavi, "MKOR: Momentum-Enabled Kronecker-Factor-Based Optimizer Using
Rank-1 Updates", NeurIPS 2023 (arXiv 2306.01685).
"""

from optilab.papers.mkor.algorithm import costs, theory
from optilab.papers.mkor.algorithm.backends import BACKENDS, LAMB, SGD, Adam
from optilab.papers.mkor.algorithm.common import Bare, Preconditioned
from optilab.papers.mkor.algorithm.factors import (
    RULES,
    check_factor,
    exact,
    norm_inf,
    package,
    precondition,
    principal,
    printed,
    rank_one_error,
    rank_r,
    rescaled,
    some_samples,
    stabilise,
)
from optilab.papers.mkor.algorithm.methods import all_reduce_mean, mkor, mkor_direction
from optilab.papers.mkor.algorithm.rivals import damped_inverses, eva, first_order, kfac
from optilab.papers.mkor.algorithm.switch import Switch, Watch, switch_step
