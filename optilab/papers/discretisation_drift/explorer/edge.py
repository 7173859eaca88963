"""A small network at the edge of stability: loss, sharpness, and what the flows know of the next step."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from optilab.classics.heavy_ball import heavy_ball
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.coefficients import alpha_ngf, alpha_pf
from optilab.papers.discretisation_drift.algorithm.drift_adjusted import dal
from optilab.papers.discretisation_drift.algorithm.flows import FLOWS
from optilab.papers.discretisation_drift.algorithm.integration import restarts
from optilab.papers.discretisation_drift.algorithm.stability import modes, predicted_change, sharpness
from optilab.papers.discretisation_drift.experiment.edge import LIMIT, regression
from optilab.papers.discretisation_drift.explorer.flows import NAMES
from optilab.ui.controls import slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import ORANGE, color, ink

STEPS, EVERY, CHECKS = 3000, 9, 12  # an odd stride: the iterates oscillate with period 2
TINY = 1e-7  # changes of the loss are drawn on a scale that is linear below this and logarithmic above
TICKS = {-1e-1: "−10⁻¹", -1e-4: "−10⁻⁴", 0: "0", 1e-4: "10⁻⁴", 1e-1: "10⁻¹"}


class Training(NamedTuple):
    """One run and what was measured along it."""

    loss: np.ndarray  # (STEPS + 1,)
    looked: np.ndarray  # (looks,) steps at which the sharpness was measured
    sharpness: np.ndarray  # (looks,)
    rate: np.ndarray  # (looks,) learning rate of the step that follows
    checked: np.ndarray  # (CHECKS,) steps at which the flows predict the next iterate
    errors: dict[str, np.ndarray]  # (CHECKS,) by flow
    change: dict[str, np.ndarray]  # (looks,) change of the loss in the next step: "actual", and by flow
    diverged: float  # step, inf if it didn't


def train(
    h: float, seed: int, width: int, adjusted: bool, p: float, momentum: float, progress: Callable[..., None]
) -> Training:
    """Train the network on T₄ by full-batch gradient descent or DAL-p, then look at its Hessian along the way."""
    problem, starts = regression([seed], width)
    start = starts[0]
    states: Iterator[Any]
    if adjusted:
        states, keep = dal(problem, start, p=p, momentum=momentum), ["theta", "h"]
    else:
        states, keep = heavy_ball(problem, start, alpha=h, beta=momentum), ["x"]
    trace = run(states, STEPS, keep=keep, limit=LIMIT, loss=lambda state: problem(state[0]))
    path = trace.theta if adjusted else trace.x
    progress(1, 10)
    rates = np.append(trace.h[1:], np.nan) if adjusted else np.full(len(trace.step), h)
    last = int(np.isfinite(trace.loss).sum()) - 1
    looked = np.arange(0, max(last, 1), EVERY)
    steep = np.full(len(looked), np.nan)
    change = {name: np.full(len(looked), np.nan) for name in ("actual", "NGF", "PF")}
    change["actual"] = trace.loss[looked + 1] - trace.loss[looked]
    for begin in range(0, len(looked), 10):
        part = slice(begin, begin + 10)
        theta, rate = path[looked[part]], rates[looked[part]]
        steep[part] = sharpness(problem, theta)
        if momentum == 0 and np.isfinite(rate).all():
            found = modes(problem, theta)
            change["NGF"][part] = predicted_change(found, rate, alpha_ngf)
            change["PF"][part] = predicted_change(found, rate, alpha_pf)
        progress(1 + 5 * (begin + 10) / len(looked), 10)
    checked = np.unique(np.linspace(0, max(last - 1, 0), CHECKS).astype(int))
    errors = {name: np.full(len(checked), np.nan) for name in NAMES}
    if momentum == 0 and np.isfinite(rates[checked]).all():
        for done, name in enumerate(NAMES):
            after = restarts(FLOWS[name](problem, rates[checked]), path[checked], rates[checked], n_sub=4)
            errors[name] = np.linalg.norm(after - path[checked + 1], axis=-1)
            progress(7 + done, 10)
    return Training(trace.loss, looked, steep, rates[looked], checked, errors, change, float(trace.diverged))


def folded(change: np.ndarray) -> np.ndarray:
    """Signed logarithm of a change of the loss."""
    return np.sign(change) * np.log10(1 + abs(change) / TINY)


def compute(
    h: float, seed: int, width: int, adjusted: bool, p: float, momentum: float, run: Training
) -> dict[str, Any]:
    """Curves of a training run."""
    edge = 2 * (1 + momentum) / run.rate
    data: dict[str, Any] = {
        "step": np.arange(len(run.loss)),
        "loss": np.where(run.loss < 1e6, run.loss, np.nan),
        "looked": run.looked,
        "sharpness": run.sharpness,
        "edge": np.minimum(edge, 1e3),
        "checked": run.checked,
        "actual": folded(run.change["actual"]),
        "range": [0, min(60.0, 1.6 * float(np.nanmedian(edge)) + 1)],
    }
    data |= {f"{name} error": np.maximum(error, 1e-16) for name, error in run.errors.items()}
    data |= {f"{name} change": folded(run.change[name]) for name in ("NGF", "PF")}
    data["edge title"] = "Sharpness climbs to the edge " + (
        "that each step sets itself, 2/hₜ"
        if adjusted
        else "2(1 + β)/h and stays there"
        if momentum
        else "2/h and stays there"
    )
    only = " (without momentum only)" if momentum else ""
    data["error title"] = "One step ahead: the principal flow is closest" + only
    data["change title"] = "Will the loss rise? Only the principal flow ever says yes" + only
    data["note"] = note(run, edge, momentum, adjusted)
    return data


def note(run: Training, edge: np.ndarray, momentum: float, adjusted: bool) -> str:
    """Where the sharpness settled and how often a rise was foreseen, in one or two sentences."""
    if np.isfinite(run.diverged):
        return f"Diverged at step {int(run.diverged)}: the curves end there."
    late = run.looked >= 2500
    says = f"Over the last 500 steps the sharpness is {np.mean(run.sharpness[late] / edge[late]):.3f} of the edge. "
    rises = run.change["actual"] > 0
    if momentum == 0 and adjusted:
        return says + (
            f"The loss rose on {rises.mean():.0%} of the steps looked at: DAL steps to the edge itself, "
            "where Re α is near 0 and no flow can tell which way it goes."
        )
    if momentum == 0 and rises.any():
        seen = np.mean(run.change["PF"][rises] > 0)
        says += (
            f"The loss rose on {rises.mean():.0%} of the steps looked at; "
            f"the principal flow foresaw {seen:.0%} of these, the gradient flow none."
        )
    return says


def code(values: dict[str, Any]) -> str:
    """The algorithm's own call."""
    if values["adjusted"]:
        states = f"drift_adjusted.dal(problem, starts[0], p={values['p']:.4g}, momentum={values['momentum']:.4g})"
    else:
        states = f"heavy_ball(problem, starts[0], alpha={values['h']:.4g}, beta={values['momentum']:.4g})"
    return (
        "from optilab.classics.heavy_ball import heavy_ball\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.discretisation_drift.algorithm import drift_adjusted, stability\n"
        "from optilab.papers.discretisation_drift.experiment.edge import regression\n\n"
        f"problem, starts = regression([{values['seed']}], width={values['width']})\n"
        f"trace = run({states}, {STEPS}, limit=1e8)\n"
        f"stability.sharpness(problem, trace.{'theta' if values['adjusted'] else 'x'}[::100])"
    )


def edge_of_stability(**start: Any) -> Explorer:
    """Train a small network and watch its sharpness rise to 2/h; with momentum, or with a drift-adjusted rate."""
    axis = {
        "tickvals": folded(np.array(list(TICKS))).tolist(),
        "ticktext": list(TICKS.values()),
        "tickangle": 0,
        "range": [-6.9, 6.9],
    }
    steps = {"xaxis": {"title": {"text": "steps"}, "range": [0, STEPS]}}
    flows = [(name, {"name": NAMES[name], "line": {"color": color(NAMES[name])}}) for name in NAMES]
    return Explorer(
        compute,
        {
            "h": slider("learning rate h", 0.3, 0.05, 0.6, 0.05),
            "seed": slider("seed", 10, 10, 40, 1),
            "width": slider("hidden units", 20, 5, 30, 1),
            "momentum": slider("momentum β", 0.0, 0.0, 0.95, 0.05),
            "adjusted": switch("choose h from the drift (DAL)", False),
            "p": slider("its power p", 1.0, 0.25, 1.0, 0.05),
        },
        [
            Panel(
                "The loss falls, but not on every step",
                [
                    (
                        go.Scatter(line={"color": color("gradient descent"), "width": 1}, showlegend=False),
                        {"x": "step", "y": "loss"},
                    )
                ],
                steps | {"yaxis": {"type": "log", "nticks": 7, "title": {"text": "loss"}}},
            ),
            Panel(
                "",
                [
                    (
                        go.Scatter(name="sharpness λ₀", line={"color": color("gradient descent"), "width": 1.5}),
                        {"x": "looked", "y": "sharpness"},
                    ),
                    (
                        go.Scatter(name="edge", line={"color": ORANGE, "dash": "dash", "width": 2}),
                        {"x": "looked", "y": "edge"},
                    ),
                ],
                steps | {"yaxis": {"title": {"text": "largest curvature λ₀"}}},
                {"title": "edge title", "yaxis.range": "range"},
            ),
            Panel(
                "",
                [
                    (go.Scatter(mode="lines+markers", **style), {"x": "checked", "y": f"{name} error"})
                    for name, style in flows
                ],
                steps | {"yaxis": {"type": "log", "nticks": 7, "title": {"text": "error after one step"}}},
                {"title": "error title"},
            ),
            Panel(
                "",
                [
                    (
                        go.Scatter(
                            mode="markers",
                            name=NAMES[name],
                            marker={"size": 5, "color": color(NAMES[name]), "opacity": 0.6},
                        ),
                        {"x": "actual", "y": f"{name} change"},
                    )
                    for name in ("NGF", "PF")
                ],
                {
                    "xaxis": axis | {"title": {"text": "change of the loss in one step"}},
                    "yaxis": axis | {"title": {"text": "predicted"}},
                    "shapes": [
                        {
                            "type": "line",
                            "x0": 0,
                            "x1": 0,
                            "y0": 0,
                            "y1": 1,
                            "yref": "paper",
                            "line": {"color": ink(0.4), "width": 1},
                        },
                        {
                            "type": "line",
                            "y0": 0,
                            "y1": 0,
                            "x0": 0,
                            "x1": 1,
                            "xref": "paper",
                            "line": {"color": ink(0.4), "width": 1},
                        },
                    ],
                },
                {"title": "change title"},
            ),
        ],
        call="optilab.papers.discretisation_drift.explorer.edge_of_stability",
        start=start,
        code=code,
        simulate=train,
        run="Train the network",
    )
