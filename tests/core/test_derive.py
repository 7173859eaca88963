"""Derivations: true lines are kept, false ones raise."""

import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import Derivation, DerivationError, latex, same, vanishes

x, y = sp.symbols("x y", real=True)
a = sp.symbols("a", positive=True)
f = sp.Function("f")


def test_a_chain_of_true_lines():
    derivation = (
        Derivation("Square", (x + 1) ** 2, "start")
        .then("expanded", sp.expand)
        .equals(x * (x + 2) + 1, "gathered")
        .then("differentiated", lambda e: sp.diff(e, x))
        .equals(2 * x + 2, "simplified")
    )
    assert derivation.result == 2 * x + 2
    assert [line.relation for line in derivation.lines] == ["", "", "=", "", "="]
    np.testing.assert_allclose(derivation.numpy(x)(np.array([1.0, 2.0])), [4, 6])


@pytest.mark.parametrize(
    ("start", "false"),
    [
        ((x + 1) ** 2, x**2 + 1),
        (sp.sin(x) ** 2, 1 - sp.cos(x)),
        (sp.sqrt(x**2), x),
        (sp.Matrix([[1, x]]), sp.Matrix([[1, y]])),
        (sp.Matrix([[1, x]]), sp.Matrix([1, x])),
        (sp.Eq(x, y), sp.Eq(x, -y)),
        ((sp.Eq(x, y), sp.Eq(y, 1)), (sp.Eq(x, y),)),
        ((sp.Eq(x, y), sp.Eq(y, 1)), (sp.Eq(x, y), sp.Eq(y, 2))),
        (x, sp.Eq(x, 0)),
        (sp.Eq(x, 0), x),
        (sp.Matrix([x]), x),
        (x, sp.Matrix([x])),
        (x, (x,)),
        (f(x).diff(x), f(x)),
    ],
)
def test_a_false_line_raises_and_is_not_appended(start, false):
    derivation = Derivation("False", start, "start")
    with pytest.raises(DerivationError, match=r"False: .* is not"):
        derivation.equals(false, "wrong")
    assert len(derivation.lines) == 1


@pytest.mark.parametrize(
    ("start", "true"),
    [
        (sp.sin(x) ** 2, 1 - sp.cos(x) ** 2),
        (1 / (x - 1) - 1 / (x + 1), 2 / (x**2 - 1)),
        (sp.Matrix([[(x + 1) ** 2, 0]]), sp.Matrix([[x**2 + 2 * x + 1, 0]])),
        (sp.Eq(x - y, 1), sp.Eq(1, x - y)),
        (sp.Eq(x, y + 1), sp.Eq(x - 1, y)),
        ((sp.Eq(x, 1), sp.Eq(y, 2)), (sp.Eq(1, x), sp.Eq(y - 2, 0))),
        ((f(x) ** 2).diff(x), 2 * f(x) * f(x).diff(x)),
        (sp.exp(x + y), sp.exp(x) * sp.exp(y)),
        (
            sp.exp(x + y) - sp.exp(-x - y) - sp.exp(x) + sp.exp(-x),
            (sp.exp(x) - sp.exp(-x)) * (sp.cosh(y) - 1) + (sp.exp(x) + sp.exp(-x)) * sp.sinh(y),
        ),
        (sp.Matrix.eye(2), sp.ImmutableMatrix.eye(2)),
    ],
)
def test_a_true_line_is_proved(start, true):
    assert Derivation("True", start, "start").equals(true, "right").result == true


def test_bounds_need_a_certificate():
    derivation = Derivation("Young", x**2 + y**2, "start").at_least(2 * x * y, [(1, x - y)], "a square")
    assert derivation.result == 2 * x * y
    assert derivation.lines[-1].relation == "≥"
    below = Derivation("Weighted", 2 * x * y, "start")
    below.at_most(a * x**2 + y**2 / a, [(a, x - y / a)], "a square, weighted")
    assert below.lines[-1].relation == "≤"
    assert vanishes(below.lines[-1].certificate - a * (x - y / a) ** 2)


@pytest.mark.parametrize(
    ("squares", "sentence"),
    [
        ([(1, x + y)], "is not the sum of squares"),
        ([(2, x - y)], "is not the sum of squares"),
        ([], "is not the sum of squares"),
        ([(-1, x), (1, x), (1, x - y)], "not known to be nonnegative"),
        ([(x, 1), (1, x - y), (-x, 1)], "not known to be nonnegative"),
        ([(1, sp.I * x), (1, x), (1, x - y)], "not known to be nonnegative"),
        ([(1, sp.Symbol("z")), (1, x - y)], "not known to be nonnegative"),
    ],
)
def test_a_wrong_certificate_is_refused(squares, sentence):
    with pytest.raises(DerivationError, match=sentence):
        Derivation("Young", x**2 + y**2, "start").at_least(2 * x * y, squares, "wrong")
    with pytest.raises(DerivationError, match=sentence):
        Derivation("Young", 2 * x * y, "start").at_most(x**2 + y**2, squares, "wrong")


def test_results_become_numpy_functions():
    points = np.array([1.0, 2.0])
    np.testing.assert_allclose(Derivation("t", sp.Eq(y, x**2), "s").numpy(x)(points), [1, 4])
    np.testing.assert_allclose(Derivation("t", sp.Matrix([[x, 1]]), "s").numpy(x)(3.0), [[3, 1]])
    squares, shifted = Derivation("t", (sp.Eq(y, x**2), sp.Eq(a, x + 1)), "s").numpy(x)(points)
    np.testing.assert_allclose(squares, [1, 4])
    np.testing.assert_allclose(shifted, [2, 3])


def build():
    start = sp.Matrix([[x * y + a, sp.sin(x)], [sp.exp(y) + x**3, a / y]])
    derivation = Derivation("Title", start, "where it starts").then("its determinant", lambda M: M.det())
    return derivation.then("a system", lambda e: (sp.Eq(x, e), sp.Eq(y, 1))).then("back", lambda s: s[0].rhs)


def test_it_shows_itself_the_same_way_every_time():
    assert repr(build()) == repr(build())
    assert build()._repr_markdown_() == build()._repr_markdown_()
    text = build()._repr_markdown_()
    assert text.startswith("**Title**")
    for piece in ("*where it starts*", "*its determinant*", r"\begin{aligned}", "x &="):
        assert piece in text
    bound = Derivation("Young", x**2 + y**2, "start").at_least(2 * x * y, [(1, x - y)], "a square")._repr_markdown_()
    assert r"\ge 2 x y" in bound
    assert "the difference is" in bound


def test_reasons_stand_beside_formulas_that_leave_them_room():
    short = Derivation("Short", abs(x), "a modulus").then("squared", lambda e: e**2)._repr_markdown_()
    assert short.splitlines()[2:4] == ["| | |", "|:---|:---|"]
    assert [line.count("|") for line in short.splitlines()[4:]] == [3, 3]
    assert r"\vert" in short
    broad = Derivation("Broad", sp.Add(*sp.symbols("a:60")), "a long sum")._repr_markdown_()
    assert "| | |" not in broad
    assert broad.endswith("*a long sum*")


def test_reasons_are_read_whole_whatever_they_hold():
    """A bar would end the cell of a table, and a star the italics."""
    reason = "|ρ| = √β, and f* = n/20"
    short = Derivation("Short", x, reason)._repr_markdown_()
    assert short.splitlines()[-1].endswith(r"| *\|ρ\| = √β, and f\* = n/20* |")
    broad = Derivation("Broad", sp.Add(*sp.symbols("a:60")), reason)._repr_markdown_()
    assert broad.splitlines()[-1] == r"*|ρ| = √β, and f\* = n/20*"


def test_systems_are_set_as_aligned_lines():
    assert latex((sp.Eq(x, 1), y)) == r"\begin{aligned}x &= 1 \\ y\end{aligned}"
    assert same(sp.Tuple(x, y), (x, y))
