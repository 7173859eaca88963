"""A pendulum to be held upright by a noisy policy: φ'' = sin φ − 0.1 φ' + u, seen as sin φ and φ', cut at ±3.

The objective has no closed form here; it is a mean over trajectories on fixed noise.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import as_annotated, require, whole
from optilab.problems.episodes import Array, GaussianPolicy, Trajectory, check_episodes

TICK, FRICTION, FASTEST = 0.05, 0.1, 3.0


@dataclass(frozen=True, eq=False)
class Pendulum(GaussianPolicy):
    """The pendulum, started near upright; u ~ N(θ·(sin φ, φ' cut at ±3), σ²), r = exp(−φ² − 0.1 φ'² − 0.01 u²) − 1.

    Parameters
    ----------
    sigma : float
        Standard deviation of the action, positive.
    gamma : float
        Discount, in [0, 1).
    H : int
        Steps of 0.05 seconds in a trajectory.
    start : float
        Standard deviation of the first angle (rad) and speed (rad/s).
    drawn : int
        Trajectories whose mean is the objective.

    Raises
    ------
    ValueError
        If a number is not allowed.
    """

    sigma: float = 0.5
    gamma: float = 0.97
    H: int = 80
    start: float = 0.3
    drawn: int = 2000

    def __post_init__(self) -> None:
        as_annotated(type(self), (), vars(self))
        check_episodes(self.gamma, self.H)
        require(0 < self.sigma < np.inf, "sigma", self.sigma, "positive and finite")
        require(0 <= self.start < np.inf, "start", self.start, "0 or more and finite")
        require(whole(self.drawn, 1), "drawn", self.drawn, "a whole number, 1 or more")

    @property
    def p(self) -> int:
        """Two gains."""
        return 2

    @cached_property
    def common_noise(self) -> Array:
        """The noise on which the objective is a mean: (drawn, H + 2)."""
        return self.sample(np.random.default_rng(0), self.drawn)

    def __call__(self, theta: Array) -> Array:
        """The mean return on the common noise: (*batch, 2) → (*batch)."""
        theta = self.parameters(theta)
        noise = np.broadcast_to(self.common_noise, (*theta.shape[:-1], *self.common_noise.shape))
        return self.returns(self.rollout(theta, noise)).mean(-1)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Standard normal numbers (*size, H + 2): the actions', then the first angle's and speed's."""
        size = (size,) if isinstance(size, int | np.integer) else tuple(size)
        return rng.standard_normal(size=(*size, self.H + 2))

    def motion(self, theta: Array, noise: Array) -> tuple[Array, Array, Array]:
        """Angles, speeds and actions (H, *batch, N) of θ (*batch, 2) on noise (*batch, N, H + 2)."""
        z = np.ascontiguousarray(np.moveaxis(noise, -1, 0))
        gain, damping = np.moveaxis(self.parameters(theta), -1, 0)[..., None]
        angles, speeds, actions = np.empty((3, *z[: self.H].shape))
        angle, speed = self.start * z[self.H], self.start * z[self.H + 1]
        for t in range(self.H):
            angles[t], speeds[t] = angle, speed
            pull = np.sin(angle)
            actions[t] = gain * pull + damping * np.minimum(np.maximum(speed, -FASTEST), FASTEST) + self.sigma * z[t]
            angle, speed = angle + TICK * speed, speed + TICK * (pull - FRICTION * speed + actions[t])
        return angles, speeds, actions

    def rollout(self, theta: Array, noise: Array) -> Trajectory:
        """Trajectories of θ (*batch, 2) on noise (*batch, N, H + 2)."""
        angle, speed, u = self.motion(theta, noise)
        r = np.exp(-(angle**2) - 0.1 * speed**2 - 0.01 * u**2) - 1
        features = np.stack([np.sin(angle), np.clip(speed, -FASTEST, FASTEST)], -1)
        return Trajectory(np.moveaxis(features, 0, -2), np.moveaxis(u, 0, -1), np.moveaxis(r, 0, -1))
