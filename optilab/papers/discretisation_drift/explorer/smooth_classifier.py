"""Spectral normalisation: the steepness that a classifier may have, and what that does to its training."""

from typing import Any

import numpy as np

from optilab.papers.discretisation_drift.experiment.smoothness import moons
from optilab.papers.discretisation_drift.explorer.classifier import (
    GRID,
    LAYERS,
    LRS,
    MAP_STEPS,
    MOMENTA,
    STEPS,
    Trained,
    one_run,
    train,
)
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, axis, cloud, contour, curve, entry, heat, log, panel
from optilab.ui.theme import BLUE, INK, ORANGE
from optilab.ui.words import number


def compute(run: Trained, seed: int, **_: Any) -> dict[str, Any]:
    """Decision surface, steepness, loss and the map of final losses."""
    (X,), (labels,) = moons([seed])
    loss, outcome = run.trace.loss[:, 0], run.outcome
    final, bound, steepest = float(outcome.loss), float(outcome.bound), float(outcome.lipschitz)
    with np.errstate(divide="ignore"):
        losses = np.maximum(np.log10(run.losses), -8)
    data: dict[str, Any] = {f"class {label}": (X[labels == label, 0], X[labels == label, 1]) for label in (0, 1)} | {
        "surface": np.clip(run.surface, -6, 6),
        "slope": np.minimum(run.slope, 1e4),
        "loss": (run.trace.step, np.where(loss > 0, loss, np.nan)),
        "losses": losses,
        "numbers": [["diverged" if np.isnan(value) else number(value, 2) for value in row] for row in run.losses],
    }
    if not np.isfinite(loss[-1]):
        return data | {"slope title": "Its slope: none, for training diverged", "note": "Training diverged."}
    title = f"Its slope: at most {number(steepest)} on the data; the layers allow {number(bound)}"
    ratio = f"{number(bound / steepest, 2)} times the slope that is measured" if steepest else "above a slope of 0"
    return data | {
        "slope title": title,
        "note": f"Training loss {number(final, 2)}; accuracy {outcome.accuracy:.1%} on the training points, "
        f"{outcome.test_accuracy:.1%} on new ones; the layers' bound √2 Π σ = {number(bound)} is {ratio}.",
    }


def field(x: Any, y: Any, z: str, bar: str, **style: Any) -> Mark:
    """A heat map whose bar is named at its side."""
    return heat((x, y, z), bar=bar, colorbar={"title": {"text": bar, "side": "right"}}, **style)


def smooth_classifier(**start: Any) -> Explorer:
    """Train a classifier whose layers have a given norm; see its surface, its slopes, and what momentum does."""
    plane = {
        "x": axis("x₁", [-1.75, 2.75], showgrid=False),
        "y": axis("x₂", [-1.5, 2.0], showgrid=False),
    }
    confidence = {"colorscale": [[0, BLUE], [0.5, "rgba(128,128,128,0.05)"], [1, ORANGE]], "opacity": 0.55}
    boundary = {"start": 0, "end": 0, "size": 1, "coloring": "lines"}
    outlined = {"line": {"width": 0.8, "color": INK}}
    return Explorer(
        compute,
        {
            "K": slider("norm K of a layer", 2.0, 0.5, 6.0, 0.25, when=lambda values: values["layers"] != "none"),
            "layers": choice("normalised layers", "all four", list(LAYERS)),
            "lr": slider("learning rate", 0.1, 0.01, 0.3, 0.01),
            "momentum": slider("momentum", 0.9, 0.0, 0.99, 0.01),
            "seed": slider("seed", 10, 10, 40, 1),
        },
        [
            panel(
                "The classifier: colour is its confidence, the line its decision",
                field(*GRID, "surface", "logit", zmin=-6, zmax=6, hoverinfo="skip", zsmooth="best", **confidence),
                contour((*GRID, "surface"), contours=boundary, colorscale=[[0, INK], [1, INK]], line={"width": 2}),
                *(cloud(f"class {k}", shade=shade, marker=outlined) for k, shade in ((1, BLUE), (0, ORANGE))),
                **plane,
            ),
            panel(
                entry("slope title"),
                field(*GRID, "slope", "slope", zmin=0, zsmooth="best", colorscale="Cividis"),
                **plane,
            ),
            panel(
                "The training loss",
                curve("loss"),
                x=axis("steps", [0, STEPS]),
                y=log("cross-entropy", nticks=7),
            ),
            panel(
                f"Final loss after {MAP_STEPS} steps: does more momentum help?",
                field(
                    [str(momentum) for momentum in MOMENTA],
                    [str(lr) for lr in LRS],
                    "losses",
                    "log₁₀ loss",
                    colorscale="Cividis",
                    zmin=-7,
                    zmax=0,
                    text=entry("numbers"),
                    texttemplate="%{text}",
                ),
                x=axis("momentum", type="category", showgrid=False),
                y=axis("learning rate", type="category", showgrid=False),
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_run,
        simulate=train,
        run="Train the classifier",
    )
