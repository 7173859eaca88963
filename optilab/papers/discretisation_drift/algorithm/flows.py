"""The flows that gradient descent is compared with, and how to follow them.

Each is θ̇ = Σᵢ α(hλᵢ)(uᵢᵀg)uᵢ, plus for two of them the non-principal term −(h²/12) T[g, g]:

    negative gradient flow    α(z) = −1                       one step is off by O(h²)
    IGR flow                  α(z) = −(1 + z/2)               O(h³)   Barrett and Dherin, 2021
    third-order flow          α(z) = −(1 + z/2 + z²/3)        O(h⁴)   with the non-principal term
    principal flow            α(z) = log(1 − z)/z             O(h³), and exact on quadratics
    principal flow + term     the same                        O(h⁴)

Source: Rosca, Wu, Qin, Dherin, "On a continuous time model of gradient descent dynamics and instability in deep
learning", 2023.
"""

import warnings
from collections.abc import Callable

import numpy as np

from optilab.core.check import require
from optilab.papers.discretisation_drift.algorithm.coefficients import BRANCHES, ONE_STEP, alpha_pf
from optilab.papers.discretisation_drift.algorithm.derivatives import (
    gradient,
    hessian,
    hessian_product,
    third_derivative,
)
from optilab.papers.discretisation_drift.algorithm.integration import Field, follow, require_rate
from optilab.problems.oracles import Smooth


def along_modes(H: np.ndarray, g: np.ndarray, alpha: Callable[[np.ndarray], np.ndarray], h: np.ndarray) -> np.ndarray:
    """Σᵢ α(hλᵢ)(uᵢᵀg)uᵢ, (*batch, D) complex; NaN where H or g is not finite, without harm to other replicates.

    A complex symmetric H is not Hermitian: it needs a general eigendecomposition V Λ V⁻¹, and no conjugate.

    Parameters
    ----------
    H : array (*batch, D, D)
        Real symmetric or complex symmetric.
    g : array (*batch, D)
        The gradient.
    alpha : function
        Of z = hλ, entrywise.
    h : number or array (*batch)
        Learning rate.
    """
    batch = np.broadcast_shapes(H.shape[:-2], g.shape[:-1], np.shape(h))
    H, g = np.broadcast_to(H, (*batch, *H.shape[-2:])), np.broadcast_to(g, (*batch, g.shape[-1]))
    h = np.broadcast_to(h, batch)[..., None]
    field = np.full(g.shape, np.nan, complex)
    real, bent = real_and_complex(H, g)
    lam, U = np.linalg.eigh(H[real].real)
    field[real] = np.matvec(U, alpha(h[real] * lam) * np.matvec(U.mT, g[real]))
    lam, V = np.linalg.eig(H[bent])
    field[bent] = np.matvec(V, alpha(h[bent] * lam) * np.linalg.solve(V, g[bent][..., None])[..., 0])
    return field


def real_and_complex(H: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which replicates have a real Hessian and which a complex one (*batch); neither where H or g isn't finite."""
    finite = np.isfinite(H).all((-2, -1)) & np.isfinite(g).all(-1)
    real = (H.imag == 0).all((-2, -1))
    return finite & real, finite & ~real


def gradient_flow_field(problem: Smooth, h: float | np.ndarray = 1.0) -> Field:
    """Field −g of the negative gradient flow, which knows nothing of the learning rate h."""
    require_rate(h)
    return lambda theta: -gradient(problem, theta)


def igr_flow_field(problem: Smooth, h: float | np.ndarray) -> Field:
    """Field −g − (h/2) H g of the IGR flow, h a number or (*batch)."""
    h = require_rate(h)[..., None]

    def field(theta: np.ndarray) -> np.ndarray:
        g = gradient(problem, theta)
        return -g - h / 2 * hessian_product(problem, theta, g)

    return field


def third_order_flow_field(problem: Smooth, h: float | np.ndarray) -> Field:
    """Field −g − (h/2) H g − h² (⅓ H²g + (1/12) T[g, g]) of the third-order flow, h a number or (*batch)."""
    h = require_rate(h)[..., None]

    def field(theta: np.ndarray) -> np.ndarray:
        g = gradient(problem, theta)
        Hg = hessian_product(problem, theta, g)
        HHg = hessian_product(problem, theta, Hg)
        return -g - h / 2 * Hg - h**2 * (HHg / 3 + third_derivative(problem, theta, g) / 12)

    return field


def principal_flow_field(problem: Smooth, h: float | np.ndarray, *, branch: str = "rotated") -> Field:
    """Field Σᵢ log(1 − hλᵢ)/(hλᵢ) (uᵢᵀg)uᵢ of the principal flow: θ (*batch, D) → complex (*batch, D).

    Parameters
    ----------
    problem
        With `grad` analytic in complex θ; `hess` is used where it has one.
    h : number or array (*batch)
        Learning rate.
    branch : {"rotated", "principal"}
        Of the logarithm, see `alpha_pf`.

    Raises
    ------
    ValueError
        If `h` is not positive and finite or `branch` unknown; when called, if the gradient is not complex-analytic
        or the Hessian not symmetric.
    """
    h = require_rate(h)
    require(branch in BRANCHES, "branch", branch, "'rotated' or 'principal'")

    def field(theta: np.ndarray) -> np.ndarray:
        theta = np.asarray(theta, complex)
        return along_modes(hessian(problem, theta), gradient(problem, theta), lambda z: alpha_pf(z, branch), h)

    return field


def nonprincipal_flow_field(problem: Smooth, h: float | np.ndarray) -> Field:
    """Field of the principal flow plus the non-principal term −(h²/12) T[g, g]; see `principal_flow_field`."""
    principal = principal_flow_field(problem, h)
    h = np.asarray(h)[..., None]

    def field(theta: np.ndarray) -> np.ndarray:
        theta = np.asarray(theta, complex)
        return principal(theta) - h**2 / 12 * third_derivative(problem, theta, gradient(problem, theta))

    return field


FLOWS: dict[str, Callable[..., Field]] = {
    "NGF": gradient_flow_field,
    "IGR": igr_flow_field,
    "third order": third_order_flow_field,
    "PF": principal_flow_field,
    "PF + non-principal": nonprincipal_flow_field,
}


def quadratic_solution(
    H: np.ndarray,
    theta0: np.ndarray,
    h: float | np.ndarray,
    t: np.ndarray,
    alpha: Callable[[np.ndarray], np.ndarray] = alpha_pf,
) -> np.ndarray:
    """A flow on E = ½ θᵀHθ in closed form: θ(t) = Σᵢ exp(t λᵢ α(hλᵢ)) (uᵢᵀθ₀) uᵢ.

    For the principal flow the exponent is (t/h) log(1 − hλᵢ), hence θ(nh) = Σᵢ (1 − hλᵢ)ⁿ (uᵢᵀθ₀) uᵢ: the iterates
    of gradient descent.

    Parameters
    ----------
    H : array (D, D)
        Symmetric.
    theta0 : array (*batch, D)
        Start, relative to the minimizer.
    h : number or array (*batch)
        Learning rate.
    t : array (times,)
        When to look.
    alpha : function
        Coefficient of the flow, one of `ALPHAS`.

    Returns
    -------
    array (times, *batch, D), complex

    Warns
    -----
    RuntimeWarning
        If hλ is within 1e-12 of 1, where the principal flow is singular; 1 − hλ counts as 1e-12 there.
    """
    h = require_rate(h)[..., None]
    H = np.asarray(H)
    symmetric = H.ndim == 2 and H.shape[0] == H.shape[1] and np.allclose(H, H.T)
    require(symmetric, "hessian", H, "(D,D) symmetric")
    lam, U = np.linalg.eigh(H)
    if alpha is alpha_pf and (abs(1 - h * lam) < ONE_STEP).any():
        warnings.warn("hλ = 1: the principal flow is singular in a mode that one step finishes", RuntimeWarning, 2)
    exponent = np.multiply.outer(np.asarray(t), lam * alpha(h * lam))
    return (np.exp(exponent.astype(complex)) * (theta0 @ U)) @ U.T


def leading_drift(problem: Smooth, theta: np.ndarray, h: float | np.ndarray) -> np.ndarray:
    """(h²/2)‖H g‖ at θ (*batch, D) → (*batch): the drift of one step from the negative gradient flow, to O(h³)."""
    h = require_rate(h)
    return h**2 / 2 * np.linalg.norm(hessian_product(problem, theta, gradient(problem, theta)), axis=-1)


def drift_bound(problem: Smooth, theta0: np.ndarray, h: float | np.ndarray, n_sub: int = 40) -> np.ndarray:
    """(h²/2) max ‖H(θ')g(θ')‖ over the negative gradient flow's path of one step: bounds the drift, (*batch).

    The maximum is taken at the start and at `n_sub` points of the path from `theta0` (*batch, D).
    """
    path = follow(gradient_flow_field(problem), theta0, h=require_rate(h) / n_sub, n_sub=1)
    return np.max([leading_drift(problem, next(path).theta.real, h) for _ in range(n_sub + 1)], axis=0)
