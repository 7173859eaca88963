"""What the checks say of answers that the assignment's own tests don't try."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.gradient_sliding import algorithm as gs
from optilab.papers.gradient_sliding import exercises


def test_the_weight_check_takes_any_symbols_of_these_names_and_no_other():
    t, beta, mu = sp.symbols("t beta mu")
    exercises.check_inner_weight(t * (beta + mu) / (2 * beta))
    exercises.check_inner_weight(exercises.t * (1 + exercises.mu / exercises.beta) / 2)
    for answer, says in {"t/2": "SymPy expression", sp.Symbol("q") * t: "not on q"}.items():
        with pytest.raises(AssertionError, match=says):
            exercises.check_inner_weight(answer)


def test_the_lesson_s_slips_are_named():
    t, beta, mu = sp.symbols("t beta mu", positive=True)
    slips = {"keep the μ": t / 2, "belongs to all of t": (t + mu / beta) / 2, "left over": (1 + mu / beta) * t}
    for says, answer in slips.items():
        with pytest.raises(AssertionError, match=says):
            exercises.check_inner_weight(answer)
    for mistake, says in exercises.MISTAKES.items():
        with pytest.raises(AssertionError) as caught:
            exercises.check_prox_sliding(lambda *given, m=mistake: exercises.slide_with_mistake(*given, m))
        assert str(caught.value) == says


def test_a_right_answer_hears_why_it_matters():
    t, beta, mu = sp.symbols("t beta mu", positive=True)
    assert "which is why" in exercises.check_inner_weight((1 + mu / beta) * t / 2)
    assert "steeper" in exercises.check_steeper_weight((1 + mu / beta) * t / 3)
    assert "sliding" in exercises.check_prox_sliding(lambda *given: exercises.slide_with_mistake(*given, "none"))
    assert "the proof" in exercises.check_steep_slide(exercises.steep_slide)


def test_the_sliding_check_says_what_it_expects():
    wrong = {
        "expected u_T": lambda problem, g, x, *rest: (x, x),
        r"of x's shape \(4,\)": lambda problem, g, x, *rest: (x[:2], x),
        "return the two arrays": lambda *given: None,
    }
    for says, answer in wrong.items():
        with pytest.raises(AssertionError, match=says):
            exercises.check_prox_sliding(answer)


def test_every_mistake_differs_by_more_than_rounding():
    rng = np.random.default_rng(3)
    for kind in ("plain", "sparse"):
        problem = exercises.Slope(rng.normal(size=(9, 4)), rng.normal(size=9), 0.5, kind)
        g, x = rng.normal(size=(2, 4))
        right = np.concatenate(exercises.slide_with_mistake(problem, g, x, 0.8, 0.5, 5, "none"))
        for mistake in exercises.MISTAKES:
            other = np.concatenate(exercises.slide_with_mistake(problem, g, x, 0.8, 0.5, 5, mistake))
            assert abs(other - right).max() > 1e-4


def test_the_rate_check_asks_for_straight_lines_of_five_seeds():
    rates, r2, powers = (np.full(5, figure) for figure in (0.45 * gs.restart_free_gamma(20.0, 0.2), 0.99, 1.1))
    exercises.check_rates(rates, r2, powers)
    with pytest.raises(AssertionError, match=r"R² > 0\.98"):
        exercises.check_rates(rates, 0.5 * r2, powers)
    with pytest.raises(AssertionError, match="one figure for each"):
        exercises.check_rates(rates[:1], r2[:1], powers[:1])


def test_the_break_even_check_recomputes_from_the_student_s_counts():
    counts = np.array([[71, 80, 90.5, 100, 105], [2000, 2500, 2886, 3000, 3100], [800, 1000, 1900, 2000, 4420]])
    exercises.check_break_even(0.545, *counts)
    for answer, count, says in ((0.8, counts, "set r"), (0.545, counts[:, :3], "at least five seeds")):
        with pytest.raises(AssertionError, match=says):
            exercises.check_break_even(answer, *count)
