"""Points along a front: by weights (the baseline), by a reference point that walks, by Pascoletti and Serafini."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.papers.multiobjective_pde.algorithm.models import Model
from optilab.papers.multiobjective_pde.algorithm.scalar import Minimiser, Point, Reference, Weighted, newton

Array = np.ndarray


@algorithm
def weighted_sum(model: Model, q: Array, *, alphas: Array, minimise: Minimiser = newton) -> Iterator[Point]:
    """The baseline: minimise α J₁ + (1 − α) J₂ for each α, from the last point. Finds only the hull's part of a front.

    Parameters
    ----------
    model : Model
        Of two objectives.
    q : array (p,)
        Where to start.
    alphas : array (points,)
        Weights of J₁, in [0, 1].
    minimise : Minimiser
        Of one weighted sum.

    Raises
    ------
    ValueError
        If a weight is not in [0, 1], or there are not two objectives.
    """
    _two(model)
    alphas = np.atleast_1d(np.asarray(alphas, float))
    require((alphas >= 0) & (alphas <= 1), "alphas", alphas, "in [0, 1]")
    for alpha in alphas:
        found = minimise(model, Weighted(np.array([alpha, 1 - alpha])), q)
        yield found
        q = found.q


def _two(model: Model) -> None:
    """Refuse what has not two objectives."""
    require(model.problem.k == 2, "the number of objectives", model.problem.k, "2")


class Walked(NamedTuple):
    """A point of a reference-point walk."""

    q: Array  # (p,)
    J: Array  # (2,)
    weights: Array  # (2,) implied: (J − z)/Σ(J − z)
    gradient: float
    status: str
    z: Array  # (2,) the reference point that led here; NaN at both ends


@algorithm
def reference_walk(
    model: Model,
    first: Point,
    last: Point,
    *,
    h_par: float | None = None,
    h_perp: float | None = None,
    minimise: Minimiser = newton,
) -> Iterator[Walked]:
    """Walk along the front of two objectives with a reference point z that stays below it: evenly spaced points.

    Parameters
    ----------
    model : Model
        Of two objectives.
    first, last : Point
        The minimisers of J₁ and of J₂: `ends`.
    h_par, h_perp : float, optional
        Steps of z along the front, and its distance from it; |J(last) − J(first)|/12 by default.
    minimise : Minimiser
        Of ½|J − z|².

    Raises
    ------
    ValueError
        If a step is not positive, there are not two objectives, or a point is not above its z in both.

    Source: the reference-point method of Banholzer and Volkwein as used in Bernreuther, Müller, Volkwein (2022); the
    treatment of start and end is ours.
    """
    _two(model)
    length = float(np.linalg.norm(last.J - first.J))
    h_par = length / 12 if h_par is None else h_par
    h_perp = length / 12 if h_perp is None else h_perp
    require(h_par > 0, "h_par", h_par, "positive")
    require(h_perp > 0, "h_perp", h_perp, "positive")
    yield Walked(*first, z=np.full(2, np.nan))
    z = first.J - [h_perp, h_par]
    q = first.q
    while z[0] < last.J[0]:
        found = minimise(model, Reference(z), q)
        below = found.J - z > 1e-6 * length  # a z that is reached, but for rounding, is none below the front
        require(below, "the reference point z", z, "below J in both, or J is dominated")
        yield Walked(*found, z=z)
        q, J = found.q, found.J
        perp = (z - J) / np.linalg.norm(z - J)  # normal to the front, away from what can be had
        par = np.array([-perp[1], perp[0]])  # along it, towards larger J₁
        par = par if par[0] >= 0 else -par
        z = J + h_par * par + h_perp * perp
    yield Walked(*last, z=np.full(2, np.nan))


@dataclass(frozen=True, eq=False)
class Augmented:
    """φ(J) = min over t of t + (1/2ρ) Σ (max(0, λ_i + ρ c_i)² − λ_i²), c_i = J_i − z_i − t r_i.

    For given J the best t is where Σ r_i max(0, λ_i + ρ c_i) = 1, found exactly: only q is left to be minimised over.
    """

    z: Array
    r: Array
    lam: Array
    rho: float

    def t(self, J: Array) -> float:
        """The best t: of the sums over the i with the largest (λ_i + ρ(J_i − z_i))/(ρ r_i), the one that fits."""
        a = self.lam + self.rho * (J - self.z)
        order = np.argsort(-a / self.r)
        top, below = np.cumsum((self.r * a)[order]) - 1, np.cumsum((self.rho * self.r**2)[order])
        return float((top / below).max())

    def violation(self, J: Array, t: float) -> Array:
        """c_i = J_i − z_i − t r_i: (k,)."""
        return J - self.z - t * self.r

    def value(self, J: Array) -> float:
        """φ(J)."""
        t = self.t(J)
        m = np.maximum(0, self.lam + self.rho * self.violation(J, t))
        return float(t + (m**2 - self.lam**2).sum() / (2 * self.rho))

    def weights(self, J: Array) -> Array:
        """max(0, λ + ρc), as t is the best: its own derivative is 0."""
        return np.maximum(0, self.lam + self.rho * self.violation(J, self.t(J)))

    def bend(self, J: Array) -> Array:
        """ρ (D − D r rᵀD/(rᵀDr)), D = diag(λ + ρc > 0): t gives way along r."""
        D = (self.weights(J) > 0) * 1.0
        return self.rho * (np.diag(D) - np.outer(D * self.r, D * self.r) / (D @ self.r**2))


class Multiplied(NamedTuple):
    """A state of the augmented Lagrangian method."""

    q: Array  # (p,)
    J: Array  # (k,)
    t: float
    lam: Array  # (k,) multipliers λ
    rho: float
    violation: float  # of feasibility and complementarity; inf at the start
    status: str  # of the last minimisation


@algorithm
def pascoletti_serafini(
    model: Model,
    q: Array,
    *,
    z: Array,
    r: Array,
    rho: float,
    tol: float = 1e-7,
    most: int = 60,
    minimise: Minimiser = newton,
) -> Iterator[Multiplied]:
    """The least t with J_i(q) − z_i ≤ t r_i, by the augmented Lagrangian: the front's point seen from z along r.

    Reaches parts of a front that no weights reach. Ends when the violation is at most `tol`, or after `most` updates.

    Parameters
    ----------
    model : Model
        The objectives.
    q : array (p,)
        Where to start.
    z : array (k,)
        A point below the ideal one.
    r : array (k,)
        The direction, r > 0.
    rho : float
        The first ρ > 0; it must match the size of J: 100 over the front's length.
    tol : float
        Of the violation, positive.
    most : int
        Updates of λ at most.
    minimise : Minimiser
        Of the augmented Lagrangian in q; t is given its best value in closed form.

    Raises
    ------
    ValueError
        If ρ, r or `tol` is not positive, or shapes don't fit.

    Source: A. Pascoletti, P. Serafini (1984); Banholzer, Mechelli, Volkwein (2022), arXiv 2201.07744.
    """
    z, r = np.asarray(z, float), np.asarray(r, float)
    require(z.shape == (model.problem.k,), "the shape of z", z.shape, f"({model.problem.k},)")
    require(r.shape == z.shape, "the shape of r", r.shape, f"that of z, {z.shape}")
    require(r > 0, "r", r, "positive")
    require(rho > 0, "rho", rho, "positive")
    require(tol > 0, "tol", tol, "positive")
    J = model.values(np.asarray(q, float))
    require(z < J, "z", z, f"strictly below the objectives {J}")
    lam, violation = np.full(len(r), 1 / r.sum()), np.inf
    yield Multiplied(q, J, Augmented(z, r, lam, rho).t(J), lam, rho, violation, "ok")
    for _ in range(most):
        now = Augmented(z, r, lam, rho)
        found = minimise(model, now, q)
        q, J, t = found.q, found.J, now.t(found.J)
        c = now.violation(J, t)
        lam = np.maximum(0, lam + rho * c)
        before, violation = violation, float(max(abs(np.minimum(lam / rho, -c)).max(), c.max()))
        yield Multiplied(q, J, t, lam, rho, violation, found.status)
        if violation <= tol:
            return
        if violation > before / 4:
            rho = 5 * rho


def gap_ratio(J: Array) -> float:
    """Longest over shortest distance of neighbours along points (points, k) of a front."""
    gaps = np.linalg.norm(np.diff(J, axis=0), axis=-1)
    return float(gaps.max() / gaps.min())
