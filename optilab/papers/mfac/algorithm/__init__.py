"""M-FAC: products with the inverse of a damped empirical Fisher matrix, of which no d × d array is ever made.

    F = λI + (1/m) Σᵢ gᵢgᵢᵀ = λI + GᵀG/m,        G (m, d): gradients, one a row;  λ > 0

λ is `lam`, and m in the divisor is always the number of rows of G, empty (zero) ones included.

    the paper                                              here
    static algorithm: vᵢ and δᵢ                            static.static_precompute
      F⁻¹x; diagonal; one entry                            static.Static: ihvp; diagonal; entry
      V in slow memory, page by page                       static.paged_precompute
    blocks of b coordinates; b = 1; which of them          blocks.blocked; Diagonal; fisher_inverse
    dynamic algorithm: G, S, D, B; without gradients       dynamic.Window; empty_window
      setup: D, B by recursion; by Cholesky                dynamic.recursion, rows_of_B; cholesky_setup
      a gradient replaced; F⁻¹x                            dynamic.update; ihvp
      D, B as LDLᵀ factors in Woodbury's formula           derivation: triangular_factor, dynamic_product
    M-FAC optimiser                                        optimizer.mfac
    optimal brain surgeon: ρ_k; δw                         pruning.saliency; compensation
      sparsities of the parts; prune_to; with training     pruning.sparsities; prune_to; gradual
    baselines: WoodFisher; magnitude; SGD, Adam            woodfisher.woodfisher; pruning.by_magnitude; optilab.classics
    promises: step, distance, leverage, costs              theory.step_bound, distance_bound, leverage_bound, costs
    rounding: condition of F; F; F⁻¹x by an SVD            theory.condition; dense_fisher; svd_ihvp

Source: E. Frantar, E. Kurtic, D. Alistarh, "M-FAC: Efficient Matrix-Free Approximations of Second-Order Information",
NeurIPS 2021 (arXiv 2107.03356), and the authors' code.
"""

from optilab.papers.mfac.algorithm.blocks import Blocked, Diagonal, Inverse, blocked, fisher_inverse
from optilab.papers.mfac.algorithm.dynamic import (
    Window,
    cholesky_setup,
    empty_window,
    ihvp,
    recursion,
    recursive_setup,
    rows_of_B,
    update,
)
from optilab.papers.mfac.algorithm.optimizer import Preconditioned, mfac
from optilab.papers.mfac.algorithm.pruning import (
    Masked,
    Pruned,
    by_magnitude,
    compensation,
    gradual,
    prune_to,
    saliency,
    sparsities,
)
from optilab.papers.mfac.algorithm.static import Static, paged_precompute, static_precompute
from optilab.papers.mfac.algorithm.theory import (
    condition,
    costs,
    dense_fisher,
    distance_bound,
    leverage,
    leverage_bound,
    step_bound,
    svd_ihvp,
)
from optilab.papers.mfac.algorithm.woodfisher import WoodFisher, woodfisher
