"""Shared numerics against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from optilab.core.numerics import complex_step, log_slope, log_steps, rk4, unit


def test_directions_have_length_one_and_zero_has_none():
    x = np.array([[3.0, 4.0], [0.0, 0.0], [-1e-100, 0.0]])
    np.testing.assert_array_equal(unit(x), [[0.6, 0.8], [0, 0], [-1, 0]])
    np.testing.assert_array_equal(unit([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])
    assert unit(np.ones(4, np.float32)).dtype == np.float32
    np.testing.assert_allclose(unit(np.array([3.0, 4.0j])), [0.6, 0.8j], rtol=1e-15)


def test_the_complex_step_is_exact_to_rounding_and_needs_an_analytic_function():
    x, v = np.random.default_rng(0).normal(size=(2, 4, 3))
    np.testing.assert_allclose(complex_step(np.sin, x, v), np.cos(x) * v, rtol=1e-15)
    with pytest.raises(ValueError, match="a value at a complex point must be complex"):
        complex_step(np.abs, x, v)


def test_runge_kutta_is_of_order_4_and_takes_a_step_for_each_entry():
    def field(t, y):
        return np.stack([y[1] * np.cos(t), -y[0]])

    exact = solve_ivp(field, (0.3, 1.3), [1.0, 0.5], rtol=1e-12, atol=1e-13).y[:, -1]

    def error(count):
        y = np.array([1.0, 0.5])
        for k in range(count):
            y = rk4(field, 0.3 + k / count, y, 1 / count)
        return np.linalg.norm(y - exact)

    assert np.log2(error(20) / error(40)) == pytest.approx(4, abs=0.1)
    h = np.array([0.1, 0.7])
    np.testing.assert_allclose(
        rk4(lambda _, y: 2 * y, 0.0, np.ones(2), h), 1 + 2 * h + 2 * h**2 + 4 / 3 * h**3 + 2 / 3 * h**4
    )


@given(st.floats(-3, 3), st.floats(0.1, 10))
def test_the_slope_of_a_power_law_is_its_power(power, factor):
    x = np.geomspace(1, 100, 7)
    y = factor * x**power
    assert log_slope(x, y) == pytest.approx(power, abs=1e-12)
    y[3] = np.nan
    assert log_slope(x, y) == pytest.approx(power, abs=1e-12)


@given(st.integers(1, 10_000), st.integers(2, 80))
@settings(max_examples=50)
def test_steps_are_whole_rise_and_end_at_the_last(T, count):
    steps = log_steps(T, count)
    assert steps.dtype.kind == "i"
    assert steps[0] == 1
    assert steps[-1] == T
    assert len(steps) <= count
    assert (np.diff(steps) > 0).all()


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="the shapes of x and y"):
        log_slope(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="y must be positive and finite"):
        log_slope(np.ones(2), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="the number of points must be 2 or more"):
        log_slope(np.array([1.0, 2.0]), np.array([1.0, np.nan]))
    for arguments, says in (
        ((0,), "T must be"),
        ((9, 1), "count must be"),
        ((9, 5, 10), "T must be"),
        ((9, 5, 0), "first"),
    ):
        with pytest.raises(ValueError, match=says):
            log_steps(*arguments)
