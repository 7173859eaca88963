"""How much noise a guarantee asks for: the multipliers of DIFF2-GD, of its local steps, and of DP-SGD."""

import math
import warnings
from typing import Any

import numpy as np

from optilab.core.check import AnyNumber, require, whole
from optilab.problems.privacy import calibrate, gaussian_rho, subsampled_rdp

Array = np.ndarray
Number = float | np.ndarray  # one for all replicates, or (*batch)


def renyi_order(epsilon: AnyNumber, delta: Number) -> Array:
    """α = 1 + ⌈2 log(1/δ)/ε⌉: the order at which log(1/δ)/(α − 1) takes no more than half of ε."""
    check_privacy(epsilon, delta)
    return 1 + np.ceil(2 * np.log(1 / np.asarray(delta)) / epsilon)


def check_privacy(epsilon: Any, delta: Any) -> None:
    """Refuse ε that aren't positive and δ outside (0, 1)."""
    require(np.greater(epsilon, 0), "eps", epsilon, "positive; infinity asks for no privacy")
    require(np.greater(delta, 0) & np.less(delta, 1), "delta", delta, "between 0 and 1, both excluded")


def _check_plan(n_min: Any, P: Any, R: Any, T: Any, delta: Any) -> None:
    for name, value in (("n_min", n_min), ("P", P), ("R", R), ("T", T)):
        number = np.asarray(value)
        require(number.dtype.kind in "iu" and bool((number >= 1).all()), name, value, "whole, 1 or more")
    if np.any(np.greater(T, R)):
        warnings.warn(f"T = {T} is more than R = {R}: there is no restart after the first round", stacklevel=4)
    if np.any(np.asarray(delta) > 1 / (np.asarray(n_min) * P)):
        warnings.warn(f"delta = {delta} should be below 1/n: at 1/n, handing out one record is private", stacklevel=4)


def sigmas(
    n_min: int | Array, P: int, R: int, T: int | Array, eps: AnyNumber, delta: Number, u: float = 1.25
) -> tuple[Array, Array]:
    """The noise multipliers σ₁, σ₂ with which R rounds of DIFF2-GD are (ε, δ)-private.

    At order α a release costs 2α/(N²σ²), N = P n_min, since one record moves a mean by 2C/N at most. ⌈R/T⌉ restarts
    cost ε/(2u), R differences ε(u − 1)/(2u), and the conversion to (ε, δ) takes the other ε/2. With T = 1 all rounds
    are restarts: they get all of the first ε/2, and σ₂ is 0.

    Parameters
    ----------
    n_min : int or array of int (*batch)
        Records of the smallest client.
    P : int
        Clients.
    R, T : int, or array of int (*batch)
        Rounds, and rounds from one restart to the next; a warning says that T > R restarts no more than T = R.
    eps, delta : float
        The guarantee; infinite ε asks for none, and no noise.
    u : float
        Above 1: restarts get the share 1/u.

    Returns
    -------
    tuple of arrays (*batch)
        σ₁ and σ₂.
    """
    _check_plan(n_min, P, R, T, delta)
    require(u > 1, "u", u, "above 1")
    return multipliers(np.asarray(n_min) * P, R, T, eps, delta, u)


def multipliers(N: Number, R: int, T: int | Array, eps: AnyNumber, delta: Number, u: float = 1.25) -> tuple[Any, Any]:
    """σ₁² = 4uα⌈R/T⌉/(N²ε) and σ₂² = 4uαR/((u − 1)N²ε), and for T = 1 4αR/(N²ε) and 0: `sigmas` without warnings.

    N is P n_min.
    """
    alpha, N2 = renyi_order(eps, delta), np.square(np.asarray(N, dtype=float))
    M, only = np.ceil(np.divide(R, T)), np.equal(T, 1)
    sigma1 = np.sqrt(4 * np.where(only, 1, u) * alpha * M / (N2 * eps))
    sigma2 = np.sqrt(np.where(only, 0, 4 * u / (u - 1) * alpha * R / (N2 * eps)))
    return sigma1, sigma2


SHARES = (0.4, 0.4, 0.2)  # of restarts, differences and local steps


def bvr_sigmas(
    n_min: int, P: int, R: int, T: int, K: int, b: int, eps: AnyNumber, delta: float, at_random: bool = False
) -> tuple[float, float, float]:
    """The multipliers σ₁, σ₂, σ₃ for the routine `BVR`: the budget ε/2 of the order α is shared as `SHARES` say.

    A client sees ⌈R/P⌉(K − 1) local steps where clients take turns, and up to R(K − 1) where they are drawn; they have
    disjoint data, so their costs don't add up. With K = 1 there are none, and their share is left.

    Parameters
    ----------
    n_min, P, R, T, eps, delta
        As in `sigmas`.
    K, b : int
        Local steps of a round, and records of a batch, at most n_min.
    at_random : bool
        Whether the client of a round is drawn.

    Returns
    -------
    tuple of three floats
    """
    _check_plan(n_min, P, R, T, delta)
    require(whole(K, 1), "K", K, "a whole number, 1 or more")
    require(whole(b, 1) and b <= n_min, "b", b, f"a whole number from 1 to n_min = {n_min}")
    if np.isinf(eps):
        return 0.0, 0.0, 0.0
    alpha, N = int(renyi_order(eps, delta)), n_min * P
    restarts, differences, local = (float(share * eps / 2) for share in SHARES)
    sigma1 = math.sqrt(2 * alpha * -(-R // T) / (restarts * N**2))
    sigma2 = math.sqrt(2 * alpha * R / (differences * N**2))
    steps = (R if at_random else -(-R // P)) * (K - 1)
    if steps == 0:
        return sigma1, sigma2, 0.0

    def cost(sigma: float) -> float:
        return steps * subsampled_rdp(alpha, b / n_min, float(gaussian_rho(2 / b, sigma)))

    return sigma1, sigma2, calibrate(cost, local)


def dp_sgd_noise(n: int, b: int, steps: int, eps: float, delta: float) -> float:
    """ν with which so many steps of DP-SGD on batches of b of n records are (ε, δ)-private, at the order of `sigmas`.

    One record moves a batch's mean by 2C/b at most, so a step costs what `subsampled_rdp` says of ρ = 2/ν².
    """
    for name, value in (("n", n), ("b", b), ("steps", steps)):
        require(whole(value, 1), name, value, "a whole number, 1 or more")
    require(b <= n, "b", b, f"at most n = {n}")
    alpha = int(renyi_order(eps, delta))
    return calibrate(lambda nu: steps * subsampled_rdp(alpha, b / n, float(gaussian_rho(2.0, nu))), eps / 2)
