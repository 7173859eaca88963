import numpy as np
import pytest
import sympy as sp

from optilab.papers.gradient_sliding import algorithm as gs
from optilab.papers.gradient_sliding import exercises, experiment
from optilab.papers.gradient_sliding.experiment import constants, slide
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression


def test_the_weight_check_accepts_every_form_and_says_what_is_wrong():
    t, beta, mu = sp.symbols("t beta mu")
    for right in (
        (1 + mu / beta) * t / 2,
        t * (beta + mu) / (2 * beta),
        exercises.t * (1 + exercises.mu / exercises.beta) / 2,
    ):
        exercises.check_inner_weight(right)
    with pytest.raises(AssertionError, match="SymPy expression"):
        exercises.check_inner_weight("t/2")
    wrong = {
        t / 2: "keep the μ",
        (t + mu / beta) / 2: "belongs to all of t",
        (1 + mu / beta) * t: "is left over",
        sp.Symbol("q") * t: "not on q",
    }
    for answer, says in wrong.items():
        with pytest.raises(AssertionError, match=says):
            exercises.check_inner_weight(answer)


def test_the_sliding_check_accepts_the_loop_and_names_every_mistake():
    def solution(problem, g, x, beta, mu, T):
        u, total, weights = x, 0 * x, 0
        for t in range(1, T + 1):
            a = beta + (beta + mu) * t / 2
            s = problem.subgrad(u)
            u = problem.prox((beta * x + (beta + mu) * t / 2 * u - g - s) / a, 1 / a)
            total, weights = total + (t + 1) * u, weights + t + 1
        return u, total / weights

    exercises.check_prox_sliding(solution)
    for mistake, says in exercises.MISTAKES.items():
        with pytest.raises(AssertionError, match=says[:30].replace("(", r"\(").replace(")", r"\)").replace("+", r"\+")):
            exercises.check_prox_sliding(lambda *given, mistake=mistake: exercises.slide_with_mistake(*given, mistake))
    with pytest.raises(AssertionError, match="expected u_T"):
        exercises.check_prox_sliding(lambda problem, g, x, *rest: (x, x))
    with pytest.raises(AssertionError, match="return the two arrays"):
        exercises.check_prox_sliding(lambda problem, g, x, *rest: x[:2])
    with pytest.raises(AssertionError, match="return the two arrays"):
        exercises.check_prox_sliding(lambda *given: None)


def test_every_mistake_differs_by_more_than_rounding():
    rng = np.random.default_rng(3)
    for kind in ("plain", "sparse"):
        problem = exercises.Slope(rng.normal(size=(9, 4)), rng.normal(size=9), 0.5, kind)
        g, x = rng.normal(size=(2, 4))
        right = np.concatenate(exercises.slide_with_mistake(problem, g, x, 0.8, 0.5, 5, "none"))
        for mistake in exercises.MISTAKES:
            other = np.concatenate(exercises.slide_with_mistake(problem, g, x, 0.8, 0.5, 5, mistake))
            assert abs(other - right).max() > 1e-4


def test_the_rate_check_accepts_the_measured_laws_and_rejects_the_transient():
    problem = robust_regression(range(5))
    x0 = np.zeros((5, 20))
    plan = gs.rf_sgs(**constants(problem, x0, stochastic=False), N=170)
    curve = slide(problem, x0, plan)
    tail = slice(85, None)

    def fits(where):
        lines = [experiment.fit(np.arange(171)[where], -np.log(curve.gap[where, i])) for i in range(5)]
        powers = [experiment.fit(-np.log(curve.gap[where, i]), np.log(curve.cheap[where, i]))[0] for i in range(5)]
        return *map(np.array, zip(*lines, strict=True)), np.array(powers)

    rates, r2, powers = fits(tail)
    exercises.check_rates(rates, r2, powers)
    early = fits(slice(5, 60))[2]
    with pytest.raises(AssertionError, match="transient"):
        exercises.check_rates(rates, r2, early)
    with pytest.raises(AssertionError, match="log₁₀"):
        exercises.check_rates(rates / np.log(10), r2, powers)
    with pytest.raises(AssertionError, match="the gap falls"):
        exercises.check_rates(-rates, r2, powers)
    with pytest.raises(AssertionError, match=r"R² > 0\.98"):
        exercises.check_rates(rates, 0.5 * r2, powers)
    with pytest.raises(AssertionError, match="one figure for each"):
        exercises.check_rates(rates[:1], r2[:1], powers[:1])


def test_the_break_even_check_recomputes_from_the_student_s_counts():
    counts = [np.array([71, 80, 90.5, 100, 105]), np.array([2000, 2500, 2886, 3000, 3100]),
              np.array([800, 1000, 1900, 2000, 4420])]  # fmt: skip
    exercises.check_break_even(0.545, *counts)
    with pytest.raises(AssertionError, match="how many gradients sliding saves"):
        exercises.check_break_even(21.0, *counts)
    with pytest.raises(AssertionError, match="set r"):
        exercises.check_break_even(0.8, *counts)
    with pytest.raises(AssertionError, match="at least five seeds"):
        exercises.check_break_even(0.545, *(count[:3] for count in counts))
