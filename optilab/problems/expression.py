"""Problems from a formula that somebody types."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from optilab.problems.formula import Program, check_variables, names, refuse, symbols, syntax


@dataclass(frozen=True)
class Expression:
    """E(x), given by a formula such as "(1-x)**2 + 5*(y-x**2)**2".

    Every oracle takes points (*batch, d), real or complex, and is analytic in them.

    Parameters
    ----------
    formula : str
        Numbers, variables, + - * / **, parentheses, pi, e and the functions of `optilab.problems.formula.FUNCTIONS`;
        at most 500 characters, constant exponents up to 100, 1500 operations with all derivatives that are asked for.
    variables : tuple of str, optional
        What the entries of a point are called, in order; by default the formula's variables, sorted.

    Raises
    ------
    ValueError
        If the formula contains anything else, or, when a derivative is asked for, if it is too long for that; the
        sentence quotes the piece.
    """

    formula: str
    variables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables) or tuple(names(syntax(self.formula))))
        _ = self.value  # a bad formula is refused now
        if not self.variables:
            refuse(self.formula, "it has no variable")
        check_variables(self.variables)

    def __reduce__(self) -> tuple[Any, ...]:
        return Expression, (self.formula, self.variables)  # compiled functions stay behind

    @cached_property
    def program(self) -> Program:
        """The steps of the formula and of the derivatives asked for so far."""
        return Program()

    @cached_property
    def x(self) -> list[sp.Symbol]:
        """Internal names of the variables."""
        return symbols("x", self.dim)

    @cached_property
    def v(self) -> list[sp.Symbol]:
        """Internal names of the entries of a direction."""
        return symbols("v", self.dim)

    @cached_property
    def direction(self) -> dict[sp.Symbol, sp.Symbol]:
        """The variables moving along v."""
        return dict(zip(self.x, self.v, strict=True))

    @property
    def dim(self) -> int:
        """Number of variables d."""
        return len(self.variables)

    @cached_property
    def value(self) -> sp.Expr:
        """The step that computes E."""
        return self.program.read(self.formula, dict(zip(self.variables, self.x, strict=True)))

    @cached_property
    def gradient(self) -> list[sp.Expr]:
        """The steps that compute ∂E/∂xᵢ."""
        return self.program.gradient(self.value, self.x)

    @cached_property
    def product(self) -> list[sp.Expr]:
        """The steps that compute (Hv)ᵢ."""
        return self.program.along(self.gradient, self.direction)

    @cached_property
    def expr(self) -> sp.Expr:
        """The formula as a SymPy expression in its own variables."""
        meaning: dict[sp.Basic, sp.Basic] = {
            symbol: sp.Symbol(name) for name, symbol in zip(self.variables, self.x, strict=True)
        }
        for name, step in self.program.needed([self.value]):
            meaning[name] = step.xreplace(meaning)
        return self.value.xreplace(meaning)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """E at x (*batch, d) → (*batch)."""
        return self._value(x)

    def grad(self, x: np.ndarray) -> np.ndarray:
        """Gradient at x (*batch, d) → (*batch, d)."""
        return self._grad(x)

    def hess(self, x: np.ndarray) -> np.ndarray:
        """Hessian at x (*batch, d) → (*batch, d, d)."""
        return self._hess(x)

    def hvp(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at x times v, both (*batch, d) → (*batch, d)."""
        return self._hvp(x, v)

    def third(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """T[v, v] = ∇(vᵀ H v) at fixed v, both (*batch, d) → (*batch, d)."""
        return self._third(x, v)

    @cached_property
    def _value(self) -> Callable[..., np.ndarray]:
        return self.program.numpy([self.value], (), self.x)

    @cached_property
    def _grad(self) -> Callable[..., np.ndarray]:
        return self.program.numpy(self.gradient, (self.dim,), self.x)

    @cached_property
    def _hess(self) -> Callable[..., np.ndarray]:
        columns = {j: self.program.along(self.gradient[: j + 1], {x: 1}) for j, x in enumerate(self.x)}
        entries = [columns[max(i, j)][min(i, j)] for i in range(self.dim) for j in range(self.dim)]
        return self.program.numpy(entries, (self.dim, self.dim), self.x)

    @cached_property
    def _hvp(self) -> Callable[..., np.ndarray]:
        return self.program.numpy(self.product, (self.dim,), self.x, self.v)

    @cached_property
    def _third(self) -> Callable[..., np.ndarray]:
        entries = self.program.along(self.product, self.direction)
        return self.program.numpy(entries, (self.dim,), self.x, self.v)
