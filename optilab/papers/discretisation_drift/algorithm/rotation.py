"""The rotation game ẋ₁ = −εx₁ + x₂, ẋ₂ = −x₁ − εx₂ in closed form: matrices, rates and thresholds.

Source: the notebooks of M. Rosca, Y. Wu, B. Dherin, D. Barrett, "Discretization drift in two-player games", ICML 2021.
"""

from typing import Any

import numpy as np

from optilab.core.check import require
from optilab.papers.discretisation_drift.algorithm.games import check_rates
from optilab.problems.oracles import Number

KINDS = ("continuous", "simultaneous", "alternating")


def rotation_step_matrix(eps: Number, a: Number, b: Number) -> np.ndarray:
    """S (*batch, 2, 2), what both players move in one simultaneous update: S x = (a f, b g)."""
    check_rates(a, b)
    eps, a, b = np.broadcast_arrays(eps, a, b)
    return np.stack([np.stack([-a * eps, a], -1), np.stack([-b, -b * eps], -1)], -2)


def rotation_update_matrix(eps: Number, a: Number, b: Number, alternating: bool = False) -> np.ndarray:
    """M (*batch, 2, 2) with x⁺ = M x for the updates of the rotation game."""
    S = rotation_step_matrix(eps, a, b)
    first, second = np.diag([1, 0]), np.diag([0, 1])
    if alternating:
        return (np.eye(2) + second @ S) @ (np.eye(2) + first @ S)
    return np.eye(2) + S


def rotation_flow_matrix(eps: Number, a: Number, b: Number, kind: str = "continuous") -> np.ndarray:
    """A (*batch, 2, 2) with ẋ = A x for the rotation game; one update takes unit time.

    `kind` is "continuous", or "simultaneous" or "alternating" for the modified flow of these updates: S − ½S², where
    the second player's interaction term has the other sign if it sees the first one's new point.
    """
    require(kind in KINDS, "kind", kind, f"one of {KINDS}")
    S = rotation_step_matrix(eps, a, b)
    if kind == "continuous":
        return S
    seen = S * [[1, 1], [-1, 1]] if kind == "alternating" else S
    return S - seen @ S / 2


def update_rate(M: np.ndarray, h: Number) -> np.ndarray:
    """Log ρ(M)/h: the exponent per unit of time at which x⁺ = M x grows, with ρ the spectral radius."""
    return np.log(abs(np.linalg.eigvals(M)).max(-1)) / h


def flow_rate(A: np.ndarray, h: Number) -> np.ndarray:
    """The largest Re λ(A), per unit of time when one update of step h takes unit time."""
    return np.linalg.eigvals(A).real.max(-1) / h


def _pull(eps: Number) -> np.ndarray:
    """ε as an array, refused where the game pushes its players away."""
    pull = np.asarray(eps, float)
    require(pull >= 0, "eps", eps, "0 or more: below it no step is stable")
    return pull


def longest_stable_step(eps: Number) -> Any:
    """2ε/(1 + ε²): below it simultaneous updates of the rotation game converge."""
    eps = _pull(eps)
    return 2 * eps / (1 + np.square(eps))


def predicted_longest_step(eps: Number) -> Any:
    """2ε/(1 − ε²): what the modified flow says of `longest_stable_step`; no limit from ε = 1 on."""
    eps = _pull(eps)
    return np.divide(2 * eps, 1 - eps**2, out=np.full_like(eps, np.inf), where=eps < 1)
