"""Quadratic, least squares, logistic regression, Rosenbrock: one set of checks for all, then each one's own."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der, rosen_hess

from optilab.problems.expression import Expression
from optilab.problems.least_squares import LeastSquares
from optilab.problems.logistic import LogisticRegression
from optilab.problems.quadratic import Quadratic
from optilab.problems.rosenbrock import Rosenbrock


def dense(seed=0, n=12, d=3):
    return np.random.default_rng(seed).normal(size=(n, d))


def labels(n=12):
    return np.where(np.arange(n) % 3 == 0, -1, 1)


PROBLEMS = {
    "quadratic": (Quadratic(dense().T @ dense(), np.arange(3.0)), 3),
    "saddle": (Quadratic([[1, 2], [2, -1]], [1, 0]), 2),
    "least squares": (LeastSquares(dense(), np.arange(12.0)), 3),
    "logistic": (LogisticRegression(dense(), labels(), l2=0.1), 3),
    "valley": (Rosenbrock(scale=0.5), 2),
    "chain of valleys": (Rosenbrock(a=0.7, b=3), 4),
}
each_problem = pytest.mark.parametrize("name", PROBLEMS)
each_convex = pytest.mark.parametrize("name", ["quadratic", "least squares", "logistic"])


@each_problem
def test_oracles_are_analytic_at_complex_points(name):
    problem, d = PROBLEMS[name]
    x, y, v = np.random.default_rng(2).normal(size=(3, d))
    z, e = x + 0.1j * y, 1e-6
    for oracle, derivative in ((problem, problem.grad(z) @ v), (problem.grad, problem.hvp(z, v))):
        for direction in (v, 1j * v):
            along = (oracle(z + e * direction) - oracle(z - e * direction)) / (2 * e)
            np.testing.assert_allclose(along, derivative * (direction @ v) / (v @ v), rtol=1e-5, atol=1e-6)


@each_convex
def test_constants_enclose_the_curvature(name):
    problem, d = PROBLEMS[name]
    eigenvalues = np.linalg.eigvalsh(problem.hess(np.random.default_rng(3).normal(size=(50, d))))
    assert problem.mu <= eigenvalues.min() * (1 + 1e-9)
    assert eigenvalues.max() <= problem.L * (1 + 1e-9)


@pytest.mark.parametrize("name", ["least squares", "logistic"])
def test_no_gradient_of_one_sample_changes_faster_than_l_sample(name):
    problem, d = PROBLEMS[name]
    x = np.random.default_rng(4).normal(size=(12, d))
    one = np.arange(12)[:, None]
    change = problem.sample_grad(x + 1e-3, one) - problem.sample_grad(x, one)
    ratio = np.linalg.norm(change, axis=-1) / np.linalg.norm(np.full(d, 1e-3))
    assert (ratio <= problem.L_sample * (1 + 1e-9)).all()


def test_a_saddle_has_no_minimizer():
    saddle = PROBLEMS["saddle"][0]
    with pytest.raises(ValueError, match="step must be so short"):
        saddle.prox(np.zeros(2), 10.0)
    assert saddle.mu == pytest.approx(-np.sqrt(5))
    assert pytest.approx(np.sqrt(5)) == saddle.L
    with pytest.raises(ValueError, match="positive definite"):
        _ = saddle.minimizer
    with pytest.raises(ValueError, match="l2 must be positive"):
        _ = LogisticRegression(dense(), labels()).minimizer


def test_logistic_regression_is_stable_and_right_far_out():
    problem = LogisticRegression(np.array([[1.0], [2.0]]), np.array([1, -1]))
    assert problem(np.array([1e6])) == pytest.approx(1e6)
    np.testing.assert_allclose(problem.grad(np.array([[1e6], [-1e6]])), [[1.0], [-0.5]])
    np.testing.assert_array_equal(problem.hess(np.array([1e6])), 0)
    np.testing.assert_array_equal(problem.accuracy(np.array([[1.0], [-1.0]])), [0.5, 0.5])


def test_rosenbrock_is_scipys_and_the_typed_one():
    x = np.random.default_rng(7).normal(size=5)
    problem = Rosenbrock(b=100)
    np.testing.assert_allclose(problem(x), rosen(x))
    np.testing.assert_allclose(problem.grad(x), rosen_der(x))
    np.testing.assert_allclose(problem.hess(x), rosen_hess(x))
    typed, x = Expression("((2-x)**2 + 3*(y-x**2)**2)/2"), x[:2]
    built = Rosenbrock(a=2, b=3, scale=0.5)
    np.testing.assert_allclose(built.third(x, x + 1), typed.third(x, x + 1))
    assert built(built.minimizer) == built.minimum == 0
    assert (built.grad(built.minimizer) == 0).all()


def test_bad_problems_are_refused():
    for A in ([[1, 2], [0, 1]], [1, 2], np.eye(2)[:1], [[np.nan, 0], [0, 1]]):
        with pytest.raises(ValueError, match="hessian, must be \\(d, d\\) symmetric"):
            Quadratic(A, [0, 0])
    with pytest.raises(ValueError, match="b must be"):
        Quadratic(np.eye(2), [0, 0, 0])
    with pytest.raises(ValueError, match="A must be"):
        LeastSquares(np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="b must be"):
        LeastSquares(np.zeros((3, 2)), np.zeros(2))
    with pytest.raises(ValueError, match="labels −1 or \\+1"):
        LogisticRegression(np.zeros((3, 2)), [0, 1, 1])
    with pytest.raises(ValueError, match="l2 must be"):
        LogisticRegression(np.zeros((3, 2)), [1, 1, 1], l2=-1.0)
    with pytest.raises(ValueError, match="b must be positive"):
        Rosenbrock(b=0)
    with pytest.raises(ValueError, match="d ≥ 2"):
        Rosenbrock().grad(np.zeros(1))
