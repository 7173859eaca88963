"""A plan with at most k nonzeros a column in one call, and how good it is.

The semi-dual's value is a lower bound whatever α it is asked at. For an upper one the plan's rows are set right, by the
rounding of J. Altschuler, J. Weed, P. Rigollet, "Near-linear time approximation algorithms for optimal transport via
Sinkhorn iteration", NIPS 2017 (algorithm 2): that may take more than k nonzeros, so its cost is that of the
convex problem behind the dual, whose least cost is max S.
"""

from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.papers.sparse_optimal_transport.algorithm.dual import SemiDual
from optilab.papers.sparse_optimal_transport.algorithm.solvers import adam_then_lbfgs
from optilab.papers.sparse_optimal_transport.algorithm.theory import relaxed_cost
from optilab.problems.transport import Transport


class SparsePlan(NamedTuple):
    """A plan, and between which bounds the best one lies."""

    T: np.ndarray  # (m, n) at most k nonzeros a column, which sums to b
    cost: float  # ⟨T, C⟩
    row_error: float  # ‖T1 − a‖₁, the mass that is taken from the wrong sources
    value: float  # S(α): no plan with k nonzeros a column and right marginals costs less, γ/2 ‖T‖² included
    gap: float  # max S lies at most this far above S(α); without a row error it is 0, and T the best plan
    alpha: np.ndarray  # (m,) prices of the sources


def with_right_rows(problem: Transport, T: np.ndarray) -> np.ndarray:
    """A plan that meets both marginals, from one (m, n) whose columns do: too full rows are scaled down first.

    What they lose goes from the rows to the columns that miss it, in proportion to both.
    """
    rows = T.sum(-1)
    T = T * np.minimum(problem.a / np.where(rows > 0, rows, 1), 1)[:, None]
    missing = problem.a - T.sum(-1)
    if missing.sum() <= 0:
        return T
    return T + np.outer(missing, problem.b - T.sum(-2)) / missing.sum()


def sparse_transport(
    a: np.ndarray, b: np.ndarray, C: np.ndarray, k: int, *, gamma: float = 1.0, **options: Any
) -> SparsePlan:
    """Move a to b at costs C with at most k nonzeros a column: Adam, then L-BFGS on the semi-dual, one instance.

    Parameters
    ----------
    a : array (m,)
        Mass of each source, nonnegative.
    b : array (n,)
        Demand of each target, positive; its total is that of `a`.
    C : array (m, n)
        Costs of a unit of mass, in any unit: the solver sees them divided by their range.
    k : int
        Nonzeros allowed in a column, 1 or more.
    gamma : number
        Weight γ > 0 of ½‖T‖², in the unit of the costs: the smaller, the nearer to the linear program, and the slower.
    **options
        Of `adam_then_lbfgs`: `steps=0` for L-BFGS alone, `maxiter`, ….

    Returns
    -------
    SparsePlan
        With its row error and its gap. Where they stay large, max S lies at a kink: no plan with k nonzeros a column
        is as good as the dual says, and more steps don't help; a larger k does.

    Raises
    ------
    ValueError
        If an argument isn't as above.
    """
    problem = Transport(a, b, C)
    require(problem.a.ndim == 1, "the shape of a", problem.a.shape, "(m,): one instance")
    require(0 < gamma < np.inf, "gamma", gamma, "positive and finite")
    unit = float(np.ptp(problem.C)) or 1.0
    scaled = SemiDual(Transport(problem.a, problem.b, problem.C / unit), k, gamma / unit)
    alpha = adam_then_lbfgs(scaled, **options).x
    oracle = scaled.oracle(alpha)
    T = oracle.columns.dense.T
    upper = relaxed_cost(scaled.problem, with_right_rows(problem, T), k, gamma / unit)
    gap = max(float(upper - oracle.value), 0.0)
    return SparsePlan(
        T,
        cost=float(problem(T)),
        row_error=float(problem.row_error(T)),
        value=unit * float(oracle.value),
        gap=unit * gap,
        alpha=unit * alpha,
    )
