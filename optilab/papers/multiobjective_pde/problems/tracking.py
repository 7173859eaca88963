"""Several wishes for one state: be near y_d¹, be near y_d², …, each at a price of the control."""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.papers.multiobjective_pde.problems.pde import MaxPDE, cells, sine

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Tracking:
    """J_i = ½‖y − y_d^i‖² + ½σ_i‖Bq‖², plus ½γ‖max(0, y − ψ)‖² where the state is to stay below ψ.

    Parameters
    ----------
    pde : MaxPDE
        What makes a state of a control.
    targets : array (k, N)
        y_d^i, one a row.
    sigma : array (k,)
        Prices σ_i ≥ 0.
    psi : array (N,) or float, optional
        The upper bound ψ of the state.
    gamma : float
        The penalty γ > 0 for exceeding it; it enters each J_i alike, so a weighted sum holds it once.

    Raises
    ------
    ValueError
        If a shape doesn't fit, a price is negative, or there is ψ without γ > 0.
    """

    pde: MaxPDE
    targets: Array
    sigma: Array
    psi: Array | float | None = None
    gamma: float = 0.0

    def __post_init__(self) -> None:
        targets, sigma, N = np.asarray(self.targets, float), np.asarray(self.sigma, float), self.pde.N
        require(
            targets.ndim == 2 and targets.shape[1] == N and len(targets),
            "the shape of targets",
            targets.shape,
            f"(k, {N}), a target a row",
        )
        require(sigma.shape == targets.shape[:1], "the shape of sigma", sigma.shape, f"({len(targets)},), one a target")
        require(np.isfinite(targets), "targets", targets, "finite")
        require(sigma >= 0, "sigma", sigma, "0 or more")
        object.__setattr__(self, "targets", targets)
        object.__setattr__(self, "sigma", sigma)
        if (sigma == 0).all() and np.linalg.matrix_rank(self.pde.matrix) < self.pde.p:
            warnings.warn(
                "controls are free and B doesn't tell some of them apart: minimisers are not unique", stacklevel=3
            )
        if self.psi is not None:
            require(self.gamma > 0, "gamma", self.gamma, "positive where the state has a bound")
            require(np.shape(self.psi) in ((), (N,)), "the shape of psi", np.shape(self.psi), f"() or ({N},)")
            object.__setattr__(self, "psi", np.broadcast_to(np.asarray(self.psi, float), (N,)))

    @property
    def k(self) -> int:
        """Number of objectives."""
        return len(self.targets)

    @cached_property
    def M(self) -> Array:
        """h^dim BᵀB: ‖Bq‖² = qᵀMq."""
        return self.pde.weight * self.pde.matrix.T @ self.pde.matrix

    def excess(self, y: Array) -> Array:
        """max(0, y − ψ), zero without a bound: (N,)."""
        return np.zeros_like(y) if self.psi is None else np.maximum(0, y - self.psi)

    def values(self, y: Array, cost: float) -> Array:
        """All J_i of a state y (N,) whose control costs qᵀMq: (k,)."""
        miss, w = y - self.targets, self.pde.weight
        value = w * np.vecdot(miss, miss) / 2 + self.sigma * cost / 2
        if self.psi is not None:
            value += self.gamma * w * (self.excess(y) ** 2).sum() / 2
        return value

    def pull(self, y: Array) -> Array:
        """∂J_i/∂y without h^dim, which is the adjoint equation's right side: (k, N)."""
        pull = y - self.targets
        return pull if self.psi is None else pull + self.gamma * self.excess(y)

    def bend(self, y: Array) -> Array | float:
        """∂²J_i/∂y² without h^dim, the same for all: 1, or 1 + γ at the nodes above ψ, (N,)."""
        return 1.0 if self.psi is None else 1.0 + self.gamma * (y > self.psi)


def standard(
    sigma: float = 1e-4, *, n: int = 63, kappa: float = 50.0, psi: float | None = None, gamma: float = 0.0
) -> Tracking:
    """The pair of the lesson on (0, 1): eight equal controls, targets ½ sin πx and −0.3 sin 2πx − 0.05."""
    pde = MaxPDE(n, 1, kappa, cells(n, 1, 8))
    targets = np.array([0.5 * sine(pde, 1), -0.3 * sine(pde, 2) - 0.05])
    return Tracking(pde, targets, np.full(2, sigma), psi, gamma)


def random_targets(rng: np.random.Generator, sigma: float = 1e-4, *, n: int = 63, kappa: float = 50.0) -> Tracking:
    """The same equation with two random targets Σ_{k ≤ 3} a_k sin kπx, a ~ N(0, 1) · (0.5, 0.3, 0.2)."""
    pde = MaxPDE(n, 1, kappa, cells(n, 1, 8))
    waves = np.array([sine(pde, k) for k in (1, 2, 3)])
    return Tracking(pde, (rng.normal(size=(2, 3)) * [0.5, 0.3, 0.2]) @ waves, np.full(2, sigma))
