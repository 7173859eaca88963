"""Langevin dynamics and batch-1 SGD on a sphere with time averages, what they are compared with, what is predicted.

    maximise f over ‖θ‖ = 1,  θ ∈ ℝᵈ,  where the mean of f over the data is m^k,  m = ⟨θ, θ*⟩

A random point has |m| ≈ d^{−1/2}: it lies near the equator, where m^k and its slope are tiny. The chain is kept so hot
that it never leaves the equator. Its time average does.

    the paper                                                 here
    Algorithm 1: dθ = (−(d−1)/2 θ + ε P∇f)dt + P dW           langevin (a discretisation of ours, step h/(d−1))
    Algorithm 2: one random sample a step, with replacement   averaged_sgd; its step: sgd_step
    the ε of Algorithm 1 that the η of Algorithm 2 is like    matched
    output for odd k: the mean of θ_t, normalised             first_moment
    output for even k: the top eigenvector of the mean θθᵀ    second_moment; estimate chooses by k
    Corollary: average, then refine on the other half         `problems.halves`; online_sgd, gradient_ascent from there
    rivals: the last iterate, online SGD, ascent              Chain.theta, online_sgd, gradient_ascent
            SGD on a smoothed loss                            smoothed_sgd, smoothing
            partial trace, unfolding                          partial_trace, unfolding
    Theorems 2 and 3: how many samples are enough             sample_exponent
    information exponent k*                                   information_exponent
    not in the paper: average to first order in ε             shift, predicted_overlap
                      stationary law of m, its transition     tilted, mean_away, critical
                      smoothing the loss of a tensor          smoothed_value
    tensor PCA, single-index model, Hermite polynomials h_j   SpikedTensor, SingleIndex, hermite, in `problems`

Source: S. Wei, A. Damian, J. D. Lee, "Improved High-Dimensional Estimation with Langevin Dynamics and Stochastic Weight
Averaging", ICLR 2026 (arXiv 2603.06028). `derivation` has the constants to first order in ε, of smoothing and of v.
"""

from collections.abc import Callable, Iterator
from math import ceil, lgamma, log, pi
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.numerics import unit
from optilab.core.run import algorithm, replicates
from optilab.papers.langevin_averaging.problems import Hidden, HiddenSampled, SingleIndex, SpikedTensor, hermite
from optilab.problems.oracles import Number

Array = np.ndarray


class Chain(NamedTuple):
    """A state of a chain on the sphere, with sums over the iterates 1, 2, … so far; the start is not among them."""

    theta: Array  # (*batch, d) the point
    m1: Array  # (*batch, d) Σ θ
    M2: Array  # (*batch, d, d) Σ θθᵀ for even k, (*batch, 0, 0) for odd k, where it isn't needed
    away: Array  # (*batch) Σ |⟨θ, θ*⟩|, for the pictures alone


class Point(NamedTuple):
    """A point on the sphere."""

    theta: Array  # (*batch, d)


# Algorithm 1


@algorithm
def langevin(
    problem: Hidden, theta0: Array, *, epsilon: Number, horizon: float, rng: np.random.Generator, h: float = 0.2
) -> Iterator[Chain]:
    """Spherical Langevin dynamics on the whole objective for a time `horizon`; one gradient a step.

    Parameters
    ----------
    problem : Hidden
        Has `grad`, `star` and `k`.
    theta0 : array (*batch, d)
        Where to start; brought to length 1.
    epsilon : number or array (*batch)
        Inverse temperature ε, 0 or more: the stationary density is ∝ exp(2ε f).
    horizon : float
        The time T, positive; the Brownian motion of ε = 0 forgets its start in a time 2/(d − 1).
    rng : numpy.random.Generator
        Of the noise.
    h : float
        (d − 1) times the time of a step, positive. The longer, the stronger ε acts: by a quarter of h.

    Raises
    ------
    ValueError
        If an argument isn't allowed or the start is zero.
    """
    chain, epsilon = _begin(problem, theta0, epsilon)
    require((epsilon >= 0) & (epsilon < np.inf), "epsilon", epsilon[..., 0], "0 or more and finite")
    require(0 < horizon < np.inf, "horizon", horizon, "positive and finite")
    require(0 < h < np.inf, "h", h, "positive and finite")
    d = chain.theta.shape[-1]
    dt = h / (d - 1)
    yield chain
    for _ in range(ceil(horizon * (d - 1) / h)):
        theta = chain.theta
        s = epsilon * dt * problem.grad(theta) + dt**0.5 * rng.normal(size=theta.shape)
        chain = _moved(chain, unit(theta + tangent(s, theta)), problem.star)  # its length supplies −(d−1)/2 θ dt
        yield chain


def tangent(s: Array, theta: Array) -> Array:
    """The part of s across the unit vector θ: (*batch, d)."""
    return s - np.vecdot(s, theta)[..., None] * theta


def _begin(problem: Hidden, theta0: Any, parameter: Number = 0.0) -> tuple[Chain, Array]:
    """The start, of length 1 and with empty sums, and a parameter (*batch, 1)."""
    star = problem.star
    theta0 = np.asarray(theta0)
    d = star.shape[-1]
    require(theta0.shape[-1:] == (d,), "the shape of theta0", theta0.shape, f"(*batch, {d})")
    theta, _, lifted = replicates(theta0, star[..., 0], parameter)
    require((abs(theta) > 0).any(-1), "theta0", theta0, "a direction, not zero")
    batch, size = theta.shape[:-1], 0 if problem.k % 2 else d
    chain = Chain(unit(theta), np.zeros((*batch, d)), np.zeros((*batch, size, size)), np.zeros(batch))
    return chain, lifted


def _moved(chain: Chain, theta: Array, star: Array) -> Chain:
    """The chain at its next iterate."""
    M2 = chain.M2
    if M2.size:
        M2 = M2 + theta[..., :, None] * theta[..., None, :]
    return Chain(theta, chain.m1 + theta, M2, chain.away + abs(np.vecdot(theta, star)))


# Algorithm 2


@algorithm
def averaged_sgd(
    problem: HiddenSampled, theta0: Array, *, eta: Number, steps: int, rng: np.random.Generator
) -> Iterator[Chain]:
    """Batch-1 SGD on the sphere for N = `steps` samples, drawn with replacement; 2d³ is our usual number.

    Parameters
    ----------
    problem : HiddenSampled
        Has `sample`, `sample_grad`, `star` and `k`.
    theta0 : array (*batch, d)
        Where to start; brought to length 1.
    eta : number or array (*batch)
        Step size η, 0 or more; it acts as a temperature does, see `matched`.
    steps : int
        N, at least 1.
    rng : numpy.random.Generator
        Of the samples.

    Raises
    ------
    ValueError
        If an argument isn't allowed or the start is zero.
    """
    chain, eta = _begin(problem, theta0, eta)
    _check_eta(eta)
    require(whole(steps, 1), "steps", steps, "a whole number, 1 or more")
    yield chain
    for _ in range(steps):
        sample = problem.sample(rng, (*chain.theta.shape[:-1], 1))
        chain = _moved(chain, sgd_step(problem, chain.theta, sample, eta), problem.star)
        yield chain


def sgd_step(problem: HiddenSampled, theta: Array, sample: Array, eta: Array) -> Array:
    """Up the gradient of the samples (*batch, 1) along the sphere by η (*batch, 1), and back onto it: (*batch, d)."""
    return unit(theta + eta * tangent(problem.sample_grad(theta, sample), theta))


def _check_eta(eta: Array) -> None:
    require((eta >= 0) & (eta < np.inf), "eta", eta[..., 0], "0 or more and finite")


# What is handed out


def first_moment(chain: Chain) -> Array:
    """The time average of θ, normalised: (*batch, d)."""
    return unit(chain.m1)


def second_moment(chain: Chain) -> Array:
    """The top eigenvector of the time average of θθᵀ, its sign not determined: (*batch, d)."""
    require(chain.M2.size > 0, "the chain", "without Σ θθᵀ", "one of a problem with even k")
    return top(chain.M2)


def top(M: Array) -> Array:
    """The eigenvector of the largest eigenvalue of a symmetric M (*batch, d, d): (*batch, d)."""
    return np.linalg.eigh(M)[1][..., -1]


def estimate(chain: Chain) -> Array:
    """The paper's output: the first moment for odd k, the second for even k, as is seen from what the chain holds."""
    return second_moment(chain) if chain.M2.size else first_moment(chain)


# Rivals


@algorithm
def online_sgd(problem: SingleIndex, theta0: Array, *, eta: Number, steps: int | None = None) -> Iterator[Point]:
    """The same update on each sample once, in order; what counts is the last iterate.

    Parameters
    ----------
    problem : SingleIndex
        The data.
    theta0 : array (*batch, d)
        Where to start; a good estimate if it is to be refined.
    eta : number or array (*batch)
        Step size, 0 or more.
    steps : int
        How many samples to use, all by default.

    Raises
    ------
    ValueError
        If there are fewer samples than steps, or an argument isn't allowed.
    """
    chain, eta = _begin(problem, theta0, eta)
    _check_eta(eta)
    theta, steps = chain.theta, _steps(problem, steps)
    yield Point(theta)
    for t in range(steps):
        theta = sgd_step(problem, theta, np.full((*theta.shape[:-1], 1), t), eta)
        yield Point(theta)


def _steps(problem: SingleIndex, steps: int | None) -> int:
    """How many samples to use, each once."""
    steps = problem.n if steps is None else steps
    require(whole(steps, 1), "steps", steps, "a whole number, 1 or more")
    require(steps <= problem.n, "steps", steps, f"{problem.n}, the number of samples, or less")
    return steps


@algorithm
def smoothed_sgd(
    problem: SingleIndex, theta0: Array, *, eta: Number, lam: float | None = None, steps: int | None = None
) -> Iterator[Point]:
    """Online SGD on the loss smoothed over a sphere of radius λ around θ, one fresh sample a step; k = 3 or 4.

    f_λ(θ) is the mean of f((θ + λz)/√(1 + λ²)) over unit z orthogonal to θ, λ = d^{1/4} by default.

    Parameters
    ----------
    problem, theta0, eta, steps
        As for `online_sgd`.
    lam : float
        The radius λ, 0 or more.

    Raises
    ------
    ValueError
        If k is another, there are fewer samples than steps, or an argument isn't allowed.

    Source: A. Damian, E. Nichani, R. Ge, J. D. Lee, "Smoothing the Landscape Boosts the Signal for SGD", NeurIPS 2023
    (arXiv 2305.10633), its first phase.
    """
    chain, eta = _begin(problem, theta0, eta)
    _check_eta(eta)
    theta, steps = chain.theta, _steps(problem, steps)
    d = theta.shape[-1]
    lam = d**0.25 if lam is None else lam
    _check_smoothing(lam, problem.k)
    yield Point(theta)
    for t in range(steps):
        x, y = problem.rows(np.full((*theta.shape[:-1], 1), t))
        x = x[..., 0, :]
        a = np.vecdot(x, theta)[..., None]
        across = x - a * theta
        r = np.vecdot(across, across)[..., None]
        theta = unit(theta + eta * y * smoothing(a, r, lam, d, problem.k) * across)
        yield Point(theta)


def _check_smoothing(lam: float, k: int) -> None:
    require(0 <= lam < np.inf, "lam", lam, "0 or more and finite")
    require(k in (3, 4), "k", k, "3 or 4, for which the smoothing is in closed form")


def smoothing(a: Number, r: Number, lam: float, d: int, k: int) -> Array:
    """C, with which C·x_⊥ is the gradient along the sphere of h_k smoothed with radius λ: h_k′(a) for λ = 0.

    Parameters
    ----------
    a, r : number or array
        ⟨θ, x⟩, and ‖x_⊥‖² where x_⊥ = x − aθ.
    lam : float
        λ, 0 or more.
    d : int
        The dimension, 3 or more.
    k : int
        3 or 4.

    Raises
    ------
    ValueError
        If λ, d or k is not allowed.
    """
    _check_smoothing(lam, k)
    require(whole(d, 3), "d", d, "a whole number, 3 or more")
    a, r = np.asarray(a), np.asarray(r)
    s, second, fourth = 1 + lam**2, lam**2 / (d - 1), 3 * lam**4 / ((d - 1) * (d + 1))  # λ² E z₁² and λ⁴ E z₁⁴
    if k == 3:
        return ((3 * a**2 + 3 * second * r - 6 * a**2 * second) / s**1.5 - 3 / s**0.5) / 6**0.5
    by_a = (4 * a**3 + 12 * a * second * r) / s**2 - 12 * a / s
    by_r = (6 * a**2 * second + 2 * fourth * r) / s**2 - 6 * second / s
    return (by_a - 2 * a * by_r) / 24**0.5


@algorithm
def gradient_ascent(problem: Hidden, theta0: Array) -> Iterator[Point]:
    """The tensor power method, shifted: θ ← θ + ∇f(θ), normalised; one gradient a step.

    Parameters
    ----------
    problem : Hidden
        Has `grad` and `star`.
    theta0 : array (*batch, d)
        Where to start: random, or a good estimate.

    Raises
    ------
    ValueError
        If the start is zero or of another dimension.
    """
    chain, _ = _begin(problem, theta0)
    theta = chain.theta
    while True:
        yield Point(theta)
        theta = unit(theta + problem.grad(theta))


def traced_tensor(problem: SpikedTensor) -> Array:
    """The tensor with its last two axes traced out: ptr(T)ᵢ = Σ_j T_ijj for k = 3, M_ab = Σ_j T_abjj for k = 4."""
    _check_order(problem.k)
    return np.trace(problem.T, axis1=-2, axis2=-1)


def _check_order(k: int) -> None:
    require(k in (3, 4), "k", k, "3 or 4")


def partial_trace(problem: SpikedTensor | SingleIndex) -> Array:
    """The traced tensor's direction for k = 3, its top eigenvector for k = 4 (sign not determined): (*batch, d).

    For a single-index model the tensor is that of the Hermite polynomials of the samples, multiples of I left out:
    Σ y(‖x‖² − d − 2)x and Σ y(‖x‖² − d − 4)xxᵀ.

    Raises
    ------
    ValueError
        If k is another.

    Source: S. B. Hopkins, T. Schramm, J. Shi, D. Steurer, "Fast spectral algorithms from sum-of-squares proofs", 2016.
    """
    _check_order(problem.k)
    if isinstance(problem, SpikedTensor):
        found = traced_tensor(problem)
    else:
        X, d = problem.X, problem.X.shape[-1]
        weight = problem.y * ((X**2).sum(-1) - d - (2 if problem.k == 3 else 4))
        found = np.vecmat(weight, X) if problem.k == 3 else (X * weight[..., None]).mT @ X
    return unit(found) if problem.k == 3 else top(found)


def unfolding(problem: SpikedTensor) -> Array:
    """The top singular vector of the tensor as a matrix d × d², or d² × d² and then once more: (*batch, d).

    Raises
    ------
    ValueError
        If k is neither 3 nor 4.

    Source: A. Montanari, E. Richard, "A statistical model for tensor PCA", 2014.
    """
    _check_order(problem.k)
    *batch, d = problem.star.shape
    if problem.k == 3:
        flat = problem.T.reshape(*batch, d, d * d)
        return top(flat @ flat.mT)
    outer = _largest(problem.T.reshape(*batch, d * d, d * d)).reshape(*batch, d, d)
    return _largest((outer + outer.mT) / 2)


def _largest(M: Array) -> Array:
    """The eigenvector of the eigenvalue of largest size of a symmetric M (*batch, d, d)."""
    values, vectors = np.linalg.eigh(M)
    positive = values[..., -1:] >= -values[..., :1]
    return np.where(positive, vectors[..., -1], vectors[..., 0])


def information_exponent(sigma: Callable[[Array], Array], nodes: int = 64, most: int = 10) -> int:
    """The first j ≥ 1 with E[σ(x) h_j(x)] ≠ 0 for a normal x: how flat the landscape of σ is at the equator.

    Parameters
    ----------
    sigma : function
        σ, elementwise.
    nodes : int
        Of the Gauss–Hermite quadrature.
    most : int
        The largest j that is tried.

    Raises
    ------
    ValueError
        If there is none: a constant, say.
    """
    require(whole(nodes, 2), "nodes", nodes, "a whole number, 2 or more")
    require(whole(most, 1), "most", most, "a whole number, 1 or more")
    x, weights = np.polynomial.hermite_e.hermegauss(nodes)
    moments = {j: float((weights * sigma(x) * hermite(j, x)).sum() / np.sqrt(2 * pi)) for j in range(1, most + 1)}
    found = [j for j, c in moments.items() if abs(c) > 1e-8]
    require(found, "sigma", moments, f"a function with E[σ h_j] ≠ 0 for a j from 1 to {most}")
    return found[0]


# Predictions


EXPONENTS: dict[str, Callable[[int], float]] = {
    "online SGD": lambda k: max(1, k - 1),
    "averaged Langevin": lambda k: (k + 1) // 2,
    "averaged Langevin, refined": lambda k: max(1, k / 2),
    "smoothing, unfolding, partial trace refined": lambda k: max(1, k / 2),
}


def sample_exponent(method: str, k: int) -> float:
    """The power of d in the number of samples that is enough for a method, logarithms aside (Theorems 2 and 3).

    For odd k the average of Langevin needs d^{⌈k/2⌉}, for even k d^{k/2}. For k = 3 that is no less than online SGD's.
    """
    require(method in EXPONENTS, "method", method, f"one of {sorted(EXPONENTS)}")
    require(whole(k, 2), "k", k, "a whole number, 2 or more")
    return EXPONENTS[method](k)


def predicted_overlap(d: int, n: Number, epsilon: Number, horizon: Number) -> Array:
    """⟨θ̂, θ*⟩ to first order in ε, for a tensor of order 3: the noise of the tensor and that of the chain.

    [1 + d(d+2)/(3n) + d²(d+2)²/(9ε²(d−1)T)]^{−1/2}. What is of higher order in ε makes the overlap larger.
    """
    require(whole(d, 3), "d", d, "a whole number, 3 or more")
    n, epsilon, horizon = (np.asarray(value) for value in (n, epsilon, horizon))
    for name, value in (("n", n), ("epsilon", epsilon), ("horizon", horizon)):
        require(value > 0, name, value, "positive")
    tensor = d * (d + 2) / (3 * n)
    brownian = d**2 * (d + 2) ** 2 / (9 * epsilon**2 * (d - 1) * horizon)
    return (1 + tensor + brownian) ** -0.5


def shift(d: int, epsilon: Number) -> Array:
    """The stationary mean of m for the signal alone, k = 3, to first order: 6ε/(d(d + 2))."""
    require(whole(d, 3), "d", d, "a whole number, 3 or more")
    return 6 * np.asarray(epsilon) / (d * (d + 2))


def tilted(m: Array, d: int, k: int, epsilon: float) -> Array:
    """The stationary density of m for the signal alone at points m in (−1, 1): (points,).

    ∝ (1 − m²)^{(d−3)/2} exp(2ε m^k), normalised in closed form for ε = 0 and on a grid otherwise.
    """
    require(whole(d, 3), "d", d, "a whole number, 3 or more")
    require(whole(k, 2), "k", k, "a whole number, 2 or more")
    require(0 <= epsilon < np.inf, "epsilon", epsilon, "0 or more and finite")
    m = np.asarray(m)
    require(abs(m) < 1, "m", m, "between −1 and 1")
    if epsilon == 0:
        return np.exp((d - 3) / 2 * np.log1p(-(m**2)) + lgamma(d / 2) - lgamma((d - 1) / 2) - log(pi) / 2)
    grid = _grid()
    log_p = (d - 3) / 2 * np.log1p(-(grid**2)) + 2 * epsilon * grid**k
    total = log_p.max() + np.log(np.exp(log_p - log_p.max()).mean() * 2)
    return np.exp((d - 3) / 2 * np.log1p(-(m**2)) + 2 * epsilon * m**k - total)


def _grid(points: int = 4000) -> Array:
    """Midpoints of equal pieces of (−1, 1)."""
    return (2 * np.arange(points) + 1) / points - 1


def mean_away(d: int, k: int, epsilon: float) -> float:
    """The stationary mean of |m| for the signal alone."""
    grid = _grid()
    return float((abs(grid) * tilted(grid, d, k, epsilon)).mean() * 2)


def critical(d: int, k: int) -> float:
    """ε_c, above which `tilted` is higher somewhere near the pole than at the equator, for k ≥ 3.

    (d−3)/4 · min −ln(1 − m²)/m^k over m in (0, 1):
    0.489(d − 3) for k = 3 and 0.614(d − 3) for k = 4.
    """
    require(whole(d, 4), "d", d, "a whole number, 4 or more")
    require(whole(k, 3), "k", k, "a whole number, 3 or more")
    grid = _grid()
    m = grid[grid > 0]
    return float((d - 3) / 4 * (-np.log1p(-(m**2)) / m**k).min())


def matched(eta: float, v: float) -> tuple[float, float]:
    """The ε = 1/(ηv) and the time η²v of a step of batch-1 SGD with noise v = E[y²σ′²], k for h_k at the equator."""
    for name, value in (("eta", eta), ("v", v)):
        require(0 < value < np.inf, name, value, "positive and finite")
    return 1 / (eta * v), eta**2 * v


def smoothed_value(problem: SpikedTensor, theta: Array, lam: float) -> Array:
    """The value of f smoothed with radius λ, for a tensor of order 3, at θ (*batch, d): (*batch).

    (1 + λ²)^{−3/2} [(1 − 3λ²/(d−1)) f(θ) + 3λ²/(d−1) ⟨ptr(T), θ⟩]: linear at λ² = (d−1)/3, where the
    cubic f has gone.
    """
    require(problem.k == 3, "k", problem.k, "3")
    require(0 <= lam < np.inf, "lam", lam, "0 or more and finite")
    share = 3 * lam**2 / (problem.star.shape[-1] - 1)
    linear = (theta * traced_tensor(problem)).sum(-1)
    return ((1 - share) * problem(theta) + share * linear) / (1 + lam**2) ** 1.5
