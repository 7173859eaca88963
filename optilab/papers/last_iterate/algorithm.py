"""Composite stochastic mirror descent, its step sizes, its outputs and what each is promised.

    x^{t+1} = argmin_x  h(x) + ⟨ĝ^t, x − x^t⟩ + D_ψ(x, x^t)/η_t,        E ĝ^t ∈ ∂f(x^t)

minimises F = f + h from T noisy subgradients. The question is which point to hand out: the last one, or an average.
Throughout, f(x) − f(y) − ⟨g, x − y⟩ ≤ ½L‖x − y‖² + M‖x − y‖ for every subgradient g at y (G-Lipschitz: L = 0, M = 2G),
E‖ĝ − g‖² ≤ σ², and D = D_ψ(x*, x¹).

    the paper                                              here
    x^1 given; for t = 1 … T; return x^{T+1}               csmd
    x^{t+1} = argmin_x h(x) + ⟨ĝ^t, x − x^t⟩ + D_ψ/η_t     step of Euclidean, Entropy, Power in optilab.problems.mirror
      the proximal map of h in it, where ψ = ½‖x‖²           prox of L1, SquaredNorm, Ball … in optilab.problems.simple
    η_t, general convex                                    poly, const, linear
      strongly convex                                        strong1, strong2, strong2_simple, strong3
      heavy tails                                            heavy_poly, heavy_const, heavy_linear
    outputs: x^{T+1} and what it is compared with          average, suffix_average, weighted_average, best
    bounds for any schedule                                bound, strong_bound, heavy_bound
      S_t = η_t + … + η_T; the best factor η                 remaining; best_eta
      with high probability, up to a factor                  high_probability_shape
    the instance on which 1/√t pays ln T                   Harvey in `problems`, beside this file

Source: Z. Liu, Z. Zhou, "Revisiting the Last-Iterate Convergence of Stochastic Gradient Methods", ICLR 2024
(arXiv 2312.08531).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm, replicates
from optilab.problems.mirror import Euclidean, Mirror
from optilab.problems.oracles import Simple, Stochastic
from optilab.problems.simple import Zero

Array = np.ndarray
LOST = 1e100  # a point this far out has diverged: what its oracle says is no longer an error


class Iterate(NamedTuple):
    """A state of composite stochastic mirror descent."""

    x: Array  # (*batch, d) the point
    g: Array  # (*batch, d) the subgradient ĝ that led to it


@algorithm
def csmd(
    problem: Stochastic, x1: Array, *, eta: Array, rng: np.random.Generator, mirror: Mirror | None = None
) -> Iterator[Iterate]:
    """Composite stochastic mirror descent: yields x^1, …, x^{T+1}; the last is the output.

    Parameters
    ----------
    problem
        Has `sample`, `sample_grad` and, if h isn't zero, its simple part h as `simple`.
    x1 : array (*batch, d)
        Where to start.
    eta : array (T, *batch)
        Positive step sizes η_1 … η_T, one schedule for all replicates or one for each.
    rng : numpy.random.Generator
        Of the samples, one a step.
    mirror : Mirror
        The map ψ; Euclidean by default.

    Raises
    ------
    ValueError
        If a step size or the start is not allowed, or a subgradient is not finite or of another shape than its point
        (says the step).
    """
    h, mirror = getattr(problem, "simple", Zero()), mirror or Euclidean()
    x, eta = _checked(h, mirror, x1, eta)
    yield Iterate(x, np.zeros_like(x))
    for t, step in enumerate(eta, start=1):
        g = problem.sample_grad(x, problem.sample(rng, (*x.shape[:-1], 1)))
        _check_gradient(g, x, t)
        x = mirror.step(h, x, g, step)
        yield Iterate(x, g)


def _checked(h: Simple, mirror: Mirror, x1: Array, eta: Array) -> tuple[Array, Array]:
    """The start (*batch, d) and the step sizes (T, *batch), once they are known to be allowed."""
    x1, eta = np.asarray(x1, dtype=float), _steps(eta)
    mirror.check(h, x1)
    return replicates(x1, eta[0])[0], eta


def _steps(eta: Array) -> Array:
    """Step sizes as an array (T, *batch), once they are known to be positive and finite."""
    eta = np.asarray(eta, dtype=float)
    require(eta.ndim >= 1 and len(eta) >= 1, "eta", eta, "an array (T, *batch) with T ≥ 1")
    require((eta > 0) & np.isfinite(eta), "eta", eta, "positive and finite")
    return eta


def _check_gradient(g: Array, x: Array, t: int) -> None:
    """Refuse a subgradient of another shape than its point, or one that is not finite, unless x has long diverged."""
    require(np.shape(g) == x.shape, f"the shape of the subgradient of step {t}", np.shape(g), f"that of x, {x.shape}")
    if not np.isfinite(g).all():
        require(np.isfinite(g) | ~(abs(x) < LOST), f"the subgradient of step {t}", g, "finite")


def _check_range(name: str, value: Any, *, positive: bool = False) -> None:
    """Refuse what is not a finite number (or an array of such), 0 or more, or above 0 if it is to be `positive`."""
    number = np.asarray(value)
    allowed = f"{'positive' if positive else '0 or more'} and finite"
    require(number.dtype.kind in "iuf", name, value, allowed)
    require(np.isfinite(number) & (number > 0 if positive else number >= 0), name, value, allowed)


# Step sizes: arrays η_1 … η_T, (T, *batch)


def _times(T: int, eta: float | Array) -> Array:
    """1 … T along a first axis, ready to meet eta (*batch)."""
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    _check_range("eta", eta, positive=True)
    return np.arange(1.0, T + 1).reshape(-1, *[1] * np.ndim(eta))


def _capped(eta: Array, L: float) -> Array:
    """The smaller of η_t and 1/(2L)."""
    _check_range("L", L)
    return np.minimum(eta, 1 / (2 * L)) if L > 0 else eta


def poly(T: int, eta: float | Array, L: float = 0.0) -> Array:
    """η/√t, at most 1/(2L): needs no T, pays log T."""
    return _capped(eta / np.sqrt(_times(T, eta)), L)


def const(T: int, eta: float | Array, L: float = 0.0) -> Array:
    """η/√T throughout, at most 1/(2L): pays log T."""
    t = _times(T, eta)
    return _capped(eta / np.sqrt(T) * np.ones_like(t), L)


def linear(T: int, eta: float | Array, L: float = 0.0) -> Array:
    """η(T − t + 1)/T^{3/2}, at most 1/(2L): down to nearly zero in a straight line, pays no logarithm."""
    return _capped(eta * (T + 1 - _times(T, eta)) / T**1.5, L)


def heavy_poly(T: int, eta: float | Array, p: float) -> Array:
    """η t^{−1/p} for noise with a p-th moment."""
    require(1 < p <= 2, "p", p, "in (1, 2]")
    return eta * _times(T, eta) ** (-1 / p)


def heavy_const(T: int, eta: float | Array, p: float) -> Array:
    """η T^{−1/p} throughout for noise with a p-th moment."""
    require(1 < p <= 2, "p", p, "in (1, 2]")
    t = _times(T, eta)
    return eta * T ** (-1 / p) * np.ones_like(t)


def heavy_linear(T: int, eta: float | Array, p: float) -> Array:
    """η(T − t + 1)/T^{1+1/p} for noise with a p-th moment, without a logarithm."""
    require(1 < p <= 2, "p", p, "in (1, 2]")
    return eta * (T + 1 - _times(T, eta)) / T ** (1 + 1 / p)


def _condition(mu: float, L: float) -> float:
    """κ = L/μ."""
    _check_range("mu", mu, positive=True)
    _check_range("L", L)
    return L / mu


def strong1(T: int, mu: float, L: float = 0.0) -> Array:
    """1/(μ(t + 2κ)) where f or h is μ-strongly convex: all steps get the same weight γ."""
    return 1 / (mu * (_times(T, 1.0) + 2 * _condition(mu, L)))


def strong2(T: int, mu: float, L: float = 0.0) -> Array:
    """2/(μ(t + 1 + 4κ)) where f or h is μ-strongly convex: the weight γ grows linearly."""
    return 2 / (mu * (_times(T, 1.0) + 1 + 4 * _condition(mu, L)))


def strong2_simple(T: int, mu: float, L: float = 0.0) -> Array:
    """2/(μ(t + 4κ)) where only h is μ-strongly convex."""
    return 2 / (mu * (_times(T, 1.0) + 4 * _condition(mu, L)))


def strong3(T: int, mu: float, L: float = 0.0) -> Array:
    """Constant for the first half, to forget the start exponentially fast, then 2/(μ(t − ⌈T/2⌉ + 2 + 4κ))."""
    t, kappa, half = _times(T, 1.0), _condition(mu, L), -(-T // 2)
    return np.where(t <= half, 1 / (mu * (1.5 + 2 * kappa)), 2 / (mu * (np.maximum(t - half, 1) + 2 + 4 * kappa)))


SCHEDULES = {"1/√t": poly, "constant": const, "linear decay": linear}


# Outputs: what to hand out after t steps, from the stacked iterates x^1 … x^{T+1}, (T + 1, *batch, d)


def average(x: Array, t: int | Array) -> Array:
    """The mean of x^2 … x^{t+1}."""
    return _mean(x, np.zeros_like(t), t)


def suffix_average(x: Array, t: int | Array) -> Array:
    """The mean of the last half, x^{⌊t/2⌋+2} … x^{t+1}."""
    return _mean(x, np.asarray(t) // 2, t)


def _check_times(x: Array, t: int | Array) -> None:
    """Refuse numbers of steps that the iterates x^1 … x^{T+1} don't have."""
    T, number = len(x) - 1, np.asarray(t)
    require(
        number.dtype.kind in "iu" and bool(((number >= 1) & (number <= T)).all()), "t", t, f"whole, from 1 to T = {T}"
    )


def _mean(x: Array, after: Array, t: int | Array) -> Array:
    """Means of x[after + 1 … t] along the first axis."""
    _check_times(x, t)
    if np.ndim(t) == 0:
        return x[int(after) + 1 : int(t) + 1].mean(0)
    total = np.cumsum(x, 0)
    count = np.asarray(t - after).reshape(*np.shape(t), *[1] * (x.ndim - 1))
    return (total[t] - total[after]) / count


def weighted_average(x: Array, eta: Array, t: int | Array) -> Array:
    """The mean of x^2 … x^{t+1} with weights η_1 … η_t, eta (T, *batch)."""
    eta = np.asarray(eta)
    _check_times(x, t)
    require(len(eta) == len(x) - 1, "the length of eta", len(eta), f"T = {len(x) - 1}, one for each step")
    weight = eta.reshape(*eta.shape, *[1] * (x.ndim - eta.ndim))
    last = np.asarray(t) - 1
    return np.cumsum(weight * x[1:], 0)[last] / np.cumsum(weight, 0)[last]


def best(F: Array) -> Array:
    """The smallest value up to each step, from F(x^1) … F(x^{T+1}), (T + 1, *batch): costs a value of F a step."""
    return np.minimum.accumulate(F, 0)


# Bounds on E F(x^{T+1}) − F*


def remaining(eta: Array) -> Array:
    """S_t = η_t + … + η_T, for every t: (T, *batch)."""
    return np.cumsum(eta[::-1], 0)[::-1]


def bound(eta: Array, D: float, s2: float | Array, L: float = 0.0) -> Array:
    """What any schedule is promised: D/S_1 + 2 (M² + σ²) Σ_t η_t²/S_t.

    Parameters
    ----------
    eta : array (T, *batch)
        Step sizes.
    D : float
        D_ψ(x*, x^1).
    s2 : float
        M² + σ².
    L : float
        Smoothness of f: no step may be longer than 1/(2L).

    Returns
    -------
    array (*batch)
        The bound on the mean gap of the last iterate.

    Raises
    ------
    ValueError
        If a step size is not positive or longer than 1/(2L), where nothing is proved; if D, s2 or L is negative or
        not finite.
    """
    eta = _provable(eta, L, D=D, s2=s2)
    S = remaining(eta)
    return D / S[0] + 2 * s2 * (eta**2 / S).sum(0)


def strong_bound(eta: Array, D: float, s2: float, *, mu_f: float = 0.0, mu_h: float = 0.0, L: float = 0.0) -> Array:
    """Promise more where f or h is strongly convex relative to ψ, with constants mu_f and mu_h.

    (1 − μ_f η_1) D/Σγ_t + 2 (M² + σ²) Σ_t γ_t η_t/Σ_{s≥t} γ_s, where γ_1 = η_1 and
    γ_t = η_t Π_{s=2}^t (1 + μ_h η_{s−1})/(1 − μ_f η_s), in logarithms: γ grows exponentially under long steps.

    Raises
    ------
    ValueError
        As `bound`, or if μ_f η_t ≥ 1 for a t ≥ 2.
    """
    eta = _provable(eta, L, D=D, s2=s2, mu_f=mu_f, mu_h=mu_h)
    require(mu_f * eta[1:] < 1, "mu_f * eta[1:]", mu_f * eta[1:], "below 1")
    require(mu_f * eta[0] <= 1, "mu_f * eta[0]", mu_f * eta[0], "at most 1")
    log_gamma = np.log(eta)
    log_gamma[1:] += np.cumsum(np.log1p(mu_h * eta[:-1]) - np.log1p(-mu_f * eta[1:]), 0)
    log_rest = np.logaddexp.accumulate(log_gamma[::-1], 0)[::-1]
    start = (1 - mu_f * eta[0]) * D * np.exp(-log_rest[0])
    return start + 2 * s2 * (eta * np.exp(log_gamma - log_rest)).sum(0)


def heavy_bound(eta: Array, D: float, moments: float, p: float) -> Array:
    """Bound heavy-tailed runs by D/S_1 + 2^{p−1}/p (M^p + σ^p) Σ_t η_t^p/S_t, for the power map and L = 0.

    Parameters
    ----------
    eta : array (T, *batch)
        Step sizes.
    D : float
        D_ψ(x*, x^1) = 2^{q−2}/q ‖x* − x^1‖^q.
    moments : float
        M^p + σ^p, where E‖ĝ − g‖^p ≤ σ^p.
    p : float
        In (1, 2].
    """
    eta = _provable(eta, 0.0, D=D, moments=moments)
    require(1 < p <= 2, "p", p, "in (1, 2]")
    S = remaining(eta)
    return D / S[0] + 2 ** (p - 1) / p * moments * (eta**p / S).sum(0)


def high_probability_shape(eta: Array, D: float, M: float, sigma: float, delta: float | Array, L: float = 0.0) -> Array:
    """How the bound grows with confidence: σ² becomes σ²(1 + 2 ln(2/δ)) for sub-Gaussian noise.

    The theorem holds with probability 1 − δ up to a constant factor that is not stated here.
    """
    require(np.greater(delta, 0) & np.less(delta, 1), "delta", delta, "between 0 and 1")
    _check_range("M", M)
    _check_range("sigma", sigma)
    return bound(eta, D, M**2 + sigma**2 * (1 + 2 * np.log(2 / np.asarray(delta))), L)


def best_eta(schedule: Any, T: int, D: float, s2: float) -> float:
    """The factor η with which `schedule(T, η)` has the smallest bound: both of its terms are then equal."""
    _check_range("D", D, positive=True)
    _check_range("s2", s2, positive=True)
    unit = schedule(T, 1.0)
    start, noise = bound(unit, D, 0.0), bound(unit, 0.0, s2)
    return float(np.sqrt(start / noise))


def _provable(eta: Array, L: float, **sizes: float | Array) -> Array:
    """The step sizes as an array, once they are known to be such that the bounds are proved for them."""
    eta = _steps(eta)
    for name, size in {"L": L, **sizes}.items():
        _check_range(name, size)
    if L > 0:
        longest = eta.max()
        allowed = f"at most 1/(2L) = {1 / (2 * L):.4g}, where the bound is valid"
        require(longest <= (1 + 1e-12) / (2 * L), "every eta", longest, allowed)
    return eta
