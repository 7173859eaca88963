"""Formulas that somebody types: read without trusting them, differentiated as often as needed, made NumPy functions.

The text is parsed to Python's syntax tree, of which a short list of nodes is accepted; nothing is ever evaluated as
code. Each operation becomes one step of a `Program`; SymPy differentiates step by step (the chain rule), so that even
the third derivative of a long formula is a program a few times as long.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import sympy as sp

from optilab.core.check import require

FUNCTIONS = {
    "exp": sp.exp,
    "log": sp.log,
    "sqrt": sp.sqrt,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "atan": sp.atan,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
}
CONSTANTS = {"pi": sp.pi, "e": sp.E}
OPERATIONS: dict[type, Callable[..., sp.Expr]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
GRAMMAR = f"use numbers, variables, + - * / **, parentheses, pi, e and {', '.join(FUNCTIONS)}"

LENGTH = 500  # characters of a formula
DEPTH = 100  # operations inside one another
EXPONENT = 100  # largest constant exponent
NUMBER = 1e100  # largest constant
EXACT = 2**53  # integers beyond this are floats to NumPy
STEPS = 1500  # operations of a formula and the derivatives that are asked for
DIGITS = 40  # of a constant, of which
NOISE = 1e-30  # is the part that is rounding: sin(pi) is 0
NO_VARIABLES = {"I", "oo", "zoo", "nan", "inf", "infinity"}  # what they are called elsewhere, in small letters too


def refuse(piece: str, reason: str) -> NoReturn:
    """Raise the one kind of error that reading a formula has."""
    shown = piece if len(piece) <= 40 else piece[:37] + "…"
    raise ValueError(f"can't read {shown!r} in the formula: {reason}")


def syntax(formula: str) -> ast.expr:
    """The syntax tree of a formula."""
    if not isinstance(formula, str):
        refuse(repr(formula), "a formula is text")
    text = formula.strip()
    if len(text) > LENGTH:
        refuse(text, f"it is longer than {LENGTH} characters")
    if not text:
        refuse(formula, "it is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser's advice to authors of Python
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply or has odd characters"
        refuse(text, f"{reason} (a product needs its *)")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and "·" in node.id:  # to Python a letter
            refuse(node.id, "write * for a product, not ·")
    return tree


def names(tree: ast.expr) -> list[str]:
    """The variables of a formula, sorted; what elsewhere means infinity, no number or √−1 is refused."""
    nodes = list(ast.walk(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    found = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called}
    for name in sorted(found):
        if name in NO_VARIABLES or name.lower() in NO_VARIABLES:
            refuse(name, "it is no real number, and as the name of a variable it would be mistaken for one")
    return sorted(found - FUNCTIONS.keys() - CONSTANTS.keys())


class Program:
    """Steps, each one small expression in variables and earlier steps; equal expressions are one step."""

    def __init__(self) -> None:
        self.text = ""  # of the formula that was read last
        self.steps: dict[sp.Symbol, sp.Expr] = {}
        self.known: dict[sp.Expr, sp.Symbol] = {}
        self.constants: dict[sp.Symbol, sp.Expr] = {}  # the value of each step that is a number

    def step(self, expr: sp.Expr) -> sp.Expr:
        """The name of the step that computes `expr`; numbers and names are themselves."""
        if expr.is_Atom:
            return expr
        if expr not in self.known:
            if len(self.steps) >= STEPS:
                refuse(self.text, f"with the derivatives that are needed it takes more than {STEPS} operations")
            self.known[expr] = sp.Symbol(f"step{len(self.steps)}")
            self.steps[self.known[expr]] = expr
        return self.known[expr]

    def constant(self, expr: sp.Expr) -> sp.Expr | None:
        """The value of a constant expression, None if it has a variable."""
        if expr.free_symbols <= self.constants.keys():
            return expr.xreplace(self.constants).evalf(DIGITS)
        return None

    def noise(self, expr: sp.Expr, value: sp.Expr) -> bool:
        """Whether the value of a constant is but what rounding leaves of 0."""
        sizes = [abs(size) for part in expr.args if (size := self.constant(part)) is not None]
        if isinstance(expr, sp.Add):
            return bool(abs(value) < NOISE * max(sizes))
        return isinstance(expr, sp.sin | sp.cos | sp.tan | sp.log) and bool(abs(value) < NOISE * min(1, *sizes))

    def read(self, formula: str, variables: Mapping[str, sp.Symbol]) -> sp.Expr:
        """Append the steps of a formula, refusing whatever is not on the list; the name of its value."""
        tree, text = syntax(formula), formula.strip()
        self.text = text

        def piece(node: ast.expr) -> str:
            return ast.get_source_segment(text, node) or text

        def result(expr: sp.Expr, node: ast.expr) -> sp.Expr:
            """The name of a step, once it has been checked to be a number of decent size if it is one."""
            expr = floats(expr)
            if expr.has(sp.zoo, sp.nan, sp.oo):
                refuse(piece(node), "it divides by zero")
            value, name = self.constant(expr), self.step(expr)
            if value is not None:
                if not (value.is_real and abs(value) <= NUMBER):
                    refuse(piece(node), f"it is not a real number of size up to {NUMBER:.0e}")
                if isinstance(expr, sp.tan) and abs(value) > 1 / NOISE:
                    refuse(piece(node), "it divides by zero")
                if self.noise(expr, value):
                    return sp.Integer(0)
                if name.is_Symbol:
                    self.constants[name] = value
            return name

        def visit(node: ast.expr, depth: int = 0) -> sp.Expr:
            if depth > DEPTH:
                refuse(text, f"it is nested deeper than {DEPTH} levels")
            match node:
                case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                    if not abs(number) <= NUMBER:
                        refuse(piece(node), f"it is not a real number of size up to {NUMBER:.0e}")
                    return floats(sp.Rational(repr(number)))
                case ast.Name(id=name) if name in variables or name in CONSTANTS:
                    return variables.get(name) or CONSTANTS[name]
                case ast.Name(id=name) if name in FUNCTIONS:
                    refuse(name, f"a function needs its argument, {name}(…)")
                case ast.Name(id=name):
                    refuse(name, f"unknown variable; the variables are {', '.join(variables) or 'none'}")
                case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATIONS:
                    return result(OPERATIONS[type(op)](visit(operand, depth + 1)), node)
                case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
                    one, other = visit(left, depth + 1), visit(right, depth + 1)
                    exponent = self.constant(other) if isinstance(op, ast.Pow) else None
                    if isinstance(op, ast.Pow) and self.constant(one) == 0 and not exponent:
                        refuse(piece(node), "0 to a power that is or may be 0 has no value")
                    if exponent is not None and abs(exponent) > EXPONENT:
                        refuse(piece(node), f"exponents go up to {EXPONENT}")
                    return result(OPERATIONS[type(op)](one, other), node)
                case ast.BinOp(op=ast.BitXor()):
                    refuse(piece(node), "write ** for a power, not ^")
                case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                    return result(FUNCTIONS[name](visit(argument, depth + 1)), node)
                case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
                    refuse(piece(node), f"{name} takes one argument")
                case ast.Call(func=ast.Name(id=name)) if name in variables:
                    refuse(piece(node), f"{name} is a variable; a product needs its *")
                case ast.Call(func=ast.Name(id=name)):
                    refuse(piece(node), f"unknown function; the functions are {', '.join(FUNCTIONS)}")
            refuse(piece(node), GRAMMAR)

        return visit(tree)

    def needed(self, outputs: Sequence[sp.Expr]) -> list[tuple[sp.Symbol, sp.Expr]]:
        """The steps that the outputs depend on, in order."""
        wanted = {symbol for output in outputs for symbol in output.free_symbols}
        kept = []
        for name, expr in reversed(self.steps.items()):
            if name in wanted:
                wanted |= expr.free_symbols
                kept.append((name, expr))
        return kept[::-1]

    def along(self, outputs: Sequence[sp.Expr], direction: Mapping[sp.Symbol, Any]) -> list[sp.Expr]:
        """Append the steps that compute the derivative of `outputs` as the variables move; the names of these."""
        moved = {symbol: sp.sympify(velocity) for symbol, velocity in direction.items()}
        for name, expr in self.needed(outputs):
            terms = [
                self.step(self.step(expr.diff(part)) * moved[part])
                for part in sorted(expr.free_symbols & moved.keys(), key=str)
            ]
            if terms:
                moved[name] = self.step(sp.Add(*terms))
        return [moved.get(output, sp.Integer(0)) for output in outputs]

    def gradient(self, output: sp.Expr, variables: Sequence[sp.Symbol]) -> list[sp.Expr]:
        """The names of the partial derivatives of one output."""
        return [self.along([output], {variable: 1})[0] for variable in variables]

    def numpy(
        self, outputs: Sequence[sp.Expr], shape: tuple[int, ...], *groups: Sequence[sp.Symbol]
    ) -> Callable[..., np.ndarray]:
        """The outputs as a function of points (*batch, d), one for each group of d variables → (*batch, *shape)."""
        needed = self.needed(outputs)
        steps = [(name, floats(expr)) for name, expr in needed if name not in self.constants]
        results = [floats(output) for output in outputs]
        constants = {name: np.float64(self.constants[name]) for name, _ in needed if name in self.constants}
        arguments = [symbol for group in groups for symbol in group] + list(constants)
        function = sp.lambdify(arguments, results, "numpy", cse=lambda _: (steps, results))

        def oracle(*points: np.ndarray) -> np.ndarray:
            arrays = [np.asarray(point) for point in points]
            arrays = [array if np.issubdtype(array.dtype, np.inexact) else array.astype(float) for array in arrays]
            for array, group in zip(arrays, groups, strict=True):
                require(
                    array.shape[-1:] == (len(group),), "the shape of a point", array.shape, f"(*batch, {len(group)})"
                )
            batch = np.broadcast_shapes(*(array.shape[:-1] for array in arrays))
            with np.errstate(all="ignore"):  # outside its domain a formula is NaN
                entries = function(
                    *(array[..., i] for array in arrays for i in range(array.shape[-1])), *constants.values()
                )
            stacked = np.stack([np.broadcast_to(entry, batch) for entry in entries], -1)
            kind = np.result_type(stacked, *arrays)  # entries that are all constant come as integers
            return stacked.reshape((*batch, *shape)).astype(kind, copy=False)

        return oracle


def floats(expr: sp.Expr) -> sp.Expr:
    """The same expression with long integers and fractions as floats, for NumPy's and for SymPy's sake."""
    long = [number for number in expr.atoms(sp.Rational) if max(abs(number.p), number.q) > EXACT]
    return expr.xreplace({number: sp.Float(number) for number in long})


def symbols(prefix: str, count: int) -> list[sp.Symbol]:
    """Internal names of variables, which clash with nothing that NumPy or a step is called."""
    return [sp.Symbol(f"{prefix}{index}") for index in range(count)]


def check_variables(variables: Sequence[str]) -> None:
    """Refuse names of variables that are no names, taken or twice the same."""
    taken = FUNCTIONS.keys() | CONSTANTS.keys()
    free = all(isinstance(name, str) and name.isidentifier() and name not in taken for name in variables)
    distinct = len(set(variables)) == len(variables)
    require(free and distinct, "variables", variables, "distinct names, none of a function, pi or e")
