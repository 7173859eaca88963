"""Gradient-based weights over time, the influences that move them and the objectives that they serve."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.dynamic_reward_weighting.explorer import triangle
from optilab.papers.dynamic_reward_weighting.explorer.parts import (
    REWARDS,
    Path,
    common_controls,
    kept,
    outline,
    smooth,
)
from optilab.ui.controls import log_slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, panel
from optilab.ui.words import number

STEPS = 200


def moving(ratio: float, estimator: str, first: float, lr: float, share: float, seed: int) -> Any:
    """200 steps of gradient-based weights."""
    return kept("gradient-based", estimator, triangle.mixed(first, share), lr, STEPS, seed, ratio)


def simulate(
    ratio: float,
    estimator: str,
    first: float,
    lr: float,
    share: float,
    seed: int,
    progress: Callable[..., None] | None = None,
) -> Path:
    """The run."""
    if progress:
        progress(0.3)
    return moving(ratio, estimator, first, lr, share, seed)


def compute(*, run: Path, **_: Any) -> dict[str, Any]:
    """Weights stacked, influences smoothed over ten steps, objectives on one scale."""
    t = np.arange(STEPS + 1)
    edges = np.concatenate([np.zeros((STEPS + 1, 1)), run.w.cumsum(-1)], -1)
    I = smooth(run.I[1:])
    scaled = np.stack([run.J[:, 0], 1 + run.J[:, 1] / 8, run.J[:, 2]], -1)
    data: dict[str, Any] = {}
    for k, name in enumerate(REWARDS):
        data[name] = outline(t, edges[:, k], edges[:, k + 1])
        data[f"I {name}"] = (t[1:], I[:, k])
        data[f"J {name}"] = (t, scaled[:, k])
    names = list(REWARDS)
    top = int(run.w[-1].argmax())
    first = names[int(run.I[1].argmax())]
    gone = [name for name, part in zip(names, run.w[-1], strict=True) if part < 0.02]
    several = f"the weights of {' and '.join(gone)} are"
    lost = several if len(gone) > 1 else f"{'the weight of ' + gone[0] if gone else 'no weight'} is"
    data["headline"] = f"The weights end with {number(run.w[-1, top], 2)} on {names[top]}"
    data["note"] = (
        f"In the first step {first} has the largest influence, {number(run.I[1].max())}. At the end the influences are "
        + ", ".join(f"{number(value, 2)} ({name})" for name, value in zip(names, I[-1], strict=True))
        + f"; {lost} below 0.02. Final hypervolume: "
        f"<b>{number(run.HV[-1])}</b>."
    )
    return data


def weights(**start: Any) -> Explorer:
    """Ratio, estimator, initial weights and step length beside the weights; runs at the button."""
    others = common_controls()
    return Explorer(
        compute,
        {
            "ratio": log_slider("ratio", 2.0, 0.05, 10.0),
            "estimator": others["estimator"],
            "first": triangle.accuracy(),
            "lr": others["lr"],
            "share": triangle.rest(),
            "seed": others["seed"],
        },
        [
            panel(
                entry("headline"),
                *(
                    band(name, name, shade, opacity=0.75, showlegend=True, line={"color": shade})
                    for name, shade in REWARDS.items()
                ),
                x=axis("step", [0, STEPS]),
                y=axis("weights, stacked", [0, 1]),
            ),
            panel(
                "What a step along each gains for all",
                *(curve(f"I {name}", name, shade) for name, shade in REWARDS.items()),
                x=axis("step", [0, STEPS]),
                y="influence I, mean of ten steps",
            ),
            panel(
                "All three objectives: up is better",
                *(curve(f"J {name}", name, shade) for name, shade in REWARDS.items()),
                x=axis("step", [0, STEPS]),
                y=axis("accuracy, 1 − tokens/8, format", [0, 1.02]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=moving,
        simulate=simulate,
        run="Train",
    )
