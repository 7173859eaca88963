"""The checks beyond the answers to the assignment: other forms that are right, other mistakes that are named."""

import numpy as np
import pytest
import sympy as sp

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
    for answer in (np.ones(3), None, "0.5", 0.5 + 0j):
        assert "one real number" in attempt(check, lambda lam, d, tau, answer=answer: answer).sentence
    assert "expected" in attempt(check, lambda lam, d, tau: 0.1).sentence


def implicit(v, v_free, m, mu, gamma, kappa):
    c, V2 = mu * gamma, v @ v
    S = np.sqrt(kappa**2 + 4 * c**2 * V2)
    by_v = -2 * c**2 / (kappa + S) * np.eye(2) + 8 * c**4 / (S * (kappa + S) ** 2) * np.outer(v, v)
    by_c = -2 * c / S * v
    return np.linalg.solve(m * np.eye(2) - by_v, by_c * gamma)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_implicit_gradients(seed):
    def check(answer):
        exercises.check_friction_gradient(answer, seed)

    assert attempt(check, implicit).right
    slips = {
        "sign": lambda *given: -implicit(*given),
        "factor γ": lambda *given: implicit(*given) / given[4],
        "hard friction": lambda v, free, m, mu, gamma, kappa: -gamma / m * v / np.linalg.norm(v),
        "held fixed": lambda v, free, m, mu, gamma, kappa: (
            -2 * mu * gamma**2 * v / np.sqrt(kappa**2 + 4 * (mu * gamma) ** 2 * (v @ v)) / m
        ),
        "array (2,)": lambda *given: 0.0,
        "expected": lambda *given: np.zeros(2),
    }
    for complaint, slip in slips.items():
        assert complaint in attempt(check, slip).sentence


def test_thresholds_of_stiction():
    right = np.array([-3, -2.5, -2, -1.75])
    assert exercises.measured_thresholds((0.2, 0.3, 0.4, 0.5)) == tuple(right)
    assert attempt(exercises.check_thresholds, right, 3.2).right
    wrong = {
        "smallest that works is not": (right + 0.5, 3.2),
        "rougher": (right, -3.2),
        "slope is near": (right, 7.0),
        "one threshold for each": (right[:2], 3.2),
        "at μ = 0.2 the smallest": (np.full(4, np.nan), 3.2),
        "at μ = 0.4 the smallest": (np.where(np.arange(4) == 2, np.nan, right), 3.2),
        "power as one number": (right, np.nan),
    }
    for complaint, answer in wrong.items():
        assert complaint in attempt(exercises.check_thresholds, *answer).sentence


def test_the_scaling_in_symbols():
    x = m * (mu * g * h) ** 2 / kappa
    for damping, force, complaint in (
        (1 / (1 + mu), mu * m * g, "depends on κ"),
        (1 / (1 + m * x), mu * m * g, "β₁ = μγ"),
        (1 / (1 + x), m * g, "breaks loose"),
    ):
        assert complaint in attempt(exercises.check_scaling, damping, force).sentence
