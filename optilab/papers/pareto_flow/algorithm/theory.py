"""What can be said without data: the Gaussian flow, how far guidance and selection can push, the least loss."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

from optilab.core.check import require, whole
from optilab.problems.oracles import Number

Array = np.ndarray


@dataclass(frozen=True)
class GaussianFlow:
    """The exact velocity for data N(m, s²) in every coordinate: v = E[x₁ | x_t] − E[x₀ | x_t].

    Parameters
    ----------
    m, s : number or array (d,)
        Mean and standard deviation, s positive.
    """

    m: Number = 0.0
    s: Number = 1.0

    def __post_init__(self) -> None:
        require(np.asarray(self.s) > 0, "s", self.s, "positive")

    def variance(self, t: Number) -> Array:
        """V = t²s² + (1 − t)², of x_t."""
        return np.asarray(t**2 * self.s**2 + (1 - t) ** 2)

    def end(self, x: Array, t: Number) -> Array:
        """E[x₁ | x_t = x] = m + t s² (x − t m)/V."""
        return self.m + t * self.s**2 / self.variance(t) * (x - t * self.m)

    def start(self, x: Array, t: Number) -> Array:
        """E[x₀ | x_t = x] = (1 − t)(x − t m)/V."""
        return (1 - t) / self.variance(t) * (x - t * self.m)

    def score(self, x: Array, t: Number) -> Array:
        """∇ log p_t(x) = −(x − t m)/V."""
        return -(x - t * self.m) / self.variance(t)

    def __call__(self, x: Array, t: Number) -> Array:
        """Velocity at x and t."""
        return self.end(x, t) - self.start(x, t)


def guidance_budget(gamma: Number, t_min: Number) -> Array:
    """∫ γ (1 − t)/t dt from t_min to 1 = γ (t_min − 1 − ln t_min): standard deviations per unit of gradient.

    Raises
    ------
    ValueError
        If γ is negative or t_min not in (0, 1].
    """
    gamma, t_min = np.asarray(gamma), np.asarray(t_min)
    require(gamma >= 0, "gamma", gamma, "0 or more")
    require((t_min > 0) & (t_min <= 1), "t_min", t_min, "in (0, 1]")
    return gamma * (t_min - 1 - np.log(t_min))


def push(gamma: float, t_min: float, s: float = 1.0) -> float:
    """How far guidance of a gradient of size 1 carries the Gaussian flow: γ s ∫ (1 − t)/(t √V) dt from t_min to 1.

    For s = 1 between 1 and √2 times the budget; for narrow data nearly −γ s ln t_min.

    Raises
    ------
    ValueError
        If γ is negative, t_min not in (0, 1] or s not positive.
    """
    require(gamma >= 0, "gamma", gamma, "0 or more")
    require(0 < t_min <= 1, "t_min", t_min, "in (0, 1]")
    flow = GaussianFlow(0.0, s)
    return float(gamma * s * quad(lambda t: (1 - t) / (t * np.sqrt(flow.variance(t))), t_min, 1)[0])


def noise_spread(g: Number, t_min: Number) -> Array:
    """How far the offspring's noise alone carries a sample, g √(1 − t_min): standard deviations, whatever T."""
    return g * np.sqrt(1 - np.asarray(t_min))


def selection_drift(g: Number, t_min: Number, T: int, candidates: int) -> Array:
    """How far choosing the best of so many candidates carries it along a fixed direction, c g (1 − t_min) √T.

    c is the mean of the largest of `candidates` standard normals: a step moves by c g √Δt, and there are (1 − t_min) T.

    Raises
    ------
    ValueError
        If a number is not allowed.
    """
    g, t_min = np.asarray(g), np.asarray(t_min)
    require(g >= 0, "g", g, "0 or more")
    require((t_min >= 0) & (t_min <= 1), "t_min", t_min, "between 0 and 1")
    require(whole(T, 2), "T", T, "a whole number, 2 or more")
    return largest_normal(candidates) * g * (1 - t_min) * np.sqrt(T)


def largest_normal(count: int) -> float:
    """The mean of the largest of `count` standard normal numbers."""
    require(whole(count, 1), "count", count, "a whole number, 1 or more")
    z = np.linspace(-10, 10, 4001)
    return float(np.trapezoid(z * count * norm.pdf(z) * norm.cdf(z) ** (count - 1), z))


def loss_floor(s: Number = 1.0) -> Array:
    """The least mean square per coordinate of any velocity for N(m, s²) data, s π/2."""
    require(np.asarray(s) > 0, "s", s, "positive")
    return np.asarray(s) * np.pi / 2
