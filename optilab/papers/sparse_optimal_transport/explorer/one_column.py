"""One column's oracle: the k largest prices, and water up to the level that leaves γb."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.sparse_optimal_transport.algorithm import conj_b, conj_plus
from optilab.ui.controls import slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, INK, color, ink

PLACES = 12
KS = np.arange(1, PLACES + 1)


def prices(seed: int) -> np.ndarray:
    """Twelve prices, the largest of them 1."""
    s = np.random.default_rng(seed).normal(size=PLACES)
    return s - s.max() + 1


def compute(k: int, b: float, gamma: float, seed: int, fixed: bool) -> dict[str, Any]:
    """Prices, level and column, and what the column earns for every k."""
    s = prices(seed)
    every = np.tile(s, (PLACES, 1))
    found = conj_b(every, b, KS, gamma) if fixed else conj_plus(every, KS, gamma)
    t, theta = found.dense[k - 1], float(found.theta[k - 1])
    chosen = np.zeros(PLACES, bool)
    chosen[np.argsort(-s, kind="stable")[:k]] = True
    above = t > 0
    enough = int((found.dense[-1] > 0).sum())
    low, high = min(s.min(), theta) - 0.2, 1.25
    level = f"{theta:.2f}".replace("-", "−") if fixed else "0 (the sum is free)"
    note = f"Above the level {level}: {above.sum()} of the {k} largest prices"
    note += f", together by γb = {gamma * b:.2f}. " if fixed else ". "
    note += f"Without a cap {enough} {'place is' if enough == 1 else 'places are'} used: "
    note += (
        "a larger k changes nothing any more."
        if k >= enough
        else f"the cap costs {found.value[-1] - found.value[k - 1]:.3f} of what the column earns."
    )
    i = np.arange(1, PLACES + 1)
    return {
        "i": i,
        "base": np.full(PLACES, low),
        "rest": np.where(chosen, np.nan, s - low),
        "under": np.where(chosen & ~above, s - low, np.nan),
        "foot": np.where(above, theta - low, np.nan),
        "theta_base": np.full(PLACES, theta),
        "out": np.where(above, s - theta, np.nan),
        "level_x": np.array([0.4, PLACES + 0.6]),
        "level": np.full(2, theta),
        "tall": [float(low), high],
        "t": t,
        "t_free": np.where(found.dense[-1] > 0, found.dense[-1], np.nan),
        "k": KS,
        "value": found.value,
        "here": np.array([k]),
        "here_value": found.value[k - 1 : k],
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The oracle by hand."""
    call = "conj_b(s, {b:.2f}, {k}, {gamma:.4g})" if values["fixed"] else "conj_plus(s, {k}, {gamma:.4g})"
    return (
        "from optilab.papers.sparse_optimal_transport import algorithm\n"
        "from optilab.papers.sparse_optimal_transport.explorer.column import prices\n\n"
        f"s = prices({values['seed']})\n"
        f"algorithm.{call.format(**values)}.dense"
    )


def one_column(**start: Any) -> Explorer:
    """Choose the k largest prices of twelve, then let the water in."""
    blue = color("sparse OT")
    place = {"title": {"text": "place i"}, "dtick": 1, "range": [0.4, PLACES + 0.6]}
    return Explorer(
        compute,
        {
            "k": slider("k, nonzeros allowed", 3, 1, PLACES, 1),
            "b": slider("b, mass of the column", 1.5, 0.1, 3, 0.1),
            "gamma": slider("γ, weight of the square", 2.0, 0.2, 4, 0.1),
            "seed": slider("prices (seed)", 0, 0, 19, 1),
            "fixed": switch("sum fixed to b (semi-dual)", True),
        },
        [
            Panel(
                "The k largest prices are candidates; what stands above the water is the column",
                [
                    (
                        go.Bar(name="not among the k largest", marker={"color": ink(0.2)}),
                        {"x": "i", "y": "rest", "base": "base"},
                    ),
                    (
                        go.Bar(name="candidate, under water", marker={"color": ink(0.5)}),
                        {"x": "i", "y": "under", "base": "base"},
                    ),
                    (
                        go.Bar(showlegend=False, marker={"color": "rgba(29,100,175,0.35)"}),
                        {"x": "i", "y": "foot", "base": "base"},
                    ),
                    (
                        go.Bar(name="above it: γt", marker={"color": BLUE}),
                        {"x": "i", "y": "out", "base": "theta_base"},
                    ),
                    (
                        go.Scatter(name="level θ", mode="lines", line={"color": INK, "dash": "dash"}),
                        {"x": "level_x", "y": "level"},
                    ),
                ],
                {"barmode": "overlay", "xaxis": place, "yaxis": {"title": {"text": "price s = α − c"}}},
                {"yaxis.range": "tall"},
            ),
            Panel(
                "The column t, and what it would be without a cap",
                [
                    (go.Bar(name="t", marker={"color": blue}), {"x": "i", "y": "t"}),
                    (
                        go.Scatter(
                            name="without a cap",
                            mode="markers",
                            marker={"color": color("quadratic OT"), "size": 9, "symbol": "diamond"},
                        ),
                        {"x": "i", "y": "t_free"},
                    ),
                ],
                {"xaxis": place, "yaxis": {"title": {"text": "mass t"}, "rangemode": "tozero"}},
            ),
            Panel(
                "What the column earns: flat once k reaches what the water leaves",
                [
                    (
                        go.Scatter(showlegend=False, mode="lines+markers", line={"color": ink(0.5)}),
                        {"x": "k", "y": "value"},
                    ),
                    (
                        go.Scatter(showlegend=False, mode="markers", marker={"color": blue, "size": 13}),
                        {"x": "here", "y": "here_value"},
                    ),
                ],
                {"xaxis": {"title": {"text": "k"}, "dtick": 1}, "yaxis": {"title": {"text": "⟨s, t⟩ − γ/2 ‖t‖²"}}},
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.one_column",
        start=start,
        code=code,
    )
