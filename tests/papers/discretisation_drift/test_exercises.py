"""The checks of the assignment accept every right answer and name the mistakes in wrong ones."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.discretisation_drift import exercises
from optilab.papers.discretisation_drift.algorithm.coefficients import alpha_pf, log_rot
from optilab.papers.discretisation_drift.algorithm.flows import along_modes

x = sp.Symbol("x", real=True)
loss = sp.Function("E")(x)
E1, E2, E3 = (loss.diff(x, order) for order in (1, 2, 3))
F1, F2 = -E2 * E1 / 2, -(E2**2) * E1 / 3 - E3 * E1**2 / 12


def test_backward_error_check_accepts_every_form_of_the_right_answer():
    exercises.check_backward_error(F1, F2)
    exercises.check_backward_error(-(E1**2).diff(x) / 4, sp.factor(F2))
    u = sp.Symbol("u")
    other = sp.Function("loss")(u)
    swap = [expr.subs(x, u).replace(sp.Function("E"), sp.Function("loss")) for expr in (F1, F2)]
    assert swap[0].has(other)
    exercises.check_backward_error(*swap)


@pytest.mark.parametrize(
    ("f1", "f2", "message"),
    [
        (-F1, F2, "implicit Euler"),
        (2 * F1, F2, "should cancel the h² term"),
        (F1, -(E2**2) * E1 / 3, "lacks its term"),
        (F1, -(E2**2) * E1 / 3 - E3 * E1**2 / 6, "1/6"),
        (F1, -F2, "should cancel the h³ terms"),
        (sp.Symbol("h") * F1, F2, "leave h"),
        (sp.Symbol("a"), F2, "with one loss"),
    ],
)
def test_backward_error_check_names_the_mistake(f1, f2, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_backward_error(f1, f2)


def answer(log=log_rot, back=None, decompose=None, guard=True):
    """A student's `principal_flow_field`, right by default."""

    def principal_flow_field(grad, hess, h):
        def field(theta):
            H, g = hess(theta), grad(theta)
            lam, V = (decompose or np.linalg.eig)(H)
            z = h * lam
            safe = np.where(abs(z) < 1e-8, 1, z) if guard else z
            with np.errstate(all="ignore"):
                alpha = np.where(abs(z) < 1e-8, -1 - z / 2, log(1 - safe + 0j) / safe)
                return back(V, alpha, g) if back else V @ (alpha * np.linalg.solve(V, g))

        return field

    return principal_flow_field


def test_field_check_accepts_right_answers():
    exercises.check_principal_flow_field(answer())
    exercises.check_principal_flow_field(
        lambda grad, hess, h: lambda theta: along_modes(hess(theta), grad(theta), alpha_pf, h).astype(np.complex128)
    )


def eigh_back(V, alpha, g):
    return V @ (alpha * (V.T @ g))


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (answer(log=lambda w: np.log(abs(w))), "logarithm is real"),
        (answer(decompose=np.linalg.eigh, back=lambda V, alpha, g: alpha * (V.T @ g)), "eigenvectors are not used"),
        (
            answer(decompose=np.linalg.eigh, back=lambda V, alpha, g: V.T @ (alpha * (V @ g))),
            "eigenvectors are not used",
        ),
        (answer(log=np.log), "principal logarithm jumps"),
        (answer(log=lambda w: np.conj(log_rot(np.conj(w)))), "−iπ"),
        (answer(decompose=np.linalg.eigh, back=eigh_back), "eigh takes the Hessian for Hermitian"),
        (
            answer(decompose=np.linalg.eigh, back=lambda V, alpha, g: V @ (alpha * (V.conj().T @ g))),
            "eigh takes the Hessian for Hermitian",
        ),
        (answer(log=lambda w: w - 1), "expected"),
    ],
)
def test_field_check_names_the_mistake(student, message):
    with pytest.raises(AssertionError, match=message):
        exercises.check_principal_flow_field(student)


def test_field_check_wants_the_limit_of_flat_directions():
    def divides(grad, hess, h):
        def field(theta):
            lam, V = np.linalg.eig(hess(theta))
            with np.errstate(all="ignore"):
                return V @ (log_rot(1 - h * lam) / (h * lam) * np.linalg.solve(V, grad(theta)))

        return field

    with pytest.raises(AssertionError, match="λ → 0"):
        exercises.check_principal_flow_field(divides)


def test_largest_rate_check_knows_the_grid():
    exercises.check_largest_rate(0.6, seed=0)
    exercises.check_largest_rate(0.55, seed=0)
    with pytest.raises(AssertionError, match="diverges"):
        exercises.check_largest_rate(0.8, seed=0)
    with pytest.raises(AssertionError, match="not the largest"):
        exercises.check_largest_rate(0.3, seed=0)
    with pytest.raises(AssertionError, match="one of the grid"):
        exercises.check_largest_rate(0.62, seed=0)


def test_largest_rates_of_five_seeds_are_the_known_ones():
    largest = []
    for seed in range(5):
        finite = exercises.finite_rates(seed)
        largest.append(exercises.RATES[finite.argmin() - 1])
    np.testing.assert_allclose(largest, [0.60, 0.75, 0.60, 0.50, 0.40])


def right(lam0, v, p):
    return 2 / lam0**p > 2 / lam0


def test_interpretation_check_accepts_the_aligned_step():
    exercises.check_interpretation(6.7, right)
    exercises.check_interpretation(np.float32(6.5), lambda lam0, v, p: np.bool_(p < 1 and lam0 > 1))


@pytest.mark.parametrize(
    ("plateau", "unstable", "message"),
    [
        (1.0, right, "give the sharpness"),
        (3.3, right, "1/h is where"),
        (5.0, right, "levels off near"),
        (6.7, lambda lam0, v, p: 2 / v**p > 2 / lam0, "DAL with p = 1 too"),
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


WRONG = {
    "sees the first player": {"other": lambda a, b: 1.0},
    "2a/b": {"other": lambda a, b: 1 - 2 * b / a},
    "own rate": {"clock": lambda a, b: (b, a)},
    "slope": {"transpose": True},
}


@pytest.mark.parametrize("hint", WRONG)
def test_the_check_of_modified_game_rejects_what_is_wrong_and_says_why(hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_modified_game(lambda *given: modified(*given, **WRONG[hint]))
    with pytest.raises(AssertionError, match="slope"):
        exercises.check_modified_game(lambda f, g, jac, a, b, mode: (f, g))
    with pytest.raises(AssertionError, match="pair"):
        exercises.check_modified_game(lambda f, g, jac, a, b, mode: f)
