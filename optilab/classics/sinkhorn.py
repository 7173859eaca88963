"""Sinkhorn's algorithm for entropic transport, min ⟨T, C⟩ + ε Σ Tᵢⱼ (log Tᵢⱼ − 1): rescale rows, then columns.

    f ← ε (log a − LSEⱼ((gⱼ − Cᵢⱼ)/ε)),    g ← ε (log b − LSEᵢ((fᵢ − Cᵢⱼ)/ε)),    T = exp((f + g − C)/ε)

Source: M. Cuturi, "Sinkhorn distances: lightspeed computation of optimal transport", 2013; in the log domain as in
G. Peyré, M. Cuturi, "Computational optimal transport", 2019, section 4.4.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.problems.stable import log_sum_exp
from optilab.problems.transport import Transport


class Potentials(NamedTuple):
    """Prices after an update of both, and how far the rows are from the marginal (the columns are exact).

    g comes first, by which `run` tells divergence: it is finite, while f is −∞ at a source without mass.
    """

    g: np.ndarray  # (*batch, n)
    f: np.ndarray  # (*batch, m)
    error: np.ndarray  # (*batch) ‖T1 − a‖₁


class Scalings(NamedTuple):
    """The same in the plain domain: T = diag(u) K diag(v)."""

    u: np.ndarray  # (*batch, m)
    v: np.ndarray  # (*batch, n)


@algorithm
def sinkhorn(problem: Transport, *, epsilon: float | np.ndarray) -> Iterator[Potentials]:
    """Sinkhorn in the log domain, from f = 0 and g = 0; finite for every ε.

    Parameters
    ----------
    problem : Transport
        Sources without mass get the potential −∞ and an empty row.
    epsilon : number or array (*batch)
        Weight of the entropy, in units of the cost.

    Raises
    ------
    ValueError
        If epsilon isn't positive and finite.
    """
    epsilon = np.asarray(epsilon, float)
    require((epsilon > 0) & (epsilon < np.inf), "epsilon", epsilon, "positive and finite")
    batch = np.broadcast_shapes(problem.a.shape[:-1], epsilon.shape)
    e = epsilon[..., None]
    a, b = (np.broadcast_to(x, (*batch, x.shape[-1])) for x in (problem.a, problem.b))
    with np.errstate(divide="ignore"):
        log_a, log_b = np.log(a), np.log(b)
    f, g = np.zeros_like(a), np.zeros_like(b)
    scaled = -problem.C / e[..., None]
    while True:
        reach = log_sum_exp(g[..., None, :] / e[..., None] + scaled, -1)
        yield Potentials(g, f, abs(np.exp(f / e + reach) - a).sum(-1))
        f = e * (log_a - reach)
        g = e * (log_b - log_sum_exp(f[..., :, None] / e[..., None] + scaled, -2))


@algorithm
def sinkhorn_scaling(problem: Transport, *, epsilon: float | np.ndarray) -> Iterator[Scalings]:
    """Sinkhorn by its textbook: u ← a/(Kv), v ← b/(Kᵀu) with K = exp(−C/ε), as long as ε isn't too small for it.

    Parameters as for `sinkhorn`; the states turn NaN once K or the scalings leave the floating-point range.

    Raises
    ------
    ValueError
        If epsilon isn't positive and finite.
    """
    epsilon = np.asarray(epsilon, float)
    require((epsilon > 0) & (epsilon < np.inf), "epsilon", epsilon, "positive and finite")
    K = np.exp(-problem.C / epsilon[..., None, None])
    batch = K.shape[:-2]
    a, b = (np.broadcast_to(x, (*batch, x.shape[-1])) for x in (problem.a, problem.b))
    u, v = np.ones_like(a), np.ones_like(b)
    while True:
        yield Scalings(u, v)
        with np.errstate(all="ignore"):
            u = a / np.matvec(K, v)
            v = b / np.vecmat(u, K)


def entropic_plan(problem: Transport, f: np.ndarray, g: np.ndarray, epsilon: float | np.ndarray) -> np.ndarray:
    """T = exp((f + g − C)/ε) of potentials f (*batch, m) and g (*batch, n): (*batch, m, n)."""
    e = np.asarray(epsilon)[..., None, None]
    return np.exp((f[..., :, None] + g[..., None, :] - problem.C) / e)


def solve_sinkhorn(
    problem: Transport, *, epsilon: float | np.ndarray, steps: int = 10_000, tolerance: float = 1e-9
) -> np.ndarray:
    """The plan after at most `steps` updates, or once ‖T1 − a‖₁ < `tolerance` in every replicate: (*batch, m, n).

    Raises
    ------
    ValueError
        If epsilon isn't positive and finite, or `steps` or `tolerance` is negative.
    """
    require(whole(steps), "steps", steps, "an integer, 0 or more")
    require(tolerance >= 0, "tolerance", tolerance, "0 or more")
    for step, state in enumerate(sinkhorn(problem, epsilon=epsilon)):
        if step == steps or (state.error < tolerance).all():
            break
    return entropic_plan(problem, state.f, state.g, epsilon)
