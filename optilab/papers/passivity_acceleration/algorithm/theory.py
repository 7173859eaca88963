"""What is promised: rates of the flow and of the iterations mode by mode, gap bounds, the circle criterion."""

from typing import Any

import numpy as np
from scipy.linalg import expm

from optilab.core.check import require
from optilab.papers.passivity_acceleration.algorithm.design import Design, check_convexity
from optilab.papers.passivity_acceleration.algorithm.methods import Tuning, checked_spectrum
from optilab.problems.oracles import Number

HALF_CIRCLE = np.linspace(1e-6, np.pi, 4001)  # angles ω of z = exp(iω)


def orbit(matrix: np.ndarray, start: np.ndarray, steps: int) -> np.ndarray:
    """z, Mz, M²z … up to `steps` applications: (..., n, n) and (..., n) → (steps + 1, ..., n), by doubling."""
    path = np.asarray(start)[None] + 0.0
    power = np.asarray(matrix)
    while len(path) <= steps:
        path = np.concatenate([path, np.einsum("...ij,k...j->k...i", power, path)])
        power = power @ power
    return path[: steps + 1]


def mode_path(curvature: float, design: Design, x0: float, psi0: float, h: float, steps: int) -> np.ndarray:
    """(x, ψ) along an eigenvector of curvature λ at times 0, h, 2h …, exact to rounding: (steps + 1, 2)."""
    gamma, kappa, c = design
    generator = np.array([[-kappa * curvature, 1.0], [-c * curvature, -gamma]])
    return orbit(expm(h * generator), np.array([x0, psi0]), steps)


def mode_response(curvature: np.ndarray, method: Tuning, steps: int) -> np.ndarray:
    """Output x of a method along an eigenvector of curvature λ, started at rest at 1: (...) → (steps + 1, ...)."""
    alpha, beta, eta, delta = (np.asarray(number) for number in method)
    trace, det = 1 + beta - alpha * curvature * (1 + eta), beta - alpha * curvature * eta
    step = np.stack(np.broadcast_arrays(trace, -det, 1.0, 0.0), -1).reshape(*np.shape(trace), 2, 2)
    path = orbit(step, np.ones((*np.shape(trace), 2)), steps)
    return (1 + delta) * path[..., 0] - delta * path[..., 1]


def mode_roots(curvature: Number, design: Design) -> np.ndarray:
    """The two roots r of r² + (γ + κλ) r + (c + γκ) λ = 0, slow one first: (...) → (..., 2), complex.

    Along an eigenvector of curvature λ the flow is a sum of exp(rt).
    """
    gamma, kappa, c = (np.asarray(number) for number in design)
    middle = -(gamma + kappa * curvature) / 2
    root = np.sqrt(middle**2 - (c + gamma * kappa) * curvature + 0j)
    return np.stack([middle + root, middle - root], -1)


def decay_rate(curvature: Number, design: Design) -> np.ndarray:
    """How fast the mode of curvature λ decays, in 1/time: the error falls like exp(−rate · t)."""
    return -mode_roots(curvature, design).real.max(-1)


def best_damping(mu: Number, kappa: Number, c: Number) -> tuple[Number, Number]:
    """γ* = 2√(cμ) + κμ, where slow and fast root merge at λ = μ, and the worst-case rate √(cμ) + κμ there."""
    check_convexity(mu)
    require(np.asarray(kappa) >= 0, "kappa", kappa, "0 or more")
    require(np.asarray(c) >= 0, "c", c, "0 or more")
    return 2 * np.sqrt(c * mu) + kappa * mu, np.sqrt(c * mu) + kappa * mu


def multipliers(curvature: Number, method: Tuning) -> np.ndarray:
    """Both roots z of z² − (1 + β − αλ(1 + η)) z + β − αλη, by which one step multiplies a mode: (..., 2), complex."""
    alpha, beta, eta, _ = (np.asarray(number) for number in method)
    half = (1 + beta - alpha * curvature * (1 + eta)) / 2
    root = np.sqrt(half**2 - beta + alpha * curvature * eta + 0j)
    return np.stack([half + root, half - root], -1)


def spectral_radius(curvature: Number, method: Tuning) -> np.ndarray:
    """The larger |z|: the factor on the mode's error per step in the long run."""
    return abs(multipliers(curvature, method)).max(-1)


def heavy_ball_rate(mu: Number, L: Number) -> Number:
    """(√κ − 1)/(√κ + 1), κ = L/μ: heavy ball's factor per step, on quadratics only (Polyak, 1964)."""
    mu, L = checked_spectrum(mu, L)
    return (np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))


def triple_momentum_rate(mu: Number, L: Number) -> Number:
    """ρ = 1 − √(μ/L): ‖x − x*‖ = O(ρᵏ) for every μ-strongly convex f with L-Lipschitz gradient (Van Scoy et al.)."""
    mu, L = checked_spectrum(mu, L)
    return 1 - np.sqrt(mu / L)


def flow_gap_bound(t: Number, distance: Number, t0: float = 0.0, gap0: Number = 0.0) -> Number:
    """f(X(t)) − f* ≤ (2 ‖x0 − x*‖² + t0² (f(x0) − f*)) / t² along ẍ + (3/t) ẋ + ∇f = 0 from rest at t0."""
    require(np.asarray(t) > 0, "t", t, "positive")
    return (2 * distance**2 + t0**2 * gap0) / np.asarray(t) ** 2


def certificate(problem: Any, x: np.ndarray, psi: np.ndarray, mu: float, s: float) -> np.ndarray:
    """𝓔 = (1 + q)(f − f*) + ¼‖ẋ‖² + ¼‖ẋ + 2√μ e + √s ∇f‖², q = √(μs), e = x − x*, with ẋ = ψ − √s ∇f.

    Along `nesterov_high_resolution` it falls at least like exp(−¼ √μ t) (Shi, Du, Jordan, Su, 2021).
    """
    check_convexity(mu)
    e = x - problem.minimizer
    v = psi - np.sqrt(s) * problem.grad(x)
    squares = (v**2).sum(-1) + ((psi + 2 * np.sqrt(mu) * e) ** 2).sum(-1)
    return (1 + np.sqrt(mu * s)) * (problem(x) - problem.minimum) + squares / 4


def transfer(z: np.ndarray, method: Tuning) -> np.ndarray:
    """G(z) = −α ((1 + η) z − η) / ((z − 1)(z − β)): the method's linear part, from gradient to query point."""
    alpha, beta, eta, _ = (np.asarray(number)[..., None] for number in method)
    return -alpha * ((1 + eta) * z - eta) / ((z - 1) * (z - beta))


def circle_curve(method: Tuning, mu: Number, L: Number, omega: np.ndarray = HALF_CIRCLE) -> np.ndarray:
    """(1 − L G)/(1 − μ G) on the half circle z = exp(iω), (*batch) → (*batch, angles), complex."""
    mu, L = (np.asarray(number)[..., None] for number in checked_spectrum(mu, L))
    G = transfer(np.exp(1j * omega), method)
    return (1 - L * G) / (1 - mu * G)


def circle_margin(method: Tuning, mu: Number, L: Number) -> np.ndarray:
    """The least real part of `circle_curve`; NaN where the loop with a spring of stiffness μ is itself unstable.

    Positive: the linear part is passive after the loop transformation to [μ, L], and the method converges on every f
    of the class (circle criterion). Sufficient, not necessary.
    """
    stable = spectral_radius(mu, method) < 1
    return np.where(stable, circle_curve(method, mu, L).real.min(-1), np.nan)
