"""Checks for the assignment on penalty methods: each says what is wrong, not only that something is."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import lsq_linear

from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.bilevel_penalty.algorithm import single_loop
from optilab.papers.bilevel_penalty.experiment import NU, instances, origin
from optilab.papers.bilevel_penalty.problems import Selecting, noisy
from optilab.problems.bilevel import Residual

Array = np.ndarray
b, c, e, x, y = sp.symbols("b c e x y", real=True)  # to be used in the answers
a, h, kappa, sigma = sp.symbols("a h kappa sigma", positive=True)
SYMBOLS = (a, b, c, e, h, kappa, sigma, x, y)


# The penalty function of a quadratic


def check_weight(answer: Any, slope: float = 0.1) -> str:
    """The σ at which the gradient's bias is `slope`, for a = ¼, b = 1 and bx − c = 2, must be right to 10⁻³ of it."""
    value, curvature, distance = number(answer), 0.25, 2.0
    assert not np.isclose(value, slope * curvature / distance, rtol=1e-3), (
        "that is σ from the first term, σ·2/a: the bias is bσ(bx − c)/(a + σ), with σ below the line, too"
    )
    right = slope * curvature / (distance - slope)
    assert np.isclose(value, right, rtol=1e-3), f"solve bσ(bx − c)/(a + σ) = {slope} for σ, not {value}"
    return "the flatter the lower level, the smaller σ has to be, in proportion."


def _answer(value: Any, name: str) -> sp.Expr:
    """An answer in `SYMBOLS` alone."""
    found = formula(value, name, *SYMBOLS)
    strange = sorted(symbol.name for symbol in found.free_symbols - set(SYMBOLS))
    assert not strange, f"{name}: write it in the symbols of exercises, not in {strange}"
    return found


def check_gap(T: Any, gap: Any, slope: Any) -> str:
    """T(x, σ), ψ_σ − ψ and its derivative, for f = ½h(y − c)² + ½(x − e)² and g = ½a(y − bx)² + κx².

    Recognises min g left out, the wrong sign of g(x, y) − g(x, z), and one σ too many.
    """
    T, gap, slope = (_answer(value, name) for value, name in ((T, "T"), (gap, "gap"), (slope, "slope")))
    star = (a * b * x + h * sigma * c) / (a + h * sigma)
    assert not agrees(T, b * x), "T: bx minimises g alone, not σf + g"
    assert agrees(T, star), f"T: set the derivative of σf + g by y to 0, not {T}"
    right = -sigma * h**2 * (b * x - c) ** 2 / (2 * (a + h * sigma))
    pull = a * (star - b * x) ** 2 / (2 * sigma)
    assert not gap.has(y), "gap: put in T for y: y is to go"
    assert not agrees(gap, right + kappa * x**2 / sigma), "gap: min g is κx² here, and is to be taken away"
    assert not agrees(gap, right - 2 * pull), "gap: (g(x, y) − min g)/σ is added, not taken away"
    assert not agrees(gap, right / sigma), "gap: l(x, σ) − l(x, 0) is divided by σ once"
    assert not agrees(gap, right.subs(h, 1)), "gap: that is the lesson's, for h = 1"
    assert not agrees(gap, -right), "gap: ψ_σ − ψ, not ψ − ψ_σ"
    assert agrees(gap, right), f"gap: insert T into f + (g − min g)/σ and take f(x, bx) away; not {gap}"
    assert not agrees(slope, sp.diff(right + kappa * x**2 / sigma, x)), "slope: ∇ₓg(x, z) = 2κx is to be taken away"
    assert agrees(slope, sp.diff(right, x)), f"slope: differentiate the gap by x, not {slope}"
    return "κ has gone: what g costs at its best is no part of ψ_σ."


# One outer step, and the hypergradient with bounds

MISTAKES = {
    "old": "x: the gradients by x are at the proximal points u and w, not at the old y and z",
    "averaged": "x: the gradients by x are at u and w, not at the averaged y and z",
    "reset": "w starts at z, and its proximal term pulls it to z, not to y",
    "free": "u and w are projected onto Y after each inner step",
    "moving": "the centre of the proximal term stays at y (at z) through the inner loop",
    "one": "x: both gradients of g are divided by σ",
    "no bias": "u: ∇ᵧf counts σ times: h_σ = σf + g",
}


def _moved(
    f: Any, g: Any, project: Callable[[Array], Array], w: tuple[Array, ...], numbers: dict[str, float], T: int,
    wrong: str,
) -> list[Array]:  # fmt: skip
    """One outer step of Algorithm 1 with a mistake in it, or none."""
    x, y, z = w
    sigma, alpha, gamma, rho, beta = numbers.values()
    inner = (lambda point: point) if wrong == "free" else project
    u, v, old = y, y if wrong == "reset" else z, (y, z)
    centre_u, centre_v = u, v
    weight = 1.0 if wrong == "no bias" else sigma
    for _ in range(T):
        if wrong == "moving":
            centre_u, centre_v = u, v
        d_u = weight * f.grad_y(x, u) + g.grad_y(x, u) + (u - centre_u) / rho
        d_v = g.grad_y(x, v) + (v - centre_v) / rho
        u, v = inner(u - gamma * d_u), inner(v - gamma * d_v)
    y, z = (1 - beta) * y + beta * u, (1 - beta) * (y if wrong == "reset" else z) + beta * v
    at_u, at_v = old if wrong == "old" else (y, z) if wrong == "averaged" else (u, v)
    second = g.grad_x(x, at_v) / (1 if wrong == "one" else sigma)
    x = x - alpha * (f.grad_x(x, at_u) + g.grad_x(x, at_u) / sigma - second)
    return [x, y, z]


def _same(one: list[Array], other: list[Array]) -> bool:
    return all(
        p.shape == q.shape and np.allclose(p, q, rtol=1e-10, atol=1e-12) for p, q in zip(one, other, strict=True)
    )


def check_step(step: Callable[..., Any], seed: int | None = None) -> str:
    """One outer step of Algorithm 1 on random quadratics over a box must be right to 10⁻¹⁰."""
    rng = np.random.default_rng(seed)
    f = Selecting(rng.uniform(0.5, 2, 5), 2 * rng.normal(size=5), rng.normal(size=3))
    g = Residual(rng.normal(size=(3, 5)) / 2, rng.normal(size=(3, 3)))

    def project(point: Array) -> Array:
        return np.clip(point, -0.6, 0.6)

    w = (2 * rng.normal(size=3), *rng.uniform(-0.5, 0.5, size=(2, 5)))
    numbers = {"sigma": 0.3, "alpha": 0.07, "gamma": 0.35, "rho": 0.8, "beta": 0.6}
    answer = list(step(f, g, project, *(part.copy() for part in w), *numbers.values(), 3))
    assert len(answer) == 3, f"return x, y, z, not {len(answer)} things"
    found = [array(part, name) for part, name in zip(answer, "xyz", strict=True)]
    right = _right(f, g, project, w, numbers)
    for wrong, message in MISTAKES.items():
        mistaken = _moved(f, g, project, w, numbers, 3, wrong)  # as good as right where the box holds all
        assert _same(mistaken, right) or not _same(found, mistaken), message
    for name, one, other in zip("yzx", *((s[1], s[2], s[0]) for s in (found, right)), strict=True):
        assert _same([one], [other]), f"{name} is to be {other}, got {one}"
    return "first derivatives only, and 1/σ multiplies a difference that shrinks with σ."


def _right(f: Any, g: Any, project: Callable[[Array], Array], w: tuple[Array, ...], numbers: dict[str, float]) -> Any:
    return _moved(f, g, project, w, numbers, 3, "")


STEP = 1e-4  # of the differences
NEAR = 1e-7  # σ, in place of 0⁺


def _boxed(rng: np.random.Generator) -> Any:
    """A, B, W, c, bound, x and a solver for T(x, σ) such that the active bounds stay the same nearby."""
    while True:
        A, B = rng.normal(size=(2, 6)), rng.normal(size=(2, 3))
        W, c, x = rng.uniform(0.3, 3, 6), 1.5 * rng.normal(size=6), rng.normal(size=3) / 2

        def solve(at: Array, sigma: float, A: Any = A, B: Any = B, W: Any = W, c: Any = c) -> Array:
            left = np.concatenate([A, np.sqrt(sigma) * np.diag(np.sqrt(W))])
            right = np.concatenate([B @ at, np.sqrt(sigma * W) * c])
            return np.asarray(lsq_linear(left, right, (-1.0, 1.0), method="bvls", tol=1e-14).x)

        y = solve(x, NEAR)
        idle = abs(y) < 0.99
        bound = abs(y) > 1 - 1e-12
        pull = W * (y - c) + A.T @ (A @ y - B @ x) / NEAR  # the multipliers
        settled = (idle | bound).all() and idle.sum() >= 3 and bound.sum() >= 1 and (abs(pull[bound]) > 0.05).all()
        if settled and np.linalg.norm(A @ y - B @ x) < 1e-4:
            return A, B, W, c, x, solve


def check_hypergradient(hypergradient: Callable[..., Any], seed: int | None = None) -> str:
    """∇ψ for a rank-deficient lower level in a box must be that of differences of f at T(x, 10⁻⁷), to 10⁻³."""
    A, B, W, c, x, solve = _boxed(np.random.default_rng(seed))

    def psi(at: Array) -> float:
        return float((W * (solve(at, NEAR) - c) ** 2).sum() / 2)

    expected = np.array([(psi(x + d) - psi(x - d)) / (2 * STEP) for d in STEP * np.eye(3)])
    y, pinv = solve(x, NEAR), np.linalg.pinv(A.T @ A)
    answer = array(hypergradient(A, B, W, c, -1.0, 1.0, x.copy(), solve), "the hypergradient")

    def is_near(other: Array) -> bool:
        return answer.shape == other.shape and bool(np.allclose(answer, other, rtol=1e-3, atol=1e-3))

    any_y = solve(x, 0.0)
    if not is_near(expected):
        assert not is_near(B.T @ A @ pinv @ (W * (y - c))), "y can't move where a bound is active: those entries go out"
        anywhere = (_bounded(A, B, W, c, any_y), B.T @ A @ pinv @ (W * (any_y - c)))
        assert not any(map(is_near, anywhere)), "any lower solution won't do: ask for the limit of T(x, σ) as σ → 0⁺"
        assert not is_near(-expected), "the sign: ∇²ₓᵧg is −BᵀA"
    assert is_near(expected), f"differences of ψ give {expected}, not {answer}"
    return "right, with a pseudo-inverse and the active bounds: the penalty method never asks for either."


def _bounded(A: Array, B: Array, W: Array, c: Array, y: Array) -> Array:
    """BᵀA (AᵀA on the idle entries)† ∇ᵧf at y."""
    idle = A * (abs(y) < 1 - 1e-6)
    return np.asarray(B.T @ idle @ np.linalg.pinv(idle.T @ idle) @ (W * (y - c)))


# The U-shape in σ

STEPS, ENOUGH = 2500, 0.3
REASONS = ("noise", "bias", "curvature")


@lru_cache(32)
def rest(sigma: float, alpha: float, first: int) -> float:
    """Mean over ten seeds of the RMS of ‖∇ψ‖ in the last fifth of 2500 steps of Algorithm 2 on C with noise."""
    seeds = range(first, first + 10)
    problem = instances("C", seeds)
    rng = np.random.default_rng(500 + first)
    states = single_loop(noisy(problem, NU), *origin(problem, (10,)), sigma=sigma, alpha=alpha, rng=rng)
    x = run(states, STEPS, keep=["x"]).x[-STEPS // 5 :: 10]
    squares = (problem.hypergrad(x, pinv=True) ** 2).sum(-1)
    return float(np.sqrt(squares.mean(0)).mean())


def check_experiment(sigma: Any, alpha: Any, small: str, large: str, first: int = 20) -> str:
    """(σ, α) with which Algorithm 2 rests at ‖∇ψ‖ ≤ 0.3 on ten instances, and what spoils a small and a large σ."""
    weight, step = number(sigma, "sigma"), number(alpha, "alpha")
    assert min(weight, step) > 0, f"sigma and alpha must be positive, got {weight} and {step}"
    for name, reason in (("small", small), ("large", large)):
        assert reason in REASONS, f"{name} must be one of {list(REASONS)}, got {reason!r}"
    assert small == "noise", f"small: at a small σ {small} isn't what grows: set ν = 0 and see what is left"
    assert large == "bias", f"large: at a large σ {large} isn't what grows: set ν = 0 and see what is left"
    found = rest(weight, step, first)
    said = f"over ten instances the RMS of ‖∇ψ‖ is {found:.2f}, above {ENOUGH}"
    if not found <= ENOUGH:
        assert weight > 0.05, f"{said}: σ = {weight} divides the followers' errors and lets x see them"
        assert weight < 0.4, f"{said}: σ = {weight} makes another problem of it, however little noise there is"
        raise AssertionError(f"{said}: try another step α")
    return "noise falls and bias rises with σ: the best σ is where they meet, and it moves with ν."
