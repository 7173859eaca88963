"""Two counters, one race: the gap against gradients and against subgradients."""

from typing import Any

import numpy as np

from optilab.classics.proximal_sgd import proximal_sgd_bound
from optilab.core.run import Progress
from optilab.papers.gradient_sliding.algorithm import m_sgs_bound, rf_sgs, subgradient_noise
from optilab.papers.gradient_sliding.experiment import Curve, bound_of, constants, initial, race
from optilab.papers.gradient_sliding.explorer.colors import color
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression, robust_regression
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, axis, curve, dots, log, panel, promise, thin

METHODS = ("prox-SGD", "M-SGS", "RF-SGS")


def three_runs(
    kappa: float, noise: float, effort: float, budget: int, seed: int, progress: Progress = False
) -> tuple[RobustRegression, dict[str, Curve]]:
    """The three methods on one problem, with the same budget of subgradients."""
    problem = robust_regression(seed, mu=20 / kappa, noise=round(noise, 6))
    return problem, dict(race(problem, seed, 1000 * budget, effort, every=5, progress=progress))


def simulate(
    kappa: float, noise: float, effort: float, budget: int, seed: int, progress: Progress = False
) -> dict[str, Any]:
    """Run the three methods, and what each is promised."""
    problem, curves = three_runs(kappa, noise, effort, budget, seed, progress)
    x0 = np.zeros(20)
    gap0, V0 = initial(problem, x0)
    plan = rf_sgs(**constants(problem, x0, stochastic=noise > 0), N=len(curves["RF-SGS"].gap) - 1, effort=effort)
    phase = int(np.ceil(2 * np.sqrt((7 if noise > 0 else 5) * kappa)))
    S = subgradient_noise(problem.M, problem.sigma2)
    free, phases, plain = (curves[name] for name in ("RF-SGS", "M-SGS", "prox-SGD"))
    steps = np.maximum(plain.gradients, 1)
    ends = Curve(*(column[::phase] for column in phases))
    bounds = {
        "RF-SGS": free._replace(gap=bound_of(problem, x0, plan, effort)),
        "M-SGS": ends._replace(gap=m_sgs_bound(ends.gradients / phase, D=gap0)),
        "prox-SGD": plain._replace(gap=proximal_sgd_bound(steps, V0=V0, L=problem.L, mu=problem.mu, S=S)),
    }
    return {"curves": curves, "bounds": bounds, "restarts": Curve(*(column[1:] for column in ends))}


def thinned(curve: Curve, most: int = 700) -> Curve:
    """At most `most` points of a long curve, dense at its beginning."""
    length = len(curve.gap)
    if length <= most:
        return curve
    kept = np.unique(np.geomspace(1, length, 2 * most).astype(int)) - 1
    return Curve(*(column[kept] for column in curve))


def compute(*, run: dict[str, Any], **_values: float) -> dict[str, Any]:
    """Curves of the three methods and their bounds against both counters."""
    curves: dict[str, Curve] = run["curves"]
    shown = curves | {f"{name}'s bound": bound for name, bound in run["bounds"].items()}
    data: dict[str, Any] = {}
    for name, long in shown.items():
        gap, gradients, cheap = thinned(long)
        data |= {f"{name}, gradients": (gradients, np.maximum(gap, 1e-12))}
        data |= {f"{name}, subgradients": (np.maximum(cheap, 0.7), np.maximum(gap, 1e-12))}
    restarts = run["restarts"]
    most = max(curves[name].gradients[-1] for name in ("RF-SGS", "M-SGS"))
    level = 1e-3 * curves["RF-SGS"].gap[0]
    sentences = []
    for name in ("RF-SGS", "M-SGS", "prox-SGD"):
        gradients, cheap = curves[name].reached(level)
        reached = f"{gradients:,.0f} gradients and {cheap:,.0f} subgradients"
        sentences.append(f"{name} <b>{reached if np.isfinite(gradients) else 'not reached'}</b>")
    return data | {
        "restarts, gradients": (restarts.gradients, restarts.gap),
        "restarts, subgradients": (restarts.cheap, restarts.gap),
        "span": [0, 1.04 * float(most)],
        "note": "To a thousandth of the first gap: " + "; ".join(sentences) + ".",
    }


def curves_against(counter: str) -> list[Mark]:
    """The marks of one panel: measured solid, promised dashed."""
    marks = []
    for name in METHODS:
        measured = curve if name == "RF-SGS" else thin
        marks += [measured(f"{name}, {counter}", name, color(name))]
        marks += [promise(f"{name}'s bound, {counter}", f"{name}'s bound", color(name))]
    return [*marks, dots(f"restarts, {counter}", "M-SGS restarts", color("M-SGS"), symbol="circle-open")]


def two_counters(**start: Any) -> Explorer:
    """Race on robust regression: κ, noise, inner effort, budget and seed; runs at the press of the button."""
    gap = log("gap Ψ(x̄) − Ψ*")
    return Explorer(
        compute,
        {
            "kappa": log_slider("condition κ = L/μ", 100.0, 10, 1000, steps=20),
            "noise": slider("noise ν", 1.0, 0, 2, 0.1, named={"full": 0.0, "one row": 1.0}),
            "effort": slider("inner effort", 1.0, 0.05, 1, 0.05, named={"theory": 1.0}),
            "budget": slider("budget (thousands)", 10, 2, 30, 1),
            "seed": slider("seed", 0, 0, 19, 1),
        },
        [
            panel(
                "Counted in gradients of f: sliding falls, prox-SGD creeps out of the picture",
                *curves_against("gradients"),
                x=axis("gradients of f", "span"),
                y=gap,
                height=400,
            ),
            panel(
                "The same runs, counted in subgradients of h: another race",
                *curves_against("subgradients"),
                x=log("subgradients of h", dtick=1),
                y=gap,
                showlegend=False,
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=three_runs,
        simulate=simulate,
        run="Race",
    )
