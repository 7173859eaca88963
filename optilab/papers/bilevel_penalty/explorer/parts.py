"""What several pictures share: colours, and runs of both algorithms written out for one replicate, which are fast."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from optilab.papers.bilevel_penalty.problems import draw, ring
from optilab.ui.theme import methods

Array = np.ndarray
color = methods(ours=["penalty"], rivals=["S"], reference=["C"])
LOST = 1e6  # a point this far out has diverged
A_X, A_Y = 2.0, 1.0  # where f of the ring is least


class Ride(NamedTuple):
    """Iterates that were kept, and the step at which they diverged."""

    path: Array  # (kept, 5) x, u, w of the ring; (kept, 3) x of C
    lost: int | None


def ring_run(
    T: int, gamma: float, rho: float, beta: float, start: tuple[float, float], steps: int, sigma: float = 0.1
) -> Ride:
    """Algorithm 1 on the ring with exact gradients, from x = 1.2 and y = z = start, α = 0.3σ."""
    x, (y0, y1) = 1.2, start
    z0, z1, u0, u1, w0, w1 = y0, y1, y0, y1, y0, y1
    path = [(x, u0, u1, w0, w1)]
    for k in range(steps):
        u0, u1, w0, w1, r = y0, y1, z0, z1, 1 + x * x
        for _ in range(T):
            a, b = u0 * u0 + u1 * u1 - r, w0 * w0 + w1 * w1 - r
            d0, d1 = sigma * (u0 - A_X) + a * u0 + (u0 - y0) / rho, sigma * (u1 - A_Y) + a * u1 + (u1 - y1) / rho
            u0, u1 = u0 - gamma * d0, u1 - gamma * d1
            w0, w1 = w0 - gamma * (b * w0 + (w0 - z0) / rho), w1 - gamma * (b * w1 + (w1 - z1) / rho)
            if max(abs(u0), abs(u1), abs(w0), abs(w1)) > LOST:
                return Ride(np.array(path), k + 1)
        y0, y1, z0, z1 = y0 + beta * (u0 - y0), y1 + beta * (u1 - y1), z0 + beta * (w0 - z0), z1 + beta * (w1 - z1)
        a, b = u0 * u0 + u1 * u1, w0 * w0 + w1 * w1
        x -= 0.3 * sigma * (x - 0.5 - (a - b) * x / sigma)
        if abs(x) > LOST:
            return Ride(np.array(path), k + 1)
        path.append((x, u0, u1, w0, w1))
    return Ride(np.array(path), None)


class Matrices(NamedTuple):
    """Problem C of one seed, as the fast runs use it."""

    AA: Array  # AᵀA
    CC: Array  # CᵀC
    AB: Array  # AᵀB
    Cd: Array  # Cᵀd
    e: Array
    inverse: Array  # (AᵀA)†


@lru_cache(16)
def matrices(seed: int) -> Matrices:
    """The matrices of problem C."""
    A, B, _, e, C, d = draw(seed)
    return Matrices(A.T @ A, C.T @ C, A.T @ B, C.T @ d, e, np.linalg.pinv(A.T @ A))


@lru_cache(4)
def normals(seed: int, rows: int) -> Array:
    """Standard normal numbers, (rows, 27): of ∇ᵧf and ∇ᵧg at u, of ∇ᵧg at w, and of ∇ₓf."""
    return np.random.default_rng(seed).standard_normal((rows, 27))


def c_run(seed: int, sigma: float, alpha: float, gamma: float, T: int, steps: int, inner: Array, outer: Array) -> Ride:
    """Either algorithm on problem C from 0, given the errors of its gradients.

    Parameters
    ----------
    seed, sigma, alpha, gamma, T, steps
        Of the problem and the run; β = ρ = 1. With T = 1 both algorithms are at the centre of the proximal term.
    inner : array (steps·T, 24)
        The errors of ∇ᵧf and ∇ᵧg at u and of ∇ᵧg at w.
    outer : array (steps, 3)
        The error of ∇ₓf; that of ∇ₓg cancels.
    """
    m = matrices(seed)
    pull = gamma if T > 1 else 0.0  # ρ = 1
    one, nil = np.eye(8), np.zeros((8, 8))
    lead_u, lead_w = (1 - pull) * one - gamma * (m.AA + sigma * m.CC), (1 - pull) * one - gamma * m.AA
    step = np.block([[lead_u, nil], [nil, lead_w]])
    drive = gamma * np.concatenate([m.AB, m.AB])
    kick = -gamma * np.concatenate([sigma * inner[:, :8] + inner[:, 8:16], inner[:, 16:]], axis=1)
    kick[:, :8] += gamma * sigma * m.Cd
    pair = np.concatenate([-m.AB.T, m.AB.T], axis=1) / sigma  # (∇ₓg(u) − ∇ₓg(w))/σ
    x, v = np.zeros(3), np.zeros(16)
    path = np.empty((steps + 1, 3))
    path[0] = x
    for k in range(steps):
        force = drive @ x + pull * v
        for t in range(k * T, k * T + T):
            v = step @ v + force + kick[t]
        x = x - alpha * (x - m.e - 0.6 * np.sin(2 * x) + outer[k] + pair @ v)
        path[k + 1] = x
        if not abs(x).max() < LOST:
            return Ride(path[: k + 1], k + 1)
    return Ride(path, None)


def ring_circle(x: float) -> Array:
    """The lower solutions of the ring at x, (101, 2)."""
    angle = np.linspace(0, 2 * np.pi, 101)
    return np.sqrt(1 + x * x) * np.stack([np.cos(angle), np.sin(angle)], -1)


def ring_target(x: float, sigma: float) -> Array:
    """T(x, σ) of the ring: (2,)."""
    return ring().T(np.array([x]), sigma)
