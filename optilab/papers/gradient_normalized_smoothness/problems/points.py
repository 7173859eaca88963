"""Labelled points: logistic and softmax regression, with their Fisher matrices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.gradient_normalized_smoothness.problems.matrices import matrix, outer
from optilab.problems.logistic import LogisticRegression
from optilab.problems.stable import log_sum_exp, sigmoid, softmax

Array = np.ndarray


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

    Raises
    ------
    ValueError
        If the problem has a ridge, which is no mean over points.
    """
    require(problem.l2 == 0, "the ridge l2", problem.l2, "0")

    def of(x: Array) -> Array:
        return outer(problem.signed, sigmoid(-x @ problem.signed.T) ** 2) / len(problem.y)

    return of


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
        A, labels = matrix("A", self.A), np.asarray(self.labels)
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
