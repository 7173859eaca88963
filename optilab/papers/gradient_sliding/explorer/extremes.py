"""How to break it: prox weights below Lγ, momentum above its root."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.papers.gradient_sliding.algorithm import Schedule, restart_free_gamma, rf_sgs
from optilab.papers.gradient_sliding.experiment import Curve, bound_of, constants, slide
from optilab.papers.gradient_sliding.explorer.colors import color
from optilab.papers.gradient_sliding.explorer.lengths import instance
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, halo, log, panel, promise
from optilab.ui.words import number

N, LOST = 80, 1e6


@lru_cache(maxsize=64)
def one_run(ratio: float, factor: float, seed: int) -> tuple[Schedule, Curve]:
    """The run with full subgradients, γ = `factor` · its root and β = `ratio` · Lγ."""
    problem, x0 = instance(seed), np.zeros(20)
    gamma = factor * restart_free_gamma(problem.L, problem.mu)
    beta = ratio * problem.L * gamma
    plan = rf_sgs(**constants(problem, x0, stochastic=False), N=N, gamma=gamma, beta=beta)
    return plan, slide(problem, x0, plan)


@cache
def promised(seed: int) -> np.ndarray:
    """The bound for the theory's own run."""
    plan, _ = one_run(1.0, 1.0, seed)
    return bound_of(instance(seed), np.zeros(20), plan)


def compute(ratio: float, factor: float, seed: int) -> dict[str, Any]:
    """The run with these β and γ, beside the theory's own."""
    (_, run), (_, usual) = one_run(round(ratio, 6), round(factor, 6), seed), one_run(1.0, 1.0, seed)
    gap, usual_gap = np.maximum(run.gap, 1e-12), np.maximum(usual.gap, 1e-12)
    cheap, usual_cheap = np.maximum(run.cheap, 0.7), np.maximum(usual.cheap, 0.7)
    lost = ~(gap <= LOST)
    gone = int(lost.argmax()) if lost.any() else len(gap)
    steps = np.arange(N + 1)
    shown = np.where(steps[: len(gap)] < gone, gap, np.nan)
    bound, title = promised(seed), "Theory's own β and γ: your run lies on its run"
    if gone < len(gap):
        title = f"At β = {number(ratio)} Lγ nothing holds the gap: it explodes at step {gone}"
        note = f"<b>Diverged at step {gone}</b>: β &lt; Lγ violates the descent lemma, and nothing else holds the gap."
    else:
        note = (
            f"After {N} gradients the gap is {number(gap[-1], 2)} with {run.cheap[-1]:,.0f} subgradients; the theory's "
            f"own values give {number(usual.gap[-1], 2)} with {usual.cheap[-1]:,.0f}."
        )
        if (ratio, factor) != (1, 1):
            times = gap[-1] / usual_gap[-1]
            far = f"{number(times, 2)} times" if times > 1.05 else f"{number(times, 2)} of"
            title = f"After {N} gradients your gap is {far} the theory's"
        if ratio < 1:
            note += " β &lt; Lγ: no theorem covers this run."
        elif factor > 1:
            note += " γ above its root: no theorem covers this run."
    return {
        "gap": (steps[: len(gap)], shown),
        "usual": (steps, usual_gap),
        "bound": (steps, bound),
        "gap, cheap": (cheap, shown),
        "usual, cheap": (usual_cheap, usual_gap),
        "bound, cheap": (usual_cheap, bound),
        "title": title,
        "note": note,
    }


def extremes(**start: Any) -> Explorer:
    """Sliders for β/(Lγ) and γ over its root, with full subgradients; the theory's run stays for comparison."""
    blue, orange, gap = color("RF-SGS"), color("M-SGS"), log("gap Ψ(x̄) − Ψ*")
    by_gradients, by_subgradients = (
        [
            promise("bound" + counter, "bound for theory's run", blue),
            halo("usual" + counter, "theory's β, γ", blue),
            curve("gap" + counter, "yours", orange),
        ]
        for counter in ("", ", cheap")
    )
    return Explorer(
        compute,
        {
            "ratio": slider("β / (Lγ)", 1.0, 0.05, 2, 0.05, named={"theory": 1.0, "border": 0.6, "broken": 0.5}),
            "factor": slider("γ / its root", 1.0, 0.5, 6, 0.1, named={"theory": 1.0, "thrice": 3.0}),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("title"),
                *by_gradients,
                x=axis("gradients of f", [0, N]),
                y=gap,
                height=360,
            ),
            panel(
                "And what it costs in subgradients",
                *by_subgradients,
                x=log("subgradients of h", dtick=1),
                y=gap,
                showlegend=False,
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_run,
    )
