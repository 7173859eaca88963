"""What SymPy derives about discretisation drift: flows, edge of stability, games, passes, momentum, spectral norm.

Subscripts are partial derivatives: E_xy is ∂²E/∂x∂y, f_θ is ∂f/∂θ.
"""

from optilab.papers.discretisation_drift.derivation.flows import (
    edge_of_stability,
    first_correction,
    principal_coefficient,
    principal_mode,
    second_correction,
)
from optilab.papers.discretisation_drift.derivation.games import two_player_drift, zero_sum_interaction
from optilab.papers.discretisation_drift.derivation.passes import mean_over_orders, momentum_flow, pass_flow
from optilab.papers.discretisation_drift.derivation.smoothness import spectral_norm_is_scale_free

__all__ = [
    "edge_of_stability",
    "first_correction",
    "mean_over_orders",
    "momentum_flow",
    "pass_flow",
    "principal_coefficient",
    "principal_mode",
    "second_correction",
    "spectral_norm_is_scale_free",
    "two_player_drift",
    "zero_sum_interaction",
]
