"""Projections onto simple sets."""

import numpy as np


def simplex(v: np.ndarray) -> np.ndarray:
    """Nearest point to v (*batch, n) with nonnegative entries of sum 1 (Held, Wolfe and Crowder, 1974).

    It subtracts what makes the positive part sum to 1.
    """
    v = np.asarray(v)
    falling = -np.sort(-v, axis=-1)
    excess = (falling.cumsum(-1) - 1) / np.arange(1, v.shape[-1] + 1)
    return np.maximum(v - excess.max(-1, keepdims=True), 0)


def ball_in_metric(v: np.ndarray, h: np.ndarray, radius: float) -> np.ndarray:
    """Nearest point to v (*batch, n) in the ball ‖x‖₂ ≤ radius, where near is Σ hᵢ(xᵢ − vᵢ)², h (*batch, n) positive.

    Outside, it is x = hv/(h + ν) with the multiplier ν > 0 at which ‖x‖ = radius. 1/‖x‖ is increasing and concave in
    ν, so that Newton's method from ν = 0 never oversteps (J. J. Moré, D. C. Sorensen, "Computing a trust region step",
    1983).
    """
    v, h = np.asarray(v), np.asarray(h)
    x = v
    far = np.sqrt(np.vecdot(v, v)) > radius
    if not far.any():
        return x
    nu = np.zeros(np.shape(far))
    for _ in range(60):
        x = h * v / (h + nu[..., None])
        square = np.vecdot(x, x)
        excess = np.where(far, np.sqrt(square) / radius - 1, 0.0)
        if excess.max() <= 1e-14:
            break
        slope = np.vecdot(x, x / (h + nu[..., None]))  # −½ dx²/dν
        nu = nu + np.divide(square * excess, slope, out=np.zeros_like(nu), where=far)
    return np.where(far[..., None], x, v)
