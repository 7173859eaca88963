"""A linear policy for the puck, learned by random search on returns or by gradients through the contact (A7).

    F = Θ φ,  φ = (g − x, v),   Θ (2, 4),   J(Θ) = mean over goals g of Σ ½ FᵀRF + ½ ξᵀQξ

Sources: H. Mania, A. Guy, B. Recht, "Simple random search provides a competitive approach to reinforcement learning",
2018 (ARS, all directions used); gradients as in T. A. Howell et al., 2022, followed by Adam.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.papers.dojo.algorithm.driven import Driven
from optilab.papers.dojo.algorithm.ilqr import cost_of
from optilab.problems.oracles import Array, Number, check_samples

FEATURES = np.zeros((4, 6))  # φ = FEATURES (z_goal − z): position to go, and minus the velocity to lose
FEATURES[[0, 1, 2, 3], [0, 1, 3, 4]] = [1, 1, -1, -1]
NEAR, FAR = 0.5, 1.5  # distances of goals, m


@dataclass(frozen=True, eq=False)
class Steering:
    """The problem of learning Θ, flat (*batch, 8): a start, goals that are drawn, and the cost of reaching them.

    Parameters
    ----------
    puck : Driven
        A point mass with two controls.
    z0 : array (6,)
        Where it starts.
    T : int
        Steps of a run.
    Q, R : arrays (6, 6) and (2, 2)
        Weights of the last state's distance and of the controls.
    kappa_r, kappa_g : number or array (*batch)
        Central-path parameters of the runs and of the gradients.

    Raises
    ------
    ValueError
        If T or a κ isn't positive.
    """

    puck: Driven
    z0: Array
    T: int
    Q: Array
    R: Array
    kappa_r: Any = 1e-6
    kappa_g: Any = 0.1

    def __post_init__(self) -> None:
        require(self.T >= 1, "T", self.T, "1 or more")
        for name in ("kappa_r", "kappa_g"):
            value = np.asarray(getattr(self, name), float)
            require((value > 0) & (value < np.inf), name, value, "positive and finite")
            object.__setattr__(self, name, value)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Goals (*shape, 6) at rest, uniform in angle and in distance."""
        angle = rng.uniform(0, 2 * np.pi, size=shape)
        distance = rng.uniform(NEAR, FAR, size=shape)
        goal = np.zeros((*shape, 6))
        goal[..., 0], goal[..., 1] = distance * np.cos(angle), distance * np.sin(angle)
        return goal

    def rolled(self, theta: Array, goals: Array) -> tuple[Array, Array]:
        """States (T + 1, *batch, goals, 6) and controls (T, *batch, goals, 2) of Θ (*batch, 8)."""
        Theta = theta.reshape(*theta.shape[:-1], 1, 2, 4)
        z, F = [np.broadcast_to(self.z0, (*theta.shape[:-1], *goals.shape[-2:]))], []
        for t in range(self.T):
            F.append(np.matvec(Theta, np.matvec(FEATURES, goals - z[t])))
            z.append(self.puck.step(z[t], F[t], self.kappa_r[..., None]))
        return np.array(z), np.array(F)

    def sample_value(self, theta: Array, goals: Array) -> Array:
        """Mean J (*batch) of Θ (*batch, 8) over goals (*batch, goals, 6)."""
        z, F = self.rolled(theta, goals)
        return cost_of(self.puck, z, F, goals, self.Q, self.R).mean(-1)

    def sample_grad(self, theta: Array, goals: Array) -> Array:
        """∂J/∂Θ (*batch, 8) by the chain rule at κ_g along runs at κ_r."""
        check_samples(theta, goals.shape[:-1])
        z, F = self.rolled(theta, goals)
        A, B = self.puck.linearise(z[:-1], F, self.kappa_g[..., None])
        Theta = theta.reshape(*theta.shape[:-1], 1, 2, 4)
        by_z = -Theta @ FEATURES
        p = (z[-1] - goals) @ self.Q
        total = np.zeros((*p.shape[:-1], 2, 4))
        for t in reversed(range(self.T)):
            by_F = F[t] @ self.R + np.matvec(B[t].mT, p)
            total += by_F[..., :, None] * np.matvec(FEATURES, goals - z[t])[..., None, :]
            p = np.matvec(A[t].mT, p) + np.matvec(by_z.mT, by_F)
        return total.mean(-3).reshape(theta.shape)


class Search(NamedTuple):
    """State of ARS after k updates."""

    theta: Array  # (*batch, d)
    returns: Array  # (*batch, 2, directions) R = −J of Θ ± νδ in the update just made
    spread: Array  # (*batch) their standard deviation σ_R


@algorithm
def ars(
    problem: Steering,
    theta0: Array,
    *,
    nu: Number,
    alpha: Number = 1.0,
    directions: int = 8,
    size: int = 8,
    rng: np.random.Generator,
) -> Iterator[Search]:
    """Augmented random search: Θ += α/(n σ_R) Σ (R(Θ + νδ) − R(Θ − νδ)) δ.

    Parameters
    ----------
    problem : Steering
        Draws goals and says what reaching them costs; its κ_r may be an array (*batch).
    theta0 : array (*batch, d)
        Where to start.
    nu, alpha : number or array (*batch)
        How far to look, and how far to go.
    directions, size : int
        Directions δ, and goals, drawn for each update.
    rng : numpy.random.Generator
        Draws them.

    Raises
    ------
    ValueError
        If a parameter isn't positive.
    """
    theta, nu, alpha, kappa_r = replicates(theta0, nu, alpha, problem.kappa_r)
    problem = replace(problem, kappa_r=kappa_r[..., None])  # Θ gets two axes more, of signs and directions
    for name, value in (("nu", nu), ("alpha", alpha), ("directions", directions), ("size", size)):
        require(np.asarray(value) > 0, name, value, "positive")
    batch, d = theta.shape[:-1], theta.shape[-1]
    returns, spread = np.zeros((*batch, 2, directions)), np.zeros(batch)
    signs = np.array([1.0, -1.0])[:, None, None]
    while True:
        yield Search(theta, returns, spread)
        goals = problem.sample(rng, (*batch, size))[..., None, None, :, :]
        delta = rng.normal(size=(*batch, directions, d))
        looked = theta[..., None, None, :] + nu[..., None, None] * signs * delta[..., None, :, :]
        returns = -problem.sample_value(looked, goals)
        spread = returns.std((-2, -1))
        slope = ((returns[..., 0, :] - returns[..., 1, :])[..., None] * delta).sum(-2)
        theta = theta + alpha / (directions * np.maximum(spread, 1e-300)[..., None]) * slope
