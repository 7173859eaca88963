"""Inverse problems by a denoiser: Tweedie's mean as a guess of the image, and the trace of a Hessian against its bias.

A latent z_t is a noised z_0; the score s = ∇ log p_t of the noised prior is known, and Tweedie's formulas give the mean
ẑ_0 and the covariance of z_0 given z_t. What is missing is the score of the measurement, ∇ log p(y | z_t). All methods
but the yardstick put ẑ_0 for z_0 there, and differ in how they step; ᾱ rises from near 0, all noise, to 1, none.

    the paper                                                   here
    E[z_0 | z_t], Cov[z_0 | z_t]                                tweedie, covariance
    ∂ẑ_0/∂z_t times a vector                                    pulled_back
    levels ᾱ_1 > … > ᾱ_S of Stable Diffusion's schedule         levels (noisiest first)
    DDIM step, from noisy to clean or back                      ddim, invert
    z ← E(Aᵀy), forward DDIM to the noisiest level              begin (init "ddim", "q_sample", "gaussian")
    STSL                                                        stsl
      ∇ λ‖y − AD(ẑ_0)‖²                                         measured
      ∇ (η/d) εᵀ(s(z + ε) − s(z))                               curved
    the loss itself                                             surrogate
    DPS in latent space; PSLD, GML-DPS; P2L                     ldps, psld (glue=False for GML-DPS), p2l
    the lower bound on log p(y | z_t)                           bound
    editing with STSL and cross-attention tuning (CAT)          edit (without attention: a mixture has none)
      the contrastive loss of the later steps                   contrast
    not in the paper: full covariance, the yardstick            log_likelihood, second_order
                      exact log p(y | z_t) and its gradient     exact_likelihood
    the prior: s, products H v, tr H and its gradient           Mixture.local, curve, trace, grad_trace, in `problems`
    decoder 𝒟, encoder ℰ, r = y − A𝒟(z_0), p(z_0 | y)           Inverse.decode, encode, residual, posterior, there

Score calls and Hessian-vector products are counted in the states, beside the paper's own count of evaluations (one per
inner iteration).

Source: L. Rout, Y. Chen, A. Kumar, C. Caramanis, S. Shakkottai, W.-S. Chu, "Beyond First-Order Tweedie: Solving
Inverse Problems using Latent Diffusion", CVPR 2024 (arXiv 2312.00852): Proposition 4.1, Theorem 4.4, Algorithm 1. The
authors have released no code: the order of the steps, editing's details and the constants of the bound are
reconstructions; PSLD follows its authors' public code, P2L its publication.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.numerics import complex_step
from optilab.core.run import algorithm, replicates
from optilab.papers.stsl.problems import Inverse, Local, Mixture, level
from optilab.problems.stable import log_sum_exp, softmax

Array = np.ndarray
Number = float | np.ndarray  # one for all replicates, or (*batch)
INITS = ("ddim", "q_sample", "gaussian")
T = 1000
NEARLY_CLEAN = 1 - 1e-6  # where an inversion starts
TINY = 1e-12  # least norm that is divided by


class Particle(NamedTuple):
    """A state of every sampler."""

    z: Array  # (*batch, d)
    alpha: Array  # ᾱ that z is at; 1 when done
    z0: Array  # (*batch, d) the last guess of the clean latent
    nfe_paper: int  # evaluations as the paper counts them: one an inner iteration
    score_calls: int  # of s
    hvps: int  # products H v


# Tweedie's formulas and DDIM


def levels(S: int) -> Array:
    """ᾱ of S of the 1000 noise levels of Stable Diffusion's schedule, noisiest first: (S,).

    Raises
    ------
    ValueError
        Unless S is whole, from 2 to 1000.
    """
    require(whole(S, 2) and S <= T, "S", S, f"a whole number from 2 to {T}")
    beta = np.linspace(0.00085**0.5, 0.012**0.5, T) ** 2
    chosen = np.round(np.linspace(0, T - 1, S + 1)[1:]).astype(int)
    return np.cumprod(1 - beta)[chosen][::-1]


def tweedie(z: Array, s: Array, alpha: float) -> Array:
    """The mean ẑ_0 = (z + (1 − ᾱ)s)/√ᾱ of z_0 given z_t = z, Proposition 4.1: (*batch, d).

    Raises
    ------
    ValueError
        Unless 0 < ᾱ < 1.
    """
    return (z + (1 - level(alpha)) * s) / np.sqrt(alpha)


def covariance(H: Array, alpha: float) -> Array:
    """The covariance of z_0 given z_t, (1 − ᾱ)/ᾱ · (I + (1 − ᾱ)H), Proposition 4.1: (*batch, d, d)."""
    return (1 - level(alpha)) / alpha * (np.eye(H.shape[-1]) + (1 - alpha) * H)


def pulled_back(prior: Mixture, at: Local, alpha: float, v: Array) -> Array:
    """J v with J = ∂ẑ_0/∂z_t = (I + (1 − ᾱ)H)/√ᾱ, which is symmetric: one Hessian-vector product."""
    return (v + (1 - alpha) * prior.curve(at, v)) / np.sqrt(alpha)


def ddim(
    z: Array,
    s: Array,
    alpha: float,
    target: float,
    eta_dd: float = 0.0,
    noise: Array | float = 0.0,
    z0: Array | None = None,
) -> Array:
    """A DDIM step from noise level ᾱ to another, `target` (1 if clean), larger or smaller.

    Parameters
    ----------
    z, s : arrays (*batch, d)
        Where, and the score there.
    alpha, target : float
        ᾱ now and after.
    eta_dd : float
        0 for a step without new noise, 1 for an ancestral one.
    noise : array (*batch, d)
        Standard normal, where eta_dd isn't 0.
    z0 : array (*batch, d), optional
        What to put for ẑ_0.

    Raises
    ------
    ValueError
        Unless 0 < ᾱ < 1, 0 < target ≤ 1 and 0 ≤ eta_dd ≤ 1.
    """
    level(alpha)
    require(0 < target <= 1, "target", target, "above 0, and at most 1")
    require(0 <= eta_dd <= 1, "eta_dd", eta_dd, "in [0, 1]")
    z0 = tweedie(z, s, alpha) if z0 is None else z0
    fresh = eta_dd * np.sqrt((1 - target) / (1 - alpha)) * np.sqrt(max(1 - alpha / target, 0))
    direction = -np.sqrt(1 - alpha) * s
    return np.sqrt(target) * z0 + np.sqrt(max(1 - target - fresh**2, 0)) * direction + fresh * noise


def invert(prior: Mixture, z: Array, alphas: Array) -> Array:
    """Forward DDIM: a clean z (*batch, d) along levels (n,), noisiest first, to the first of them; n score calls."""
    for alpha, target in pairwise([NEARLY_CLEAN, *alphas[::-1]]):
        z = ddim(z, prior.score(z, alpha), alpha, target)
    return z


def begin(problem: Inverse, noise: Array, alphas: Array, init: str) -> Array:
    """Where a sampler starts, at the noisiest level (*batch, d).

    "ddim": ℰ(Aᵀy) inverted; "q_sample": ℰ(Aᵀy) noised; "gaussian": the noise alone.

    Raises
    ------
    ValueError
        If there is no such init.
    """
    require(init in INITS, "init", init, f"one of {list(INITS)}")
    if init == "gaussian":
        return noise
    clean = np.broadcast_to(problem.back_projected, noise.shape)
    if init == "ddim":
        return invert(problem.prior, clean, alphas)
    return np.sqrt(alphas[0]) * clean + np.sqrt(1 - alphas[0]) * noise


# STSL


@algorithm
def stsl(
    problem: Inverse,
    noise: Array,
    *,
    rng: np.random.Generator,
    S: int = 50,
    K: int = 5,
    lam: Number = 0.1,
    eta: Number = 0.02,
    delta: float = 1.0,
    init: str = "ddim",
) -> Iterator[Particle]:
    """Algorithm 1: at each noise level K gradient steps on the surrogate loss, then a DDIM step; ends at ᾱ = 1.

    Parameters
    ----------
    problem : Inverse
        Prior, decoder and measurement.
    noise : array (*batch, d)
        Standard normal, for the start; not used by init "ddim".
    rng : numpy.random.Generator
        Of the vectors ε of the trace.
    S, K : int
        Noise levels, and inner iterations at each.
    lam, eta : float or array (*batch)
        Weights λ of the measurement and η of the trace, 0 or more; λ‖AW‖² < 1 keeps the last steps stable.
    delta : float
        Size of the ε that the scores are differenced over; 1 in the paper.
    init : str
        "ddim", "q_sample" or "gaussian".

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    alphas = levels(S)
    require(whole(K), "K", K, "a whole number, 0 or more")
    for name, size in (("lam", lam), ("eta", eta)):
        require(_number(name, size) >= 0, name, size, "0 or more and finite")
    require(_number("delta", delta) > 0, "delta", delta, "positive")
    prior, draws = problem.prior, np.any(np.asarray(eta) > 0)
    z, lam, eta = _start(problem, noise, lam, eta)
    z = begin(problem, z, alphas, init)
    nfe, calls, hvps = 0, S if init == "ddim" else 0, 0
    yield Particle(z, alphas[0], z, nfe, calls, hvps)
    for alpha, target in pairwise([*alphas, 1.0]):
        for _ in range(K):
            at = prior.local(z, alpha)
            step = measured(problem, z, at, alpha, lam)
            if draws:
                step = step + curved(prior, z, at, alpha, rng.normal(size=z.shape), eta, delta)
            z = z - step
            nfe, calls, hvps = nfe + 1, calls + (2 if draws else 1), hvps + (3 if draws else 1)
        s = prior.score(z, alpha)
        z0 = tweedie(z, s, alpha)
        z = ddim(z, s, alpha, target)
        calls += 1
        yield Particle(z, np.array(target), z0, nfe, calls, hvps)


def measured(problem: Inverse, z: Array, at: Local, alpha: float, lam: Number) -> Array:
    """∇ λ‖y − A𝒟(ẑ_0(z))‖² = −2λ J Bᵀ r: (*batch, d)."""
    r = problem.residual(tweedie(z, at.score, alpha))
    return pulled_back(problem.prior, at, alpha, -2 * lam * (r @ problem.B))


def curved(prior: Mixture, z: Array, at: Local, alpha: float, eps: Array, eta: Number, delta: float = 1.0) -> Array:
    """∇ (η/(dδ)) εᵀ(s(z + δε) − s(z)) = (η/(dδ)) (H(z + δε) − H(z)) ε: (*batch, d)."""
    there = prior.local(z + delta * eps, alpha)
    return eta / (prior.d * delta) * (prior.curve(there, eps) - prior.curve(at, eps))


def surrogate(
    problem: Inverse, z: Array, alpha: float, eps: Array, lam: float, eta: float, delta: float = 1.0
) -> Array:
    """The loss whose gradient a step follows, equation (1) with one ε: λ‖r‖² + (η/(dδ)) εᵀ(s(z + δε) − s(z))."""
    prior = problem.prior
    s = prior.score(z, alpha)
    trace = np.vecdot(eps, prior.score(z + delta * eps, alpha) - s) / delta
    return lam * (problem.residual(tweedie(z, s, alpha)) ** 2).sum(-1) + eta / prior.d * trace


def _start(problem: Inverse, noise: Array, *sizes: Number) -> list[Array]:
    """Noise (*batch, d) and numbers (*batch, 1), y among the batch."""
    noise = np.asarray(noise)
    d = problem.prior.d
    require(noise.dtype.kind in "iuf" and np.isfinite(noise).all(), "noise", noise, "an array of finite numbers")
    require(noise.shape[-1:] == (d,), "the shape of noise", noise.shape, f"(*batch, {d})")
    noise, *lifted = replicates(noise, *sizes, np.zeros(problem.y.shape[:-1]))
    return [noise, *lifted[:-1]]


def _number(name: str, value: Number) -> Array:
    """A finite number, or an array of such."""
    try:
        number = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        number = np.array(np.nan)
    require(np.isfinite(number), name, value, "a finite number, or an array of such")
    return number


# Baselines: one guidance step a level


@algorithm
def ldps(
    problem: Inverse, noise: Array, *, rng: np.random.Generator, S: int = 1000, zeta: Number = 1.0
) -> Iterator[Particle]:
    """DPS in latent space: an ancestral step, then ζ along −∇‖y − A𝒟(ẑ_0)‖.

    Parameters
    ----------
    problem, noise, S
        As in `stsl`; the noise is the start.
    rng : numpy.random.Generator
        Of the noise of the steps.
    zeta : float or array (*batch)
        Step length ζ, 0 or more.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    alphas, prior = levels(S), problem.prior
    require(_number("zeta", zeta) >= 0, "zeta", zeta, "0 or more and finite")
    z, zeta = _start(problem, noise, zeta)
    yield Particle(z, alphas[0], z, 0, 0, 0)
    for k, (alpha, target) in enumerate(pairwise([*alphas, 1.0]), 1):
        at = prior.local(z, alpha)
        z0 = tweedie(z, at.score, alpha)
        r = problem.residual(z0)
        pull = pulled_back(prior, at, alpha, normed(r) @ problem.B)
        z = ddim(z, at.score, alpha, target, 1.0, rng.normal(size=z.shape)) + zeta * pull
        yield Particle(z, np.array(target), z0, k, k, k)


@algorithm
def psld(
    problem: Inverse,
    noise: Array,
    *,
    S: int = 1000,
    omega: Number = 1.0,
    gamma: Number = 0.1,
    glue: bool = True,
    init: str = "gaussian",
) -> Iterator[Particle]:
    """PSLD: a DDIM step, then one along −∇(ω‖y − A𝒟(ẑ_0)‖ + γ‖ẑ_0 − ℰ(Aᵀy + (I − AᵀA)𝒟(ẑ_0))‖).

    Parameters
    ----------
    problem, noise, S, init
        As in `stsl`.
    omega, gamma : float or array (*batch)
        Weights ω and γ, 0 or more. The norms aren't squared, so that steps don't shrink near y.
    glue : bool
        False for GML-DPS, whose second term is γ‖ẑ_0 − ℰ(𝒟(ẑ_0))‖, 0 where ℰ inverts 𝒟.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    alphas, prior, A, W = levels(S), problem.prior, problem.A, problem.W
    for name, size in (("omega", omega), ("gamma", gamma)):
        require(_number(name, size) >= 0, name, size, "0 or more and finite")
    z, omega, gamma = _start(problem, noise, omega, gamma)
    z = begin(problem, z, alphas, init)
    first = S if init == "ddim" else 0
    E, unmeasured = np.linalg.pinv(W), np.eye(len(W)) - A.T @ A if glue else np.eye(len(W))
    M = np.eye(prior.d) - E @ unmeasured @ W
    yield Particle(z, alphas[0], z, 0, first, 0)
    for k, (alpha, target) in enumerate(pairwise([*alphas, 1.0]), 1):
        at = prior.local(z, alpha)
        z0 = tweedie(z, at.score, alpha)
        x = problem.decode(z0)
        glued = problem.encode((problem.y @ A if glue else 0) + x @ unmeasured.T)
        uphill = gamma * (normed(z0 - glued) @ M) - omega * (normed(problem.residual(z0)) @ problem.B)
        z = ddim(z, at.score, alpha, target) - pulled_back(prior, at, alpha, uphill)
        yield Particle(z, np.array(target), z0, k, first + k, k)


def normed(v: Array) -> Array:
    """v/‖v‖ along the last axis, 0 where v is next to nothing."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), TINY)


@algorithm
def p2l(
    problem: Inverse,
    noise: Array,
    *,
    S: int = 125,
    lr: float = 0.1,
    rho: Number = 0.2,
    every: int = 3,
    lam_p: float = 1.0,
) -> Iterator[Particle]:
    """P2L's order of steps: the prompt, then the latent, and now and then a projection onto the measurement.

    The prompt is the shift ψ (*batch, classes) of the logarithms of the classes' weights.

    Parameters
    ----------
    problem, noise, S
        As in `stsl`; the noise is the start. Two evaluations a level.
    lr : float
        Length of a step of the prompt, 0 or more.
    rho : float or array (*batch)
        Length of a step of the latent, 0 or more.
    every : int
        ẑ_0 ← ℰ(argmin_x ‖y − Ax‖² + lam_p‖x − 𝒟(ẑ_0)‖²) at every so many levels, from the first.
    lam_p : float
        Weight of the projection's second term, positive.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    alphas, prior, A = levels(S), problem.prior, problem.A
    for name, size in (("lr", lr), ("rho", rho)):
        require(_number(name, size) >= 0, name, size, "0 or more and finite")
    require(whole(every, 1), "every", every, "a whole number, 1 or more")
    require(_number("lam_p", lam_p) > 0, "lam_p", lam_p, "positive")
    z, rho = _start(problem, noise, rho)
    classes = sorted(set(prior.labels))
    member = np.array([[label == own for own in classes] for label in prior.labels], float)  # (K, classes)
    project = np.linalg.inv(A.T @ A + lam_p * np.eye(A.shape[1]))
    psi = np.zeros((*z.shape[:-1], len(classes)))
    yield Particle(z, alphas[0], z, 0, 0, 0)
    for i, (alpha, target) in enumerate(pairwise([*alphas, 1.0])):
        at = prior.local(z, alpha, psi @ member.T)
        toward = problem.residual(tweedie(z, at.score, alpha)) @ problem.B  # −½∇ of the squared residual by ẑ_0
        psi = psi + lr * normed(prompt_gradient(prior, at, toward) @ member)
        at = prior.local(z, alpha, psi @ member.T)
        z0 = tweedie(z, at.score, alpha)
        pull = pulled_back(prior, at, alpha, normed(problem.residual(z0)) @ problem.B)
        if i % every == 0:
            z0 = problem.encode((problem.y @ A + lam_p * problem.decode(z0)) @ project)
        z = ddim(z, at.score, alpha, target, z0=z0) + rho * pull
        yield Particle(z, np.array(target), z0, 2 * i + 2, 2 * i + 2, i + 1)


def prompt_gradient(prior: Mixture, at: Local, v: Array) -> Array:
    """The derivatives of v·s by all log π_k, r_k v·(S_k − s): (*batch, K)."""
    return at.r * ((at.S * prior.rotated(v)).sum(-1) - np.vecdot(v, at.score)[..., None])


# The yardstick


def log_likelihood(problem: Inverse, z: Array, alpha: float) -> Array:
    """Log p(y | z_t) by moments: that of y ~ N(Bẑ_0 + c, σ²I + B Cov Bᵀ), (*batch); d Hessian-vector products."""
    prior, B = problem.prior, problem.B
    at = prior.local(z, alpha)
    spread = problem.sigma**2 * np.eye(len(B)) + B @ covariance(prior.hessian(at), alpha) @ B.T
    r = problem.residual(tweedie(z, at.score, alpha))
    solved = np.linalg.solve(spread, r[..., None])[..., 0]
    sign, size = np.linalg.slogdet(2 * np.pi * spread)
    return -0.5 * ((r * solved).sum(-1) + size + np.log(sign))


def slopes(value: Callable[[Array], Array], z: Array) -> Array:
    """∇ of a function (n, *batch, d) → (n, *batch) that is analytic in complex points, to rounding: (*batch, d)."""
    axes = np.eye(z.shape[-1]).reshape(-1, *(1,) * (z.ndim - 1), z.shape[-1])
    return np.moveaxis(complex_step(value, z, axes), 0, -1)


@algorithm
def second_order(problem: Inverse, noise: Array, *, S: int = 50) -> Iterator[Particle]:
    """DDIM with s replaced by s + ∇ log p(y | z_t), the latter with the full covariance: at d complex points each.

    Parameters
    ----------
    problem, noise, S
        As in `stsl`; the noise is the start.

    Raises
    ------
    ValueError
        If an argument isn't allowed.
    """
    alphas, prior = levels(S), problem.prior
    (z,) = _start(problem, noise)
    d = prior.d
    yield Particle(z, alphas[0], z, 0, 0, 0)
    for k, (alpha, target) in enumerate(pairwise([*alphas, 1.0]), 1):
        guide = slopes(partial(log_likelihood, problem, alpha=alpha), z)
        s = prior.score(z, alpha) + guide
        z0 = tweedie(z, s, alpha)
        z = ddim(z, s, alpha, target)
        yield Particle(z, np.array(target), z0, k, k * (d + 1), k * d * d)


def exact_likelihood(problem: Inverse, z: Array, alpha: float) -> tuple[Array, Array]:
    """Log p(y | z_t) and its gradient, exactly: of the noised posterior minus of the noised prior; y (m,)."""
    after, before = problem.posterior().local(z, alpha), problem.prior.local(z, alpha)
    return after.log_p - before.log_p + problem.log_evidence(), after.score - before.score


def bound(problem: Inverse, z: Array, alpha: float, order: int = 2) -> tuple[Array, Array]:
    """What stands below log p(y | z_t) by Theorem 4.4, and its gradient; without the trace no bound.

    −‖r‖²/(2σ²) − γ tr H − const, γ = ‖B‖²(1 − ᾱ)²/(2σ²ᾱ) and const = ‖B‖²(1 − ᾱ)d/(2σ²ᾱ) + (m/2) log 2πσ².

    Parameters
    ----------
    problem : Inverse
        The problem.
    z : array (*batch, d)
        Where.
    alpha : float
        ᾱ.
    order : int
        2 for the bound; 1 for the plug-in log p(y | ẑ_0), without what comes of the covariance.

    Returns
    -------
    value, gradient : arrays (*batch), (*batch, d)
    """
    require(order in (1, 2), "order", order, "1 or 2")
    prior = problem.prior
    at, precision = prior.local(z, alpha), 1 / (2 * problem.sigma**2)
    r = problem.residual(tweedie(z, at.score, alpha))
    value = -precision * (r**2).sum(-1) - 0.5 * len(problem.B) * np.log(2 * np.pi * problem.sigma**2)
    gradient = -measured(problem, z, at, alpha, precision)
    if order == 1:
        return value, gradient
    size = np.linalg.norm(problem.B, 2) ** 2 * precision * (1 - alpha) / alpha
    gamma = size * (1 - alpha)
    return value - gamma * prior.trace(at) - size * prior.d, gradient - gamma * prior.grad_trace(at)


# Editing


@algorithm
def edit(
    problem: Inverse,
    source: Array,
    *,
    rng: np.random.Generator,
    target: int,
    w: Number = 1.5,
    steps: int = 30,
    part: float = 0.6,
    K: int = 1,
    lam: Number = 0.03,
    eta: Number = 0.02,
    nu: Number = 2.0,
    switch: float = 0.6,
) -> Iterator[Particle]:
    """Turn a latent into another class: invert it, run DDIM with the class's guidance, tune after each step.

    Parameters
    ----------
    problem : Inverse
        Prior with labels, decoder to 8 × 8 pixels, and what was measured of the source.
    source : array (*batch, d)
        The latent to edit, restored by `stsl` or not.
    rng : numpy.random.Generator
        Of the vectors ε.
    target : int
        The class.
    w : float or array (*batch)
        Guidance: the score is s_u + w(s_c − s_u), of all and of the class alone.
    steps : int
        Levels of the grid, of which those up to the share `part` are used.
    part : float
        How far to invert, in (0, 1].
    K : int
        Inner iterations after each step; 0 for no tuning.
    lam, eta : float or array (*batch)
        As in `stsl`, in the first steps.
    nu : float or array (*batch)
        Weight ν of the contrastive loss in the later steps.
    switch : float
        The share of the steps with the first loss, in [0, 1].

    Raises
    ------
    ValueError
        If an argument isn't allowed, or the prior has no such class.
    """
    require(0 < part <= 1, "part", part, "in (0, 1]")
    require(0 <= switch <= 1, "switch", switch, "in [0, 1]")
    require(whole(K), "K", K, "a whole number, 0 or more")
    for name, size in (("lam", lam), ("eta", eta), ("nu", nu), ("w", w)):
        require(_number(name, size) >= 0, name, size, "0 or more and finite")
    require(len(problem.W) == SIDE**2, "the number of pixels", len(problem.W), f"{SIDE**2}, of {SIDE} × {SIDE}")
    prior, own = problem.prior, problem.prior.only(target)
    draws = np.any(np.asarray(eta) > 0)
    z, w, lam, eta, nu = _start(problem, source, w, lam, eta, nu)
    alphas = levels(steps)[-max(round(part * steps), 1) :]
    reference = problem.decode(z)
    z = invert(prior, z, alphas)
    nfe, calls, hvps = 0, len(alphas), 0
    yield Particle(z, alphas[0], z, nfe, calls, hvps)
    for i, (alpha, then) in enumerate(pairwise([*alphas, 1.0])):
        free = prior.score(z, alpha)
        s = free + w * (own.score(z, alpha) - free)
        z0, z, calls = tweedie(z, s, alpha), ddim(z, s, alpha, then), calls + 2
        for _ in range(K if then < 1 else 0):
            at = prior.local(z, then)
            nfe, calls, hvps = nfe + 1, calls + 1, hvps + 1
            if i < switch * len(alphas):
                step = measured(problem, z, at, then, lam)
                if draws:
                    step = step + curved(prior, z, at, then, rng.normal(size=z.shape), eta)
                    calls, hvps = calls + 1, hvps + 2
            else:
                uphill = contrast(problem.decode(tweedie(z, at.score, then)), reference)[1] @ problem.W
                step = nu / prior.d * pulled_back(prior, at, then, uphill)
            z = z - step
        yield Particle(z, np.array(then), z0, nfe, calls, hvps)


SIDE, PATCH, STRIDE, TEMPERATURE = 8, 4, 2, 0.2
CORNERS = [(i, j) for i in range(0, SIDE - PATCH + 1, STRIDE) for j in range(0, SIDE - PATCH + 1, STRIDE)]
PATCHES = np.array([[SIDE * (i + a) + j + b for a in range(PATCH) for b in range(PATCH)] for i, j in CORNERS])


def contrast(x: Array, reference: Array) -> tuple[Array, Array]:
    """The contrastive loss of the patches of images and its gradient by x; both images (*batch, 64).

    A patch of x is to be more like the patch of the reference at its own place than like the others:
    −(1/P) Σ_p log softmax(q_p·k/τ)_p with patches q of x and k of the reference, of norm 1.
    """
    Q, k = x[..., PATCHES], normed(reference[..., PATCHES])
    size = np.maximum(np.linalg.norm(Q, axis=-1, keepdims=True), TINY)
    q = Q / size
    logits = q @ k.swapaxes(-1, -2) / TEMPERATURE
    P = len(PATCHES)
    value = (log_sum_exp(logits) - np.diagonal(logits, axis1=-2, axis2=-1)).mean(-1)
    by_q = (softmax(logits) @ k - k) / (P * TEMPERATURE)
    by_patch = (by_q - q * np.vecdot(q, by_q)[..., None]) / size
    spread = np.eye(SIDE**2)[PATCHES.ravel()]  # (P · 16, 64): which pixel an entry of a patch is
    return value, by_patch.reshape(*x.shape[:-1], -1) @ spread
