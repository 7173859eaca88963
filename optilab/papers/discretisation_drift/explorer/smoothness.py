"""Spectral normalisation: the steepness that a classifier may have, and what that does to its training."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from optilab.papers.discretisation_drift.algorithm.penalties import steepness
from optilab.papers.discretisation_drift.algorithm.spectral_norm import SpectralNorm
from optilab.papers.discretisation_drift.experiment.smoothness import (
    CLASSIFIER,
    LOGIT_DIFFERENCE,
    NO_NORM,
    Outcome,
    final_loss_map,
    judge,
    moons,
    train_moons,
)
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, INK, ORANGE

LAYERS: dict[str, list[int] | None] = {"all four": None, "the inner two": [1, 2], "none": []}
STEPS, EVERY, MAP_STEPS = 1500, 25, 400
LRS, MOMENTA = (0.01, 0.03, 0.1, 0.3), (0.0, 0.5, 0.9, 0.99)
GRID = np.linspace(-1.75, 2.75, 55), np.linspace(-1.5, 2.0, 43)
POINTS = np.stack(np.meshgrid(*GRID), -1).reshape(-1, 2)


class Training(NamedTuple):
    """A trained classifier and what was measured of it."""

    X: np.ndarray  # (n, 2)
    labels: np.ndarray  # (n,)
    step: np.ndarray  # (kept,)
    loss: np.ndarray  # (kept,)
    outcome: Outcome
    surface: np.ndarray  # (y, x) logit difference
    slope: np.ndarray  # (y, x) steepness of the logit difference
    losses: np.ndarray  # (lr, momentum) loss after MAP_STEPS


def train(K: float, layers: str, lr: float, momentum: float, seed: int, progress: Callable[..., None]) -> Training:
    """Train the classifier of two moons once for long, then shortly at every learning rate and momentum of the map."""
    which = LAYERS[layers]
    K, which = (NO_NORM, None) if which == [] else (K, which)
    trace = train_moons(
        K,
        [seed],
        lr=lr,
        momentum=momentum,
        steps=STEPS,
        every=EVERY,
        which=which,
        progress=lambda k, n: progress(k, 2 * n),
    )
    theta, u = trace.theta[-1], trace.u[-1]
    norm = SpectralNorm(CLASSIFIER, K, which)
    theta_bar = norm.forward(theta, norm.estimate(theta, u, 50))[0]
    shape = (len(GRID[1]), len(GRID[0]))
    logits = CLASSIFIER.forward(theta_bar, POINTS) @ LOGIT_DIFFERENCE
    slope = steepness(CLASSIFIER, theta_bar, POINTS, LOGIT_DIFFERENCE)
    losses = final_loss_map(
        K, LRS, MOMENTA, [seed], steps=MAP_STEPS, which=which, progress=lambda k, n: progress(n + k, 2 * n)
    )[..., 0]
    X, labels = moons([seed])
    return Training(
        X[0],
        labels[0],
        trace.step,
        trace.loss[:, 0],
        Outcome(*(figure[0] for figure in judge(theta, u, K, [seed], which))),
        logits.reshape(shape),
        slope.reshape(shape),
        losses,
    )


def compute(K: float, layers: str, lr: float, momentum: float, seed: int, run: Training) -> dict[str, Any]:
    """Decision surface, steepness, loss and the map of final losses."""
    diverged = not np.isfinite(run.loss[-1])
    data: dict[str, Any] = {"surface": np.clip(run.surface, -6, 6), "slope": np.minimum(run.slope, 1e4)}
    for label in (0, 1):
        data |= {f"class {label} x": run.X[run.labels == label, 0], f"class {label} y": run.X[run.labels == label, 1]}
    data |= {"step": run.step, "loss": np.where(run.loss > 0, run.loss, np.nan)}
    with np.errstate(divide="ignore"):
        data["losses"] = np.maximum(np.log10(run.losses), -8)
    data["numbers"] = [["diverged" if np.isnan(loss) else f"{loss:.1e}" for loss in row] for row in run.losses]
    outcome = run.outcome
    data["slope title"] = (
        f"Its slope: at most {outcome.lipschitz:.3g} on the data, the product bound says {outcome.bound:.3g}"
    )
    data["note"] = (
        "Training diverged."
        if diverged
        else f"Training loss {outcome.loss:.2g}; accuracy {outcome.accuracy:.1%} on the training points, "
        f"{outcome.test_accuracy:.1%} on new ones; the slope bound {outcome.bound:.3g} is "
        f"{outcome.bound / outcome.lipschitz:.1f} times what is measured."
    )
    if diverged:
        data["slope title"] = "Its slope: none, for training diverged"
    return data


def code(values: dict[str, Any]) -> str:
    """The algorithm's own call."""
    which = LAYERS[values["layers"]]
    K = "float('inf')" if which == [] else f"{values['K']:.4g}"
    return (
        "from optilab.papers.discretisation_drift.experiment.smoothness import judge, train_moons\n\n"
        f"trace = train_moons({K}, [{values['seed']}], lr={values['lr']:.4g}, momentum={values['momentum']:.4g}, "
        f"which={which or None})\n"
        f"judge(trace.theta[-1], trace.u[-1], {K}, [{values['seed']}], {which or None})"
    )


def smooth_classifier(**start: Any) -> Explorer:
    """Train a classifier whose layers have a given norm; see its surface, its slopes, and what momentum does."""
    plane = {
        "xaxis": {"title": {"text": "x₁"}, "range": [-1.75, 2.75], "showgrid": False},
        "yaxis": {"title": {"text": "x₂"}, "range": [-1.5, 2.0], "showgrid": False},
    }
    bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 10}}
    return Explorer(
        compute,
        {
            "K": slider("norm K of a layer", 2.0, 0.5, 6.0, 0.25),
            "layers": choice("normalised layers", "all four", list(LAYERS)),
            "lr": slider("learning rate", 0.1, 0.01, 0.3, 0.01),
            "momentum": slider("momentum", 0.9, 0.0, 0.99, 0.01),
            "seed": slider("seed", 10, 10, 40, 1),
        },
        [
            Panel(
                "The classifier: colour is its confidence, the line its decision",
                [
                    (
                        go.Heatmap(
                            x=GRID[0],
                            y=GRID[1],
                            zmin=-6,
                            zmax=6,
                            colorscale=[[0, BLUE], [0.5, "rgba(128,128,128,0.05)"], [1, ORANGE]],
                            opacity=0.55,
                            colorbar=bar | {"title": {"text": "logit", "side": "right"}},
                            hoverinfo="skip",
                        ),
                        {"z": "surface"},
                    ),
                    (
                        go.Contour(
                            x=GRID[0],
                            y=GRID[1],
                            contours={"start": 0, "end": 0, "size": 1, "coloring": "lines"},
                            colorscale=[[0, INK], [1, INK]],
                            showscale=False,
                            line={"width": 2},
                            hoverinfo="skip",
                        ),
                        {"z": "surface"},
                    ),
                    *(
                        (
                            go.Scatter(
                                mode="markers",
                                showlegend=False,
                                marker={"size": 5, "color": shade, "line": {"width": 0.8, "color": INK}},
                            ),
                            {"x": f"class {label} x", "y": f"class {label} y"},
                        )
                        for label, shade in ((1, BLUE), (0, ORANGE))
                    ),
                ],
                plane,
            ),
            Panel(
                "",
                [
                    (
                        go.Heatmap(
                            x=GRID[0],
                            y=GRID[1],
                            zmin=0,
                            colorscale="Cividis",
                            colorbar=bar | {"title": {"text": "slope", "side": "right"}},
                        ),
                        {"z": "slope"},
                    )
                ],
                plane,
                {"title": "slope title"},
            ),
            Panel(
                "The training loss",
                [(go.Scatter(line={"color": INK}, showlegend=False), {"x": "step", "y": "loss"})],
                {
                    "xaxis": {"title": {"text": "steps"}, "range": [0, STEPS]},
                    "yaxis": {"type": "log", "nticks": 7, "title": {"text": "cross-entropy"}},
                },
            ),
            Panel(
                f"Final loss after {MAP_STEPS} steps: does more momentum help?",
                [
                    (
                        go.Heatmap(
                            x=[str(m) for m in MOMENTA],
                            y=[str(lr) for lr in LRS],
                            colorscale="Cividis",
                            zmin=-7,
                            zmax=0,
                            texttemplate="%{text}",
                            colorbar=bar | {"title": {"text": "log₁₀ loss", "side": "right"}},
                        ),
                        {"z": "losses", "text": "numbers"},
                    )
                ],
                {
                    "xaxis": {"type": "category", "title": {"text": "momentum"}, "showgrid": False},
                    "yaxis": {"type": "category", "title": {"text": "learning rate"}, "showgrid": False},
                },
            ),
        ],
        call="optilab.papers.discretisation_drift.explorer.smooth_classifier",
        start=start,
        code=code,
        simulate=train,
        run="Train the classifier",
    )
