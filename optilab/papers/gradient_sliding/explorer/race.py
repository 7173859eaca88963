"""Two counters, one race: the gap against gradients and against subgradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.classics.proximal_sgd import proximal_sgd_bound
from optilab.papers.gradient_sliding.algorithm import m_sgs_bound, rf_sgs, subgradient_noise
from optilab.papers.gradient_sliding.experiment import Curve, bound_of, constants, initial, race
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color

METHODS = {"RF-SGS": "free", "M-SGS": "phases", "prox-SGD": "plain"}


def simulate(
    kappa: float, noise: float, effort: float, budget: int, seed: int, progress: Callable[..., None] | None = None
) -> dict[str, Any]:
    """Run the three methods on one problem."""
    problem = robust_regression(seed, mu=20 / kappa, noise=round(noise, 6))
    curves: dict[str, Curve] = {}

    def part(done: float, total: float) -> None:
        if progress:
            progress(len(curves) + done / total, len(METHODS))

    curves.update(race(problem, seed, 1000 * budget, effort, every=5, progress=part))
    x0 = np.zeros(20)
    plan = rf_sgs(**constants(problem, x0, stochastic=noise > 0), N=len(curves["RF-SGS"].gap) - 1, effort=effort)
    phase = int(np.ceil(2 * np.sqrt((7 if noise > 0 else 5) * kappa)))
    gap0, V0 = initial(problem, x0)
    S = subgradient_noise(problem.M, problem.sigma2)
    steps = np.maximum(curves["prox-SGD"].gradients, 1)
    bounds = {
        "RF-SGS": bound_of(problem, x0, plan, effort),
        "M-SGS": m_sgs_bound(curves["M-SGS"].gradients[::phase] / phase, D=gap0),
        "prox-SGD": proximal_sgd_bound(steps, V0=V0, L=problem.L, mu=problem.mu, S=S),
    }
    return {"curves": curves, "bounds": bounds, "phase": phase}


def thinned(curve: Curve, most: int = 700) -> Curve:
    """At most `most` points of a long curve, dense at its beginning."""
    length = len(curve.gap)
    if length <= most:
        return curve
    kept = np.unique(np.geomspace(1, length, 2 * most).astype(int)) - 1
    return Curve(*(column[kept] for column in curve))


def compute(*, run: dict[str, Any], **_values: float) -> dict[str, Any]:
    """Curves of the three methods and the bound against both counters."""
    curves: dict[str, Curve] = run["curves"]
    data: dict[str, Any] = {}
    for name, key in METHODS.items():
        curve, bound = curves[name], run["bounds"][name]
        every = run["phase"] if name == "M-SGS" else 1
        promised = thinned(Curve(bound, curve.gradients[::every], curve.cheap[::every]))
        curve = thinned(curve)
        data |= {
            f"{key}_gap": np.maximum(curve.gap, 1e-12),
            f"{key}_gradients": curve.gradients,
            f"{key}_cheap": np.maximum(curve.cheap, 0.7),
            f"{key}_bound": promised.gap,
            f"{key}_bound_gradients": promised.gradients,
            f"{key}_bound_cheap": np.maximum(promised.cheap, 0.7),
        }
    free, phases = curves["RF-SGS"], curves["M-SGS"]
    at = np.arange(run["phase"], len(phases.gap), run["phase"])
    data |= {
        "restart_gap": phases.gap[at],
        "restart_gradients": phases.gradients[at],
        "restart_cheap": phases.cheap[at],
        "span": [0, 1.04 * float(max(free.gradients[-1], phases.gradients[-1]))],
    }
    level = 1e-3 * free.gap[0]
    sentences = []
    for name in METHODS:
        gradients, cheap = curves[name].reached(level)
        counts = (
            f"{gradients:,.0f} gradients and {cheap:,.0f} subgradients" if np.isfinite(gradients) else "not reached"
        )
        sentences.append(f"{name} <b>{counts}</b>")
    return data | {"note": "To a thousandth of the first gap: " + "; ".join(sentences) + "."}


def code(values: dict[str, Any]) -> str:
    """The restart-free run by hand."""
    seed, noise = values["seed"], values["noise"]
    return (
        "import numpy as np\n"
        "from optilab.papers.gradient_sliding import algorithm, experiment\n"
        "from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression\n\n"
        f"problem, x0 = robust_regression({seed}, mu=20 / {values['kappa']:.4g}, noise={noise:.1f}), np.zeros(20)\n"
        f"known = experiment.constants(problem, x0, stochastic={noise > 0})\n"
        f"plan = algorithm.rf_sgs(**known, N=5000, effort={values['effort']:.2f}).within({values['budget']}_000)\n"
        f"experiment.slide(problem, x0, plan, {f'experiment.generators({seed})' if noise > 0 else 'None'})"
    )


def curves_against(counter: str) -> list[tuple[Any, dict[str, str]]]:
    """The traces of one panel: measured solid, promised dashed."""
    traces = []
    for name in ("prox-SGD", "M-SGS", "RF-SGS"):
        key = METHODS[name]
        width = 2.6 if name == "RF-SGS" else 1.6
        line = go.Scatter(name=name, mode="lines", line={"color": color(name), "width": width})
        traces.append((line, {"x": f"{key}_{counter}", "y": f"{key}_gap"}))
        style = {"color": color(name), "dash": "dash", "width": 1.2}
        bound = go.Scatter(name=f"{name}'s bound", mode="lines", line=style)
        traces.append((bound, {"x": f"{key}_bound_{counter}", "y": f"{key}_bound"}))
    marker = {"color": color("M-SGS"), "symbol": "circle-open", "size": 9, "line": {"width": 2}}
    restart = go.Scatter(name="M-SGS restarts", mode="markers", marker=marker)
    return [*traces, (restart, {"x": f"restart_{counter}", "y": "restart_gap"})]


def two_counters(**start: Any) -> Explorer:
    """Race on robust regression: κ, noise, inner effort, budget and seed; runs at the press of the button."""
    gap = {"type": "log", "title": {"text": "gap Ψ(x̄) − Ψ*"}}
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
            Panel(
                "Counted in gradients of f: sliding falls, prox-SGD creeps out of the picture",
                curves_against("gradients"),
                {"xaxis": {"title": {"text": "gradients of f"}}, "yaxis": gap},
                {"xaxis.range": "span"},
                height=400,
            ),
            Panel(
                "The same runs, counted in subgradients of h: another race",
                curves_against("cheap"),
                {
                    "xaxis": {"type": "log", "title": {"text": "subgradients of h"}, "dtick": 1},
                    "yaxis": gap,
                    "showlegend": False,
                },
                height=400,
            ),
        ],
        call="optilab.papers.gradient_sliding.explorer.two_counters",
        start=start,
        code=code,
        simulate=simulate,
        run="Race",
    )
