"""Problems solved by hand: a lower level with an affine set of solutions, one with an active inequality."""

from dataclasses import dataclass

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.lv_hba.problems.coupled import Affine, Coupled, Pair, QuadraticLevel, unconstrained

Array = np.ndarray


def one(entry: float) -> Array:
    """A matrix of one entry."""
    return np.full((1, 1), float(entry))


def halves(y: Array) -> Pair:
    """Y = (y₁, y₂): (*batch, 2n) → (*batch, n) twice."""
    n = y.shape[-1] // 2
    return y[..., :n], y[..., n:]


def joined(first: Array, second: Array) -> Array:
    """(y₁, y₂) as one vector, of the common batch."""
    batch = np.broadcast_shapes(first.shape[:-1], second.shape[:-1])
    return np.concatenate([np.broadcast_to(part, (*batch, part.shape[-1])) for part in (first, second)], -1)


class FlatUpper:
    """F = ½‖x − y₂‖² + ½‖y₁ − 1‖²."""

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        first, second = halves(y)
        return (((x - second) ** 2).sum(-1) + ((first - 1) ** 2).sum(-1)) / 2

    def grad_x(self, x: Array, y: Array) -> Array:
        """X − y₂: (*batch, n)."""
        return x - halves(y)[1]

    def grad_y(self, x: Array, y: Array) -> Array:
        """(y₁ − 1, y₂ − x): (*batch, 2n)."""
        first, second = halves(y)
        return joined(first - 1, second - x)


class FlatLower:
    """f = ½‖y₁‖² − xᵀy₁ + 1ᵀy₂, without any curvature in y₂."""

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        first, second = halves(y)
        return np.vecdot(first, first / 2 - x) + second.sum(-1)

    def grad_x(self, x: Array, y: Array) -> Array:
        """−y₁: (*batch, n)."""
        return -halves(y)[0]

    def grad_y(self, x: Array, y: Array) -> Array:
        """(y₁ − x, 1): (*batch, 2n)."""
        first, second = halves(y)
        return joined(first - x, np.ones_like(second))

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """(v₁, 0): (*batch, 2n)."""
        first, second = halves(v)
        return joined(first, np.zeros_like(second))

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """−v₁: (*batch, n)."""
        return -halves(v)[0]


def flat_solution(x: Array) -> Array:
    """Of the lower solutions at x the one that the upper level likes best: y₁ = x + 1, y₂ = x − 3 mean(x) − 1."""
    x = np.asarray(x)
    return joined(x + 1, x - 3 * x.mean(-1, keepdims=True) - 1)


def flat(n: int, row: float | None = None) -> Coupled:
    """A flat lower level: min f(x, y) with 1ᵀx + 1ᵀy₁ + 1ᵀy₂ = 0 leaves y₂ free up to its sum.

    The solution is x = −0.3, y₁ = 0.7, y₂ = −0.4, each times 1, with F = n/20.

    Parameters
    ----------
    n : int
        The length of x, y₁ and y₂.
    row : float, optional
        Every entry of the constraint's row; 1/√(3n) by default, for a row of norm 1.
    """
    require(whole(n, 1), "n", n, "a whole number, 1 or more")
    row = 1 / np.sqrt(3 * n) if row is None else row
    require(np.isfinite(row) and row > 0, "row", row, "positive and finite")
    return Coupled(
        FlatUpper(),
        FlatLower(),
        n,
        2 * n,
        flat_solution,
        coupling=Affine(np.full((1, n), row), np.full((1, 2 * n), row), np.zeros(1)),
        rows=1,
        low=-1000.0,
        high=1000.0,
        project=zero_mean,
        multiplier=lambda x: np.full((*np.shape(x)[:-1], 1), -1 / row),
    )


def zero_mean(x: Array, y: Array) -> Pair:
    """Project onto 1ᵀx + 1ᵀy = 0."""
    mean = (x.sum(-1, keepdims=True) + y.sum(-1, keepdims=True)) / (x.shape[-1] + y.shape[-1])
    return x - mean, y - mean


class RippleUpper:
    """F = e^{2−y}/(2 + cos 6x) + ½ log((4x − 2)² + 1) of two numbers."""

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        x, y = x[..., 0], y[..., 0]
        return np.exp(2 - y) / (2 + np.cos(6 * x)) + np.log((4 * x - 2) ** 2 + 1) / 2

    def grad_x(self, x: Array, y: Array) -> Array:
        """∂F/∂x: (*batch, 1)."""
        wave = 6 * np.sin(6 * x) / (2 + np.cos(6 * x)) ** 2
        return np.exp(2 - y) * wave + 4 * (4 * x - 2) / ((4 * x - 2) ** 2 + 1)

    def grad_y(self, x: Array, y: Array) -> Array:
        """∂F/∂y: (*batch, 1)."""
        return -np.exp(2 - y) / (2 + np.cos(6 * x))


def ripple() -> Coupled:
    """An active inequality: min F with y minimising (y − 2x)² over y ≤ x, x ∈ [0, 3].

    The lower solution is y = x with multiplier 2x; F(x, x) has local minima at 0.1489, 0.9862 (the least, 1.7219),
    2.0197 and 2.9908.
    """
    zero = np.zeros(1)
    return Coupled(
        RippleUpper(),
        QuadraticLevel(one(8), one(-4), one(2), zero, zero),
        1,
        1,
        lambda x: np.minimum(x, 2 * x),
        lambda x: np.clip(x, 0, 3),
        coupling=Affine(one(-1), one(1), zero),
        rows=1,
        low=0.0,
        high=100.0,
        project=under_the_diagonal,
        multiplier=lambda x: np.maximum(2 * x, 0),
    )


def under_the_diagonal(x: Array, y: Array) -> Pair:
    """Project onto {y ≤ x, 0 ≤ x ≤ 3}."""
    x = np.clip(np.where(x >= y, x, (x + y) / 2), 0, 3)
    return x, np.minimum(y, x)


@dataclass(frozen=True)
class Scalar:
    """The functions of the derivations: f = ½h(y − a x)², g = b y + c x − d = 0, three numbers x, y, z.

    Parameters
    ----------
    a, b, c, d : float
    h : float
        Curvature of f in y, 0 or more.
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.5
    d: float = 0.0
    h: float = 1.0

    def __post_init__(self) -> None:
        require(self.h >= 0, "h", self.h, "0 or more")

    def problem(self) -> Coupled:
        """With F = 0 and all of space for the multiplier."""
        zero, a, h = np.zeros(1), self.a, self.h
        coupling = Affine(one(self.c), one(self.b), np.array([self.d]))
        return Coupled(
            QuadraticLevel(one(0), one(0), one(0), zero, zero),
            QuadraticLevel(one(h * a * a), one(-h * a), one(h), zero, zero),
            1,
            1,
            coupling=coupling,
            rows=1,
            low=-1e12,
            high=1e12,
            project=coupling.project,
        )


def ridge(n: int, m: int, rng: np.random.Generator, l: int = 2, mu: float = 1.0) -> Coupled:
    """A random strongly convex lower level with equations A y + H x = b, whose hyper-objective is known.

    Parameters
    ----------
    n, m, l : int
        Sizes of x, y and the constraint, l ≤ m.
    rng : numpy.random.Generator
    mu : float
        Least curvature of f in y.
    """
    require(whole(n, 1), "n", n, "a whole number, 1 or more")
    require(whole(m, 1), "m", m, "a whole number, 1 or more")
    require(whole(l) and l <= m, "l", l, f"a whole number, 0 … m = {m}")
    require(mu > 0, "mu", mu, "positive")

    def level(curvature: float) -> QuadraticLevel:
        root = rng.normal(size=(n + m, n + m)) / np.sqrt(n + m)
        whole_hessian = root @ root.T + curvature * np.eye(n + m)
        parts = whole_hessian[:n, :n], whole_hessian[:n, n:], whole_hessian[n:, n:]
        return QuadraticLevel(*parts, rng.normal(size=n), rng.normal(size=m))

    upper, lower = level(0.5), level(mu)
    if l:
        rows = np.linalg.qr(rng.normal(size=(n + m, l)))[0].T
        coupling = Affine(rows[:, :n], rows[:, n:], rng.normal(size=l))
    else:
        coupling = unconstrained(n, m)
    kkt = np.block([[lower.Q, coupling.A.T], [coupling.A, np.zeros((l, l))]])

    def solved(x: Array) -> Array:
        right = np.concatenate(
            [-np.matvec(lower.R.T, x) - lower.q, coupling.b - np.matvec(coupling.H, x)], -1
        )  # stationarity of the Lagrangian, then the constraint
        return np.matvec(np.linalg.inv(kkt), right)

    return Coupled(
        upper,
        lower,
        n,
        m,
        lambda x: solved(x)[..., :m],
        coupling=coupling,
        rows=l,
        low=-1000.0,
        high=1000.0,
        project=coupling.project,
        multiplier=lambda x: solved(x)[..., m:],
    )
