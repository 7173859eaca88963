"""The plan as a heat map: k caps every column, γ and ε only blur."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from optilab.classics.exact_transport import exact_transport
from optilab.classics.sinkhorn import solve_sinkhorn
from optilab.papers.sparse_optimal_transport.algorithm import SemiDual, adam_then_lbfgs, enough_nonzeros
from optilab.papers.sparse_optimal_transport.explorer.colours import color
from optilab.papers.sparse_optimal_transport.explorer.posts import posts
from optilab.problems.transport import bumps
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, heat, panel, promise
from optilab.ui.theme import BLUE, PINK, ink
from optilab.ui.words import number

SPARSE, QUADRATIC, ENTROPIC, EXACT = "k-sparse", "quadratic", "Sinkhorn", "exact (linear program)"
SINKHORN = 300  # updates of Sinkhorn, and
STEPS, CALLS = 120, 80  # of Adam and L-BFGS: in the time of a slider's move
SEEN = 1e-9  # mass below this counts as none in a dense plan
X, EDGES = np.linspace(0, 1, 24), [-0.03, 1.03]


@lru_cache(256)
def plan(method: str, k: int, gamma: float, epsilon: float) -> np.ndarray:
    """The plan of one hill to two hills that a method finds in the time of a slider's move."""
    problem = bumps()
    if method == EXACT:
        T = exact_transport(problem).T
    elif method == ENTROPIC:
        T = solve_sinkhorn(problem, epsilon=epsilon, steps=SINKHORN)
    else:
        semi_dual = SemiDual(problem, problem.m if method == QUADRATIC else k, gamma)
        T = semi_dual.plan(adam_then_lbfgs(semi_dual, steps=STEPS, maxfun=CALLS).x)
    return T


def compute(method: str, k: int, gamma: float, epsilon: float) -> dict[str, Any]:
    """The plan, its row sums against a, its nonzeros a column."""
    problem, T = bumps(), plan(method, k, gamma, epsilon)
    seen, rows, error = T > SEEN, T.sum(1), problem.row_error(T)
    wrong, count = abs(rows - problem.a) > 1e-3, seen.sum(0)
    say = f"{wrong.sum()} of 24 {'is' if wrong.sum() == 1 else 'are'} wrong" if wrong.any() else "all are right"
    off, cost = number(float(error), 2), number(float(problem(T)), 4)
    note = f"{seen.sum()} of 576 entries are used, at most {count.max()} in a column; the plan costs {cost}. "
    note += f"Row sums are off by {off} in all." if error < 1e-3 else f"Row sums are off by <b>{off}</b> in all."
    if method == SPARSE and not enough_nonzeros(24, 24, k):
        note += f" <b>No plan with k = {k} nonzeros per column meets both marginals.</b>"
    return {
        "mass": np.where(seen, np.log10(np.maximum(T, SEEN)), np.nan),
        "right": posts(X, 0, np.where(wrong, np.nan, rows)),
        "wrong": posts(X, 0, np.where(wrong, rows, np.nan)),
        "sums": f"Row sums against the mass a that is there: {say}",
        "count": posts(X, 0, count),
        "cap_title": "Nonzeros of every column: " + ("k caps them all" if method == SPARSE else "nothing caps them"),
        "cap": np.full(2, k if method == SPARSE else np.nan),
        "note": note,
    }


def plans(**start: Any) -> Explorer:
    """Turn the dial k on one hill that becomes two."""
    target, source, blue = axis("target position", EDGES), axis("source position", EDGES), color("sparse OT")

    def only(*methods: str) -> Callable[[dict[str, Any]], bool]:
        return lambda values: values["method"] in methods

    return Explorer(
        compute,
        {
            "method": choice("plan", SPARSE, [SPARSE, QUADRATIC, ENTROPIC, EXACT]),
            "k": slider("k, nonzeros per column", 4, 1, 24, 1, named={"one": 1, "all": 24}, when=only(SPARSE)),
            "gamma": log_slider("γ, weight of the square", 1.0, 0.01, 10, steps=12, when=only(SPARSE, QUADRATIC)),
            "epsilon": log_slider("ε, weight of the entropy", 0.03, 0.003, 0.3, steps=16, when=only(ENTROPIC)),
        },
        [
            panel(
                "The plan: a column is what one target gets, and from where",
                heat(
                    (X, X, "mass"),
                    bar="log₁₀ mass",
                    zmin=-5,
                    zmax=-1,
                    colorscale=[[0, "rgba(29,100,175,0.12)"], [1, BLUE]],
                    hovertemplate="target %{x:.2f}, source %{y:.2f}: 10^%{z:.1f}<extra></extra>",
                ),
                x=target,
                y=source,
                height=380,
            ),
            panel(
                entry("sums"),
                curve("right", "row sum, right", blue, width=7),
                curve("wrong", "row sum, wrong", PINK, width=7),
                curve((X, bumps().a), "mass a", ink(0.8), shape="hvh"),
                x=source,
                y=axis("mass", [0, 0.26]),
                height=380,
            ),
            panel(
                entry("cap_title"),
                curve("count", shade=blue, width=7),
                promise((EDGES, "cap"), "cap k", ink(0.8)),
                x=target,
                y=axis("nonzeros", [0, 25]),
                height=380,
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.plans",
        start=start,
        recipe=plan,
    )
