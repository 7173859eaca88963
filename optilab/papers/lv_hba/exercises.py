"""Checks for the assignment on LV-HBA: each says what is wrong, not only that something is."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.lv_hba.algorithm import lv_hba, penalty
from optilab.papers.lv_hba.experiment import N, bias, relative, start
from optilab.papers.lv_hba.problems.coupled import Affine, QuadraticLevel
from optilab.papers.lv_hba.problems.toys import flat, ridge

Array = np.ndarray
a, b, c, x, y, z, theta, lam = sp.symbols("a b c x y z theta lambda", real=True)  # to be used in the answers
h, gamma1, gamma2 = sp.symbols("h gamma_1 gamma_2", positive=True)
SYMBOLS = (a, b, c, x, y, z, theta, lam, h, gamma1, gamma2)


# The value function


def check_bias(answer: Any, gamma: float = 2.0) -> str:
    """The relative error of x that c_k = 10 leaves on the flat problem at γ₁ = 2 must be right to 10⁻³ of it."""
    value, expected = number(answer), float(bias(10.0, gamma))
    assert not np.isclose(value, 0.8 / 11.2, rtol=1e-3), "that is the bias for γ₁ = 1: γ₁ is in it, γ₂ isn't"
    assert np.isclose(value, expected, rtol=1e-3), (
        f"put γ₁ = {gamma} and c = 10 into the last line but two, not {value}"
    )
    return "a longer proximal step flattens the gap less, so the same penalty weighs more."


def _answer(value: Any, name: str) -> sp.Expr:
    """An answer in `SYMBOLS` alone."""
    found = formula(value, name, *SYMBOLS)
    strange = sorted(symbol.name for symbol in found.free_symbols - set(SYMBOLS))
    assert name != "gap" or strange != ["d"], "gap: d goes, as g(x, y) = 0"
    assert not strange, f"{name}: write it in the symbols of exercises, not in {strange}"
    return found


def check_gradient(v_x: Any, v_y: Any, v_z: Any) -> str:
    """∇v in θ* and λ*, for f = ½h(θ − ax)² and g = bθ + cx²/2 − d.

    Recognises the wrong sign of a proximal term, the lower gradient without the constraint's, and h left out.
    """
    v_x, v_y, v_z = (_answer(value, name) for value, name in ((v_x, "v_x"), (v_y, "v_y"), (v_z, "v_z")))
    pull = -a * h * (theta - a * x)
    assert not agrees(v_x, pull), "v_x: g depends on x, too: where is λ ∂g/∂x?"
    assert not agrees(v_x, pull + lam * c), "v_x: ∂g/∂x is c x here, not c"
    assert not agrees(v_x, pull / h + lam * c * x), "v_x: f has the curvature h"
    assert agrees(v_x, pull + lam * c * x), f"v_x: differentiate f + λg by x with θ and λ held still, not {v_x}"
    assert not agrees(v_y, (theta - y) / gamma1), "v_y: the derivative of (θ − y)²/(2γ₁) by y has the other sign"
    assert agrees(v_y, (y - theta) / gamma1), f"v_y: only (θ − y)²/(2γ₁) holds y: differentiate it, not {v_y}"
    assert not agrees(v_z, (z - lam) / gamma2), "v_z: −(λ − z)²/(2γ₂) by z has the other sign"
    assert agrees(v_z, (lam - z) / gamma2), f"v_z: only −(λ − z)²/(2γ₂) holds z: differentiate it, not {v_z}"
    return "three gradients, and none of them asks how the saddle moves: no second derivative is needed."


def check_gap(gap: Any) -> str:
    """The gap f − v where g(x, y) = 0, for the same functions, in x, y, z and the parameters."""
    gap = _answer(gap, "gap")
    square, below = (h * (y - a * x) + b * z) ** 2, b**2 * gamma1 * gamma2 + h * gamma1 + 1
    expected = gamma1 * square / (2 * below)
    lesson = gamma1 * (a * x - b * z - y) ** 2 / (2 * (b**2 * gamma1 * gamma2 + gamma1 + 1))
    assert not gap.has(theta, lam), "gap: put in the saddle: θ* and λ* are to go"
    assert not agrees(gap, lesson), "gap: that is the lesson's, for h = 1"
    assert not agrees(gap, -expected), "gap: f − v, not v − f"
    assert not agrees(gap, 2 * expected), "gap: twice too large"
    assert agrees(gap, expected), "gap: solve the 2 × 2 saddle system, with cx²/2 − d = −by, and insert; not " + str(
        gap
    )
    return "it vanishes where h(y − ax) + bz = 0, the stationarity of the Lagrangian with multiplier z."


# One step


def _close(one: Array, other: Array, tol: float) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=tol, atol=tol))


def _moved(F: Any, f: Any, g: Any, w: tuple[Array, ...], k: int, numbers: dict[str, float], wrong: str) -> list[Array]:
    """One step with a mistake in it, or none."""
    x, y, z, theta, lam = w
    alpha, beta, eta, gamma1, gamma2, c0, p = numbers.values()
    one, two = (1 / gamma1, 1 / gamma2) if wrong == "gamma" else (gamma1, gamma2)
    weight = lam
    up = -1 if wrong == "down" else 1
    new_lam = lam + up * eta * (g(x, theta) - (lam - z) / two)
    if wrong == "new lam":
        weight = new_lam
    new = theta - eta * (f.grad_y(x, theta) + g.pull_y(x, theta, weight) + (theta - y) / one)
    if wrong == "new theta":
        new_lam = lam - eta * (-g(x, new) + (lam - z) / two)
    used, multiplier = (theta, lam) if wrong == "old" else (new, new_lam)
    c = c0 * (k if wrong == "index" else k + 1) ** p
    c = 1 / c if wrong == "times" else c
    pull = 0 if wrong == "pull" else g.pull_x(x, used, multiplier)
    d_x = F.grad_x(x, y) / c + f.grad_x(x, y) - f.grad_x(x, used) - pull
    own = 0 if wrong == "own" else f.grad_y(x, y)
    d_y = F.grad_y(x, y) / c + own - (y - used) / one
    sign = -1 if wrong == "z" else 1
    z = z + sign * beta * (multiplier - z) / two
    x, y = x - alpha * d_x, y - alpha * d_y
    if wrong == "separate":
        first = x - np.linalg.pinv(g.H) @ g(x, y)
        x, y = first, y - np.linalg.pinv(g.A) @ g(x, y)
    else:
        x, y = g.project(x, y)
    return [x, y, z, new, new_lam]


MISTAKES = {
    "old": "d_x and d_y take the new θ and λ",
    "new lam": "d_θ takes the old λ: both directions of the saddle step are at the old (θ, λ)",
    "new theta": "d_λ takes the old θ: both directions of the saddle step are at the old (θ, λ)",
    "down": "λ is to maximise: it moves along +(g(x, θ) − (λ − z)/γ₂)",
    "pull": "d_x lacks Σ λᵢ∇ₓgᵢ",
    "own": "d_y lacks ∇_y f(x, y): the gap is f − v, not −v alone",
    "gamma": "divide by γ₁ and γ₂, not by their inverses",
    "times": "F is divided by c_k, not multiplied",
    "index": "step k = 0, 1, … has c_k = c₀(k + 1)^p, not c₀k^p",
    "z": "z moves towards λ, not away from it",
    "separate": "x and y are projected together: the nearest (x, y) of C, not the nearest x and the nearest y",
}


def check_step(step: Callable[..., Any], seed: int | None = None) -> str:
    """One step of LV-HBA on random quadratics with two coupling equations must be right to 10⁻⁹."""
    rng = np.random.default_rng(seed)
    problem = ridge(3, 4, rng)
    F, f, g = problem.upper, problem.lower, problem.coupling
    x, y = problem.project(rng.normal(size=3), rng.normal(size=4))
    w = (x, y, *(rng.normal(size=size) for size in (2, 4, 2)))
    numbers = {"alpha": 0.07, "beta": 0.19, "eta": 0.13, "gamma1": 1.6, "gamma2": 0.7, "c0": 1.4, "p": 0.3}
    answer = list(step(F, f, g, *(part.copy() for part in w), 4, *numbers.values()))
    assert len(answer) == 5, f"return x, y, z, theta, lam, not {len(answer)} things"
    found = [array(part, name) for part, name in zip(answer, ("x", "y", "z", "theta", "lam"), strict=True)]
    for wrong, message in MISTAKES.items():
        if all(
            _close(one, other, 1e-9) for one, other in zip(found, _moved(F, f, g, w, 4, numbers, wrong), strict=True)
        ):
            raise AssertionError(message)
    expected = _moved(F, f, g, w, 4, numbers, "")
    for name, one, other in zip(
        ("theta", "lam", "z", "x", "y"), *((s[3], s[4], s[2], s[0], s[1]) for s in (found, expected)), strict=True
    ):
        assert _close(one, other, 1e-9), f"{name} is to be {other}, got {one}"
    return "gradients and one projection: nothing was inverted, no inner loop was run."


def check_hypergradient(hypergradient: Callable[..., Any], seed: int | None = None) -> str:
    """∇Φ for A y + H x = b must be that of Φ(x) = F(x, y*(x)), by differences, to 10⁻⁵."""
    rng = np.random.default_rng(seed)
    problem = ridge(3, 6, rng)
    F, f, g = problem.upper, problem.lower, problem.coupling
    assert isinstance(f, QuadraticLevel)
    assert isinstance(g, Affine)
    x = rng.normal(size=3)
    y = problem.y_star(x)
    expected = np.array([(problem(x + e) - problem(x - e)) / 2e-5 for e in 1e-5 * np.eye(3)])
    answer = array(hypergradient(F, f, g, x.copy(), y.copy()), "the hypergradient")
    pull = np.linalg.pinv(g.A) @ g.H
    missing = pull.T @ F.grad_y(x, y)
    assert not _close(answer, expected + missing, 1e-5), "the constraint moves y, too: −(A†H)ᵀ∇_y F is missing"
    plain = F.grad_x(x, y) - f.R @ np.linalg.solve(f.Q, F.grad_y(x, y))
    assert not _close(answer, plain, 1e-5), "that is the hypergradient without constraint: y may move in null(A) alone"
    turned = 2 * (F.grad_x(x, y) - missing) - expected
    assert not _close(answer, turned, 1e-5), "the sign of ∇ζ: Vᵀ∇²_yy f V ∇ζ is minus what x does to Vᵀ∇_y f by itself"
    V = np.linalg.svd(g.A)[2][len(g.A) :].T
    short = F.grad_x(x, y) - f.R @ V @ np.linalg.solve(V.T @ f.Q @ V, V.T @ F.grad_y(x, y)) - missing
    assert not _close(answer, short, 1e-5), "A†H moves y, and with it ∇_y f: put ∇²_xy f − (A†H)ᵀ∇²_yy f for ∇²_xy f"
    assert not _close(answer, F.grad_x(x, y), 1e-5), "that is ∇ₓF alone: y* depends on x"
    assert _close(answer, expected, 1e-5), f"differences of F(x, y*(x)) give {expected}, not {answer}"
    return "right, and every call needs ∇²f, A†, and a Hessian that is regular on null(A)."


# What a finite penalty leaves

CASES = ((0.3, 1.0), (0.3, 2.0), (0.15, 0.5))  # p, γ₁
STEPS = 2000
BEYOND = {"nothing": "nothing is promised", "diverges": "the method diverges", "exact": "the bias is gone"}


@lru_cache(32)
def _error(p: float, gamma1: float) -> float:
    states = lv_hba(flat(N), *start(0), p=p, gamma1=gamma1)
    return float(relative(run(states, STEPS, every=STEPS).x[-1]))


def check_experiment(predict: Callable[..., Any], measure: Callable[..., Any], beyond: str, cases: Any = CASES) -> str:
    """`predict(p, gamma1)` and `measure(p, gamma1)`, the relative error of x after 2000 steps; and what p > ½ means.

    Both are asked at every (p, γ₁) of `cases`. Recognises 0.8/c_k, k^(−p), the formula for γ₁ = 1, and a measurement
    that is the prediction.
    """
    for p, gamma in cases:
        weight = float(penalty(STEPS, 1.0, p))
        promised, true = float(bias(weight, gamma)), _error(p, gamma)
        said, seen = number(predict(p, gamma), "predict"), number(measure(p, gamma), "measure")
        at = f"p = {p}, γ₁ = {gamma}"
        assert not np.isclose(said, 0.8 / weight, rtol=2e-3), f"{at}: 0.8/c_k is the first term of a series only"
        assert not np.isclose(said, 1 / weight, rtol=2e-3), f"{at}: k^(−p) is a rate, not a value"
        one = float(bias(weight))
        assert gamma == 1 or not np.isclose(said, one, rtol=2e-3), f"{at}: {one:.4f} is the error for γ₁ = 1"
        assert np.isclose(said, promised, rtol=2e-3), f"{at}: the bias is {promised:.4f}, not {said:.4f}"
        assert not np.isclose(seen, said, rtol=1e-6), f"{at}: measured and predicted are the same number: run it"
        assert np.isclose(seen, true, rtol=5e-4), f"{at}: a run ends at {true:.5f}, not {seen:.5f}"
    assert beyond in BEYOND, f"beyond must be one of {list(BEYOND)}, got {beyond!r}"
    assert beyond == "nothing", (
        f"{BEYOND[beyond]}? The residual is promised to be of order k^(−(1 − 2p)/2): read it at p > ½"
    )
    return "the bias is the penalty's, and no start, no dimension and no γ₂ is in it."
