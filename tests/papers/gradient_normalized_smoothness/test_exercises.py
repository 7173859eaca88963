"""Checks accept every right answer, name what is wrong, and stand on figures found independently."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness import derivation, exercises
from optilab.papers.gradient_normalized_smoothness.exercises import GAMMA1, GAMMA12, GAMMA23, X


def test_right_radii_are_those_of_the_definition():
    for power, right in ((4, sp.Rational(9, 8)), (6, sp.Rational(625, 1024))):
        assert "same factor" in exercises.check_radius(right * X, power, scale=1)
        slope = lambda x, n=power: x ** (n - 1)  # noqa: E731
        assert alg.radius(slope, 2.0, (power - 1) * 2.0 ** (power - 2)) == pytest.approx(2 * float(right), rel=1e-4)
        assert alg.radius(slope, 2.0, 0.0) == pytest.approx(2 / (power - 1), rel=1e-3)
    assert exercises.check_contraction(sp.Rational(26, 35), power=4)
    assert derivation.quartic_radius().result.rhs == 9 * derivation.x / 8


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (sp.Float("0.5321") * X, "the ball alone"),
        (8 * X / 9, "upside down"),
        (sp.Rational(9, 8), "where is x"),
        (X / 3, "the other H"),
        (X, "the far end of the region"),
        (sp.Symbol("t"), "alone, not in"),
        ("x", "SymPy expression"),
    ],
)
def test_wrong_radii_are_told_what_is_wrong(answer, says):
    with pytest.raises(AssertionError, match=says):
        exercises.check_radius(answer, power=4, scale=1)


def test_wrong_bounds_and_contractions_are_told_what_is_wrong():
    right = (sp.Rational(625, 1024) * X, sp.Rational(3524, 4149))
    bound = 1 / (1 / GAMMA1 + 1 / GAMMA12 + 1 / GAMMA23)
    assert exercises.check_sextic(*right, bound)
    with pytest.raises(AssertionError, match="the errors over h add"):
        exercises.check_sextic(*right, GAMMA1 * GAMMA12 * GAMMA23)
    with pytest.raises(AssertionError, match="is 26/35"):
        exercises.check_contraction(sp.Rational(1, 2), power=4)


def test_figures_of_an_inexact_matrix():
    assert "most of γ₁ is gone" in exercises.check_inexact(7.527, 1.105, sp.Float("1.105"), 0.963)
    for figures, says in (
        ((7.527, 1.105, 1.105, 4.316), "errors add, radii don't"),
        ((7.527, 1.105, 1.105, 1.105), "the smaller one happens to be"),
        ((7.527, 1.105, 1.105, 0.5), "is 0.9634, got 0.5"),
        ((3.0, 1.105, 1.105, 0.963), "γ₁, with f″ is 7.527"),
        ((7.527, 1.105, 2.0, 0.963), "γ₂, with f′² is 1.105"),
    ):
        with pytest.raises(AssertionError, match=says):
            exercises.check_inexact(*figures)
    quartic = alg.radius(lambda x: x**3, 1.0, 4.5)
    assert quartic == pytest.approx(0.472, abs=1e-3)  # what the message says
    assert pytest.approx(0.667, abs=1e-3) == 1 / (4.5 - 3)
    assert alg.inexact_radius(9 / 8, 1 / 1.5) == pytest.approx(0.419, abs=1e-3)


def step(g, H, B, gamma):
    return -np.linalg.solve(H + np.sqrt(g @ np.linalg.solve(B, g)) / gamma * B, g)


@pytest.mark.parametrize("seed", range(3))
def test_steps(seed):
    assert "below γ" in exercises.check_step(step, seed)
    with pytest.raises(AssertionError, match="the shape of g"):
        exercises.check_step(lambda g, H, B, gamma: 0.0, seed)
    for wrong, says in (
        (lambda g, H, B, gamma: -step(g, H, B, gamma), "downhill"),
        (lambda g, H, B, gamma: step(g, H, np.eye(4), gamma), "g is"),
    ):
        with pytest.raises(AssertionError, match=says):
            exercises.check_step(wrong, seed)


@pytest.mark.parametrize("seed", [0, 4, 5, 7])  # those of the assignment
def test_the_reference_is_the_search_and_every_mistake_shows(seed):
    assert "not one value" in exercises.check_search(exercises._search, seed)
    for mistake, message in exercises.MISTAKES.items():
        with np.errstate(all="ignore"), pytest.raises(AssertionError) as said:
            exercises.check_search(lambda *given, mistake=mistake: exercises._search(*given, mistake), seed)
        assert str(said.value) == message


def test_figures_on_separable_points_are_those_found_elsewhere():
    found = exercises._rates(0)
    assert found["Fisher"] == pytest.approx(80.8, rel=0.01)
    assert found["zero"] == pytest.approx(80.8, rel=0.01)
    assert found["constant step"] == pytest.approx(-0.95, abs=0.01)
