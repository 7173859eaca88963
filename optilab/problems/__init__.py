"""Test problems that several papers share; those of one paper alone are in its room.

What an oracle means, with its shapes, is written down in `oracles`, which also refuses samples and steps that don't fit
the batch of a point.

    module         problem              oracles
    -------------  -------------------  ------------------------------------------------------------------
    quadratic      Quadratic            value grad hess hvp third prox minimizer minimum
    least_squares  LeastSquares         value grad hess hvp third sample sample_grad minimizer minimum
    logistic       LogisticRegression   value grad hess hvp third sample sample_grad minimizer minimum
    rosenbrock     Rosenbrock           value grad hess hvp third minimizer minimum
    expression     Expression           value grad hess hvp third
    mlp            Fit                  value grad hess hvp third sample sample_grad sample_hvp
    noisy          Noisy                value sample sample_grad
    composite      Sum                  value grad prox
    simple         Zero                 value prox
                   L1                   value prox
                   SquaredNorm          value prox
                   Ball                 value prox
                   Box                  value prox
                   Simplex              value prox
    games          Rotation             losses f g f_phi f_theta g_phi g_theta
                   DiracGAN             value losses f g f_phi f_theta g_phi g_theta
                   FormulaGame          losses f g f_phi f_theta g_phi g_theta
    bilevel        Bilevel              value, lower solution, hypergradient; counted by level
                   Residual             value grad_x grad_y hvp_yy hvp_xy
                   NoisyLevel           value sample sample_grad_x sample_grad_y sample_hvp_yy sample_hvp_xy
    episodes       Episodes             value grad sample rollout
                   GaussianPolicy       value grad sample rollout
    mdp            MDP                  sample

    data           two moons, a Chebyshev polynomial, a mixture of Gaussians with features of unequal scales
    formula        what may be typed, and its derivatives as steps of a program
    metric         Metric: lengths of steps and of gradients in a metric B
    mirror         mirror maps with their steps and divergences: Euclidean, Entropy, Power, Mahalanobis
    pareto         of many objectives: dominance, ranks, crowding, hypervolume, weights on the simplex
    privacy        zCDP and Rényi DP: costs of mechanisms, the way to (ε, δ), calibrated noise, Budget
    projection     onto the simplex, and onto a ball in another metric
    seeds          one random instance, or a batch of them
    stable         softplus, sigmoid and softmax, which don't overflow, for complex points too
    transport      Transport: two histograms and a cost of moving mass, with four instances
"""

from types import ModuleType

from optilab.core.door import guard
from optilab.core.lazy import named, submodule

guard(__name__)


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name)


def __dir__() -> list[str]:
    return named(__name__)
