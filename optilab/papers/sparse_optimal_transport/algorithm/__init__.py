"""Column oracles, dual and semi-dual, their solvers, what theory promises, and applications."""

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
from optilab.papers.sparse_optimal_transport.algorithm.cutting_plane import Certificate, Cut, certified, cutting_plane
from optilab.papers.sparse_optimal_transport.algorithm.dual import Concave, Dual, Loss, Oracle, SemiDual
from optilab.papers.sparse_optimal_transport.algorithm.oracles import Columns, conj_b, conj_plus, largest_first
from optilab.papers.sparse_optimal_transport.algorithm.solvers import (
    Alternation,
    Ascent,
    Solution,
    adam_then_lbfgs,
    alternating,
    centred,
    lbfgs,
    supergradient_ascent,
)
from optilab.papers.sparse_optimal_transport.algorithm.theory import (
    Lines,
    feasible,
    k_support_norm,
    lines,
    relaxed_cost,
)

__all__ = [
    "Alternation",
    "Ascent",
    "Certificate",
    "Columns",
    "Concave",
    "Cut",
    "Dual",
    "Lines",
    "Loss",
    "Oracle",
    "SemiDual",
    "Solution",
    "adam_then_lbfgs",
    "alternating",
    "assignment",
    "barycentric",
    "buffer_size",
    "captured",
    "centred",
    "certified",
    "conj_b",
    "conj_plus",
    "cutting_plane",
    "expert_choice",
    "feasible",
    "k_support_norm",
    "largest_first",
    "lbfgs",
    "lines",
    "load",
    "processed",
    "relaxed_cost",
    "sinkhorn_choice",
    "sparse_choice",
    "supergradient_ascent",
    "token_choice",
]
