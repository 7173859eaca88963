"""The checks name mistakes beyond those that the assignment's own tests hold, and know right figures."""

from functools import partial

import numpy as np
import pytest
import sympy as sp

from optilab.papers.discretisation_drift import exercises
from optilab.papers.discretisation_drift.algorithm.coefficients import log_rot

loss = sp.Function("E")(sp.Symbol("x", real=True))
E1, E2, E3 = (loss.diff(*loss.args * order) for order in (1, 2, 3))
F1, F2 = -E2 * E1 / 2, -(E2**2) * E1 / 3 - E3 * E1**2 / 12


@pytest.mark.parametrize(
    ("f1", "f2", "message"),
    [
        (2 * F1, F2, "should cancel the h² term"),
        (F1, -F2, "should cancel the h³ terms"),
        (sp.Symbol("a"), F2, "with one loss"),
    ],
)
def test_backward_error_check_names_the_mistake(f1, f2, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_backward_error(f1, f2)


def answer(log=log_rot, back=None, flat=1e-8):
    """A student's `principal_flow_field`, right by default."""

    def principal_flow_field(grad, hess, h):
        def field(theta):
            lam, V = np.linalg.eig(hess(theta)) if back is None else np.linalg.eigh(hess(theta))
            z, g = h * lam, grad(theta)
            with np.errstate(all="ignore"):
                alpha = np.where(abs(z) < flat, -1 - z / 2, log(1 - z + 0j) / z)
                return V @ (alpha * np.linalg.solve(V, g)) if back is None else back(V, alpha, g)

        return field

    return principal_flow_field


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (answer(back=lambda V, alpha, g: alpha * (V.T @ g)), "eigenvectors are not used"),
        (answer(log=lambda w: np.conj(log_rot(np.conj(w)))), "−iπ"),
        (answer(back=lambda V, alpha, g: V @ (alpha * (V.conj().T @ g))), "eigh takes the Hessian for Hermitian"),
        (answer(log=lambda w: w - 1), "expected"),
        (answer(flat=0), "λ → 0"),
    ],
)
def test_field_check_names_the_mistake(student, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_principal_flow_field(student)


@pytest.mark.full
def test_largest_rates_of_five_seeds_are_the_known_ones():
    largest = [exercises.RATES[exercises.finite_rates(seed).argmin() - 1] for seed in range(5)]
    np.testing.assert_allclose(largest, [0.60, 0.75, 0.60, 0.50, 0.40])


def test_largest_rate_check_tells_a_rate_that_is_too_small():
    with pytest.raises(AssertionError, match="not the largest"):
        exercises.check_largest_rate(0.3, seed=0)


@pytest.mark.parametrize(
    ("plateau", "unstable", "message"),
    [
        (1.0, lambda lam0, v, p: 2 / lam0**p > 2 / lam0, "give the sharpness"),
        (5.0, lambda lam0, v, p: 2 / lam0**p > 2 / lam0, "levels off near"),
        (6.7, lambda lam0, v, p: p < 1, "at λ₀ < 1"),
        (6.7, lambda lam0, v, p: lam0 > 1, "at p = 1"),
        (6.7, lambda lam0, v, p: False, "says the opposite"),
    ],
)
def test_interpretation_check_names_the_mistake(plateau, unstable, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_interpretation(plateau, unstable)


def modified(f, g, jac, a, b, mode, *, other=None, clock=None, transpose=False):
    f_phi, f_theta, g_phi, g_theta = jac
    if transpose:
        f_phi, f_theta, g_phi, g_theta = f_phi.T, g_phi.T, f_theta.T, g_theta.T
    factor = (1 - 2 * a / b if other is None else other(a, b)) if mode == "alt" else 1
    a_cross, b_cross = (a, b) if clock is None else clock(a, b)
    return (
        f - a / 2 * f_phi @ f - a_cross / 2 * f_theta @ g,
        g - b_cross / 2 * factor * g_phi @ f - b / 2 * g_theta @ g,
    )


def test_the_check_of_modified_game_accepts_the_formula():
    exercises.check_modified_game(modified)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (partial(modified, other=lambda a, b: 1.0), "sees the first player"),
        (partial(modified, other=lambda a, b: 1 - 2 * b / a), "2a/b"),
        (partial(modified, clock=lambda a, b: (b, a)), "own rate"),
        (partial(modified, transpose=True), "slope"),
        (lambda f, g, jac, a, b, mode: (f, g), "slope"),
        (lambda f, g, jac, a, b, mode: f, "pair"),
    ],
)
def test_the_check_of_modified_game_rejects_what_is_wrong_and_says_why(answer, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_modified_game(answer)
