"""Stability coefficients, the edge of stability and the change of the loss that a flow predicts.

Gradient descent falls along an eigenvector of curvature λ where Re α(hλ) = log|1 − hλ|/(hλ) < 0, and climbs where it
is positive: it leaves a minimum steeper than 2/h, which −g alone never does. With full-batch gradient descent the
largest curvature grows to this edge and hovers there.

Source: Rosca, Wu, Qin, Dherin, "On a continuous time model of gradient descent dynamics and instability in deep
learning", 2023.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from optilab.core.check import AnyArray, require
from optilab.papers.discretisation_drift.algorithm.coefficients import alpha_pf
from optilab.papers.discretisation_drift.algorithm.derivatives import gradient, hessian, hessian_product
from optilab.papers.discretisation_drift.algorithm.integration import require_rate
from optilab.problems.oracles import Smooth

REGIMES = ("escape", "flat", "decay", "one step", "oscillating decay", "neutral oscillation", "oscillating growth")


def stability_coefficient(z: np.ndarray) -> np.ndarray:
    """Re α(z) = log|1 − z|/z of the principal flow at z = hλ; negative goes downhill, positive uphill."""
    return alpha_pf(z).real


def regime(z: np.ndarray) -> np.ndarray:
    """What gradient descent does along an eigenvector at z = hλ (real): an array of the words in `REGIMES`."""
    z = np.asarray(z)
    cases = [z < 0, z == 0, z < 1, z == 1, z < 2, z == 2, z > 2]
    return np.select(cases, REGIMES, "")


def edge(h: float | np.ndarray, beta: float | np.ndarray = 0.0) -> np.ndarray:
    """Largest stable curvature 2(1 + β)/h at learning rate h and momentum β."""
    beta = np.asarray(beta)
    require((beta >= 0) & (beta < 1), "beta", beta, "in [0, 1)")
    return 2 * (1 + beta) / require_rate(h)


def sharpness(problem: Smooth, theta: AnyArray) -> np.ndarray:
    """Largest eigenvalue λ₀ of the Hessian at real θ (*batch, D) → (*batch); NaN where θ is not finite."""
    theta = np.asarray(theta)
    H = hessian(problem, theta)
    finite = np.isfinite(H).all((-2, -1))
    largest = np.linalg.eigvalsh(np.where(finite[..., None, None], H, 0))[..., -1]
    return np.where(finite, largest, np.nan)


def sharpness_along(problem: Smooth, path: AnyArray) -> np.ndarray:
    """Sharpness at each point of a path (steps, *batch, D) → (steps, *batch), one step at a time to spare memory."""
    return np.array([sharpness(problem, theta) for theta in path])


class Modes(NamedTuple):
    """The gradient in the eigenvectors of the Hessian."""

    lam: np.ndarray  # (*batch, D) eigenvalues, ascending
    slope: np.ndarray  # (*batch, D) uᵢᵀg


def modes(problem: Smooth, theta: np.ndarray) -> Modes:
    """Eigenvalues λᵢ of the Hessian at real θ (*batch, D), and the gradient's components uᵢᵀg; NaN where not finite."""
    theta = np.asarray(theta)
    H, g = hessian(problem, theta), gradient(problem, theta)
    finite = np.isfinite(H).all((-2, -1)) & np.isfinite(g).all(-1)
    lam, U = np.linalg.eigh(np.where(finite[..., None, None], H, 0))
    slope = np.vecmat(g, U)
    return Modes(*(np.where(finite[..., None], values, np.nan) for values in (lam, slope)))


def predicted_change(
    found: Modes, h: float | np.ndarray, alpha: Callable[[np.ndarray], np.ndarray] = alpha_pf
) -> np.ndarray:
    """Change of the loss that a flow predicts for one step, h Σᵢ Re α(hλᵢ) (uᵢᵀg)²: (*batch).

    Read its sign: the size is that of the flow's start. With `alpha_pf` the coefficients are the stability
    coefficients.

    Parameters
    ----------
    found : Modes
        Of the loss at the point.
    h : number or array (*batch)
        Learning rate.
    alpha : function
        Coefficient of the flow.
    """
    h = require_rate(h)
    return h * (np.real(alpha(h[..., None] * found.lam)) * found.slope**2).sum(-1)


def taylor_change(problem: Smooth, theta: np.ndarray, h: float | np.ndarray) -> np.ndarray:
    """Second-order Taylor value of one step's change of the loss, −h‖g‖² + (h²/2) gᵀHg: (*batch); exact on quadratics.

    Mode by mode it has the sign of the principal flow's prediction.
    """
    h = require_rate(h)
    g = gradient(problem, theta)
    return -h * (g * g).sum(-1) + h**2 / 2 * (g * hessian_product(problem, theta, g)).sum(-1)
