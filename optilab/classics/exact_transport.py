"""Transport without regularisation, as the linear program that it is (Kantorovich, 1942), by SciPy's HiGHS."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, kron, vstack

from optilab.core.check import require
from optilab.problems.transport import Transport


class Exact(NamedTuple):
    """An optimal vertex."""

    value: np.ndarray  # () the least cost
    T: np.ndarray  # (m, n) the plan; at most m + n − 1 of its entries aren't zero
    alpha: np.ndarray  # (m,) prices of the sources
    beta: np.ndarray  # (n,) prices of the targets; the last is 0


@lru_cache(maxsize=16)
def marginals(m: int, n: int) -> csr_array:
    """The matrix of T ↦ (T1, Tᵀ1) without its last row, which follows from the others: (m + n − 1, mn)."""
    rows = kron(eye_array(m), np.ones((1, n)))
    columns = kron(np.ones((1, m)), eye_array(n))
    return csr_array(vstack([rows, columns]))[:-1]


def exact_transport(problem: Transport) -> Exact:
    """Solve min ⟨T, C⟩ over T ≥ 0 with T1 = a, Tᵀ1 = b, for one instance.

    Raises
    ------
    ValueError
        If the problem is a batch, or the solver finds no plan.
    """
    require(problem.a.ndim == 1, "the shape of a", problem.a.shape, "(m,): one instance")
    m, n = problem.C.shape
    right = np.concatenate([problem.a, problem.b])[:-1]
    found = linprog(problem.C.ravel(), A_eq=marginals(m, n), b_eq=right, method="highs")
    require(found.status == 0, "the linear program", found.message, "solvable")
    prices = np.append(found.eqlin.marginals, 0.0)
    return Exact(np.asarray(found.fun), found.x.reshape(m, n), prices[:m], prices[m:])
