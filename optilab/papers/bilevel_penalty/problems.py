"""Bilevel problems with many lower solutions, whose penalty function ψ_σ is known exactly.

    l(x, σ) = min over y ∈ Y of σf + g,   T(x, σ) its minimisers,   ψ_σ(x) = (l(x, σ) − l(x, 0))/σ ≤ ψ(x)

    compatible   "C": f is constant along the lower solutions; the error bound is uniform in σ
    selecting    "S": f picks one of the lower solutions; in the flat directions σf + g has a curvature of order σ
    ring         the lower solutions are a circle, the lower level is not convex
    jump         the lower solution jumps at x = 0, and ψ_σ is not near ψ there, however small σ is

Source: J. Kwon, D. Kwon, S. Wright, R. Nowak, "On Penalty Methods for Nonconvex Bilevel Optimization and First-Order
Stochastic Approximation", ICLR 2024 (arXiv 2309.01753): ψ_σ and its gradient in section 3; `jump` after Example 1.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import numbers, require, whole
from optilab.problems.bilevel import Bilevel, NoisyLevel, Residual
from optilab.problems.oracles import Number

Array = np.ndarray
NEWTON = 40  # steps for a root of a cubic: it is met after a dozen
RANK = 1e-10  # an eigenvalue this small beside the largest is 0


@dataclass(frozen=True, eq=False)
class Penalised(Bilevel):
    """A bilevel problem whose perturbed lower level min_y σf + g is solved exactly.

    Parameters
    ----------
    upper, lower, n, m, solution, project_x, project_y
        As in `Bilevel`: f, g, the dimensions, the limit T(x, 0⁺) and the projections.
    perturbed : callable
        x (*batch, n), σ (*batch, 1) → the solution T(x, σ) (*batch, m), of least norm if there are many.
    nearest : callable
        x (*batch, n), y (*batch, m) → the lower solution nearest to y (*batch, m).
    """

    perturbed: Callable[[Array, Array], Array] | None = None
    nearest: Callable[[Array, Array], Array] | None = None

    def T(self, x: Array, sigma: Number) -> Array:
        """T(x, σ), the solution of the perturbed lower level: (*batch, n) → (*batch, m).

        Raises
        ------
        ValueError
            If the problem doesn't know it, or σ isn't positive.
        """
        require(self.perturbed is not None, "perturbed", None, "known, for T(x, σ) to be had")
        assert self.perturbed is not None
        return self.perturbed(np.asarray(x), check_sigma(sigma)[..., None])

    def penalty(self, x: Array, sigma: Number) -> Array:
        """ψ_σ(x) = f(x, y) + (g(x, y) − g(x, z))/σ at y = T(x, σ) and a lower solution z: (*batch, n) → (*batch)."""
        y, z = self.T(x, sigma), self.y_star(x)
        return self.upper(x, y) + (self.lower(x, y) - self.lower(x, z)) / check_sigma(sigma)

    def penalty_grad(self, x: Array, sigma: Number) -> Array:
        """∇ψ_σ = ∇ₓf + (∇ₓg(x, y) − ∇ₓg(x, z))/σ by Danskin's theorem, at the y and z of `penalty`: (*batch, n)."""
        y, z = self.T(x, sigma), self.y_star(x)
        pull = (self.lower.grad_x(x, y) - self.lower.grad_x(x, z)) / check_sigma(sigma)[..., None]
        return self.upper.grad_x(x, y) + pull

    def gap_bound(self, x: Array, sigma: Number) -> Array:
        """f(x, z) − f(x, y) ≥ ψ − ψ_σ, for y = T(x, σ) and the lower solution z nearest to it: (*batch).

        Since ψ ≤ f(x, z), and ψ_σ ≥ f(x, y) as g(x, y) ≥ g(x, z).
        """
        require(self.nearest is not None, "nearest", None, "known, for the bound to be had")
        assert self.nearest is not None
        y = self.T(x, sigma)
        return self.upper(x, self.nearest(x, y)) - self.upper(x, y)


def check_sigma(sigma: Number) -> Array:
    """σ as an array (*batch), refused unless it is positive and finite."""
    value = numbers("sigma", sigma)
    require((value > 0) & (value < np.inf), "sigma", sigma, "> 0 (the limit σ → 0 is the bilevel problem itself)")
    return value


def noisy(problem: Penalised, nu: float) -> Penalised:
    """The same problem, its gradients seen with normal noise of standard deviation ν in each entry.

    A sample's noise is the same wherever it is asked: differences of two gradients with one sample are exact.
    """
    upper, lower = (NoisyLevel(level, problem.n, problem.m, nu) for level in (problem.upper, problem.lower))
    return replace(problem, upper=upper, lower=lower)


# Levels


@dataclass(frozen=True, eq=False)
class Compatible:
    """½‖C y − d‖² + ½‖x − e‖² + 0.3 Σ cos 2xᵢ.

    Parameters
    ----------
    C : array (*batch, q, m)
    d, e : arrays (*batch, q), (*batch, n)
    """

    C: Array
    d: Array
    e: Array

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        fit = ((np.matvec(self.C, y) - self.d) ** 2).sum(-1) / 2
        return fit + ((x - self.e) ** 2).sum(-1) / 2 + 0.3 * np.cos(2 * x).sum(-1)

    def grad_x(self, x: Array, y: Array) -> Array:
        """The difference x − e − 0.6 sin 2x, whatever y: (*batch, n)."""
        return x - self.e - 0.6 * np.sin(2 * x)

    def grad_y(self, x: Array, y: Array) -> Array:
        """Cᵀ(C y − d): (*batch, m)."""
        return np.matvec(self.C.mT, np.matvec(self.C, y) - self.d)


@dataclass(frozen=True, eq=False)
class Selecting:
    """½(y − c)ᵀ diag(W)(y − c) + ½v‖x − e‖².

    Parameters
    ----------
    W : array (m,)
        Positive.
    c, e : arrays (*batch, m), (*batch, n)
    v : float
        Curvature in x.
    """

    W: Array
    c: Array
    e: Array
    v: float = 1.0

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return (self.W * (y - self.c) ** 2).sum(-1) / 2 + self.v * ((x - self.e) ** 2).sum(-1) / 2

    def grad_x(self, x: Array, y: Array) -> Array:
        """v(x − e): (*batch, n)."""
        return self.v * (x - self.e)

    def grad_y(self, x: Array, y: Array) -> Array:
        """W(y − c): (*batch, m)."""
        return self.W * (y - self.c)


@dataclass(frozen=True, eq=False)
class Ring:
    """¼(‖y‖² − 1 − ‖x‖²)²: its minimisers y are the sphere of radius √(1 + ‖x‖²), y = 0 is a maximum."""

    def excess(self, x: Array, y: Array) -> Array:
        """‖y‖² − 1 − ‖x‖², with a last axis of 1."""
        return (y**2).sum(-1, keepdims=True) - 1 - (x**2).sum(-1, keepdims=True)

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return (self.excess(x, y) ** 2)[..., 0] / 4

    def grad_x(self, x: Array, y: Array) -> Array:
        """−(‖y‖² − 1 − ‖x‖²)x: (*batch, n)."""
        return -self.excess(x, y) * x

    def grad_y(self, x: Array, y: Array) -> Array:
        """(‖y‖² − 1 − ‖x‖²)y: (*batch, m)."""
        return self.excess(x, y) * y

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """(‖y‖² − 1 − ‖x‖²)v + 2⟨y, v⟩y: (*batch, m)."""
        return self.excess(x, y) * v + 2 * np.vecdot(y, v)[..., None] * y

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """−2⟨y, v⟩x: (*batch, n)."""
        return -2 * np.vecdot(y, v)[..., None] * x


@dataclass(frozen=True, eq=False)
class Product:
    """⟨x, y⟩, for x and y of one dimension."""

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return np.vecdot(x, y)

    def grad_x(self, x: Array, y: Array) -> Array:
        """y: (*batch, n)."""
        return y + 0 * x

    def grad_y(self, x: Array, y: Array) -> Array:
        """x: (*batch, m)."""
        return x + 0 * y

    def hvp_yy(self, x: Array, y: Array, v: Array) -> Array:
        """0: (*batch, m)."""
        return 0 * v

    def hvp_xy(self, x: Array, y: Array, v: Array) -> Array:
        """v: (*batch, n)."""
        return v + 0 * x


# Problems C and S


class Instance(NamedTuple):
    """The numbers behind C and S, with n = 3, m = 8, r = 4 and q = 3."""

    A: Array  # (*batch, r, m) singular values from 1 to ½
    B: Array  # (*batch, r, n)
    c: Array  # (*batch, m)
    e: Array  # (*batch, n)
    C: Array  # (*batch, q, m) R A, so that C y is the same for all lower solutions
    d: Array  # (*batch, q)


def draw(seed: int) -> Instance:
    """The instance of one seed."""
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    n, m, r, q = 3, 8, 4, 3
    rng, more = np.random.default_rng(seed), np.random.default_rng(1000 + seed)
    U = np.linalg.qr(rng.standard_normal((m, m)))[0]
    V = np.linalg.qr(rng.standard_normal((r, r)))[0]
    A = V * np.linspace(1, 0.5, r) @ U[:, :r].T
    B = rng.standard_normal((r, n)) / np.sqrt(n)
    c, e = rng.standard_normal(m) / np.sqrt(m), rng.standard_normal(n) / np.sqrt(n)
    R = more.standard_normal((q, r)) / 2
    return Instance(A, B, c, e, R @ A, more.standard_normal(q))


def stacked(seeds: Iterable[int]) -> Instance:
    """The instances of some seeds side by side, each field (seeds, …)."""
    return Instance(*map(np.array, zip(*(draw(seed) for seed in seeds), strict=True)))


def compatible(numbers: Instance) -> Penalised:
    """Problem C: f depends on y through A y alone; infinitely many lower solutions, all equally good.

    g = ½‖A y − B x‖² has L = 1 and μ = ¼, and ψ is not convex.
    """
    A, B, _, e, C, d = numbers
    lower, pinv = Residual(A, B), np.linalg.pinv(A)

    def perturbed(x: Array, sigma: Array) -> Array:
        H = A.mT @ A + sigma[..., None] * (C.mT @ C)
        right = sigma * np.matvec(C.mT, d) + np.matvec(A.mT, np.matvec(B, x))
        return np.matvec(np.linalg.pinv(H, rcond=RANK, hermitian=True), right)

    return Penalised(
        Compatible(C, d, e), lower, B.shape[-1], A.shape[-1], lambda x: np.matvec(pinv, np.matvec(B, x)),
        perturbed=perturbed, nearest=lambda x, y: y - np.matvec(pinv, lower.residual(x, y)),
    )  # fmt: skip


def selecting(numbers: Instance, W: Any = None) -> Penalised:
    """Problem S: f = ½(y − c)ᵀW(y − c) + ½‖x − e‖² picks one of the lower solutions of problem C.

    Parameters
    ----------
    numbers : Instance
    W : array (m,), optional
        The diagonal of W; from ½ to 2 evenly without. With W = 1 every lower solution has the same hypergradient.
    """
    A, B, c, e, *_ = numbers
    m = A.shape[-1]
    W = np.linspace(0.5, 2, m) if W is None else np.asarray(W, dtype=float)
    require(W.shape == (m,) and (W > 0).all(), "W", W, f"({m},), positive")
    lower, pinv = Residual(A, B), np.linalg.pinv(A)
    N = np.linalg.svd(A)[2][..., A.shape[-2] :, :].mT  # (*batch, m, m − r), an orthonormal basis of ker A
    pick = N @ np.linalg.solve(N.mT @ (W[:, None] * N), N.mT * W)  # N(NᵀWN)⁻¹NᵀW

    def solution(x: Array) -> Array:
        y0 = np.matvec(pinv, np.matvec(B, x))
        return y0 + np.matvec(pick, c - y0)

    def perturbed(x: Array, sigma: Array) -> Array:
        H = A.mT @ A + sigma[..., None] * np.diag(W)
        right = np.matvec(A.mT, np.matvec(B, x)) + sigma * W * c
        return np.linalg.solve(H, right[..., None])[..., 0]

    return Penalised(
        Selecting(W, c, e), lower, B.shape[-1], m, solution,
        perturbed=perturbed, nearest=lambda x, y: y - np.matvec(pinv, lower.residual(x, y)),
    )  # fmt: skip


# Ring and jump


def ring(a: Any = (2.0, 1.0), b: float = 0.5) -> Penalised:
    """Over a circle of lower solutions: f = ½‖y − a‖² + ½(x − b)², with ‖y‖ = r(x) = √(1 + x²) in S(x).

    ψ = ½(r − ‖a‖)² + ½(x − b)²;
    T(x, σ) = t a/‖a‖ with the one positive root of t³ + (σ − r²)t − σ‖a‖.
    """
    a = numbers("a", a)
    length = float(np.linalg.norm(a))
    require(a.shape == (2,) and 0 < length < np.inf, "a", a, "a point of the plane other than 0")

    def radius(x: Array) -> Array:
        return np.sqrt(1 + x**2)

    def perturbed(x: Array, sigma: Array) -> Array:
        r, sigma = np.broadcast_arrays(radius(x), sigma)
        t = np.maximum(r, length)  # at the root or beyond, where the cubic is convex: Newton falls to the root
        for _ in range(NEWTON):
            t = t - (t**3 + (sigma - r**2) * t - sigma * length) / (3 * t**2 + sigma - r**2)
        return t * a / length

    def nearest(x: Array, y: Array) -> Array:
        return radius(x) * y / np.linalg.norm(y, axis=-1, keepdims=True)

    upper = Selecting(np.ones(2), a, np.array([b]))
    return Penalised(upper, Ring(), 1, 2, lambda x: radius(x) * a / length, perturbed=perturbed, nearest=nearest)


def jump() -> Penalised:
    """With f = x² + y², g = xy on [−1, 1]²: the lower solution is −sign x, and anything at x = 0.

    ψ = x² + 1 but ψ(0) = 0; ψ_σ = x² + |x|/σ − x²/(4σ²) for |x| ≤ 2σ and ψ beyond: near 0 their gap is near 1 for
    every σ, since the lower solutions aren't continuous there.
    """

    def perturbed(x: Array, sigma: Array) -> Array:
        return np.clip(-x / (2 * sigma), -1, 1)

    upper = Selecting(np.full(1, 2.0), np.zeros(1), np.zeros(1), 2.0)
    return Penalised(
        upper, Product(), 1, 1, lambda x: -np.sign(x), lambda x: np.clip(x, -1, 1), lambda y: np.clip(y, -1, 1),
        perturbed=perturbed, nearest=lambda x, y: np.where(x == 0, y, -np.sign(x)),
    )  # fmt: skip
