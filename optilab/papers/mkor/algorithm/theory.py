"""How far a factor's inverse can grow, and what half precision costs: the growth law and the rounding bound."""

import numpy as np

from optilab.core.check import require
from optilab.problems.oracles import Number

Array = np.ndarray


def unseen(t: Number, gamma: Number) -> Array:
    """What F⁻¹ is in a direction that no v ever has, after t exact updates from I without a stabiliser: γ^{−t}."""
    check_gamma(gamma)
    return np.asarray(gamma, dtype=float) ** -np.asarray(t)


def fixed_point(gamma: Number, zeta: Number) -> Array:
    """x* = (1 − ζ)/(γ − ζ), where F⁻¹ in an unseen direction settles if the stabiliser acts on every update.

    Infinite for ζ ≥ γ, where there is none: the stabiliser takes less than the update adds.
    """
    check_gamma(gamma)
    gamma, zeta = np.asarray(gamma, dtype=float), np.asarray(zeta, dtype=float)
    require((zeta >= 0) & (zeta <= 1), "zeta", zeta, "in [0, 1]")
    room = gamma - zeta
    return np.divide(1 - zeta, room, out=np.full(room.shape, np.inf), where=room > 0)


def unseen_stabilised(t: Number, gamma: float, zeta: float) -> Array:
    """F⁻¹ in an unseen direction after t updates, all of them stabilised: x_t = x* + (ζ/γ)ᵗ(1 − x*).

    For ζ = γ, where there is no x*, it is 1 + t(1 − γ)/γ.
    """
    t = np.asarray(t)
    if zeta == gamma:
        return 1 + t * (1 - zeta) / gamma
    star = (1 - zeta) / (gamma - zeta)
    return star + (zeta / gamma) ** t * (1 - star)


def largest(gamma: float, zeta: float, eps: float) -> float:
    """About the most that F⁻¹ reaches with the threshold ε, max(ε/γ, x*); infinite for ζ ≥ γ."""
    require(eps > 0, "eps", eps, "positive")
    return float(np.maximum(eps / gamma, fixed_point(gamma, zeta)))


def printed_growth(gamma: float, zeta: float) -> float:
    """The factor by which the printed rule, stabilised, grows along a repeated v at each update: ζ(γ + γ⁻³)."""
    check_gamma(gamma)
    return zeta * (gamma + gamma**-3)


def rounding_bound(gamma: float, m: float, d: int, unit: float) -> float:
    """The shape of the error of one update in low precision, (γ + 4(1 − γ)/γ² · m³d²)·unit, m the largest entry.

    The paper's lemma holds up to a constant factor that is not stated here.
    """
    check_gamma(gamma)
    return float((gamma + 4 * (1 - gamma) / gamma**2 * m**3 * d**2) * unit)


def check_gamma(gamma: Number) -> None:
    """Refuse a γ outside of (0, 1)."""
    allowed = "in (0, 1): gamma = 1 never updates, gamma = 0 is singular"
    require((np.asarray(gamma) > 0) & (np.asarray(gamma) < 1), "gamma", gamma, allowed)
