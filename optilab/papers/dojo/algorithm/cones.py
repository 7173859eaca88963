"""Products of nonnegative half-lines and second-order cones Q³ = {a : ‖a₂:₃‖ ≤ a₁}: what complementarity lives on.

A vector of cone variables (..., n) holds scalars at the positions `orthant` and triples at the rows of `second_order`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray


def jordan(a: Array, b: Array) -> Array:
    """The Jordan product a ∘ b = (aᵀb, a₁b₂:₃ + b₁a₂:₃) of second-order cones (..., 3)."""
    head = (a * b).sum(-1, keepdims=True)
    return np.concatenate([head, a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:]], -1)


def arrow(a: Array) -> Array:
    """Arw(a) with Arw(a) b = a ∘ b: (..., 3) → (..., 3, 3)."""
    matrix = a[..., :1, None] * np.eye(3)
    matrix[..., 0, 1:] = matrix[..., 1:, 0] = a[..., 1:]
    return matrix


def orthant_step_length(value: Array, change: Array, tau: float | Array) -> Array:
    """The largest share of `change` ≤ 1 that leaves 1 − τ of each positive entry, entry by entry: (...) → (...)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(change < 0, np.minimum(1.0, -tau * value / change), 1.0)


def soc_step_length(value: Array, change: Array, tau: float | Array) -> Array:
    """The share τ of the way along `change` to the boundary of the second-order cone, at most 1: (..., 3) → (...)."""
    head, tail = value[..., 0], value[..., 1:]
    with np.errstate(divide="ignore", invalid="ignore"):  # NaN for a value that rounding has put on the boundary
        r = np.sqrt(head**2 - (tail * tail).sum(-1))
        q = head * change[..., 0] - (tail * change[..., 1:]).sum(-1)
        across = (q / r + change[..., 0]) / (head / r + 1)
        rho = change[..., 1:] / r[..., None] - (across / r**2)[..., None] * tail
        closing = np.linalg.norm(rho, axis=-1) - q / r**2
        return np.where(closing <= 0, 1.0, np.minimum(1.0, tau / closing))


@dataclass(frozen=True)
class Cones:
    """Where in a vector (..., n) the half-lines and the second-order cones are.

    Parameters
    ----------
    orthant : array (k,) of int
        Positions of scalars.
    second_order : array (l, 3) of int
        Positions of triples.
    """

    orthant: Array
    second_order: Array

    @property
    def size(self) -> int:
        """The number n of entries."""
        return self.orthant.size + self.second_order.size

    @property
    def degree(self) -> int:
        """One for each half-line, one for each second-order cone."""
        return len(self.orthant) + len(self.second_order)

    @cached_property
    def neutral(self) -> Array:
        """e, with e ∘ a = a: 1 for a half-line, (1, 0, 0) for a second-order cone."""
        e = np.zeros(self.size)
        e[self.orthant] = 1
        e[self.second_order[:, 0]] = 1
        return e

    def product(self, a: Array, b: Array) -> Array:
        """The product a ∘ b, cone by cone."""
        out = a * b
        if len(self.second_order):
            out[..., self.second_order] = jordan(a[..., self.second_order], b[..., self.second_order])
        return out

    def arrow(self, a: Array) -> Array:
        """The matrix (..., n, n) of b ↦ a ∘ b."""
        matrix = np.zeros((*a.shape, a.shape[-1]))
        matrix[..., self.orthant, self.orthant] = a[..., self.orthant]
        rows, columns = self.second_order[:, :, None], self.second_order[:, None, :]
        matrix[..., rows, columns] = arrow(a[..., self.second_order])
        return matrix

    def least_eigenvalue(self, a: Array) -> Array:
        """The smallest of a (half-lines) and a₁ − ‖a₂:₃‖ (second-order cones): positive inside, (...)."""
        triples = a[..., self.second_order]
        margins = triples[..., 0] - np.linalg.norm(triples[..., 1:], axis=-1)
        return np.concatenate([a[..., self.orthant], margins], -1).min(-1, initial=np.inf)

    def mean_product(self, a: Array, b: Array) -> Array:
        """ν = ⟨a, b⟩ / degree."""
        return (a * b).sum(-1) / max(self.degree, 1)

    def shifted(self, s: Array, g: Array) -> tuple[Array, Array]:
        """Duals and primals moved inside their cones and to a similar size (Mehrotra's start)."""
        e = self.neutral
        s = s + np.maximum(-1.5 * self.least_eigenvalue(s), 0)[..., None] * e
        g = g + np.maximum(-1.5 * self.least_eigenvalue(g), 0)[..., None] * e
        half = (s * g).sum(-1, keepdims=True) / 2
        return s + half / (g * e).sum(-1, keepdims=True) * e, g + half / (s * e).sum(-1, keepdims=True) * e

    def step_length(self, a: Array, change: Array, tau: Array, tau_second_order: Array) -> Array:
        """The largest share of `change`, at most 1, that keeps a inside its cones with a margin, (...)."""
        scalars = orthant_step_length(a[..., self.orthant], change[..., self.orthant], tau[..., None])
        pairs = a[..., self.second_order], change[..., self.second_order]
        triples = soc_step_length(*pairs, tau_second_order[..., None])
        return np.concatenate([scalars, triples], -1).min(-1, initial=1.0)
