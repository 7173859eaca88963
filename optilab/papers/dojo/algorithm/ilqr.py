"""iLQR: trajectory optimisation with gradients of a smoothed contact, judged by rollouts of the hard one.

Any system will do that has

    step(z, F, kappa) → z⁺                the next state (*batch, n) under the control F (*batch, c)
    linearise(z, F, kappa) → (A, B)       ∂ξ⁺/∂ξ (*batch, d, d) and ∂ξ⁺/∂F (*batch, d, c), ξ a tangent of the state
    difference(z, other) → ξ              z − other in tangent coordinates (*batch, d)

Source: W. Li, E. Todorov, "Iterative linear quadratic regulator design for nonlinear biological movement systems",
2004, with the gradients of T. A. Howell et al., 2022.
"""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm

STEPS = 2.0 ** -np.arange(12)  # the line search's α
TOGETHER = 3  # so many of them are tried in one batch of rollouts
RHO_START, RHO_FLOOR, RHO_LAST = 1e-6, 1e-9, 1e6
SETTLED = 1e-5  # relative decrease of the cost
TINY = 1e-300  # a cost that can be divided by


class Plan(NamedTuple):
    """State after k iterations."""

    F: np.ndarray  # (*batch, T·c) controls, one time step after the other, N
    z: np.ndarray  # (T + 1, *batch, n) the hard rollout under them
    cost: np.ndarray  # (*batch)
    slope: np.ndarray  # (*batch) ‖∂J/∂F‖ as the smoothed gradients see it
    rho: np.ndarray  # (*batch) regularisation
    alpha: np.ndarray  # (*batch) step length that was taken, 0 where none lowered the cost
    settled: np.ndarray  # (*batch) of bool: nothing more will change


def forward(
    system: Any,
    z0: np.ndarray,
    F: np.ndarray,
    kappa: float | np.ndarray,
    K: np.ndarray | None = None,
    around: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """States (T + 1, *batch, n) and controls (T, *batch, c) from z0 under F_t + K_t (z_t − around_t)."""
    z, taken = [z0], []
    for t in range(len(F)):
        now = F[t] if K is None or around is None else F[t] + _times(K[t], system.difference(z[t], around[t]))
        taken.append(now)
        z.append(system.step(z[t], now, kappa))
    return np.array(z), np.array(taken)


def cost_of(system: Any, z: np.ndarray, F: np.ndarray, goal: np.ndarray, Q: np.ndarray, R: np.ndarray) -> np.ndarray:
    """J = Σ ½ FᵀRF + ½ ξᵀQξ of the last ξ = z − goal: (*batch)."""
    xi = system.difference(z[-1], goal)
    return (F @ R * F).sum((0, -1)) / 2 + (xi @ Q * xi).sum(-1) / 2


def backward(
    A: np.ndarray, B: np.ndarray, F: np.ndarray, xi: np.ndarray, Q: np.ndarray, R: np.ndarray, rho: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Riccati pass: steps d (T, *batch, c) and gains K (T, *batch, c, n), from Q_uu + ρI."""
    V_x, V_xx = xi @ Q, np.broadcast_to(Q, (*xi.shape[:-1], *Q.shape))
    damping = rho[..., None, None] * np.eye(len(R))
    d, K = np.empty_like(F), np.empty((*F.shape, xi.shape[-1]))
    for t in reversed(range(len(F))):
        Q_u = F[t] @ R + _times(B[t].mT, V_x)
        Q_x = _times(A[t].mT, V_x)
        Q_uu = R + B[t].mT @ V_xx @ B[t]
        Q_ux = B[t].mT @ V_xx @ A[t]
        Q_xx = A[t].mT @ V_xx @ A[t]
        both = -np.linalg.solve(Q_uu + damping, np.concatenate([Q_u[..., None], Q_ux], -1))
        d[t], K[t] = both[..., 0], both[..., 1:]
        V_x = Q_x + _times(K[t].mT, _times(Q_uu, d[t]) + Q_u) + _times(Q_ux.mT, d[t])
        V_xx = Q_xx + K[t].mT @ (Q_uu @ K[t] + Q_ux) + Q_ux.mT @ K[t]
    return d, K


def control_gradient(
    A: np.ndarray, B: np.ndarray, F: np.ndarray, xi: np.ndarray, Q: np.ndarray, R: np.ndarray
) -> np.ndarray:
    """∂J/∂F (T, *batch, c), by the adjoint equation."""
    p, gradient = xi @ Q, np.empty_like(F)
    for t in reversed(range(len(F))):
        gradient[t] = F[t] @ R + _times(B[t].mT, p)
        p = _times(A[t].mT, p)
    return gradient


def _times(M: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (M @ x[..., None])[..., 0]


@algorithm
def ilqr(
    system: Any,
    z0: np.ndarray,
    goal: np.ndarray,
    F0: np.ndarray,
    *,
    Q: np.ndarray,
    R: np.ndarray,
    kappa_r: float | np.ndarray,
    kappa_g: float | np.ndarray,
) -> Iterator[Plan]:
    """Lower J = Σ ½ FᵀRF + ½ ξᵀQξ; ends when every replicate has settled.

    Parameters
    ----------
    system
        Has `step`, `linearise` and `difference` (see above).
    z0, goal : arrays (*batch, n)
        Start, and where to be at the end.
    F0 : array (*batch, T, c)
        First guess of the controls, N.
    Q, R : arrays (d, d) and (c, c)
        Weights of the last state's distance and of the controls.
    kappa_r, kappa_g : number or array (*batch)
        Central-path parameters of the rollouts and of the gradients.

    Raises
    ------
    ValueError
        If a κ isn't positive, or shapes don't fit.
    """
    kappa_r, kappa_g = np.asarray(kappa_r, float), np.asarray(kappa_g, float)
    for name, kappa in (("kappa_r", kappa_r), ("kappa_g", kappa_g)):
        require((kappa > 0) & (kappa < np.inf), name, kappa, "positive and finite")
    if (kappa_g < kappa_r).any():
        warnings.warn("kappa_g is below kappa_r: gradients harder than the rollouts", stacklevel=3)
    z0, goal, F0, Q, R = (np.asarray(value, float) for value in (z0, goal, F0, Q, R))
    require(F0.ndim >= 2 and F0.shape[-1:] == R.shape[:1], "the shape of F0", F0.shape, f"(*batch, T, {len(R)})")
    require(z0.shape[-1] == goal.shape[-1], "the goal's length", goal.shape[-1], f"that of the state, {z0.shape[-1]}")
    for name, value in (("z0", z0), ("goal", goal), ("F0", F0)):
        require(np.isfinite(value), name, value, "finite")
    batch = np.broadcast_shapes(z0.shape[:-1], goal.shape[:-1], F0.shape[:-2], kappa_r.shape, kappa_g.shape)
    d = system.difference(z0, goal).shape[-1]
    require(Q.shape == (d, d), "the shape of Q", Q.shape, f"({d}, {d})")
    z0 = np.broadcast_to(z0, (*batch, z0.shape[-1]))
    F = np.moveaxis(np.broadcast_to(F0, (*batch, *F0.shape[-2:])), -2, 0)

    z, F = forward(system, z0, F, kappa_r)
    cost = cost_of(system, z, F, goal, Q, R)
    A, B = system.linearise(z[:-1], F, kappa_g)
    rho, alpha, settled = np.full(batch, RHO_START), np.zeros(batch), np.zeros(batch, bool)
    while True:
        xi = system.difference(z[-1], goal)
        slope = np.sqrt((control_gradient(A, B, F, xi, Q, R) ** 2).sum((0, -1)))
        yield Plan(np.moveaxis(F, 0, -2).reshape(*batch, -1), z, cost, slope, rho, alpha, settled)
        if settled.all():
            return
        d, K = backward(A, B, F, xi, Q, R, rho)

        # forward: the largest step length that lowers the cost, a few at a time in one batch of rollouts
        before, found, alpha = (z, F, cost), settled, np.zeros(batch)
        for lengths in STEPS.reshape(-1, TOGETHER):
            shares = lengths.reshape(-1, *(1 for _ in batch), 1)
            starts = np.broadcast_to(z0, (TOGETHER, *z0.shape))
            paths, controls = forward(system, starts, before[1][:, None] + shares * d[:, None], kappa_r, K, before[0])
            costs = cost_of(system, paths, controls, goal, Q, R)
            lower = costs < before[2]
            better, best = lower.any(0) & ~found, lower.argmax(0)
            at = best[None, None, ..., None]
            z = np.where(better[..., None], np.take_along_axis(paths, at, 1)[:, 0], z)
            F = np.where(better[..., None], np.take_along_axis(controls, at, 1)[:, 0], F)
            cost = np.where(better, np.take_along_axis(costs, best[None], 0)[0], cost)
            alpha = np.where(better, lengths[best], alpha)
            found = found | better
            if found.all():
                break
        drop = (before[2] - cost) / np.maximum(before[2], TINY)
        better = alpha > 0
        rho = np.where(settled, rho, np.where(better, np.maximum(rho / 5, RHO_FLOOR), rho * 10))
        settled = settled | (better & (drop < SETTLED)) | (rho > RHO_LAST)
        A, B = system.linearise(z[:-1], F, kappa_g)
