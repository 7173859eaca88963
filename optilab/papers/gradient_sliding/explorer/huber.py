"""Smoothing in motion: the kink sharpens as the gap falls, and a blurred signal gets its edges back."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run
from optilab.papers.gradient_sliding.algorithm import accelerated_sliding, rf_asgs, rf_asgs_bound
from optilab.papers.gradient_sliding.experiment import initial, operator_constants
from optilab.papers.gradient_sliding.problems.deblurring import deblurring
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color, ink

PIXELS, N = 60, 40
UNIT = np.linspace(-2.5, 2.5, 401)


@lru_cache(maxsize=32)
def restored(seed: int) -> dict[str, Any]:
    """The run of one seed: averages, smoothing, gap and bound of every outer step."""
    problem = deblurring(seed, n=PIXELS)
    x0 = np.zeros(PIXELS)
    known = operator_constants(problem, x0)
    plan = rf_asgs(**known, N=N)
    trace = run(accelerated_sliding(problem, x0, plan), N)
    gap0, V0 = initial(problem, x0)
    eta0 = gap0 / (2 * problem.Omega)
    bound = rf_asgs_bound(
        np.arange(N + 1), gap0=gap0, V0=V0, mu=problem.mu, lam=plan.lam[0], eta0=eta0, Omega=problem.Omega
    )
    eta = np.concatenate([[eta0], plan.eta])
    gap = problem(trace.xbar) - problem.minimum
    return {"problem": problem, "trace": trace, "eta": eta, "gap": np.maximum(gap, 1e-12), "bound": bound}


def compute(k: int, seed: int) -> dict[str, Any]:
    """The smoothed absolute value, the signal and the gap after k steps."""
    found = restored(seed)
    problem, trace, eta = found["problem"], found["trace"], found["eta"]
    line = eta[0] * UNIT
    size = abs(line)
    huber = np.where(size <= eta[k], line**2 / (2 * eta[k]), size - eta[k] / 2)
    return {
        "line": line,
        "abs": size,
        "huber": huber,
        "window": [line[0], line[-1]],
        "tall": [-0.05 * line[-1], line[-1]],
        "width": np.array([-eta[k], eta[k]]),
        "at": np.array([eta[k] / 2, eta[k] / 2]),
        "pixel": np.arange(PIXELS),
        "signal": problem.signal,
        "record": problem.b,
        "best": problem.minimizer,
        "xbar": trace.xbar[k],
        "k": np.arange(N + 1),
        "gap": found["gap"],
        "bound": found["bound"],
        "k_now": np.array([k]),
        "gap_now": found["gap"][k : k + 1],
        "error": eta * problem.Omega,
        "kink": f"The kink of |z|, rounded within η = {eta[k]:.2g}",
        "note": f"After {k} gradients and {trace.operators[k]:,} operators the gap is {found['gap'][k]:.1e}; smoothing "
        f"may cost up to ηΩ = {eta[k] * problem.Omega:.1e}, and the inner loop has {trace.T[k]} steps.",
    }


def code(values: dict[str, Any]) -> str:
    """The run by hand."""
    return (
        "import numpy as np\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.gradient_sliding import algorithm, experiment\n"
        "from optilab.papers.gradient_sliding.problems.deblurring import deblurring\n\n"
        f"problem, x0 = deblurring({values['seed']}, n={PIXELS}), np.zeros({PIXELS})\n"
        f"plan = algorithm.rf_asgs(**experiment.operator_constants(problem, x0), N={N})\n"
        f"run(algorithm.accelerated_sliding(problem, x0, plan), {values['k']})"
    )


def smoothing(**start: Any) -> Explorer:
    """Play through 40 outer steps of total-variation deblurring."""
    green = color("RF-ASGS")
    return Explorer(
        compute,
        {"k": player("outer step k", 12, N, interval=250), "seed": slider("signal (seed)", 0, 0, 6, 1)},
        [
            Panel(
                "",
                [
                    (go.Scatter(name="|z|", line={"color": ink(0.45)}), {"x": "line", "y": "abs"}),
                    (go.Scatter(name="smoothed", line={"color": green, "width": 2.5}), {"x": "line", "y": "huber"}),
                    (
                        go.Scatter(name="±η", mode="markers", marker={"color": green, "size": 8}),
                        {"x": "width", "y": "at"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "difference z of two pixels"}},
                    "yaxis": {"title": {"text": "penalty"}},
                },
                {"title": "kink", "xaxis.range": "window", "yaxis.range": "tall"},
            ),
            Panel(
                "The average x̄ₖ takes on the optimum's flats and edges",
                [
                    (
                        go.Scatter(name="recorded", mode="markers", marker={"color": ink(0.4), "size": 4}),
                        {"x": "pixel", "y": "record"},
                    ),
                    (
                        go.Scatter(name="truth", line={"color": ink(0.45), "shape": "hvh"}),
                        {"x": "pixel", "y": "signal"},
                    ),
                    (
                        go.Scatter(name="optimum", line={"color": green, "dash": "dash", "width": 1.5}),
                        {"x": "pixel", "y": "best"},
                    ),
                    (go.Scatter(name="x̄ₖ", line={"color": green, "width": 2.5}), {"x": "pixel", "y": "xbar"}),
                ],
                {"xaxis": {"title": {"text": "pixel"}}, "yaxis": {"title": {"text": "brightness"}}},
            ),
            Panel(
                "The gap follows the smoothing down",
                [
                    (go.Scatter(name="bound", line={"color": green, "dash": "dash"}), {"x": "k", "y": "bound"}),
                    (go.Scatter(name="ηₖΩ", line={"color": ink(0.6), "dash": "dot"}), {"x": "k", "y": "error"}),
                    (go.Scatter(name="gap", line={"color": green}), {"x": "k", "y": "gap"}),
                    (
                        go.Scatter(showlegend=False, mode="markers", marker={"color": green, "size": 11}),
                        {"x": "k_now", "y": "gap_now"},
                    ),
                ],
                {"xaxis": {"title": {"text": "gradients of f"}}, "yaxis": {"type": "log", "title": {"text": "gap"}}},
            ),
        ],
        call="optilab.papers.gradient_sliding.explorer.smoothing",
        start=start,
        code=code,
    )
