"""On discretisation drift and smoothness regularisation in neural network training, Mihaela C. Rosca, PhD thesis, 2023.

Gradient descent θ ← θ − h g(θ) follows its own flow, not the gradient flow θ̇ = −g. In the eigenvectors uᵢ of the
Hessian, with eigenvalues λᵢ, that is the principal flow

    θ̇ = Σᵢ α(hλᵢ) (uᵢᵀg) uᵢ,    α(z) = log(1 − z)/z,

complex where hλ > 1 and unstable at a minimum where hλ > 2. The distance of one step from the gradient flow, its
drift (h²/2)‖H g‖, chooses a learning rate

    h = 2 ‖g‖/‖H g‖.

The same reading of finite steps explains momentum, the order of batches, the instability of two-player games and
what smoothness constraints do to the optimiser.
"""

from optilab.papers.discretisation_drift.algorithm import (
    derivatives,
    descent,
    drift_adjusted,
    flows,
    games,
    passes,
    smoothness,
    stability,
)

__all__ = ["derivatives", "descent", "drift_adjusted", "flows", "games", "passes", "smoothness", "stability"]
