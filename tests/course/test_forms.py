"""The forms in which right answers come, and what is none of them."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from optilab.course.forms import agrees, array, cancelled, formula, number

x, y = sp.symbols("x y", positive=True)
beta1 = sp.Symbol("beta1", positive=True)
E = sp.Function("E")(x)


@pytest.mark.parametrize(
    "six",
    [
        6,
        6.0,
        np.int8(6),
        np.float32(6),
        np.array(6),
        np.array([[6.0]]),
        [6],
        ([6.0],),
        sp.Integer(6),
        sp.Float(6),
        sp.sqrt(36),
        sp.pi * 6 / sp.pi,
        sp.Matrix([[6]]),
        sp.FiniteSet(6),
        np.array([sp.Integer(6)]),
        Fraction(12, 2),
        Decimal(6),
        6 + 0j,
        6 + 1e-9j,
    ],
)
def test_a_number_is_read_in_any_form(six):
    assert number(six) == 6
    assert type(number(six)) is float
    assert agrees(formula(sp.Integer(6)), 6)


@pytest.mark.parametrize(
    "answer", [None, "6", [6, 6], [], np.ones(2), 6 + 1j, {}, {6: 6}, x, sp.Matrix([6, 6]), len, [[6], [6, 6]], sp.I]
)
def test_what_is_not_one_real_number_is_refused(answer):
    with pytest.raises(AssertionError, match=r"k must be one real number, got "):
        number(answer, "k")


def test_infinity_is_a_number_and_nan_too():
    assert number(sp.oo) == np.inf
    assert number(-sp.oo) == -np.inf
    assert np.isnan(number(np.nan))


@pytest.mark.parametrize(
    "vector",
    [
        [1, 2, 3],
        (1.0, np.float32(2), np.array(3)),
        range(1, 4),
        iter([1, 2, 3]),
        map(float, "123"),
        {1: 0, 2: 0, 3: 0}.keys(),
        np.array([1, 2, 3], dtype=np.int8),
        np.array([1, sp.Integer(2), 3.0], dtype=object),
        np.array([1, 2, 3 + 0j]),
        sp.Matrix([1, 2, 3]),
        sp.Matrix([[1, 2, 3]]),
        sp.Tuple(1, 2, 3),
        [sp.Integer(1), sp.Float(2), sp.Rational(3)],
    ],
)
def test_an_array_is_read_in_any_form(vector):
    found = array(vector)
    np.testing.assert_array_equal(found, [1.0, 2.0, 3.0])
    assert found.dtype == float


def test_matrices_keep_their_shape_and_complex_numbers_their_parts():
    np.testing.assert_array_equal(array(sp.Matrix([[1, 2], [3, 4]])), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(array([sp.I, 1], "the field", complex), [1j, 1])


def test_imaginary_parts_that_are_rounding_beside_the_largest_entry_are_left_out():
    assert array(np.array([2 + 0j, 1e-17 + 3e-17j])).tolist() == [2, 1e-17]
    assert array(np.zeros(0, complex)).tolist() == []
    with pytest.raises(AssertionError, match="must be real numbers"):
        array(np.array([np.nan, 1j]))


@pytest.mark.parametrize(
    "answer", [None, "123", ["1", "2"], [1, None], [[1], [1, 2]], {1, 2}, {"a": 1}, [1, x], [1, 1j], [1, sp.I], len]
)
def test_what_is_not_an_array_of_real_numbers_is_refused(answer):
    with pytest.raises(AssertionError, match=r"u must be real numbers, got "):
        array(answer, "u")


def test_long_answers_are_shown_in_part():
    with pytest.raises(AssertionError, match=r"got array.{54}…$"):
        array(np.full(100, None), "u")


@pytest.mark.parametrize(
    "answer",
    [
        beta1 * x**2,
        sp.Symbol("beta_1") * sp.Symbol("x") ** 2,
        sp.Symbol("beta1", negative=True) * sp.Symbol("x", real=True) ** 2,
        sp.Matrix([[beta1 * x**2]]),
        [beta1 * x**2],
        sp.Integral(2 * beta1 * y, (y, 0, x)),
        sp.Sum(beta1 * x**2 / 4, (y, 1, 4)),
        sp.Limit(beta1 * x**2 * sp.sin(y) / y, y, 0),
        sp.Derivative(beta1 * x**3 / 3, x),
        sp.Subs(beta1 * y**2, y, x),
        0.1 * beta1 * x**2 * 10,
        sp.expand(beta1 * x**2 * (1 + y)) / (1 + y),
        beta1 * (x**2 + sp.Symbol("q") * x) - sp.Symbol("q") * x * beta1,
        sp.exp(sp.log(beta1) + 2 * sp.log(x)),
    ],
)
def test_a_formula_is_read_in_any_form(answer):
    expr = formula(answer, "p", beta1, x)
    assert expr.free_symbols == {beta1, x}
    assert agrees(expr, beta1 * x**2)
    assert not agrees(expr, beta1 * x**2 * 1.00001)


@pytest.mark.parametrize(
    "answer", [sp.oo, sp.nan, x / 0, sp.Limit(1 / x, x, 0), [x, x], {}, "x", None, sp.Matrix([x, y])]
)
def test_what_is_not_a_formula_is_refused(answer):
    with pytest.raises(AssertionError, match=r"^p (must be|has no finite value|holds)"):
        formula(answer, "p", x)


def test_symbols_that_matter_stay():
    q = sp.Symbol("q")
    assert formula(x + q, "p", x).free_symbols == {x, q}
    assert cancelled(x * sp.sqrt(q**2) / q + y - y * (q + 1) / sp.expand(q + 1), x) == x
    assert cancelled(x + y * q / (1 + q), x, y) == x + y * q / (1 + q)


def test_unknown_functions_agree_by_their_derivatives():
    assert agrees(sp.Derivative(E.diff(x) ** 2, x).doit(), 2 * E.diff(x) * E.diff(x, 2))
    assert not agrees(E.diff(x) ** 2, E.diff(x, 2))
    assert not agrees(E, x)


def test_signs_of_real_symbols_are_tried():
    real = sp.Symbol("real", real=True)
    assert not agrees(sp.Abs(real), real)
    assert agrees(sp.Abs(x), x)
    assert not agrees(sp.nan * x, x)
