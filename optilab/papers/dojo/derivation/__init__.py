"""What SymPy derives: a spin that conserves, friction and impact with their smoothing, and what gradients are left."""

from optilab.papers.dojo.derivation.contact import (
    friction_at_rest,
    friction_falls,
    friction_law,
    hard_friction,
    impact_gap,
    impact_kink,
    impact_slope,
    stiction_damping,
)
from optilab.papers.dojo.derivation.rotation import (
    conserved_momentum,
    energy_of_momentum,
    euler_lagrange,
    momentum_length,
)
