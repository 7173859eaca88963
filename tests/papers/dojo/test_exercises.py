"""The checks beyond the answers to the assignment: other forms that are right, other mistakes that are named."""

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq

from optilab.papers.dojo import algorithm as dojo
from optilab.papers.dojo import exercises
from optilab.ui.attempt import attempt

beta1, kappa, v = sp.symbols("beta1 kappa v", real=True)
mu, m, g, h = sp.symbols("mu m g h")
ROOT = sp.sqrt(kappa**2 + 4 * beta1**2 * v**2)
ETA = (kappa + ROOT) / (2 * beta1)


@pytest.mark.parametrize(
    ("eta1", "law", "said"),
    [
        (sp.expand(ETA), -2 * beta1**2 * v / (kappa + ROOT), ""),
        (ETA, -beta1 * v / ((kappa - ROOT) / (2 * beta1)), "other root"),
        (ETA, -beta1 * v / sp.Abs(v), "keep κ"),
        (ETA, -2 * beta1 * v / (kappa + sp.sqrt(kappa**2 + 4 * v**2)), "mixed up"),
        (ETA, -beta1 * v, "isn't"),
        (beta1, -beta1 * v / ETA, "doesn't solve"),
        (mu, -beta1 * v / ETA, "may depend on"),
        ("kappa", -beta1 * v / ETA, "text"),
    ],
)
def test_laws(eta1, law, said):
    answer = attempt(exercises.check_friction_law, eta1, law)
    assert answer.right == (not said)
    assert said in answer.sentence


def test_step_lengths():
    check = exercises.check_soc_step_length
    assert attempt(check, exercises.boundary_step).right
    assert attempt(check, lambda lam, d, tau: float(dojo.soc_step_length(lam, d, tau))).right
    for mistake, complaint in exercises.MISTAKES.items():
        wrong = attempt(check, lambda lam, d, tau, mistake=mistake: exercises.step_with_mistake(lam, d, tau, mistake))
        assert wrong.sentence == complaint

    def never_inside(lam, d, tau):
        length = exercises.boundary_step(lam, d, tau)
        return length if length < 1 else np.inf

    assert "a full step stays inside" in attempt(check, never_inside).sentence
    for answer in (np.ones(3), None, "0.5", 0.5 + 0.1j):
        assert "one real number" in attempt(check, lambda lam, d, tau, answer=answer: answer).sentence
    assert "expected" in attempt(check, lambda lam, d, tau: 0.1).sentence


@pytest.mark.parametrize("seed", [None, 0, 1])
@pytest.mark.parametrize(("answer", "said"), [(0.0, "array (2,)"), (np.zeros(2), "expected")])
def test_gradients_that_are_none(answer, said, seed):
    assert said in attempt(exercises.check_friction_gradient, lambda *given: answer, seed).sentence


def test_thresholds_of_stiction():
    far = (0.5, 0.8, 1.2, 1.6)
    right = np.array(exercises.measured_thresholds(far, 0.4))
    power = np.polyfit(np.log10(far), right, 1)[0]
    assert power == pytest.approx(-1.167, abs=1e-3)
    assert attempt(exercises.check_thresholds, right, power).right
    wrong = {
        "smallest that works is not": (right + 0.25, power),
        "has the slope -1.17, not -1.20": (right, -1.2),
        "one threshold for each": (right[:2], power),
        "a goal 0.5 m away the smallest": (np.full(4, np.nan), power),
        "a goal 1.2 m away the smallest": (np.where(np.arange(4) == 2, np.nan, right), power),
        "power as one number": (right, np.nan),
    }
    for complaint, answer in wrong.items():
        assert complaint in attempt(exercises.check_thresholds, *answer).sentence


def test_the_softness_in_symbols():
    x, thin = m * (mu * g * h) ** 2 / kappa, sp.Rational(2, 9)
    assert attempt(exercises.check_softness, 1 / (1 + thin * x), thin).right
    for damping, factor, complaint in (
        (1 / (1 + mu), thin, "depends on κ"),
        (1 / (1 + m * thin * x), thin, "β₁ = μγ"),
        (1 / (1 + thin * x), sp.Integer(1), "set both dampings equal"),
        (1 / (1 + thin * x), 2 * mu, "may depend on"),
    ):
        assert complaint in attempt(exercises.check_softness, damping, factor).sentence


def test_the_pyramids_slope_is_that_of_its_equations():
    """At rest, by the equations of three pairs solved for ψ at small speeds."""
    size, soft = 0.5, 0.01

    def b(v):
        rest = brentq(lambda p: p * (size - soft / (p + v) - soft / (p - v)) - soft, abs(v) + 1e-9, 1e3)
        return soft / (rest + v) - soft / (rest - v)

    assert (b(1e-5) - b(-1e-5)) / 2e-5 == pytest.approx(-2 * size**2 / (9 * soft), rel=1e-5)


def test_a_right_answer_says_what_it_is_good_for():
    assert "honey" in str(attempt(exercises.check_friction_law, ETA, -beta1 * v / ETA))
    assert str(attempt(exercises.check_cone_interval, exercises.boundaries)).startswith("Right: ")
    assert "two real numbers" in attempt(exercises.check_cone_interval, lambda lam, d, mu: 1.0).sentence
    backwards = attempt(exercises.check_cone_interval, lambda *given: exercises.boundaries(*given)[::-1])
    assert "lower end comes first" in backwards.sentence
