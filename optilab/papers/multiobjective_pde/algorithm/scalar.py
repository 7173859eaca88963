"""One number from several objectives, and its minimisers in q.

A scalarisation φ(J) says its value, its slopes w_i = ∂φ/∂J_i, and its second derivatives; then in q

    gradient  Σ w_i ∇J_i,        Hessian  Σ w_i H_i + Σ_ij φ''_ij ∇J_i ∇J_jᵀ  (on the piece)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize

from optilab.papers.multiobjective_pde.algorithm.models import Model, control
from optilab.problems.pareto import check_weights

Array = np.ndarray
CLOSE = 1e-10  # a gradient this short against Σ|w_i| is zero
ARMIJO, SHORTEST, STEPS = 1e-4, 1e-3, 20


class Scalarisation(Protocol):
    """One number from the objectives J (k,)."""

    def value(self, J: Array) -> float:
        """φ(J)."""

    def weights(self, J: Array) -> Array:
        """∂φ/∂J: (k,)."""

    def bend(self, J: Array) -> Array:
        """φ″(J): (k, k)."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """φ = αᵀJ with α on the simplex."""

    alpha: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", check_weights("alpha", self.alpha))

    def value(self, J: Array) -> float:
        """αᵀJ."""
        return float(self.alpha @ J)

    def weights(self, J: Array) -> Array:
        """α."""
        return self.alpha

    def bend(self, J: Array) -> Array:
        """Zero."""
        return np.zeros((len(J), len(J)))


@dataclass(frozen=True, eq=False)
class Reference:
    """φ = ½|J − z|² for a reference point z below the front."""

    z: Array

    def value(self, J: Array) -> float:
        """½|J − z|²."""
        return float(((J - self.z) ** 2).sum() / 2)

    def weights(self, J: Array) -> Array:
        """J − z: at a minimiser the weights that a sum would need, up to their own sum."""
        return J - self.z

    def bend(self, J: Array) -> Array:
        """The identity."""
        return np.eye(len(J))


class Point(NamedTuple):
    """A minimiser."""

    q: Array  # (p,)
    J: Array  # (k,)
    weights: Array  # (k,) with sum 1: at a minimiser Σ weights_i ∇J_i = 0
    gradient: float  # |Σ weights_i ∇J_i| as left
    status: str  # "ok", or "kink": no method gets its gradient smaller here


Minimiser = Callable[[Model, Scalarisation, Array], Point]


def point(q: Array, J: Array, G: Array, scalarisation: Scalarisation, status: str) -> Point:
    """What a minimiser hands out."""
    w = scalarisation.weights(J)
    return Point(q, J, w / w.sum(), float(np.linalg.norm(w @ G) / abs(w).sum()), status)


def quasi_newton(model: Model, scalarisation: Scalarisation, q: Array) -> Point:
    """Minimise by L-BFGS-B with adjoint gradients, about three linear solves an evaluation.

    Its status is `kink` where the gradient that it ends with is above 10⁻⁶ of Σ|w_i|.
    """
    q = control(model.problem, q)

    def value(q: Array) -> tuple[float, Array]:
        J, G = model.gradients(q)
        return scalarisation.value(J), scalarisation.weights(J) @ G

    precise = {"gtol": 1e-10, "ftol": 1e-15, "maxcor": 20, "maxiter": 1000}
    q = np.asarray(minimize(value, q, jac=True, method="L-BFGS-B", options=precise).x)
    J, G = model.gradients(q)
    found = point(q, J, G, scalarisation, "ok")
    return found if found.gradient <= 1e-6 else found._replace(status="kink")


def newton(model: Model, scalarisation: Scalarisation, q: Array) -> Point:
    """Minimise by Newton's method in q with Armijo's rule: mostly 2 to 5 Hessians, p + 1 to p + 3 linear solves each.

    The Hessian is that of the piece: how 1_{y>0} changes with y is dropped (pseudo-semismooth). A minimiser may lie on
    a kink, y = 0 in a node; then no step helps and the status says so.
    """
    q = control(model.problem, q)
    for _ in range(STEPS):
        J, G, H = model.piece(q)
        w = scalarisation.weights(J)
        g = w @ G
        if np.linalg.norm(g) <= CLOSE * abs(w).sum():
            return point(q, J, G, scalarisation, "ok")
        hess = np.tensordot(w, H, 1) + G.T @ scalarisation.bend(J) @ G
        d, now, t = descent(hess, g), scalarisation.value(J), 1.0
        while scalarisation.value(model.values(q + t * d)) > now + ARMIJO * t * (g @ d):
            t /= 2
            if t < SHORTEST:
                return point(q, J, G, scalarisation, "kink")
        q = q + t * d
    J, G = model.gradients(q)
    found = point(q, J, G, scalarisation, "ok")
    return found if found.gradient <= CLOSE else found._replace(status="kink")


def descent(H: Array, g: Array) -> Array:
    """Newton's step −H⁻¹g; steepest descent, scaled by the trace, where H isn't positive definite."""
    try:
        return -cho_solve(cho_factor(H, check_finite=False), g, check_finite=False)
    except LinAlgError:
        return -g * len(g) / max(abs(np.diag(H)).sum(), np.finfo(float).tiny)


def ends(model: Model, minimise: Minimiser = newton) -> list[Point]:
    """The minimiser of each objective alone, one after the other from q = 0: the ends of the front."""
    q, found = np.zeros(model.problem.pde.p), []
    for alpha in np.eye(model.problem.k):
        found.append(minimise(model, Weighted(alpha), q))
        q = found[-1].q
    return found
