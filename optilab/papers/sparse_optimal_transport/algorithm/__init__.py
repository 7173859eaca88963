"""Transport with at most k nonzeros a column, by its dual: oracles, solvers, what theory promises, and applications.

    I = the k largest of s; t_I = [s_I]₊/γ; Ω*₊(s)                  `conj_plus`                        (oracles)
    levels (s₁ + … + s_r − γb)/r, the highest is θ; t; Ω*_b(s)      `conj_b`                           (oracles)
    the k largest, ties by lowest index                             `largest`, `largest_first`         (columns)
    D(α, β), ∇D = (a − T1, b − Tᵀ1)                                 `Dual.oracle`                      (dual)
    S(α), ∇S = a − T1, its best β = −θ                              `SemiDual.oracle`, `SemiDual.beta` (dual)
    L-BFGS on −D or −S                                              `lbfgs`                            (solvers)
    Adam on −S; 200 steps of it, then L-BFGS                        `after_adam`, `adam_then_lbfgs`    (solvers)
    x⁺ = x + η_t ∇S(x), η_t constant or ∝ 1/√t                      `supergradient_ascent`             (solvers)
    β exactly, then a step in α                                     `alternating`                      (solvers)
    highest point under all tangents in the box; new cut; recentre  `cutting_plane`                    (cutting_plane)
    mixed plan Σ λ_lj tⱼ(α_l), no side active; stop at 10⁻⁶         `certified`                        (cutting_plane)
    ⟨T, C⟩ + γ/2 Σⱼ ‖tⱼ‖² in the k-support norm                     `relaxed_cost`, `k_support_norm`   (theory)
    LP ≤ QOT ≤ max S ≤ LP + γ/2 ‖b‖²                                `lines`                            (theory)
    T with its row error and its gap, a, b, C, k given              `sparse_transport`                 (sparse_plan)
    barycentric colours; buffers and routers of experts             `barycentric`, `sparse_choice`, …  (applications)
    Adam; Sinkhorn; the linear program: in optilab/classics          `adam`, `sinkhorn`, `exact_transport`

Source: T. Liu, J. Puigcerver, M. Blondel, "Sparsity-constrained optimal transport", ICLR 2023 (arXiv 2209.15466).
"""

from optilab.papers.sparse_optimal_transport.algorithm.applications import (
    assignment,
    barycentric,
    buffer_size,
    captured,
    expert_choice,
    load,
    processed,
    sinkhorn_choice,
    sparse_choice,
    token_choice,
)
from optilab.papers.sparse_optimal_transport.algorithm.columns import Columns
from optilab.papers.sparse_optimal_transport.algorithm.cutting_plane import Certificate, Cut, certified, cutting_plane
from optilab.papers.sparse_optimal_transport.algorithm.dual import Concave, Dual, Loss, Oracle, SemiDual
from optilab.papers.sparse_optimal_transport.algorithm.oracles import conj_b, conj_plus
from optilab.papers.sparse_optimal_transport.algorithm.solvers import (
    Alternation,
    Ascent,
    Solution,
    adam_then_lbfgs,
    after_adam,
    alternating,
    centred,
    lbfgs,
    supergradient_ascent,
)
from optilab.papers.sparse_optimal_transport.algorithm.sparse_plan import SparsePlan, sparse_transport, with_right_rows
from optilab.papers.sparse_optimal_transport.algorithm.theory import (
    Lines,
    enough_nonzeros,
    k_support_norm,
    lines,
    relaxed_cost,
)
