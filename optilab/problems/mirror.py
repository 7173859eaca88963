"""Mirror maps ψ: what "near" means in the step argmin_z h(z) + ⟨g, z − x⟩ + D_ψ(z, x)/η.

D_ψ(z, x) = ψ(z) − ψ(x) − ⟨∇ψ(x), z − x⟩ is the Bregman divergence; each map solves the step in closed form.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from optilab.core.check import require
from optilab.problems import projection
from optilab.problems.oracles import Simple, lifted
from optilab.problems.simple import Ball, Simplex, Zero
from optilab.problems.stable import softmax

TINY = 1e-300  # stands for components that have underflowed, so that their logarithm exists


class Mirror(Protocol):
    """A mirror map with its step."""

    def check(self, h: Simple, x: np.ndarray) -> None:
        """Raise `ValueError` if the map can't take the simple part h, or can't start at x (*batch, d)."""

    def step(self, h: Simple, x: np.ndarray, g: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """The minimiser of h(z) + ⟨g, z − x⟩ + D_ψ(z, x)/η; x and g (*batch, d), eta a number or (*batch)."""

    def divergence(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """D_ψ(z, x): (*batch, d) → (*batch)."""

    def dual_norm(self, g: np.ndarray) -> np.ndarray:
        """‖g‖_*, dual to the norm in which ψ is convex of its kind: (*batch, d) → (*batch)."""


@dataclass(frozen=True)
class Euclidean:
    """ψ = ½‖x‖₂², with any simple part."""

    def check(self, h: Simple, x: np.ndarray) -> None:
        """Every simple part and every finite start will do."""
        require(np.isfinite(x).all(), "the start", x, "finite")

    def step(self, h: Simple, x: np.ndarray, g: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """A gradient step, then the proximal map of h."""
        return h.prox(x - lifted(eta, x) * g, eta)

    def divergence(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Half the squared distance."""
        return 0.5 * ((z - x) ** 2).sum(-1)

    def dual_norm(self, g: np.ndarray) -> np.ndarray:
        """‖g‖₂."""
        return np.sqrt(np.vecdot(g, g))


@dataclass(frozen=True)
class Entropy:
    """ψ = Σ xᵢ ln xᵢ on the probability simplex, 1-strongly convex in the norm ‖·‖₁ (Pinsker)."""

    def check(self, h: Simple, x: np.ndarray) -> None:
        """Needs the simplex as simple part, and a start in its interior."""
        require(isinstance(h, Simplex), "the simple part of an entropy step", h, "Simplex()")
        inside = (x > 0).all() and np.allclose(x.sum(-1), 1, rtol=0, atol=1e-9)
        require(inside, "the start", x, "positive with sum 1")

    def step(self, h: Simple, x: np.ndarray, g: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """Multiply every weight by exp(−η gᵢ) and normalise, in logarithms."""
        return softmax(np.log(np.maximum(x, TINY)) - lifted(eta, x) * g)

    def divergence(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The Kullback–Leibler divergence Σ zᵢ ln(zᵢ/xᵢ)."""
        return (z * (np.log(np.maximum(z, TINY)) - np.log(np.maximum(x, TINY)))).sum(-1)

    def dual_norm(self, g: np.ndarray) -> np.ndarray:
        """maxᵢ |gᵢ|, dual to ‖·‖₁."""
        return abs(g).max(-1)


@dataclass(frozen=True)
class Power:
    """ψ = 2^(q−2)/q · ‖x − center‖₂^q with q = p/(p − 1): uniformly convex, for noise with a p-th moment only.

    D_ψ(z, x) ≥ ‖z − x‖^q / q, and p = 2 is the Euclidean map.

    Parameters
    ----------
    p : float
        The moment that the noise has, in (1, 2].
    center : array (d,)
        Where ψ is smallest: the start of the algorithm.
    """

    p: float
    center: np.ndarray

    def __post_init__(self) -> None:
        require(1 < self.p <= 2, "p", self.p, "in (1, 2]")

    @property
    def q(self) -> float:
        """The exponent dual to p, 1/p + 1/q = 1."""
        return self.p / (self.p - 1)

    @property
    def c(self) -> float:
        """The factor 2^(q−2)."""
        return float(2 ** (self.q - 2))

    def check(self, h: Simple, x: np.ndarray) -> None:
        """Needs a problem without a simple part."""
        require(isinstance(h, Zero), "the simple part of a power step", h, "Zero()")
        require(np.isfinite(x).all(), "the start", x, "finite")

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """∇ψ: c‖w‖^(q−2) w with w = x − center."""
        w = x - self.center
        return self.c * np.sqrt(np.vecdot(w, w))[..., None] ** (self.q - 2) * w

    def inverse(self, v: np.ndarray) -> np.ndarray:
        """The inverse of `gradient`: center + v/‖v‖ · (‖v‖/c)^(p−1), and the centre itself at v = 0."""
        length = np.sqrt(np.vecdot(v, v))[..., None]
        direction = v / np.where(length > 0, length, 1)
        return self.center + direction * (length / self.c) ** (self.p - 1)

    def step(self, h: Simple, x: np.ndarray, g: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """Step against g in the mirror, where far points are very far: x⁺ = ∇ψ⁻¹(∇ψ(x) − η g)."""
        return self.inverse(self.gradient(x) - lifted(eta, x) * g)

    def divergence(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """D_ψ(z, x) from its definition."""
        psi_z, psi_x = (self.c / self.q * np.linalg.norm(y - self.center, axis=-1) ** self.q for y in (z, x))
        return psi_z - psi_x - (self.gradient(x) * (z - x)).sum(-1)

    def dual_norm(self, g: np.ndarray) -> np.ndarray:
        """‖g‖₂."""
        return np.sqrt(np.vecdot(g, g))


@dataclass(frozen=True)
class Mahalanobis:
    """ψ = ½ xᵀHx, on all of space or on a centred ball: 1-strongly convex in the norm ‖x‖_H = (xᵀHx)^½.

    Parameters
    ----------
    H : array (*batch, d, d)
        Symmetric and positive definite; asked by `check`, not by every step.
    """

    H: np.ndarray

    @cached_property
    def eigen(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (*batch, d) and eigenvectors (*batch, d, d) of H."""
        return np.linalg.eigh(self.H)

    def check(self, h: Simple, x: np.ndarray) -> None:
        """Needs a positive definite H, and a problem without a simple part or with a ball."""
        require(isinstance(h, Zero | Ball), "the simple part of a Mahalanobis step", h, "Zero() or a Ball")
        require(np.isfinite(x).all(), "the start", x, "finite")
        symmetric = abs(self.H - np.swapaxes(self.H, -1, -2)).max() <= 1e-10 * abs(self.H).max()
        require(symmetric and bool((self.eigen[0] > 0).all()), "H", self.H, "symmetric and positive definite")

    def step(self, h: Simple, x: np.ndarray, g: np.ndarray, eta: float | np.ndarray) -> np.ndarray:
        """The point x − η H⁻¹g, projected onto the ball in the norm of H; in the eigenvectors' coordinates."""
        values, vectors = self.eigen
        there = np.vecmat(x, vectors) - lifted(eta, x) * np.vecmat(g, vectors) / values
        if isinstance(h, Ball):
            there = projection.ball_in_metric(there, values, h.radius)
        return np.matvec(vectors, there)

    def divergence(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """½(z − x)ᵀH(z − x)."""
        return 0.5 * np.vecdot(z - x, np.matvec(self.H, z - x))

    def dual_norm(self, g: np.ndarray) -> np.ndarray:
        """(gᵀH⁻¹g)^½."""
        values, vectors = self.eigen
        return np.sqrt((np.vecmat(g, vectors) ** 2 / values).sum(-1))
