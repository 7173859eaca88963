"""iLQR: trajectory optimisation with gradients of a smoothed contact, judged by rollouts of the hard one (A5).

Source: W. Li, E. Todorov, "Iterative linear quadratic regulator design for nonlinear biological movement systems",
2004, with the gradients of T. A. Howell et al., 2022.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm
from optilab.problems.oracles import Array, Number

STEPS = 2.0 ** -np.arange(12)  # the line search's α
TOGETHER = 3  # so many of them are tried in one batch of rollouts
RHO_START, RHO_FLOOR, RHO_LAST = 1e-6, 1e-9, 1e6
SETTLED = 1e-5  # relative decrease of the cost
TINY = 1e-300  # a cost that can be divided by


class Steered(Protocol):
    """A system under controls F (*batch, c), with ξ a tangent of its state z (*batch, n)."""

    def step(self, z: Array, F: Array, kappa: Number, /) -> Array:
        """The next state (*batch, n)."""

    def linearise(self, z: Array, F: Array, kappa: Number, /) -> tuple[Array, Array]:
        """A = ∂ξ⁺/∂ξ (*batch, d, d) and B = ∂ξ⁺/∂F (*batch, d, c)."""

    def difference(self, z: Array, other: Array, /) -> Array:
        """What z − other is in tangent coordinates, (*batch, d)."""


class Controlled(NamedTuple):
    """A motion under controls, and what it costs."""

    z: Array  # (T + 1, *batch, n)
    F: Array  # (T, *batch, c)
    cost: Array  # (*batch)


class Plan(NamedTuple):
    """State after k iterations."""

    F: Array  # (*batch, T·c) controls, one time step after the other, N
    z: Array  # (T + 1, *batch, n) the hard rollout under them
    cost: Array  # (*batch)
    slope: Array  # (*batch) ‖∂J/∂F‖ as the smoothed gradients see it
    rho: Array  # (*batch) regularisation
    alpha: Array  # (*batch) step length that was taken, 0 where none lowered the cost
    settled: Array  # (*batch) of bool: nothing more will change


def forward(
    system: Steered,
    z0: Array,
    F: Array,
    kappa: Number,
    K: Array | None = None,
    around: Array | None = None,
) -> tuple[Array, Array]:
    """States (T + 1, *batch, n) and controls (T, *batch, c) from z0 under F_t + K_t (z_t − around_t)."""
    z, taken = [np.broadcast_to(z0, (*F.shape[1:-1], z0.shape[-1]))], []
    for t in range(len(F)):
        feedback = 0.0 if K is None or around is None else np.matvec(K[t], system.difference(z[t], around[t]))
        taken.append(F[t] + feedback)
        z.append(system.step(z[t], taken[t], kappa))
    return np.array(z), np.array(taken)


def cost_of(system: Steered, z: Array, F: Array, goal: Array, Q: Array, R: Array) -> Array:
    """J = Σ ½ FᵀRF + ½ ξᵀQξ of the last ξ = z − goal: (*batch)."""
    xi = system.difference(z[-1], goal)
    return (F @ R * F).sum((0, -1)) / 2 + (xi @ Q * xi).sum(-1) / 2


def backward(A: Array, B: Array, F: Array, xi: Array, Q: Array, R: Array, rho: Array) -> tuple[Array, Array]:
    """Riccati pass: steps d (T, *batch, c) and gains K (T, *batch, c, d), from Q_uu + ρI."""
    V_x, V_xx = xi @ Q, np.broadcast_to(Q, (*xi.shape[:-1], *Q.shape))
    damping = rho[..., None, None] * np.eye(len(R))
    d, K = np.empty_like(F), np.empty((*F.shape, xi.shape[-1]))
    for t in reversed(range(len(F))):
        Q_u = F[t] @ R + np.matvec(B[t].mT, V_x)
        Q_x = np.matvec(A[t].mT, V_x)
        Q_uu = R + B[t].mT @ V_xx @ B[t]
        Q_ux = B[t].mT @ V_xx @ A[t]
        Q_xx = A[t].mT @ V_xx @ A[t]
        both = -np.linalg.solve(Q_uu + damping, np.concatenate([Q_u[..., None], Q_ux], -1))
        d[t], K[t] = both[..., 0], both[..., 1:]
        V_x = Q_x + np.matvec(K[t].mT, np.matvec(Q_uu, d[t]) + Q_u) + np.matvec(Q_ux.mT, d[t])
        V_xx = Q_xx + K[t].mT @ (Q_uu @ K[t] + Q_ux) + Q_ux.mT @ K[t]
    return d, K


def control_gradient(A: Array, B: Array, F: Array, xi: Array, Q: Array, R: Array) -> Array:
    """∂J/∂F (T, *batch, c), by the adjoint equation."""
    p, gradient = xi @ Q, np.empty_like(F)
    for t in reversed(range(len(F))):
        gradient[t] = F[t] @ R + np.matvec(B[t].mT, p)
        p = np.matvec(A[t].mT, p)
    return gradient


@algorithm
def ilqr(
    system: Steered,
    z0: Array,
    goal: Array,
    F0: Array,
    *,
    Q: Array,
    R: Array,
    kappa_r: Number,
    kappa_g: Number,
) -> Iterator[Plan]:
    """Lower J = Σ ½ FᵀRF + ½ ξᵀQξ; ends when every replicate has settled.

    Parameters
    ----------
    system : Steered
        What moves.
    z0, goal : arrays (*batch, n)
        Start, and where to be at the end.
    F0 : array (*batch, T, c)
        First guess of the controls, N.
    Q, R : arrays (d, d) and (c, c)
        Weights of the last state's distance and of the controls: symmetric, Q without negative eigenvalues, R positive
        definite.
    kappa_r, kappa_g : number or array (*batch)
        Central-path parameters of the rollouts and of the gradients.

    Raises
    ------
    ValueError
        If a κ isn't positive, a weight isn't as above, or shapes don't fit.
    """
    z0, goal, F, Q, R, kappa_r, kappa_g = _checked(system, z0, goal, F0, Q, R, kappa_r, kappa_g)

    def rolled(F: Array, K: Array | None = None, around: Array | None = None) -> Controlled:
        z, F = forward(system, z0, F, kappa_r, K, around)
        return Controlled(z, F, cost_of(system, z, F, goal, Q, R))

    now = rolled(F)
    batch = now.cost.shape
    rho, alpha, settled = np.full(batch, RHO_START), np.zeros(batch), np.zeros(batch, bool)
    while True:
        z, F, cost = now
        A, B = system.linearise(z[:-1], F, kappa_g)
        xi = system.difference(z[-1], goal)
        slope = np.sqrt((control_gradient(A, B, F, xi, Q, R) ** 2).sum((0, -1)))
        yield Plan(np.moveaxis(F, 0, -2).reshape(*batch, -1), z, cost, slope, rho, alpha, settled)
        if settled.all():
            return

        d, K = backward(A, B, F, xi, Q, R, rho)
        now, alpha = _line_search(rolled, now, d, K, settled)
        lower = alpha > 0
        rho = np.where(settled, rho, np.where(lower, np.maximum(rho / 5, RHO_FLOOR), rho * 10))
        drop = (cost - now.cost) / np.maximum(cost, TINY)
        settled = settled | (lower & (drop < SETTLED)) | (rho > RHO_LAST)


def _line_search(
    rolled: Callable[..., Controlled], now: Controlled, d: Array, K: Array, settled: Array
) -> tuple[Controlled, Array]:
    """Under F_t + α d_t + K_t ξ_t with the largest α in STEPS that lowers the cost: the rollout, and α, 0 if none does.

    Some lengths at a time are rolled out in one batch, in an axis before the replicates; those that are settled stay.
    """
    found, best, alpha = settled, now, np.zeros(settled.shape)
    for lengths in STEPS.reshape(-1, TOGETHER):
        shares = lengths.reshape(-1, *(1 for _ in settled.shape), 1)
        z, F, cost = rolled(now.F[:, None] + shares * d[:, None], K, now.z)
        for i in reversed(range(TOGETHER)):  # the largest last
            lower = ~found & (cost[i] < now.cost)
            best = Controlled(
                np.where(lower[..., None], z[:, i], best.z),
                np.where(lower[..., None], F[:, i], best.F),
                np.where(lower, cost[i], best.cost),
            )
            alpha = np.where(lower, lengths[i], alpha)
        found = settled | (alpha > 0)
        if found.all():
            break
    return best, alpha


def _checked(system: Steered, z0: Array, goal: Array, F0: Array, Q: Array, R: Array, *kappas: Any) -> tuple[Array, ...]:
    """The start of every replicate, the goal, controls (T, *batch, c), weights, κ_r and κ_g.

    The system's own parameters count too: where they have replicates, so have states and controls from the start.
    """
    kappa_r, kappa_g = (np.asarray(kappa, float) for kappa in kappas)
    for name, kappa in (("kappa_r", kappa_r), ("kappa_g", kappa_g)):
        require((kappa > 0) & (kappa < np.inf), name, kappa, "positive and finite")
    if (kappa_g < kappa_r).any():
        warnings.warn("kappa_g is below kappa_r: gradients harder than the rollouts", stacklevel=4)
    z0, goal, F0, Q, R = (np.asarray(value, float) for value in (z0, goal, F0, Q, R))
    for name, value in (("z0", z0), ("goal", goal), ("R", R)):
        require(value.ndim >= 1, f"the shape of {name}", value.shape, "that of an array with one axis or more")
    require(F0.ndim >= 2 and F0.shape[-1:] == R.shape[:1], "the shape of F0", F0.shape, f"(*batch, T, {len(R)})")
    require(z0.shape[-1] == goal.shape[-1], "the goal's length", goal.shape[-1], f"that of the state, {z0.shape[-1]}")
    for name, value in (("z0", z0), ("goal", goal), ("F0", F0)):
        require(np.isfinite(value), name, value, "finite")
    d = system.difference(z0, goal).shape[-1]
    require(Q.shape == (d, d), "the shape of Q", Q.shape, f"({d}, {d})")
    require(R.shape == (len(R), len(R)), "the shape of R", R.shape, f"({len(R)}, {len(R)})")
    require(_lowest(Q) >= -1e-12, "Q", Q, "symmetric, finite and without negative eigenvalues")
    require(_lowest(R) > 0, "R", R, "symmetric, finite and positive definite")
    try:
        after = system.step(z0, F0[..., 0, :], kappa_r).shape[:-1]
        batch = np.broadcast_shapes(after, goal.shape[:-1], kappa_g.shape)
    except ValueError:
        shapes = [part.shape for part in (z0, goal, F0, kappa_r, kappa_g)]
        require(False, "the shapes of z0, goal, F0, kappa_r, kappa_g", shapes, "such that the replicates broadcast")
    F = np.moveaxis(np.broadcast_to(F0, (*batch, *F0.shape[-2:])), -2, 0)
    return np.broadcast_to(z0, (*batch, z0.shape[-1])), goal, F, Q, R, kappa_r, kappa_g


def _lowest(M: Array) -> float:
    """The least eigenvalue of a symmetric matrix as a share of the largest; NaN if it isn't one."""
    if not (np.isfinite(M).all() and abs(M - M.T).max() <= 1e-12 * abs(M).max()):
        return np.nan
    values = np.linalg.eigvalsh(M)
    return float(values[0] / max(abs(values).max(), TINY))
