"""Checks for the assignment on averaging: each says what is wrong, not only that something is."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.langevin_averaging.experiment import hot
from optilab.papers.langevin_averaging.problems import hermite, spiked_tensor, uniform

Array = np.ndarray
d = sp.symbols("d", positive=True)  # to be used in the answers


# How long to average


def check_horizon(answer: Any, dim: int = 30, n: float = 1000.0, epsilon: float = 10.0) -> str:
    """The time at which the chain's noise in the average equals the tensor's, k = 3, must be right to 10⁻³ of it."""
    value = number(answer)
    right = dim * (dim + 2) * n / (3 * epsilon**2 * (dim - 1))
    assert not np.isclose(value, dim * n / (3 * epsilon**2), rtol=1e-3), (
        "that is T for d + 2 ≈ d − 1 ≈ d: at d = 30 you see the difference"
    )
    assert not np.isclose(value, right * dim * (dim + 2) / (3 * n), rtol=1e-3), (
        "that makes the chain's term 1, not as large as the tensor's, d(d + 2)/(3n)"
    )
    assert np.isclose(value, right, rtol=1e-3), f"set both terms of the overlap equal and solve for T, not {value}"
    return "more data need a longer average: T grows with n, and as 1/ε²."


# To first order in ε, for k = 5

RESPONSE = 30 / (d * (d + 2) * (d + 4))


def check_response(answer: Any) -> str:
    """The coefficient of ε Σ_jl T_ijjll in the mean of θ for k = 5, a formula in d.

    Recognises a density exp(εf), a force that isn't projected, E b with the wrong factor, and k = 3.
    """
    found = formula(answer, "the coefficient", d)
    strange = sorted(symbol.name for symbol in found.free_symbols - {d})
    assert not strange, f"write it in exercises.d alone, not in {strange}"
    force = RESPONSE * (d - 1) / 2  # E b
    assert not agrees(found, RESPONSE / 2), "the stationary density is ∝ exp(2εf): a factor 2 is missing"
    assert not agrees(found, 2 * 15 / (d * (d + 2) * (d - 1))), "the force b = P∇f is projected: ∇f alone has more"
    assert not agrees(found, force / d), "that is E b/d: the mean of θ is 2ε/(d − 1) E b"
    assert not agrees(found, force), "that is E b: the mean of θ is 2ε/(d − 1) E b"
    assert not agrees(found, 6 / (d * (d + 2))), "that is for k = 3: five factors of f and one more z make six"
    assert agrees(found, RESPONSE), (
        f"it gives {number(found.subs(d, 3)):.4f} at d = 3: of the 15 ways to pair six places, count those that leave "
        "Σ_jl T_ijjll, and divide by d(d + 2)(d + 4)"
    )
    return "all 15 pairings give the same: the average is the partial trace for every odd k."


# A chain on given noise

MISTAKES = {
    "noise": "θ: the noise is to be projected, too",
    "gradient": "θ: the gradient is to be projected, too",
    "dt": "θ: the noise of a time dt is √dt ξ, not dt ξ",
    "double": "θ: the noise of a time dt is √dt ξ: a 2 belongs to another convention",
    "descent": "θ: the chain climbs f: + ε dt ∇f",
    "drift": "θ: normalising supplies −(d−1)/2 θ dt already",
    "length": "θ: bring it back to length 1 after each step",
    "start": "m1, M2: they hold the points after each step, not the start",
    "mean": "m1, M2: sums over the steps, not means",
}


def _walked(
    theta: Array, grad: Callable[[Array], Array], noise: Array, epsilon: float, dt: float, wrong: str = ""
) -> list[Array]:
    """Last point and sums of a chain on given noise (N, d), with a mistake in it, or none."""
    m1, M2 = np.zeros_like(theta), np.zeros((len(theta), len(theta)))
    for xi in noise:
        before = theta
        push = epsilon * dt * grad(theta) * (-1 if wrong == "descent" else 1)
        kick = {"dt": dt, "double": (2 * dt) ** 0.5}.get(wrong, dt**0.5) * xi
        P = np.eye(len(theta)) - np.outer(theta, theta)
        s = (push if wrong == "gradient" else P @ push) + (kick if wrong == "noise" else P @ kick)
        if wrong == "drift":
            s = s - (len(theta) - 1) / 2 * dt * theta
        theta = theta + s
        if wrong != "length":
            theta = theta / np.linalg.norm(theta)
        counted = before if wrong == "start" else theta
        m1, M2 = m1 + counted, M2 + np.outer(counted, counted)
    share = len(noise) if wrong == "mean" else 1
    return [theta, m1 / share, M2 / share]


def _same(one: list[Array], other: list[Array]) -> bool:
    return all(p.shape == q.shape and np.allclose(p, q, rtol=0, atol=1e-11) for p, q in zip(one, other, strict=True))


def check_walk(walk: Callable[..., Any], seed: int | None = None) -> str:
    """Three steps of Langevin dynamics on given noise, with their sums, must be right to 10⁻¹¹."""
    rng = np.random.default_rng(seed)
    problem, theta, noise = spiked_tensor(rng, 6, 4, 20.0), uniform(rng, (6,)), rng.normal(size=(3, 6))

    def grad(point: Array) -> Array:
        return problem.grad(point)

    setting = (grad, noise, 2.0, 0.04)
    answer = list(walk(theta.copy(), grad, noise.copy(), 2.0, 0.04))
    assert len(answer) == 3, f"return theta, m1, M2, not {len(answer)} things"
    found = [array(part, name) for part, name in zip(answer, ("theta", "m1", "M2"), strict=True)]
    right = _walked(theta, *setting)
    if not _same(found, right):
        for wrong, message in MISTAKES.items():
            assert not _same(found, _walked(theta, *setting, wrong)), message
    for name, one, other in zip(("theta", "m1", "M2"), found, right, strict=True):
        assert _same([one], [other]), f"{name} is to be {other}, got {one}"
    return "one projection, one square root and no drift: the sphere does the rest."


# Information exponents

LINKS: dict[str, tuple[Callable[[Array], Array], int]] = {
    "max(x, 0)": (lambda x: np.maximum(x, 0), 1),
    "x²": (lambda x: x**2, 2),
    "|x|": (lambda x: abs(x), 2),
    "x³": (lambda x: x**3, 1),
    "h₃ + ½h₅": (lambda x: np.asarray(hermite(3, x) + 0.5 * hermite(5, x)), 3),
    "h₄": (lambda x: np.asarray(hermite(4, x)), 4),
    "cos x": (np.cos, 2),
    "1 + h₄": (lambda x: np.asarray(1 + hermite(4, x)), 4),
}


def check_exponent(exponent: Callable[..., Any]) -> str:
    """`exponent(sigma)` for eight functions, and a `ValueError` for a constant."""
    for name, (sigma, right) in LINKS.items():
        found = number(exponent(sigma), f"the exponent of {name}")
        assert found != 0, f"{name}: c₀ doesn't count, it moves f up and down: begin with j = 1"
        raw = "powers of x aren't Hermite polynomials: x³ = √6 h₃ + 3h₁, and x² holds a constant"
        assert found == right, f"{name} has {right}, not {found:g}: {raw}"
    try:
        found = exponent(lambda x: 0 * x + 2)
    except ValueError:
        return "the exponent says how flat f is at the equator: m to that power."
    raise AssertionError(f"a constant has no exponent: raise ValueError, don't return {found}")


# The temperature

DIM, SAMPLES, RUNS = 24, 600.0, 16
REASONS = ("symmetry", "noise", "temperature")


@lru_cache(32)
def outcome(epsilon: float, seed: int) -> tuple[float, float]:
    """Median overlap of the average and mean |m| over 16 chains, k = 3, d = 24, n = 600, T = 100."""
    found = hot(DIM, 3, SAMPLES, epsilon, runs=RUNS, seed=seed)
    return float(np.median(found.average)), float(found.away.mean())


def check_temperature(epsilon: Any, even: str, seed: int = 0) -> str:
    """An ε that keeps the mean |m| below 0.3 with a median average above 0.85, and why even k needs the matrix."""
    value = number(epsilon, "epsilon")
    assert value > 0, f"epsilon must be positive, got {value}"
    assert even in REASONS, f"even must be one of {list(REASONS)}, got {even!r}"
    average, away = outcome(value, seed)
    said = f"on {RUNS} tensors the median overlap is {average:.2f} and the mean |m| {away:.2f}"
    assert away < 0.3, f"{said}: the chain is too cold and leaves the equator"
    assert average > 0.85, f"{said}: too hot, the noise of the chain hides the signal"
    assert even == "symmetry", f"even: lowering {even} doesn't help: what do f(θ) and f(−θ) say about the mean of θ?"
    return "hot enough to stay at the equator, cold enough to lean: the window closes as n falls."
