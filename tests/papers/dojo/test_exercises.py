"""The answers' checks: what they accept, and what they say of mistakes."""

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
    "answer",
    [
        (ETA, -2 * beta1**2 * v / (kappa + ROOT)),
        (sp.expand(ETA), (kappa - ROOT) / (2 * v)),
        (kappa / beta1 / 2 + sp.sqrt((kappa / beta1) ** 2 / 4 + v**2), -beta1 * v / ETA),
    ],
)
def test_right_laws_are_accepted(answer):
    assert attempt(exercises.check_friction_law, *answer).right


@pytest.mark.parametrize(
    ("eta1", "law", "complaint"),
    [
        ((kappa - ROOT) / (2 * beta1), -beta1 * v / ETA, "other root"),
        (ETA, -beta1 * v / ((kappa - ROOT) / (2 * beta1)), "other root"),
        (ETA, -beta1 * v / sp.Abs(v), "keep κ"),
        (ETA, -beta1 * sp.sign(v), "keep κ"),
        (ETA, beta1 * v / ETA, "sign"),
        ((kappa + sp.sqrt(kappa**2 + 4 * v**2)) / 2, -beta1 * v / ETA, "mixed up"),
        (ETA, -2 * beta1 * v / (kappa + sp.sqrt(kappa**2 + 4 * v**2)), "mixed up"),
        (ETA, -beta1 * v, "isn't"),
        (beta1, -beta1 * v / ETA, "doesn't solve"),
        (mu, -beta1 * v / ETA, "may depend on"),
        ("kappa", -beta1 * v / ETA, "text"),
    ],
)
def test_wrong_laws_are_told_why(eta1, law, complaint):
    assert complaint in attempt(exercises.check_friction_law, eta1, law).sentence


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
        "not κ_g itself": (10.0**right + 1, 3.2),
        "natural": (right * np.log(10), 3.2),
        "slides already": (np.full(4, -4.0), 0.0),
        "smallest that works is not": (right + 0.5, 3.2),
        "power near 0": (right, 0.1),
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
    check = exercises.check_scaling
    assert attempt(check, kappa / (kappa + m * (mu * g * h) ** 2), mu * m * g).right
    for damping, force, complaint in (
        (sp.Integer(0), mu * m * g, "a little comes through"),
        (1 / (1 + mu), mu * m * g, "depends on κ"),
        (1 + x, mu * m * g, "inverse"),
        (1 / x, mu * m * g, "don't forget the 1"),
        (1 / (1 + m * x), mu * m * g, "β₁ = μγ"),
        (1 / (1 + x), mu * m * g * h, "impulse"),
        (1 / (1 + x), m * g, "breaks loose"),
    ):
        assert complaint in attempt(check, damping, force).sentence
