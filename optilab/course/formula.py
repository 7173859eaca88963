"""Formulas as text: SymPy's own constructors, read by a whitelist, so that reading one runs nothing but these."""

import ast
import re
from typing import Any

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

SPECIAL = (sp.pi, sp.E, sp.I, sp.oo, sp.zoo, sp.nan, sp.true, sp.false, sp.EulerGamma, sp.GoldenRatio, sp.Catalan)
CONSTANTS = {sp.srepr(value): value for value in SPECIAL}
NAMED = {"Symbol": sp.Symbol, "Dummy": sp.Dummy, "Float": sp.Float, "Function": sp.Function}  # their first part is text
LABEL = re.compile(r"[\w*'^{}\\.+-]{1,60}")  # no brackets or blanks: it may be printed as code
CLASSES = (
    (sp.Add, sp.Mul, sp.Pow, sp.Integer, sp.Rational, sp.Tuple, sp.UnevaluatedExpr),
    (sp.Derivative, sp.Integral, sp.Sum, sp.Product, sp.Subs, sp.Lambda, sp.Piecewise, ExprCondPair),
    (sp.Abs, sp.sign, sp.Max, sp.Min, sp.Mod, sp.floor, sp.ceiling, sp.frac, sp.re, sp.im, sp.conjugate, sp.arg),
    (sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.cot, sp.sec, sp.csc, sp.asin, sp.acos, sp.atan, sp.atan2, sp.acot),
    (sp.sinh, sp.cosh, sp.tanh, sp.coth, sp.asinh, sp.acosh, sp.atanh, sp.acoth, sp.exp_polar, sp.LambertW),
    (sp.factorial, sp.binomial, sp.RisingFactorial, sp.FallingFactorial, sp.harmonic, sp.zeta, sp.KroneckerDelta),
    (sp.gamma, sp.loggamma, sp.polygamma, sp.beta, sp.erf, sp.erfc, sp.Heaviside, sp.DiracDelta),
    (sp.And, sp.Or, sp.Not, sp.Eq, sp.Ne, sp.StrictLessThan, sp.LessThan, sp.StrictGreaterThan, sp.GreaterThan),
    (sp.MutableDenseMatrix, sp.ImmutableDenseMatrix, sp.FiniteSet),
)
MADE_OF_FORMULAS: dict[str, Any] = {made.__name__: made for group in CLASSES for made in group}
LONGEST = 200_000  # characters of a formula's text


def read(text: str) -> Any:
    """The formula that `sympy.srepr` has written as `text`, made anew.

    Raises
    ------
    ValueError
        If the text is anything else than constructors of the classes above on each other; it names what is strange.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a formula of {len(text)} characters, where {LONGEST} are allowed")
    try:
        return made(ast.parse(text, mode="eval").body)
    except (SyntaxError, TypeError, RecursionError, MemoryError, AttributeError) as error:
        raise ValueError(f"no formula of SymPy: {text[:60]!r}") from error


def made(node: ast.AST) -> Any:
    """What one part of the text stands for."""
    match node:
        case ast.Constant(value=int() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -made(operand)
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.List(elts=parts):
            return [made(part) for part in parts]
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as label)], keywords=options) if (
            name in NAMED and LABEL.fullmatch(label)
        ):
            return NAMED[name](label, **{option.arg: plain(option.value) for option in options if option.arg})
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in MADE_OF_FORMULAS:
            return MADE_OF_FORMULAS[name](*map(made, parts))
        case ast.Call(func=ast.Call(func=ast.Name(id="Function")) as function, args=parts, keywords=[]):
            return made(function)(*map(made, parts))
    raise ValueError(f"a formula may not hold {ast.unparse(node)[:60]}")


def plain(node: ast.AST) -> bool | int | None:
    """An assumption about a symbol, or a number of digits."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | None):
        return node.value
    raise ValueError(f"a formula may not hold {ast.unparse(node)[:60]}")
