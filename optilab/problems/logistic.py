"""Logistic regression, a mean over n labelled points that can be sampled."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import minimize

from optilab.core.check import require
from optilab.problems.oracles import check_samples
from optilab.problems.stable import sigmoid, softplus


@dataclass(frozen=True, eq=False)
class LogisticRegression:
    """f(x) = 1/n Σᵢ log(1 + exp(−yᵢ aᵢ·x)) + l2/2 ‖x‖², analytic in complex x.

    Parameters
    ----------
    A : array (n, d)
        Points, one a row.
    y : array (n,)
        Their labels, −1 or +1.
    l2 : float
        Weight of the squared norm, 0 or more.

    Raises
    ------
    ValueError
        If the shapes don't fit together, a label is another number, or l2 is negative.
    """

    A: np.ndarray
    y: np.ndarray
    l2: float = 0.0

    def __post_init__(self) -> None:
        A, y = np.asarray(self.A, dtype=float), np.asarray(self.y)
        require(A.ndim == 2 and A.size > 0 and np.isfinite(A).all(), "A", self.A, "an array (n, d) of finite numbers")
        require(y.shape == A.shape[:1] and np.isin(y, (-1, 1)).all(), "y", self.y, f"({len(A)},) labels −1 or +1")
        require(0 <= self.l2 < np.inf, "l2", self.l2, "finite, 0 or more")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "y", y)

    @cached_property
    def signed(self) -> np.ndarray:
        """Rows yᵢaᵢ (n, d): f depends on the data through these alone."""
        return self.y[:, None] * self.A

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Value at x (*batch, d) → (*batch)."""
        return softplus(-x @ self.signed.T).mean(-1) + self.l2 / 2 * (x * x).sum(-1)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, d) → (*batch, d)."""
        return -sigmoid(-x @ self.signed.T) @ self.signed / len(self.y) + self.l2 * x

    def hess(self, x: np.ndarray) -> np.ndarray:
        """Hessian at x (*batch, d) → (*batch, d, d)."""
        weights = self.slope(x) / len(self.y)
        return self.A.T @ (weights[..., None] * self.A) + self.l2 * np.eye(self.A.shape[1])

    def hvp(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at x times v, both (*batch, d) → (*batch, d)."""
        return (self.slope(x) * (v @ self.A.T)) @ self.A / len(self.y) + self.l2 * v

    def third(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """T[v, v] = ∇(vᵀ H v) at fixed v, both (*batch, d) → (*batch, d)."""
        bend = self.slope(x) * (1 - 2 * sigmoid(x @ self.signed.T))
        return (bend * (v @ self.signed.T) ** 2) @ self.signed / len(self.y)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """σ(z) σ(−z) at the margins z = y a·x: (*batch, n)."""
        z = x @ self.signed.T
        return sigmoid(z) * sigmoid(-z)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Points drawn with replacement: indices, size (*batch, m) → (*batch, m)."""
        return rng.integers(len(self.y), size=size)

    def sample_grad(self, x: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """Mean gradient of the sampled points (*batch, m) at x (*batch, d), the norm's included → (*batch, d)."""
        check_samples(x, sample.shape)
        rows = self.signed[sample]
        pull = sigmoid(-np.matvec(rows, x))
        return -np.vecmat(pull, rows) / sample.shape[-1] + self.l2 * x

    def accuracy(self, x: np.ndarray) -> np.ndarray:
        """Share of points on the side of their label, at x (*batch, d) → (*batch)."""
        return (x @ self.signed.T > 0).mean(-1)

    @cached_property
    def L(self) -> float:
        """Lipschitz constant of the gradient, ‖A‖²/(4n) + l2."""
        return float(np.linalg.norm(self.A, 2) ** 2 / (4 * len(self.y)) + self.l2)

    @property
    def mu(self) -> float:
        """Strong convexity, l2."""
        return float(self.l2)

    @property
    def L_sample(self) -> float:
        """Largest Lipschitz constant of the gradient of one point, max ‖aᵢ‖²/4 + l2."""
        return float((self.A**2).sum(1).max() / 4 + self.l2)

    @cached_property
    def minimizer(self) -> np.ndarray:
        """Where f is smallest (d,), by Newton's method in a trust region; refused where l2 is 0."""
        require(self.l2 > 0, "l2", self.l2, "positive for f to have one minimizer")
        start = np.zeros(self.A.shape[1])
        newton: dict[str, Any] = {"fun": self, "jac": self.grad, "hess": self.hess, "method": "trust-exact"}
        found = minimize(**newton, x0=start, tol=1e-9)
        return found.x - np.linalg.solve(self.hess(found.x), self.grad(found.x))

    @property
    def minimum(self) -> float:
        """The smallest value of f."""
        return float(self(self.minimizer))
