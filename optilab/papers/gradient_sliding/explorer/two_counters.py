"""Two counters, one race: the gap against gradients and against subgradients."""

from typing import Any

import numpy as np

from optilab.classics.proximal_sgd import proximal_sgd_bound
from optilab.core.run import Progress
from optilab.papers.gradient_sliding.algorithm import m_sgs_bound, phase_length, rf_sgs, subgradient_noise
from optilab.papers.gradient_sliding.experiment import Curve, bound_of, constants, initial, race
from optilab.papers.gradient_sliding.explorer.colors import color
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression, robust_regression
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, axis, curve, dots, log, panel, promise, thin

METHODS = ("RF-SGS", "M-SGS", "prox-SGD")


def three_runs(
    kappa: float, noise: float, effort: float, budget: int, seed: int, progress: Progress = False
) -> tuple[RobustRegression, dict[str, Curve]]:
    """The three methods on one problem, with the same budget of subgradients."""
    problem = robust_regression(seed, mu=20 / kappa, noise=round(noise, 6))
    return problem, dict(race(problem, seed, 1000 * budget, effort, every=5, progress=progress))


def promised(problem: RobustRegression, curves: dict[str, Curve], effort: float) -> dict[str, Curve]:
    """The methods' bounds against their counters; that of M-SGS at the ends of its phases."""
    x0 = np.zeros(20)
    gap0, V0 = initial(problem, x0)
    free, phases, plain = (curves[name] for name in METHODS)
    plan = rf_sgs(**constants(problem, x0, problem.noise > 0), N=len(free.gap) - 1, effort=effort)
    phase = phase_length(problem.L, problem.mu, problem.sigma2)
    ends = phases.at(slice(None, None, phase))
    S, steps = subgradient_noise(problem.M, problem.sigma2), np.maximum(plain.gradients, 1)
    return {
        "RF-SGS": free._replace(gap=bound_of(problem, x0, plan, effort)),
        "M-SGS": ends._replace(gap=m_sgs_bound(ends.gradients / phase, D=gap0)),
        "prox-SGD": plain._replace(gap=proximal_sgd_bound(steps, V0=V0, L=problem.L, mu=problem.mu, S=S)),
    }


def thinned(curve: Curve, most: int = 700) -> Curve:
    """At most `most` points of a long curve, dense at its beginning."""
    length = len(curve.gap)
    kept = np.unique(np.geomspace(1, length, 2 * most).astype(int)) - 1
    return curve if length <= most else curve.at(kept)


def compute(*, run: tuple[RobustRegression, dict[str, Curve]], effort: float, **_others: float) -> dict[str, Any]:
    """Curves of the three methods and their bounds against both counters."""
    problem, curves = run
    data: dict[str, Any] = {}
    bounds = {f"{name}'s bound": bound for name, bound in promised(problem, curves, effort).items()}
    for name, long in (curves | bounds).items():
        gap, gradients, cheap = thinned(long)
        data |= {f"{name}, gradients": (gradients, np.maximum(gap, 1e-12))}
        data |= {f"{name}, subgradients": (np.maximum(cheap, 0.7), np.maximum(gap, 1e-12))}
    phase = phase_length(problem.L, problem.mu, problem.sigma2)
    restarts = curves["M-SGS"].at(slice(phase, None, phase))
    level = 1e-3 * curves["RF-SGS"].gap[0]
    sentences = []
    for name in METHODS:
        gradients, cheap = curves[name].reached(level)
        reached = f"{gradients:,.0f} gradients and {cheap:,.0f} subgradients"
        sentences.append(f"{name} <b>{reached if np.isfinite(gradients) else 'not reached'}</b>")
    return data | {
        "restarts, gradients": (restarts.gradients, restarts.gap),
        "restarts, subgradients": (restarts.cheap, restarts.gap),
        "span": [0, 1.04 * float(max(curves[name].gradients[-1] for name in ("RF-SGS", "M-SGS")))],
        "note": "To a thousandth of the first gap: " + "; ".join(sentences) + ".",
    }


def curves_against(counter: str) -> list[Mark]:
    """The marks of one panel: measured solid, promised dashed."""
    marks, open_circle = [], {"symbol": "circle-open", "marker": {"line": {"width": 2}}}
    for name in reversed(METHODS):  # from back to front
        marks += [(curve if name == "RF-SGS" else thin)(f"{name}, {counter}", name, color(name))]
        marks += [promise(f"{name}'s bound, {counter}", f"{name}'s bound", color(name))]
    return [*marks, dots(f"restarts, {counter}", "M-SGS restarts", color("M-SGS"), **open_circle)]


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
        simulate=three_runs,
        run="Race",
    )
