import numpy as np
import pytest
from scipy.optimize import minimize

from optilab.papers.gradient_normalized_smoothness.problems import (
    Affine,
    LogSumExp,
    Power,
    SoftmaxRegression,
    Valley,
    fisher,
    labelled,
    soft_maximum,
    underdetermined,
)
from optilab.problems.logistic import LogisticRegression


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_soft_maximum_is_smallest_at_zero():
    f = soft_maximum(3, 0.2, 5, 12)
    np.testing.assert_allclose(f.grad(np.zeros(5)), 0, atol=1e-15)
    found = minimize(f, np.ones(5), jac=f.grad, method="BFGS")
    assert found.fun == pytest.approx(f.minimum, abs=1e-9)


def test_the_data_are_drawn_in_the_order_of_their_definition():
    draws = rng(7)
    A, b = draws.uniform(-1, 1, (12, 5)), draws.uniform(-1, 1, 12)
    pi = np.exp(-b / 0.2) / np.exp(-b / 0.2).sum()
    np.testing.assert_allclose(soft_maximum(7, 0.2, 5, 12).A, A - pi @ A)
    f, draws = labelled(4, 30, 3, margin=0.5, flips=0.1), rng(4)
    w = draws.normal(size=3)
    w /= np.linalg.norm(w)
    Z = draws.normal(size=(30, 3))
    y = np.sign(Z @ w)
    Z += 0.5 * y[:, None] * w
    y[draws.permutation(30)[:3]] *= -1
    np.testing.assert_allclose(f.signed, y[:, None] * (Z @ np.diag([1, 10**-0.5, 0.1])))


def test_constants_of_the_soft_maximum_hold_in_its_own_metric():
    f = soft_maximum(0, 0.3, 4, 9)
    x, u, v = rng(1).normal(size=(3, 4000, 4))
    u, v = (z / f.metric.norm(z)[:, None] for z in (u, v))
    pi = f.weights(x)
    zu, zv = ((z @ f.A.T) - (pi * (z @ f.A.T)).sum(-1, keepdims=True) for z in (u, v))
    curvature, third = (pi * zu**2).sum(-1) / f.mu, (pi * zu**2 * zv).sum(-1) / f.mu**2
    assert (abs(third) <= f.M * curvature * (1 + 1e-9)).all()
    assert (abs(third) <= f.L_hess * (1 + 1e-9)).all()
    two = LogSumExp(np.array([[1.0], [-1.0]]), np.zeros(2), 1.0)  # one direction, two pieces: log-cosh
    x = np.linspace(-3, 3, 2001)[:, None]
    third = np.gradient(two.hess(x)[:, 0, 0], x[:, 0]) / two.metric.B[0, 0] ** 1.5
    assert abs(third).max() <= two.L_hess


def test_gauss_newton_is_positive_and_right_where_the_residual_vanishes():
    for p in (2, 3, 4, 8):
        f, x = Power(Valley(), p), rng(2).normal(size=(50, 2))
        assert np.linalg.eigvalsh(f.gauss_newton(x)).min() > -1e-9 * abs(f.gauss_newton(x)).max()
        np.testing.assert_allclose(f.gauss_newton(np.ones(2)), f.hess(np.ones(2)))
    assert np.isfinite(Power(Valley(), 3).gauss_newton(np.ones(2))).all()
    flat, x = Power(underdetermined(0, 3, 5), 4.0), rng(3).normal(size=(7, 5))
    np.testing.assert_allclose(flat.gauss_newton(x), flat.hess(x))


def test_the_rank_one_term_is_the_gradients_square():
    for p in (2.0, 3.0, 4.0):
        f, x = Power(underdetermined(1, 3, 5), p), rng(4).normal(size=(6, 5))
        alpha, q = f.fisher(x)
        g, size = f.grad(x), (p * f(x)) ** (1 / p)
        np.testing.assert_allclose(
            alpha[:, None, None] * q[:, :, None] * q[:, None, :],
            ((p - 2) / size**p)[:, None, None] * g[:, :, None] * g[:, None, :],
            atol=1e-12,
        )


def test_fisher_matrices_are_sums_over_the_points():
    f, x = labelled(0, 12, 3), rng(5).normal(size=(4, 3))
    each = np.stack([LogisticRegression(f.A[i : i + 1], f.y[i : i + 1]).grad(x) for i in range(12)], -2)
    np.testing.assert_allclose(fisher(f)(x), each.mT @ each / 12, atol=1e-14)
    A, labels = rng(6).normal(size=(9, 2)), np.arange(9) % 3
    many, x = SoftmaxRegression(A, labels, 3), rng(7).normal(size=(4, 6))
    each = np.stack([SoftmaxRegression(A[i : i + 1], labels[i : i + 1], 3).grad(x) for i in range(9)], -2)
    np.testing.assert_allclose(many.fisher(x), each.mT @ each / 9, atol=1e-14)


def test_two_classes_are_logistic_regression():
    f = labelled(2, 15, 3)
    two = SoftmaxRegression(f.A, (f.y > 0).astype(int), 2)
    x = rng(8).normal(size=(5, 3))
    both = np.stack([np.zeros_like(x), x], -1).reshape(5, 6)
    np.testing.assert_allclose(two(both), f(x))
    np.testing.assert_allclose(two.fisher(both).reshape(5, 3, 2, 3, 2)[:, :, 1, :, 1], fisher(f)(x), atol=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Power(Valley(), 1.5), "p must be finite, 2 or more, got 1.5"),
        (lambda: LogSumExp(np.eye(2), np.zeros(2), 0.0), "mu must be positive and finite, got 0.0"),
        (lambda: LogSumExp(np.eye(2), np.zeros(3), 1.0), "b must be"),
        (lambda: LogSumExp(np.full((2, 2), np.nan), np.zeros(2), 1.0), "A must be a matrix of finite numbers"),
        (lambda: Affine(np.eye(2), np.zeros(3)), "b must be"),
        (lambda: labelled(0, flips=1.2), "flips must be from 0 to 1, got 1.2"),
        (lambda: fisher(LogisticRegression(np.eye(2), [1, -1], l2=0.1)), "the ridge l2 must be 0, got 0.1"),
        (lambda: labelled(0, n=0), "n must be a whole number"),
        (lambda: labelled(0, margin=-1.0), "margin must be finite, 0 or more"),
        (lambda: SoftmaxRegression(np.eye(2), [0, 3], 3), "labels must be"),
        (lambda: Power(Valley(), 4.0).fisher(np.ones(2)), "the residual of a rank-one Hessian must be affine"),
    ],
)
def test_what_is_no_problem_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
