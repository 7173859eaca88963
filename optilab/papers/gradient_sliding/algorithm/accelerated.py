"""Accelerated sliding: h is smooth, or made so; the inner loop is accelerated too, and looks at the average.

The skeleton is that of G. Lan and Y. Ouyang, "Accelerated gradient sliding for structured convex optimization", 2016
(arXiv 1609.04905); the constant, restart-free parameters `rf_ags` and `rf_asgs` are proved in the lesson and have the
complexity announced by X. Wu, Z. Xu, H. Zhang, 2026 (arXiv 2602.04161). For h(x) = max_y ⟨Kx, y⟩ − J(y) the smoothed
h_η (Nesterov, 2005) has M_η = ‖K‖²/η and h_η ≤ h ≤ h_η + ηΩ.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import advance, algorithm, replicates
from optilab.papers.gradient_sliding.algorithm.schedules import LARGEST, refuse, steps
from optilab.papers.gradient_sliding.algorithm.sliding import (
    Generators,
    Inner,
    checked,
    draw,
    inner_steps,
    last,
    rows,
)
from optilab.problems.oracles import Smoothable


class AcceleratedSchedule(NamedTuple):
    """Parameters of the outer steps, arrays (N, *batch); a replicate rests where λ and T are 0."""

    lam: np.ndarray  # weight λ_k of the new point in the average
    beta: np.ndarray  # prox weight β_k
    B: np.ndarray  # β, or β + μ where the inner loop knows μ
    T: np.ndarray  # inner lengths T_k
    q: np.ndarray  # inner step t has prox weight r_t = q/t + B(t − 1)/2
    eta: np.ndarray  # smoothing η_k of h; a problem whose h is smooth ignores it
    m: np.ndarray  # samples averaged in an inner step where the operator is sampled
    restart: np.ndarray  # whether x starts anew from the average before this step


class AcceleratedOuter(NamedTuple):
    """State after k outer steps."""

    xbar: np.ndarray  # (*batch, n) the average x̄_k that the theorems speak about
    x: np.ndarray  # (*batch, n) prox centre x_k
    xu: np.ndarray  # (*batch, n) where the gradient of this step was taken
    T: np.ndarray  # (*batch) inner length of this step
    eta: np.ndarray  # (*batch) smoothing of this step
    gradients: np.ndarray  # (*batch) so far
    operators: np.ndarray  # (*batch) so far: inner steps, one pair Kx, Kᵀy each, whatever their batch
    samples: np.ndarray  # (*batch) so far


@algorithm
def accelerated_sliding(
    problem: Smoothable, x0: np.ndarray, schedule: AcceleratedSchedule, *, rng: Generators | None = None
) -> Iterator[AcceleratedOuter]:
    """AGS and ASGS: freeze the gradient of f, slide T_k accelerated steps on the smooth h_η + χ, average.

    Parameters
    ----------
    problem
        The sum f + h + χ with smooth neighbours h_η of h; with `rng` it has `sample` and
        `sample_smooth_grad(x, sample, eta)` as well.
    x0 : array (*batch, n)
        Where to start.
    schedule : AcceleratedSchedule
        Parameters of the outer steps: `rf_ags`, `rf_asgs` or `restarted_ags`.
    rng : Generator, or one for each replicate, optional
        Draws the sampled operators; full ones without it.

    Raises
    ------
    ValueError
        If `x0` isn't finite, `prox` or the operator returns another shape, or the schedule needs too many operators.
    """
    needed = {"operators": schedule.T.sum(0)}
    if rng is not None:
        needed["samples"] = (schedule.T * 1.0 * schedule.m).sum(0)
    x, generators = checked(problem, x0, schedule, rng, **needed)
    shape = np.shape(problem.smooth_grad(x, schedule.eta[0]))
    require(shape == x.shape, "the shape that smooth_grad returns", shape, f"that of its argument, {x.shape}")
    xbar = xu = x
    gradients = operators = samples = np.zeros(x.shape[:-1], int)
    yield AcceleratedOuter(xbar, x, xu, 0 * gradients, schedule.eta[0], gradients, operators, samples)
    for step in rows(schedule, x.shape[:-1]):
        lam, T = step.lam[..., None], step.T
        x = advance(step.restart, xbar, x)
        xu = (1 - lam) * xbar + lam * x
        g = problem.grad(xu)
        x, xt = last(prox_ag(problem, g, xbar, x, step, generators=generators))
        xbar = (1 - lam) * xbar + lam * xt
        gradients, operators = gradients + (T > 0), operators + T
        samples = samples + T * step.m if generators else samples
        yield AcceleratedOuter(xbar, x, xu, T, step.eta, gradients, operators, samples)


@algorithm
def prox_ag(
    problem: Any, g: np.ndarray, xbar: np.ndarray, x: np.ndarray, step: AcceleratedSchedule, *, generators=()
) -> Iterator[Inner]:
    """ProxAG: T accelerated steps on ⟨g, u⟩ + χ(u) + β V(x, u) + h_η((1 − λ)x̄ + λu)/λ, from x.

    Parameters
    ----------
    problem
        Has `smooth_grad` or `sample_smooth_grad`, and `prox`.
    g, xbar, x : arrays (*batch, n)
        Frozen gradient of f, average, centre.
    step : AcceleratedSchedule
        The outer step's row of it: arrays (*batch).
    generators : list of Generator, optional
        One for each replicate, to draw the sampled operators.
    """
    x, lam, beta, B, q = replicates(x, step.lam, step.beta, step.B, step.q)
    u, ut = x, xbar  # α is 1 at t = 1: the start of ũ has no weight
    yield Inner(u, ut)
    for t, going in inner_steps(step.T):
        alpha, r = 2 / (t + 1), q / t + B * ((t - 1) / 2)
        um = (1 - lam) * xbar + lam * ((1 - alpha) * ut + alpha * u)
        s = operator(problem, um, step.eta, generators, going * step.m)
        u = advance(going, problem.prox((beta * x + r * u - g - s) / (beta + r), 1 / (beta + r)[..., 0]), u)
        ut = advance(going, (1 - alpha) * ut + alpha * u, ut)
        yield Inner(u, ut)


def operator(problem: Any, x: np.ndarray, eta: np.ndarray, generators: list, m: np.ndarray) -> np.ndarray:
    """∇h_η at x (*batch, n), or the mean of m (*batch) samples of it, each replicate's from its own generator."""
    samples = draw(problem, generators, m)
    if samples is None:
        return problem.smooth_grad(x, eta)
    drawn = np.arange(len(samples)).reshape(-1, *(1 for _ in m.shape)) < m
    each = problem.sample_smooth_grad(np.broadcast_to(x, (len(samples), *x.shape)), samples, eta)
    return np.where(drawn[..., None], each, 0).sum(0) / np.maximum(m, 1)[..., None]


def inner_length(conditioning: np.ndarray) -> np.ndarray:
    """The least T ≥ 1 with T(T + 1) ≥ conditioning."""
    return np.clip(np.ceil((-1 + np.sqrt(1 + 4 * conditioning)) / 2), 1, LARGEST).astype(np.int64)


def accelerated_schedule(lam, beta, B, T, q, eta, m=1, restart=False) -> AcceleratedSchedule:
    """Bring the columns to one shape (N, *batch)."""
    return AcceleratedSchedule(*np.broadcast_arrays(lam, beta, B, T, q, eta, m, restart))


def restart_free_lambda(L, mu) -> np.ndarray:
    """The constant momentum λ of `rf_ags` and `rf_asgs`, root of 2Lλ² + μλ = μ."""
    refuse(L=L, mu=mu)
    return 2 * mu / (mu + np.sqrt(mu**2 + 8 * L * mu))  # the root without cancellation at small L


def rf_ags(*, L, mu, M, N: int, eta=1.0) -> AcceleratedSchedule:
    """Restart-free accelerated sliding for an M-smooth h.

    Parameters
    ----------
    L, mu, M : number or array (*batch)
        Smoothness of f, strong convexity of χ, smoothness of h.
    N : int
        Outer steps.
    eta : number or array (*batch)
        Handed to the problem's `smooth_grad`.
    """
    refuse(L=L, mu=mu, M=M, eta=eta)
    lam = restart_free_lambda(L, mu)
    column = np.ones(steps(N, L, mu, M, eta).shape)
    T = inner_length(4 * M / L * column)
    beta = L * lam
    return accelerated_schedule(lam * column, beta, beta + mu, T, 0.5 * beta * T * (T + 1), eta)


def rf_asgs(*, L, mu, K, Omega, D, N: int, sigma2=0.0, eta0=None) -> AcceleratedSchedule:
    """Restart-free accelerated sliding for saddle points: the smoothing η_k = η₀ρᵏ shrinks as the gap does.

    Parameters
    ----------
    L, mu, K : number or array (*batch)
        Smoothness of f, strong convexity of χ, norm ‖K‖ ≥ 0.
    Omega : number or array (*batch)
        Largest value of the prox-function on the dual set.
    D : number or array (*batch)
        Target scale, best an upper bound Δ₀ on the initial gap.
    N : int
        Outer steps.
    sigma2 : number or array (*batch)
        Variance of one sampled operator; mini-batches where it is positive.
    eta0 : number or array (*batch), optional
        D/(2Ω) by default.
    """
    refuse(L=L, mu=mu, K=K, Omega=Omega, D=D, sigma2=sigma2)
    eta0 = D / (2 * Omega) if eta0 is None else eta0
    refuse(eta0=eta0)
    lam = restart_free_lambda(L, mu)
    shrunk = (1 - lam / 2) ** (1.0 * steps(N, L, mu, K, Omega, D, eta0, sigma2))
    eta = eta0 * shrunk
    sampled = np.asarray(sigma2) > 0
    T = inner_length(np.where(sampled, 8, 4) * K**2 / eta / L)
    beta = L * lam
    m = np.clip(np.ceil(5 * sigma2 / (beta * D * shrunk * T)), 1, LARGEST).astype(np.int64)
    return accelerated_schedule(lam, beta, beta + mu, T, 0.5 * beta * T * (T + 1), eta, m)


def rf_ags_start(*, gap0, V0, mu) -> np.ndarray:
    """E₀ = Ψ(x0) − Ψ* + μ V(x0, x*); `rf_ags` contracts it by 1 − λ a step, exactly."""
    refuse(gap0=gap0, V0=V0, mu=mu)
    return gap0 + mu * V0


def rf_asgs_bound(k, *, gap0, V0, mu, lam, eta0, Omega, D=0.0) -> np.ndarray:
    """The corollary: Ψ(x̄_k) − Ψ* ≤ (1 − λ)ᵏ(gap0 + μV0 + η₀Ω) + 2(η₀Ω + 4D/5) ρᵏ⁺¹; D = 0 for the full operator."""
    refuse(k=k, gap0=gap0, V0=V0, mu=mu, lam=lam, eta0=eta0, Omega=Omega)
    require(np.asarray(D) >= 0, "D", D, "0 or more")
    k = np.asarray(k)
    return (1 - lam) ** k * (gap0 + mu * V0 + eta0 * Omega) + 2 * (eta0 * Omega + 0.8 * D) * (1 - lam / 2) ** (k + 1)


def rf_asgs_operators(N, *, L, K, lam, eta0) -> np.ndarray:
    """Bound on the operators of N steps: N + 8‖K‖ρ^(−N/2)/(λ√(Lη₀))."""
    require(np.asarray(N) >= 0, "N", N, "0 or more")
    refuse(L=L, K=K, lam=lam, eta0=eta0)
    return N + 8 * K / (lam * np.sqrt(L * eta0)) * (1 - lam / 2) ** (-N / 2)


def ags_convex(*, L, M, N: int, eta=1.0) -> AcceleratedSchedule:
    """Accelerated sliding for merely convex problems with an M-smooth h; its parameters don't need the horizon N.

    Parameters
    ----------
    L, M : number or array (*batch)
        Smoothness of f and of h.
    N : int
        Outer steps.
    eta : number or array (*batch)
        Handed to the problem's `smooth_grad`.
    """
    refuse(L=L, M=M, eta=eta)
    k = steps(N, L, M, eta)
    T, beta = inner_length(4 * M / L), 2 * L / k
    return accelerated_schedule(2 / (k + 1), beta, beta, T, L / k * T * (T + 1.0), eta)


def ags_convex_bound(N, *, L, V0) -> np.ndarray:
    """The guarantee for `ags_convex`: Ψ(x̄_N) − Ψ* ≤ 8LV0/(N(N + 1)), V0 = ½‖x0 − x*‖²."""
    refuse(N=N, L=L, V0=V0)
    return 8 * L * V0 / (N * (N + 1))


def restarted_ags(*, L, mu, K, Omega, D, phases: int) -> AcceleratedSchedule:
    """Restarted accelerated sliding: phases of ⌈4√(L/μ)⌉ steps of `ags_convex`, each with half the smoothing.

    Parameters
    ----------
    L, mu, K, Omega, D
        As in `rf_asgs`.
    phases : int
        The gap after s of them is at most Δ₀ 2⁻ˢ(1 + s/2).
    """
    refuse(L=L, mu=mu, K=K, Omega=Omega, D=D)
    require(whole(phases, 1), "phases", phases, "a whole number, 1 or more")
    N0 = np.ceil(4 * np.sqrt(np.asarray(L) / mu))
    j = steps(phases * int(np.max(N0)), L, mu, K, Omega, D) - 1
    s, k = np.minimum(j // N0 + 1, 1000), j % N0 + 1
    eta = D * 2.0**-s / (2 * Omega)
    T = inner_length(4 * K**2 / eta / L)
    beta = 2 * L / k
    going = j < phases * N0  # shorter phases end sooner
    lam, q = going * 2 / (k + 1), L / k * T * (T + 1.0)
    return accelerated_schedule(lam, beta, beta, going * T, q, eta, restart=going & (k == 1) & (s > 1))


def restarted_ags_bound(s, *, D) -> np.ndarray:
    """The guarantee for `restarted_ags` after s phases: the gap is at most Δ₀ 2⁻ˢ(1 + s/2)."""
    refuse(s=s, D=D)
    s = np.asarray(s)
    return D * 2.0**-s * (1 + s / 2)
