"""The plan as a heat map: k caps every column, γ and ε only blur."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.classics.exact_transport import exact_transport
from optilab.classics.sinkhorn import solve_sinkhorn
from optilab.papers.sparse_optimal_transport.algorithm import SemiDual, adam_then_lbfgs, feasible
from optilab.problems.transport import Transport, bumps
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, PINK, color, ink

SPARSE, QUADRATIC, ENTROPIC, EXACT = "k-sparse", "quadratic", "Sinkhorn", "exact (linear program)"
SINKHORN = 300  # updates of Sinkhorn, and
CALLS = 80  # calls of L-BFGS after Adam: in the time of a slider's move
SEEN = 1e-9  # mass below this counts as none in a dense plan
X = np.linspace(0, 1, 24)


@lru_cache(maxsize=1)
def instance() -> Transport:
    """One hill to two hills, made once."""
    return bumps()


@lru_cache(maxsize=1)
def exact() -> np.ndarray:
    """The linear program's plan."""
    return exact_transport(instance()).T


def plan_of(method: str, k: int, gamma: float, epsilon: float) -> np.ndarray:
    """The plan that a method gives in the time of a slider's move."""
    problem = instance()
    if method == EXACT:
        return exact()
    if method == ENTROPIC:
        return solve_sinkhorn(problem, epsilon=epsilon, steps=SINKHORN)
    semi_dual = SemiDual(problem, problem.m if method == QUADRATIC else k, gamma)
    return semi_dual.plan(adam_then_lbfgs(semi_dual, maxfun=CALLS).x)


def compute(method: str, k: int, gamma: float, epsilon: float) -> dict[str, Any]:
    """The plan, its row sums against a, its nonzeros a column."""
    problem = instance()
    T = plan_of(method, k, gamma, epsilon)
    seen = T > SEEN
    count = seen.sum(0)
    rows, off = T.sum(1), abs(T.sum(1) - problem.a)
    wrong = off > 1e-3
    error = problem.row_error(T)
    note = f"{seen.sum()} of 576 entries are used, at most {count.max()} in a column; the plan costs {problem(T):.4f}. "
    note += f"Row sums are off by {error:.1g} in all." if error < 1e-3 else f"Row sums are off by <b>{error:.2g}</b>."
    if method == SPARSE and not feasible(24, 24, k):
        note += f" <b>No plan with k = {k} nonzeros per column meets both marginals.</b>"
    return {
        "x": X,
        "mass": np.where(seen, np.log10(np.maximum(T, SEEN)), np.nan),
        "a": problem.a,
        "right": np.where(wrong, np.nan, rows),
        "wrong": np.where(wrong, rows, np.nan),
        "count": count,
        "cap_title": "Nonzeros of every column: " + ("k caps them all" if method == SPARSE else "nothing caps them"),
        "cap": np.full(2, k if method == SPARSE else np.nan),
        "span": np.array([-0.03, 1.03]),
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The plan by hand."""
    head = "from optilab.problems.transport import bumps\n\nproblem = bumps()\n"
    if values["method"] == EXACT:
        return f"from optilab.classics.exact_transport import exact_transport\n{head}exact_transport(problem).T"
    if values["method"] == ENTROPIC:
        call = f"solve_sinkhorn(problem, epsilon={values['epsilon']:.4g}, steps={SINKHORN})"
        return f"from optilab.classics.sinkhorn import solve_sinkhorn\n{head}{call}"
    k = 24 if values["method"] == QUADRATIC else values["k"]
    return (
        "from optilab.papers.sparse_optimal_transport import algorithm\n"
        f"{head}semi_dual = algorithm.SemiDual(problem, k={k}, gamma={values['gamma']:.4g})\n"
        f"semi_dual.plan(algorithm.adam_then_lbfgs(semi_dual, maxfun={CALLS}).x)"
    )


def plans(**start: Any) -> Explorer:
    """Turn the dial k on one hill that becomes two."""
    position = {"range": [-0.03, 1.03]}
    blue = color("sparse OT")
    return Explorer(
        compute,
        {
            "method": choice("plan", SPARSE, [SPARSE, QUADRATIC, ENTROPIC, EXACT]),
            "k": slider("k, nonzeros per column", 4, 1, 24, 1, named={"one": 1, "all": 24}),
            "gamma": log_slider("γ, weight of the square", 1.0, 0.01, 10, steps=12),
            "epsilon": log_slider(
                "ε, weight of the entropy",
                0.03,
                0.003,
                0.3,
                steps=16,
                named={"see Sinkhorn": {"method": ENTROPIC, "epsilon": 0.01}},
            ),
        },
        [
            Panel(
                "The plan: a column is what one target gets, and from where",
                [
                    (
                        go.Heatmap(
                            zmin=-5,
                            zmax=-1,
                            colorscale=[[0, "rgba(29,100,175,0.12)"], [1, BLUE]],
                            colorbar={"title": {"text": "log₁₀ mass", "side": "right"}, "thickness": 10},
                            hovertemplate="target %{x:.2f}, source %{y:.2f}: 10^%{z:.1f}<extra></extra>",
                        ),
                        {"x": "x", "y": "x", "z": "mass"},
                    )
                ],
                {
                    "xaxis": {"title": {"text": "target position"}} | position,
                    "yaxis": {"title": {"text": "source position"}} | position,
                },
                height=380,
            ),
            Panel(
                "Row sums against the mass a that is there: wrong ones stand out",
                [
                    (go.Bar(name="row sum, right", marker={"color": blue}), {"x": "x", "y": "right"}),
                    (go.Bar(name="row sum, wrong", marker={"color": PINK}), {"x": "x", "y": "wrong"}),
                    (
                        go.Scatter(name="mass a", mode="lines", line={"color": ink(0.8), "shape": "hvh"}),
                        {"x": "x", "y": "a"},
                    ),
                ],
                {
                    "barmode": "overlay",
                    "xaxis": {"title": {"text": "source position"}} | position,
                    "yaxis": {"title": {"text": "mass"}, "rangemode": "tozero"},
                },
                height=380,
            ),
            Panel(
                "",
                [
                    (go.Bar(showlegend=False, marker={"color": blue}), {"x": "x", "y": "count"}),
                    (
                        go.Scatter(name="cap k", mode="lines", line={"color": ink(0.8), "dash": "dash"}),
                        {"x": "span", "y": "cap"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "target position"}} | position,
                    "yaxis": {"title": {"text": "nonzeros"}, "range": [0, 25]},
                },
                {"title": "cap_title"},
                height=380,
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.plans",
        start=start,
        code=code,
    )
