"""Derivatives of a problem at real or complex parameters: its own oracles, or differences of its gradient.

At complex parameters the complex step is not available, hence the differences. Vectors are never conjugated: all
of this is the analytic continuation of the real formulas.
"""

import numpy as np

from optilab.core.check import require
from optilab.core.numerics import unit
from optilab.problems.oracles import Smooth

FIRST = 1e-5  # step of a central difference of the gradient
SECOND = 1e-4  # step of a second difference of the gradient


def gradient(problem: Smooth, theta: np.ndarray) -> np.ndarray:
    """Gradient at θ (*batch, D) → (*batch, D), complex where θ is.

    Raises
    ------
    ValueError
        If the gradient at a complex point comes back real: it uses `abs`, `.real`, a comparison…
    """
    g = np.asarray(problem.grad(theta))
    if np.iscomplexobj(theta) and not np.iscomplexobj(g):
        if np.array_equal(g, problem.grad(theta + 1)):  # a constant is analytic and real
            return g + 0j
        raise ValueError(
            "gradient is not complex-analytic; cannot integrate the principal flow or use the complex step: "
            f"at complex parameters it gave {g.dtype}"
        )
    return g


def hessian(problem: Smooth, theta: np.ndarray) -> np.ndarray:
    """Hessian at θ (*batch, D) → (*batch, D, D): `problem.hess`, or central differences of the gradient.

    Raises
    ------
    ValueError
        If `problem.hess` is not square and symmetric.
    """
    D = theta.shape[-1]
    if hasattr(problem, "hess"):
        H = np.asarray(problem.hess(theta))
        square = H.shape[-2:] == (D, D)
        require(square, "hessian", f"shape {H.shape}", f"(D,D) symmetric with D = {D}")
        skew, size = np.abs(H - H.mT).max((-2, -1)), np.abs(H).max((-2, -1))
        require(~(skew > 1e-6 * size), "hessian", H, "(D,D) symmetric")  # NaN, of a diverged replicate, passes
        return H
    steps = FIRST * np.eye(D).reshape(D, *(1,) * (theta.ndim - 1), D)
    ahead, behind = gradient(problem, np.stack([theta + steps, theta - steps]))
    columns = np.moveaxis((ahead - behind) / (2 * FIRST), 0, -1)
    return (columns + columns.mT) / 2


def hessian_product(problem: Smooth, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Hessian at θ times v, both (*batch, D): `problem.hvp`, or a central difference of the gradient along v."""
    if hasattr(problem, "hvp"):
        return np.asarray(problem.hvp(theta, v))
    size, step = length_and_step(v, FIRST)
    return size / (2 * FIRST) * (gradient(problem, theta + step) - gradient(problem, theta - step))


def third_derivative(problem: Smooth, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
    """T[v, v] = ∇(vᵀHv) with v fixed, both (*batch, D): `problem.third`, or a second difference of the gradient."""
    if hasattr(problem, "third"):
        return np.asarray(problem.third(theta, v))
    size, step = length_and_step(v, SECOND)
    bend = gradient(problem, theta + step) - 2 * gradient(problem, theta) + gradient(problem, theta - step)
    return (size / SECOND) ** 2 * bend


def length_and_step(v: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Norm of v (*batch, 1) and a vector of norm `step` along v, zero where v is."""
    size = np.linalg.norm(v, axis=-1, keepdims=True)
    return size, step * unit(v)
