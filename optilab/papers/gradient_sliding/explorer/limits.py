"""How to break it: prox weights below Lγ, momentum above its root."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.gradient_sliding.algorithm import restart_free_gamma, rf_sgs
from optilab.papers.gradient_sliding.experiment import bound_of, constants
from optilab.papers.gradient_sliding.experiment import slide as slide_along
from optilab.papers.gradient_sliding.explorer.growth import instance
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color

N, LOST = 80, 1e6


def compute(ratio: float, factor: float, seed: int) -> dict[str, Any]:
    """The run with β = ratio · Lγ and γ = factor · its root, beside the theory's own."""
    problem = instance(seed)
    x0 = np.zeros(20)
    known = constants(problem, x0, stochastic=False)
    gamma = factor * restart_free_gamma(problem.L, problem.mu)
    theory = rf_sgs(**known, N=N)
    usual = slide_along(problem, x0, theory)
    curve = slide_along(problem, x0, rf_sgs(**known, N=N, gamma=gamma, beta=ratio * problem.L * gamma))
    gap = np.maximum(curve.gap, 1e-12)
    lost = ~(gap <= LOST)
    gone = int(lost.argmax()) if lost.any() else len(gap)
    shown = np.where(np.arange(len(gap)) < gone, gap, np.nan)
    if gone < len(gap):
        note = f"<b>Diverged at step {gone}</b>: β &lt; Lγ violates the descent lemma, and nothing else holds the gap."
    else:
        note = (
            f"After {N} gradients the gap is {gap[-1]:.1e} with {curve.cheap[-1]:,.0f} subgradients; the theory's own "
            f"values give {usual.gap[-1]:.1e} with {usual.cheap[-1]:,.0f}."
        )
        if ratio < 1:
            note += " β &lt; Lγ: no theorem covers this run."
        elif factor > 1:
            note += " γ above its root: no theorem covers this run."
    counts = {"gradients": np.arange(N + 1), "cheap": np.maximum(curve.cheap, 0.7)}
    return counts | {
        "gap": shown,
        "usual": np.maximum(usual.gap, 1e-12),
        "usual_cheap": np.maximum(usual.cheap, 0.7),
        "bound": bound_of(problem, x0, theory),
        "note": note,
    }


def code(values: dict[str, Any]) -> str:
    """The run by hand."""
    return (
        "import numpy as np\n"
        "from optilab.papers.gradient_sliding import algorithm, experiment\n"
        "from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression\n\n"
        f"problem, x0 = robust_regression({values['seed']}), np.zeros(20)\n"
        f"gamma = {values['factor']:.1f} * algorithm.restart_free_gamma(20.0, 0.2)\n"
        f"known = experiment.constants(problem, x0, stochastic=False)\n"
        f"plan = algorithm.rf_sgs(**known, N={N}, gamma=gamma, beta={values['ratio']:.2f} * 20 * gamma)\n"
        "experiment.slide(problem, x0, plan)"
    )


def extremes(**start: Any) -> Explorer:
    """Sliders for β/(Lγ) and γ over its root, with full subgradients; the theory's run stays for comparison."""
    blue, orange = color("RF-SGS"), color("M-SGS")
    gap = {"type": "log", "title": {"text": "gap Ψ(x̄) − Ψ*"}}

    def curves(usual: str, mine: str) -> list[tuple[Any, dict[str, str]]]:
        bound = go.Scatter(name="bound for theory's run", line={"color": blue, "dash": "dash", "width": 1.5})
        return [
            (bound, {"x": usual, "y": "bound"}),
            (
                go.Scatter(name="theory's β, γ", line={"color": blue, "width": 6}, opacity=0.45),
                {"x": usual, "y": "usual"},
            ),
            (go.Scatter(name="yours", line={"color": orange, "width": 2}), {"x": mine, "y": "gap"}),
        ]

    return Explorer(
        compute,
        {
            "ratio": slider("β / (Lγ)", 1.0, 0.05, 2, 0.05, named={"theory": 1.0, "border": 0.6, "broken": 0.5}),
            "factor": slider("γ / its root", 1.0, 0.5, 6, 0.1, named={"theory": 1.0, "thrice": 3.0}),
            "seed": slider("seed", 0, 0, 19, 1),
        },
        [
            Panel(
                "Theory's β and γ are sufficient, not necessary",
                curves("gradients", "gradients"),
                {"xaxis": {"title": {"text": "gradients of f"}, "range": [0, N]}, "yaxis": gap},
                height=360,
            ),
            Panel(
                "And what it costs in subgradients",
                curves("usual_cheap", "cheap"),
                {
                    "xaxis": {"type": "log", "title": {"text": "subgradients of h"}, "dtick": 1},
                    "yaxis": gap,
                    "showlegend": False,
                },
                height=360,
            ),
        ],
        call="optilab.papers.gradient_sliding.explorer.extremes",
        start=start,
        code=code,
    )
