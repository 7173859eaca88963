import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import Derivation, DerivationError
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness import derivation
from optilab.papers.gradient_normalized_smoothness.problems import CURVES, fisher, labelled, soft_maximum


def test_every_derivation_proves_its_lines():
    own = [f for f in vars(derivation).values() if getattr(f, "__module__", "") == derivation.__name__]
    derived = [f() for f in own if f.__annotations__["return"] is Derivation]
    assert len(derived) == 16
    assert all(len(d.lines) >= 2 for d in derived)


def test_a_larger_constant_is_not_proved():
    with pytest.raises(DerivationError):
        derivation.progress().at_least(derivation.g_next**2 / (4 * derivation.lam), [], "too much")


def test_the_derived_progress_is_the_test_of_the_search():
    fall = derivation.progress().numpy(derivation.g_next, derivation.lam)
    assert fall(0.7, 3.0 / 0.2) == pytest.approx(float(alg.progress(0.2, 3.0, 0.7)))
    fall = derivation.convex_progress().numpy(derivation.g_next, derivation.lam)
    assert fall(0.7, 3.0 / 0.2) == pytest.approx(float(alg.progress(0.2, 3.0, 0.7, convex=True)))


def test_the_derived_radii_are_those_of_the_classes():
    lipschitz = derivation.lipschitz_hessian().result.rhs
    assert float(lipschitz.subs({derivation.L: 3, derivation.g: 0.4})) == pytest.approx(alg.lipschitz_radius(0.4, 3.0))
    assert float(derivation.self_concordant().result.rhs) == pytest.approx(alg.TAU, abs=1e-15)
    t = sp.Float(alg.TAU, 20)
    assert float(sp.exp(t) - 1 - 2 * t) == pytest.approx(0, abs=1e-15)
    two = derivation.inexact_hessian()
    gamma_1, gamma_12 = sp.symbols("gamma_1 gamma_12", positive=True)
    assert two.numpy(gamma_1, gamma_12)(2.0, 3.0) == pytest.approx(float(alg.inexact_radius(2.0, 3.0)))


def test_the_derived_radius_of_the_quartic_is_the_numeric_one_and_shrinks_x_as_derived():
    f, x = CURVES["x⁴/4"], np.array([0.3, 1.0, 2.5])
    exact = derivation.quartic_radius().numpy(derivation.x)(x)
    np.testing.assert_allclose(alg.radius(f.slope, x, f.bend(x)), exact, rtol=1e-4)
    path = alg.regularized_newton(f, np.array([2.5]), hessian=f.hess, gamma=lambda x, norm: 9 / 8 * abs(x[..., 0]))
    points = [next(path).x[0] for _ in range(4)]
    np.testing.assert_allclose(np.divide(points[1:], points[:-1]), 26 / 35, rtol=1e-12)


def test_the_derived_errors_are_those_of_the_problems():
    f = labelled(0, 20, 3)
    x = np.random.default_rng(0).normal(size=(50, 3))
    s = 1 / (1 + np.exp(x @ f.signed.T))
    direct = np.einsum("bi,ij,ik->bjk", s * (1 - 2 * s), f.signed, f.signed) / 20
    np.testing.assert_allclose(f.hess(x) - fisher(f)(x), direct, atol=1e-14)
    largest = abs(np.linalg.eigvalsh(direct)).max(-1)
    assert (largest <= (f.A**2).sum(1).max() * f(x)).all()
    soft = soft_maximum(0, 0.2, 4, 8)
    g = soft.grad(x @ np.ones((3, 4)) / 9)
    difference = soft.gauss_newton(x @ np.ones((3, 4)) / 9) - soft.hess(x @ np.ones((3, 4)) / 9)
    np.testing.assert_allclose(difference, g[..., :, None] * g[..., None, :] / 0.2, atol=1e-13)
