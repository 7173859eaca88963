"""Typed formulas: their derivatives against SymPy's and their refusals."""

import pickle

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.run import run
from optilab.problems.expression import Expression
from optilab.problems.formula import FUNCTIONS

FORMULAS = [
    "(1-x)**2/2 + 5/2*(y-x**2)**2",
    "exp(x*y)*sin(x) + log(3+y**2)/(1+x**2)",
    "tan(x/3) + atan(y) - sqrt(2+x) + cosh(x-y)*sinh(y/2)",
    "tanh(x*y*z) + cos(z)**3 - 0.25*x**1.5*e**y + pi*z",
    "(2+x)**y + 2**z - -x",
    "x + 2*y",
    "x1**2*x0 - step0*x1",  # names that the machinery might use too
    "-log(1+exp(-x*y))",
    "x**sqrt(2) + 3**x*sin(1)*y**(2*pi-5) - log(2)",
]


def dense(formula, expression):
    """Value, gradient, Hessian and T[v, v] by SymPy on the whole expression at once."""
    variables = [sp.Symbol(name) for name in expression.variables]
    v = [sp.Symbol(f"direction_{name}") for name in expression.variables]
    E = sp.sympify(formula, locals={name: sp.Symbol(name) for name in expression.variables} | {"e": sp.E})
    H = sp.hessian(E, variables)
    bend = (sp.Matrix(v).T * H * sp.Matrix(v))[0]
    gradient, third = ([f.diff(x) for x in variables] for f in (E, bend))
    return [sp.lambdify([variables, v], what, "numpy") for what in (E, gradient, H, third)]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("imaginary", [0.0, 0.1])
def test_derivatives_are_those_of_the_whole_expression(formula, imaginary):
    expression = Expression(formula)
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 1, size=expression.dim) + 1j * imaginary * rng.normal(size=expression.dim)
    x = x if imaginary else x.real
    v = rng.normal(size=expression.dim)
    value, gradient, H, third = (function(x, v) for function in dense(formula, expression))
    np.testing.assert_allclose(expression(x), value, rtol=1e-12)
    np.testing.assert_allclose(expression.grad(x), gradient, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(expression.hess(x), H, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(expression.hvp(x, v), np.array(H) @ v, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(expression.third(x, v), third, rtol=1e-10, atol=1e-11)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(FORMULAS), st.lists(st.integers(0, 3), max_size=2), st.integers(0, 99))
def test_a_batch_is_its_points_one_by_one(formula, batch, seed):
    expression = Expression(formula)
    x, v = np.random.default_rng(seed).uniform(0.1, 1, size=(2, *batch, expression.dim))
    whole = [expression(x), expression.grad(x), expression.hess(x), expression.hvp(x, v), expression.third(x, v)]
    d = expression.dim
    assert [part.shape for part in whole] == [(*batch, *shape) for shape in [(), (d,), (d, d), (d,), (d,)]]
    for i in np.ndindex(*batch):
        alone = expression(x[i]), expression.grad(x[i]), expression.hess(x[i])
        alone = [*alone, expression.hvp(x[i], v[i]), expression.third(x[i], v[i])]
        for one, part in zip(whole, alone, strict=True):
            np.testing.assert_allclose(one[i], part, rtol=1e-12)


def test_complex_step_gives_the_product():
    expression = Expression(FORMULAS[1])
    x, v = np.random.default_rng(0).normal(size=(2, 5, 2))
    np.testing.assert_allclose(expression.grad(x + 1e-20j * v).imag / 1e-20, expression.hvp(x, v), rtol=1e-12)


def test_variables_are_sorted_unless_given():
    assert Expression("b*a2 + sin(a1)").variables == ("a1", "a2", "b")
    expression = Expression("y - x", ("y", "x", "unused"))
    assert expression([3, 1, 100]) == 2  # integers are fine
    np.testing.assert_array_equal(expression.grad(np.zeros((4, 3))), np.tile([1.0, -1.0, 0.0], (4, 1)))


def test_constants_fill_the_batch():
    expression = Expression("2", ("x",))
    assert expression(np.zeros((3, 2, 1))).tolist() == [[2, 2]] * 3
    assert expression.hess(np.zeros((3, 1))).shape == (3, 1, 1)
    assert (Expression("3*x").third(np.ones((4, 1)), np.ones((4, 1))) == 0).all()


@pytest.mark.parametrize("kind", [int, float, complex])
def test_derivatives_that_are_constant_are_floats_and_a_lost_replicate_can_be_blanked(kind):
    problem, x = Expression("2*x - y"), np.ones((3, 2), kind)
    for found in (problem.grad(x), problem.hess(x), problem.hvp(x, x)):
        assert found.dtype == (complex if kind is complex else float)
    wide = np.array([[1.0, 1.0], [10.0, 1.0]])
    trace = run(gradient_descent(problem, wide, alpha=1.0), 20, limit=20.0, g=lambda s: problem.grad(s.x))
    assert np.isnan(trace.g[-1]).all()


def test_the_parsed_formula_is_at_hand():
    x, y = sp.symbols("x y")
    assert Expression("(1-x)**2 + 0.5*y").expr == (1 - x) ** 2 + y / 2


def test_outside_its_domain_a_formula_is_nan_without_a_fuss():
    values = Expression("log(x) + 1/x")(np.array([[-1.0], [0.0], [1.0]]))
    assert np.isnan(values[:2]).all()
    assert values[2] == 1


def test_expressions_can_be_sent_to_another_process():
    expression = Expression("x**2*y")
    expression.grad(np.ones(2))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(expression)).grad(np.ones(2)), [2, 1])


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("2x", "'2x'.*a product needs its"),
        ("x(1+x)", "x is a variable; a product needs its"),
        ("x^2 + y", "'x\\^2 \\+ y'.*write \\*\\* for a power"),
        ("y + x.real", "'x.real'"),
        ("x.__class__", "'x.__class__'"),
        ("__import__('os')", "__import__.*unknown function"),
        ("eval(x)", "'eval\\(x\\)'.*unknown function"),
        ("lambda: x", "'lambda: x'"),
        ("x + 'a'", "\"'a'\""),
        ("f'{x}'", "f'{x}'"),
        ("x < 1", "'x < 1'"),
        ("x and x", "'x and x'"),
        ("x if x else 1", "'x if x else 1'"),
        ("x[0]", "'x\\[0\\]'"),
        ("[x for x in x]", "'\\[x for x in x\\]'"),
        ("(x := 3)", "'x := 3'"),
        ("x // 2", "'x // 2'"),
        ("x @ x", "'x @ x'"),
        ("True*x", "'True'"),
        ("1j*x", "'1j'"),
        ("...", "'...'"),
        ("x, x", "'x, x'"),
        ("x = 3", "'x = 3'"),
        ("x\x00", "null bytes"),
        ("10**10**9 + x", "'10\\*\\*10\\*\\*9'.*exponents go up to 100"),
        ("x**(9**9**9)", "'9\\*\\*9\\*\\*9'.*exponents go up to 100"),
        ("x**-101", "exponents go up to 100"),
        ("(9**99)**99*x", "not a real number of size"),
        ("1e999*x", "'1e999'.*not a real number of size"),
        ("x*" + "9" * 300, "not a real number of size"),
        ("exp(exp(exp(100))) + x", "'exp\\(exp\\(100\\)\\)'.*not a real number"),
        ("x/0", "'x/0'.*divides by zero"),
        ("x/0**tan(1e-99)", "divides by zero"),
        ("1/(x-x)", "'1/\\(x-x\\)'.*divides by zero"),
        ("x·y", "'x·y'.*write \\* for a product"),
        ("2·x", "'2·x'.*a product needs its"),
        ("x × y", "'x × y'.*a product needs its"),
        ("nan*x", "'nan'.*no real number"),
        ("x + Inf", "'Inf'.*no real number"),
        ("infinity/x", "'infinity'.*no real number"),
        ("I*x", "'I'.*no real number"),
        ("-oo + x", "'oo'.*no real number"),
        ("0**0*x", "'0\\*\\*0'.*has no value"),
        ("(x-x)**(2-2)", "'\\(x-x\\)\\*\\*\\(2-2\\)'.*has no value"),
        ("0**x", "'0\\*\\*x'.*has no value"),
        ("tan(pi/2)*x", "'tan\\(pi/2\\)'.*divides by zero"),
        ("x/cos(3*pi/2)", "'x/cos\\(3\\*pi/2\\)'.*divides by zero"),
        ("x/(sqrt(2)**2-2)", "divides by zero"),
        ("log(sin(pi))*x", "divides by zero"),
        ("sqrt(-1)*x", "'sqrt\\(-1\\)'.*not a real number"),
        ("sin + x", "'sin'.*needs its argument"),
        ("sin(x, x)", "sin takes one argument"),
        ("sin(x=1)", "sin takes one argument"),
        ("sin(*x)", "'\\*x'"),
        ("sin(x)(x)", "'sin\\(x\\)\\(x\\)'"),
        ("x" * 501, "longer than 500 characters"),
        ("-" * 300 + "x", "nested deeper than 100"),
        ("(" * 249 + "x" + ")" * 249, "too many nested parentheses"),
        ("", "is empty"),
        (" \n ", "is empty"),
        ("3 + pi", "has no variable"),
        (7, "formula must be a text, got 7"),
        (None, "formula must be a text, got None"),
    ],
)
def test_whatever_is_not_a_formula_is_refused_in_one_sentence(formula, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        Expression(formula)
    assert len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_bad_variables_and_points_are_refused():
    with pytest.raises(ValueError, match="can't read 'y' in the formula: unknown variable; the variables are x"):
        Expression("x + y", ("x",))
    for variables in [("x", "x"), ("x", "sin"), ("x", "e"), ("x", "2")]:
        with pytest.raises(ValueError, match="variables must be distinct names"):
            Expression("x", variables)
    assert Expression("I - oo", ("I", "oo"))([3, 1]) == 2  # whoever names variables may call them so
    with pytest.raises(ValueError, match="shape of a point"):
        Expression("x + y").grad(np.zeros(3))


PIECES = ["x", "y", "7", "1e9", ".5", "+", "-", "*", "/", "**", "(", ")", ",", ".", "^", "[", "]", "=", "<", ":", "'"]
PIECES += [
    " ",
    "lambda",
    "__import__",
    "__class__",
    "for",
    "in",
    "if",
    "not",
    "pi",
    "e",
    "\\",
    "\n",
    "#",
    "@",
    "é",
    "0",
]
PIECES += [f"{name}(" for name in FUNCTIONS]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=30).map("".join)))
def test_any_text_is_a_formula_or_is_refused(text):
    try:
        expression = Expression(text)
        ones = np.ones((3, expression.dim))
        shapes = expression(ones).shape, expression.third(ones, ones).shape
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert shapes == ((3,), ones.shape)
    assert not refusal or refusal.startswith("can't read ")


@pytest.mark.parametrize(
    "formula",
    [
        "*".join(f"sin({i}*x*y)" for i in range(1, 12)),
        "exp(" * 60 + "x" + ")" * 60,
        "**".join("xyxyxy"),
        "1/(1+x*" * 12 + "y" + ")" * 12,
        "(x+y)**100",
        "+".join(f"x{i}**2" for i in range(60)),
        "1e90*(" * 9 + "x" + ")" * 9,
        "tanh(99.5)**(1/x)",
        "(2+1e-99**99)**(1e-99)*x",
        "x/0**tan(1/3)",
        "((((x**99)**99)**99)**99)**99",
    ],
)
def test_the_hardest_allowed_formulas_are_differentiated_three_times(formula):
    expression = Expression(formula)
    x = np.full(expression.dim, 0.3)
    assert expression.third(x, x).shape == x.shape
    assert expression.hess(x).shape == (x.size, x.size)


@pytest.mark.parametrize(
    "formula",
    [
        "**".join(["x"] * 100),
        "(" * 49 + "x" + "**x)" * 49,
        "**".join(["tan(x)"] * 60),
        "**".join("xyzuvw" * 15),
        "tan(" * 90 + "x" + ")" * 90,
        "*".join(f"x{i}" for i in range(100)),
    ],
)
def test_derivatives_that_grow_too_long_are_refused_early(formula):
    expression = Expression(formula)
    ones = np.ones(expression.dim)
    assert expression(ones).shape == ()
    with pytest.raises(ValueError, match=r"can't read '.*…' in the formula: .* more than 1500 operations"):
        expression.third(ones, ones)
    assert len(expression.program.steps) == 1500


def test_constants_are_exact_to_rounding():
    x = np.full(1, 3.0)
    assert Expression("x + cos(pi/2) + sin(3*pi) + log(e) + 1e-20*1e-20")(x) == 4
    assert Expression("1e20*(exp(-46)*x + sin(1e-20))")(x) == pytest.approx(1e20 * (3 * np.exp(-46) + 1e-20), rel=1e-14)
