"""M-FAC: products with the inverse of a damped empirical Fisher matrix, of which no d × d array is ever made.

    F = λI + (1/m) Σᵢ gᵢgᵢᵀ = λI + GᵀG/m,        G (m, d): gradients, one a row;  λ > 0

λ is `lam`, and m in the divisor is always the number of rows of G, empty (zero) ones included.

    the paper                                              here
    static algorithm: precompute; product; diagonal;       static_precompute; Static.ihvp, .diagonal, .entry
      one entry; rows in slow memory                         paged_precompute
    blocks of the diagonal; block size 1                   blocked (Blocked, Diagonal); fisher_inverse chooses
    dynamic algorithm: empty window; setup (recursion,     empty_window; recursive_setup (recursion, rows_of_B);
      Cholesky); update; product                             cholesky_setup; update; ihvp
    M-FAC optimiser                                        mfac
    optimal brain surgeon: saliency; update; prune_to      saliency; compensation; prune_to; gradual
    baselines: WoodFisher; magnitude                       woodfisher (WoodFisher); by_magnitude
    promises: step, distance, leverage, costs              step_bound, distance_bound, leverage_bound, costs

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
