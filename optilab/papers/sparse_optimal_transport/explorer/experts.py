"""Experts with full buffers: who is dropped, who is overloaded."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.sparse_optimal_transport import algorithm
from optilab.papers.sparse_optimal_transport.explorer.colours import color
from optilab.problems.transport import affinities, routing
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, panel, promise
from optilab.ui.pictures import Panel
from optilab.ui.theme import ink

ROUTERS = {  # and the methods whose colours they have
    "token choice": "token choice",
    "expert choice": "expert choice",
    "Sinkhorn, then top k": "Sinkhorn",
    "linear assignment": "linear program",
    "quadratic OT": "quadratic OT",
    "sparse OT": "sparse OT",
}


def sparsely(tokens: int, experts: int, skew: float, factor: float, gamma: float, seed: int) -> Any:
    """The pairs of the sparse router, and what its solver says."""
    affinity = affinities(seed, tokens, experts, skew)
    k = algorithm.buffer_size(tokens, experts, factor)
    return algorithm.sparse_choice(affinity, k, gamma=gamma, steps=300, maxfun=150)


def simulate(
    tokens: int, experts: int, skew: float, factor: float, gamma: float, seed: int, progress: Callable[..., Any]
) -> dict[str, Any]:
    """Route the same tokens in six ways, in the order of `ROUTERS`."""
    affinity, k = affinities(seed, tokens, experts, skew), algorithm.buffer_size(tokens, experts, factor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is said under the picture
        ours, found = sparsely(tokens, experts, skew, factor, gamma, seed)
        progress(1, 3)
        quadratic, _ = algorithm.sparse_choice(affinity, tokens, gamma=gamma, steps=300, maxfun=150)
        progress(2, 3)
        error = abs(algorithm.SemiDual(routing(affinity), k, gamma).grad(found.x)).sum()
    selected = [
        algorithm.token_choice(affinity, k),
        algorithm.expert_choice(affinity, k),
        algorithm.sinkhorn_choice(affinity, k),
        algorithm.assignment(affinity) if k * experts >= tokens else None,  # it would overflow the buffers
        quadratic,
        ours,
    ]
    progress(3, 3)
    return {"selected": selected, "affinity": affinity, "k": k, "error": error}


def compute(*, run: dict[str, Any], tokens: int, experts: int, **_values: Any) -> dict[str, Any]:
    """Loads, shares of dropped tokens and captured affinity of every router."""
    k, affinity, ours, edges = run["k"], run["affinity"], run["selected"][-1], [0.4, experts + 0.6]
    loads, kept, earned = (np.full((len(ROUTERS), *shape), np.nan) for shape in ((experts,), (), ()))
    for row, pairs in enumerate(run["selected"]):
        if pairs is not None:
            loads[row], kept[row] = algorithm.load(pairs), algorithm.processed(pairs)
            earned[row] = algorithm.captured(pairs, affinity)
    dropped = 100 * (1 - kept)
    note = (
        f"Sparse OT (k = {k}) drops <b>{dropped[-1]:.1f} %</b> of {tokens} tokens and gives no expert more than "
        f"{loads[-1].max():.0f}; {(ours.sum(-1) > 1).sum()} go to several experts, the row sums are off by "
        f"{run['error']:.1g}. Quadratic OT loads one expert with {loads[-2].max():.0f}."
    )
    if k * experts < tokens:
        note += f" <b>At most k n = {k * experts} tokens can be processed</b>: the linear assignment would overflow."
    return {f"load{row}": (np.arange(1, experts + 1), each) for row, each in enumerate(loads)} | {
        "dropped": dropped,
        "earned": earned,
        "cap": (edges, [k, k]),
        "edges": edges,
        "note": note,
    }


def experts(**start: Any) -> Explorer:
    """Send tokens to experts in six ways; runs at the press of the button."""
    names, shades = list(ROUTERS), [color(method) for method in ROUTERS.values()]

    def each(title: str, entry: str, what: str) -> Panel:
        across, down = axis(what, rangemode="tozero"), axis(autorange="reversed")
        return panel(title, bars((entry, names), "", shades, across=True), x=across, y=down, height=380)

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
            panel(
                "Load of every expert: the buffer ends at the dashed line",
                *(bars(f"load{row}", name, shades[row]) for row, name in enumerate(names)),
                promise("cap", "buffer k", ink(0.8)),
                x=axis("expert, the popular ones first", "edges", dtick=1),
                y="tokens",
                barmode="group",
                height=380,
            ),
            each("Dropped tokens: shorter is better", "dropped", "dropped, % of the tokens"),
            each("Captured affinity: longer is better, if no buffer overflows", "earned", "affinity, a token's mean"),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.experts",
        start=start,
        simulate=simulate,
        recipe=sparsely,
        run="Route",
    )
