"""The reduced model: a few modes in place of the grid, and a bound on its error that costs no full solve."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.papers.multiobjective_pde.algorithm.models import FullModel, Piece, control
from optilab.papers.multiobjective_pde.algorithm.scalar import (
    ARMIJO,
    CLOSE,
    Minimiser,
    Point,
    Scalarisation,
    Weighted,
    descent,
    newton,
)
from optilab.papers.multiobjective_pde.algorithm.state import NotConvergedError
from optilab.papers.multiobjective_pde.problems import MaxPDE

Array = np.ndarray
DROPPED = 1e-9  # what is left of a snapshot after orthogonalisation, in ‖·‖_A, if it is nothing new


def pod(pde: MaxPDE, snapshots: Array, modes: int | None = None) -> Array:
    """Proper orthogonal decomposition in ‖·‖_A: V (N, modes) with h^dim VᵀAV = I, most energy first.

    Parameters
    ----------
    pde : MaxPDE
        Gives A.
    snapshots : array (N, s)
        States, one a column.
    modes : int, optional
        How many; all that there are by default, and no more than those.

    Raises
    ------
    ValueError
        If there is no snapshot, or `modes` is no whole number of 1 or more.
    """
    S = np.asarray(snapshots, float)
    require(
        S.ndim == 2 and S.shape[0] == pde.N and S.shape[1] > 0, "the shape of snapshots", S.shape, f"({pde.N}, s ≥ 1)"
    )
    require(modes is None or whole(modes, 1), "modes", modes, "a whole number, 1 or more")
    values, E = np.linalg.eigh(pde.weight * S.T @ pde.apply(S.T).T)
    values, E = values[::-1], E[:, ::-1]
    kept = (values > 1e-13 * values[0]).nonzero()[0][:modes]
    require(len(kept), "snapshots", snapshots, "not all zero")
    return orthonormal(pde, np.zeros((pde.N, 0)), S @ E[:, kept] / np.sqrt(values[kept]))


def orthonormal(pde: MaxPDE, V: Array, more: Array) -> Array:
    """V (N, r) and what is new in the columns of `more` (N, s), orthogonalised twice in A; below 10⁻⁹ none is."""
    for v in np.asarray(more, float).T:
        for _ in range(2):
            v = v - V @ (pde.weight * V.T @ pde.apply(v))
        size = float(pde.energy(v))
        if size >= DROPPED:
            V = np.column_stack([V, v / size])
    return V


class ReducedModel:
    """J and its derivatives with y in the span of V: Newton on Âc + h^dim κ Vᵀ max(0, Vc) = h^dim VᵀBq.

    The max is evaluated on the whole grid, which needs no solve. It is asked like the full model.

    Parameters
    ----------
    full : FullModel
        The model behind it, which makes the snapshots and counts what they cost.
    V : array (N, r)
        Modes with h^dim VᵀAV = I.
    """

    def __init__(self, full: FullModel, V: Array):
        require(V.ndim == 2 and V.shape[1] > 0, "the shape of V", V.shape, "(N, r) with r ≥ 1 modes")
        self.full, self.problem = full, full.problem
        self.c = np.zeros(0)
        self._set(V)

    def _set(self, V: Array) -> None:
        """Take these modes; the state starts where it was."""
        pde = self.problem.pde
        self.V, self.c = V, np.pad(self.c, (0, V.shape[1] - len(self.c)))
        self.drive = pde.weight * V.T @ pde.matrix

    def enrich(self, q: Array) -> bool:
        """Take in state and adjoints at q, by full solves; whether anything was new."""
        return self.take(self.full.fields(q))

    def take(self, fields: Array) -> bool:
        """Take in fields (s, N); whether anything was new."""
        more = orthonormal(self.problem.pde, self.V, fields.T)
        found = more.shape[1] > self.V.shape[1]
        self._set(more)
        return found

    def _jacobian(self, y: Array) -> Array:
        """I + h^dim κ VᵀDV, as Â = I: (r, r)."""
        on = self.V[y > 0]
        return np.eye(self.V.shape[1]) + self.problem.pde.weight * self.problem.pde.kappa * on.T @ on

    def state(self, q: Array) -> Array:
        """ŷ(q) = Vc: (N,)."""
        pde, right = self.problem.pde, self.drive @ q
        c, sizes, limit = self.c, [], 1e-11 * max(1, float(np.linalg.norm(right)))
        for _ in range(50):
            y = self.V @ c
            r = c + pde.weight * pde.kappa * (np.maximum(0, y) @ self.V) - right
            sizes.append(float(np.linalg.norm(r)))
            if sizes[-1] <= limit:
                self.c = c
                return y
            c = c - np.linalg.solve(self._jacobian(y), r)
        raise NotConvergedError("Newton on the reduced state", sizes)

    def values(self, q: Array) -> Array:
        """The objectives of q (p,): (k,)."""
        return self.problem.values(self.state(q), q @ self.problem.M @ q)

    def gradients(self, q: Array) -> tuple[Array, Array]:
        """Objectives (k,) and gradients (k, p), by reduced adjoints with the same Jacobian."""
        problem, w = self.problem, self.problem.pde.weight
        y = self.state(q)
        p = np.linalg.solve(self._jacobian(y), w * (problem.pull(y) @ self.V).T)
        Mq = problem.M @ q
        return problem.values(y, q @ Mq), p.T @ self.drive + np.outer(problem.sigma, Mq)

    def piece(self, q: Array) -> Piece:
        """The same and Hessians (k, p, p)."""
        problem, w = self.problem, self.problem.pde.weight
        y = self.state(q)
        S = self.V @ np.linalg.solve(self._jacobian(y), self.drive)
        Mq = problem.M @ q
        G = w * problem.pull(y) @ S + np.outer(problem.sigma, Mq)
        shared = w * (S.T * problem.bend(y)) @ S
        return Piece(problem.values(y, q @ Mq), G, shared + problem.sigma[:, None, None] * problem.M)

    def bound(self, q: Array) -> float:
        """Δ(q) ≥ ‖y − ŷ‖_A: the residual's dual norm, triangular solves with the one factor of A."""
        y = self.state(control(self.problem, q))
        return error_bound(self.problem.pde, y, self.problem.pde.drive(q))

    def certified(self, q: Array) -> Array:
        """A bound on |J_i − Ĵ_i| at q, from ‖y − ŷ‖ ≤ √C_P Δ: √C_P Δ ‖ŷ − y_d^i‖ + ½ C_P Δ², (k,). Without ψ."""
        pde, delta = self.problem.pde, self.bound(q)
        require(self.problem.psi is None, "the problem", self.problem, "without a bound on the state")
        miss = pde.norm(self.V @ self.c - self.problem.targets)
        return np.sqrt(pde.poincare) * delta * miss + pde.poincare * delta**2 / 2


def error_bound(pde: MaxPDE, y: Array, u: Array) -> float:
    """Δ = √(h^dim rᵀA⁻¹r) ≥ ‖y − y(u)‖_A for any y (N,), where r = Ay + κ max(0, y) − u."""
    r = pde.residual(y, u)
    return float(np.sqrt(pde.weight * max(r @ pde.inverse(r), 0.0)))


def effectivity_bound(pde: MaxPDE) -> float:
    """What Δ can be over the error at most: 1 + κ C_P."""
    return 1 + pde.kappa * pde.poincare


class Certified:
    """A minimiser on the reduced model that enriches it until Δ(q) ≤ tol where it ends.

    `events` has a pair for each enrichment: which minimisation it was in, and the modes after it. `deltas` and `bounds`
    have Δ and the certified errors of all J_i for each minimisation, by the model as it was then.

    Parameters
    ----------
    tol : float
        Of Δ, positive.
    minimise : Minimiser
        On the reduced model.
    """

    def __init__(self, tol: float, minimise: Minimiser = newton):
        require(tol > 0, "tol", tol, "positive")
        self.tol, self.minimise = tol, minimise
        self.events: list[tuple[int, int]] = []
        self.deltas: list[float] = []
        self.bounds: list[Array] = []

    def __call__(self, model: Any, scalarisation: Scalarisation, q: Array) -> Point:
        """Minimise; while Δ > tol take in the fields at q and minimise again."""
        found = self.minimise(model, scalarisation, q)
        while model.bound(found.q) > self.tol and model.enrich(found.q):
            self.events.append((len(self.deltas), model.V.shape[1]))
            found = self.minimise(model, scalarisation, found.q)
        self.deltas.append(model.bound(found.q))
        self.bounds.append(model.certified(found.q))
        return found


def started(full: FullModel, q: Array) -> ReducedModel:
    """A reduced model of state and adjoints at q, or of the adjoints alone where the state is zero."""
    return ReducedModel(full, orthonormal(full.problem.pde, np.zeros((full.problem.pde.N, 0)), full.fields(q).T))


def reduced_ends(full: FullModel, minimise: Certified) -> tuple[ReducedModel, list[Point]]:
    """Both ends of the front by a reduced model that grows from the adjoints at q = 0, and that model."""
    model = started(full, np.zeros(full.problem.pde.p))
    q, found = np.zeros(full.problem.pde.p), []
    for alpha in np.eye(full.problem.k):
        found.append(minimise(model, Weighted(alpha), q))
        q = found[-1].q
    return model, found


class Trusted(NamedTuple):
    """A state of the trust-region method."""

    q: Array  # (p,)
    value: float  # φ of the full model
    gradient: float  # |∇φ| of the full model
    delta: float  # radius δ: the relative bound that an iterate may have
    accepted: bool  # whether this q is new
    modes: int
    relative: float  # Δ/‖ŷ‖_A of the trial, before its fields were taken in


@algorithm
def trust_region(
    full: FullModel,
    scalarisation: Scalarisation,
    q: Array,
    *,
    delta: float = 0.1,
    tol: float = 1e-8,
    most: int = 50,
) -> Iterator[Trusted]:
    """Minimise φ on a reduced model, no further than its relative error bound Δ/‖ŷ‖_A ≤ δ; then ask the full one.

    A trial inside that lowers the full φ is accepted and δ doubles, otherwise δ halves; either way the model takes in
    the fields there. Ends at |∇φ| ≤ tol · Σ|w_i|, when no trial moves any more (a kink), or after `most` trials.

    Parameters
    ----------
    full : FullModel
        Makes the snapshots and counts them.
    scalarisation : Scalarisation
        φ.
    q : array (p,)
        Where to start.
    delta : float
        The first radius, positive.
    tol : float
        Of the gradient, positive.
    most : int
        Trials at most.

    Raises
    ------
    ValueError
        If `delta` or `tol` is not positive.

    Source: the error-aware trust region of Banholzer, Mechelli, Volkwein (2022), arXiv 2201.07744, with our constants
    (δ halves and doubles; acceptance by the full value).
    """
    require(delta > 0, "delta", delta, "positive")
    require(tol > 0, "tol", tol, "positive")
    q = control(full.problem, q)
    model = started(full, q)
    J, G = full.gradients(q)
    w = scalarisation.weights(J)
    value, gradient = scalarisation.value(J), float(np.linalg.norm(w @ G))
    yield Trusted(q, value, gradient, delta, True, model.V.shape[1], 0.0)
    for _ in range(most):
        if gradient <= tol * abs(w).sum():
            return
        trial, relative, inside = _within(model, scalarisation, q, delta)
        if not np.any(trial != q):
            return
        J, G = full.gradients(trial)
        model.take(np.concatenate([full.y[None], full.p]))
        accepted = inside and scalarisation.value(J) < value
        if accepted:
            q, value, w = trial, scalarisation.value(J), scalarisation.weights(J)
            gradient, delta = float(np.linalg.norm(w @ G)), 2 * delta
        else:
            delta = delta / 2
        yield Trusted(q, value, gradient, delta, accepted, model.V.shape[1], relative)


def _within(model: ReducedModel, scalarisation: Scalarisation, q: Array, delta: float) -> tuple[Array, float, bool]:
    """Newton steps on the reduced model while they stay in the trust region: where they end, Δ/‖ŷ‖_A there.

    The last is whether that is inside: if the first step isn't, however it is halved, it is handed out whole.
    """
    pde, relative, start = model.problem.pde, 0.0, q
    for _ in range(20):
        J, G, H = model.piece(q)
        w = scalarisation.weights(J)
        g = w @ G
        if np.linalg.norm(g) <= CLOSE * abs(w).sum():
            break
        d = descent(np.tensordot(w, H, 1) + G.T @ scalarisation.bend(J) @ G, g)
        now, first = scalarisation.value(J), None
        for t in 0.5 ** np.arange(11):
            trial = q + t * d
            lower = scalarisation.value(model.values(trial)) < now + ARMIJO * t * (g @ d)
            share = model.bound(trial) / max(float(pde.energy(model.V @ model.c)), np.finfo(float).tiny)
            first = (trial, share) if first is None and lower else first
            if lower and share <= delta:
                q, relative = trial, share
                break
        else:
            if q is start and first is not None:
                return *first, False
            break
    return q, relative, True
