"""Derivations that SymPy checks line by line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from optilab.core.short import shorten

Expression = Any  # a SymPy expression, matrix or equation, or a tuple of equations (a system)


BROAD = 170  # letters of LaTeX that leave room for a reason beside the formula


class DerivationError(ValueError):
    """A line of a derivation does not follow from the line before it."""


@shorten
@dataclass(frozen=True)
class Line:
    """One line: how it relates to the line before ("", "=", "≤", "≥"), the expression, the reason, a certificate."""

    relation: str
    expr: Expression
    because: str
    certificate: Expression = None


def vanishes(expr: Expression) -> bool:
    """Whether SymPy proves that an expression, or every entry of a matrix, is zero; cheap proofs first."""
    if isinstance(expr, sp.MatrixBase):
        return all(vanishes(entry) for entry in expr)
    proofs = (
        sp.expand,
        lambda e: sp.cancel(sp.together(e)),
        lambda e: sp.expand(e.rewrite((sp.sinh, sp.cosh), sp.exp)),  # where exponentials stand beside them
        sp.simplify,
    )
    return any(proof(expr) == 0 for proof in proofs)


def kind(expr: Expression) -> str:
    """What a line is: a system, an equation, a matrix or an expression."""
    if isinstance(expr, tuple | sp.Tuple):
        return "system"
    if isinstance(expr, sp.Eq):
        return "equation"
    return "matrix" if isinstance(expr, sp.MatrixBase) else "expression"


def same(left: Expression, right: Expression) -> bool:
    """Whether SymPy proves two expressions, matrices, equations or systems equal.

    Equations are the same if their differences of sides agree up to sign; systems line by line.
    """
    if kind(left) != kind(right):
        return False
    if kind(left) == "system":
        return len(left) == len(right) and all(map(same, left, right))
    if kind(left) == "equation":
        mine, yours = left.lhs - left.rhs, right.lhs - right.rhs
        return vanishes(mine - yours) or vanishes(mine + yours)
    if kind(left) == "matrix" and left.shape != right.shape:
        return False
    return vanishes(left - right)


def right_side(expr: Expression) -> Expression:
    """The right side of an equation or inequality; an expression is itself."""
    return expr.rhs if isinstance(expr, Relational) else expr


def latex(expr: Expression) -> str:
    """The formula; a system is set as aligned lines."""
    if isinstance(expr, tuple | sp.Tuple):
        lines = [f"{sp.latex(e.lhs)} &= {sp.latex(e.rhs)}" if isinstance(e, sp.Eq) else sp.latex(e) for e in expr]
        return r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}"
    return str(sp.latex(expr))


class Derivation:
    """A chain of expressions, each computed from the one before or proved equal, smaller or larger.

    Parameters
    ----------
    title : str
        What is derived.
    start : SymPy expression, matrix, equation, or tuple of equations
        The first line.
    because : str
        Where it comes from.
    """

    def __init__(self, title: str, start: Expression, because: str):
        self.title = title
        self.lines = [Line("", start, because)]

    @property
    def result(self) -> Expression:
        """The last line."""
        return self.lines[-1].expr

    def then(self, because: str, operation: Callable[[Expression], Expression]) -> "Derivation":
        """Append operation(last line): substitute, expand in a series, solve, differentiate…"""
        self.lines.append(Line("", operation(self.result), because))
        return self

    def equals(self, expr: Expression, because: str) -> "Derivation":
        """Append `expr` after proving that it equals the last line.

        Raises
        ------
        DerivationError
            If SymPy can't prove it.
        """
        if not same(self.result, expr):
            raise DerivationError(f"{self.title}: {self.result} is not {expr}")
        self.lines.append(Line("=", expr, because))
        return self

    def at_least(self, bound: sp.Expr, squares: Iterable[tuple[Expression, Expression]], because: str) -> "Derivation":
        """Append `bound` after proving that the last line is at least that: their difference is Σ c·q².

        Parameters
        ----------
        bound : SymPy expression
            The next line.
        squares : pairs (c, q)
            Coefficients that SymPy knows to be nonnegative by the assumptions of their symbols, and what is squared.
        because : str
            The reason.

        Raises
        ------
        DerivationError
            If a coefficient may be negative, or the sum is not the difference.
        """
        return self._compare("≥", self.result - bound, bound, squares, because)

    def at_most(self, bound: sp.Expr, squares: Iterable[tuple[Expression, Expression]], because: str) -> "Derivation":
        """Append `bound` after proving that the last line is at most that; see `at_least`."""
        return self._compare("≤", bound - self.result, bound, squares, because)

    def _compare(
        self, relation: str, difference: sp.Expr, bound: sp.Expr, squares: Iterable[tuple[Any, Any]], because: str
    ) -> "Derivation":
        squares = [(sp.sympify(c), sp.sympify(q)) for c, q in squares]
        for c, q in squares:
            if not (c.is_nonnegative and q.is_real):
                raise DerivationError(f"{self.title}: {c}·({q})² is not known to be nonnegative")
        total = sp.Add(*[c * q**2 for c, q in squares])
        if not same(difference, total):
            raise DerivationError(f"{self.title}: {difference} is not the sum of squares {total}")
        self.lines.append(Line(relation, bound, because, certificate=total))
        return self

    def numpy(self, *symbols: sp.Symbol) -> Callable[..., Any]:
        """The result as a NumPy function of `symbols`; its right side if an equation, a list if a system."""
        if kind(self.result) == "system":
            return sp.lambdify(symbols, [right_side(line) for line in self.result], "numpy")
        return sp.lambdify(symbols, right_side(self.result), "numpy")

    def __repr__(self) -> str:
        return f"{self.title}: {self.result}"

    def _repr_markdown_(self) -> str:
        signs = {"": "", "=": "= ", "≤": r"\le ", "≥": r"\ge "}
        formulas = [(signs[line.relation] + latex(line.expr)).replace("|", r"\vert ") for line in self.lines]
        reasons = []
        for line in self.lines:
            reason = line.because.replace("*", r"\*")
            reasons.append(f"*{reason}*")
            if line.certificate is not None:
                difference = latex(line.certificate).replace("|", r"\vert ")
                reasons[-1] += f" — the difference is $\\displaystyle {difference}\\ge0$"
        if max(map(len, formulas)) <= BROAD:
            cells = [reason.replace("|", r"\|") for reason in reasons]  # a bare one would end the cell
            table = [f"| $\\displaystyle {formula}$ | {cell} |" for formula, cell in zip(formulas, cells, strict=True)]
            return f"**{self.title}**\n\n| | |\n|:---|:---|\n" + "\n".join(table)
        pairs = zip(formulas, reasons, strict=True)
        return f"**{self.title}**\n\n" + "\n\n".join(f"$$\\displaystyle {formula}$$\n\n{why}" for formula, why in pairs)
