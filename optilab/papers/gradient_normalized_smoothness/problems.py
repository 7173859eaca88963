"""What the methods are tried on: soft maxima, powers of residuals, labelled points, and curves in one dimension."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from optilab.core.check import require, whole
from optilab.problems.logistic import LogisticRegression
from optilab.problems.metric import Metric
from optilab.problems.stable import log_sum_exp, sigmoid, softmax, softplus

Array = np.ndarray


def _matrix(name: str, value: Array) -> Array:
    """The value as a matrix of finite numbers, refused by name if it is none."""
    array = np.asarray(value, dtype=float)
    require(array.ndim == 2 and array.size > 0 and np.isfinite(array).all(), name, value, "a matrix of finite numbers")
    return array


def outer(rows: Array, weights: Array) -> Array:
    """Σᵢ wᵢ aᵢaᵢᵀ for rows aᵢ (n, d) and weights (*batch, n) → (*batch, d, d)."""
    return rows.T @ (weights[..., None] * rows)


# Log-sum-exp


@dataclass(frozen=True, eq=False)
class LogSumExp:
    """f(x) = μ log Σᵢ exp((⟨aᵢ, x⟩ − bᵢ)/μ), its rows shifted so that it is smallest at 0.

    In the metric B = AᵀA it is quasi-self-concordant with constant √2/μ, and its Hessian is Lipschitz with √6/(9μ²).

    Parameters
    ----------
    A : array (m, n)
        One row a piece; Aᵀπ(0) is taken off every row.
    b : array (m,)
        Offsets.
    mu : float
        How soft the maximum is, positive.

    Raises
    ------
    ValueError
        If the shapes don't fit together or mu isn't positive.
    """

    A: Array
    b: Array
    mu: float

    def __post_init__(self) -> None:
        A, b = _matrix("A", self.A), np.asarray(self.b, dtype=float)
        require(b.shape == A.shape[:1] and np.isfinite(b).all(), "b", self.b, f"({len(A)},) finite numbers")
        require(0 < self.mu < np.inf, "mu", self.mu, "positive and finite")
        object.__setattr__(self, "b", b)
        object.__setattr__(self, "A", A - softmax(-b / self.mu) @ A)

    def weights(self, x: Array) -> Array:
        """How much every piece counts, π at x (*batch, n) → (*batch, m)."""
        return softmax((x @ self.A.T - self.b) / self.mu)

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, n) → (*batch)."""
        return self.mu * log_sum_exp((x @ self.A.T - self.b) / self.mu)

    def grad(self, x: Array) -> Array:
        """Gradient Aᵀπ at x (*batch, n) → (*batch, n)."""
        return self.weights(x) @ self.A

    def hess(self, x: Array) -> Array:
        """Hessian Aᵀ(diag π − ππᵀ)A/μ at x (*batch, n) → (*batch, n, n)."""
        pi = self.weights(x)
        rows = self.A - (pi @ self.A)[..., None, :]  # less their mean, so that nothing cancels where one piece rules
        return rows.mT @ (pi[..., None] * rows) / self.mu

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, n) → (*batch, n)."""
        pi, along = self.weights(x), v @ self.A.T
        return (pi * (along - (pi * along).sum(-1, keepdims=True))) @ self.A / self.mu

    def gauss_newton(self, x: Array) -> Array:
        """Weighted Gauss–Newton matrix Aᵀdiag(π)A/μ, from first derivatives alone; exceeds the Hessian by ggᵀ/μ."""
        return outer(self.A, self.weights(x)) / self.mu

    @property
    def minimizer(self) -> Array:
        """Where f is smallest: 0, (n,)."""
        return np.zeros(self.A.shape[1])

    @property
    def minimum(self) -> float:
        """The smallest value of f."""
        return float(self(self.minimizer))

    @cached_property
    def metric(self) -> Metric:
        """B = AᵀA, in which the constants don't depend on the data."""
        return Metric(self.A.T @ self.A)

    @property
    def M(self) -> float:
        """Constant of quasi-self-concordance in B = AᵀA, √2/μ."""
        return float(np.sqrt(2) / self.mu)

    @property
    def L_hess(self) -> float:
        """Lipschitz constant of the Hessian in B = AᵀA, √6/(9μ²)."""
        return float(np.sqrt(6) / (9 * self.mu**2))


def soft_maximum(seed: int, mu: float, n: int = 60, m: int = 120) -> LogSumExp:
    """Log-sum-exp with A, then b, uniform in (−1, 1), drawn from the seed."""
    rng = np.random.default_rng(seed)
    return LogSumExp(rng.uniform(-1, 1, (m, n)), rng.uniform(-1, 1, m), mu)


# Powers of residuals


class Residual(Protocol):
    """A vector u(x) of residuals with its first and second derivatives."""

    linear: bool

    def __call__(self, x: Array, /) -> Array:
        """Residuals u at x: (*batch, n) → (*batch, m)."""

    def jacobian(self, x: Array, /) -> Array:
        """J at x: (*batch, n) → (*batch, m, n)."""

    def bend(self, x: Array, w: Array, /) -> Array:
        """Σ wᵢ∇²uᵢ at x for w (*batch, m): (*batch, n, n)."""


@dataclass(frozen=True, eq=False)
class Affine:
    """u = Ax − b."""

    A: Array
    b: Array
    linear = True

    def __post_init__(self) -> None:
        A, b = _matrix("A", self.A), np.asarray(self.b, dtype=float)
        require(b.shape == A.shape[:1] and np.isfinite(b).all(), "b", self.b, f"({len(A)},) finite numbers")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    def __call__(self, x: Array) -> Array:
        """Residuals u at x (*batch, n) → (*batch, m)."""
        return x @ self.A.T - self.b

    def jacobian(self, x: Array) -> Array:
        """A, whatever x (*batch, n): (*batch, m, n)."""
        return np.broadcast_to(self.A, (*np.shape(x)[:-1], *self.A.shape))

    def bend(self, x: Array, w: Array) -> Array:
        """Zero: (*batch, n, n)."""
        return np.zeros((*np.shape(x), np.shape(x)[-1]))


@dataclass(frozen=True)
class Valley:
    """Rosenbrock's residuals u = (1 − x₁, 10(x₂ − x₁²))."""

    linear = False

    def __call__(self, x: Array) -> Array:
        """Residuals u at x (*batch, 2) → (*batch, 2)."""
        return np.stack([1 - x[..., 0], 10 * (x[..., 1] - x[..., 0] ** 2)], -1)

    def jacobian(self, x: Array) -> Array:
        """J at x (*batch, 2) → (*batch, 2, 2)."""
        slope = x[..., 0]
        rows = [[-1 + 0 * slope, 0 * slope], [-20 * slope, 10 + 0 * slope]]
        return np.stack([np.stack(row, -1) for row in rows], -2)

    def bend(self, x: Array, w: Array) -> Array:
        """Σ wᵢ∇²uᵢ at x (*batch, 2): (*batch, 2, 2)."""
        H = np.zeros((*np.shape(w)[:-1], 2, 2), dtype=np.result_type(w, float))
        H[..., 0, 0] = -20 * w[..., 1]
        return H


@dataclass(frozen=True)
class Chain:
    """Chebyshev's chain u₁ = (1 − x₁)/2, uᵢ = xᵢ − (2x²ᵢ₋₁ − 1), at points of any dimension n ≥ 2."""

    linear = False

    def __call__(self, x: Array) -> Array:
        """Residuals u at x (*batch, n) → (*batch, n)."""
        return np.concatenate([(1 - x[..., :1]) / 2, x[..., 1:] - (2 * x[..., :-1] ** 2 - 1)], -1)

    def jacobian(self, x: Array) -> Array:
        """J at x (*batch, n) → (*batch, n, n), lower triangular with diagonal (−½, 1, …, 1)."""
        n = x.shape[-1]
        J = np.zeros((*x.shape, n), dtype=np.result_type(x, float))
        J[..., range(n), range(n)] = np.append(-0.5, np.ones(n - 1))
        J[..., range(1, n), range(n - 1)] = -4 * x[..., :-1]
        return J

    def bend(self, x: Array, w: Array) -> Array:
        """Σ wᵢ∇²uᵢ at x (*batch, n): diagonal, (*batch, n, n)."""
        n = w.shape[-1]
        H = np.zeros((*w.shape, n), dtype=np.result_type(w, float))
        H[..., range(n - 1), range(n - 1)] = -4 * w[..., 1:]
        return H


class RankOne(NamedTuple):
    """The matrix α qqᵀ, which is not written out."""

    alpha: Array  # (*batch)
    q: Array  # (*batch, d)


@dataclass(frozen=True)
class Power:
    """f(x) = ‖u(x)‖ᵖ/p, smallest where all residuals are zero; analytic in complex x where u isn't 0.

    Parameters
    ----------
    u : Residual
        The residuals.
    p : float
        The power, 2 or more.

    Raises
    ------
    ValueError
        If the power is smaller.
    """

    u: Residual
    p: float

    def __post_init__(self) -> None:
        require(2 <= self.p < np.inf, "p", self.p, "finite, 2 or more")

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, n) → (*batch)."""
        return _squared(self.u(x)) ** (self.p / 2) / self.p

    def grad(self, x: Array) -> Array:
        """Gradient ‖u‖ᵖ⁻² Jᵀu at x (*batch, n) → (*batch, n)."""
        u = self.u(x)
        return self._scale(u)[..., None] * np.vecmat(u.conj(), self.u.jacobian(x))

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, n) → (*batch, n, n): `gauss_newton` and what the bend of the residuals adds."""
        u = self.u(x)
        return self.gauss_newton(x) + self._scale(u)[..., None, None] * self.u.bend(x, u)

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, n) → (*batch, n)."""
        return np.matvec(self.hess(x), v)

    def gauss_newton(self, x: Array) -> Array:
        """Gauss–Newton and Fisher term, ‖u‖ᵖ⁻²(JᵀJ + (p − 2)qqᵀ) with q = Jᵀu/‖u‖, at x → (*batch, n, n)."""
        u, J = self.u(x), self.u.jacobian(x)
        size = np.sqrt(_squared(u))[..., None]
        q = np.divide(np.vecmat(u.conj(), J), size, out=np.zeros_like(x + 0.0 * u[..., :1]), where=size != 0)
        fisher = (self.p - 2) * q[..., :, None] * q[..., None, :]
        return self._scale(u)[..., None, None] * (J.mT @ J + fisher)

    def fisher(self, x: Array) -> RankOne:
        """The Fisher term alone, (p − 2)‖u‖⁻ᵖ∇f∇fᵀ = (p − 2)‖u‖ᵖ⁻² qqᵀ, at x (*batch, n).

        Raises
        ------
        ValueError
            If the residuals aren't affine: then the matrix says nothing of the Hessian.
        """
        require(self.u.linear, "the residual of a rank-one Hessian", self.u, "affine, u = Ax − b")
        u = self.u(x)
        size = np.sqrt(_squared(u))[..., None]
        q = np.divide(np.vecmat(u, self.u.jacobian(x)), size, out=np.zeros_like(x + 0.0), where=size != 0)
        return RankOne((self.p - 2) * self._scale(u), q)

    def _scale(self, u: Array) -> Array:
        """‖u‖ᵖ⁻²: (*batch, m) → (*batch)."""
        return _squared(u) ** (self.p / 2 - 1)

    @property
    def minimum(self) -> float:
        """The value where all residuals are zero."""
        return 0.0


def _squared(u: Array) -> Array:
    """Σ uᵢ², analytic in complex u: (*batch, m) → (*batch)."""
    return (u * u).sum(-1)


def underdetermined(seed: int, m: int = 40, n: int = 80) -> Affine:
    """Residuals Ax − b with A (m, n), then b, uniform in (−1, 1): with m < n all can vanish."""
    rng = np.random.default_rng(seed)
    return Affine(rng.uniform(-1, 1, (m, n)), rng.uniform(-1, 1, m))


# Labelled points


def labelled(seed: int, n: int = 200, d: int = 20, margin: float = 0.5, flips: float = 0.0) -> LogisticRegression:
    """Logistic regression without a ridge on points that a plane separates, up to a share of flipped labels.

    Parameters
    ----------
    seed : int
        Of the plane, the points and the flips, in this order.
    n, d : int
        Points and dimensions; the scale of the latter falls from 1 to 0.1.
    margin : float
        How far points are moved away from the plane, 0 or more.
    flips : float
        Share of labels that are wrong, from 0 to 1.

    Raises
    ------
    ValueError
        If a size, the margin or the share is not allowed.
    """
    require(whole(n, 1), "n", n, "a whole number, 1 or more")
    require(whole(d, 1), "d", d, "a whole number, 1 or more")
    require(0 <= margin < np.inf, "margin", margin, "finite, 0 or more")
    require(0 <= flips <= 1, "flips", flips, "from 0 to 1")
    rng = np.random.default_rng(seed)
    w = rng.normal(size=d)
    w /= np.linalg.norm(w)
    Z = rng.normal(size=(n, d))
    y = np.sign(Z @ w)
    A = (Z + margin * y[:, None] * w) * np.logspace(0, -1, d)
    y[rng.permutation(n)[: round(flips * n)]] *= -1
    return LogisticRegression(A, y)


def fisher(problem: LogisticRegression) -> Callable[[Array], Array]:
    """The Fisher matrix (1/n)Σ∇fᵢ∇fᵢᵀ of logistic regression, from the gradients of the points alone.

    A function of x (*batch, d) → (*batch, d, d).
    """

    def matrix(x: Array) -> Array:
        return outer(problem.signed, sigmoid(-x @ problem.signed.T) ** 2) / len(problem.y)

    return matrix


@dataclass(frozen=True, eq=False)
class SoftmaxRegression:
    """f(x) = −1/n Σᵢ log softmax(aᵢX)[cᵢ], where X (d, classes) is x row by row.

    Parameters
    ----------
    A : array (n, d)
        Points, one a row.
    labels : array (n,) of int
        Their classes, from 0.
    classes : int
        How many there are, 2 or more.

    Raises
    ------
    ValueError
        If the shapes don't fit together or a label is no class.
    """

    A: Array
    labels: Array
    classes: int

    def __post_init__(self) -> None:
        A, labels = _matrix("A", self.A), np.asarray(self.labels)
        require(whole(self.classes, 2), "classes", self.classes, "a whole number, 2 or more")
        allowed = f"({len(A)},) whole numbers from 0 to {self.classes - 1}"
        fits = labels.shape == A.shape[:1] and labels.dtype.kind in "iu"
        require(fits and np.isin(labels, range(self.classes)).all(), "labels", self.labels, allowed)
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "labels", labels)

    def logits(self, x: Array) -> Array:
        """aᵢX at x (*batch, d·classes) → (*batch, n, classes)."""
        return self.A @ x.reshape(*x.shape[:-1], -1, self.classes)

    def _errors(self, x: Array) -> Array:
        """What softmax says less the label, the gradients in the logits: (*batch, n, classes)."""
        return softmax(self.logits(x)) - np.eye(self.classes)[self.labels]

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, d·classes) → (*batch)."""
        z = self.logits(x)
        return (log_sum_exp(z) - z[..., range(len(self.A)), self.labels]).mean(-1)

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, d·classes) → (*batch, d·classes)."""
        return (self.A.T @ self._errors(x)).reshape(x.shape) / len(self.A)

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, d·classes) → (*batch, d·classes, d·classes)."""
        pi = softmax(self.logits(x))
        inner = pi[..., :, None] * np.eye(self.classes) - pi[..., :, None] * pi[..., None, :]
        H = np.einsum("na,...ncd,nb->...acbd", self.A, inner, self.A)
        return H.reshape(*x.shape, x.shape[-1]) / len(self.A)

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, d·classes) → (*batch, d·classes)."""
        pi, along = softmax(self.logits(x)), self.logits(v)
        change = pi * (along - (pi * along).sum(-1, keepdims=True))
        return (self.A.T @ change).reshape(x.shape) / len(self.A)

    def fisher(self, x: Array) -> Array:
        """Fisher matrix (1/n)Σ∇fᵢ∇fᵢᵀ at x (*batch, d·classes) → (*batch, d·classes, d·classes)."""
        each = (self.A[:, :, None] * self._errors(x)[..., None, :]).reshape(*x.shape[:-1], len(self.A), -1)
        return each.mT @ each / len(self.A)


# Curves in one dimension


@dataclass(frozen=True)
class Curve:
    """A function of one variable: entrywise with its first two derivatives, and as a problem on points (*batch, 1)."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    bend: Callable[[Array], Array]

    def __call__(self, x: Array) -> Array:
        """Value at x (*batch, 1) → (*batch)."""
        return self.value(x[..., 0])

    def grad(self, x: Array) -> Array:
        """Gradient at x (*batch, 1) → (*batch, 1)."""
        return self.slope(x)

    def hess(self, x: Array) -> Array:
        """Hessian at x (*batch, 1) → (*batch, 1, 1)."""
        return self.bend(x)[..., None]

    def hvp(self, x: Array, v: Array) -> Array:
        """Hessian at x times v, both (*batch, 1) → (*batch, 1)."""
        return self.bend(x) * v


def _log_cosh(x: Array) -> Array:
    return abs(x) + np.log1p(np.exp(-2 * abs(x))) - np.log(2)


def _sech_squared(x: Array) -> Array:
    return 4 * sigmoid(2 * x) * sigmoid(-2 * x)


CURVES = {
    "x⁴/4": Curve(lambda x: x**4 / 4, lambda x: x**3, lambda x: 3 * x**2),
    "softplus": Curve(softplus, sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "log-cosh": Curve(_log_cosh, np.tanh, _sech_squared),
    "Rosenbrock slice": Curve(
        lambda x: ((1 - x) ** 2 + 100 * (1 - x**2) ** 2) / 2,
        lambda x: -(1 - x) - 200 * x * (1 - x**2),
        lambda x: 1 - 200 + 600 * x**2,
    ),
}
