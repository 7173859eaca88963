"""The race: gaps, iterations against κ, and the multipliers that explain both."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.classics.nesterov import strongly_convex_gap_bound
from optilab.papers.passivity_acceleration.algorithm import mode_response, spectral_radius
from optilab.papers.passivity_acceleration.experiment.races import (
    METHODS,
    classifier,
    classifier_gaps,
    convex_gaps,
    gradient_descent_race,
    quadratic_starts,
    together,
    tuned,
)
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, ink

KAPPAS = np.geomspace(10, 10000, 10)
SEEDS = 10
DIM = 30
PROBLEMS = ["quadratic", "quadratic, steepest mode asleep", "classifier", "chain, no μ to speak of"]


@lru_cache(maxsize=2)
def weights(asleep: bool) -> np.ndarray:
    """Squared starts along the eigenvectors, (seeds, dim)."""
    starts = quadratic_starts(SEEDS) ** 2
    if asleep:
        starts[:, -1] = 0
    return starts


@lru_cache(maxsize=16)
def responses(kappa: float) -> np.ndarray:
    """Squared output of each method along each eigenvector from 1, (steps + 1, methods, dim)."""
    curvatures = np.geomspace(1, kappa, DIM)
    methods = together([tuned(name, 1.0, kappa) for name in METHODS])
    columns = type(methods)(*(number[:, None] for number in methods))
    return mode_response(curvatures, columns, int(25 * np.sqrt(kappa)) + 20) ** 2


def gaps(kappa: float, asleep: bool) -> np.ndarray:
    """Gaps in units of the start's, (steps + 1, methods, seeds)."""
    heights = np.geomspace(1, kappa, DIM) * weights(asleep)
    return responses(kappa) @ heights.T / heights.sum(-1)


@lru_cache(maxsize=2)
def records(asleep: bool) -> list[np.ndarray]:
    """Gaps of the accelerated methods for every κ of the picture."""
    return [gaps(kappa, asleep)[:, 1:] for kappa in KAPPAS]


def iterations(accuracy: float, asleep: bool) -> np.ndarray:
    """Iterations of every method for every κ and seed, (methods, κ, seeds)."""
    fast = np.array([(gap <= accuracy).argmax(0) for gap in records(asleep)])
    plain = np.array([gradient_descent_race(kappa, np.sqrt(weights(asleep)), accuracy) for kappa in KAPPAS])
    return np.stack([plain, *np.moveaxis(fast, 1, 0)])


def on_quadratic(kappa: float, asleep: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaps of the four methods in units of the start's, (steps + 1, methods), and Nesterov's bound."""
    gap = gaps(kappa, asleep)[..., seed]
    squares = weights(asleep)[seed]
    start = 0.5 * (np.geomspace(1, kappa, DIM) * squares).sum()
    return gap, strongly_convex_gap_bound(np.arange(len(gap)), 1.0, kappa, np.sqrt(squares.sum())) / start


@lru_cache(maxsize=SEEDS)
def on_classifier(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same on the classifier."""
    problem = classifier(seed)
    x0 = np.ones(20)
    gap = classifier_gaps(seed, METHODS, 300)
    distance = float(np.linalg.norm(x0 - problem.minimizer))
    bound = strongly_convex_gap_bound(np.arange(len(gap)), problem.mu, problem.L, distance)
    return gap, bound / (problem(x0) - problem.minimum)


@lru_cache(maxsize=1)
def on_chain() -> tuple[np.ndarray, np.ndarray]:
    """The same on the chain, for the two methods that need no μ; NaN for the others."""
    accelerated, plain, bound = convex_gaps()
    none = np.full(len(plain), np.nan)
    return np.stack([plain, none, accelerated, none], -1) / plain[0], bound / plain[0]


def compute(problem: str, kappa: float, accuracy: float, seed: int) -> dict[str, Any]:
    """Gaps on the chosen problem, iterations on quadratics against κ, multipliers across the spectrum."""
    asleep = problem == PROBLEMS[1]
    needed = iterations(accuracy, asleep)
    medians = np.median(needed, -1)
    gap_range = [-12.2, 2.9]
    if problem == "classifier":
        kappa = 1000.0
        gap, bound = on_classifier(seed)
        headline = f"Classifier of 100 points, κ = 1000, data set {seed}"
    elif problem == PROBLEMS[3]:
        gap, bound = on_chain()
        headline, gap_range = "Chain of 200 links: convex, and tuned without μ", [-4.2, 2.2]
    else:
        gap, bound = on_quadratic(kappa, asleep, seed)
        headline = f"Quadratic in 30 dimensions, κ = {kappa:.0f}, start {seed}"
    k = np.arange(len(gap))
    shares = np.linspace(1 / kappa, 1, 400)
    data: dict[str, Any] = {
        "k": k,
        "bound": np.maximum(bound, 1e-13),
        "gap_range": gap_range,
        "accuracy": accuracy,
        "kappas": KAPPAS,
        "scattered": np.repeat(KAPPAS, SEEDS),
        "slope_half": medians[2, 0] * np.sqrt(KAPPAS / KAPPAS[0]),
        "slope_one": medians[0, 0] * KAPPAS / KAPPAS[0],
        "now": kappa,
        "shares": shares,
        "headline": headline,
    }
    times = []
    for index, name in enumerate(METHODS):
        data |= {
            f"{name} gap": np.maximum(gap[:, index], 1e-13),
            f"{name} median": medians[index],
            f"{name} seeds": needed[index].ravel(),
            f"{name} radius": spectral_radius(shares * kappa, tuned(name, 1.0, kappa)),
        }
        arrived = gap[:, index] <= accuracy
        times.append(f"{name} {arrived.argmax()}" if arrived.any() else f"{name} more than {len(gap) - 1}")
    powers = np.polyfit(np.log(KAPPAS[4:]), np.log(medians[:, 4:].T), 1)[0]
    text = f"Gradients to {accuracy:.0e} of the gap: {', '.join(times)}. "
    text += f"On quadratics they grow like κ to the {powers[0]:.2f} (gradient descent), {powers[2]:.2f} (Nesterov), "
    text += f"{powers[3]:.2f} (triple momentum)."
    tail = gap[-30:, 1]
    if problem == "classifier" and tail.min() > 1e-3:
        text = f"<b>Heavy ball is caught in a cycle</b>, its gap never below {tail.min():.3f} of the start's. " + text
    if problem == PROBLEMS[3]:
        text = (
            f"After 200 gradients Nesterov's gap, with momentum k/(k + 3), is {gap[200, 2]:.1e} of the start's and "
            f"gradient descent's {gap[200, 0]:.1e}. Heavy ball and triple momentum need μ for their tuning."
        )
    return data | {"note": text}


def code(values: dict[str, Any]) -> str:
    """The call of the experiment that gives the same numbers."""
    if values["problem"] == "classifier":
        return (
            "from optilab.papers.passivity_acceleration.experiment import races\n\n"
            f"races.classifier_gaps({values['seed']}, races.METHODS, 300)"
        )
    if values["problem"] == PROBLEMS[3]:
        return "from optilab.papers.passivity_acceleration.experiment import races\n\nraces.convex_gaps()"
    asleep = "starts[:, -1] = 0\n" if values["problem"] == PROBLEMS[1] else ""
    return (
        "from optilab.papers.passivity_acceleration.experiment import races\n\n"
        "starts = races.quadratic_starts(10)\n"
        f"{asleep}"
        f'races.race({values["kappa"]:.6g}, starts, "Nesterov", {values["accuracy"]:.3g})[{values["seed"]}]'
    )


def race(**start: Any) -> Explorer:
    """Race four methods on quadratics of any κ and on a classifier."""
    for asleep in (False, True):
        records(asleep)
    cursor = {"type": "line", "x0": 1, "x1": 1, "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 1, "color": INK}}
    level = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 1, "y1": 1}
    level |= {"line": {"width": 1, "dash": "dot", "color": INK}}
    guide = {"mode": "lines", "hoverinfo": "skip", "line": {"color": ink(0.7), "dash": "dash", "width": 1}}
    return Explorer(
        compute,
        {
            "problem": choice("race on a", "quadratic", PROBLEMS),
            "kappa": log_slider("κ of the quadratic", 1000.0, 10.0, 10000.0, steps=30, readout=".0f"),
            "accuracy": log_slider("accuracy", 1e-8, 1e-10, 1e-2, steps=8, readout=".0e"),
            "seed": slider("start or data set", 3, 0, SEEDS - 1, 1),
        },
        [
            Panel(
                "",
                [
                    *[
                        (
                            go.Scatter(name=name, mode="lines", line={"color": color(name), "width": 2}),
                            {"x": "k", "y": f"{name} gap"},
                        )
                        for name in METHODS
                    ],
                    (
                        go.Scatter(
                            name="Nesterov's bound",
                            mode="lines",
                            line={"color": color("Nesterov"), "dash": "dash", "width": 1},
                        ),
                        {"x": "k", "y": "bound"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "gradients k"}},
                    "yaxis": {
                        "title": {"text": "gap, of the start's"},
                        "type": "log",
                        "dtick": 2,
                    },
                    "shapes": [level],
                },
                {
                    "title": "headline",
                    "yaxis.range": "gap_range",
                    "shapes[0].y0": "accuracy",
                    "shapes[0].y1": "accuracy",
                },
                height=360,
            ),
            Panel(
                "Iterations on quadratics against κ: slope 1, and slope ½",
                [
                    *[
                        (
                            go.Scatter(
                                name=name, showlegend=False, mode="lines", line={"color": color(name), "width": 2}
                            ),
                            {"x": "kappas", "y": f"{name} median"},
                        )
                        for name in METHODS
                    ],
                    *[
                        (
                            go.Scatter(
                                mode="markers",
                                legendgroup=name,
                                showlegend=False,
                                marker={"color": color(name), "size": 3},
                                hoverinfo="skip",
                            ),
                            {"x": "scattered", "y": f"{name} seeds"},
                        )
                        for name in METHODS
                    ],
                    (go.Scatter(name="∝ κ", **guide), {"x": "kappas", "y": "slope_one"}),
                    (go.Scatter(name="∝ √κ", **guide), {"x": "kappas", "y": "slope_half"}),
                ],
                {
                    "xaxis": {"title": {"text": "condition number κ"}, "type": "log", "dtick": 1},
                    "yaxis": {"title": {"text": "gradients to the accuracy"}, "type": "log", "dtick": 1},
                    "shapes": [cursor],
                },
                {"shapes[0].x0": "now", "shapes[0].x1": "now"},
                height=360,
            ),
            Panel(
                "Why: the factor per step along each curvature",
                [
                    (
                        go.Scatter(name=name, showlegend=False, mode="lines", line={"color": color(name)}),
                        {"x": "shares", "y": f"{name} radius"},
                    )
                    for name in METHODS
                ],
                {
                    "xaxis": {"title": {"text": "curvature λ/L"}},
                    "yaxis": {"title": {"text": "larger multiplier |z|"}, "range": [0, 1.03]},
                },
                height=360,
            ),
        ],
        call="optilab.papers.passivity_acceleration.explorer.race",
        start=start,
        code=code,
    )
