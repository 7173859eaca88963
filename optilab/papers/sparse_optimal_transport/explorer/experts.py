"""Experts with full buffers: who is dropped, who is overloaded."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.sparse_optimal_transport.algorithm import (
    SemiDual,
    adam_then_lbfgs,
    assignment,
    buffer_size,
    captured,
    expert_choice,
    load,
    processed,
    sinkhorn_choice,
    token_choice,
)
from optilab.problems.transport import affinities, routing
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color, ink

ROUTERS = {
    "token choice": "token choice",
    "expert choice": "expert choice",
    "Sinkhorn, then top k": "Sinkhorn",
    "linear assignment": "linear program",
    "quadratic OT": "quadratic OT",
    "sparse OT": "sparse OT",
}


def simulate(
    tokens: int,
    experts: int,
    skew: float,
    factor: float,
    gamma: float,
    seed: int,
    progress: Callable[..., None] | None = None,
) -> dict[str, Any]:
    """Route the same tokens in six ways."""
    affinity = affinities(seed, tokens, experts, skew)
    problem, k = routing(affinity), buffer_size(tokens, experts, factor)
    report = progress or (lambda done, total: None)
    selected = {
        "token choice": token_choice(affinity, k),
        "expert choice": expert_choice(affinity, k),
        "Sinkhorn, then top k": sinkhorn_choice(affinity, k),
    }
    report(1, 4)
    if k * experts >= tokens:  # otherwise the assignment overflows the buffers
        selected["linear assignment"] = assignment(affinity)
    report(2, 4)
    errors = {}
    for done, (name, most) in enumerate((("quadratic OT", tokens), ("sparse OT", k)), 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of is said under the picture
            semi_dual = SemiDual(problem, most, gamma)
        T = semi_dual.plan(adam_then_lbfgs(semi_dual, steps=300, maxfun=150).x)
        selected[name], errors[name] = T > 0, float(problem.row_error(T))
        report(done, 4)
    return {"selected": selected, "affinity": affinity, "k": k, "error": errors["sparse OT"]}


def compute(*, run: dict[str, Any], tokens: int, experts: int, **_values: Any) -> dict[str, Any]:
    """Loads, shares of dropped tokens and captured affinity of every router."""
    selected, k = run["selected"], run["k"]
    data: dict[str, Any] = {"expert": np.arange(1, experts + 1), "names": list(ROUTERS)}
    dropped, earned = [], []
    for index, name in enumerate(ROUTERS):
        there = name in selected
        dropped.append(100 * (1 - processed(selected[name])) if there else np.nan)
        earned.append(captured(selected[name], run["affinity"]) if there else np.nan)
        data[f"load{index}"] = load(selected[name]).astype(float) if there else np.full(experts, np.nan)
    ours = selected["sparse OT"]
    twice = (ours.sum(-1) > 1).sum()
    note = (
        f"Sparse OT (k = {k}) drops <b>{100 * (1 - processed(ours)):.1f} %</b> of {tokens} tokens and gives no expert "
        f"more than {load(ours).max()}; {twice} go to several experts, the row sums are off by {run['error']:.1g}. "
        f"Quadratic OT loads one expert with {load(selected['quadratic OT']).max()}."
    )
    if k * experts < tokens:
        note += f" <b>At most k n = {k * experts} tokens can be processed</b>: the linear assignment would overflow."
    return data | {
        "dropped": np.array(dropped, float),
        "earned": np.array(earned, float),
        "cap_x": np.array([0.4, experts + 0.6]),
        "cap": np.full(2, k),
        "axis": [0.4, experts + 0.6],
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The sparse router by hand."""
    return (
        "from optilab.papers.sparse_optimal_transport import algorithm\n"
        "from optilab.problems.transport import affinities\n\n"
        f"affinity = affinities({values['seed']}, {values['tokens']}, {values['experts']}, {values['skew']:.2f})\n"
        f"k = algorithm.buffer_size({values['tokens']}, {values['experts']}, {values['factor']:.2f})\n"
        f"pairs, found = algorithm.sparse_choice(affinity, k, gamma={values['gamma']:.4g}, steps=300, maxfun=150)\n"
        "algorithm.processed(pairs), algorithm.load(pairs)"
    )


def experts(**start: Any) -> Explorer:
    """Send tokens to experts in six ways; runs at the press of the button."""
    shades = [color(method) for method in ROUTERS.values()]
    bars = [
        (
            go.Bar(name=name, marker={"color": shade}),
            {"x": "expert", "y": f"load{index}"},
        )
        for index, (name, shade) in enumerate(zip(ROUTERS, shades, strict=True))
    ]
    return Explorer(
        compute,
        {
            "tokens": slider("tokens", 64, 16, 128, 8),
            "experts": slider("experts", 8, 2, 16, 1),
            "skew": slider("skew of their popularity", 2.0, 0.0, 4.0, 0.25),
            "factor": slider("capacity factor κ", 1.0, 0.5, 3, 0.25, named={"just enough": 1.0}),
            "gamma": log_slider("γ, weight of the square", 1.0, 0.01, 10, steps=12),
            "seed": slider("seed", 0, 0, 19, 1),
        },
        [
            Panel(
                "Load of every expert: the buffer ends at the dashed line",
                [
                    *bars,
                    (
                        go.Scatter(name="buffer k", mode="lines", line={"color": ink(0.8), "dash": "dash"}),
                        {"x": "cap_x", "y": "cap"},
                    ),
                ],
                {
                    "barmode": "group",
                    "xaxis": {"title": {"text": "expert, the popular ones first"}, "dtick": 1},
                    "yaxis": {"title": {"text": "tokens"}},
                },
                {"xaxis.range": "axis"},
                height=380,
            ),
            Panel(
                "Dropped tokens: shorter is better",
                [(go.Bar(showlegend=False, orientation="h", marker={"color": shades}), {"x": "dropped", "y": "names"})],
                {
                    "xaxis": {"title": {"text": "dropped, % of the tokens"}, "rangemode": "tozero"},
                    "yaxis": {"autorange": "reversed"},
                },
                height=380,
            ),
            Panel(
                "Captured affinity: longer is better, if no buffer overflows",
                [(go.Bar(showlegend=False, orientation="h", marker={"color": shades}), {"x": "earned", "y": "names"})],
                {
                    "xaxis": {"title": {"text": "affinity, a token's mean"}, "rangemode": "tozero"},
                    "yaxis": {"autorange": "reversed"},
                },
                height=380,
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.experts",
        start=start,
        code=code,
        simulate=simulate,
        run="Route",
    )
