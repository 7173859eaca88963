"""System identification: friction and shape of a thrown body by Gauss–Newton on short windows (A6).

    L(θ) = Σ ½‖e‖²_W,   e = (the state a window's roll from a measured state predicts) − (the state measured there)
    g = Σ SᵀWe,  H = Σ SᵀWS,   S⁺ = ∂s/∂θ + (∂s/∂z) S along the window

Source: the identification example of T. A. Howell et al., "Dojo", 2022.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from optilab.core.check import require
from optilab.core.run import advance, algorithm
from optilab.papers.dojo.algorithm.gradient import implicit
from optilab.papers.dojo.algorithm.point_mass import PointMass
from optilab.papers.dojo.algorithm.quaternion import difference_jacobian
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.simulation import inputs, take
from optilab.papers.dojo.algorithm.system import System, apart, joined, tangent
from optilab.problems.oracles import Array, Number

TRIES = 5  # the full step and four shorter ones
RHO_START, RHO_FLOOR, RHO_LAST = 1e-6, 1e-9, 1e6


class Model(Protocol):
    """How a state z (*batch, n), with a tangent ξ, moves on under parameters θ (*batch, k)."""

    weights: Array  # (d) the diagonal of W

    def step(self, z: Array, theta: Array, kappa: Number, /) -> Array:
        """The next state (*batch, n); NaN where there is none."""

    def linearise(self, z: Array, theta: Array, kappa: Number, /) -> tuple[Array, ...]:
        """The next state, A = ∂ξ⁺/∂ξ (*batch, d, d) and P = ∂ξ⁺/∂θ (*batch, d, k)."""

    def difference(self, z: Array, other: Array, /) -> tuple[Array, Array]:
        """What z − other is in tangent coordinates (*batch, d), and its derivative (*batch, d, d) by a tangent at z."""


class Identified(NamedTuple):
    """State after k iterations."""

    theta: Array  # (*batch, k) parameters, friction first
    loss: Array  # (*batch)
    slope: Array  # (*batch) largest entry of |g|
    rho: Array  # (*batch) regularisation
    settled: Array  # (*batch) of bool: nothing more will change


@dataclass(frozen=True, eq=False)
class ThrownBall:
    """A point mass whose friction and radius are asked for: θ = (μ, r).

    Parameters
    ----------
    body : PointMass
        Mass, step and gravity, numbers or (*batch).
    """

    body: PointMass
    weights = np.array([1, 1, 1, 0.1, 0.1, 0.1])  # of positions and velocities

    def at(self, theta: Array) -> PointMass:
        """The body with the parameters (*batch, 2)."""
        return replace(self.body, mu=theta[..., 0], r=theta[..., 1])

    def step(self, z: Array, theta: Array, kappa: Number) -> Array:
        """The next state (*batch, 6)."""
        return self.at(theta).step(z, np.zeros(3), kappa).z

    def linearise(self, z: Array, theta: Array, kappa: Number) -> tuple[Array, ...]:
        """The next state, A (*batch, 6, 6) and P (*batch, 6, 2)."""
        z, A, _, P = self.at(theta).linearise(z, np.zeros(3), kappa)
        return z, A, P[..., :2]

    def difference(self, z: Array, other: Array) -> tuple[Array, Array]:
        """The difference itself, for a point mass needs no tangent, and the identity."""
        return z - other, np.eye(6)


@dataclass(frozen=True, eq=False)
class ThrownBody:
    """A rigid body whose contacts are asked for: θ joins one friction μ, and the radii or the places of all contacts.

    Its state joins (x, v, q, ω), (*batch, 13), its tangent (x, v, φ, ω), (*batch, 12).

    Parameters
    ----------
    system : System
        The body, its mass and inertia known, and contacts whose values are replaced.
    shape : str
        What of the contacts is asked for: "r" (n radii) or "p" (the coordinates of n centres, 3n).
    options : mapping
        Of the interior-point solver.

    Raises
    ------
    ValueError
        If there are more bodies, or `shape` is another.
    """

    system: System
    shape: str
    options: Mapping[str, Any] = field(default_factory=dict)
    weights = np.repeat([1, 0.1, 1, 0.1], 3)  # of x, v, φ and ω

    def __post_init__(self) -> None:
        require(len(self.system.bodies) == 1, "bodies", len(self.system.bodies), "one")
        require(self.shape in ("r", "p"), "shape", self.shape, '"r" or "p"')

    def at(self, theta: Array) -> System:
        """The system with the parameters (*batch, 1 + n) or (*batch, 1 + 3n)."""
        old, mu = self.system.contacts, theta[..., 0]
        values = theta[..., 1:].reshape(*theta.shape[:-1], len(old), -1)
        if self.shape == "p":
            contacts = [replace(contact, mu=mu, p=values[..., i, :]) for i, contact in enumerate(old)]
        else:
            contacts = [replace(contact, mu=mu, r=values[..., i, 0]) for i, contact in enumerate(old)]
        return replace(self.system, contacts=contacts)

    def step(self, z: Array, theta: Array, kappa: Number) -> Array:
        """The next state (*batch, 13); NaN where the solver fails. What is inside the floor is lifted out."""
        return joined(take(self._problem(z, theta), kappa=kappa, **self.options).state)

    def linearise(self, z: Array, theta: Array, kappa: Number) -> tuple[Array, ...]:
        """The next state, A (*batch, 12, 12) and P (*batch, 12, k)."""
        problem = self._problem(z, theta)
        motion = take(problem, kappa=kappa, **self.options)
        by = implicit(problem, motion.w, ("state", "mu", self.shape))
        P = np.concatenate([by["mu"].sum(-1, keepdims=True), by[self.shape]], -1)
        return joined(motion.state), by["state"], P

    def difference(self, z: Array, other: Array) -> tuple[Array, Array]:
        """The tangent (*batch, 12) from `other` to z, and its derivative (*batch, 12, 12) by a tangent at z."""
        D = np.tile(np.eye(12), (*z.shape[:-1], 1, 1))
        D[..., 6:9, 6:9] = difference_jacobian(z[..., 6:10], other[..., 6:10])
        return tangent(z, other), D

    def _problem(self, z: Array, theta: Array) -> TimeStep:
        return TimeStep(self.at(theta), apart(z), inputs(self.system, None))


@dataclass(frozen=True, eq=False)
class Windows:
    """Stretches of measured motion, and the model that is fitted to them.

    Parameters
    ----------
    before, after : arrays (windows, *batch, n)
        States at the ends of each window.
    length : int
        Steps between them.
    model : Model
        How the body moves.
    kappa : number or array (*batch)
        Central-path parameter of the model.

    Raises
    ------
    ValueError
        If the shapes differ, or `length` or κ is out of range.
    """

    before: Array
    after: Array
    length: int
    model: Model
    kappa: Number

    def __post_init__(self) -> None:
        require(self.before.shape == self.after.shape, "the shape of after", self.after.shape, str(self.before.shape))
        require(self.before.ndim >= 2, "the shape of before", self.before.shape, "(windows, *batch, n)")
        require(self.length >= 1, "length", self.length, "1 or more")
        require(np.asarray(self.kappa) > 0, "kappa", self.kappa, "positive")

    def loss(self, theta: Array) -> Array:
        """L (*batch) at the parameters (*batch, k)."""
        z = self.before
        for _ in range(self.length):
            z = self.model.step(z, theta, self.kappa)
        e, _ = self.model.difference(z, self.after)
        return (self.model.weights * e**2).sum((0, -1)) / 2

    def normal_equations(self, theta: Array) -> tuple[Array, Array, Array]:
        """L (*batch), g (*batch, k) and H (*batch, k, k)."""
        z, W = self.before, self.model.weights
        S = np.zeros((*z.shape[:-1], len(W), theta.shape[-1]))
        for _ in range(self.length):
            z, A, P = self.model.linearise(z, theta, self.kappa)
            S = P + A @ S
        e, D = self.model.difference(z, self.after)
        S = D @ S
        WS = W[:, None] * S
        g = (WS * e[..., None]).sum((0, -2))
        H = (S.mT @ WS).sum(0)
        return (W * e**2).sum((0, -1)) / 2, g, H


def windows_of(paths: Array, length: int, model: Model, kappa: Number) -> Windows:
    """All windows of `length` steps in measured paths (T + 1, tosses, *batch, n)."""
    require(1 <= length < len(paths), "length", length, f"from 1 to the paths' {len(paths) - 1} steps")
    before, after = (part.reshape(-1, *paths.shape[2:]) for part in (paths[:-length], paths[length:]))
    return Windows(before, after, length, model, kappa)


@algorithm
def gauss_newton(
    windows: Windows,
    theta0: Array,
    *,
    lower: ArrayLike = (0.0, 0.05),
    upper: ArrayLike = (0.8, 1.0),
    tolerance: float = 1e-8,
    rho: float = RHO_START,
) -> Iterator[Identified]:
    """Fit θ within bounds; ends when every replicate has settled.

    Parameters
    ----------
    windows : Windows
        Data and model.
    theta0 : array (*batch, k)
        First guess, within the bounds.
    lower, upper : arrays (k)
        Bounds of θ; these are those of a ball's μ and r (m).
    tolerance : float
        A replicate settles when no entry of its gradient is larger.
    rho : float
        Regularisation to start with: large where the data hardly tell some parameters.

    Raises
    ------
    ValueError
        If the guess is outside the bounds.
    """
    theta, low, high = _checked(windows, theta0, lower, upper, rho)
    loss, g, H = windows.normal_equations(theta)
    damping = np.full(loss.shape, rho)
    while True:
        slope = np.abs(g).max(-1)
        settled = slope < tolerance
        yield Identified(theta, loss, slope, damping, settled)
        if settled.all():
            return
        p = -np.linalg.solve(H + damping[..., None, None] * np.eye(low.size), g[..., None])[..., 0]
        theta, found = _backtracked(windows, theta, loss, p, low, high, settled)
        shrunk, grown = np.maximum(damping / 1.5, RHO_FLOOR), np.minimum(2 * damping, RHO_LAST)
        damping = advance(~settled, np.where(found, shrunk, grown), damping)
        loss, g, H = windows.normal_equations(theta)


def _backtracked(
    windows: Windows, theta: Array, loss: Array, p: Array, low: Any, high: Any, settled: Array
) -> tuple[Array, Array]:
    """The first of θ + p, θ + p/3, … within the bounds that lowers the loss, else a small step; and which was found."""
    small = 1e-3 * p / np.maximum(np.abs(p).max(-1, keepdims=True), 1e-300)
    found, new = settled, advance(~settled, np.clip(theta + small, low, high), theta)
    for j in range(TRIES):
        trial = np.clip(theta + p / 3**j, low, high)
        lower = ~found & (windows.loss(trial) < loss)
        new, found = advance(lower, trial, new), found | lower
        if found.all():
            break
    return new, found


def _checked(
    windows: Windows, theta0: Array, lower: ArrayLike, upper: ArrayLike, rho: float
) -> tuple[Array, Array, Array]:
    """The guess of every replicate, and the bounds."""
    require(0 < rho < np.inf, "rho", rho, "positive and finite")
    low, high, theta = np.asarray(lower, float), np.asarray(upper, float), np.asarray(theta0, float)
    require(low.shape == high.shape, "the shape of upper", high.shape, f"that of lower, {low.shape}")
    require(theta.shape[-1:] == low.shape, "the shape of theta0", theta.shape, f"(*batch, {low.size})")
    require((low <= theta) & (theta <= high), "theta0", theta0, f"between {low.tolist()} and {high.tolist()}")
    batch = np.broadcast_shapes(theta.shape[:-1], windows.before.shape[1:-1], np.shape(windows.kappa))
    return np.broadcast_to(theta, (*batch, low.size)), low, high
