"""What theory promises: bounds with their constants, and the shapes of those whose constants aren't stated."""

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.optimistic_omd.algorithm.checks import not_negative, positive, rounds
from optilab.papers.optimistic_omd.algorithm.steps import Convex, best_delta
from optilab.problems.oracles import Number

Array = np.ndarray


def path_bound(V: Array, D: Number, G: Number, delta: Number, c: Number = 1.0) -> Array:
    """What holds on every path: Σ⟨g_t, x_t − u⟩ ≤ (5/2) D √(δ + 4G² + V̄_T) for all u ∈ X, with `Convex` steps.

    Parameters
    ----------
    V : array (…, *batch)
        V̄ after any number of rounds.
    D, G, delta, c : number or array (*batch)
        As in `Convex`.
    """
    Convex(D, G, delta, c)
    not_negative(V=V)
    return 2.5 * D * np.sqrt(delta + ((1 + np.maximum(c, 1)) * np.asarray(G)) ** 2 + V)


def convex_bound(noise: Number, drift: Number, D: Number, G: Number, L: Number, delta: Number | None = None) -> Number:
    """Bound the expected regret of the convex case by a constant + (5/2) D (√5 G + √(8σ²_{1:T}) + 2√(Σ²_{1:T})).

    The constant is (5/2) D√δ + 25 D³L²/√δ, which δ = 10 D²L² makes least: 5√10 D²L.

    Parameters
    ----------
    noise, drift : number or array (*batch)
        σ²_{1:T} and Σ²_{1:T}.
    D, G, L : number or array (*batch)
        Diameter, longest gradient, smoothness.
    delta : number or array (*batch)
        δ, `best_delta(D, L)` by default; at 0 the bound is infinite unless L is 0.
    """
    best = best_delta(D, L)
    delta = best if delta is None else delta
    positive(G=G)
    not_negative(noise=noise, drift=drift, delta=delta)
    root = np.sqrt(delta)
    smooth = 25 * np.power(D, 3.0) * np.square(L)
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where(smooth > 0, smooth / root, 0.0)
    return 2.5 * D * root + lost + 2.5 * D * (np.sqrt(5) * G + np.sqrt(8 * np.asarray(noise)) + 2 * np.sqrt(drift))


def ftrl_bound(noise: Number, drift: Number, D: Number, G: Number, nu: Number, L: Number = 0.0) -> Number:
    """Bound the expected regret of optimistic FTRL.

    D(6 √σ²_{1:T} + 3√2 √Σ²_{1:T}) + (3/√2) DG + ν + (4D²G² + 9L²D⁴)/ν.
    """
    positive(D=D, G=G, nu=nu)
    not_negative(noise=noise, drift=drift, L=L)
    square = np.square(D)
    rest = 1.5 * np.sqrt(2) * D * G + nu + (4 * square * np.square(G) + 9 * np.square(L) * square**2) / nu
    return D * (6 * np.sqrt(noise) + 3 * np.sqrt(2) * np.sqrt(drift)) + rest


def ftrl_worst(T: int | Array, D: Number, G: Number) -> Number:
    """Bound the regret of optimistic FTRL with ν = 2DG whatever happens: 3√2 DG√T + 4DG."""
    rounds(T)
    positive(D=D, G=G)
    return D * G * (3 * np.sqrt(2) * np.sqrt(T) + 4)


def ftl_bound(T: int | Array, noise_max: Number, drift_max: Number, D: Number, L: Number, mu: Number) -> Number:
    """Bound the expected regret of optimistic FTL: (8σ²_max + 4Σ²_max) ln T/μ + 4D²L²/μ · ln(1 + 16L/μ)."""
    rounds(T)
    positive(D=D, mu=mu)
    not_negative(noise_max=noise_max, drift_max=drift_max, L=L)
    start = 4 * np.square(D) * np.square(L) * np.log1p(16 * np.asarray(L) / mu)
    return ((8 * np.asarray(noise_max) + 4 * np.asarray(drift_max)) * np.log(T) + start) / mu


def strongly_convex_shape(noise: Number, drift: Number, noise_max: Number, drift_max: Number, lam: Number) -> Number:
    """How the regret grows with `StronglyConvex` steps: (m/λ) ln(1 + (σ²_{1:T} + Σ²_{1:T})/m), m = σ²_max + Σ²_max."""
    positive(lam=lam)
    not_negative(noise=noise, drift=drift, noise_max=noise_max, drift_max=drift_max)
    most = np.add(noise_max, drift_max)
    require(most > 0, "noise_max + drift_max", most, "positive")
    return most / lam * np.log1p(np.add(noise, drift) / most)


def exp_concave_shape(noise: Number, drift: Number, d: int, alpha: Number) -> Number:
    """How the regret grows with `exp_concave`: (d/α) ln(1 + σ²_{1:T} + Σ²_{1:T})."""
    require(whole(d, 1), "d", d, "a whole number, 1 or more")
    positive(alpha=alpha)
    not_negative(noise=noise, drift=drift)
    return d / alpha * np.log1p(np.add(noise, drift))


def dynamic_shape(noise: Number, drift: Number, path_length: Number) -> Number:
    """How the ensemble's dynamic regret grows: P_T + √(1 + P_T)(√σ²_{1:T} + √Σ²_{1:T})."""
    not_negative(noise=noise, drift=drift, path_length=path_length)
    return path_length + np.sqrt(1 + np.asarray(path_length)) * (np.sqrt(noise) + np.sqrt(drift))


def lower_shape(noise: Number, drift: Number, D: Number) -> Number:
    """What no method can beat but by a factor, in the convex case: D(√σ²_{1:T} + √Σ²_{1:T})."""
    positive(D=D)
    not_negative(noise=noise, drift=drift)
    return D * (np.sqrt(noise) + np.sqrt(drift))
