"""Robust regression with an expensive smooth part: ½ xᵀHx − b·x + (1/m) Σ|aᵢ·x − cᵢ| + (μ/2)‖x‖²."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require
from optilab.papers.gradient_sliding.problems.certified import Optimum, SolvedByDual, quadratic_dual, stacked
from optilab.problems.oracles import check_samples, lifted
from optilab.problems.seeds import instances


@dataclass(frozen=True, eq=False)
class RobustRegression(SolvedByDual):
    """f(x) = ½ xᵀHx − b·x, h(x) = (1/m) Σ|aᵢ·x − cᵢ|, χ(x) = (μ/2)‖x‖².

    `grad` belongs to f, `subgrad` to h, `prox` to χ; calling the problem gives their sum.

    Parameters
    ----------
    H : array (*batch, n, n)
        Hessian of the smooth part, positive semidefinite.
    b : array (*batch, n)
        Its linear term.
    A, c : arrays (*batch, m, n), (*batch, m)
        Rows aᵢ and data cᵢ.
    mu : number or array (*batch)
        Strong convexity μ > 0 of the simple part.
    noise : float
        How much of a sample's deviation from the full subgradient is kept: 1 one row, 0 none (all rows).

    Raises
    ------
    ValueError
        If shapes don't fit, μ is not positive or the noise is negative.
    """

    H: np.ndarray
    b: np.ndarray
    A: np.ndarray
    c: np.ndarray
    mu: float | np.ndarray
    noise: float = 1.0

    def __post_init__(self) -> None:
        n = np.shape(self.b)[-1]
        require(np.shape(self.H)[-2:] == (n, n), "the shape of H", np.shape(self.H), f"(*batch, {n}, {n})")
        require(np.shape(self.A)[-1] == n, "the shape of A", np.shape(self.A), f"(*batch, m, {n})")
        require(
            np.shape(self.c) == np.shape(self.A)[:-1], "the shape of c", np.shape(self.c), f"{np.shape(self.A)[:-1]}"
        )
        require(np.asarray(self.mu) > 0, "mu", self.mu, "positive")
        require(self.noise >= 0, "noise", self.noise, "0 or more")

    @cached_property
    def L(self) -> np.ndarray:
        """Smoothness of f, the largest eigenvalue of H: (*batch)."""
        return np.linalg.eigvalsh(self.H)[..., -1]

    @cached_property
    def norm(self) -> np.ndarray:
        """Lipschitz constant ‖A‖/√m of h, also the norm of the map x ↦ (aᵢ·x)ᵢ in the mean square: (*batch)."""
        return np.linalg.norm(self.A, 2, axis=(-2, -1)) / np.sqrt(self.A.shape[-2])

    @property
    def M(self) -> np.ndarray:
        """M = 2‖A‖/√m of h(x) ≤ h(y) + h′(y)·(x − y) + M‖x − y‖: (*batch)."""
        return 2 * self.norm

    @property
    def sigma2(self) -> np.ndarray:
        """Bound on the variance of a sampled subgradient: noise² times the mean of ‖aᵢ‖²: (*batch)."""
        return self.noise**2 * (self.A**2).sum(-1).mean(-1)

    @property
    def Omega(self) -> float:
        """Largest value ½ of the prox-function (1/2m) Σ yᵢ² on the dual box."""
        return 0.5

    @cached_property
    def grid(self) -> tuple[np.ndarray, ...]:
        """Indices (*batch, 1) of the replicates, to pick rows of each."""
        return tuple(np.indices((*self.A.shape[:-2], 1)))[:-1]

    def residual(self, x: np.ndarray) -> np.ndarray:
        """All aᵢ·x − cᵢ: (*batch, m)."""
        return np.matvec(self.A, x) - self.c

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value f + h + χ at x (*batch, n) → (*batch)."""
        smooth = ((0.5 * np.matvec(self.H, x) - self.b) * x).sum(-1)
        return smooth + abs(self.residual(x)).mean(-1) + self.mu / 2 * (x**2).sum(-1)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient of f at x (*batch, n)."""
        return np.matvec(self.H, x) - self.b

    def slopes(self, signs: np.ndarray) -> np.ndarray:
        """The mean of aᵢ yᵢ for y (*batch, m): the transpose of the map in the mean square."""
        return np.vecmat(signs, self.A) / self.A.shape[-2]

    def subgrad(self, x: np.ndarray) -> np.ndarray:
        """Subgradient of h at x (*batch, n)."""
        return self.slopes(np.sign(self.residual(x)))

    def smooth_grad(self, x: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """Gradient of the smoothed h_η(x) = (1/m) Σ huber_η(aᵢ·x − cᵢ) at x (*batch, n), η > 0 (*batch)."""
        return self.slopes(np.clip(self.residual(x) / lifted(eta, x), -1, 1))

    def prox(self, x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
        """The minimiser of χ(z) + ‖z − x‖²/(2 step) for x (*batch, n) and a step, a number or (*batch)."""
        return x / (1 + lifted(step * self.mu, x))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Numbers of rows, uniform: size (*batch, m) → (*batch, m)."""
        return rng.integers(self.A.shape[-2], size=size)

    def rows(self, x: np.ndarray, sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows aᵢ (*batch, m, n) and residuals aᵢ·x − cᵢ (*batch, m) of the sampled i (*batch, m)."""
        check_samples(x, sample.shape)
        a = self.A[(*self.grid, sample)]
        return a, np.matvec(a, x) - self.c[(*self.grid, sample)]

    def sample_subgrad(self, x: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """Unbiased subgradient of h at x (*batch, n), the mean over sampled rows (*batch, m): (*batch, n)."""
        a, residual = self.rows(x, sample)
        some = np.vecmat(np.sign(residual), a) / sample.shape[-1]
        return some if self.noise == 1 else self.noise * some + (1 - self.noise) * self.subgrad(x)

    def sample_smooth_grad(self, x: np.ndarray, sample: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """Unbiased gradient of h_η at x (*batch, n), the mean over sampled rows (*batch, m); η a number or (*batch)."""
        a, residual = self.rows(x, sample)
        return np.vecmat(np.clip(residual / lifted(eta, x), -1, 1), a) / sample.shape[-1]

    def solved(self) -> Optimum:
        """The minimiser with its duality gap, from the dual over y ∈ [−1, 1]ᵐ."""
        batch, (m, n) = self.A.shape[:-2], self.A.shape[-2:]
        mu = np.broadcast_to(self.mu, batch)
        optima = []
        for index in np.ndindex(batch):
            A, c = self.A[index], self.c[index]
            Q = self.H[index] + mu[index] * np.eye(n)
            _, x, lower = quadratic_dual(Q, self.b[index], -A.T / m, -c / m, -np.ones(m), np.ones(m))
            value = 0.5 * x @ Q @ x - self.b[index] @ x + abs(A @ x - c).mean()
            optima.append(Optimum(x, value, np.asarray(lower)))
        return stacked(optima, batch)


def robust_regression(
    seeds: int | Sequence[int] = 0,
    *,
    n: int = 20,
    m: int = 100,
    L: float = 20.0,
    mu: float | np.ndarray = 0.2,
    noise: float = 1.0,
) -> RobustRegression:
    """Random instances with curvatures from L/1000 to L and Student-t₂ errors in the data, one for each seed.

    Parameters
    ----------
    seeds : int, or sequence of int
        A single problem, or a batch.
    n, m : int
        Unknowns and rows.
    L, mu, noise : float
        Smoothness of f, strong convexity of χ, noise of a sampled subgradient.
    """

    def instance(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
        H = Q @ np.diag(L * np.geomspace(1e-3, 1, n)) @ Q.T
        truth = rng.normal(size=n)
        A = rng.normal(size=(m, n))
        c = A @ truth + rng.standard_t(2, size=m)
        return H, H @ rng.normal(size=n), A, c

    H, b, A, c = instances(instance, seeds)
    return RobustRegression(H, b, A, c, mu, noise)


def plane() -> RobustRegression:
    """A tilted valley f, centred at (1.5, −0.5), and three creases h."""
    cos, sin = np.cos(0.5), np.sin(0.5)
    turn = np.array([[cos, -sin], [sin, cos]])
    H = turn @ np.diag([8.0, 0.4]) @ turn.T
    A = np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 1.0]])
    return RobustRegression(H, H @ [1.5, -0.5], A, np.array([1.0, 0.0, 0.5]), 0.4)
