"""What a control is worth: all objectives and their derivatives by adjoints, from full solves that are counted.

A model is asked at a control q. `Model` says what minimisers need; the reduced model offers the same.
"""

from collections import Counter
from typing import NamedTuple, Protocol

import numpy as np

from optilab.core.check import require
from optilab.papers.multiobjective_pde.algorithm.state import solve_state
from optilab.papers.multiobjective_pde.problems import Tracking

Array = np.ndarray


class Piece(NamedTuple):
    """All about one control, on the piece on which the set y > 0 stays as it is."""

    J: Array  # (k,) objectives
    G: Array  # (k, p) gradients
    H: Array  # (k, p, p) Hessians, exact on the piece


class Model(Protocol):
    """What a minimiser asks."""

    problem: Tracking

    def values(self, q: Array) -> Array:
        """The objectives of q (p,): (k,)."""

    def gradients(self, q: Array) -> tuple[Array, Array]:
        """The objectives (k,) and their gradients (k, p)."""

    def piece(self, q: Array) -> Piece:
        """The same and the Hessians, by p more right sides."""


def control(problem: Tracking, q: Array) -> Array:
    """The control as floats (p,), once it is known to be one."""
    q = np.asarray(q, float)
    require(q.shape == (problem.pde.p,), "the shape of q", q.shape, f"({problem.pde.p},)")
    require(np.isfinite(q), "q", q, "finite")
    return q


class FullModel:
    """J and its derivatives by full linear solves. Each state solve starts from the last state computed.

    `solves` counts linear solves with A + κD: "state", "adjoint", "sensitivity" (a right side each); `y` and `p` are
    the last state (N,) and the last adjoints (k, N).

    Parameters
    ----------
    problem : Tracking
        Equation and objectives.
    """

    def __init__(self, problem: Tracking):
        self.problem = problem
        self.y = np.zeros(problem.pde.N)
        self.p = np.zeros((problem.k, problem.pde.N))
        self.solves: Counter[str] = Counter(state=0, adjoint=0, sensitivity=0)

    @property
    def total(self) -> int:
        """All solves so far."""
        return sum(self.solves.values())

    def state(self, q: Array) -> Array:
        """y(q): (N,)."""
        pde = self.problem.pde
        self.y, taken = solve_state(pde, pde.drive(q), self.y)
        self.solves["state"] += taken
        return self.y

    def adjoints(self, y: Array) -> Array:
        """p_i with (A + κ diag(1_{y>0})) p_i = ∂J_i/∂y: (k, N). The matrix is symmetric: no transpose."""
        self.solves["adjoint"] += self.problem.k
        self.p = self.problem.pde.solve(y > 0, self.problem.pull(y).T).T
        return self.p

    def values(self, q: Array) -> Array:
        """The objectives of q (p,): (k,)."""
        return self.problem.values(self.state(q), q @ self.problem.M @ q)

    def gradients(self, q: Array) -> tuple[Array, Array]:
        """Objectives and ∇J_i = h^dim Bᵀp_i + σ_i M q: (k,), (k, p).

        Gradients where no node has y = 0, otherwise one subgradient (of Bouligand's kind) each.
        """
        problem, pde = self.problem, self.problem.pde
        J = self.values(q)
        p = self.adjoints(self.y)
        return J, pde.weight * p @ pde.matrix + np.outer(problem.sigma, problem.M @ q)

    def piece(self, q: Array) -> Piece:
        """With S = (A + κD)⁻¹B: ∇J_i = h^dim Sᵀ(y − y_d^i) + σ_i M q, H_i = h^dim SᵀS + σ_i M, exact while D stays."""
        problem, pde = self.problem, self.problem.pde
        J, y = self.values(q), self.y
        S = pde.solve(y > 0, pde.matrix)
        self.solves["sensitivity"] += pde.p
        G = pde.weight * problem.pull(y) @ S + np.outer(problem.sigma, problem.M @ q)
        shared = pde.weight * (S.T * problem.bend(y)) @ S
        return Piece(J, G, shared + problem.sigma[:, None, None] * problem.M)

    def fields(self, q: Array) -> Array:
        """The state and all adjoints, which a reduced model is made of: (1 + k, N)."""
        y = self.state(q)
        return np.concatenate([y[None], self.adjoints(y)])
