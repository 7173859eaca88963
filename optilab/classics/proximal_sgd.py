"""The proximal stochastic subgradient method for a strongly convex simple part, with its weighted average."""

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Composite, Number, StochasticComposite


class Average(NamedTuple):
    """State after t steps, each of one gradient of f and one subgradient of h."""

    xbar: np.ndarray  # (*batch, n) the weighted average
    x: np.ndarray  # (*batch, n) the last point


@algorithm
def proximal_sgd(
    problem: Composite | StochasticComposite,
    x0: np.ndarray,
    *,
    L: Number,
    mu: Number,
    samples: np.ndarray | None = None,
) -> Iterator[Average]:
    """Iterate x⁺ = prox(x − (∇f(x) + h′(x))/a_t, 1/a_t) with a_t = L + μt/2, averaged with weights t + 2L/μ.

    Parameters
    ----------
    problem : Composite, or StochasticComposite where samples are given
        Has `grad` of the smooth part f, `subgrad` or `sample_subgrad` of h, and `prox` of the simple part.
    x0 : array (*batch, n)
        Where to start.
    L, mu : number or array (*batch)
        Smoothness of f, strong convexity of the simple part.
    samples : array (N, *batch, m), optional
        The samples of each step; full subgradients without it. The states end with the samples.
    """
    require(np.asarray(L) > 0, "L", L, "positive")
    require(np.asarray(mu) > 0, "mu", mu, "positive")
    x, L, mu = replicates(x0, L, mu)
    xbar, total, t = x, 0 * L, 0
    yield Average(xbar, x)
    while samples is None or t < len(samples):
        s = _subgradient(problem, x, None if samples is None else samples[t])
        t += 1
        a = L + mu * t / 2
        x = problem.prox(x - (problem.grad(x) + s) / a, 1 / a[..., 0])
        weight = t + 2 * L / mu
        total = total + weight
        xbar = xbar + weight / total * (x - xbar)
        yield Average(xbar, x)


def _subgradient(problem: Composite | StochasticComposite, x: np.ndarray, sample: np.ndarray | None) -> np.ndarray:
    """h′(x), or its estimate from a sample."""
    if sample is None:
        return cast(Composite, problem).subgrad(x)
    return cast(StochasticComposite, problem).sample_subgrad(x, sample)


def proximal_sgd_bound(t: Number, *, V0: Number, L: Number, mu: Number, S: Number) -> np.ndarray:
    """Bound on the expected gap of the average after t ≥ 1 steps.

    One step gives gap_t ≤ a_t V_{t−1} − (a_t + μ) V_t + S/(μt). Weighted by w_t = t + 2L/μ the distances telescope up
    to (μ/2)V_t ≤ gap_t/2, so that Σ (w_t − ½) gap_t ≤ w₁a₁V₀ + (S/μ) Σ w_t/t.

    Parameters
    ----------
    t : int or array
        Steps.
    V0 : number or array (*batch)
        Half the squared distance from the start to the minimiser.
    L, mu : number or array (*batch)
        As for `proximal_sgd`.
    S : number or array (*batch)
        M² for full, 2(M² + σ²) for sampled subgradients, where h(x) ≤ h(y) + h′(y)·(x − y) + M‖x − y‖.

    Raises
    ------
    ValueError
        If t isn't 1 or more, L or mu isn't positive, or V0 or S is negative.
    """
    require(np.asarray(t) >= 1, "t", t, "1 or more")
    for name, value in {"L": L, "mu": mu}.items():
        require(np.asarray(value) > 0, name, value, "positive")
    for name, value in {"V0": V0, "S": S}.items():
        require(np.asarray(value) >= 0, name, value, "0 or more")
    t, kappa = np.asarray(t), L / mu
    first = 1 + 2 * kappa
    total = t * (t + 1) / 2 + 2 * kappa * t
    losses = first * (L + mu / 2) * V0 + S / mu * (t + 2 * kappa * (1 + np.log(t)))
    return first / (first - 0.5) * losses / total
