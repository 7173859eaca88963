"""A linear plant with two states steered by a noisy linear policy, with a bounded reward whose mean is exact.

    x' = A x + B u + w,   u ~ N(θ·x, σ²),   r = exp(−½(xᵀQx + R u²)) − 1 + shift

Everything is Gaussian, so E r_t is a determinant of the covariance S_t = E x xᵀ:
E r_t = [(1 + Rσ²)(1 + tr K S_t + det K det S_t)]^(−1/2) − 1 + shift with K = Q + R/(1 + Rσ²) θθᵀ.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

from optilab.core.check import as_annotated, require, whole
from optilab.problems.episodes import Array, GaussianPolicy, Trajectory, check_episodes


@dataclass(frozen=True, eq=False)
class LinearGaussian(GaussianPolicy):
    """The plant, its reward and the spread of its policy.

    Parameters
    ----------
    sigma : float
        Standard deviation of the action, positive.
    gamma : float
        Discount, in [0, 1).
    H : int
        Steps of a trajectory.
    A, B : arrays (2, 2), (2,)
        The plant.
    Q, R : array (2, 2) positive definite, and float, 0 or more
        What the reward punishes.
    noise, start : float
        Standard deviations of each entry of w, and of x₀.
    shift : float
        Added to every reward: it changes no preference, only the noise of gradients.

    Raises
    ------
    ValueError
        If a shape doesn't fit or a number is not allowed.
    """

    sigma: float = 0.7
    gamma: float = 0.9
    H: int = 20
    A: Array = field(default_factory=lambda: np.array([[0.95, 0.3], [0.0, 0.9]]))
    B: Array = field(default_factory=lambda: np.array([0.0, 0.35]))
    Q: Array = field(default_factory=lambda: np.diag([1.5, 0.3]))
    R: float = 0.05
    noise: float = 0.1
    start: float = 0.8
    shift: float = 0.0

    def __post_init__(self) -> None:
        as_annotated(type(self), (), vars(self))
        check_episodes(self.gamma, self.H)
        require(0 < self.sigma < np.inf, "sigma", self.sigma, "positive and finite")
        for name, shape in (("A", (2, 2)), ("B", (2,)), ("Q", (2, 2))):
            matrix = np.asarray(getattr(self, name), dtype=float)
            require(matrix.shape == shape, f"the shape of {name}", matrix.shape, str(shape))
            require(np.isfinite(matrix), name, matrix, "finite")
            object.__setattr__(self, name, matrix)
        definite = np.allclose(self.Q, self.Q.T) and (np.linalg.eigvalsh(self.Q) > 0).all()
        require(definite, "Q", self.Q, "symmetric and positive definite")
        for name in ("R", "noise", "start"):
            require(0 <= getattr(self, name) < np.inf, name, getattr(self, name), "0 or more and finite")
        require(np.isfinite(self.shift), "shift", self.shift, "finite")

    @property
    def p(self) -> int:
        """Two parameters."""
        return 2

    def covariances(self, theta: Array) -> Array:
        """S_t = E x_t x_tᵀ: (*batch, 2) → (*batch, H, 2, 2)."""
        closed = self.A + self.B[:, None] * self.parameters(theta)[..., None, :]
        added = self.sigma**2 * np.outer(self.B, self.B) + self.noise**2 * np.eye(2)
        S = np.empty((self.H, *closed.shape))
        S[0] = self.start**2 * np.eye(2)
        for t in range(self.H - 1):
            S[t + 1] = closed @ S[t] @ closed.mT + added
        return np.moveaxis(S, 0, -3)

    def rewards(self, theta: Array) -> Array:
        """E r_t: (*batch, 2) → (*batch, H).

        Where the loop is unstable det S_t loses its sign to rounding; it is then taken as zero.
        """
        theta = self.parameters(theta)
        spread = 1 + self.R * self.sigma**2
        K = self.Q + self.R / spread * theta[..., None] * theta[..., None, :]
        S = self.covariances(theta)
        trace = (K[..., None, :, :] * S).sum((-2, -1))
        product = _det(K)[..., None] * np.maximum(_det(S), 0)
        return (spread * (1 + trace + product)) ** -0.5 - 1 + self.shift

    def __call__(self, theta: Array) -> Array:
        """J_H(θ), exact: (*batch, 2) → (*batch)."""
        return self.rewards(theta) @ self.discounts

    def beyond(self, theta: Array, steps: int = 300) -> Array:
        """J − J_H, what the horizon cuts off: (*batch, 2) → (*batch).

        `steps` steps count exactly, the rest as if the last reward went on.

        Raises
        ------
        ValueError
            If `steps` is no whole number from 1 on, or a shape doesn't fit.
        """
        require(whole(steps, 1), "steps", steps, "a whole number, 1 or more")
        longer = replace(self, H=max(steps, self.H))
        rewards = longer.rewards(theta)
        tail = self.gamma**longer.H * rewards[..., -1] / (1 - self.gamma)
        return rewards[..., self.H :] @ longer.discounts[self.H :] + tail

    def fisher(self, theta: Array) -> Array:
        """Σ_t γ^t S_t/(σ² Σ_t γ^t), the Fisher matrix over H steps: (*batch, 2, 2)."""
        weights = self.discounts / self.discounts.sum()
        return np.einsum("t,...tij->...ij", weights, self.covariances(theta)) / self.sigma**2

    @cached_property
    def maximizer(self) -> Array:
        """The best θ, found from θ = 0 by BFGS on the exact objective."""
        found = minimize(lambda theta: -self(theta), np.zeros(2), jac=lambda theta: -self.grad(theta), method="BFGS")
        return np.asarray(found.x)

    @cached_property
    def maximum(self) -> float:
        """J_H at the best θ."""
        return float(self(self.maximizer))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Standard normal numbers (*size, H, 3): x₀ or w (two) and the action's (one) for each step."""
        size = (size,) if isinstance(size, int | np.integer) else tuple(size)
        return rng.standard_normal(size=(*size, self.H, 3))

    def rollout(self, theta: Array, noise: Array) -> Trajectory:
        """Trajectories of θ (*batch, 2) on noise (*batch, N, H, 3).

        x⁺ = (A + Bθᵀ) x + σξB + w, as a sum over all inputs σξB + w that is built up by doubling.
        """
        theta = self.parameters(theta)
        spread = self.sigma * noise[..., 2]
        x = np.empty((*noise.shape[:-1], 2))
        x[..., 0, :] = self.start * noise[..., 0, :2]
        x[..., 1:, :] = self.noise * noise[..., 1:, :2] + spread[..., :-1, None] * self.B
        power, reach = (self.A + self.B[:, None] * theta[..., None, :]).mT[..., None, :, :], 1
        while reach < self.H:  # each state knows of its last `reach` inputs; now of twice as many
            x[..., reach:, :] += x[..., :-reach, :] @ power
            power, reach = power @ power, 2 * reach
        u = _dot(x, theta[..., None, None, :]) + spread
        cost = _dot(x @ self.Q, x) + self.R * u**2
        return Trajectory(x, u, np.exp(-cost / 2) - 1 + self.shift)


def _dot(x: Array, y: Array) -> Array:
    """Σ x_i y_i of vectors with two entries, faster than a sum along so short an axis."""
    return x[..., 0] * y[..., 0] + x[..., 1] * y[..., 1]


def _det(M: Array) -> Array:
    """Determinants of 2 × 2 matrices."""
    return M[..., 0, 0] * M[..., 1, 1] - M[..., 0, 1] * M[..., 1, 0]
