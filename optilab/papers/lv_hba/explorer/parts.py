"""What several pictures share: the methods' colours, and single runs written out for one replicate, which are fast."""

from math import cos, exp, sin
from typing import Any

import numpy as np

from optilab.ui.theme import methods

color = methods(ours=["LV-HBA"], rivals=["E-AiPOD"])
DEEP = -20.0  # y below this: e^{2−y} is about to overflow


def ripple_run(alpha: float, eta: float, c0: float, p: float, x: float, steps: int) -> tuple[np.ndarray, int | None]:
    """LV-HBA on the active inequality in plain numbers, from (x, 0), β = 0.1 and γ₁ = γ₂ = 1.

    Returns
    -------
    path : array (kept, 4)
        x, y, z, λ of every step until it diverges.
    lost : int or None
        The step at which y fell below −20.
    """
    y, z, lam = min(0.0, x), 1.0, 1.0
    theta, path = y, []
    for k in range(steps):
        path.append((x, y, z, lam))
        d_theta = 2 * (theta - 2 * x) + lam + theta - y
        d_lam = -(theta - x) + lam - z
        theta, lam = theta - eta * d_theta, min(max(lam - eta * d_lam, 0.0), 100.0)
        c, wave, pull = c0 * (k + 1) ** p, 2 + cos(6 * x), exp(2 - y)
        u = 4 * x - 2
        F_x, F_y = pull * 6 * sin(6 * x) / wave**2 + 4 * u / (u * u + 1), -pull / wave
        d_x = F_x / c - 4 * (y - 2 * x) + 4 * (theta - 2 * x) + lam
        d_y = F_y / c + 2 * (y - 2 * x) - (y - theta)
        z = min(max(z + 0.1 * (lam - z), 0.0), 100.0)
        x, y = x - alpha * d_x, y - alpha * d_y
        x = min(max(x if x >= y else (x + y) / 2, 0.0), 3.0)
        y = min(y, x)
        if y < DEEP or abs(theta) > 1e6:
            return np.array(path), k + 1
    path.append((x, y, z, lam))
    return np.array(path), None


def flat_run(
    start: tuple[np.ndarray, np.ndarray], c0: float, p: float, gamma2: float, row: float, steps: int
) -> np.ndarray:
    """LV-HBA on the flat lower level, one run with α = β = η = 0.1, γ₁ = 1: the relative error of x, (steps + 1,)."""
    n = len(start[0])
    w = np.stack([start[0], start[1][:n], start[1][n:]])  # x, y₁, y₂
    w = w - w.mean()
    theta, lam, z = w[1:].copy(), 0.0, 0.0
    one, errors = np.array([[0.0], [1.0]]), np.empty((steps + 1, n))
    d = np.empty_like(w)
    for k in range(steps):
        errors[k] = w[0]
        x, y = w[0], w[1:]
        d_lam = -row * (x.sum() + theta.sum()) + (lam - z) / gamma2
        d_theta = theta * (2 - one) - y + row * lam + one  # θ₁ + (θ₁ − y₁), 1 + (θ₂ − y₂), and below the −x of θ₁
        d_theta[0] -= x
        theta, lam = theta - 0.1 * d_theta, min(max(lam - 0.1 * d_lam, -1000.0), 1000.0)
        c = c0 * (k + 1) ** p
        d[0] = (x - w[2]) / c - w[1] + theta[0] - row * lam
        d[1] = (w[1] - 1) / c + theta[0] - x
        d[2] = (w[2] - x) / c + 1 - w[2] + theta[1]
        z = min(max(z + 0.1 * (lam - z) / gamma2, -1000.0), 1000.0)
        w = w - 0.1 * d
        w -= w.mean()
    errors[steps] = w[0]
    return np.asarray(np.linalg.norm(errors + 0.3, axis=-1) / (0.3 * np.sqrt(n)))


def thinned(steps: int, most: int = 400) -> Any:
    """Numbers of steps that suffice to draw `steps` of them: all of the first, which are the longest."""
    return np.unique(np.concatenate([np.arange(min(50, steps + 1)), np.linspace(0, steps, most).astype(int)]))
