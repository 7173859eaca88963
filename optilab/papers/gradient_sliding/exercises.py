"""Checks for the assignment on gradient sliding: each says what is wrong, not only that something is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.gradient_sliding.algorithm import prox_sliding, restart_free_gamma, rf_sgs
from optilab.papers.gradient_sliding.experiment import constants, fit, slide
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression
from optilab.problems.projection import simplex

t, beta, mu = sp.symbols("t beta mu", positive=True)


def check_inner_weight(answer: Any) -> str:
    """The p_t, linear in t, with which weights t + 1 telescope for a step of modulus β(1 + p_t) + μ.

    Parameters
    ----------
    answer : SymPy expression
        In symbols called t, beta and mu.

    Raises
    ------
    AssertionError
        If it isn't; the message says why.
    """
    p = weight_of(answer)
    assert not agrees(p, t / 2), "t/2 is right for μ = 0 only: the modulus of a step is β(1 + p_t) + μ, keep the μ"
    lost = "(t + μ/β)/2 doesn't grow fast enough: the factor 1 + μ/β belongs to all of t"
    assert not agrees(p, (t + mu / beta) / 2), lost
    telescopes(p, t + 1)
    return (
        "what step t hands on is what step t + 1 asks for, which is why only the first and the last distance are left"
    )


def check_steeper_weight(answer: Any) -> str:
    """The p_t, linear in t, with which weights (t + 1)(t + 2) telescope for a step of modulus β(1 + p_t) + μ.

    Parameters
    ----------
    answer : SymPy expression
        In symbols called t, beta and mu.

    Raises
    ------
    AssertionError
        If it isn't; the message says why.
    """
    p = weight_of(answer)
    copied = "(1 + μ/β) t/2 belongs to weights t + 1: here they are (t + 1)(t + 2)"
    assert not agrees(p, (1 + mu / beta) * t / 2), copied
    assert not agrees(p, t / 3), "t/3 is right for μ = 0 only: the modulus of a step is β(1 + p_t) + μ, keep the μ"
    lost = "(t + μ/β)/3 doesn't grow fast enough: the factor 1 + μ/β belongs to all of t"
    assert not agrees(p, (t + mu / beta) / 3), lost
    telescopes(p, (t + 1) * (t + 2))
    return "steeper weights forget the first steps faster and hold on to the last point less: t/3 in place of t/2"


def weight_of(answer: Any) -> sp.Expr:
    """The answer in this module's symbols."""
    p = formula(answer, "p_t", t, beta, mu)
    strange = sorted(symbol.name for symbol in p.free_symbols - {t, beta, mu})
    assert not strange, f"p_t may depend on t, beta and mu alone, not on {', '.join(strange)}"
    return p


def telescopes(p: sp.Expr, weight: sp.Expr) -> None:
    """Assert that weights fit together with p_t, a multiple of t."""
    left = weight * (beta * (1 + p) + mu) - weight.subs(t, t + 1) * beta * p.subs(t, t + 1)
    assert agrees(left, 0), f"step t hands on more or less than step t + 1 asks for: {sp.factor(left)} is left over"
    assert agrees(sp.diff(p, t, 2), 0), "p_t telescopes, but it isn't linear in t"
    assert agrees(p, t * sp.diff(p, t)), "p_t telescopes, but it isn't a multiple of t"


@dataclass(frozen=True)
class Slope:
    """A smooth h with a slope that differs from point to point, and one of three simple parts."""

    A: np.ndarray
    c: np.ndarray
    mu: float
    kind: str

    def subgrad(self, u: np.ndarray) -> np.ndarray:
        """Aᵀ tanh(Au − c)/m."""
        return self.A.T @ np.tanh(self.A @ u - self.c) / len(self.c)

    def prox(self, v: np.ndarray, step: float) -> np.ndarray:
        """Of (μ/2)‖u‖²; with 0.1‖u‖₁ besides; over the simplex."""
        shrunk = v / (1 + step * self.mu)
        if self.kind == "sparse":
            return np.sign(shrunk) * np.maximum(abs(shrunk) - 0.1 * step / (1 + step * self.mu), 0)
        return simplex(shrunk) if self.kind == "simplex" else shrunk


def slide_with_mistake(
    problem: Any, g: np.ndarray, x: np.ndarray, beta: float, mu: float, T: int, mistake: str
) -> tuple[np.ndarray, np.ndarray]:
    """`prox_sliding` with one of the mistakes that are easy to make."""
    u = ut = x
    for t in range(1, T + 1):
        s = problem.subgrad({"average": ut, "frozen": x}.get(mistake, u))
        p = t / 2 if mistake == "mu lost" else (1 + mu / beta) * t / 2
        centre = u if mistake == "centre" else x
        a = beta * (1 + p)
        u = problem.prox((beta * centre + beta * p * u - g - s) / a, 1 / a)
        theta = 2 / (t + 1) if mistake == "theta" else 2 * (t + 1) / (t * (t + 3))
        ut = (1 - theta) * ut + theta * u
    return (ut, u) if mistake == "swapped" else (u, ut)


MISTAKES = {
    "average": "the subgradient is taken at the average ũ: take it at the last point u",
    "frozen": "the subgradient is frozen at x: take a new one at every u; only the gradient g of f is frozen",
    "swapped": "the two results are swapped: first the last point u_T, then the average ũ_T",
    "centre": "the term β V(x, ·) stays centred at x during the whole loop, not at u",
    "mu lost": "p_t = t/2 forgets the strong convexity: p_t = (1 + μ/β) t/2",
    "theta": "θ_t = 2/(t + 1) belongs to weights t; for weights t + 1 it is 2(t + 1)/(t(t + 3))",
}


def check_prox_sliding(slide: Callable[..., tuple[np.ndarray, np.ndarray]], seed: int = 7) -> str:
    """`slide(problem, g, x, beta, mu, T) → (u_T, ũ_T)` must be one inner loop of the restart-free method.

    `problem.subgrad(u)` and `problem.prox(v, step)` are all it needs of the problem; data are drawn by `seed`.
    Recognises the `MISTAKES`.

    Raises
    ------
    AssertionError
        If it isn't; the message names the mistake where it is a known one.
    """
    T, beta, mu = 5, 0.8, 0.5
    for problem, g, x in loops(mu, seed):
        inner = run(prox_sliding(problem, g, x, beta=beta, B=beta + mu, T=T), T)
        wrong = {m: slide_with_mistake(problem, g, x, beta, mu, T, m) for m in MISTAKES}
        compared(lambda: slide(problem, g.copy(), x.copy(), beta, mu, T), (inner.u[-1], inner.ut[-1]), wrong, MISTAKES)  # noqa: B023
    return "one gradient of f has served five subgradients, which is what sliding is"


STEEP = {name: MISTAKES[name] for name in ("average", "frozen", "swapped", "centre")} | {
    "theta": "θ_t = 2(t + 1)/(t(t + 3)) belongs to weights t + 1; here step t counts (t + 1)(t + 2) times"
}


def steep_slide(
    problem: Any, g: np.ndarray, x: np.ndarray, beta: float, T: int, p: Callable[[int], float], mistake: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """An inner loop whose average has weights (t + 1)(t + 2), with one of the mistakes that are easy to make."""
    u = ut = x
    total = 0
    for t in range(1, T + 1):
        s = problem.subgrad({"average": ut, "frozen": x}.get(mistake, u))
        a = beta * (1 + p(t))
        u = problem.prox((beta * (u if mistake == "centre" else x) + beta * p(t) * u - g - s) / a, 1 / a)
        weight = t + 1 if mistake == "theta" else (t + 1) * (t + 2)
        total += weight
        ut = ut + (u - ut) * (weight / total)
    return (ut, u) if mistake == "swapped" else (u, ut)


def check_steep_slide(slide: Callable[..., tuple[np.ndarray, np.ndarray]], seed: int = 7) -> str:
    """`slide(problem, g, x, beta, T, p) → (u_T, ũ_T)` must be an inner loop with weights (t + 1)(t + 2).

    `problem.subgrad(u)` and `problem.prox(v, step)` are all it needs of the problem; data are drawn by `seed`, and so
    is the function p of t. Recognises the mistakes in `STEEP`.

    Raises
    ------
    AssertionError
        If it isn't; the message names the mistake where it is a known one.
    """
    T, beta = 5, 0.8
    slope = np.random.default_rng(seed).uniform(0.3, 0.9)

    def p(t: int) -> float:
        return slope * t

    for problem, g, x in loops(0.5, seed):
        right = steep_slide(problem, g, x, beta, T, p)
        wrong = {mistake: steep_slide(problem, g, x, beta, T, p, mistake) for mistake in STEEP}
        compared(lambda: slide(problem, g.copy(), x.copy(), beta, T, p), right, wrong, STEEP)  # noqa: B023
    return (
        "the last point and the average go different ways: the proof needs the distance of one and the gap of the other"
    )


def loops(mu: float, seed: int) -> Iterator[tuple[Slope, np.ndarray, np.ndarray]]:
    """Problems with each of the simple parts, a frozen gradient and a start."""
    rng = np.random.default_rng(seed)
    for kind in ("plain", "sparse", "simplex"):
        problem = Slope(rng.normal(size=(9, 4)), rng.normal(size=9), mu, kind)
        yield problem, rng.normal(size=4), simplex(rng.normal(size=4))


def compared(
    asked: Callable[[], Any],
    right: tuple[np.ndarray, ...],
    wrong: Mapping[str, tuple[np.ndarray, ...]],
    messages: Mapping[str, str],
) -> None:
    """Assert that an answer is the right pair of points; say which of the mistakes it has made."""
    try:
        answer = tuple(array(part, "each of the two") for part in asked())
    except (TypeError, ValueError) as error:
        raise AssertionError(f"return the two arrays (u_T, ũ_T); instead: {error}") from error
    shapes = [part.shape for part in answer]
    assert shapes == [(4,), (4,)], f"return the two arrays (u_T, ũ_T) of x's shape (4,), not {shapes}"
    if not agree(answer, right):
        for mistake, other in wrong.items():
            assert not agree(answer, other), messages[mistake]
        raise AssertionError(f"expected u_T = {right[0]} and ũ_T = {right[1]}, got {answer[0]} and {answer[1]}")


def agree(answer: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> bool:
    """Whether two pairs of points are the same up to 10⁻⁸."""
    return all(np.allclose(one, two, rtol=0, atol=1e-8) for one, two in zip(answer, other, strict=True))


LAWS = "gradients count digits, subgradients count size, which is why a gradient may be expensive"


def check_rates(rates: np.ndarray, r2: np.ndarray, powers: np.ndarray, first: int | None = None) -> str:
    """The two laws on robust regression with full subgradients, five seeds, N = 170, fitted over steps 85 to 170.

    Recognises a gap fitted upside down, logarithms to base 10 and the transient.

    Parameters
    ----------
    rates, r2 : arrays (5,)
        Slope of ln(1/gap) against the step, and R² of the line.
    powers : array (5,)
        Slope of ln(subgradients) against ln(1/gap).
    first : int, optional
        The first seed: the figures must then be those that are measured here, in whatever range: the slopes up to
        2 %, R² up to 10⁻⁴, since all of them are near 1.

    Raises
    ------
    AssertionError
        If a figure is out of its range; the message says what it looks like.
    """
    rates, r2, powers = (array(figure, "the figures") for figure in (rates, r2, powers))
    shapes = [figure.shape for figure in (rates, r2, powers)]
    assert shapes == [(5,)] * 3, f"one figure for each of the five seeds, not shapes {shapes}"
    if first is not None:
        named = ("first slopes", "R²", "second slopes")
        found, off = (rates, r2, powers), ((0.02, 0.0), (0.0, 1e-4), (0.02, 0.0))
        for name, given, measured, (rtol, atol) in zip(named, found, measured_laws(first), off, strict=True):
            assert np.allclose(given, measured, rtol=rtol, atol=atol), (
                f"{name}: plausible, but not what seeds {first} to {first + 4} give: {np.round(given, 4)}"
            )
        return LAWS
    share = rates / (restart_free_gamma(20.0, 0.2) / 2)
    assert (share > 0).all(), "the gap falls: fit ln(1/gap), whose slope is positive"
    ten = "that looks like log₁₀; with the natural logarithm the slope is 2.3 times as large"
    assert not (share < 0.55).all() or not (share * np.log(10) > 0.7).all(), ten
    assert ((share >= 0.7) & (share <= 1.15)).all(), f"rate/(γ/2) should lie in [0.7, 1.15], got {np.round(share, 2)}"
    assert (r2 > 0.98).all(), f"over steps 85 to 170 the line is straight, R² > 0.98; got {np.round(r2, 3)}"
    transient = "a power near 0.4 is that of the transient, while T_k is still short: fit steps 85 to 170 only"
    assert not (powers < 0.7).any(), transient
    assert ((powers >= 0.9) & (powers <= 1.4)).all(), f"the power should lie in [0.9, 1.4], got {np.round(powers, 2)}"
    return LAWS


def measured_laws(first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates, their R² and powers of five seeds from `first` on, (5,) each, as `check_rates` wants them."""
    problem = robust_regression(range(first, first + 5))
    x0 = np.zeros(problem.b.shape)
    curve = slide(problem, x0, rf_sgs(**constants(problem, x0, stochastic=False), N=170))
    k, late, cheap = np.arange(85, 171), -np.log(curve.gap[85:]), np.log(curve.cheap[85:])
    rates, r2 = np.array([fit(k, late[:, i]) for i in range(5)]).T
    return rates, r2, np.array([fit(late[:, i], cheap[:, i])[0] for i in range(5)])


def check_break_even(ratio: float, sliding: np.ndarray, subgradients: np.ndarray, plain: np.ndarray) -> str:
    """The r = cost of a gradient / cost of a subgradient at which prox-SGD and RF-SGS cost the same.

    Parameters
    ----------
    ratio : float
        The answer.
    sliding, subgradients, plain : arrays (seeds,)
        Gradients and subgradients of RF-SGS, and steps of prox-SGD, to 3·10⁻⁴ of the first gap; at least five seeds.

    Raises
    ------
    AssertionError
        If the answer doesn't follow from the medians of the counts.
    """
    ratio = number(ratio, "the ratio")
    counts = [np.asarray(count, float) for count in (sliding, subgradients, plain)]
    few = "count at least five seeds: single ones scatter from below 0 to 10, so one run decides nothing"
    assert min(count.size for count in counts) >= 5, few
    assert len({count.shape for count in counts}) == 1, "the three counts must be of the same seeds"
    n_f, n_h, n_sgd = (float(np.median(count)) for count in counts)
    right = (n_h - n_sgd) / (n_sgd - n_f)
    saved = "that is how many gradients sliding saves; it ignores that sliding needs more subgradients"
    assert not np.isclose(ratio, n_sgd / n_f, rtol=0.05), saved
    assert np.isclose(ratio, right, rtol=0.05), (
        f"set r·n_f + n_h equal to (r + 1)·n_SGD: with your medians {n_f:g}, {n_h:g}, {n_sgd:g} it isn't {ratio:.3g}"
    )
    return "below this price slide no longer, which is why a rate without its price decides nothing"
