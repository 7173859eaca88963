"""Problems of last iterates: worst of affine pieces, a distance, and the instance on which 1/√t loses a logarithm."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import linprog, minimize

from optilab.core.check import require
from optilab.problems.oracles import Simple, check_samples
from optilab.problems.simple import L1, Ball, Simplex, SquaredNorm, Zero


@dataclass(frozen=True)
class Distance:
    """f(x) = slope · ‖x − a‖₂, with minimum 0 at a (d,) and no simple part."""

    a: np.ndarray
    slope: float = 1.0
    minimum = 0.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (..., d) → (...)."""
        return self.slope * np.linalg.norm(x - self.a, axis=-1)

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """A subgradient at x (..., d): slope times the direction away from a, 0 at a itself."""
        away = x - self.a
        length = np.sqrt(np.vecdot(away, away))[..., None]
        return self.slope * away / np.where(length > 0, length, 1)

    @property
    def minimizer(self) -> np.ndarray:
        """The point a."""
        return self.a


@dataclass(frozen=True)
class MaxAffine:
    """f(x) = max_k (⟨a_k, x⟩ + b_k) with the a_k as columns of A (d, n) and b (n,); plus a simple part h."""

    A: np.ndarray
    b: np.ndarray
    simple: Simple = field(default_factory=Zero)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value of f + h at x (..., d) → (...)."""
        return (x @ self.A + self.b).max(-1) + self.simple(x)

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """The slope a_k of the first largest piece at x (..., d)."""
        return self.A.T[(x @ self.A + self.b).argmax(-1)]

    @cached_property
    def minimizer(self) -> np.ndarray:
        """A minimiser over the simplex, by linear programming.

        Raises
        ------
        ValueError
            If the simple part is another.
        """
        require(isinstance(self.simple, Simplex), "the simple part", self.simple, "Simplex() for an exact minimum")
        d, n = self.A.shape
        found = linprog(
            np.append(np.zeros(d), 1.0),
            A_ub=np.column_stack([self.A.T, -np.ones(n)]),
            b_ub=-self.b,
            A_eq=np.append(np.ones(d), 0.0)[None],
            b_eq=[1.0],
            bounds=[(0, None)] * d + [(None, None)],
        )
        return np.array(found.x)[:d]

    @cached_property
    def minimum(self) -> float:
        """The smallest value over the simplex."""
        return float((self.minimizer @ self.A + self.b).max())


@dataclass(frozen=True)
class AbsoluteRegression:
    """F(x) = (1/m) Σ |⟨a_i, x⟩ − b_i| + h(x): linear regression that outliers can't spoil.

    Parameters
    ----------
    A : array (m, d)
        Its rows a_i.
    b : array (m,)
        Observations.
    simple : Simple
        h.
    noise : float
        The oracle returns g + noise · (ĝ − g), where ĝ is the subgradient of one random row and g the mean of all.
    """

    A: np.ndarray
    b: np.ndarray
    simple: Simple = field(default_factory=Zero)
    noise: float = 1.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value of f + h at x (..., d) → (...)."""
        return abs(x @ self.A.T - self.b).mean(-1) + self.simple(x)

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """The mean of sign(⟨a_i, x⟩ − b_i) a_i at x (..., d)."""
        return np.sign(x @ self.A.T - self.b) @ self.A / len(self.b)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Numbers of random rows: size (*batch, m) → (*batch, m)."""
        return rng.integers(len(self.b), size=size)

    def sample_grad(self, x: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """The mean subgradient of sampled rows (*batch, m) at x (*batch, d), its noise scaled: (*batch, d)."""
        check_samples(x, sample.shape)
        a = self.A[sample]
        some = np.vecmat(np.sign(np.matvec(a, x) - self.b[sample]), a) / sample.shape[-1]
        if self.noise == 1:
            return some
        exact = self.subgrad(x)
        return exact + self.noise * (some - exact)

    @property
    def M(self) -> float:
        """Twice a Lipschitz constant of f, 2‖A‖₂/√m."""
        return float(2 * np.linalg.norm(self.A, 2) / np.sqrt(len(self.b)))

    @property
    def sigma(self) -> float:
        """A bound on the root mean square of the noise: noise · √(mean ‖a_i‖²)."""
        return float(self.noise * np.sqrt((self.A**2).sum(-1).mean()))

    @cached_property
    def minimizer(self) -> np.ndarray:
        """By linear programming for h = 0 or λ‖x‖₁; from the dual for h = ½μ‖x‖².

        Raises
        ------
        ValueError
            If the simple part is another.
        """
        m, d = self.A.shape
        if isinstance(self.simple, SquaredNorm):
            return self._from_dual(self.simple.mu)
        require(isinstance(self.simple, L1 | Zero), "the simple part", self.simple, "Zero(), L1 or SquaredNorm")
        weight = self.simple.weight if isinstance(self.simple, L1) else 0.0
        # x = u − v with u, v ≥ 0, and residuals at most r in size
        found = linprog(
            np.concatenate([np.full(2 * d, weight), np.full(m, 1 / m)]),
            A_ub=np.block([[self.A, -self.A, -np.eye(m)], [-self.A, self.A, -np.eye(m)]]),
            b_ub=np.concatenate([self.b, -self.b]),
        )
        plus, minus = np.array(found.x)[: 2 * d].reshape(2, d)
        return plus - minus

    def _from_dual(self, mu: float) -> np.ndarray:
        """The minimiser −Aᵀy/μ where y maximises −⟨b, y⟩ − ‖Aᵀy‖²/(2μ) over |yᵢ| ≤ 1/m."""
        m = len(self.b)

        def loss(y: np.ndarray) -> tuple[float, np.ndarray]:
            pull = y @ self.A
            return float(self.b @ y + pull @ pull / (2 * mu)), self.b + self.A @ pull / mu

        precise = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 20_000, "maxfun": 100_000}
        box = [(-1 / m, 1 / m)] * m
        settings: dict[str, Any] = {"jac": True, "method": "L-BFGS-B", "bounds": box, "options": precise}
        y = minimize(loss, np.zeros(m), **settings).x
        return -y @ self.A / mu

    @cached_property
    def minimum(self) -> float:
        """The smallest value of f + h."""
        return float(self(self.minimizer))


def outliers(seed: int, simple: Simple | None = None, *, m: int = 100, d: int = 10) -> AbsoluteRegression:
    """Regression with a sparse truth and errors of Student's t distribution with two degrees of freedom.

    Parameters
    ----------
    seed : int
        Of the data.
    simple : Simple
        h; none by default.
    m, d : int
        Rows and columns.
    """
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, d))
    truth = rng.standard_normal(d) * (rng.random(d) < 0.5)
    return AbsoluteRegression(A, A @ truth + rng.standard_t(2, m), simple or Zero())


def scenarios(seed: int, d: int = 200, n: int = 20) -> MaxAffine:
    """A portfolio of d assets under n scenarios: the worst loss max_k ⟨a_k, x⟩ over the simplex, two assets good.

    Losses are uniform on [−1, 1]; those of the good assets are 0.5 lower.
    """
    require(d >= 18, "d", d, "at least 18")
    A = np.random.default_rng(seed).uniform(-1, 1, (d, n))
    A[[3, 17]] -= 0.5
    return MaxAffine(A, np.zeros(n), Simplex())


TIE = 1e-12  # pieces within this of the largest count as active


@dataclass(frozen=True)
class Harvey:
    """The instance for a horizon of T steps on which step sizes 1/√t leave the last iterate a factor log T behind.

    On the unit ball of ℝᵀ, f(x) = max_{i ≤ T+1} ⟨h_i, x⟩ with

        h_ij = a_j for j < i,   −b_i for j = i ≤ T,   0 for j > i,   a_j = 1/(8(T−j+1)),   b_j = √j/(2√T).

    It is 1-Lipschitz with the minimum f(0) = 0. Source: N. J. A. Harvey, C. Liaw, Y. Plan, S. Randhawa,
    "Tight analyses for non-smooth stochastic gradient descent", 2019 (arXiv 1812.05217).
    """

    T: int
    minimum = 0.0

    def __post_init__(self) -> None:
        require(self.T >= 2, "T", self.T, "at least 2")

    @property
    def simple(self) -> Ball:
        """The constraint: the unit ball."""
        return Ball(1.0)

    @cached_property
    def a(self) -> np.ndarray:
        """What a later step's slope has on coordinate j: (T,)."""
        return 1 / (8 * (self.T - np.arange(self.T)))

    @cached_property
    def b(self) -> np.ndarray:
        """What step j's own slope has on coordinate j: (T,)."""
        return np.sqrt(np.arange(1, self.T + 1) / self.T) / 2

    def pieces(self, x: np.ndarray) -> np.ndarray:
        """All ⟨h_i, x⟩ at x (..., T) → (..., T + 1), by one cumulative sum."""
        before = np.cumsum(self.a * x, -1)
        zero = np.zeros((*x.shape[:-1], 1))
        return np.concatenate([zero, before], -1) - np.concatenate([self.b * x, zero], -1)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (..., T) → (...)."""
        return self.pieces(x).max(-1) + self.simple(x)

    def active(self, x: np.ndarray) -> np.ndarray:
        """The smallest index i − 1 of an active piece at x (..., T) → (...)."""
        pieces = self.pieces(x)
        return (pieces >= pieces.max(-1, keepdims=True) - TIE).argmax(-1)

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """The slope of the first active piece at x (..., T), the adversary's choice."""
        i = self.active(x)[..., None]
        j = np.arange(self.T)
        return np.where(j < i, self.a, np.where(j == i, -self.b, 0.0))

    @property
    def minimizer(self) -> np.ndarray:
        """The origin, (T,): 0 is a convex combination of the h_i, so that none of their maxima is negative."""
        return np.zeros(self.T)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Nothing is random here: zeros (*batch, m)."""
        return np.zeros(size)

    def sample_grad(self, x: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """The subgradient, whatever the samples (*batch, m)."""
        check_samples(x, sample.shape)
        return self.subgrad(x)

    def point(self, eta: np.ndarray, t: int) -> np.ndarray:
        """Where t − 1 subgradient steps of sizes eta (T,) from 0 lead, as long as the ball isn't active: x^t (T,).

        Step j puts a spike η_j b_j on coordinate j; each later one lowers it by η a_j.
        """
        later = np.cumsum(eta[: t - 1])[-1:] - np.cumsum(eta[: t - 1])
        x = np.zeros(self.T)
        x[: t - 1] = eta[: t - 1] * self.b[: t - 1] - self.a[: t - 1] * later
        return x

    def values(self, eta: np.ndarray) -> np.ndarray:
        """f(x^1), …, f(x^{T+1}) along that path, in closed form: (T + 1,)."""
        total = np.cumsum(eta)
        spikes = np.cumsum(self.a * eta * self.b)
        squares, weighted = np.cumsum(self.a**2), np.cumsum(self.a**2 * total)
        return np.append(0.0, spikes - total * squares + weighted)

    def average(self, eta: np.ndarray) -> np.ndarray:
        """The average of x^2, …, x^{T+1} on that path, in closed form: (T,)."""
        total = np.cumsum(eta)
        present = self.T - np.arange(self.T)  # iterates that have the spike
        sum_later = np.cumsum(total[::-1])[::-1] - present * total
        return (present * eta * self.b - self.a * sum_later) / self.T
