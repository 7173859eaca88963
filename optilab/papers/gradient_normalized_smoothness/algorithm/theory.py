"""How fast the method is: Lemma 1, bounds along a run, and the number of steps that a class needs."""

from collections.abc import Sequence

import numpy as np

from optilab.core.check import require
from optilab.papers.gradient_normalized_smoothness.algorithm.radius import check_terms
from optilab.problems.oracles import Number

Array = np.ndarray


def progress(gamma: Number, norm: Number, after: Number, *, convex: bool = False) -> Array:
    """What Lemma 1 promises that f falls by: γ‖g⁺‖_*²/(8‖g‖_*), and with ½ for ⅛ where f is convex."""
    return np.asarray(gamma) * np.asarray(after) ** 2 / ((2 if convex else 8) * np.asarray(norm))


def nonconvex_steps(F0: float, gamma: float, g0: float, eps: float) -> float:
    """Steps until ‖g‖_* < ε: at most 8F₀/(γ_*ε) + ln(‖g₀‖_*/ε), γ_* the smallest γ_k.

    Raises
    ------
    ValueError
        If a number isn't positive, or eps is above ‖g₀‖_*.
    """
    for name, value in (("F0", F0), ("gamma", gamma), ("g0", g0)):
        require(value > 0, name, value, "positive")
    require(0 < eps <= g0, "eps", eps, f"positive, at most g0 = {g0}")
    return float(8 * F0 / (gamma * eps) + np.log(g0 / eps))


def convex_bound(F0: Number, gamma: Array, norm: Array, D: Number) -> Array:
    """Bound F₀(1 + γ_*ρ/(8D))^{−K} on f_K − f* of convex f, from the smallest γ, the diameter and ρ = (g_K/g₀)^{1/K}.

    Parameters
    ----------
    F0 : number or array (*batch)
        f(x₀) − f*.
    gamma : array (K, *batch)
        γ₀ … γ_{K−1}, those of the steps to x₁ … x_K.
    norm : array (K + 1, *batch)
        ‖g₀‖_* … ‖g_K‖_*.
    D : number or array (*batch)
        Diameter of the level set of x₀.

    Returns
    -------
    array (K + 1, *batch)
        The bound after 0 … K steps.
    """
    K = np.arange(1, len(gamma) + 1).reshape(-1, *[1] * (np.ndim(gamma) - 1))
    rho = (norm[1:] / norm[0]) ** (1 / K)
    least = np.minimum.accumulate(gamma, 0)
    first = np.broadcast_to(np.asarray(F0, dtype=float), np.shape(norm)[1:])
    return np.concatenate([first[None], first * (1 + least * rho / (8 * D)) ** -K.astype(float)])


def product_bound(F0: Number, gamma: Array, norm: Array, distance: Array) -> Array:
    """Bound F₀ Π(1 + γ_k‖g_{k+1}‖_*/(8D_{k+1}‖g_k‖_*))⁻¹ on f_K − f* of convex f, with D_k = ‖x_k − x*‖.

    Parameters
    ----------
    F0, gamma, norm
        As in `convex_bound`.
    distance : array (K + 1, *batch)
        D₀ … D_K, of which D₁ … D_K are positive.

    Returns
    -------
    array (K + 1, *batch)
        The bound after 0 … K steps.
    """
    growth = 1 + gamma * norm[1:] / (8 * distance[1:] * norm[:-1])
    first = np.broadcast_to(np.asarray(F0, dtype=float), np.shape(norm)[1:])
    return np.concatenate([first[None], first / np.cumprod(growth, 0)])


def convex_steps(eps: Number, D: float, terms: Sequence[tuple[float, float]]) -> Array:
    """The order ΣM D^{1+α}ε^{−α} of the steps to f − f* ≤ ε, convex f; α = 0 counts M D ln(1/ε). No constants.

    `terms` are those (M, α) of the class, and for an inexact H those of `approximation_terms` beside them.
    """
    eps = np.asarray(eps, dtype=float)
    check_terms(terms)
    require((eps > 0) & (eps < 1), "eps", eps, "between 0 and 1")
    require(0 < D < np.inf, "D", D, "positive and finite")
    return np.sum([M * D ** (1 + alpha) * (eps**-alpha if alpha > 0 else np.log(1 / eps)) for M, alpha in terms], 0)


def probes_of(steps: Number, gamma0: Number, trial: Number) -> Array:
    """Probes of `gns` after K steps, exactly: 2K + log₂(γ₀/γ), γ the one to be tried next."""
    return 2 * np.asarray(steps) + np.log2(np.asarray(gamma0) / np.asarray(trial))
