"""Environments of the stochastically extended adversarial model: gradients are a mean that drifts, and noise.

In round t a distribution is picked, f_t is drawn from it, and F_t = E f_t. Two sums say how hard that is:
σ²_{1:T} = Σ sup_x E‖∇f_t(x) − ∇F_t(x)‖² and Σ²_{1:T} = Σ sup_x ‖∇F_t(x) − ∇F_{t−1}(x)‖² with ∇F_0 = 0. For the losses
here both suprema are attained at every x, so that the sums are numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import AnyNumber, require, whole
from optilab.problems.mirror import Mahalanobis
from optilab.problems.oracles import Number, Revealed
from optilab.problems.simple import UNIT_BALL

Array = np.ndarray


def length(v: Array) -> Array:
    """‖v‖ along the last axis."""
    return np.sqrt(np.vecdot(v, v))


def linearised_regret(g: Array, x: Array, radius: float = 1.0) -> Array:
    """Σ⟨g_s, x_s⟩ + R‖Σ g_s‖ after every round: the regret against the best point of a centred ball for linear losses.

    Parameters
    ----------
    g, x : arrays (T, *batch, d)
        Gradients that were seen, and plays.
    radius : float
        R.

    Returns
    -------
    array (T, *batch)
    """
    return np.cumsum(np.vecdot(g, x), 0) + radius * length(np.cumsum(g, 0))


def _checked(means: Array, noise: Array, sigma: Number) -> None:
    """Refuse what are no rounds."""
    require(
        np.ndim(means) >= 2 and len(means) >= 1, "the shape of the rounds", np.shape(means), "(T, *batch, d), T ≥ 1"
    )
    require(len(noise) == len(means), "the number of rounds with noise", len(noise), f"T = {len(means)}")
    require(np.greater_equal(sigma, 0), "sigma", sigma, "0 or more")


@dataclass(frozen=True)
class Linear:
    """Noisy linear losses f_t(x) = ⟨m_t + noise_t, x⟩ on a centred ball.

    Parameters
    ----------
    m : array (T, *batch, d)
        The mean gradients.
    noise : array (T, *batch, d)
        What was drawn, of mean 0.
    sigma : number or array (*batch)
        √E‖noise_t‖².
    radius : float
        R of the ball.
    """

    m: Array
    noise: Array
    sigma: Number = 0.0
    radius: float = 1.0

    def __post_init__(self) -> None:
        _checked(self.m, self.noise, self.sigma)
        require(self.radius > 0, "radius", self.radius, "positive")

    @property
    def T(self) -> int:
        """The number of rounds."""
        return len(self.m)

    @cached_property
    def g(self) -> Array:
        """The gradients that are drawn: (T, *batch, d)."""
        return self.m + self.noise

    @property
    def G(self) -> Array:
        """The longest gradient of each replicate: (*batch)."""
        return length(self.g).max(0)

    def reveal(self, t: int, x: Array) -> Revealed:
        """g_t, whatever x is."""
        g = self.g[t - 1] + np.zeros_like(x)
        return Revealed(g, np.vecdot(g, x), self.m[t - 1] + np.zeros_like(x))

    def static_regret(self, x: Array) -> Array:
        """Σ F_s(x_s) − min_u Σ F_s(u) after every round, for plays x (T, *batch, d): (T, *batch)."""
        return linearised_regret(self.m, x, self.radius)

    def dynamic_regret(self, x: Array) -> Array:
        """Σ F_s(x_s) − min F_s after every round: (T, *batch)."""
        return np.cumsum(np.vecdot(self.m, x) + self.radius * length(self.m), 0)

    @property
    def noise_total(self) -> Array:
        """σ²_{1:T}: (*batch)."""
        return self.T * np.square(self.sigma)

    @property
    def drift_total(self) -> Array:
        """Σ²_{1:T}: (*batch)."""
        return (np.diff(self.m, axis=0, prepend=0) ** 2).sum((0, -1))


@dataclass(frozen=True)
class Tracking:
    """Quadratics f_t(x) = ½‖x − θ_t‖² + ⟨noise_t, x⟩ with moving targets inside the ball; smooth with L = 1.

    Parameters
    ----------
    theta : array (T, *batch, d)
        The targets.
    noise : array (T, *batch, d)
        What was drawn, of mean 0.
    sigma : number or array (*batch)
        √E‖noise_t‖².
    """

    theta: Array
    noise: Array
    sigma: Number = 0.0

    def __post_init__(self) -> None:
        _checked(self.theta, self.noise, self.sigma)

    @property
    def T(self) -> int:
        """The number of rounds."""
        return len(self.theta)

    def reveal(self, t: int, x: Array) -> Revealed:
        """The gradient is x − θ_t + noise_t."""
        mean = x - self.theta[t - 1]
        pushed = np.vecdot(self.noise[t - 1], x)
        return Revealed(mean + self.noise[t - 1], 0.5 * np.vecdot(mean, mean) + pushed, mean)

    def static_regret(self, x: Array) -> Array:
        """Σ F_s(x_s) − min_u Σ F_s(u) after every round, for plays x (T, *batch, d): the best u is the mean target."""
        rounds = np.arange(1, self.T + 1).reshape(-1, *[1] * (self.theta.ndim - 2))
        total = np.cumsum(self.theta, 0)
        least = 0.5 * np.cumsum(np.vecdot(self.theta, self.theta), 0) - 0.5 * np.vecdot(total, total) / rounds
        return self.dynamic_regret(x) - least

    def dynamic_regret(self, x: Array) -> Array:
        """Σ ½‖x_s − θ_s‖² after every round: (T, *batch)."""
        return np.cumsum(0.5 * ((x - self.theta) ** 2).sum(-1), 0)

    @property
    def path_length(self) -> Array:
        """P_T = Σ‖θ_t − θ_{t−1}‖, the first not counted: (*batch)."""
        return length(np.diff(self.theta, axis=0)).sum(0)

    @property
    def noise_total(self) -> Array:
        """σ²_{1:T}: (*batch)."""
        return self.T * np.square(self.sigma)

    @property
    def drift_total(self) -> Array:
        """Σ²_{1:T}: the first round counts (1 + ‖θ_1‖)², the largest gradient in the unit ball."""
        return (1 + length(self.theta[0])) ** 2 + (np.diff(self.theta, axis=0) ** 2).sum((0, -1))


@dataclass(frozen=True)
class Regression:
    """Square losses f_t(x) = ½(⟨a_t, x⟩ − y_t)² on the unit ball; with ‖a‖, |y| ≤ 1, G = 2 and ¼-exp-concave.

    Parameters
    ----------
    A : array (T, *batch, d)
        Inputs.
    y : array (T, *batch)
        What is to be predicted.
    """

    A: Array
    y: Array

    def __post_init__(self) -> None:
        _checked(self.A, self.A, 0.0)
        require(np.shape(self.y) == np.shape(self.A)[:-1], "the shape of y", np.shape(self.y), "that of A without d")

    @property
    def T(self) -> int:
        """The number of rounds."""
        return len(self.A)

    def reveal(self, t: int, x: Array) -> Revealed:
        """(⟨a_t, x⟩ − y_t) a_t; nothing is known of its mean, so the gradient stands for that, too."""
        a = self.A[t - 1]
        miss = np.vecdot(a, x) - self.y[t - 1]
        return Revealed(miss[..., None] * a, 0.5 * miss**2, miss[..., None] * a)

    @cached_property
    def best(self) -> Array:
        """The point of the unit ball with the least total loss: (*batch, d)."""
        A, y = np.moveaxis(self.A, 0, -2), np.moveaxis(self.y, 0, -1)
        moments, towards = np.swapaxes(A, -1, -2) @ A, np.vecmat(y, A)
        return Mahalanobis(moments).step(UNIT_BALL, np.zeros_like(towards), -towards, 1.0)

    def regret_so_far(self, x: Array) -> Array:
        """Σ f_s(x_s) − f_s(u) after every round, for plays x (T, *batch, d) and the best u of all: (T, *batch)."""
        missed, least = (np.vecdot(self.A, point) - self.y for point in (x, self.best))
        return 0.5 * np.cumsum(missed**2 - least**2, 0)

    def static_regret(self, x: Array) -> Array:
        """Σ f_t(x_t) − f_t(u) over all rounds: (*batch)."""
        return self.regret_so_far(x)[-1]


# What is drawn


def normals(seeds: Sequence[int], T: int, d: int) -> Array:
    """Standard normal numbers of every seed: (T, seeds, d)."""
    return np.stack([np.random.default_rng(seed).standard_normal((T, d)) for seed in seeds], 1)


def scaled(xi: Array, sigma: Number) -> Array:
    """Standard normal numbers (T, *batch, d) as noise of the length σ in the root mean square."""
    return np.asarray(sigma)[..., None] * xi / np.sqrt(xi.shape[-1])


def spinning(T: int, P: AnyNumber, sigma: Number, seeds: Sequence[int], flip: float = 0.0) -> Linear:
    """Linear losses on the disc whose mean (cos 2πt/P, sin 2πt/P) turns once in P rounds, with noise.

    Parameters
    ----------
    T : int
        Rounds.
    P : number or array (*batch, 1)
        Period; at infinity the rounds are independent and alike.
    sigma : number or array (*batch, 1)
        Noise.
    seeds : sequence of int
        Of the noise; the last axis of the batch.
    flip : float
        With this probability a mean is turned round, by a generator of its own: a corruption.
    """
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    require(np.greater(P, 0), "P", P, "positive")
    require(0 <= flip <= 1, "flip", flip, "between 0 and 1")
    xi = normals(seeds, T, 2)
    shape = np.broadcast_shapes(np.shape(P), np.shape(sigma), (len(seeds),))
    angle = 2 * np.pi * np.arange(1, T + 1).reshape(-1, *[1] * len(shape)) / np.asarray(P)
    m = np.stack([np.cos(angle), np.sin(angle)], -1)
    if flip:
        turned = np.stack([np.random.default_rng([seed, 1]).random(T) < flip for seed in seeds], 1)
        m = m * np.where(turned, -1.0, 1.0).reshape(T, *[1] * (len(shape) - 1), len(seeds), 1)
    m = np.broadcast_to(m, (T, *shape, 2))
    return Linear(m, scaled(xi.reshape(T, *[1] * (len(shape) - 1), len(seeds), 2), sigma), sigma)


def alternating(T: int) -> Linear:
    """Gradients (1, 0), (−1, 0), (1, 0), …: the last one is always the worst guess at the next."""
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    m = np.stack([(-1.0) ** np.arange(T), np.zeros(T)], -1)
    return Linear(m, np.zeros_like(m))


def random_signs(T: int, seeds: Sequence[int]) -> Linear:
    """Gradients (±1, 0) by a fair coin: a batch of one replicate a seed."""
    signs = np.stack([np.random.default_rng(seed).choice([-1.0, 1.0], T) for seed in seeds], 1)
    m = np.stack([signs, np.zeros_like(signs)], -1)
    return Linear(m, np.zeros_like(m))


Path = Callable[[np.random.Generator], Array]  # draws the targets θ_1 … θ_T, (T, d)


def switching(T: int, block: int, d: int = 5) -> Path:
    """Targets of length 0.8 that jump to a random direction every `block` rounds."""
    require(whole(block, 1), "block", block, "a whole number, 1 or more")

    def draw(rng: np.random.Generator) -> Array:
        directions = np.stack([rng.standard_normal(d) for _ in range(-(-T // block))])
        return np.repeat(0.8 * directions / length(directions)[:, None], block, axis=0)[:T]

    return draw


def rotating(T: int, P: float, d: int = 5) -> Path:
    """A target of length 0.8 that turns once in P rounds, in the plane of the first two coordinates."""
    require(P > 0, "P", P, "positive")
    angle = 2 * np.pi * np.arange(T) / P
    theta = np.zeros((T, d))
    theta[:, 0], theta[:, 1] = 0.8 * np.cos(angle), 0.8 * np.sin(angle)
    return lambda rng: theta


def fixed(T: int, d: int = 5) -> Path:
    """One target of length ½ for all rounds."""
    return lambda rng: np.full((T, d), 0.5 / np.sqrt(d))


def tracking(path: Path, sigma: Number, seeds: Sequence[int]) -> Tracking:
    """Noisy quadratics whose targets go along `path`; of each seed the targets are drawn first, then the noise.

    Parameters
    ----------
    path : function
        `switching`, `rotating` or `fixed`.
    sigma : number or array (*batch, 1)
        Noise.
    seeds : sequence of int
        The last axis of the batch.
    """
    drawn = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        theta = path(rng)
        drawn.append((theta, rng.standard_normal(theta.shape)))
    theta, xi = (np.stack(parts, 1) for parts in zip(*drawn, strict=True))
    extra = [1] * (np.ndim(sigma) - 1)
    theta, xi = (part.reshape(len(part), *extra, *part.shape[1:]) for part in (theta, xi))
    return Tracking(theta, scaled(xi, sigma), sigma)


def regression(T: int, seeds: Sequence[int], sigma: float = 1.0) -> Regression:
    """Five unit inputs shrunk to (1, .5, .3, .2, .1), and answers ⟨a, x*⟩ + noise uniform in ±σ, clipped to ±1."""
    truth, scales = np.array([0.3, 0.3, -0.3, 0.3, 0.3]), np.array([1.0, 0.5, 0.3, 0.2, 0.1])
    rows = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        A = rng.standard_normal((T, 5))
        A = A / length(A)[:, None] * scales
        rows.append((A, np.clip(A @ truth + sigma * rng.uniform(-1, 1, T), -1, 1)))
    A, y = (np.stack(parts, 1) for parts in zip(*rows, strict=True))
    return Regression(A, y)
