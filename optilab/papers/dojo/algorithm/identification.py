"""System identification: friction and radius of a thrown ball by Gauss–Newton on short windows.

    L(θ) = Σ ½‖e‖²_W,   e = (the state a window's roll from a measured state predicts) − (the state measured there)
    g = Σ SᵀWe,  H = Σ SᵀWS,   S⁺ = ∂s/∂θ + (∂s/∂z) S along the window

Source: the identification example of T. A. Howell et al., "Dojo", 2022.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.papers.dojo.algorithm.point_mass import PointMass

WEIGHTS = np.array([1, 1, 1, 0.1, 0.1, 0.1])  # of positions and velocities
TRIES = 5  # the full step and four shorter ones
RHO_START, RHO_FLOOR, RHO_LAST = 1e-6, 1e-9, 1e6


class Fit(NamedTuple):
    """State after k iterations."""

    theta: np.ndarray  # (*batch, 2) friction μ and radius r
    loss: np.ndarray  # (*batch)
    slope: np.ndarray  # (*batch) largest entry of |g|
    rho: np.ndarray  # (*batch) regularisation
    settled: np.ndarray  # (*batch) of bool: nothing more will change


@dataclass(frozen=True, eq=False)
class Windows:
    """Stretches of measured motion, and the model that is fitted to them.

    Parameters
    ----------
    before, after : arrays (windows, *batch, 6)
        States at the ends of each window.
    length : int
        Steps between them.
    body : PointMass
        Mass, step and gravity of the model, parameters numbers or (*batch); its μ and r are what is fitted.
    kappa : number or array (*batch)
        Central-path parameter of the model.

    Raises
    ------
    ValueError
        If the shapes differ, or `length` or κ is out of range.
    """

    before: np.ndarray
    after: np.ndarray
    length: int
    body: PointMass
    kappa: float | np.ndarray

    def __post_init__(self) -> None:
        require(self.before.shape == self.after.shape, "the shape of after", self.after.shape, str(self.before.shape))
        require(self.before.shape[-1:] == (6,), "the shape of before", self.before.shape, "(windows, *batch, 6)")
        require(self.length >= 1, "length", self.length, "1 or more")
        require(np.asarray(self.kappa) > 0, "kappa", self.kappa, "positive")

    def model(self, theta: np.ndarray) -> PointMass:
        """The body with the parameters (*batch, 2)."""
        return replace(self.body, mu=theta[..., 0], r=theta[..., 1])

    def loss(self, theta: np.ndarray) -> np.ndarray:
        """L (*batch) at the parameters (*batch, 2)."""
        body, z = self.model(theta), self.before
        for _ in range(self.length):
            z = body.step(z, np.zeros(3), self.kappa).z
        e = z - self.after
        return (WEIGHTS * e**2).sum((0, -1)) / 2

    def normal_equations(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """L (*batch), g (*batch, 2) and H (*batch, 2, 2)."""
        body, z = self.model(theta), self.before
        S = np.zeros((*z.shape, 2))
        for _ in range(self.length):
            z, A, _, P = body.linearise(z, np.zeros(3), self.kappa)
            S = P[..., :2] + A @ S
        e = z - self.after
        WS = WEIGHTS[:, None] * S
        g = (WS * e[..., None]).sum((0, -2))
        H = (S.mT @ WS).sum(0)
        return (WEIGHTS * e**2).sum((0, -1)) / 2, g, H


def windows_of(paths: np.ndarray, length: int, body: PointMass, kappa: float | np.ndarray) -> Windows:
    """All windows of `length` steps in measured paths (T + 1, tosses, *batch, 6)."""
    require(1 <= length < len(paths), "length", length, f"from 1 to the paths' {len(paths) - 1} steps")
    before, after = (part.reshape(-1, *paths.shape[2:]) for part in (paths[:-length], paths[length:]))
    return Windows(before, after, length, body, kappa)


@algorithm
def gauss_newton(
    windows: Windows,
    theta0: np.ndarray,
    *,
    lower: tuple[float, float] = (0.0, 0.05),
    upper: tuple[float, float] = (0.8, 1.0),
    tolerance: float = 1e-8,
    enough: float = 0.0,
) -> Iterator[Fit]:
    """Fit (μ, r) within bounds; ends when every replicate has settled.

    Parameters
    ----------
    windows : Windows
        Data and model.
    theta0 : array (*batch, 2)
        First guess of μ and r, within the bounds.
    lower, upper : pairs
        Bounds of μ and r (m).
    tolerance : float
        A replicate settles when no entry of its gradient is larger.
    enough : float
        It also settles when its loss is below this.

    Raises
    ------
    ValueError
        If the guess is outside the bounds.
    """
    low, high = np.asarray(lower, float), np.asarray(upper, float)
    theta = np.asarray(theta0, float)
    require(theta.shape[-1:] == (2,), "the shape of theta0", theta.shape, "(*batch, 2)")
    require((low <= theta) & (theta <= high), "theta0", theta0, f"between {tuple(low)} and {tuple(high)}")
    batch = np.broadcast_shapes(theta.shape[:-1], windows.before.shape[1:-1], np.shape(windows.kappa))
    theta = np.broadcast_to(theta, (*batch, 2))
    loss, g, H = windows.normal_equations(theta)
    rho = np.full(batch, RHO_START)
    while True:
        slope = np.abs(g).max(-1)
        settled = (slope < tolerance) | (loss < enough)
        yield Fit(theta, loss, slope, rho, settled)
        if settled.all():
            return
        p = -np.linalg.solve(H + rho[..., None, None] * np.eye(2), g[..., None])[..., 0]
        small = 1e-3 * p / np.maximum(np.abs(p).max(-1, keepdims=True), 1e-300)
        found = settled.copy()
        new = np.where(settled[..., None], theta, np.clip(theta + small, low, high))  # if no length lowers the loss
        for j in range(TRIES):
            trial = np.clip(theta + p / 3**j, low, high)
            lower_now = ~found & (windows.loss(trial) < loss)
            new = np.where(lower_now[..., None], trial, new)
            found |= lower_now
            if found.all():
                break
        theta = new
        shrunk, grown = np.maximum(rho / 1.5, RHO_FLOOR), np.minimum(2 * rho, RHO_LAST)
        rho = np.where(settled, rho, np.where(found, shrunk, grown))
        loss, g, H = windows.normal_equations(theta)
