"""The radius γ(x) itself, in one dimension, and how long it is at least in every class of functions."""

from collections.abc import Callable, Sequence

import numpy as np

from optilab.core.check import require
from optilab.problems.oracles import Number

Array = np.ndarray
GRID = 4001  # lengths of h that are tried
TAU = 1.2564312086261697  # root of e^τ = 1 + 2τ
FAR = 1e3  # how far h may go where H = 0 bounds no step


def radius(
    slope: Callable[[Array], Array], x: Number, H: Number, *, g: Number | None = None, region: Number | None = None
) -> Array:
    """The largest γ with |f′(x + h) − f′(x) − Hh| ≤ |g||h|/γ for all |h| ≤ γ in the region that a step can reach.

    The region is {h: ⟨H h, h⟩ + g h ≤ 0}: steps against the slope that are no longer than |g|/H.

    Parameters
    ----------
    slope : function
        f′, entrywise.
    x : number or array (*batch)
        Where.
    H : number or array (*batch)
        What stands in for f″(x), 0 or more.
    g : number or array (*batch), optional
        The slope that errors are measured by; f′(x) by default.
    region : number or array (*batch), optional
        The curvature that bounds the region; H by default.

    Returns
    -------
    array (*batch)
        Infinite where there is no error, NaN where the slope is 0; right to about 1e-4.

    Raises
    ------
    ValueError
        If H or the region's curvature is negative or not finite.

    Source: Definition 1 of the paper, with H in the region: then the step itself lies in it.
    """
    x, H = np.asarray(x, dtype=float), np.asarray(H, dtype=float)
    start = slope(x)
    g, region = start if g is None else np.asarray(g), H if region is None else np.asarray(region)
    for name, value in (("H", H), ("region", region)):
        require((value >= 0) & np.isfinite(value), name, value, "finite, 0 or more")
    reach = np.where(region > 0, abs(g) / np.where(region > 0, region, 1.0), FAR)
    u = reach[..., None] * np.geomspace(1e-9, 1, GRID)
    h = -u * np.sign(g)[..., None]
    error = abs(slope(x[..., None] + h) - start[..., None] - H[..., None] * h)
    noise = 4e-16 * (abs(start)[..., None] + abs(H[..., None] * u))  # of the differences, where u is tiny
    with np.errstate(divide="ignore", invalid="ignore"):
        worst = np.maximum.accumulate(np.where(error > 64 * noise, error, 0) / u, -1)
        ends = u * worst >= abs(g)[..., None]
        first = np.minimum(ends.argmax(-1), GRID - 1)[..., None]
        before = np.maximum(first - 1, 0)
        (u0, u1), (p0, p1) = ([np.take_along_axis(z, k, -1)[..., 0] for k in (before, first)] for z in (u, u * worst))
        share = np.clip((abs(g) - p0) / np.where(p1 > p0, p1 - p0, 1.0), 0, 1)
        inside = u0 + share * (u1 - u0)
        gamma = np.where(ends.any(-1), inside, abs(g) / worst[..., -1])
    return np.where(abs(g) > 0, gamma, np.nan)


# Lower bounds on γ(x) from what is known of f, by ‖g‖_* (*batch)


def first_order_radius(norm: Number, L: float) -> Array:
    """‖g‖_*/L for H = 0 and an L-Lipschitz gradient: exponent 1."""
    require(0 < L < np.inf, "L", L, "positive and finite")
    return np.asarray(norm) / L


def hoelder_radius(norm: Number, L: Number, nu: float) -> Array:
    """((1 + ν)‖g‖_*/L)^{1/(1+ν)} where the Hessian is Hölder of degree ν with constant L: exponent 1/(1 + ν)."""
    L = np.asarray(L)
    require((L > 0) & np.isfinite(L), "L", L, "positive and finite")
    require(0 <= nu <= 1, "nu", nu, "in [0, 1]")
    return ((1 + nu) * np.asarray(norm) / L) ** (1 / (1 + nu))


def lipschitz_radius(norm: Number, L: Number) -> Array:
    """√(2‖g‖_*/L) where the Hessian is L-Lipschitz: exponent ½."""
    return hoelder_radius(norm, L, 1.0)


def self_concordant_radius(M: float) -> float:
    """τ/M where f is quasi-self-concordant with constant M, |D³f[u, u, v]| ≤ M⟨∇²f u, u⟩‖v‖: exponent 0."""
    require(0 < M < np.inf, "M", M, "positive and finite")
    return TAU / M


def l0l1_radius(norm: Number, L0: float, L1: float) -> Array:
    """The bound ln 2/(L₀/‖g‖_* + L₁) for H = 0 and ‖∇²f‖ ≤ L₀ + L₁‖∇f‖_*: exponents 1 and 0."""
    require(L0 >= 0 and L1 >= 0 and L0 + L1 > 0, "(L0, L1)", (L0, L1), "0 or more, one of them positive")
    return np.log(2) / (L0 / np.asarray(norm) + L1)


def inexact_radius(gamma: Number, difference: Number) -> Array:
    """1/(1/γ₁ + 1/γ₁₂): what is left of γ₁ by an H₂ with ‖H₁ − H₂‖ ≤ ‖g‖_*/γ₁₂, over the same region."""
    return 1 / (1 / np.asarray(gamma) + 1 / np.asarray(difference))


def structural_radius(norm: Number, terms: Sequence[tuple[float, float]]) -> Array:
    """1/Σ M‖g‖_*^{−α} over the terms (M, α): the form that all classes have."""
    check_terms(terms)
    return 1 / np.sum([M * np.asarray(norm) ** -alpha for M, alpha in terms], 0)


def check_terms(terms: Sequence[tuple[float, float]]) -> None:
    """Refuse what is no class: pairs (M, α) with M ≥ 0, one of them positive, and α in [0, 1]."""
    fits = len(terms) > 0 and all(M >= 0 and 0 <= alpha <= 1 for M, alpha in terms) and sum(M for M, _ in terms) > 0
    require(fits, "terms", terms, "pairs (M, α) with M ≥ 0, not all 0, and α in [0, 1]")


def approximation_terms(C1: float, C2: float, beta: float) -> list[tuple[float, float]]:
    """What an H with ‖∇²f − H‖_* ≤ C₁ + C₂‖∇f‖_*^{1−β} adds to 1/γ: the terms (C₂, β) and (C₁, 1)."""
    require(C1 >= 0 and C2 >= 0, "(C1, C2)", (C1, C2), "0 or more")
    require(0 <= beta <= 1, "beta", beta, "in [0, 1]")
    return [(C2, beta), (C1, 1.0)]
