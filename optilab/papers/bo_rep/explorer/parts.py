"""What several pictures share: the methods' colours, and fast runs of BO-REP on `world` for one replicate."""

from functools import cache
from typing import NamedTuple

import numpy as np

from optilab.papers.bo_rep.algorithm import Refinement, calls
from optilab.papers.bo_rep.problems import MIDDLE, WALL, draw
from optilab.ui.theme import methods

Array = np.ndarray
color = methods(ours=["BO-REP"], rivals=["SOBA", "MA-SOBA", "clipped SOBA"])
ETA, NU, LOST = 0.02, 0.1, 1e6


class Turned(NamedTuple):
    """`world` of one seed, the lower level in the eigenvectors of its Hessian."""

    A: Array
    U: Array  # H = U diag(λ) Uᵀ
    lam: Array
    B: Array  # UᵀA
    b: Array


@cache
def turned(seed: int) -> Turned:
    """The numbers of `world`."""
    A, H = draw(seed)
    lam, U = np.linalg.eigh(H)
    return Turned(A, U, lam, U.T @ A, A @ np.full(3, MIDDLE))


def block(e: Array, r: Array, T: int, radius: float, kicks: Array | None = None) -> Array:
    """The error of y after T lower steps that multiply it by r, kept in a ball, and averaged."""
    w, S = e, np.zeros_like(e)
    for t in range(T):
        w = r * w
        if kicks is not None:
            w = w - kicks[t]
        if radius < np.inf:
            moved = w - e
            length = np.sqrt(moved @ moved)
            if length > radius:
                w = e + radius / length * moved
        S = S + w
    return S / T


class Chase(NamedTuple):
    """What was kept of a run with exact oracles."""

    spent: Array  # calls
    error: Array  # ‖y − y*(x)‖
    lost: bool  # whether the last error is beyond 10⁶


def exact_run(
    I: int, N: int, gamma: float, R: float, refine: Refinement | None, budget: int, far: float = 34.0
) -> Chase:
    """BO-REP on `world` of seed 0 from x = 6, y = y*(6 + far), η = 0.02, β = 0.9."""
    A, U, lam, B, b = turned(0)
    x, e, spent = np.full(3, 6.0), B @ np.full(3, far), 0
    z, m = np.zeros(6), np.zeros(3)
    kept = [(0, np.sqrt(e @ e))]
    if refine is not None:
        for s in range(refine.E):
            T = refine.T1 * 2**s
            e, spent = block(e, 1 - refine.gamma1 / 2**s * lam, T, refine.D1 / 2 ** (s / 2)), spent + T
            kept.append((spent, np.sqrt(e @ e)))
    k, C = 0, lam[:, None] * B
    while spent < budget and kept[-1][1] < LOST:
        if k and k % I == 0:
            e, spent = block(e, 1 - gamma * lam, N, R), spent + N
        u = A @ x + U @ e - b
        gh = np.exp(x - WALL) - np.exp(-x) + z @ C
        z = z - NU * (lam * z - (u / np.sqrt(1 + u * u)) @ U)
        m = 0.9 * m + 0.1 * gh if k else gh
        step = ETA * m / (np.sqrt(m @ m) or 1.0)
        x, e = x - step, e + B @ step  # y stays, its target moves
        k, spent = k + 1, spent + 4
        kept.append((spent, np.sqrt(e @ e)))
    found = np.array(kept)
    return Chase(found[:, 0], found[:, 1], bool(found[-1, 1] >= LOST))


def noisy_run(scale: float, beta: float, seed: int, K: int, begin: float = 10.0) -> Array:
    """X (K + 1, 3) of BO-REP on `world` from x = begin, y = y*(x), drawing as `default_rng(seed)`; I = 2, N = 3."""
    A, U, lam, B, b = turned(seed)
    drawn = normals(seed, int(calls(K)))
    other = drawn @ U
    x, e, z, m, C, at = np.full(3, begin), np.zeros(6), np.zeros(6), np.zeros(3), lam[:, None] * B, 0
    path = [x]
    for k in range(K):
        if k and k % 2 == 0:
            e = block(e, 1 - 0.2 * lam, 3, np.inf, 0.2 * scale * other[at : at + 3])
            at += 3
        u, length = A @ x + U @ e - b, 0.05 * np.sqrt(z @ z)
        gh = np.exp(x - WALL) - np.exp(-x) + z @ C + scale * drawn[at, :3] - length * drawn[at + 1, :3]
        slope = (u / np.sqrt(1 + u * u)) @ U + scale * other[at + 3]
        z = z - NU * (lam * z + length * other[at + 2] - slope)
        m = beta * m + (1 - beta) * gh if k else gh
        step = ETA * m / (np.sqrt(m @ m) or 1.0)
        x, e, at = x - step, e + B @ step, at + 4
        path.append(x)
    return np.array(path)


@cache
def normals(seed: int, rows: int) -> Array:
    """The noise of one oracle call a row, (rows, 6)."""
    return np.random.default_rng(seed).standard_normal((rows, 6))
