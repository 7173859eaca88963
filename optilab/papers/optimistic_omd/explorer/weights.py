"""The ensemble at work: weights of the bases in every round, for every noise and every price of movement."""

from typing import Any

import numpy as np

from optilab.papers.optimistic_omd.experiment import OURS
from optilab.papers.optimistic_omd.explorer.layers import BASES, COSTS, MOVES, NOISE, Weighed, weighed
from optilab.papers.optimistic_omd.explorer.parts import color, span
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, here, panel, rule, thin
from optilab.ui.words import number


def compute(*, run: Weighed, sigma: float, cost: float, T: int, **others: Any) -> dict[str, Any]:
    """Weights as a stack, regrets, and the price of movement."""
    i, k = int(abs(NOISE - sigma).argmin()), int(abs(COSTS - cost).argmin())
    t = np.linspace(1, T, len(run.p)).round()
    edges = np.concatenate([np.zeros((len(t), 1)), np.cumsum(run.p[:, i, k], -1)], -1)
    data: dict[str, Any] = {
        f"base {n}": (np.append(t, t[::-1]), np.append(edges[:, n], edges[::-1, n + 1])) for n in range(BASES)
    }
    ours, free, alone, ends = run.regret[:, i, k], run.regret[:, i, 0], run.single[:, i], run.regret[-1, i]
    mean = run.p[:, i, k, : len(run.etas)].mean(0)
    mostly = float(run.etas[mean.argmax()])
    return data | {
        "ensemble": (t, ours),
        "free": (t, free),
        "alone": (t, alone),
        "span": span(ours, free, alone, least=5),
        "by cost": (COSTS, ends),
        "now": ([COSTS[k]], [ends[k]]),
        "single": float(alone[-1]),
        "cost span": [0.0, 1.1 * max(float(ends.max()), float(alone[-1]))],
        "rounds": [0, T],
        "shares": f"Weights: faint is η = {number(float(run.etas[0]), 2)}, full {number(float(run.etas[-1]))}",
        "note": f"After {T} rounds the ensemble has lost <b>{number(float(ours[-1]))}</b>, without its correction "
        f"{number(float(free[-1]))}, optimistic OMD alone {number(float(alone[-1]))}. "
        f"Most weight in the mean has η = {number(mostly)}, {number(100 * float(mean.max()), 2)} %.",
    }


def weights(**start: Any) -> Explorer:
    """Noise, price of movement and the target beside weights, regrets and the best price."""
    mine, single = color("ensemble"), color(OURS)
    depth = np.linspace(0.12, 0.95, BASES)
    return Explorer(
        compute,
        {
            "sigma": slider("noise σ", 1.0, 0.0, 1.0, 0.1),
            "cost": slider(
                "price of movement, in units of L", 2.0, 0.0, 4.0, 0.5, named={"none": 0.0, "the paper's": 2.0}
            ),
            "moves": choice("the target", MOVES[1], list(MOVES)),
            "T": slider("rounds T", 3000, 600, 3000, 600),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("shares"),
                *(band(f"base {n}", shade=mine, opacity=float(depth[n])) for n in range(BASES)),
                x=axis("round t", "rounds"),
                y=axis("weight p", [0, 1]),
            ),
            panel(
                "Dynamic regret",
                curve("alone", "optimistic OMD", single),
                thin("free", "ensemble, no correction", mine),
                curve("ensemble", "ensemble", mine),
                x=axis("round t", "rounds"),
                y=axis("dynamic regret", "span"),
            ),
            panel(
                "At the end, by price (dotted: optimistic OMD)",
                curve("by cost", "", mine),
                here("now", "", mine),
                rule(y="single", color=single, dash="dot"),
                x=axis("price of movement / L", [-0.1, 4.1]),
                y=axis("dynamic regret", "cost span"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=weighed,
        simulate=weighed,
        run="Run all noises and prices",
    )
