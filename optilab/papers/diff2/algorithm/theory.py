"""What theory says: errors of estimates, bounds and their best restart interval, steps, rounds and outputs."""

import numpy as np

from optilab.core.check import AnyArray, require, whole
from optilab.papers.diff2.algorithm.noise import check_privacy

Array = np.ndarray
Number = float | np.ndarray  # one for all replicates, or (*batch)


def predicted_error(x: Array, T: int, spread1: Number, spread2: Number) -> Array:
    """E‖v_r − ∇f(x_r)‖² along a path, if no clip bites: d(C₁²σ₁² + C₂²σ₂² Σ ‖x_i − x_{i−1}‖²) since the last restart.

    Parameters
    ----------
    x : array (R + 1, *batch, d)
        x_0 … x_R.
    T : int
        Rounds from one restart to the next.
    spread1, spread2 : float or array (*batch)
        C₁σ₁ and C₂σ₂.

    Returns
    -------
    array (R, *batch)
        For v_0 … v_{R−1}.
    """
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    require(np.ndim(x) >= 2 and len(x) >= 2, "x", np.shape(x), "(R + 1, *batch, d), of one round or more")
    steps = np.zeros(x.shape[:-1])[:-1]
    steps[1:] = ((x[1:-1] - x[:-2]) ** 2).sum(-1)
    total = np.cumsum(steps, 0)
    first = np.arange(len(total)) // T * T
    return x.shape[-1] * (np.square(spread1) + np.square(spread2) * (total - total[first]))


def noise_level(d: int, N: Number, eps: Number, delta: float) -> Array:
    """s, of the square d log(1/δ)/(N²ε²), in which all bounds are written."""
    check_privacy(eps, delta)
    require(np.greater(N, 0), "N", N, "positive")
    return np.sqrt(d * np.log(1 / delta)) / (np.asarray(N) * eps)


def restart_bound(tau: Number, s: Number, G: float, L: float, gap: float) -> Array:
    """B(τ) = G²s²/τ + LΔs√τ, of E‖∇f(x_out)‖² up to constants, τ = T/R: noise of restarts, and drift between them."""
    require(np.greater(tau, 0) & np.less_equal(tau, 1), "tau", tau, "in (0, 1]")
    return G**2 * np.square(s) / tau + L * gap * np.asarray(s) * np.sqrt(tau)


def best_tau(s: Number, G: float, L: float, gap: float) -> Array:
    """Where B(τ) is least: (2G²s/(LΔ))^{2/3}, at most 1."""
    return np.minimum(1, (2 * G**2 * np.asarray(s) / (L * gap)) ** (2 / 3))


def diff2_utility(s: Number, G: float, L: float, gap: float) -> Array:
    """The least B(τ), (3/2^{2/3}) (GLΔ)^{2/3} s^{4/3}: falls as N^{−4/3}."""
    return 3 / 2 ** (2 / 3) * (G * L * gap) ** (2 / 3) * np.asarray(s) ** (4 / 3)


def dp_gd_utility(s: Number, G: float, L: float, gap: float) -> Array:
    """What DP-GD reaches at its best length of path, 2G√(LΔ) s: falls as N^{−1}."""
    return 2 * G * np.sqrt(L * gap) * np.asarray(s)


def stability(eta: Number, C2: Number, sigma2: Number, d: int, T: int | Array) -> Array:
    """η C₂σ₂√(dT): up to about 1 the noise that differences inherit stays small; beyond, it grows within a stage."""
    return np.asarray(eta) * C2 * sigma2 * np.sqrt(d * np.asarray(T))


def theory_step(L: float, sigma2: Number, d: int, T: int | Array) -> Array:
    """The step of the theorem up to a constant, min{1/L, 1/(Lσ₂√(dT))}."""
    require(L > 0, "L", L, "positive")
    with np.errstate(divide="ignore"):
        return np.minimum(1 / L, 1 / (L * np.asarray(sigma2) * np.sqrt(d * np.asarray(T))))


def theory_rounds(L: float, d: int, N: Number, eps: Number, goal: Number) -> Array:
    """The rounds for a utility E‖∇f‖² ≤ g, up to constants and logarithms: 1 + L/g + L²d/(N²ε²g²)."""
    for name, value in (("N", N), ("eps", eps), ("goal", goal)):
        require(np.greater(value, 0), name, value, "positive")
    return 1 + L / np.asarray(goal) + d * (L / (np.asarray(N) * eps * goal)) ** 2


def survives(loss: AnyArray, slack: float = 1.05, patience: int = 5) -> Array:
    """Whether runs pass the paper's rule: no NaN, and never `patience` checks in a row above `slack` times their best.

    The paper checks every 20 rounds, and takes the first η of 1, 1/2, 1/4, …, 2⁻⁹ that survives.

    Parameters
    ----------
    loss : array (checks, *batch)
        The train loss at each check.
    slack : float
        At least 1.
    patience : int
        At least 1.

    Returns
    -------
    array (*batch) of bool
    """
    require(slack >= 1, "slack", slack, "1 or more")
    require(whole(patience, 1), "patience", patience, "a whole number, 1 or more")
    above = ~(loss <= slack * np.fmin.accumulate(loss, 0))
    row = np.zeros(np.shape(loss)[1:], int)
    failed = np.isnan(loss).any(0)
    for check in above:
        row = np.where(check, row + 1, 0)
        failed |= row >= patience
    return ~failed


def uniform_output(x: Array, rng: np.random.Generator) -> Array:
    """The theorem's output, one of x_0 … x_{R−1} at random for each replicate: (R + 1, *batch, d) → (*batch, d)."""
    require(np.ndim(x) >= 2 and len(x) >= 2, "x", np.shape(x), "(R + 1, *batch, d), of one round or more")
    picked = rng.integers(len(x) - 1, size=x.shape[1:-1])
    return np.take_along_axis(x, picked[None, ..., None], 0)[0]
