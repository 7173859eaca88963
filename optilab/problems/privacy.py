"""What a release costs in privacy: zCDP and Rényi DP of Gaussian mechanisms, their sums, and the way to (ε, δ).

Two data sets are neighbours if one record of one is **replaced** in the other. A mechanism is (α, r)-Rényi DP if the
Rényi divergence of order α between its outputs on neighbours is at most r, and ρ-zCDP if that holds with r = ρα for
every α > 1. Both add up over releases, whatever a later release does with an earlier one, and what is computed from
releases alone costs nothing.

    gaussian_rho, gaussian_sigma          ρ of an answer with Gaussian noise, and the noise that a ρ asks for
    exponential_rho, gumbel_scale         ρ of a choice by the exponential mechanism, and the noise that a ρ asks for
    subsampled_rdp                        Gaussian noise on a batch drawn without replacement
    cdp_delta, cdp_eps, cdp_rho           ρ to (ε, δ), each of the three from the other two
    cdp_eps_simple                        the looser formula for ε that can be written down
    rdp_delta, rdp_eps                    the same from Rényi DP at several orders
    calibrate                             the smallest noise whose cost fits
    Budget                                counts what is spent and refuses what is asked beyond

Sources: Bun and Steinke, *Concentrated differential privacy*, 2016 (ρ of Gaussian noise, composition, the simple ε);
Mironov, *Rényi differential privacy*, 2017; Canonne, Kamath and Steinke, *The discrete Gaussian for differential
privacy*, 2020 (Proposition 12: the conversions); Cesar and Rogers, *Bounding, concentrating, and truncating*, 2021
(ε²/8 of the exponential mechanism, by its bounded range); Wang, Balle and Kasiviswanathan, *Subsampled Rényi
differential privacy and analytical moments accountant*, 2019 (Theorem 9).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln

from optilab.core.check import require, whole
from optilab.problems.stable import log_sum_exp

ROUNDING = 1e-9  # by which a sum of costs may exceed what they were calibrated to, relatively
NARROW = 1e-13  # of the logarithm of a root


def _positive(name: str, value: float | np.ndarray) -> None:
    require(np.asarray(value) > 0, name, value, "positive")


def _probability(name: str, value: float) -> None:
    require(0 < value < 1, name, value, "between 0 and 1, both excluded")


def gaussian_rho(sensitivity: float | np.ndarray, sigma: float | np.ndarray) -> float | np.ndarray:
    """ρ of an answer plus N(0, σ²I): Δ²/(2σ²), so αρ is its Rényi divergence of order α.

    Parameters
    ----------
    sensitivity : float or array
        Δ, the largest change of the answer between neighbours in the Euclidean norm, positive.
    sigma : float or array
        Standard deviation of the noise of one coordinate, in the same unit, positive.
    """
    _positive("sensitivity", sensitivity)
    _positive("sigma", sigma)
    return sensitivity**2 / (2 * sigma**2)


def gaussian_sigma(sensitivity: float | np.ndarray, rho: float | np.ndarray) -> float | np.ndarray:
    """Standard deviation at which an answer of sensitivity Δ costs ρ: Δ/√(2ρ), the inverse of `gaussian_rho`."""
    _positive("sensitivity", sensitivity)
    _positive("rho", rho)
    return sensitivity / np.sqrt(2 * rho)


def exponential_rho(epsilon: float | np.ndarray) -> float | np.ndarray:
    """ρ of one choice by the exponential mechanism with parameter ε: ε²/8.

    It chooses i with a probability proportional to exp(ε scoreᵢ/(2Δ)), Δ the sensitivity of a score. The largest
    score plus Gumbel noise of scale 2Δ/ε has the same law.
    """
    _positive("epsilon", epsilon)
    return epsilon**2 / 8


def gumbel_scale(sensitivity: float | np.ndarray, rho: float | np.ndarray, picks: int = 1) -> float | np.ndarray:
    """Scale of the Gumbel noise with which the `picks` largest noisy scores cost ρ together: Δ√picks/√(2ρ).

    The largest of scores with such noise, all at once, are that many exponential mechanisms in turn without
    replacement; with parameter ε each, ρ = picks ε²/8 and the scale is 2Δ/ε.

    Parameters
    ----------
    sensitivity : float or array
        Δ of a single score, positive.
    rho : float or array
        What all picks may cost, positive.
    picks : int
        How many are chosen, at least 1.
    """
    _positive("sensitivity", sensitivity)
    _positive("rho", rho)
    require(whole(picks, 1), "picks", picks, "a whole number, 1 or more")
    return sensitivity * np.sqrt(picks / (2 * rho))


def subsampled_rdp(alpha: int, q: float, rho: float) -> float:
    """Rényi DP at order α of a ρ-zCDP Gaussian release on a batch drawn without replacement: Theorem 9 of Wang et al.

    The cost is the smaller of that of a batch known to hold the replaced record, αρ, and

        log(1 + q² C(α,2) min{4(e^{2ρ}−1), 2e^{2ρ}} + Σ_{j=3}^α 2 qʲ C(α,j) e^{(j−1)jρ}) / (α−1).

    Parameters
    ----------
    alpha : int
        Order, at least 2.
    q : float
        Share of the records in a batch, in (0, 1].
    rho : float
        ρ of the release if the batch were all records, with the sensitivity of the batch's mean; positive.
    """
    require(whole(alpha, 2), "alpha", alpha, "a whole number, 2 or more")
    require(0 < q <= 1, "q", q, "in (0, 1]")
    _positive("rho", rho)
    j = np.arange(2, alpha + 1)
    log_choose = gammaln(alpha + 1) - gammaln(j + 1) - gammaln(alpha - j + 1)
    log_factor = math.log(2) + (j - 1) * j * rho
    log_factor[0] = min(math.log(4) + 2 * rho + math.log(-math.expm1(-2 * rho)), log_factor[0])
    terms = np.append(0.0, j * math.log(q) + log_choose + log_factor)
    return min(alpha * rho, float(log_sum_exp(terms)) / (alpha - 1))


def cdp_delta(rho: float, epsilon: float) -> float:
    """The smallest δ of (ε, δ)-DP that ρ-zCDP is known to give: Proposition 12 of Canonne et al., at the best order.

    Parameters
    ----------
    rho : float
        Positive.
    epsilon : float
        0 or more.
    """
    _positive("rho", rho)
    require(epsilon >= 0, "epsilon", epsilon, "0 or more")
    return math.exp(_log_delta(rho, epsilon))


def _log_delta(rho: float, epsilon: float) -> float:
    """The minimum over t = α − 1 of log δ = t((1+t)ρ − ε) + t log t − (1+t) log(1+t), where its slope is 0."""

    def slope(log_t: float) -> float:
        t = math.exp(log_t)
        return (1 + 2 * t) * rho - epsilon + log_t - math.log1p(t)

    below = min(0.0, epsilon - 3 * rho) - 1  # (1 + 2t)ρ ≤ 3ρ here
    log_t = brentq(slope, below, math.log1p((epsilon + 1) / (2 * rho)), xtol=NARROW)
    t = math.exp(log_t)
    return t * ((1 + t) * rho - epsilon) + t * log_t - (1 + t) * math.log1p(t)


def cdp_eps_simple(rho: float | np.ndarray, delta: float) -> float | np.ndarray:
    """ε of (ε, δ)-DP that ρ-zCDP gives by a formula, ρ + 2√(ρ log(1/δ)): Proposition 1.3 of Bun and Steinke."""
    _positive("rho", rho)
    _probability("delta", delta)
    return rho + 2 * np.sqrt(rho * math.log(1 / delta))


def cdp_eps(rho: float, delta: float) -> float:
    """The smallest ε for which `cdp_delta` keeps to δ, 0 if every ε does.

    Parameters
    ----------
    rho : float
        Positive.
    delta : float
        In (0, 1).
    """
    _positive("rho", rho)
    _probability("delta", delta)
    if _log_delta(rho, 0.0) <= math.log(delta):
        return 0.0
    return brentq(lambda epsilon: _log_delta(rho, epsilon) - math.log(delta), 0.0, float(cdp_eps_simple(rho, delta)))


def cdp_rho(epsilon: float, delta: float) -> float:
    """The largest ρ that is (ε, δ)-DP by `cdp_delta`.

    Parameters
    ----------
    epsilon : float
        Positive.
    delta : float
        In (0, 1).
    """
    _positive("epsilon", epsilon)
    _probability("delta", delta)
    log = math.log(1 / delta)
    low = (epsilon / (math.sqrt(log + epsilon) + math.sqrt(log))) ** 2  # what the simple formula allows
    high = low
    while _log_delta(high, epsilon) < -log:
        high *= 2
    return math.exp(
        brentq(lambda log_rho: _log_delta(math.exp(log_rho), epsilon) + log, math.log(low), math.log(high), xtol=NARROW)
    )


def _orders(orders: np.ndarray, rdp: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orders (k,) and what is spent at each (*batch, k), as arrays that fit."""
    orders, rdp = np.asarray(orders, dtype=float), np.asarray(rdp, dtype=float)
    require(orders.ndim == 1 and (orders > 1).all() and orders.size > 0, "orders", orders, "(k,) orders above 1")
    require(rdp.shape[-1:] == orders.shape and (rdp >= 0).all(), "rdp", rdp, f"(*batch, {len(orders)}), 0 or more")
    return orders, rdp


def rdp_eps(orders: np.ndarray, rdp: np.ndarray, delta: float) -> np.ndarray:
    """ε of (ε, δ)-DP that Rényi DP at several orders gives: min of r + log(1−1/α) − log(αδ)/(α−1), at least 0.

    Parameters
    ----------
    orders : array (k,)
        Orders α, above 1.
    rdp : array (*batch, k)
        The divergence r at each.
    delta : float
        In (0, 1).

    Returns
    -------
    array (*batch)
    """
    orders, rdp = _orders(orders, rdp)
    _probability("delta", delta)
    return np.maximum(0, (rdp + np.log1p(-1 / orders) - np.log(delta * orders) / (orders - 1)).min(-1))


def rdp_delta(orders: np.ndarray, rdp: np.ndarray, epsilon: float) -> np.ndarray:
    """δ of (ε, δ)-DP that Rényi DP at several orders gives: the min of exp((α−1)(r − ε + log(1−1/α)))/α, at most 1.

    Parameters
    ----------
    orders : array (k,)
        Orders α, above 1.
    rdp : array (*batch, k)
        The divergence r at each.
    epsilon : float
        0 or more.

    Returns
    -------
    array (*batch)
    """
    orders, rdp = _orders(orders, rdp)
    require(epsilon >= 0, "epsilon", epsilon, "0 or more")
    log_delta = (orders - 1) * (rdp - epsilon + np.log1p(-1 / orders)) - np.log(orders)
    return np.exp(np.minimum(0, log_delta.min(-1)))


def calibrate(cost: Callable[[float], float], budget: float) -> float:
    """The smallest noise σ whose cost is within the budget, to 12 digits.

    Parameters
    ----------
    cost : function of σ > 0
        Falls from more than the budget, at small σ, to less than it.
    budget : float
        Positive, in the unit of the cost.

    Raises
    ------
    ValueError
        If the cost stays on one side of the budget for all σ between 2⁻⁶⁰ and 2⁶⁰.
    """
    _positive("budget", budget)
    low, high = -1, 1  # logarithms of σ to the base 2
    while cost(2.0**low) < budget and low > -60:
        low *= 2
    while cost(2.0**high) > budget and high < 60:
        high *= 2
    ends = cost(2.0**low), cost(2.0**high)
    require(ends[0] >= budget >= ends[1], "budget", budget, f"between {ends[1]} and {ends[0]}, what the noise can cost")
    return 2.0 ** brentq(lambda log: cost(2.0**log) - budget, low, high, xtol=NARROW)


@dataclass(eq=False)
class Budget:
    """A privacy budget that counts what is spent, by kind, and refuses what is asked beyond: nothing is released then.

    It counts ρ, or the Rényi divergence of one order α, for which a release of ρ-zCDP costs αρ. Replicates are tellings
    of the same release, as in `Counted`: a batched call is spent once, and if the total or a cost is an array (*batch)
    each replicate has a count of its own.

    Parameters
    ----------
    total : float or array (*batch)
        All that may be spent, positive.
    order : float
        The order whose divergence is counted; 1 counts ρ itself.

    Raises
    ------
    ValueError
        If the total isn't positive, the order below 1; later if more is asked than is left.
    """

    total: float | np.ndarray
    order: float = 1.0
    spent: dict[str, float | np.ndarray] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        _positive("total", self.total)
        require(self.order >= 1, "order", self.order, "1 or more")

    @property
    def left(self) -> float | np.ndarray:
        """What may still be spent: (*batch), 0 or more."""
        return np.maximum(0, self.total - sum(self.spent.values()))

    def spend(self, cost: float | np.ndarray, kind: str) -> None:
        """Count a release before it is made; costs that fill the total but for rounding errors fit.

        Parameters
        ----------
        cost : float or array (*batch)
            In the unit of the total, 0 or more.
        kind : str
            What it is spent on.

        Raises
        ------
        ValueError
            If it is more than what is left. Nothing is counted then.
        """
        require(np.asarray(cost) >= 0, "the cost", cost, "0 or more")
        left, total = (np.array2string(np.asarray(one), precision=4) for one in (self.left, self.total))
        allowed = f"at most {left}, what is left of the privacy budget {total}"
        require(np.asarray(cost) <= self.left + ROUNDING * np.asarray(self.total), "the cost", cost, allowed)
        self.spent[kind] = self.spent.get(kind, 0.0) + cost

    def measure(self, answer: np.ndarray, sensitivity: float, rho: float, rng: np.random.Generator) -> np.ndarray:
        """An answer with the Gaussian noise at which it costs ρ.

        Parameters
        ----------
        answer : array (*shape)
            The true one.
        sensitivity : float
            Its largest change between neighbours in the Euclidean norm, positive.
        rho : float
            What is spent on it, positive.
        rng : numpy.random.Generator
            Draws nothing if the answer is refused.

        Returns
        -------
        array (*shape)

        Raises
        ------
        ValueError
            If this is more than what is left.
        """
        sigma = gaussian_sigma(sensitivity, rho)
        self.spend(self.order * rho, "measured")
        return answer + sigma * rng.normal(size=np.shape(answer))

    def choose(
        self, scores: np.ndarray, sensitivity: float, rho: float, picks: int, rng: np.random.Generator
    ) -> np.ndarray:
        """The places of the largest scores after Gumbel noise at which they cost ρ together: report noisy max.

        Parameters
        ----------
        scores : array (m,)
            The true ones.
        sensitivity : float
            Largest change of a single score between neighbours, positive.
        rho : float
            What is spent on all picks, positive.
        picks : int
            How many are chosen, between 1 and m.
        rng : numpy.random.Generator
            Draws nothing if the choice is refused.

        Returns
        -------
        array (picks,) of int
            Without repetition, the largest noisy score first.

        Raises
        ------
        ValueError
            If this is more than what is left, or there are fewer scores than picks.
        """
        scale = gumbel_scale(sensitivity, rho, picks)
        require(np.ndim(scores) == 1 and len(scores) >= picks, "scores", scores, f"(m,), at least {picks} numbers")
        self.spend(self.order * rho, "chosen")
        noisy = scores + scale * rng.gumbel(size=len(scores))
        return np.argsort(-noisy, kind="stable")[:picks]
