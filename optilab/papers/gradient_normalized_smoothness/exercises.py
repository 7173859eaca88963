"""Checks for the assignment on gradient-normalised smoothness: each says what is wrong, not only that something is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from optilab.core.counted import Counted
from optilab.core.numerics import log_slope
from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number, shown
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.experiment import logistic_runs
from optilab.papers.gradient_normalized_smoothness.problems import CURVES, labelled, soft_maximum

X, GAMMA1, GAMMA12, GAMMA23 = sp.symbols("x gamma_1 gamma_12 gamma_23", positive=True)  # to be used in the answers
Array = np.ndarray


# On paper


def _formula(answer: Any, name: str, *symbols: sp.Symbol) -> sp.Expr:
    """The answer as an expression in these symbols alone."""
    expr = formula(answer, name, *symbols)
    unknown = sorted(map(str, expr.free_symbols - set(symbols)))
    assert not unknown, f"write {name} in {', '.join(map(str, symbols)) or 'numbers'} alone, not in {unknown}"
    return expr


def check_radius(gamma: Any, power: int = 4, scale: Any = 0) -> str:
    """γ(x) of xⁿ/n for x > 0, n = `power`, and H = scale·f″, as a formula in `X`; exact for H = 0 and H = f″.

    Recognises the ball without the region, the inverse, a γ at x = 1 and the radius of the other H.
    """
    gamma, n = _formula(gamma, "γ", X), power
    exact = X * _exact_radius(n)
    flat = X / (n - 1)
    right, other = (flat, exact) if scale == 0 else (exact, flat)
    ball = float(sp.nsolve((1 + X) ** (n - 1) - 1 - (n - 1) * X - 1, X, 0.5))
    at_one = number(gamma.subs(X, 1), "γ at x = 1")
    assert not abs(at_one - ball) < 1e-3, "that is the ball alone: a Newton-like step goes against the slope only"
    assert not agrees(gamma, right.subs(X, 1)), "γ is a length, and f is the same at every scale: where is x?"
    inverse = X**2 / right
    assert not agrees(gamma, inverse), "upside down: the error over h is at most f′/γ"
    assert not agrees(gamma, other), "that is the radius with the other H"
    worst = "the shortest h" if scale == 0 else f"the far end of the region, h = −x/{n - 1}"
    assert agrees(gamma, right), (
        f"γ = {gamma} isn't it: the error over h is largest at {worst}, and is to be f′/γ there"
    )
    if scale == 0:
        return "γ = |f′|/L with the largest f″ on the way: H = 0 is the gradient method with its own step size."
    return (
        "γ grows in proportion to x, so every step shrinks x by the same factor: a linear rate at a degenerate minimum."
    )


def _exact_radius(n: int) -> sp.Rational:
    """γ/x of xⁿ/n with the exact Hessian: the worst h is the far end of the region, −x/(n − 1)."""
    u = sp.Rational(1, n - 1)
    return u / ((1 - u) ** (n - 1) - 1 + (n - 1) * u)


def check_contraction(factor: Any, power: int = 6) -> str:
    """The number x⁺/x of one step on xⁿ/n with the exact Hessian and γ = γ(x).

    Recognises the length of the step, pure Newton, and λ = γf′.
    """
    factor, n = _formula(factor, "the contraction"), power
    gamma = _exact_radius(n)
    right = 1 - 1 / (n - 1 + 1 / gamma)
    assert not agrees(factor, 1 - right), "that is the length of the step over x; the contraction is what is left of x"
    assert not agrees(factor, 1 - sp.Rational(1, n - 1)), "that is pure Newton: where is λ?"
    assert not agrees(factor, 1 - 1 / (n - 1 + gamma)), "λ = f′/γ, not f′γ"
    assert agrees(factor, right), f"x⁺/x is {right}, got {factor}"
    return "whatever x is."


def check_sextic(gamma: Any, contraction: Any, bound: Any) -> str:
    """The assignment's first task: γ(x) and x⁺/x of x⁶/6, and the bound on γ₃ for a chain of two approximations."""
    check_radius(gamma, power=6, scale=1)
    check_contraction(contraction, power=6)
    bound = _formula(bound, "the bound", GAMMA1, GAMMA12, GAMMA23)
    radii = (GAMMA1, GAMMA12, GAMMA23)
    right = 1 / sum(1 / radius for radius in radii)
    assert bound.free_symbols == set(radii), f"the bound must depend on {', '.join(map(str, radii))}"
    assert not agrees(bound, 3 * right), "the mean of the three? Errors add, and nothing divides them by three"
    assert not agrees(bound, sum(radii) / 3), "errors add, radii don't: this may be larger than γ₁"
    assert not agrees(bound, sp.Min(*radii)), "each error alone stays within f′/min; all three together don't"
    assert not agrees(bound, 1 / (1 / GAMMA1 + 1 / (GAMMA12 + GAMMA23))), "γ₁₂ and γ₂₃ are no lengths laid end to end"
    assert agrees(bound, right), f"the errors over h add to f′/γ₁ + f′/γ₁₂ + f′/γ₂₃; yours is f′ over {bound}"
    return "radii of a chain of approximations combine like resistors in parallel: the smallest one rules."


def check_inexact(gamma1: Any, gamma12: Any, gamma2: Any, bound: Any, x: float = 3.0) -> str:
    """Four figures for softplus at x: γ with f″, |f′|/|f″ − f′²|, γ with f′², and what the first two promise of it.

    Right to 0.2 %. Recognises the mean and the smaller one of the two radii.
    """
    f = CURVES["softplus"]
    g, exact, fisher = f.slope(x), f.bend(x), f.slope(x) ** 2
    first, difference = float(alg.radius(f.slope, x, exact)), float(g / abs(exact - fisher))
    right = (first, difference, float(alg.radius(f.slope, x, fisher)), float(alg.inexact_radius(first, difference)))
    names = ("γ₁, with f″", "γ₁₂ = |f′|/|f″ − f′²|", "γ₂, with f′²", "the bound")
    given = [number(value, name) for value, name in zip((gamma1, gamma12, gamma2, bound), names, strict=True)]
    for value, expected, name in zip(given[:3], right[:3], names[:3], strict=True):
        assert abs(value / expected - 1) < 2e-3, f"{name} is {expected:.4g} at x = {x:g}, got {value:.4g}"

    def near(value: float) -> bool:
        return abs(given[3] / value - 1) < 2e-3

    assert not near((first + difference) / 2), (
        f"the mean of the two is above γ₂ = {right[2]:.4g}: errors add, radii don't"
    )
    smaller = "the smaller one happens to be γ₂ here; for x⁴/4 and H₂ = 1.5f″ it is 0.667x, and γ₂ only 0.472x"
    assert not near(min(first, difference)), smaller
    assert near(right[3]), f"1/(1/γ₁ + 1/γ₁₂) is {right[3]:.4g}, got {given[3]:.4g}"
    return f"γ₂ = {right[2]:.4g} lies above {right[3]:.4g}: with Fisher most of γ₁ is gone, as the rule says."


# The step and the search


def check_step(step: Callable[..., Array], seed: int = 0) -> str:
    """`step(g, H, B, gamma)` must be −(H + λB)⁻¹g with λ = ‖g‖_*/γ, on data drawn by `seed`.

    Recognises λ = γ‖g‖, λI in place of λB, and lengths measured without B.
    """
    rng = np.random.default_rng(seed)
    root, half = rng.normal(size=(2, 4, 4))
    H, B, g, gamma = root @ root.T, half @ half.T + np.eye(4), rng.normal(size=4), 0.3
    answer = array(step(g, H, B, gamma), "the step")
    assert answer.shape == (4,), f"the step must have the shape of g, (4,), not {answer.shape}"
    norm, plain = float(np.sqrt(g @ np.linalg.solve(B, g))), float(np.linalg.norm(g))

    def shifted(lam: float, metric: Array = B) -> Array:
        return -np.linalg.solve(H + lam * metric, g)

    wrong = (
        (shifted(gamma * norm), "λ = ‖g‖_*/γ: a large radius is a small shift"),
        (shifted(norm / gamma, np.eye(4)), "H + λB: the shift is measured in B, too"),
        (shifted(plain / gamma), "‖g‖_* is √⟨g, B⁻¹g⟩, the norm of a gradient"),
        (shifted(float(np.sqrt(g @ B @ g)) / gamma), "that is the norm of a step; a gradient has √⟨g, B⁻¹g⟩"),
        (-shifted(norm / gamma), "downhill is −(H + λB)⁻¹g"),
    )
    for mistake, message in wrong:
        assert not np.allclose(answer, mistake), message
    expected = shifted(norm / gamma)
    assert np.allclose(answer, expected), f"−(H + λB)⁻¹g is {expected}, got {answer}"
    return f"its length in B is {np.sqrt(answer @ B @ answer):.3g}, below γ = {gamma}, whatever H ⪰ 0 is."


MISTAKES = {  # what is wrong: what is said
    "inverse": "λ = ‖g‖_*/γ, not γ‖g‖_*: a large radius is a small shift",
    "old gradient": "the test asks for the gradient at the new point, ‖∇f(x⁺)‖_*",
    "no doubling": "the next search begins at twice the γ that was accepted: neither at that, nor at γ₀",
    "no memory": "the next search begins at twice the γ that was accepted: neither at that, nor at γ₀",
    "norm of the shift": "λ = ‖g‖_*/γ with the norm of a gradient, √⟨g, B⁻¹g⟩",
    "norm of the test": "the test measures ∇f(x⁺) by ‖·‖_*, √⟨g, B⁻¹g⟩",
    "identity": "H + λB, not H + λI",
    "eighth": "with 8λ it is the test for f that needn't be convex: here it is 2λ",
}


def _search(
    grad: Callable[[Array], Array],
    hessian: Callable[[Array], Array],
    B: Array,
    x: Array,
    gamma0: float,
    steps: int,
    mistake: str = "",
) -> tuple[Array, Array]:
    """The search without values: points (steps + 1, n) and accepted radii (steps,), right or with one mistake."""

    def dual(g: Array, plain: bool) -> float:
        return float(np.sqrt(g @ (g if plain else np.linalg.solve(B, g))))

    points, radii, gamma = [x], [], gamma0
    for _ in range(steps):
        g, H = grad(x), hessian(x)
        for _ in range(200):
            norm = dual(g, mistake == "norm of the shift")
            lam = norm * gamma if mistake == "inverse" else norm / gamma
            d = -np.linalg.solve(H + lam * (np.eye(len(x)) if mistake == "identity" else B), g)
            after = g if mistake == "old gradient" else grad(x + d)
            most = dual(after, mistake == "norm of the test") ** 2 / ((8 if mistake == "eighth" else 2) * lam)
            if -(grad(x + d) @ d) >= most:
                break
            gamma = 2 * gamma if mistake == "inverse" else gamma / 2
        x = x + d
        points.append(x)
        radii.append(gamma)
        gamma = {"no doubling": gamma, "no memory": gamma0}.get(mistake, 2 * gamma)
    return np.array(points), np.array(radii)


def check_search(search: Callable[..., Any], seed: int = 0) -> str:
    """`search(grad, hessian, B, x0, gamma0, steps)` must give the points and radii of the search without values.

    On a soft maximum drawn by `seed`. Recognises the `MISTAKES`, and a Hessian formed more than once a step.
    """
    f, (Q, _) = soft_maximum(seed, 0.1, 6, 18), np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))
    B, x0, steps = (Q * np.linspace(0.52, 1.95, 6)) @ Q.T, np.ones(6), 15
    asked = Counted(f)
    for gamma0 in (30.0, 0.02):
        given = search(asked.grad, asked.hess, B, x0, gamma0, steps)
        pair = isinstance(given, Sequence | np.ndarray) and len(given) == 2
        assert pair, f"return the pair (points, radii), not {shown(given)}"
        points, radii = array(given[0], "points"), array(given[1], "radii")
        assert points.shape == (steps + 1, 6), f"points must have the shape (steps + 1, n), not {points.shape}"
        assert radii.shape == (steps,), f"radii must have the shape (steps,) = {(steps,)}, not {radii.shape}"
        right, accepted = _search(f.grad, f.hess, B, x0, gamma0, steps)
        for mistake, message in MISTAKES.items():
            with np.errstate(all="ignore"):
                wrong, _ = _search(f.grad, f.hess, B, x0, gamma0, steps, mistake)
            differs = not np.allclose(wrong, right, atol=1e-6)
            assert not (differs and np.allclose(points, wrong, atol=1e-9)), message
        close = np.isclose(points, right, rtol=1e-5, atol=1e-7).all(1)
        first = int((~close).argmax())
        assert close.all(), f"from γ₀ = {gamma0}: point {first} is {points[first]}, not {right[first]}"
        assert np.allclose(radii, accepted), f"from γ₀ = {gamma0} the accepted radii are {accepted}, got {radii}"
    formed, gradients = asked.calls["Hessians"], asked.calls["gradients"]
    assert formed <= 2 * steps, f"{formed // 2} Hessians in {steps} steps: one serves all probes of a step"
    return f"{2 * steps} steps took {gradients} gradients, {formed} Hessians and not one value of f."


# Separable points


def _rates(seed: int) -> dict[str, float]:
    """Steps for a tenth of the loss with Fisher and with H = 0, and the power of k of the constant step."""
    runs = logistic_runs(labelled(seed), 0.0)
    found = {}
    for name in ("Fisher", "zero"):
        trace = run(runs[name], 3000, keep=["x", "value"])
        inside = (trace.value > 1e-8) & (trace.value < 1e-4)
        found[name] = -1 / np.polyfit(trace.step[inside], np.log10(trace.value[inside]), 1)[0]
    trace = run(runs["constant step"], 20_000, keep=["x", "value"], every=10)
    late = trace.step >= 2000
    return found | {"constant step": log_slope(trace.step[late], trace.value[late])}


CAUSES = {
    "Fisher": "the curvature in the Fisher matrix",
    "steps": "steps that grow as the loss falls",
    "luck": "these data",
}


def check_rates(rates: Mapping[str, Any], linear: Any, cause: str, seed: int | None = None) -> str:
    """What was measured on separable points, which methods are linear, and why.

    Parameters
    ----------
    rates : mapping
        Under "Fisher" and "zero" steps for a tenth of the loss, under "constant step" the power of k.
    linear : collection of str
        The names of those whose loss falls by a constant factor a step.
    cause : {"Fisher", "steps", "luck"}
        What makes them so; see `CAUSES`.
    seed : int, optional
        The seed of the points; the figures must then be those measured here, within 25 % and 0.05.
    """
    names = ("Fisher", "zero", "constant step")
    missing = set(names) - set(rates)
    assert not missing, f"no rates for {sorted(missing)}"
    table = {name: number(rates[name], name) for name in names}
    for name in names[:2]:
        assert table[name] > 0, f"{name}: steps for a tenth of the loss are a positive number, got {table[name]}"
        assert table[name] > 3, f"{name}: {table[name]:.3g} steps; is that the slope itself, and not one over it?"
    assert table["constant step"] < 0, f"the loss falls, so its power of k is negative, got {table['constant step']}"
    assert -1.3 < table["constant step"] < -0.7, (
        f"constant step: a power of {table['constant step']:.3g}; fit log f on log k, over k from 2000 to 20000"
    )
    if seed is not None:
        expected = _rates(seed)
        for name in names[:2]:
            off = abs(np.log(table[name] / expected[name]))
            assert off < np.log(1.25), (
                f"{name}: {table[name]:.3g} steps are not near the {expected[name]:.3g} of seed {seed}"
            )
        off = abs(table["constant step"] - expected["constant step"])
        assert off < 0.05, f"constant step: {table['constant step']:.3g} is not near {expected['constant step']:.3g}"
    fits = not isinstance(linear, str) and set(linear) <= set(names)
    assert fits, f"linear must be names out of {names}, got {linear!r}"
    assert "constant step" not in set(linear), "the constant step falls like a power of k: on a semilog plot, no line"
    assert set(linear) == {"Fisher", "zero"}, (
        "a straight line on a semilog plot is a linear rate: two of the three have one"
    )
    assert cause in CAUSES, f"cause must be one of {list(CAUSES)}, got {cause!r}"
    assert cause != "Fisher", f"{CAUSES[cause]}? H = 0 has the same slope without any"
    assert cause == "steps", f"{CAUSES[cause]}? Try another seed"
    return "the error of the matrix is at most R²f, so γ lets steps grow as the loss falls, and H = 0 profits as well."
