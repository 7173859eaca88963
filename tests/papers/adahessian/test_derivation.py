"""What is derived agrees with the algorithm's numbers."""

import numpy as np
import pytest

from optilab.papers.adahessian import algorithm as alg
from optilab.papers.adahessian import derivation
from optilab.papers.adahessian.algorithm import adahessian
from optilab.problems.mlp import MLP, Fit
from optilab.problems.quadratic import Quadratic

ENTRIES = [0.7, -0.3, 1.1, 2.0, 0.4, -0.9]
SYMBOLS = (derivation.H11, derivation.H12, derivation.H13, derivation.H22, derivation.H23, derivation.H33)
H = np.array([[0.7, -0.3, 1.1], [-0.3, 2.0, 0.4], [1.1, 0.4, -0.9]])


def test_the_derived_moments_are_those_of_the_formulas():
    assert derivation.first_entry().numpy(*SYMBOLS)(*ENTRIES) == pytest.approx(H[0, 0])
    assert derivation.row_norm().numpy(*SYMBOLS)(*ENTRIES) == pytest.approx(alg.variance(H)[0])
    assert derivation.two_probes().numpy(*SYMBOLS)(*ENTRIES) == pytest.approx(alg.variance(H, 2)[0])
    padded = np.zeros((4, 4))
    padded[:3, :3] = H
    block = derivation.block_of_two().numpy(*SYMBOLS)(*ENTRIES)
    assert block == pytest.approx(alg.block_variance(padded, 2)[0])


def first_step(problem, x, k):
    states = adahessian(problem, np.array([x]), lr=1.0, eps=0.0, k=k, exact=True)
    next(states)
    return float(next(states).theta[0] - x)


@pytest.mark.parametrize("k", [0.3, 0.5, 1.0])
def test_the_derived_units_are_those_of_a_step(k):
    s, c, h, x = 3.0, 7.0, 2.5, 0.8
    d = derivation
    plain, other, times = (Quadratic([[a]], [0.0]) for a in (h, s * s * h, c * h))
    by_s = d.units().numpy(d.s, d.g, d.h, d.k)
    assert s * first_step(other, x / s, k) == pytest.approx(-by_s(s, h * x, h, k))
    by_c = d.loss_units().numpy(d.c, d.g, d.h, d.k)
    assert first_step(times, x, k) == pytest.approx(-by_c(c, h * x, h, k))
    assert first_step(plain, x, k) == pytest.approx(-by_s(1.0, h * x, h, k))


def test_the_derived_descent_is_the_bound():
    d = derivation
    promised = d.descent().numpy(d.G, d.alpha, d.beta, d.k)
    g = np.array([0.3, -0.5])
    for k in (0.0, 0.5, 1.0):
        assert promised(g @ g, 0.4, 6.0, k) == pytest.approx(alg.descent_bound(g, 0.4, 6.0, k))


def test_the_derived_product_is_that_of_a_network():
    d = derivation
    w, x, v, y = 0.6, -1.3, 0.8, 0.25
    derived = d.hessian_vector_product().numpy(d.w, d.x, d.v, d.y)(w, x, v, y)
    network = MLP((1, 1, 1))
    theta = np.array([w, 0.0, 1.0, 0.0])
    product = Fit(network, np.array([[x]]), np.array([[y]])).hvp(theta, np.array([v, 0.0, 0.0, 0.0]))
    assert derived == pytest.approx(product[0])


def test_the_derived_correction_makes_a_mean_of_equal_squares_exact():
    d = derivation
    weight = d.bias_correction().numpy(d.b, d.n)
    assert weight(0.999, 7) == pytest.approx(1 - 0.999**7)
