"""What SymPy derives agrees with the room's numbers, in other dimensions too."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.langevin_averaging import derivation as d
from optilab.papers.langevin_averaging.algorithm import smoothing
from optilab.papers.langevin_averaging.problems import spiked_tensor, uniform


def entries(problem):
    """The values of the symbols of a tensor."""
    size, k = problem.star.shape[-1], problem.k
    return {symbol: problem.T[key] for key, symbol in d.tensor(size, k)[0].items()}


@pytest.mark.parametrize("size", [3, 4, 5])
def test_the_first_moment_in_more_dimensions(size):
    problem = spiked_tensor(np.random.default_rng(size), size, 3, 5.0)
    found = [float(d.first_order_odd(size, i).result.subs(entries(problem))) for i in range(size)]
    expected = 6 / (size * (size + 2)) * np.trace(problem.T, axis1=1, axis2=2)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("size", [3, pytest.param(4, marks=pytest.mark.full), pytest.param(5, marks=pytest.mark.full)])
def test_the_second_moment_in_more_dimensions(size):
    problem = spiked_tensor(np.random.default_rng(size), size, 4, 5.0)
    places = [(i, j) for i in range(size) for j in range(i + 1)]
    found = [float(d.first_order_even(size, i, j).result.subs(entries(problem))) for i, j in places]
    M = np.trace(problem.T, axis1=2, axis2=3)
    expected = 24 / (size * (size + 2) * (size + 4)) * (M - np.trace(M) * np.eye(size) / size)
    np.testing.assert_allclose(found, [expected[place] for place in places], rtol=1e-10, atol=1e-13)


def test_the_mean_of_the_force_by_drawing():
    problem = spiked_tensor(np.random.default_rng(0), 3, 3, 1.0)
    z = uniform(np.random.default_rng(1), (400_000, 3))
    b = problem.grad(z) - 3 * problem(z)[:, None] * z
    expected = [float(d.first_order_odd(3, i).result.subs(entries(problem))) for i in range(3)]  # 2/(d − 1) is 1
    np.testing.assert_allclose(b.mean(0), expected, atol=0.02)


def test_moments_of_the_sphere():
    z = uniform(np.random.default_rng(2), (400_000, 4))
    for powers in ((2, 0, 0, 0), (2, 2, 0, 0), (4, 2, 0, 0), (2, 1, 0, 0)):
        assert (z**powers).prod(-1).mean() == pytest.approx(float(d.sphere_moment(powers)), abs=1e-3)


@pytest.mark.parametrize(("k", "derive", "line"), [(3, d.smoothing_three, 2), (4, d.smoothing_four, 2)])
def test_the_smoothed_direction_is_the_algorithms(k, derive, line):
    numbers = {"a": 0.7, "r": 5.3, "lam": 1.3, "d": 8}
    formula = sp.lambdify((d.a, d.r, d.lam, d.d), derive().lines[line].expr)
    assert formula(*numbers.values()) == pytest.approx(smoothing(0.7, 5.3, 1.3, 8, k))


def test_the_limits_of_smoothing():
    assert smoothing(0.7, 5.3, 1e6, 8, 3) * 1e6 == pytest.approx(
        float(d.wide_smoothing().result.subs({d.a: 0.7, d.r: 5.3, d.d: 8})), rel=1e-5
    )
    exact = d.smoothing_three().result.subs({d.a: 0.7, d.r: 5.3, d.d: 8})
    assert smoothing(0.7, 5.3, (7 / 3) ** 0.5, 8, 3) == pytest.approx(float(exact))


def test_normal_moments():
    s = sp.symbols("s", real=True)
    assert d.normal_mean(s**6 + s**3, s) == 15
    assert d.signal().result == d.m**3
    assert d.noise().result == 3
